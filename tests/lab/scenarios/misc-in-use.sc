# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sound, a serial line, a watchdog: whoever uses one is named, and it is a warning, no more;
# what lies idle is not worth a word.
# machine: desktop
# usual-kernel: 6.12

# idle DEV: nothing is said of its use.
idle()
{
	refuses 0 check "$1"
	! grep -E '(warn|unknown) +(sound|tty|watchdog)' "$out" || fail "$1 is idle"
}

idle "$hda"
hold_node "/dev/snd/$(basename "/sys/bus/pci/devices/$hda"/sound/card*/pcmC*c)"
refuses 0 check "$hda"
out_has warn
out_has "sleep ($holder_pid) would lose its sound"
let_go
hold_node "/dev/snd/$(basename "/sys/bus/pci/devices/$hda"/sound/card*/controlC*)"
idle "$hda"
out_has "the kernel waits until it closes that"
run 0 list
grep "$hda.* free" "$out" >/dev/null || fail "list: the controls are no use"
let_go

line=$(basename "$(find "$(realpath "/sys/bus/pci/devices/$serial")" -path '*/tty/ttyS*' -prune)")
idle "$serial"
hold_node "/dev/$line"
refuses 0 check "$serial"
out_has "sleep ($holder_pid) would lose its serial port: it has /dev/$line open"
let_go

idle "$watchdog"
own=$(grep -l i6300 /sys/class/watchdog/*/identity)
own=$(basename "$(dirname "$own")")
exec {fed}> "/dev/$own"
refuses 0 check "$watchdog"
out_has "the watchdog $own is running"
echo V >&"$fed"
exec {fed}>&-
idle "$watchdog"
run 0 hide "$watchdog" "$serial" "$hda"
run 0 return "$watchdog" "$serial" "$hda"
