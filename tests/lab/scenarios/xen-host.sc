# SPDX-License-Identifier: GPL-2.0-or-later
# machine: xen
# usual-kernel: 6.1
#
# The first domain of Xen has no IOMMU groups: nothing can be hidden for VFIO, and what is said
# of it is what to do there.

# shellcheck source=/dev/null
. "$lab_dir/inside/xen.sh"

snapshot before
xen_host
refuses 3 hide "$nic1"
err_has "Xen has the IOMMU here"
refuses 3 hide --driver pciback "$nic1"
refuses 3 check "$nic1"
out_has "Xen has the IOMMU here"
unchanged before

note "what xl has taken is where it is said to be"
xl pci-assignable-add "$nic1"
run 0 list --noheadings --raw --output DRIVER "$nic1"
out_is pciback
xl pci-assignable-remove -r "$nic1"
driver "$nic1" e1000e
