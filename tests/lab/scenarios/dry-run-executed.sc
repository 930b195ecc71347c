# SPDX-License-Identifier: GPL-2.0-or-later
#
# What --dry-run prints does, when a shell executes it, what the command would have done;
# for hide, module included, and for return.
# usual-kernel: 6.12

snapshot before
unload_vfio_pci
run 0 hide --dry-run "$nic1" "$nvme" "$bare" "$pair0" "$pair1"
cp "$out" "$scenario_folder/script"
unchanged before
sh -eu "$scenario_folder/script"
for device in "$nic1" "$nvme" "$bare" "$pair0" "$pair1"; do
	driver "$device" vfio-pci
	override "$device" vfio-pci
	node "$device" yes
	record "$device" no
done

# Nobody has recorded it.
refuses 3 return "$nic1"
run 0 return --driver auto "$nic1" "$nvme" "$pair0" "$pair1"
prepare_driver "$bare" none
prepare_override "$bare" ""
unchanged before

run 0 hide "$nic1" "$bare"
run 0 return --dry-run "$nic1" "$bare"
cp "$out" "$scenario_folder/script"
sh -eu "$scenario_folder/script"
driver "$nic1" e1000e
driver "$bare" none
override "$nic1" ""
run 0 return "$nic1" "$bare"
out_is
unchanged before
