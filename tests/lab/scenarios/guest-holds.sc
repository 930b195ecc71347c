# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest has the device: it is not taken from it, nor is its sibling, and the guest is
# named with its process. When the guest has ended, a return that waits goes on.

snapshot before
run 0 hide --group "$pair0"
guest_takes "$pair0"
refuses 4 return --dry-run "$pair0"
err_has holder
refuses 4 return "$pair0"
err_has holder
err_has "$guest_pid"
refuses 4 return "$pair1"
refuses 0 status
out_has "$guest_pid"
refuses 3 check "$pair0"
refuses 0 list "$pair0"
out_has "$guest_pid"

run 0 return --wait 30 "$pair0" "$pair1" &
returning=$!
sleep 1
hidden "$pair0" "$pair1"
guest_ends
wait "$returning"
unchanged before
