# SPDX-License-Identifier: GPL-2.0-or-later
#
# The only mouse is below a USB controller: it may go while no program uses it, and not while
# one does, by whichever of its nodes. With a second mouse it may go in any case.
# machine: desktop
# usual-kernel: 6.12

mouse=$(find "$(realpath "/sys/bus/pci/devices/$xhci1")" -name 'mouse*' -path '*/input/input*')
event=$(basename "${mouse%/*}"/event*)
refuses 0 check "$xhci1"
out_lacks pointer
for node in "$event" mice; do
	hold_node "/dev/input/$node"
	refuses 3 check "$xhci1"
	out_has "last pointer: QEMU QEMU USB Mouse, which sleep ($holder_pid) uses"
	refuses 3 hide "$xhci1"
	modprobe psmouse
	await 10 test -e /sys/bus/serio/devices/serio1/input
	refuses 0 check "$xhci1"
	out_lacks pointer
	modprobe -r psmouse
	let_go
done
