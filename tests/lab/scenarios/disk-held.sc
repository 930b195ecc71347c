# SPDX-License-Identifier: GPL-2.0-or-later
#
# Something has a disk open for itself alone, and what it is the kernel does not tell: refused,
# unless the disk is named.
# usual-kernel: 6.1

disk=/dev/$(disk_of "$nvme")
python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
time.sleep(60)' "$disk" &
holder=$!
at_end kill "$holder"
await 10 sh -c "ls -l /proc/$holder/fd | grep -q '$disk\$'"

refuses 3 hide "$nvme"
err_has "[disk:$disk]"
refuses 3 hide --force=disk "$nvme"
driver "$nvme" nvme
run 0 hide --force="disk:$disk" "$nvme"
hidden "$nvme"
run 0 return "$nvme"
driver "$nvme" nvme
