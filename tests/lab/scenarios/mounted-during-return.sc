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
cat > "$scenario_folder/mounter" <<'END'
for _ in $(seq 200); do
	for disk in /sys/bus/pci/devices/"$1"/nvme/nvme*/nvme*n*; do
		mount "/dev/${disk##*/}" "$2" && exit
	done
	sleep 0.2
done
exit 1
END
at_end umount -q "$mountpoint"
# The second write of the override is the last step.
status=0
"$checkout/build/lab/killpoints" -c "child write */$nvme/driver_override" -n 2 \
	-r "bash '$scenario_folder/mounter' $nvme '$mountpoint' 2>/dev/null" -e EIO \
	vfioprep return --timeout 60 "$nvme" >"$out" 2>"$err" || status=$?
show_output
mountpoint "$mountpoint"
driver "$nvme" nvme
echo hello > "$mountpoint/file"
sync
[ "$status" = 7 ] || fail "exit status $status, expected 7"
run 0 recover
driver "$nvme" nvme
override "$nvme" other
umount "$mountpoint"
