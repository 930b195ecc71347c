# SPDX-License-Identifier: GPL-2.0-or-later
#
# A driver's remove() does not come back: hide ends after its --timeout, says where the kernel
# waits, and puts the other devices back. What hangs is shown as that, and nobody waits for it
# again; nobody else is concerned. Once it has moved, recover says so and puts it back.
#
# module: lab_stuck

begin_at()
{
	began=$(date +%s%N)
}

took_at_most()
{
	local msec=$((($(date +%s%N) - began) / 1000000))
	note "$1: $msec ms"
	[ "$msec" -le "$2" ] || fail "$1 took $msec ms"
}

load_stuck
modprobe vfio-pci
snapshot before
for how in 1 2; do
	hang remove "$how"
	begin_at
	run 6 hide --timeout 4 "$nic1" "$bare" "$sata"
	took_at_most "hide with --timeout 4" 20000
	# The compiler may call the half that waits otherwise.
	err_has "within 4 s; it waits in lab_stuck_remove"
	err_has ", pci_device_remove"
	out_is
	driver "$nic1" e1000e
	driver "$sata" ahci
	record "$nic1" no
	record "$sata" no
	await 10 has_disk "$sata"

	# Nobody waits for it a second time, be the limit ever so large.
	run 0 status
	out_has stuck
	for verb in hide return "hide --for web1" "return --driver auto" "return --wait 60"; do
		begin_at
		# shellcheck disable=SC2086 # words
		run 6 $verb "$bare"
		took_at_most "$verb" 10000
		err_has "has not come back yet"
	done
	begin_at
	run 6 recover
	took_at_most recover 10000
	err_has "has not come back yet"
	run 6 return --all

	# Others are not concerned, nor is what concerns all.
	run 0 hide "$nic2" "$sata"
	run 6 return "$nic2" "$bare" "$sata"
	driver "$nic2" e1000e
	driver "$sata" ahci
	await 10 has_disk "$sata"
	run 6 hide "$nic2" "$bare"
	driver "$nic2" e1000e
	record "$nic2" no

	hang remove 0
	moved() { flock -n "/run/vfioprep/locks/$(printf group-%010d "$(group_of "$bare")")" true; }
	await 10 moved
	run 0 status
	out_has stuck
	run 0 recover
	cat "$out" "$err"
	out_has "Binding $bare to lab_stuck"
	unchanged before
	refuses 0 recover
	out_is
	hang remove 0
done
