# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
# timeout: 500
#
# Cloud Hypervisor, with tests/ch-stub in its place, which opens the vfio node of what it is
# given as the real one does: plugged, seen, unplugged and back; kept by the guest; leaked by an
# old version; ended in the middle; answers that are none.

socket=$scenario_folder/api
stub_pid=

# stub OPTION...: a guest with nothing in it.
stub()
{
	end_stub
	python3 "$checkout/tests/ch-stub" "$socket" --hold --log "$scenario_folder/log" "$@" &
	stub_pid=$!
	await 20 test -S "$socket"
}

end_stub()
{
	[ -z "$stub_pid" ] || { kill -KILL "$stub_pid" && wait "$stub_pid"; } 2> /dev/null || true
	stub_pid=
	rm -f "$socket"
}
at_end end_stub

snapshot before
ids=$(identities "$nic1")

for version in 46 52 53 54; do
	note "version $version"
	stub --version "$version" --forget 1
	run 0 plug --hide --ch "$socket" --id nic0 "$nic1"
	hidden "$nic1"
	refuses 4 return "$nic1"
	refuses 0 status
	out_has "$stub_pid"
	run 0 plug --ch "$socket" --id nic0 "$nic1"
	run 3 plug --hide --ch "$socket" --id nic0 "$nic2"
	driver "$nic2" e1000e
	run 0 unplug --ch "$socket" nic0
	unchanged before
	await 20 below "$nic1" "$ids"
	grep -q -x -F "PUT /api/v1/vm.remove-device {\"id\":\"nic0\"}" "$scenario_folder/log"
	run 3 unplug --ch "$socket" nic0
done

note "the guest keeps it"
stub --forget never
run 0 plug --hide --ch "$socket" --id nic0 "$nic1"
run 5 unplug --wait 2 --ch "$socket" nic0
hidden "$nic1"
refuses 4 return "$nic1"
end_stub
run 0 return --wait 20 "$nic1"
unchanged before

note "gone from the guest, and the node still open"
stub --leak
run 0 plug --hide --ch "$socket" --id nic0 "$nic1"
run 4 unplug --wait 2 --ch "$socket" nic0
err_has "$stub_pid"
hidden "$nic1"
end_stub
run 0 return --wait 20 "$nic1"
unchanged before

note "refused, so it is given back"
stub
truncate -s 1M "$scenario_folder/disk.raw"
run 0 plug --ch "$socket" disk "$scenario_folder/disk.raw" --id nic0
run 3 plug --hide --ch "$socket" --id nic0 "$nic1"
unchanged before

for how in silence half-header endless-body large deep disconnect wrong-json; do
	note "no answer to the first look: $how"
	stub --behave "$how"
	run 5 plug --hide --wait 3 --ch "$socket" --id nic0 "$nic1"
	unchanged before
done

# Requests 1 and 2 look, 3 adds: from there on nobody knows, and it counts as plugged.
for how in silence half-body disconnect lost; do
	note "added, and no answer: $how"
	stub --behave "$how:3"
	run 5 plug --hide --wait 3 --ch "$socket" --id nic0 "$nic1"
	hidden "$nic1"
	[ "$how" != lost ] || refuses 4 return "$nic1"
	end_stub
	run 0 return --wait 20 "$nic1"
	unchanged before
done

note "nobody there"
end_stub
run 3 plug --hide --ch "$socket" --id nic0 "$nic1"
unchanged before
