# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hidden device is removed from the bus: return forgets it, as there is nothing to give
# back, and when it is plugged in again it is the host's.

run 0 hide "$nic1" "$nic2"
echo 1 > "/sys/bus/pci/devices/$nic1/remove"
run 0 status
out_has "$nic1"
run 0 return "$nic1"
record "$nic1" no
refuses 3 return "$nic1"
err_has "$nic1"
hidden "$nic2"

echo 1 > /sys/bus/pci/rescan
await 10 test -e "/sys/bus/pci/drivers/e1000e/$nic1"
override "$nic1" ""
run 0 return "$nic1" "$nic2"
