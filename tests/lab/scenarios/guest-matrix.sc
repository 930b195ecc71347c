# SPDX-License-Identifier: GPL-2.0-or-later
# machine: story
# usual-kernel: 6.1
# package: qemu-utils
# timeout: 600
#
# Every kind of device goes to a running guest, is seen there, and goes again: first by the
# words that plug prints, given to QEMU's two monitors as they are, then by plug and unplug
# themselves. Afterwards nothing of it is left, neither in the guest nor in QEMU, and the
# host has its own back.

for part in frame guest matrix; do
	# shellcheck source=/dev/null
	. "$lab_dir/story/$part.sh"
done

# -- the ways -----------------------------------------------------------------------------

printed_in()
{
	local dialect=$1 line
	shift
	run 0 plug "$@" --to "$dialect"
	mapfile -t lines < "$out"
	[ "${#lines[@]}" != 0 ] || fail "plug $* --to $dialect printed nothing"
	for line in "${lines[@]}"; do
		"$dialect" "$line" || fail "QEMU does not take: $line"
	done
}

# The next line is for when the guest has let go.
printed_out()
{
	local dialect=$1 id=$2 line
	shift 2
	run 0 plug "$@" --detach --to "$dialect"
	mapfile -t lines < "$out"
	for line in "${lines[@]}"; do
		"$dialect" "$line" || fail "QEMU does not take: $line"
		case $line in
		*device_del*) device_deleted "$id" || fail "$id is still in the guest" ;;
		esac
	done
}

# QEMU chooses no port by itself; what is no PCI device needs none.
with_port()
{
	case $1 in
	cpu | memory | "$stick") words=("$@") ;;
	*) words=("$@" --bus rp1) ;;
	esac
}

into_guest()
{
	local way=$1 id=$2
	shift 2
	if [ "$way" = carried-out ]; then
		run 0 plug "$@" --id "$id" --qmp "$guest_qmp"
	else
		with_port "$@"
		printed_in "$way" "${words[@]}" --id "$id"
	fi
}

out_of_guest()
{
	if [ "$1" = carried-out ]; then
		run 0 unplug "$2" --qmp "$guest_qmp"
	else
		printed_out "$@" --id "$2"
	fi
}

# -- one cell -----------------------------------------------------------------------------

names_left()
{
	local path
	for path in /machine/peripheral /objects; do
		qmp_answer "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"$path\"}}"
	done
	qmp_answer '{"execute": "query-named-block-nodes", "arguments": {"flat": true}}'
	qmp_answer '{"execute": "query-chardev"}'
	hmp 'info network' > /dev/null
	printf '%s\n' "$answer"
}

no_trace()
{
	names_left > "$scenario_folder/left"
	! grep -F -e "$1" "$scenario_folder/left"
}

# -- every cell ---------------------------------------------------------------------------

# Of the host: taken from it before, given back after.
host_devices()
{
	local way=$1
	lent "$way" "$nic1" has_interface nic1 has_nic "$mac" -- "$nic1"
	lent "$way" "$sata" has_disk sata1 has_content sda "$image_sata" -- \
		sata-controller "$sata"
	lent "$way" "$xhci" has_disk xhci1 has_content sda "$image_usb" -- \
		usb-controller "$xhci"
	through "$way" usb1 has_content sda "$image_usb" -- "$stick"
	await 60 stick_is_back
	unchanged before
}

# Which place is free QEMU itself knows.
processor()
{
	local place=()
	[ "$1" = carried-out ] ||
		place=(--model qemu64 --socket-id 0 --core-id 1 --thread-id 0)
	through "$1" cpu1 has_processors 2 -- cpu "${place[@]}"
}

memory()
{
	through "$1" dimm1 has_memory 500 -- memory 256M
}

more_memory()
{
	through "$1" dimm2 has_memory 500 -- memory 128M --file "$guest_folder/dimm"
	through "$1" dimm3 has_memory 500 -- memory 128M --memfd
	through "$1" dimm4 has_memory 500 -- memory 128M --hugetlb
}

disk()
{
	through "$1" disk1 has_content vda "$image_sata" -- disk "$guest_folder/disk.qcow2"
}

more_disks()
{
	through "$1" disk2 has_content vda "$image_usb" -- \
		disk "$guest_folder/disk.raw" --format raw
}

network()
{
	local card=52:54:00:00:02:0
	through "$1" net1 has_nic "${card}1" -- nic user --mac "${card}1"
}

more_networks()
{
	local card=52:54:00:00:02:0
	through "$1" net2 has_nic "${card}2" -- nic tap=tap0 --mac "${card}2"
	through "$1" net3 has_nic "${card}3" -- nic bridge=br0 --mac "${card}3"
}

file_system()
{
	serve_files
	through "$1" fs1 has_file_system given -- fs "$guest_folder/fs" --tag given
}

socket()
{
	through "$1" vsock1 has_vsock -- vsock --cid 5
}

# each WAY CELL...
each()
{
	local way=$1 cell
	shift
	for cell; do
		"$cell" "$way"
	done
}

# -- what cannot go again -----------------------------------------------------------------

# QEMU 7.2 lets no virtio-mem go: the size of its memory changes, to nothing and back, and
# the device stays with what it has.
resized_memory()
{
	local words=(memory --virtio-mem --id vmem1)
	run 0 plug "${words[@]}" 512M --qmp "$guest_qmp"
	await 90 has_memory 800
	run 0 plug "${words[@]}" --total 256M --qmp "$guest_qmp"
	await 60 lacks has_memory 800
	has_memory 500
	run 0 plug "${words[@]}" --total 0 --qmp "$guest_qmp"
	await 60 lacks has_memory 500
	printed_in qmp "${words[@]}" --total 512M
	await 90 has_memory 800
	run 5 unplug vmem1 --qmp "$guest_qmp"
	await 90 has_memory 800

	run 0 plug "${words[@]}" 512M --detach --to qmp
	qmp "$(head -n 1 "$out")"
	await 60 lacks has_memory 500
	refused_by_qemu "$(sed -n 2p "$out")"
}

refused_by_qemu()
{
	qmp_answer "$1" > "$scenario_folder/answer"
	grep -F '"error"' "$scenario_folder/answer"
}

persistent_memory()
{
	printed_in qmp pmem "$guest_folder/pmem" --id pmem1 --bus rp5
	await 60 sees 'test -b /dev/pmem0'
}

at_end end_guest
at_end remove_backends
start_guest
prepare_backends
snapshot before
await_guest
open_monitors
all=(host_devices processor memory more_memory disk more_disks network more_networks
	file_system socket)
each qmp "${all[@]}"
each hmp processor memory disk network file_system
each carried-out "${all[@]}"
persistent_memory
resized_memory
