# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the host has laid over a disk keeps its controller: partitions, LVM, LUKS, loop devices,
# one above the other, mounted or only active. Once it is taken down, the controller can go.
# machine: storage
# timeout: 300
# usual-kernel: 6.12

disk=$(disk_with LABTHIRD)
part=/dev/${disk}
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint" "$scenario_folder/bound"
modprobe -a loop dm_mod ext4
partitions "$disk" 16 20
at_end blank "$disk"
not_lost "$other"
out_lacks refuse

note "a file system on a partition, bound somewhere else too, and under an overlay"
mkfs.ext4 -q -L "my data" "${part}1"
mount "${part}1" "$mountpoint"
at_end umount -q -R "$mountpoint"
lost "$other" "the host would lose $mountpoint, which is mounted from ${disk}1" \
	"disk $disk: $mountpoint is mounted"
mkdir "$mountpoint/sub" "$mountpoint/upper" "$mountpoint/work" "$mountpoint/merged"
mount --bind "$mountpoint/sub" "$scenario_folder/bound"
at_end umount -q "$scenario_folder/bound"
mount -t overlay -o "lowerdir=$mountpoint/sub,upperdir=$mountpoint/upper,$(
	)workdir=$mountpoint/work" "$mountpoint/merged" "$mountpoint/merged"
refuses 3 check "$other"
out_has "also at $scenario_folder/bound"
[ "$(grep -c refuse "$out")" = 1 ]
umount "$mountpoint/merged" "$scenario_folder/bound"

note "an image on it, mounted or not, is lost with it"
truncate -s 4M "$mountpoint/image"
mkfs.ext4 -q -F "$mountpoint/image"
mkdir "$scenario_folder/image"
mount -o loop "$mountpoint/image" "$scenario_folder/image"
at_end umount -q "$scenario_folder/image"
refuses 3 check "$other"
out_has "also at $scenario_folder/image"
[ "$(grep -c refuse "$out")" = 1 ]
umount "$scenario_folder/image"
await 10 umount "$mountpoint"
not_lost "$other"
out_has 'ext4 "my_data"'

note "a loop device over the disk itself, bare and mounted"
loop=$(losetup --find --show "${part}1")
at_end losetup -d "$loop"
lost "$other" "${loop#/dev/} is active on ${disk}1" "disk $disk: ${loop#/dev/} is active"
mount "$loop" "$mountpoint"
lost "$other" "the host would lose $mountpoint" "disk $disk: $mountpoint is mounted"
umount "$mountpoint"
losetup -d "$loop"
await 10 tried not_lost "$other"

note "a volume of LVM"
pvcreate -qq "${part}2"
vgcreate -qq lab "${part}2"
at_end vgchange -qq -an lab
lvcreate -qq -y -an -Zn -l 2 -n da-ta lab
not_lost "$other"
out_has "LVM2_member (${disk}2)"
lvchange -ay lab/da-ta
lost "$other" "lab-da--ta is active on ${disk}2 (LVM lab/da-ta)" \
	"disk $disk: lab-da--ta is active"
refuses 3 hide "$other"
mkfs.ext4 -q /dev/lab/da-ta
mount /dev/lab/da-ta "$mountpoint"
lost "$other" "the host would lose $mountpoint, which is mounted from ${disk}2 $(
	)(LVM lab/da-ta)" "disk $disk: $mountpoint is mounted"
umount "$mountpoint"
vgchange -qq -an lab
not_lost "$other"

note "LUKS on a volume, and a file system in it"
modprobe dm_crypt
printf secret | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 \
	--key-file - "${part}3"
at_end cryptsetup -q close lab-vault
not_lost "$other"
out_has "crypto_LUKS (${disk}3)"
printf secret | cryptsetup -q open --key-file - "${part}3" lab-vault
lost "$other" "lab-vault is active on ${disk}3 (LUKS lab-vault)" \
	"disk $disk: lab-vault is active"
out_lacks "lab/vault"
pvcreate -qq /dev/mapper/lab-vault
vgcreate -qq inner /dev/mapper/lab-vault
at_end vgchange -qq -an inner
lvcreate -qq -y -Zn -l 2 -n root inner
mkfs.ext4 -q /dev/inner/root
mount /dev/inner/root "$mountpoint"
lost "$other" "which is mounted from ${disk}3 (LVM inner/root)" \
	"disk $disk: $mountpoint is mounted"
umount "$mountpoint"
refuses 3 check "$other"
out_has "inner-root is active on ${disk}3"
vgchange -qq -an inner
refuses 3 check "$other"
out_has "lab-vault is active"
cryptsetup -q close lab-vault
not_lost "$other"

run 0 hide "$other"
run 0 return "$other"
