# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two commands at once on overlapping sets of devices, named in opposite order: neither
# waits for ever, and what both were told is what is there.

snapshot before
"${VFIOPREP:-vfioprep}" hide "$nic1" "$nic2" "$nic3" "$nic4" "$nic5" > "$scenario_notes/one" &
first=$!
"${VFIOPREP:-vfioprep}" hide "$nic8" "$nic7" "$nic5" "$nic4" "$nic3" > "$scenario_notes/two" &
second=$!
wait "$first"
wait "$second"
hidden "$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic7" "$nic8"
driver "$nic6" e1000e
[ "$(cat "$scenario_notes/one" "$scenario_notes/two" | wc -l)" = 14 ] ||
	fail "each of seven devices is unbound and bound once"

"${VFIOPREP:-vfioprep}" return --all > "$scenario_notes/one" &
first=$!
"${VFIOPREP:-vfioprep}" return --all > "$scenario_notes/two" &
second=$!
wait "$first"
wait "$second"
unchanged before
[ "$(cat "$scenario_notes/one" "$scenario_notes/two" | wc -l)" = 14 ] ||
	fail "each of seven devices is given back once"
