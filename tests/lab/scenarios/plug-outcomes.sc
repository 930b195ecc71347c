# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 500
#
# A guest that runs is given devices and lets them go, with all that can come of it: it
# takes them, refuses, does not answer, lets go late, ends; another client has its monitor.
# usual-kernel: 6.12

# shellcheck source=/dev/null
. "$lab_dir/story/frame.sh"
# shellcheck source=/dev/null
. "$lab_dir/story/guest.sh"

mac=52:54:00:00:01:01

guest_sees_nic()
{
	guest_eventually 60 "grep -q $mac /sys/class/net/*/address"
}

watcher=
end_watch()
{
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
}

# start_watch: in the background, what it says is in watch.out and watch.err.
start_watch()
{
	vfioprep watch --verbose --qmp "$watch_qmp" >"$scenario_notes/watch.out" \
		2>"$scenario_notes/watch.err" </dev/null &
	watcher=$!
}

at_end end_guest
at_end end_watch
snapshot before
start_guest
await_guest
open_monitors

note "what is not hidden is refused before the guest is asked"
refuses 3 plug "$nic1" --id nic0 --qmp "$guest_qmp"
err_has "vfioprep hide $nic1"

note "hidden, plugged, unplugged, returned"
run 0 plug --hide "$nic1" --id nic0 --qmp "$guest_qmp"
out_is "Unbinding $nic1 from e1000e" "Binding $nic1 to vfio-pci" "Plugging $nic1 as nic0"
hidden "$nic1"
guest_sees_nic
refuses 0 status
out_has "qmp:$guest_qmp"
out_has nic0
refuses 0 plug --hide "$nic1" --id nic0 --qmp "$guest_qmp"
out_is
refuses 4 return "$nic1"
refuses 3 plug --hide "$nic2" --id nic0 --qmp "$guest_qmp"
run 0 unplug nic0 --qmp "$guest_qmp"
out_is "Unplugging $nic1 as nic0" "Unbinding $nic1 from vfio-pci" "Binding $nic1 to e1000e"
unchanged before
netdev "$nic1" "$mac"
refuses 3 unplug nic0 --qmp "$guest_qmp"

note "a refusal of the guest leaves all as it was"
refuses 5 plug --hide "$nic1" --id nic0 --bus nosuch --qmp "$guest_qmp"
err_has nosuch

note "kept hidden, plugged again by its address"
run 0 plug --hide "$nic1" --id nic0 --qmp "$guest_qmp"
guest_sees_nic
run 0 unplug --keep "$nic1" --qmp "$guest_qmp"
hidden "$nic1"
refuses 0 status
out_lacks nic0
run 0 plug "$nic1" --id nic0 --qmp "$guest_qmp"
guest_sees_nic

note "a guest that stands still does not let go, and does it later"
qmp '{"execute": "stop"}'
refuses 5 unplug nic0 --wait 2 --qmp "$guest_qmp"
err_has "has not yet"
refuses 0 status
out_has unplugging
run 0 recover
hidden "$nic1"
qmp '{"execute": "cont"}'
run 0 unplug nic0 --qmp "$guest_qmp"
unchanged before

note "the same with a watch, which needs a monitor of its own"
run 0 plug --hide "$nic1" --id nic0 --qmp "$guest_qmp"
guest_sees_nic
start_watch
await 20 test -s "$scenario_notes/watch.err" -o -d "/proc/$watcher"
sleep 3
refuses 4 watch --qmp "$watch_qmp"
err_has client
qmp '{"execute": "stop"}'
refuses 5 unplug nic0 --wait 1 --qmp "$guest_qmp"
qmp '{"execute": "cont"}'
await 60 grep -q "Binding $nic1 to e1000e" "$scenario_notes/watch.out"
await 10 unchanged before

note "a group goes together, and comes back with its last"
run 0 plug --hide "$pair0" "$pair1" --id pair --bus rp3 --qmp "$guest_qmp"
record "$pair0" yes
record "$pair1" yes
run 0 unplug "$pair0" "$pair1" --qmp "$guest_qmp"
await 10 unchanged before
run 0 hide --group "$pair0"
run 0 plug "$pair0" --id first --bus rp1 --qmp "$guest_qmp"
run 0 plug "$pair1" --id second --bus rp2 --qmp "$guest_qmp"
kill "$watcher"
wait "$watcher"
sleep 5
run 4 unplug first --qmp "$guest_qmp"
err_has second
hidden "$pair0" "$pair1"
run 0 unplug second --qmp "$guest_qmp"
unchanged before

note "QEMU is killed: the watch returns all that it had"
run 0 plug --hide "$nic1" --id nic0 --qmp "$guest_qmp"
run 0 plug --hide "$nic2" --id nic1 --qmp "$guest_qmp"
start_watch
sleep 3
kill -9 "$guest_id"
status=0
wait "$watcher" || status=$?
cat "$scenario_notes/watch.out" "$scenario_notes/watch.err"
[ "$status" = 0 ] || fail "the watch ended with $status"
unchanged before
