# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hidden device is removed from the bus: return says that it is not there, recover
# forgets it, and when it is plugged in again it is the host's.

run 0 hide "$nic1" "$nic2"
echo 1 > "/sys/bus/pci/devices/$nic1/remove"
run 0 status
out_has "$nic1"
run 3 return "$nic1"
err_has "$nic1"
run 0 recover
record "$nic1" no
hidden "$nic2"

echo 1 > /sys/bus/pci/rescan
await 10 test -e "/sys/bus/pci/drivers/e1000e/$nic1"
override "$nic1" ""
run 0 return "$nic1" "$nic2"
