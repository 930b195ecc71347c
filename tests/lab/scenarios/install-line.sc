# SPDX-License-Identifier: GPL-2.0-or-later
#
# A module for which the administrator has written an install line is not loaded behind
# his back: refused, with that line; and so is one whose options would take more devices
# than were named, but only when there are such devices.
# usual-kernel: 6.12

config=/etc/modprobe.d/lab-scenario.conf
mkdir -p /etc/modprobe.d
at_end rm -f "$config"
unload_vfio_pci
echo 'install vfio_pci /bin/false' > "$config"
refuses 3 hide "$nic1"
err_has 'install vfio_pci /bin/false'
module vfio_pci no
refuses 3 hide --dry-run "$nic1"

refuses 3 check "$nic1"
out_has 'install vfio_pci /bin/false'

# A driverless card of the same make would be taken, too; one on its driver would not.
echo 'options vfio_pci ids=1b36:0001,8086:10d3' > "$config"
prepare_driver "$nic2" none
refuses 3 hide "$nic1"
err_has "would also give it $nic2"
refuses 3 check "$nic1"
out_has "would also give it $nic2"
err_lines 0
module vfio_pci no
refuses 0 check "$nic1" "$nic2"
refuses 0 check "$nic1" --with "$nic2"

# An override keeps it out of reach, and hide looks at that.
prepare_override "$nic2" none
run 0 hide "$nic1"
driver "$nic2" none
run 0 return "$nic1"
prepare_override "$nic2" ""
prepare_driver "$nic2" e1000e
unload_vfio_pci
refuses 0 check "$nic1"
run 0 hide "$nic1"
hidden "$nic1"
driver "$nic2" e1000e
run 0 return "$nic1"
unload_vfio_pci

echo 'install vfio_pci /bin/false' > "$config"
snapshot before
run 0 hide --force=module "$nic1"
hidden "$nic1"
run 0 return "$nic1"
unchanged before
