# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for scenarios that only a real kernel can play: processes that hold devices,
# modules, disks. The vocabulary that the model shares is in tests/scenario.sh.

# A command in front of QEMU: for other limits, another user.
guest_under=()

# guest_with DEV... [ARGUMENTS OF QEMU]: a guest of 64 MiB that never runs.
guest_with()
{
	local arguments=()
	while [[ ${1:-} == [0-9a-f]*:*.? ]]; do
		arguments+=(-device "vfio-pci,host=$1")
		shift
	done
	guest_qmp=$scenario_folder/guest.qmp
	rm -f "$scenario_folder/guest.pid"
	"${guest_under[@]}" qemu-system-x86_64 -M pc -accel tcg -m 64 -S -nodefaults \
		-display none -name holder -qmp "unix:$guest_qmp,server=on,wait=off" \
		-daemonize -pidfile "$scenario_folder/guest.pid" "${arguments[@]}" "$@"
}

# guest_takes DEV...: a guest that never runs, but has the devices; its process is
# $guest_pid, its monitor $guest_qmp.
guest_takes()
{
	guest_with "$@" || fail "the guest did not start with $*"
	guest_pid=$(<"$scenario_folder/guest.pid")
}

# guest_refused TEXT DEV...: no guest starts with them, and QEMU says TEXT.
guest_refused()
{
	local text=$1
	shift
	! guest_with "$@" 2>"$scenario_folder/guest.err" || fail "a guest started with $*"
	cat "$scenario_folder/guest.err"
	grep -q -F -e "$text" "$scenario_folder/guest.err" || fail "QEMU did not say: $text"
}

# kernel_said TEXT: since the scenario began.
kernel_said()
{
	dmesg | sed '1,/scenario .* begins/d' | grep -q -F -e "$1" ||
		fail "the kernel did not say: $1"
}

# The guest ends, and with it its hold on the devices.
guest_ends()
{
	kill "$guest_pid"
	await 20 process_gone "$guest_pid"
}

# hold_node NODE: a process has the device node open, until let_go; $holder_pid, "sleep".
hold_node()
{
	local node
	exec {node}<>"$1" || fail "cannot open $1"
	sleep infinity &
	holder_pid=$!
	exec {node}>&-
	await 5 runs_as "$holder_pid" sleep
}

runs_as()
{
	[ "$(cat "/proc/$1/comm")" = "$2" ]
}

process_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# module NAME yes|no: whether the kernel has it.
module()
{
	local found=no
	[ ! -d "/sys/module/$1" ] || found=yes
	[ "$found" = "$2" ] || fail "module $1: $found, expected $2"
}

# disk_of DEV: the whole disks below it, as names under /dev.
disk_of()
{
	local disk below
	below=$(realpath "/sys/bus/pci/devices/$1")/
	for disk in /sys/class/block/*; do
		case $(realpath "$disk") in "$below"*) ;; *) continue ;; esac
		[ ! -e "$disk/partition" ] || continue
		[ "$(cat "$disk/hidden")" = 1 ] || printf '%s\n' "${disk##*/}"
	done
}

has_disk()
{
	[ -n "$(disk_of "$1")" ]
}

# same_pattern DISK IMAGE [MIB]: the first MiB of the disk are those of the lab's image.
same_pattern()
{
	local size=${3:-1}
	[ "$(dd "if=/dev/$1" bs=1M "count=$size" iflag=direct status=none | sha256sum)" = \
		"$(dd "if=$2" bs=1M "count=$size" status=none | sha256sum)" ] ||
		fail "$1 does not read as $2 does"
}

# make_functions PF COUNT: virtual functions, which no driver takes by itself.
make_functions()
{
	local device=/sys/bus/pci/devices/$1
	echo 0 > "$device/sriov_drivers_autoprobe"
	echo "$2" > "$device/sriov_numvfs"
	[ "$(find "$device/" -maxdepth 1 -name 'virtfn*' | wc -l)" = "$2" ] ||
		fail "$1 did not make $2 virtual functions"
}

# virtual_function PF N: its address.
virtual_function()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/virtfn$2")"
}

# fault WHAT PATH...: in the runs that follow, what each process writes to PATH goes wrong:
# error=EIO, signal=SIGKILL, delay_enter=2000000; with :when=2 only its second write.
fault()
{
	local what=$1 path
	shift
	run_under=(strace -f -qqq -o /dev/null -e trace=write -e "inject=write:$what")
	# Much faster, but signals get lost at the stops of the filter.
	[[ $what == signal=* ]] || run_under+=(--seccomp-bpf)
	for path; do
		run_under+=(-P "$path")
	done
}

# caller_fault WHAT: the same for all that the command itself writes: records, output, what
# it tells its children; but not what these write.
caller_fault()
{
	run_under=(strace -qqq -o /dev/null -e trace=write -e "inject=write:$1")
}

no_fault()
{
	run_under=()
}

# keep_content DEV: what is on its disk now will be there again when the scenario has ended.
keep_content()
{
	dd "if=/dev/$(disk_of "$1")" "of=$scenario_folder/content.$1" bs=1M status=none
	at_end put_content_back "$1"
}

put_content_back()
{
	dd "if=$scenario_folder/content.$1" "of=/dev/$(disk_of "$1")" bs=1M oflag=direct \
		status=none
}

# unload_vfio_pci: no device is on it, so the module can go.
unload_vfio_pci()
{
	[ ! -d /sys/module/vfio_pci ] || modprobe -r vfio_pci
	module vfio_pci no
}

# disk_with SERIAL: the name under /dev of the disk that has it, of an NVMe multipath disk the
# head.
disk_with()
{
	await 10 print_disk "$1"
}

print_disk()
{
	lsblk --nodeps --noheadings --raw --output NAME,SERIAL |
		awk -v serial="$1" '$2 == serial { print $1; found = 1 } END { exit !found }'
}

# partitions DISK MIB...: a table with these and one more that has the rest; nothing is
# left on them of what was there.
partitions()
{
	local disk=/dev/$1 size
	shift
	for size; do
		printf 'size=%sM\n' "$size"
	done > "$scenario_folder/table"
	printf ',\n' >> "$scenario_folder/table"
	await 20 write_table "$disk" "$scenario_folder/table"
	udevadm settle
}

# The lock keeps udev from opening a partition meanwhile, which would keep the kernel from
# reading the new table.
write_table()
{
	flock "$1" sfdisk --quiet --wipe always --wipe-partitions always --label gpt "$1" < "$2"
}

# blank DISK...: nothing is on them that anybody recognises.
blank()
{
	local disk
	for disk; do
		await 20 wipe "/dev/$disk"
	done
	udevadm settle
}

wipe()
{
	flock "$1" sh -c 'wipefs --quiet --all --force "$1" &&
		dd if=/dev/zero "of=$1" bs=1M count=8 conv=fsync status=none &&
		blockdev --rereadpt "$1"' - "$1"
}

# lost DEV TEXT USE: check refuses and says TEXT, list says USE. $out is that of check.
lost()
{
	udevadm settle
	run 0 list --noheadings --raw --output USE "$1"
	out_is "${3// /\\x20}"
	refuses 3 check "$1"
	out_has "$2"
}

# not_lost DEV: it can be passed, whatever is noted about it, and it is free in the list.
not_lost()
{
	udevadm settle
	run 0 list --noheadings --raw --output USE "$1"
	out_is free
	run 0 check "$1"
	out_lacks refuse
	out_lacks unknown
}

# tried WORD...: whether a word finds what it expects, for await.
tried()
{
	("$@") > /dev/null 2>&1
}

# load_stuck: the lab's own driver takes $bare, and comes back from everything until it is
# told otherwise. At the end whatever hangs is let go, and the driver is gone again.
load_stuck()
{
	insmod "$checkout/build/lab/modules/$(uname -r)/lab_stuck.ko"
	at_end unload_stuck
	await 10 test -d "$pci_devices/$bare/driver"
	driver "$bare" lab_stuck
}

# hang probe|remove 1|2|0: the driver's callback does not come back, 2 unless it is killed,
# until it is told 0.
hang()
{
	echo "$2" > "/sys/module/lab_stuck/parameters/$1"
}

unload_stuck()
{
	hang probe 0
	hang remove 0
	rmmod lab_stuck
}

# long: whether the scenario shall take its time.
long()
{
	[ -n "${LAB_LONG:-}" ]
}
