# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whoever has the node open is named, by name and process.
# usual-kernel: 6.12

run 0 hide "$nic1"
hold_group "$nic1"
refuses 4 return "$nic1"
err_has "sleep ($holder_pid)"
run 0 status
out_has "sleep ($holder_pid)"
let_go
run 0 return "$nic1"
