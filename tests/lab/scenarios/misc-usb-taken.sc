# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest was given one USB device: the controller that it is on is refused, and names the
# guest. The same controller is free of that when the guest has ended.
# machine: desktop
# usual-kernel: 6.12

place=$(realpath "/sys/bus/pci/devices/$xhci2")
stick=
# QEMU's card reader. After a return the bus is enumerated anew.
find_stick()
{
	local device
	for device in /sys/bus/usb/devices/*; do
		[ "$(cat "$device/idVendor" 2>/dev/null)" = 08e6 ] || continue
		case $(realpath "$device") in "$place"/*) stick=$device ;; esac
	done
	[ -n "$stick" ]
}
await 20 find_stick
refuses 0 check "$xhci2"
out_lacks web7
qemu-system-x86_64 -M pc -accel tcg -m 64 -S -nodefaults -display none -name web7 \
	-device qemu-xhci -device "usb-host,hostbus=$(<"$stick/busnum"),hostaddr=$(<"$stick/devnum")" \
	-daemonize -pidfile "$scenario_folder/pid"
guest=$(<"$scenario_folder/pid")
refuses 3 check "$xhci2"
out_has "guest web7 (qemu-system-x86, $guest) would lose the USB device ${stick##*/}"
refuses 3 hide "$xhci2"
err_has web7
refuses 0 check "$xhci1"
run 0 list
grep "$xhci2.* usb ${stick##*/}: guest web7" "$out" >/dev/null || fail "list does not name it"
kill "$guest"
await 20 process_gone "$guest"
refuses 0 check "$xhci2"
