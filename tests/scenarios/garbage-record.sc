# SPDX-License-Identifier: GPL-2.0-or-later
#
# What lies among the records and is none keeps nothing from being given back.
# usual-kernel: 6.12

run 0 hide "$nic1" "$nic2"
echo nonsense > "$ROOT/run/vfioprep/records/garbage"
run 3 return --all
err_has garbage
driver "$nic1" e1000e
driver "$nic2" e1000e
record "$nic1" no
run 0 status
out_has garbage
run 3 recover
err_has garbage
rm "$ROOT/run/vfioprep/records/garbage"
