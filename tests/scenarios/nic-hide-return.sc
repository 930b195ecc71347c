# SPDX-License-Identifier: GPL-2.0-or-later
#
# The simplest story: a network card nobody uses goes to vfio-pci and comes back, and
# nothing of it is left behind.

snapshot before
driver "$nic1" e1000e
mac=$(cat "$pci_devices/$nic1"/net/*/address)
netdev "$nic1" "$mac"
node "$nic1" no
record "$nic1" no

run 0 hide "$nic1"
out_is "Unbinding $nic1 from e1000e" "Binding $nic1 to vfio-pci"
driver "$nic1" vfio-pci
override "$nic1" vfio-pci
node "$nic1" yes
netdev "$nic1" ""
record "$nic1" yes

run 0 return "$nic1"
out_is "Unbinding $nic1 from vfio-pci" "Binding $nic1 to e1000e"
driver "$nic1" e1000e
override "$nic1" ""
node "$nic1" no
netdev "$nic1" "$mac"
record "$nic1" no
unchanged before
