# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who has a device does not answer: somebody reads its memory, on a disk that does not come
# back, and so the kernel lets nobody see its command line. Every verb answers all the same;
# only the name of its guest is not known.
# usual-kernel: 6.12

in_time()
{
	run_under=(timeout 20)
	run "$@"
	run_under=()
}

run 0 hide "$nic1"
group=$(group_of "$nic1")
dmsetup create lab-slow --table "0 2048 linear /dev/$(disk_of "$sata") 0"
resume()
{
	dmsetup resume lab-slow
	kill "$holder" "$reader" 2>/dev/null
	wait "$holder" "$reader"
	# udev may be having a look at it.
	dmsetup remove --retry lab-slow
}
at_end resume

place=$scenario_folder/place
python3 - "/dev/vfio/$group" "$place" <<'PY' &
import ctypes, mmap, os, sys, time
node = os.open(sys.argv[1], os.O_RDWR)
memory = mmap.mmap(os.open('/dev/mapper/lab-slow', os.O_RDWR), 16 * 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory, 5 * 4096))
with open(sys.argv[2] + '.new', 'w') as place:
    place.write(str(address))
os.rename(sys.argv[2] + '.new', sys.argv[2])
time.sleep(4)
mmap.mmap(-1, 1 << 20)
time.sleep(600)
PY
holder=$!
await 10 test -s "$place"
dmsetup suspend lab-slow
python3 - "/proc/$holder/mem" "$(<"$place")" <<'PY' &
import os, sys
os.pread(os.open(sys.argv[1], os.O_RDONLY), 8, int(sys.argv[2]))
PY
reader=$!
silent()
{
	grep -q "State:.*D" "/proc/$holder/status"
}
await 20 silent

in_time 0 status
out_has "python3 ($holder)"
in_time 0 list "$nic1"
in_time 3 check "$nic1"
out_has "python3 ($holder)"
in_time 4 return "$nic1"
err_has "python3 ($holder)"
in_time 4 return --all
resume
scenario_endings=()
run 0 return "$nic1"
