# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command is killed at various points of its way: recover then makes each device the
# original or leaves it hidden, and a second recover finds nothing to do.
# timeout: 300

settled()
{
	run 0 recover
	refuses 0 recover
	out_is
}

modprobe vfio-pci
snapshot before
for point in 1 3 5 7 9; do
	caller_fault "signal=SIGKILL:when=$point"
	run 137 hide "$nic1"
	no_fault
	settled
	if [ "$(driver_of "$nic1")" = vfio-pci ]; then
		hidden "$nic1"
		run 0 return "$nic1"
	fi
	unchanged before
done

# Several at once.
for point in 8 20; do
	caller_fault "signal=SIGKILL:when=$point"
	run 137 hide "$nic1" "$nvme" "$bare"
	no_fault
	settled
	run 0 return --all
	unchanged before
done

# A return that was killed goes forward.
for point in 2 7; do
	run 0 hide "$nic1"
	caller_fault "signal=SIGKILL:when=$point"
	run 137 return "$nic1"
	no_fault
	settled
	run 0 return "$nic1"
	unchanged before
done
