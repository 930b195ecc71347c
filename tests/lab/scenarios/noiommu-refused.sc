# SPDX-License-Identifier: GPL-2.0-or-later
# machine: noiommu
#
# Without an IOMMU nothing can be passed: refused with what to do about it, and the devices
# stay as they are.
# usual-kernel: 6.12

had=$(identities "$nic1")
for device in "$nic1" "$nvme"; do
	refuses 3 hide "$device"
	err_has IOMMU
	err_has "start its QEMU with one"
	refuses 3 check "$device"
	refuses 2 hide --force=iommu "$device"
done
run 0 list
out_has "$nic1"
below "$nic1" "$had"
