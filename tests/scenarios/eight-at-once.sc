# SPDX-License-Identifier: GPL-2.0-or-later
#
# Eight devices in one command: they are worked on side by side, but reported in the order
# in which they were named.

nics=("$nic8" "$nic3" "$nic1" "$nic6" "$nic2" "$nic7" "$nic4" "$nic5")
there=() back=() had=()
for nic in "${nics[@]}"; do
	there+=("Unbinding $nic from e1000e" "Binding $nic to vfio-pci")
	back+=("Unbinding $nic from vfio-pci" "Binding $nic to e1000e")
	had+=("$(identities "$nic")")
done

snapshot before
run 0 hide "${nics[@]}"
out_is "${there[@]}"
hidden "${nics[@]}"

run 0 return "${nics[@]}"
out_is "${back[@]}"
unchanged before
for index in "${!nics[@]}"; do
	below "${nics[index]}" "${had[index]}"
done
