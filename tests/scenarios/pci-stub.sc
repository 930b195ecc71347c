# SPDX-License-Identifier: GPL-2.0-or-later
#
# Another driver than vfio-pci: pci-stub keeps a device from the host, without a node.
# usual-kernel: 6.12

snapshot before
prepare_module pci-stub
run 0 hide --driver pci-stub "$nic1"
out_is "Unbinding $nic1 from e1000e" "Binding $nic1 to pci-stub"
driver "$nic1" pci-stub
override "$nic1" pci-stub
node "$nic1" no
record "$nic1" yes

# From one to the other; what it had at first is still what it gets back.
run 0 hide "$nic1"
out_is "Unbinding $nic1 from pci-stub" "Binding $nic1 to vfio-pci"
hidden "$nic1"
run 0 return "$nic1"
unchanged before
