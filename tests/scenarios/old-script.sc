# SPDX-License-Identifier: GPL-2.0-or-later
#
# The vfio-pci binary takes the options of the script that it replaces, and prints the
# same lines.
# usual-kernel: 6.12

VFIOPREP=vfio-pci
snapshot before
run 0 -h "$nic1" -h "$bare"
out_is "Unbinding $nic1 from e1000e" "Binding $nic1 to vfio-pci" "Binding $bare to vfio-pci"
hidden "$nic1" "$bare"
run 0 -h "$nic1"
out_is

run 0 -u "$nic1"
out_is "Unbinding $nic1 from vfio-pci" "Binding $nic1 to e1000e"
run 0 -u "$bare"
out_is "Unbinding $bare from vfio-pci"
unchanged before

run 0 -h "$nic1"
run 0 -u "$nic1" -d e1000e
unchanged before
prepare_driver "$nic2" vfio-pci
run 0 -d e1000e -u "$nic2"
unchanged before

refuses 3 -h "$bridge"
refuses 3 -h "$pair0"
refuses 2 -h
refuses 2 -h nonsense/
refuses 2 -h "$nic1" -u "$nic2"
refuses 2
