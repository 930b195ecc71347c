# SPDX-License-Identifier: GPL-2.0-or-later
#
# That nobody can read what is said does not stop a transaction.
# usual-kernel: 6.12

vfioprep hide "$nic1" >/dev/full
hidden "$nic1"
vfioprep return "$nic1" <&- >&- 2>&-
driver "$nic1" e1000e
record "$nic1" no
{ vfioprep hide "$nic1" || touch "$scenario_folder/failed"; } | true
await 10 test "$(driver_of "$nic1")" = vfio-pci
[ ! -e "$scenario_folder/failed" ]
run 0 return "$nic1"
