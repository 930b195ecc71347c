# SPDX-License-Identifier: GPL-2.0-or-later
# machine: story
# usual-kernel: 6.1
# package: qemu-utils
# timeout: 600
#
# A running domain of libvirt takes every device whose XML plug prints, by virsh
# attach-device, by the command lines of the dialect virsh, and when plug runs these, and
# lets it go again. The guest sees it come and go, and libvirt's schema accepts the XML.

for part in frame guest matrix libvirt; do
	# shellcheck source=/dev/null
	. "$lab_dir/story/$part.sh"
done

no_trace()
{
	! virsh dumpxml web1 | grep -F "name='ua-$1'"
}

# -- the ways -----------------------------------------------------------------------------

into_guest()
{
	local way=$1 id=$2
	shift 2
	case $way in
	libvirt)
		run 0 plug "$@" --id "$id" --to libvirt
		cp "$out" "$libvirt_folder/$id.xml"
		valid_device "$libvirt_folder/$id.xml"
		virsh attach-device web1 "$libvirt_folder/$id.xml" --live
		;;
	virsh)
		run 0 plug "$@" --id "$id" --to virsh --domain web1
		sh -e "$out"
		;;
	carried-out) run 0 plug "$@" --id "$id" --run --to virsh --domain web1 ;;
	esac
}

out_of_guest()
{
	local way=$1 id=$2
	shift 2
	case $way in
	libvirt)
		run 0 plug "$@" --id "$id" --detach --to libvirt
		cp "$out" "$libvirt_folder/$id.xml"
		virsh detach-device web1 "$libvirt_folder/$id.xml" --live
		;;
	virsh)
		run 0 plug "$@" --id "$id" --detach --to virsh --domain web1
		sh -e "$out"
		;;
	carried-out) run 0 unplug "$id" --run --to virsh --domain web1 ;;
	esac
}

# -- every cell ---------------------------------------------------------------------------

some_devices()
{
	local way=$1
	lent "$way" "$nic1" has_interface nic1 has_nic "$mac" -- "$nic1"
	through "$way" usb1 has_content sda "$image_usb" -- "$stick"
	await 20 stick_is_back
	through "$way" dimm1 has_memory 500 -- memory 256M --node 0
	through "$way" disk1 has_content vda "$image_sata" -- \
		disk "$guest_folder/disk.qcow2" --target vda
}

other_devices()
{
	local way=$1 card=52:54:00:00:02:0
	through "$way" disk2 has_content vda "$image_usb" -- \
		disk "$guest_folder/disk.raw" --format raw --target vda
	through "$way" net2 has_nic "${card}2" -- nic tap=tap0 --mac "${card}2"
	through "$way" net3 has_nic "${card}3" -- nic bridge=br0 --mac "${card}3"
	serve_files
	through "$way" fs1 has_file_system given -- fs "$guest_folder/fs" --tag given
	through "$way" vsock1 has_vsock -- vsock --cid 5
}

processors()
{
	run 0 plug cpu --total 2 --to virsh --domain web1
	sh -e "$out"
	await 20 has_processors 2
	run 0 plug cpu --total 1 --detach --to virsh --domain web1
	sh -e "$out"
	await 20 has_processors 1
}

start_libvirtd
at_end end_libvirtd
at_end remove_backends
new_guest_folder
prepare_backends
start_domain
snapshot before
await_guest
some_devices libvirt
other_devices libvirt
some_devices virsh
other_devices virsh
some_devices carried-out
processors
