# SPDX-License-Identifier: GPL-2.0-or-later
#
# vfio-pci really refuses the second of three devices, since it has virtual functions: all
# three are back as they were.
# usual-kernel: 6.12

make_functions "$sriov" 2
had=$(identities "$nic1")
snapshot before
refuses 3 hide "$nic1" "$sriov" "$nic2"
run 1 hide --force=sriov "$nic1" "$sriov" "$nic2"
out_is
err_has "$sriov: vfio-pci does not take it"
unchanged before
below "$nic1" "$had"
[ -n "$(virtual_function "$sriov" 1)" ]
