# SPDX-License-Identifier: GPL-2.0-or-later
#
# A disk that is not mounted: what is on it is a note, what /etc/fstab says a warning, and so is
# a process that has it open. What has it for itself alone, wherever, is refused. The mounts
# are those of pid 1, whatever the one who asks can see.
# machine: storage
# usual-kernel: 6.12

disk=$(disk_with LABTHIRD)
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
blank "$disk"
at_end blank "$disk"

note "nothing is on it"
not_lost "$other"
out_lacks note
partitions "$disk" 16 16
not_lost "$other"
out_has "has a partition table (gpt)"
mkfs.ext4 -q -L "my data" "/dev/${disk}1"
mkswap -q -L paging "/dev/${disk}2"
udevadm settle
not_lost "$other"
out_has "ext4 \"my_data\" (${disk}1), swap \"paging\" (${disk}2)"
run 0 check --json "$other"
python3 -c 'import json, sys
found = [f for d in json.load(open(sys.argv[1]))["devices"] for f in d["findings"]]
assert [(f["severity"], f["kind"], f["object"]) for f in found] == [
	("note", "disk", sys.argv[2])], found' "$out" "$disk"

note "in /etc/fstab, by any of its names"
cp /etc/fstab "$scenario_folder/fstab"
at_end cp "$scenario_folder/fstab" /etc/fstab
uuid=$(blkid -s UUID -o value "/dev/${disk}1")
partuuid=$(blkid -s PARTUUID -o value "/dev/${disk}1")
for name in "/dev/${disk}1" "UUID=$uuid" "LABEL=my\\040data" "PARTUUID=$partuuid" \
	"/dev/disk/by-uuid/$uuid" "/dev/disk/by-label/my\\x20data" \
	"$(find /dev/disk/by-id/ -lname "*/${disk}1" | head -n 1)" \
	"$(find /dev/disk/by-path/ -lname "*/${disk}1" | head -n 1)"; do
	printf '%s /data ext4 noauto,nofail 0 2\n' "$name" > /etc/fstab
	not_lost "$other"
	not_lost "$sata"
	out_lacks fstab
	run 0 check "$other"
	out_has "/etc/fstab has ${disk}1 for /data, though it is not mounted now"
done
printf 'LABEL=paging none swap sw 0 0\n' > /etc/fstab
run 0 check "$other"
out_has "/etc/fstab has ${disk}2 as swap"

note "open in a guest and in another process"
: > /etc/fstab
qemu-system-x86_64 -M pc -accel tcg -m 64 -S -nodefaults -display none -name rawdisk \
	-drive "file=/dev/$disk,format=raw,if=ide" -daemonize -pidfile "$scenario_folder/pid"
qemu=$(<"$scenario_folder/pid")
refuses 3 check "$other"
out_has "/dev/$disk is open in guest rawdisk (qemu-system-x86, $qemu)"
kill "$qemu"
await 10 process_gone "$qemu"
sh -c 'exec 5<"$1" && exec sleep 60' - "/dev/${disk}2" &
sleeper=$!
await 10 sh -c "ls -l /proc/$sleeper/fd | grep -q ${disk}2"
run 0 check "$other"
out_has "/dev/${disk}2 is open in sleep ($sleeper)"
kill "$sleeper"
wait "$sleeper" || true
not_lost "$other"
out_lacks warn

note "for itself alone: the whole disk, a partition"
for node in "$disk" "${disk}2"; do
	rm -f "$scenario_folder/open"
	python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
open(sys.argv[2], "w")
time.sleep(60)' "/dev/$node" "$scenario_folder/open" &
	holder=$!
	await 10 test -e "$scenario_folder/open"
	refuses 3 check "$other"
	out_has "/dev/$disk is in use: something has opened it for itself alone"
	refuses 3 hide --force=disk "$other"
	kill "$holder"
	wait "$holder" || true
	not_lost "$other"
done

note "mounted where pid 1 does not see it"
unshare --mount --propagation private \
	sh -c 'mount "$1" "$2" && : > "$3" && exec sleep infinity' - \
	"/dev/${disk}1" "$mountpoint" "$scenario_folder/mounted" &
elsewhere=$!
await 20 test -e "$scenario_folder/mounted"
refuses 3 check "$other"
out_has "/dev/$disk is in use"
run 0 dump "$scenario_folder/dump"
run 3 check --sysroot "$scenario_folder/dump" "$other"
out_has "/dev/$disk is in use"
kill "$elsewhere"
wait "$elsewhere" || true
await 10 tried not_lost "$other"
run 0 dump "$scenario_folder/dump2"
run 0 check --sysroot "$scenario_folder/dump2" "$other"

note "mounted by pid 1, asked where it is not"
mount "/dev/${disk}1" "$mountpoint"
at_end umount -q "$mountpoint"
run_under=(unshare --mount sh -c 'umount "$0" && exec "$@"' "$mountpoint")
run 3 check "$other"
run_under=()
out_has "the host would lose $mountpoint"
umount "$mountpoint"

note "without root what cannot be seen is said"
run_under=(setpriv --reuid=65534 --regid=65534 --clear-groups)
run 1 check "$other"
out_has "unknown"
out_has "whether something has /dev/$disk open for itself alone cannot be seen"
run_under=()
not_lost "$other"
