# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same command twice succeeds twice: what is hidden already needs no step, and so
# prints none; the record still knows the first driver.
# usual-kernel: 6.12

snapshot before
run 0 hide "$nic2"
snapshot hidden
run 0 hide "$nic2"
out_is
unchanged hidden

run 0 return "$nic2"
run 0 return "$nic2"
out_is
unchanged before
