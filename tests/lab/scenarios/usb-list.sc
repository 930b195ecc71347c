# SPDX-License-Identifier: GPL-2.0-or-later
#
# list --usb says what sysfs says, of every device; each way of naming one finds that one;
# looking opens neither a device nor its node; a dump shows the same elsewhere.
# machine: desktop
# usual-kernel: 6.12

# The port paths behind a controller: its hub, two sticks that are alike, a network card.
bus=$(basename "$(realpath "/sys/bus/pci/devices/$xhci3")"/usb*)
bus=${bus#usb}
stick1=$bus-1.1 stick2=$bus-1.2 card=$bus-2
sticks_are_there()
{
	[ -n "$(echo /sys/bus/usb/devices/"$stick1":1.0/host*/target*/*/block/*)" ] &&
		[ -e "/sys/bus/usb/devices/$stick2:1.0/driver" ] &&
		ls /sys/bus/usb/devices/"$stick1":1.0/host*/target*/*/block/sd* \
			/sys/bus/usb/devices/"$stick2":1.0/host*/target*/*/block/sd*
}
await 20 sticks_are_there

# One line of sysfs for each device, as the table has it.
told=$scenario_folder/told
for device in /sys/bus/usb/devices/*; do
	case ${device##*/} in *:*) continue ;; esac
	controller=$(realpath "$device" | sed 's|.*/\([0-9a-f:]*\.[0-7]\)/usb.*|\1|')
	echo "${device##*/} $(<"$device/busnum") $(<"$device/devnum") $(
		)$(<"$device/idVendor"):$(<"$device/idProduct") $(<"$device/speed") $(
		)$controller"
done | sort > "$told"
run 0 list --usb --raw --noheadings -o ADDRESS,BUS,NUMBER,IDS,SPEED,CONTROLLER
sort "$out" | diff "$told" - || fail "list --usb differs from sysfs"
run 0 list --usb --raw --noheadings -o NAME "$stick1"
out_is 'QEMU\x20USB\x20HARDDRIVE'
run 0 list --usb --noheadings -o INTERFACES,POWER,VERSION "$stick1"
out_has "Storage: usb-storage"
# By libusb: as the device's own descriptor has it.
version=$(tr -d ' ' < "/sys/bus/usb/devices/$stick1/version")
run 0 list --usb --json "$stick1"
out_has "\"version\": \"$version\""
out_has "\"power\": $(tr -d mA < "/sys/bus/usb/devices/$stick1/bMaxPower")"

# One that has no configuration shows no interface in sysfs; libusb knows them all the same.
echo 0 > "/sys/bus/usb/devices/$stick2/bConfigurationValue"
run 0 list --noheadings -o ADDRESS,INTERFACES "$stick2"
out_has "Storage: not configured"
echo 1 > "/sys/bus/usb/devices/$stick2/bConfigurationValue"
await 20 sticks_are_there

number=$(printf '%03d.%03d' "$bus" "$(<"/sys/bus/usb/devices/$stick2/devnum")")
for word in "$stick2" "usb:$stick2" "$number" "${number/.//}"; do
	run 0 list --raw --noheadings -o ADDRESS "$word"
	out_is "$stick2"
done
run 2 list 46f4:0001
err_has "ambiguous: it is $stick1, $stick2"
run 0 list --all-matching --raw --noheadings -o ADDRESS usb:46f4:0001
out_is "$stick1" "$stick2"
run 0 list --raw --noheadings -o ADDRESS 0525:a4a2
out_is "$card"
for verb in hide return groups; do
	refuses 3 "$verb" "$stick1"
	err_has "a USB device"
done

for words in "list --usb" "list --usb --json" "check $stick1 $card"; do
	# shellcheck disable=SC2086 # several words
	strace -f -qq -e trace=open,openat,openat2 -o "$scenario_folder/trace" \
		vfioprep $words >/dev/null || true
	grep -q idVendor "$scenario_folder/trace" || fail "$words: nothing was looked at"
	! grep -E '"/dev/bus/usb/[0-9]+/' "$scenario_folder/trace" || fail "$words opens a device"
done

vfioprep list --usb > "$scenario_folder/here"
run 0 dump "$scenario_folder/dump"
run 0 list --usb --sysroot "$scenario_folder/dump"
diff "$scenario_folder/here" "$out" || fail "the dump shows something else"
