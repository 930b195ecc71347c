# SPDX-License-Identifier: GPL-2.0-or-later
#
# Drivers that do not exist, or that keep nothing for a guest: refused before anything is
# touched, for hide and for return.
# usual-kernel: 6.12

for name in nosuch nosuch-vfio-pci nosuch_vfio_pci e1000e; do
	refuses 3 hide --driver "$name" "$nic1"
	err_lines 1
	err_has "$name"
done
run 0 hide "$nic1"
refuses 3 return --driver nosuch "$nic1"
err_has nosuch
for name in vfio-pci pci-stub; do
	refuses 3 return --driver "$name" "$nic1"
	err_has "keeps a device for a guest"
done
hidden "$nic1"
run 0 return "$nic1"
