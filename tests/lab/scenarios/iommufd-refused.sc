# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel whose devices have no nodes of their own: plug says so before any hypervisor does.
# usual-kernel: 6.12

run 0 hide "$nic1"
[ ! -e /dev/vfio/devices ] || fail "this kernel has such nodes"
refuses 3 plug --iommufd --to qmp "$nic1"
err_has "no node in /dev/vfio/devices"
run 0 plug --to qmp "$nic1"
run 0 doctor
out_lacks "a node for each device"
run 0 return "$nic1"
