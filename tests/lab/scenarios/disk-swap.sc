# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host swaps to a partition, a volume, a file or a loop device: refused. Swap in memory is
# none of the disk's.
# machine: storage
# usual-kernel: 6.12

disk=$(disk_with LABTHIRD)
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
modprobe -a zram dm_mod loop ext4
partitions "$disk" 24 12
at_end blank "$disk"
swap="the host would lose what it has swapped out: it swaps to"

note "in memory"
echo 16M > /sys/block/zram0/disksize
mkswap -q /dev/zram0
swapon /dev/zram0
at_end swapoff /dev/zram0
not_lost "$other"

note "a partition"
mkswap -q "/dev/${disk}2"
udevadm settle
not_lost "$other"
out_has "swap (${disk}2)"
swapon "/dev/${disk}2"
at_end swapoff "/dev/${disk}2"
lost "$other" "$swap ${disk}2" "disk $disk: swap"
refuses 3 hide --force=disk "$other"
swapoff "/dev/${disk}2"
not_lost "$other"

note "a volume"
pvcreate -qq "/dev/${disk}3"
vgcreate -qq lab "/dev/${disk}3"
at_end vgchange -qq -an lab
lvcreate -qq -y -Zn -l 2 -n swap lab
mkswap -q /dev/lab/swap
swapon /dev/lab/swap
at_end swapoff /dev/lab/swap
lost "$other" "$swap ${disk}3 (LVM lab/swap)" "disk $disk: swap"
swapoff /dev/lab/swap
vgchange -qq -an lab
not_lost "$other"

note "a file, and a loop device over a file"
mkfs.ext4 -q "/dev/${disk}1"
mount "/dev/${disk}1" "$mountpoint"
at_end umount -q "$mountpoint"
dd if=/dev/zero "of=$mountpoint/swap file" bs=1M count=4 status=none
chmod 600 "$mountpoint/swap file"
mkswap -q "$mountpoint/swap file"
swapon "$mountpoint/swap file"
at_end swapoff "$mountpoint/swap file"
lost "$other" "$swap ${disk}1 (file $mountpoint/swap file)" "disk $disk: swap"
swapoff "$mountpoint/swap file"
loop=$(losetup --find --show "$mountpoint/swap file")
at_end losetup -d "$loop"
swapon "$loop"
at_end swapoff "$loop"
lost "$other" "$swap ${disk}1 (${loop#/dev/})" "disk $disk: swap"
swapoff "$loop"
losetup -d "$loop"
await 10 umount "$mountpoint"
await 10 tried not_lost "$other"
