# SPDX-License-Identifier: GPL-2.0-or-later
#
# A return fails at its very last step, after the disk has come back and was mounted. What the
# host uses again is not taken from it once more; recover does what is left.

disk=/dev/$(disk_of "$nvme")
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
keep_content "$nvme"
mkfs.ext4 -q -F "$disk"
prepare_override "$nvme" other
run 0 hide "$nvme"
fault error=EIO:delay_enter=3000000:when=2 "/sys/bus/pci/devices/$nvme/driver_override"
"${run_under[@]}" vfioprep return "$nvme" >"$out" 2>"$err" &
pid=$!
no_fault
await 20 has_disk "$nvme"
disk=/dev/$(disk_of "$nvme")
await 5 mount "$disk" "$mountpoint"
at_end umount -q "$mountpoint"
status=0
wait "$pid" || status=$?
show_output
driver "$nvme" nvme
echo hello > "$mountpoint/file"
sync
[ "$status" = 7 ] || fail "exit status $status, expected 7"
run 0 recover
driver "$nvme" nvme
override "$nvme" other
umount "$mountpoint"
