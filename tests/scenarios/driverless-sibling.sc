# SPDX-License-Identifier: GPL-2.0-or-later
#
# A sibling without a driver, or on vfio-pci already, does not keep a group from being
# passed, so nobody has to consent to it, and it is left alone.
# usual-kernel: 6.12

prepare_driver "$pair1" none
snapshot before
run 0 hide "$pair0"
hidden "$pair0"
driver "$pair1" none
run 0 return "$pair0"
unchanged before

prepare_driver "$pair1" vfio-pci
snapshot before
run 0 hide "$pair0"
hidden "$pair0"
run 0 return "$pair0"
driver "$pair0" nvme
unchanged before
