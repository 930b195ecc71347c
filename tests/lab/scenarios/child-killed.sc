# SPDX-License-Identifier: GPL-2.0-or-later
#
# The child that writes is killed in the middle: a step that failed like any other.
# usual-kernel: 6.12

modprobe vfio-pci
snapshot before
fault signal=SIGKILL:when=1 /sys/bus/pci/drivers/ahci/unbind
refuses 1 hide "$nic1" "$sata"
fault signal=SIGKILL:when=1 /sys/bus/pci/drivers/vfio-pci/bind
refuses 1 hide "$nic1" "$sata"
no_fault
unchanged before
