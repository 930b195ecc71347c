# SPDX-License-Identifier: GPL-2.0-or-later
#
# Another vfioprep is at work on the group: after --timeout the status says busy, and
# nothing is done; devices of other groups are not concerned.

lock_group "$nic1"
snapshot before
refuses 4 hide --timeout 1 "$nic1"
err_lines 1
refuses 4 hide --timeout 1 "$nic2" "$nic1"
refuses 4 return --timeout 1 "$nic1"
run 0 hide "$nic2"
run 0 return "$nic2"
unlock_group
run 0 hide --timeout 1 "$nic1"
run 0 return "$nic1"
unchanged before

lock_group "$pair0"
refuses 4 hide --timeout 1 "$pair0" "$pair1"
err_lines 2
unlock_group
