# SPDX-License-Identifier: GPL-2.0-or-later
#
# Devices can be named by what they are known for: a network interface, a disk, an IOMMU
# group, ids; the short form of an address; and each is taken once.
# usual-kernel: 6.12

snapshot before
interface=$(netdev_of "$nic1")
run 0 hide "$interface" "${nic1#0000:}" "$nic1" "group:$(group_of "$nic1")" "pci:$nic1"
out_is "Unbinding $nic1 from e1000e" "Binding $nic1 to vfio-pci"
run 0 return "${nic1#0000:}"
unchanged before

refuses 2 hide 8086:10d3
run 0 hide --all-matching 8086:10d3
hidden "$nic1" "$nic8"
run 0 return --all-matching 8086:10d3
unchanged before
