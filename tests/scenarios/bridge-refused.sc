# SPDX-License-Identifier: GPL-2.0-or-later
#
# A bridge is never bound, and a bridge among the devices means that nothing is.
# usual-kernel: 6.12

snapshot before
run 3 hide "$bridge"
unchanged before
run 3 hide "$nic1" "$bridge"
unchanged before
record "$nic1" no
