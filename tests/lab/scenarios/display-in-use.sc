# SPDX-License-Identifier: GPL-2.0-or-later
#
# Displays: that of the firmware is refused, the one with the text console, and one that a
# program has open, which is named; one beside it that nobody uses is free, and the text console
# stays where it is when that goes.
# machine: desktop
# usual-kernel: 6.12

text_console_is()
{
	[ "$(cat /sys/class/vtconsole/vtcon1/bind)" = "$1" ] || fail "text console: not $1"
}

refuses 3 check "$vga"
out_has "the display that the firmware started with"
refuses 3 hide "$vga"
run 0 hide --dry-run --force=display "$vga"

# No driver has taken the firmware's display yet. Linux 6.12 was started with a framebuffer on
# it; 6.1 was not, so the text console is on the only other one.
refuses 0 check "$gpu2"
case $(uname -r) in
6.1.*)
	refuses 3 check "$gpu1"
	out_has "the host would lose its text console, on fb0"
	refuses 3 hide "$gpu1"
	;;
*)
	refuses 0 check "$gpu1"
	refuses 3 check "$vga"
	out_has "the firmware's framebuffer (vesafb) is in its memory"
	out_has "initcall_blacklist=sysfb_init"
	# Where it is cannot be seen without root.
	setpriv --reuid=65534 --clear-groups vfioprep check "$gpu2" > "$out" || true
	out_has "the firmware's framebuffer"
	out_lacks vesafb
	;;
esac

# Its driver makes it the console of the kernel; the second function of that driver is not it.
modprobe bochs
await 10 test -e "/sys/bus/pci/devices/$gpu2/graphics"
card=$(basename "/sys/bus/pci/devices/$gpu1"/drm/card*)
text_console_is 1
for display in "$gpu1" "$gpu2"; do
	refuses 0 check "$display"
	out_lacks display
done
refuses 3 check "$vga"

hold_node "/dev/dri/$card"
refuses 3 check "$gpu1"
out_has "sleep ($holder_pid) would lose this display: it has /dev/dri/$card open"
refuses 3 hide "$gpu1"
err_has "sleep ($holder_pid)"
run 0 list
grep "$gpu1.* $card: sleep ($holder_pid)" "$out" >/dev/null || fail "list does not name it"
refuses 3 hide --force=input "$gpu1"
run 0 hide --dry-run --force="display:sleep ($holder_pid)" "$gpu1"
refuses 0 check "$gpu2"
let_go

run 0 hide "$gpu1" "$gpu2"
hidden "$gpu1" "$gpu2"
text_console_is 1
run 0 return "$gpu1" "$gpu2"
