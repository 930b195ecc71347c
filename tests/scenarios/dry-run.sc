# SPDX-License-Identifier: GPL-2.0-or-later
#
# --dry-run prints the writes and makes none; it ends as the real run would begin.
# usual-kernel: 6.12

snapshot before
refuses 0 hide --dry-run "$nic1" "$bare"
out_has "printf %s 'vfio-pci' > /sys/bus/pci/devices/$nic1/driver_override"
out_has "printf %s '$nic1' > /sys/bus/pci/drivers/e1000e/unbind"
out_has "printf %s '$nic1' > /sys/bus/pci/drivers/vfio-pci/bind"
out_has "printf %s '$bare' > /sys/bus/pci/drivers/vfio-pci/bind"
sh -n "$out"
refuses 3 hide --dry-run "$pair0"
out_is
refuses 3 hide --dry-run "$bridge"
refuses 2 hide --dry-run nonsense/
refuses 0 return --dry-run "$nic1"
out_lacks "$nic1"

run 0 hide "$nic1"
refuses 0 return --dry-run "$nic1"
out_has "printf %s '$nic1' > /sys/bus/pci/drivers/e1000e/bind"
refuses 0 hide --dry-run "$nic1"
out_lacks "$nic1"
# The owner of the node is set also where nothing else is to be done.
refuses 0 hide --dry-run --node-owner 0:107 "$nic1"
out_has "chown 0:107 /dev/vfio/"
refuses 0 hide --dry-run --node-owner 65534 "$nic1"
out_has "chown 65534 /dev/vfio/"
out_lacks "nothing to do"
refuses 0 recover --dry-run
run 0 return "$nic1"
unchanged before
