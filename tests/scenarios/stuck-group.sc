# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel call on a function has not come back, and keeps its group's lock: nobody waits for
# that, be it this function or another one of the group. With the lock free it has moved.

snapshot before
run 0 hide --group "$pair0"
sed -i s/^phase=.*/phase=stuck/ "$ROOT/run/vfioprep/records/$pair1"
lock_group "$pair0"
SECONDS=0
refuses 6 return --timeout 60 "$pair1"
err_has "a kernel call on it has not come back yet"
refuses 6 return --timeout 60 "$pair0"
err_has "a kernel call on $pair1, which is in its group, has not come back yet"
refuses 6 hide --timeout 60 "$nic1" "$pair0" "$pair1"
refuses 6 recover --timeout 60
[ "$SECONDS" -lt 30 ] || fail "somebody has waited: $SECONDS s"
run 0 hide "$nic1"
run 0 return "$nic1"
unlock_group
run 0 recover
run 0 return "$pair0" "$pair1"
unchanged before
