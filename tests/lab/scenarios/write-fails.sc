# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each write of hide and return that can fail does so once: everything is back as it was
# found, the status says failed, and no record is left of what was not done.
# usual-kernel: 6.12

drivers=/sys/bus/pci/drivers
modprobe vfio-pci
snapshot before

fault error=EIO:when=1 "/sys/bus/pci/devices/$sata/driver_override"
refuses 1 hide "$nic1" "$sata" "$nic2"
err_has "$sata"
fault error=EIO:when=1 "$drivers/ahci/unbind"
refuses 1 hide "$nic1" "$sata" "$nic2"
err_has "ahci does not give it up"
fault error=EIO:when=1 "$drivers/vfio-pci/bind"
refuses 1 hide "$nic1" "$sata"
err_has "vfio-pci does not take it"
out_is
no_fault
unchanged before

run 0 hide "$nic1"
fault error=EIO:when=1 "$drivers/vfio-pci/unbind"
refuses 1 return "$nic1"
fault error=EIO:when=1 "$drivers/e1000e/bind"
refuses 1 return "$nic1"
fault error=EIO:when=2 "/sys/bus/pci/devices/$nic1/driver_override"
refuses 1 return "$nic1"
no_fault
hidden "$nic1"
run 0 return "$nic1"
unchanged before
