# SPDX-License-Identifier: GPL-2.0-or-later
#
# Neither the new driver nor the old one takes the device: then the status says that it
# could not be put back, the record stays, and recover does it later.
# usual-kernel: 6.12

snapshot before
modprobe vfio-pci
fault error=EIO /sys/bus/pci/drivers/vfio-pci/bind /sys/bus/pci/drivers/e1000e/bind
run 7 hide "$nic1"
err_has recover
no_fault
driver "$nic1" none
record "$nic1" yes
refuses 3 hide "$nic1"
err_has recover

run 0 recover
unchanged before
refuses 0 recover
