# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: two functions of one slot share a group, three of another do too, and
# virtual functions have groups of their own.

[ "$(group_of "$pair0")" = "$(group_of "$pair1")" ]
[ "$(group_of "$triple0")" = "$(group_of "$triple2")" ]
driver "$bare" none

make_functions "$sriov" 4
first=$(virtual_function "$sriov" 0)
[ "$(group_of "$first")" != "$(group_of "$sriov")" ]
prepare_driver "$first" vfio-pci
node "$first" yes
