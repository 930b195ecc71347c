# SPDX-License-Identifier: GPL-2.0-or-later
#
# `return --wait` waits until nobody holds the device any more, and then does its work.

snapshot before
run 0 hide "$nic1"
hold_group "$nic1"
sleep 2 && : > "$scenario_notes/now-free" &
run 0 return "$nic1" --wait 10 &
returning=$!
await 10 test -e "$scenario_notes/now-free"
hidden "$nic1"
let_go
wait "$returning"
driver "$nic1" e1000e
unchanged before
