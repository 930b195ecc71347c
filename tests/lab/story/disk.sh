# SPDX-License-Identifier: GPL-2.0-or-later
#
# Second and third chapter: a controller with a disk behind it, with the machine monitor.
# The disk has a random content; whoever reads the same reads that disk.

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

guest_reads()
{
	guest_eventually 60 'test -b /dev/sda' || return 1
	guest "$(checksum_command sda)" && grep -q "$1" "$guest_folder/said"
}

root_is_elsewhere()
{
	host "findmnt --noheadings --output SOURCE,FSTYPE,TARGET /"
	host "lsblk --output NAME,TRAN,SIZE,SERIAL,MOUNTPOINTS /dev/$(disk_of "$1")"
	! findmnt --noheadings --output SOURCE / | grep -q "$(disk_of "$1")"
}

# chapter_disk NAME HEADING DEVICE IMAGE DRIVER ID PORT
chapter_disk()
{
	local name=$1 heading=$2 device=$3 image=$4 driver=$5 id=$6 port=$7 sum line
	sum=$(dd "if=$image" bs=64k count=64 status=none | sha256sum | cut -d ' ' -f 1)
	chapter "$name" "$heading"
	tell "What would the host lose? Its root is not on this disk."
	step "the host's root is elsewhere" root_is_elsewhere "$device"
	step "the host reads the disk" host_reads "$device" "$sum"
	step "the controller can be given away" host "vfioprep check $device"
	step "hide takes it from $driver" host "vfioprep hide $device"

	tell "The same command, this time as JSON for QEMU's machine monitor."
	step "plug prints the command" host \
		"vfioprep plug $device --id $id --bus $port --to qmp | tee $guest_folder/plug"
	while read -r line; do
		step "QEMU takes the device" qmp "$line"
	done < "$guest_folder/plug"
	step "the guest reads the same" guest_reads "$sum"

	tell "And back."
	step "QEMU asks the guest to let go" \
		qmp "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"$id\"}}"
	step "the guest has let go" device_deleted "$id"
	step "return gives it back to $driver" host "vfioprep return $device"
	step "the host reads the same again" host_reads "$device" "$sum"
}
