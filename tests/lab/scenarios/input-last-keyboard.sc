# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two USB controllers with a keyboard each, and one of the board itself. While another remains
# it is a warning; the last one is refused, unless the host has a console on a serial line.
# machine: desktop
# usual-kernel: 6.12

serial_console()
{
	echo "$1" > /sys/class/tty/ttyS0/console
}
board_keyboard()
{
	echo -n "$1" > /sys/bus/serio/devices/serio0/drvctl
}
keyboards_are()
{
	[ "$(cat /sys/class/input/input*/name | grep -ci keyboard)" = "$1" ]
}

modprobe atkbd
await 10 keyboards_are 3
at_end serial_console Y
serial_console N

refuses 0 check "$xhci1"
out_has "the host would lose the keyboard QEMU QEMU USB Keyboard; AT Translated Set 2 keyboard"
run 0 hide "$xhci1"
refuses 0 check "$xhci2"
out_has "AT Translated Set 2 keyboard remains"

# Now what is below the other controller is the last.
board_keyboard none
at_end board_keyboard rescan
refuses 3 check "$xhci2"
out_has "the host would lose its last keyboard: QEMU QEMU USB Keyboard"
refuses 3 hide "$xhci2"
refuses 3 hide --force=display "$xhci2"
run 0 hide --dry-run --force=input "$xhci2"

serial_console Y
refuses 0 check "$xhci2"
out_has "a console on a serial line remains"
serial_console N

# Both together: neither is the last by itself, but none would remain.
run 0 return "$xhci1"
await 20 keyboards_are 2
refuses 0 check "$xhci2"
refuses 3 hide "$xhci1" "$xhci2"
err_has "last keyboard"
