# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device that somebody has put on vfio-pci by hand: nobody knows what it had, so return
# does not guess but says how to tell it.
# usual-kernel: 6.12

snapshot before
prepare_driver "$nic1" vfio-pci
prepare_override "$nic1" vfio-pci
refuses 3 return "$nic1"
err_lines 1
err_has --driver
refuses 3 return --driver nosuch "$nic1"

run 0 return --driver e1000e "$nic1"
out_is "Unbinding $nic1 from vfio-pci" "Binding $nic1 to e1000e"
unchanged before
