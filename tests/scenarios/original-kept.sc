# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever state a device was in, it gets back exactly that: on vfio-pci already, with an
# override or without; without a driver, with overrides of its own; on its driver, with an
# override that names another, or a driver that nobody has.

prepare_driver "$nic1" vfio-pci
prepare_override "$nic1" vfio-pci
prepare_driver "$nic2" vfio-pci
prepare_driver "$nic3" none
prepare_driver "$nic4" none
prepare_override "$nic4" vfio-pci
prepare_override "$nic5" vfio-pci
prepare_override "$nic6" nosuch-driver
prepare_driver "$nic7" none
prepare_override "$nic7" e1000e
prepare_driver "$nic8" pci-stub
nics=("$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic6" "$nic7" "$nic8")

snapshot before
run 0 hide "${nics[@]}"
hidden "${nics[@]}"
run 0 return "${nics[@]}"
unchanged before

for nic in "${nics[@]}"; do
	run 0 hide "$nic"
	hidden "$nic"
	run 0 return "$nic"
	unchanged before
done
