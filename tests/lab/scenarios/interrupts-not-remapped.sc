# SPDX-License-Identifier: GPL-2.0-or-later
# machine: nointremap
#
# An IOMMU that does not remap interrupts: VFIO binds, but lets no guest start. So it is
# refused before, until the administrator has said that he takes the risk.
# usual-kernel: 6.12

switch=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
config=/etc/modprobe.d/lab-scenario.conf
mkdir -p /etc/modprobe.d
at_end rm -f "$config"

refuses 3 check "$nic1"
out_has "interrupts are not remapped"
out_has "allow_unsafe_interrupts=1"
refuses 3 hide "$nic1"
err_has "interrupts are not remapped"

# It is true: bound by hand, no guest starts with it.
modprobe vfio_pci
prepare_driver "$nic1" vfio-pci
guest_refused "Operation not permitted" "$nic1"
kernel_said "No interrupt remapping support"
refuses 3 check "$nic1"
run 0 dump "$scenario_folder/dump"
refuses 3 check --sysroot "$scenario_folder/dump" "$nic1"
out_has "interrupts are not remapped, so"

# With the switch a guest starts, and hide goes ahead with a warning.
echo 1 > "$switch"
guest_takes "$nic1"
guest_ends
refuses 0 check "$nic1"
out_has "a guest can send the host any interrupt"
run 0 hide "$nic2"
err_has "a guest can send the host any interrupt"
hidden "$nic2"
run 0 return "$nic2"
echo 0 > "$switch"
refuses 3 check "$nic2"

# The same before the module is there, by what it would be loaded with.
prepare_driver "$nic1" none
modprobe -r vfio_pci vfio_iommu_type1
[ ! -e "$switch" ]
refuses 3 check "$nic2"
echo 'options vfio_iommu_type1 allow_unsafe_interrupts=1' > "$config"
refuses 0 check "$nic2"
run 0 hide "$nic2"
guest_takes "$nic2"
guest_ends
run 0 return "$nic2"
