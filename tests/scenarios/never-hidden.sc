# SPDX-License-Identifier: GPL-2.0-or-later
#
# Returning what was never hidden: it is where it belongs, so there is nothing to do,
# whether it has a driver or not.
# usual-kernel: 6.12

refuses 0 return "$nic1"
out_is
refuses 0 return "$bare" "$nvme"
out_is
refuses 3 return "$bridge"
