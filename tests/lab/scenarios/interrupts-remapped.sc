# SPDX-License-Identifier: GPL-2.0-or-later
#
# Beside interrupts-not-remapped: where they are remapped nothing is said of them, and a
# guest starts without any switch.

refuses 0 check "$nic1"
out_lacks interrupt
run 0 hide "$nic1"
[ "$(cat /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts)" = N ]
guest_takes "$nic1"
guest_ends
run 0 return "$nic1"
