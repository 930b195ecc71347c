# SPDX-License-Identifier: GPL-2.0-or-later
#
# Second and third chapter: a controller with a disk behind it; fifth: a disk that is a
# file. They have a random content; whoever reads the same reads that disk.

checksum_command()
{
	printf 'dd if=/dev/%s bs=64k count=64 2>/dev/null | sha256sum' "$1"
}

# The host's view; the page cache must not answer for the disk.
host_reads()
{
	local disk
	until_true 20 has_disk "$1" || return 1
	disk=$(disk_of "$1")
	host "dd if=/dev/$disk bs=64k count=64 iflag=direct status=none | sha256sum"  |
		tee "$guest_folder/read"
	grep -q "$2" "$guest_folder/read"
}

# guest_reads DISK SUM
guest_reads()
{
	guest_eventually 60 "test -b /dev/$1" || return 1
	guest "$(checksum_command "$1")" && grep -q "$2" "$guest_folder/said"
}

root_is_elsewhere()
{
	host "findmnt --noheadings --output SOURCE,FSTYPE,TARGET /"
	host "lsblk --output NAME,TRAN,SIZE,SERIAL,MOUNTPOINTS /dev/$(disk_of "$1")"
	! findmnt --noheadings --output SOURCE / | grep -q "$(disk_of "$1")"
}

checksum_of()
{
	dd "if=$1" bs=64k count=64 status=none | sha256sum | cut -d ' ' -f 1
}

# chapter_controller NAME HEADING DEVICE IMAGE DRIVER ID
chapter_controller()
{
	local name=$1 heading=$2 device=$3 image=$4 driver=$5 id=$6 sum
	sum=$(checksum_of "$image")
	chapter "$name" "$heading"
	tell "What would the host lose? Its root is not on this disk."
	step "the host's root is elsewhere" root_is_elsewhere "$device"
	step "the host reads the disk" host_reads "$device" "$sum"
	step "the controller can be given away" host "vfioprep check $device"
	step "plug takes it from $driver and gives it to the guest" \
		host "vfioprep plug --hide $device --id $id --qmp $guest_qmp"
	step "the guest reads the same" guest_reads sda "$sum"

	tell "And back."
	step "unplug gives it back to $driver" \
		host "vfioprep unplug $id --qmp $guest_qmp"
	step "the host reads the same again" host_reads "$device" "$sum"
}

chapter_disk()
{
	local file=$guest_folder/disk.img
	cp "$image_usb" "$file"
	chapter Disk "Chapter 5: a disk"
	tell "Not a device of the host, but a file of it."
	step "plug gives the guest the disk" \
		host "vfioprep plug disk $file --id disk1 --qmp $guest_qmp"
	step "the guest reads what is in the file" guest_reads vda "$(checksum_of "$file")"
	step "unplug takes it away" host "vfioprep unplug disk1 --qmp $guest_qmp"
	step "the guest has it no more" guest_eventually 20 '! test -e /dev/vda'
}
