# SPDX-License-Identifier: GPL-2.0-or-later
#
# Recover with nothing to do, and with what is hidden as it should be: nothing changes.
# usual-kernel: 6.12

refuses 0 recover
out_is
run 0 hide "$nic1" "$nvme"
refuses 0 recover
out_is
hidden "$nic1" "$nvme"
run 0 return "$nic1" "$nvme"
refuses 0 recover
