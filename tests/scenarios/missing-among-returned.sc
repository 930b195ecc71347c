# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device that does not exist does not keep the others from being given back.
# usual-kernel: 6.12

run 0 hide "$nic1"
run 3 return ff:00.0 "$nic1"
err_has "ff:00.0"
driver "$nic1" e1000e
record "$nic1" no
run 3 return ff:00.0
run 0 hide "$nic1"
run 2 return "$nic1" zz:zz.z
driver "$nic1" vfio-pci
run 0 return "$nic1"
