# SPDX-License-Identifier: GPL-2.0-or-later
#
# A write does not come back in time: the command ends nevertheless and says so; nobody
# touches the device while the write lasts, others are not concerned; afterwards recover
# puts it back.

modprobe vfio-pci
snapshot before
fault delay_enter=9000000:when=1 /sys/bus/pci/drivers/ahci/unbind
(
	out=$scenario_folder/stuck.out
	err=$scenario_folder/stuck.err
	run 6 hide --timeout 1 "$sata" "$nic1"
) &
stuck=$!
no_fault
phase_is_stuck()
{
	grep -qsx phase=stuck "/run/vfioprep/records/$sata"
}
await 15 phase_is_stuck
run 6 hide "$sata"
run 6 return "$sata"
run 0 list "$sata"
run 0 status
out_has stuck
driver "$nic1" e1000e
run 0 hide "$nic2"
run 0 return "$nic2"

wait "$stuck"
run 0 recover
await 10 has_disk "$sata"
unchanged before
