# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody has the group open: nothing of it is taken from vfio-pci, and the status says
# busy. Once it is closed, a return that waits goes on.

snapshot before
run 0 hide --group "$pair0"
hold_group "$pair0"
refuses 4 return "$pair0"
err_has "is open"
refuses 4 return "$pair0" "$pair1"
refuses 4 return --wait 0.5 "$pair1"

# The others do not wait for what is held.
run 0 hide "$nic1"
run 4 return "$pair0" "$nic1"
driver "$nic1" e1000e
hidden "$pair0" "$pair1"

let_go
run 0 return --wait 5 "$pair0" "$pair1"
unchanged before
