# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: a guest has a device, so its group cannot be opened a second time; when
# the guest has gone, it can.

prepare_driver "$nic3" vfio-pci
guest_takes "$nic3"
! (hold_group "$nic3") 2>/dev/null || fail "the group is free although a guest has it"
guest_ends
hold_group "$nic3"
let_go
