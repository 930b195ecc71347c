# SPDX-License-Identifier: GPL-2.0-or-later
#
# `return --all` gives back all that vfioprep has hidden and nothing else: what was put on
# vfio-pci by hand stays there. With nothing hidden there is nothing to do.
# usual-kernel: 6.12

prepare_driver "$nic4" vfio-pci
snapshot before
run 0 hide "$nic1" "$nvme" "$bare"
run 0 return --all
unchanged before
driver "$nic4" vfio-pci

run 0 return --all
out_is
unchanged before
