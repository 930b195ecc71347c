# SPDX-License-Identifier: GPL-2.0-or-later
#
# A module that the kernel does not take: the command fails and nothing has changed.
# usual-kernel: 6.12

file=$(modinfo -n vfio_pci)
unload_vfio_pci
cp "$file" "$scenario_folder/module"
at_end cp "$scenario_folder/module" "$file"
head -c 6000 "$scenario_folder/module" > "$file"
refuses 1 hide "$nic1" "$nvme"
err_has vfio_pci
err_has "cannot be loaded"
record "$nic1" no

cp "$scenario_folder/module" "$file"
run 0 hide "$nic1" "$nvme"
run 0 return "$nic1" "$nvme"
