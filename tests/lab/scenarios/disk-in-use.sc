# SPDX-License-Identifier: GPL-2.0-or-later
#
# A controller whose disk the host uses is not taken: mounted, as swap, or in a mount
# namespace that nobody else sees. The reason is named, and the disk goes on working.
# usual-kernel: 6.12

disk=/dev/$(disk_of "$nvme")
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
keep_content "$nvme"

mkfs.ext4 -q -F "$disk"
mount "$disk" "$mountpoint"
at_end umount -q "$mountpoint"
echo hello > "$mountpoint/file"
refuses 3 hide "$nvme"
err_has "$mountpoint"
refuses 3 hide "$nic1" "$nvme"
refuses 3 check "$nvme"
out_has "$mountpoint"
sync
[ "$(dd "if=$mountpoint/file" iflag=direct,fullblock bs=4096 status=none)" = hello ]
umount "$mountpoint"

# Only the exclusive open tells.
unshare --mount --propagation private \
	sh -c 'mount "$1" "$2" && : > "$2.ready" && exec sleep infinity' - "$disk" "$mountpoint" &
elsewhere=$!
await 10 test -e "$mountpoint.ready"
refuses 3 hide "$nvme"
err_has "$disk"
kill "$elsewhere"
wait "$elsewhere" || true
await 10 mkswap -q "$disk"
swapon "$disk"
at_end swapoff "$disk"
refuses 3 hide "$nvme"
err_has swap
swapoff "$disk"

run 0 hide "$nvme"
run 0 return "$nvme"
