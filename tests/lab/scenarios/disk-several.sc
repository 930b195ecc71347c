# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
#
# What spans disks of several controllers keeps each of them, and no other: btrfs, an array,
# a cache, and a disk with two paths.
# machine: storage
# timeout: 300

first=$(disk_with LABFIRST)
third=$(disk_with LABTHIRD)
multi=$(disk_with LABMULTI)
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
at_end blank "$first" "$third"
blank "$first" "$third" "$multi"

note "btrfs, whose mount tells of one of its disks alone"
modprobe -a btrfs raid1 bcache ext4
mkfs.btrfs -q --mixed -f -d single -m single "/dev/$first" "/dev/$third" \
	> /dev/null
# While it works udev may be kept out.
udevadm trigger --settle "/dev/$first" "/dev/$third"
not_lost "$sata"
out_has "btrfs ($first)"
mount "/dev/$first" "$mountpoint"
at_end umount -q "$mountpoint"
lost "$sata" "the host would lose $mountpoint" "disk $first: $mountpoint is mounted"
lost "$other" "the host would lose $mountpoint" "disk $third: $mountpoint is mounted"
not_lost "$nvme"
not_lost "$multi0"
refuses 3 hide "$other"
umount "$mountpoint"
not_lost "$sata"
not_lost "$other"
blank "$first" "$third"

note "an array with a leg on each, stopped, running, mounted"
mdadm --quiet --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.0 \
	--bitmap=none --assume-clean "/dev/$first" "/dev/$third"
at_end mdadm --quiet --stop /dev/md0
lost "$sata" "md0 is active on $first" "disk $first: md0 is active"
lost "$other" "md0 is active on $third" "disk $third: md0 is active"
mkfs.ext4 -q /dev/md0
mount /dev/md0 "$mountpoint"
lost "$other" "which is mounted from $third (md0)" "disk $third: $mountpoint is mounted"
umount "$mountpoint"
mdadm --quiet --stop /dev/md0
udevadm settle
[ ! -e /sys/block/md0/md/array_state ] || [ "$(cat /sys/block/md0/md/array_state)" = clear ] ||
	mdadm --quiet --stop /dev/md0
not_lost "$sata"
out_has 'linux_raid_member "lab:0"'
not_lost "$other"
mdadm --quiet --zero-superblock "/dev/$first" "/dev/$third"
blank "$first" "$third"

note "a cache on one, and what it caches on another"
make-bcache --bucket 64k -C "/dev/$first" -B "/dev/$third" > "$scenario_folder/bcache"
for disk in "$first" "$third"; do
	echo "/dev/$disk" > /sys/fs/bcache/register 2>/dev/null || true
done
await 10 test -e /sys/block/bcache0/bcache/cache
lost "$sata" "bcache0 is active on $first" "disk $first: bcache0 is active"
lost "$other" "bcache0 is active on $third" "disk $third: bcache0 is active"
mkfs.ext4 -q /dev/bcache0
mount /dev/bcache0 "$mountpoint"
lost "$sata" "the host would lose $mountpoint" "disk $first: $mountpoint is mounted"
umount "$mountpoint"
echo 1 > /sys/block/bcache0/bcache/stop
await 10 test ! -e /sys/block/bcache0
note "the cache alone has no holder, but it is in use"
refuses 3 check "$sata"
out_has "/dev/$first is in use: something has opened it for itself alone"
not_lost "$other"
for set in /sys/fs/bcache/*-*-*; do
	echo 1 > "$set/stop"
done
await 10 sh -c '! ls /sys/fs/bcache/*-*-* 2>/dev/null'
await 10 tried not_lost "$sata"

note "a disk with two paths, of which the controllers have only hidden nodes"
mkfs.ext4 -q "/dev/$multi"
udevadm settle
not_lost "$multi0"
not_lost "$multi1"
mount "/dev/$multi" "$mountpoint"
lost "$multi0" "which is mounted from $multi" "disk $multi: $mountpoint is mounted"
lost "$multi1" "which is mounted from $multi" "disk $multi: $mountpoint is mounted"
not_lost "$nvme"
umount "$mountpoint"
python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
open(sys.argv[2], "w")
time.sleep(60)' "/dev/$multi" "$scenario_folder/open" &
await 10 test -e "$scenario_folder/open"
refuses 3 check "$multi1"
out_has "/dev/$multi is in use"
refuses 3 hide "$multi0" "$multi1"
kill $!
wait $! || true
run 0 hide "$multi0" "$multi1"
hidden "$multi0" "$multi1"
run 0 return "$multi0" "$multi1"
multi=$(disk_with LABMULTI)
at_end blank "$multi"
not_lost "$multi0"
out_has "ext4 ($multi)"
