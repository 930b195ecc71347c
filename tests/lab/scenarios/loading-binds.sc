# SPDX-License-Identifier: GPL-2.0-or-later
#
# Loading a module binds what waits for it, without being asked. That is what was wanted, and
# no failure: the device that is hidden again, and the one whose host driver is loaded anew.
# usual-kernel: 6.1

run 0 hide "$nic1"
unload_vfio_pci
driver "$nic1" none
run 0 status
out_has "somebody has unbound it from vfio-pci"
run 0 hide "$nic1"
hidden "$nic1"
run 0 return "$nic1"
driver "$nic1" e1000e
override "$nic1" ""

unload_vfio_pci
prepare_driver "$nic2" none
prepare_override "$nic2" vfio-pci
run 0 hide "$nic2"
hidden "$nic2"
run 0 return "$nic2"
driver "$nic2" none
override "$nic2" vfio-pci
