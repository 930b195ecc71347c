# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody else has changed a hidden device: what neither vfioprep nor the original put
# there is reported and left alone, unless that is asked for.

snapshot before
run 0 hide "$nic1"
prepare_override "$nic1" not-ours
refuses 3 return "$nic1"
err_has not-ours
refuses 3 hide "$nic1"
err_has "override not-ours"
refuses 0 recover
err_has "return --force=foreign"
run 0 return --force=foreign "$nic1"
unchanged before

# Given back by hand: nothing is left to be done but to forget it.
run 0 hide "$nic1"
prepare_driver "$nic1" e1000e
prepare_override "$nic1" ""
run 0 return "$nic1"
out_is
unchanged before
