# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtual functions: the physical one is refused as long as they are there; one of them can
# be given away, with a token when the physical one is a guest's, too.
# usual-kernel: 6.12

switch=/sys/module/vfio_pci/parameters/enable_sriov
make_functions "$sriov" 2
first=$(virtual_function "$sriov" 0)
refuses 3 check "$sriov"
out_has "2 virtual functions of it would go with it"
refuses 0 check "$first"
out_lacks token
run 0 hide "$first"
guest_takes "$first"
guest_ends
run 0 return "$first"
echo 0 > "/sys/bus/pci/devices/$sriov/sriov_numvfs"

# The physical one on vfio-pci, as of a guest that makes virtual functions itself.
run 0 hide "$sriov"
echo 1 > "$switch"
echo 2 > "/sys/bus/pci/devices/$sriov/sriov_numvfs"
first=$(virtual_function "$sriov" 0)
refuses 0 check "$first"
out_has "with a VF token only"
[ "$(driver_of "$first")" = vfio-pci ] || prepare_driver "$first" vfio-pci
guest_refused "Permission denied" "$first"
kernel_said "VF token required"
echo 0 > "/sys/bus/pci/devices/$sriov/sriov_numvfs"
echo 0 > "$switch"
run 0 return "$sriov"
