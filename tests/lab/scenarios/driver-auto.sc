# SPDX-License-Identifier: GPL-2.0-or-later
#
# `return --driver auto` finds the driver that each device asks for by itself, and loads
# it; where there is none, it says so.
# usual-kernel: 6.1

nics=("$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic6" "$nic7" "$nic8")
snapshot before
for device in "${nics[@]}" "$sata" "$xhci" "$nvme" "$bare"; do
	prepare_driver "$device" vfio-pci
	prepare_override "$device" vfio-pci
done
rmmod e1000e
run 0 return --driver auto "$nic1" "$sata" "$xhci" "$nvme"
driver "$nic1" e1000e
driver "$sata" ahci
driver "$xhci" xhci_hcd
driver "$nvme" nvme
run 0 return --driver auto "${nics[@]}"
refuses 3 return --driver auto "$bare"
err_has --driver

prepare_driver "$bare" none
prepare_override "$bare" ""
unchanged before
