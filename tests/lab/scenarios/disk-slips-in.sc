# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody mounts a partition again and again, and swaps to another. Each hide either refuses,
# or nothing of the disk is in use while its controller goes: no file system is torn away.
# machine: storage
# timeout: 300
# usual-kernel: 6.12

disk=$(disk_with LABTHIRD)
mountpoint=$scenario_folder/mnt
mkdir "$mountpoint"
modprobe ext4
partitions "$disk" 24 12
at_end blank "$disk"
mkfs.ext4 -q "/dev/${disk}1"
mkswap -q "/dev/${disk}2"
udevadm settle

# In one process: a mount(8) for each would spend its time on starting. It stays mounted for
# a moment in one round of four.
cat > "$scenario_folder/mounter" <<'END'
import ctypes, os, random, sys, time
disk, where, counts = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
done = {"mounted": 0, "swapped": 0, "refused": 0}
while not os.path.exists(counts + ".stop"):
    if libc.mount((disk + "1").encode(), where.encode(), b"ext4", 0, None) == 0:
        done["mounted"] += 1
        with open(where + "/file", "w") as file:
            file.write("hello")
            file.flush()
            os.fsync(file.fileno())
        time.sleep(random.choice((0, 0, 0, 0.02)))
        libc.umount2(where.encode(), 0)
    else:
        done["refused"] += 1
    if libc.swapon((disk + "2").encode(), 0) == 0:
        done["swapped"] += 1
        libc.swapoff((disk + "2").encode())
    time.sleep(random.uniform(0, 0.3))
print(*done.values(), file=open(counts, "w"))
END
python3 "$scenario_folder/mounter" "/dev/$disk" "$mountpoint" "$scenario_folder/counts" &
mounter=$!
at_end umount -q "$mountpoint"
at_end touch "$scenario_folder/counts.stop"
dmesg -C

hidden=0 refused=0
until [ "$((hidden + refused))" = 20 ]; do
	status=0
	vfioprep hide "$other" > "$out" 2> "$err" || status=$?
	case $status in
	0)
		hidden=$((hidden + 1))
		driver "$other" vfio-pci
		! grep -q "$mountpoint" /proc/self/mountinfo || fail "it is mounted"
		! grep -q "/dev/$disk" /proc/swaps || fail "it is swapped to"
		run 0 return "$other"
		await 10 test -b "/dev/${disk}2"
		;;
	3)
		refused=$((refused + 1))
		driver "$other" ahci
		;;
	*) fail "hide: status $status: $(<"$err")" ;;
	esac
done
touch "$scenario_folder/counts.stop"
wait "$mounter"
read -r mounted swapped kept_out < "$scenario_folder/counts"
note "hide: $hidden taken, $refused refused; mounted $mounted times, swapped $swapped times," \
	"kept out $kept_out times"
[ "$hidden" -gt 0 ] && [ "$refused" -gt 0 ] && [ "$mounted" -gt 0 ]
dmesg > "$scenario_folder/dmesg"
# Whoever only reads (udev does) may be cut off; what is mounted or swapped to may not.
! grep -E 'EXT4-fs (error|warning)|Aborting journal|lost (async|sync)|(Read|Write)-error on swap' \
	"$scenario_folder/dmesg" || fail "something was torn away"
fsck.ext4 -fn "/dev/${disk}1"
