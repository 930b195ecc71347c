# SPDX-License-Identifier: GPL-2.0-or-later
#
# The words in which the files under machines/ describe a host. Each word adds arguments
# for QEMU, and for each named device a row that tells the inside where to find it: below
# which root port, at which function. Bus numbers are the firmware's business, so nobody
# here knows a full address.

qemu_arguments=()
device_rows=()
kernel_words=()
boot_with=linux
# How long a kernel may take until it is up, on a busy machine.
boot_seconds=100

next_slot=2
port_name=
port_address=

# port NAME: a PCI Express root port, in a slot of its own.
port()
{
	local slot=$next_slot
	port_name=$1
	port_address=$(printf '0000:00:%02x.0' "$slot")
	qemu_arguments+=(-device "pcie-root-port,id=$1,bus=pcie.0,$(
		printf 'addr=%#x,chassis=%d,slot=%d' "$slot" "$slot" "$slot")")
	device_rows+=("$1 $port_address port")
	next_slot=$((slot + 1))
}

# member NAME NUMBER DEVICE: one function behind the port named last.
member()
{
	local name=$1 number=$2 device=$3
	qemu_arguments+=(-device
		"$device,id=$name,bus=$port_name,multifunction=on,addr=0x0.$number")
	device_rows+=("$name $port_address $number")
}

# device NAME DEVICE: alone behind a port of its own, hence in a group of its own.
device()
{
	port "port_$1"
	qemu_arguments+=(-device "$2,id=$1,bus=$port_name")
	device_rows+=("$1 $port_address 0")
}

# iommu [on|off]: an emulated VT-d which the kernel uses; with or without remapping of
# interrupts.
iommu()
{
	qemu_arguments+=(-device
		"intel-iommu,intremap=${1:-on},caching-mode=on,device-iotlb=on")
	kernel_words+=(intel_iommu=on)
}

# xen: the hypervisor of that name is below the kernel, which becomes its first domain. Emulated
# processors trap on its use of SMAP and SMEP. An initial "image words,image" is its way of
# saying kernel and initramfs, so there may be no comma in the words.
xen()
{
	boot_with=xen boot_seconds=300
	qemu_arguments+=(-device "intel-iommu,intremap=on,caching-mode=on,device-iotlb=on")
	kernel_words+=(console=hvc0)
}

# acpi_table NAME: what the firmware says besides, by acpi/NAME.asl.
acpi_table()
{
	iasl -p "$run_folder/$1" "$lab/acpi/$1.asl" >"$run_folder/iasl.log" 2>&1 ||
		die "acpi/$1.asl: $(<"$run_folder/iasl.log")"
	qemu_arguments+=(-acpitable "file=$run_folder/$1.aml")
}

# network NAME: an emulated network with a gateway at 10.0.2.2 and nothing beyond.
network()
{
	qemu_arguments+=(-netdev "user,id=$1,restrict=on")
}

# A network card without option ROM: the firmware would spend a second on each.
nic()
{
	network "net_$1"
	device "$1" "e1000e,netdev=net_$1,mac=$2,romfile="
}

# disk NAME MIB: a drive with random content, the same in each boot; writes are dropped.
disk()
{
	local image=$lab_cache/disks/$1-$2.img
	mkdir -p "${image%/*}"
	if [ ! -e "$image" ]; then
		head -c "$2M" /dev/urandom > "$image.$$"
		mv "$image.$$" "$image"
	fi
	qemu_arguments+=(-drive
		"if=none,id=disk_$1,file=$image,format=raw,snapshot=on,file.locking=off")
	device_rows+=("image_$1 $image file")
}

# The parts that every machine needs to be a lab host at all.
common_parts()
{
	qemu_arguments+=(
		-M "q35,kernel-irqchip=split" -accel "${LAB_ACCEL:-tcg}" -cpu "max,la57=off"
		-smp "${LAB_CPUS:-2}" -m "${LAB_MEMORY:-4096}"
		-nodefaults -nographic -no-reboot
		-fsdev "local,id=outer,path=/,security_model=none,readonly=on,multidevs=remap"
	)
	# An emulated timer on a busy machine fails the kernel's test of it: a panic at boot.
	kernel_words+=(console=ttyS0 loglevel=5 panic=-1 no_timer_check nosoftlockup
		"lab_dir=$lab" "lab_run=$run_folder")
}

# After the IOMMU, which wants to be there before what it serves.
common_devices()
{
	qemu_arguments+=(
		-device "virtio-9p-pci,fsdev=outer,mount_tag=outer,addr=0x1e"
		-device "virtio-serial-pci,addr=0x1d"
	)
}

# load_machine NAME: fills qemu_arguments, kernel_words and device_rows.
load_machine()
{
	[ -e "$lab/machines/$1" ] || die "no machine $1; there are: $(machine_names)"
	qemu_arguments=() device_rows=() kernel_words=()
	next_slot=2 boot_with=linux boot_seconds=100
	common_parts
	# shellcheck source=/dev/null
	. "$lab/machines/$1"
	common_devices
	printf '%s\n' "${device_rows[@]}" > "$run_folder/devices"
}

machine_names()
{
	(cd "$lab/machines" && printf '%s ' *)
}
