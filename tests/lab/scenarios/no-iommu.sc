# SPDX-License-Identifier: GPL-2.0-or-later
# machine: noiommu
#
# The lab itself: without an IOMMU there are no groups and vfio-pci does not bind.
# usual-kernel: 6.12

[ -z "$(group_of "$nic1")" ]
modprobe vfio-pci
kwrite "/sys/bus/pci/devices/$nic1/driver_override" vfio-pci
kwrite "/sys/bus/pci/drivers/e1000e/unbind" "$nic1"
! kwrite "/sys/bus/pci/drivers/vfio-pci/bind" "$nic1" || fail "vfio-pci took the device"
driver "$nic1" none
