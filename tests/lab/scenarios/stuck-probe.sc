# SPDX-License-Identifier: GPL-2.0-or-later
#
# A driver's probe() does not come back: return ends after its --timeout and says so, the other
# devices are given back. Once it has moved, recover knows that it has been given back.
#
# module: lab_stuck

load_stuck
snapshot before
run 0 hide "$nic1" "$bare" "$sata"
hang probe 1
run 6 return --timeout 1 "$nic1" "$bare" "$sata"
err_has "it waits in lab_stuck_probe"
err_has "drivers/lab_stuck/bind"
out_is "Unbinding $nic1 from vfio-pci" "Binding $nic1 to e1000e" \
	"Unbinding $sata from vfio-pci" "Binding $sata to ahci"
driver "$nic1" e1000e
driver "$sata" ahci
run 0 status
out_has stuck
run 6 return "$bare"
run 6 recover
run 0 hide "$nic1"
run 0 return "$nic1"

hang probe 0
# What the call that hung has begun it has done, in a moment.
moved()
{
	flock -n "/run/vfioprep/locks/$(printf group-%010d "$(group_of "$bare")")" true
}
await 20 moved
run 0 recover
cat "$out" "$err"
await 10 has_disk "$sata"
unchanged before

# The same while a failed hide is put back: the device hangs on its way back.
modprobe vfio-pci
hang probe 1
fault error=EIO:when=1 /sys/bus/pci/drivers/vfio-pci/bind
(
	out=$scenario_folder/back.out
	err=$scenario_folder/back.err
	run 6 hide --timeout 1 "$bare"
) &
hiding=$!
no_fault
phase_is_stuck()
{
	grep -qsx phase=stuck "/run/vfioprep/records/$bare"
}
# strace itself waits for the child that hangs.
await 20 phase_is_stuck
run 0 status
out_has stuck
run 6 hide "$bare"
hang probe 0
wait "$hiding"
cat "$scenario_folder/back.err"
grep -q "while it was put back; it waits in lab_stuck_probe" "$scenario_folder/back.err" ||
	fail "it is not said where it hangs on its way back"
run 0 recover
unchanged before
