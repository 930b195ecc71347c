# SPDX-License-Identifier: GPL-2.0-or-later
#
# A module for which the administrator has written an install line is not loaded behind
# his back: refused, with that line; and so is one whose options would take more devices
# than were named.

config=/etc/modprobe.d/lab-scenario.conf
mkdir -p /etc/modprobe.d
at_end rm -f "$config"
unload_vfio_pci
echo 'install vfio_pci /bin/false' > "$config"
refuses 3 hide "$nic1"
err_has 'install vfio_pci /bin/false'
module vfio_pci no
refuses 3 hide --dry-run "$nic1"

echo 'options vfio_pci ids=8086:10d3' > "$config"
refuses 3 hide "$nic1"
err_has 'ids=8086:10d3'
module vfio_pci no

echo 'install vfio_pci /bin/false' > "$config"
snapshot before
run 0 hide --force=module "$nic1"
hidden "$nic1"
run 0 return "$nic1"
unchanged before
