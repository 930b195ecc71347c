# SPDX-License-Identifier: GPL-2.0-or-later
#
# Check gives a verdict and changes nothing: 0 passable, 3 not. The reasons are those for
# which hide would refuse.
# usual-kernel: 6.12

refuses 0 check "$nic1"
out_has passable
out_lacks "not passable"
refuses 3 check "$pair0"
out_has "not passable"
out_has "$pair1"
refuses 0 check "$pair0" --with "$pair1"
refuses 0 check --group "$triple1"
refuses 0 check "$pair0" "$pair1"
refuses 3 check "$bridge"
refuses 3 check "$nic1" "$bridge"
refuses 0 check "$bare"

run 0 hide "$nic1"
refuses 0 check "$nic1"
hold_group "$nic1"
refuses 0 check "$nic2"
let_go
