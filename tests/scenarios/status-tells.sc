# SPDX-License-Identifier: GPL-2.0-or-later
#
# Status shows what is hidden, what it was before, and for whom; and what somebody else has
# put on vfio-pci.
# usual-kernel: 6.12

columns=ADDRESS,STATE,ORIGINAL,DRIVER
run 0 status --raw --noheadings -o "$columns"
out_is
run 0 hide "$nic1" --for web1
run 0 hide "$bare"
prepare_driver "$nic2" vfio-pci
run 0 status --raw --noheadings -o "$columns"
out_lines 3
out_has "$nic1 hidden e1000e vfio-pci"
out_has "$bare hidden (none) vfio-pci"
out_has "$nic2 unrecorded (unknown) vfio-pci"
run 0 status
out_has web1

hold_group "$nic1"
refuses 0 status
let_go
run 0 return "$nic1" "$bare"
run 0 status --raw --noheadings -o "$columns"
out_lines 1
