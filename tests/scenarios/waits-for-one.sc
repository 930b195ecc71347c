# SPDX-License-Identifier: GPL-2.0-or-later
#
# While return waits for the device that somebody holds, those that are back stay back, and are
# not done again.
# usual-kernel: 6.12

run 0 hide "$nic1" "$nic2" "$sata"
hold_group "$nic1"
run 4 return --wait 1 "$nic1" "$nic2" "$sata"
out_is "Unbinding $nic2 from vfio-pci" "Binding $nic2 to e1000e" \
	"Unbinding $sata from vfio-pci" "Binding $sata to ahci"
err_lines 1
driver "$nic2" e1000e
driver "$sata" ahci
record "$nic2" no
record "$sata" no
hidden "$nic1"
let_go
run 0 return "$nic1"
driver "$nic1" e1000e
