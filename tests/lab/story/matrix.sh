# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whether a guest has what it was given, and what the host has to give: devices, images,
# networks, a folder, huge pages. For scenarios with the package qemu-utils.

PATH=$PATH:$checkout/build/lab/packages/qemu-utils/usr/bin

# -- what is in the guest -----------------------------------------------------------------

sees()
{
	guest_quietly "$1" > /dev/null
}

has_nic()
{
	sees "grep -qi '$1' /sys/class/net/*/address"
}

# has_content NAME IMAGE: a disk that reads as the image does.
has_content()
{
	local sum
	sum=$(dd "if=$2" bs=64k count=16 status=none | sha256sum)
	sees "dd if=/dev/$1 bs=64k count=16 2>/dev/null | sha256sum | grep -q '${sum%% *}'"
}

has_processors()
{
	sees "[ \$(nproc) = $1 ]"
}

# has_memory MIB: the kernel's own share is not counted; a plugged part is larger.
has_memory()
{
	sees "[ \$(awk '/^MemTotal/ { print int(\$2 / 1024) }' /proc/meminfo) -ge $1 ]"
}

has_file_system()
{
	sees "mount -t virtiofs $1 /mnt && grep -q given /mnt/file; umount /mnt"
}

has_vsock()
{
	sees "ls -d /sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio*"
}

# -- what the host offers -----------------------------------------------------------------

mac=$(cat "$pci_devices/$nic1"/net/*/address)
stick=$(echo "$pci_devices/$xhci"/usb*/[0-9]*-*/idVendor)
stick=$(basename "${stick%/idVendor}")

has_interface()
{
	tried netdev "$1" "$mac"
}

# The driver of its interface is that of the host again, and so is the disk.
stick_is_back()
{
	[ "$(basename "$(realpath "/sys/bus/usb/devices/$stick:1.0/driver")")" = usb-storage ] &&
		has_disk "$xhci"
}

prepare_backends()
{
	modprobe -a tun vhost_net vhost_vsock bridge
	ip tuntap add tap0 mode tap
	ip link set tap0 up
	ip link add br0 type bridge
	ip link set br0 up
	mkdir -p /etc/qemu "$guest_folder/given"
	echo 'allow br0' > /etc/qemu/bridge.conf
	qemu-img convert -O qcow2 "$image_sata" "$guest_folder/disk.qcow2"
	cp "$image_usb" "$guest_folder/disk.raw"
	truncate -s 128M "$guest_folder/pmem"
	echo given > "$guest_folder/given/file"
	echo 64 > /proc/sys/vm/nr_hugepages
}

remove_backends()
{
	echo 0 > /proc/sys/vm/nr_hugepages
	ip link delete tap0
	ip link delete br0
}

# virtiofsd ends with its guest's device.
serve_files()
{
	rm -f "$guest_folder/fs"
	"$(find /usr/lib/qemu /usr/libexec -name virtiofsd 2>/dev/null | head -n 1)" \
		--socket-path="$guest_folder/fs" -o "source=$guest_folder/given" \
		-o sandbox=chroot -f 2> "$guest_folder/fs.log" &
	await 10 test -S "$guest_folder/fs"
}

# -- there and back ----------------------------------------------------------------------

lacks()
{
	! "$@"
}

# through WAY ID LOOK... -- WORDS...: the guest does not have it, has it, has it no more.
# How it goes there and comes back the scenario tells: into_guest, out_of_guest, no_trace.
through()
{
	local way=$1 id=$2 look=()
	shift 2
	while [ "$1" != -- ]; do
		look+=("$1")
		shift
	done
	shift
	note "== $way: plug $*"
	lacks "${look[@]}" || fail "the guest has $id already"
	into_guest "$way" "$id" "$@"
	await 90 "${look[@]}"
	out_of_guest "$way" "$id" "$@"
	await 60 lacks "${look[@]}"
	await 10 no_trace "$id"
}

# lent WAY DEVICE BACK ID LOOK... -- WORDS...: the host gives it, and has it again. What
# is carried out by plug and unplug hides and returns it, too.
lent()
{
	local way=$1 device=$2 back=$3
	shift 3
	if [ "$way" = carried-out ]; then
		through "$way" "$@" --hide
	else
		run 0 hide "$device"
		through "$way" "$@"
		run 0 return "$device"
	fi
	await 60 "$back" "$device"
	unchanged before
}
