# SPDX-License-Identifier: GPL-2.0-or-later
#
# The module of the original driver was removed while its devices were hidden: return
# loads it again.
# usual-kernel: 6.12

nics=("$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic6" "$nic7" "$nic8")
snapshot before
had=$(identities "$nic1")
run 0 hide "${nics[@]}"
rmmod e1000e
module e1000e no
run 0 return "${nics[@]}"
unchanged before
below "$nic1" "$had"
