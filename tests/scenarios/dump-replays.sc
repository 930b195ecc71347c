# SPDX-License-Identifier: GPL-2.0-or-later
#
# What was dumped here tells the same anywhere: list, groups, check and status of the dump
# are those of the host, byte by byte. It cannot be changed, only asked what would be.
# usual-kernel: 6.12

tells_the_same()
{
	local status=$1
	shift
	run "$status" "$@"
	cp "$out" "$scenario_notes/here"
	run "$status" "$@" --sysroot "$dump"
	cmp "$scenario_notes/here" "$out" || { diff "$scenario_notes/here" "$out"; false; }
}

run 0 hide "$nic2" --for web1
snapshot before
dump=$scenario_notes/dump
run 0 dump "$dump"
tells_the_same 0 list
tells_the_same 0 list -O --raw
tells_the_same 0 groups
tells_the_same 0 check "$nic1"
tells_the_same 3 check "$pair0"
tells_the_same 0 status
unchanged before

refuses 3 dump "$dump"
refuses 2 hide --sysroot "$dump" "$nic1"
err_has --dry-run
refuses 0 hide --sysroot "$dump" --dry-run "$nic1"
out_has "/$nic1/driver_override"
refuses 3 hide --sysroot "$dump" --dry-run "$pair0"
refuses 0 return --sysroot "$dump" --dry-run "$nic2"
