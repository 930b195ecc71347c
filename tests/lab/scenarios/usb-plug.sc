# SPDX-License-Identifier: GPL-2.0-or-later
#
# USB devices go to a guest and come back: the host has its drivers, disk and keyboard again,
# also from a QEMU that was killed, and from one that did not bind a driver again. What the
# host uses is refused.
# machine: desktop
# timeout: 400
# usual-kernel: 6.12

devices=/sys/bus/usb/devices
bus_of()
{
	local hub
	for hub in "/sys/bus/pci/devices/$1"/usb*; do
		if [ "$(<"$hub/speed")" = 480 ]; then cat "$hub/busnum"; fi
	done
}
first=$(bus_of "$xhci1") third=$(bus_of "$xhci3")
keyboard=$first-1 stick=$third-1.1
disk_there()
{
	disk=$(basename "$(echo $devices/"$stick":1.0/host*/target*/*/block/sd*)")
	[ -b "/dev/$disk" ]
}
driver_is()
{
	[ "$(basename "$(readlink "$devices/$1:1.0/driver")")" = "$2" ]
}
recorded()
{
	[ "$(ls /run/vfioprep/usb 2>/dev/null)" = "$1" ] || fail "records are not $1"
}
has_usb()
{
	echo '{"execute":"qmp_capabilities"}{"execute":"x-query-usb"}' |
		socat -t2 - "UNIX-CONNECT:$guest_qmp" | grep -q "ID: $1"
}
nothing_recorded()
{
	[ -z "$(ls /run/vfioprep/usb 2>/dev/null)" ]
}
usb_id()
{
	sed -n 's/^id=//p' "/run/vfioprep/usb/$1"
}
guest_ended()
{
	! kill -0 "$guest_pid" 2>/dev/null
}
at_end guest_gone
guest_gone()
{
	kill -9 "$guest_pid" 2>/dev/null || true
}
start()
{
	watch_qmp=$scenario_folder/watch.qmp
	guest_with -device qemu-xhci -qmp "unix:$watch_qmp,server=on,wait=off"
	guest_pid=$(<"$scenario_folder/guest.pid")
}
await 20 disk_there
start

note "what the host uses is refused, and so are hubs"
mkfs.ext4 -q -F "/dev/$disk"
mkdir -p "$scenario_folder/mnt"
mount "/dev/$disk" "$scenario_folder/mnt"
refuses 3 plug "$stick" --id stick --qmp "$guest_qmp"
err_has "would lose $scenario_folder/mnt"
umount "$scenario_folder/mnt"
refuses 3 plug "$third-1" --id hub --qmp "$guest_qmp"
err_has hub
recorded ""

note "printed, by bus and address, never by ids"
run 0 plug "$stick" --id stick --to qmp
out_has "\"hostbus\":$third,"
out_has "\"hostaddr\":$(<"$devices/$stick/devnum")"
out_lacks vendorid

note "plugged, and back"
run 0 plug "$stick" --id stick --qmp "$guest_qmp"
out_is "Plugging $stick as stick"
has_usb stick
recorded "$stick"
refuses 3 check "$stick"
out_has "guest holder"
run 0 status
out_has "$stick"
out_has "guest holder (qemu-system-x86, $guest_pid)"
refuses 0 plug "$stick" --id stick --qmp "$guest_qmp"
run 0 unplug stick --qmp "$guest_qmp"
out_is "Unplugging $stick as stick"
recorded ""
! has_usb stick || fail "QEMU has it still"
driver_is "$stick" usb-storage
disk_there

note "unplugged by its own name"
run 0 plug "$stick" --qmp "$guest_qmp"
run 0 unplug "$stick" --qmp "$guest_qmp"
disk_there
recorded ""

note "QEMU let go, but the driver is missing: it is bound"
run 0 plug "$keyboard" --id keys --qmp "$guest_qmp" --verbose
refuses 4 plug "$keyboard" --id other --qmp "$guest_qmp"
echo '{"execute":"qmp_capabilities"}{"execute":"device_del","arguments":{"id":"keys"}}' |
	socat -t2 - "UNIX-CONNECT:$guest_qmp" >/dev/null
await 10 driver_is "$keyboard" usbhid
echo "$keyboard:1.0" > /sys/bus/usb/drivers/usbhid/unbind
run 0 unplug keys --qmp "$guest_qmp"
driver_is "$keyboard" usbhid
recorded ""

note "the disk does not come: the whole device is bound anew"
run 0 plug "$stick" --id stick --qmp "$guest_qmp"
echo '{"execute":"qmp_capabilities"}{"execute":"device_del","arguments":{"id":"stick"}}' |
	socat -t2 - "UNIX-CONNECT:$guest_qmp" >/dev/null
await 20 disk_there
echo 1 > "/sys/block/$disk/device/delete"
! disk_there || fail "the disk is still there"
run 0 unplug stick --qmp "$guest_qmp"
disk_there
driver_is "$stick" usb-storage

note "nothing of it can be kept"
run 0 plug "$keyboard" --id keys --qmp "$guest_qmp"
refuses 3 unplug keys --keep --qmp "$guest_qmp"
err_has "a USB device, which is never hidden"
has_usb keys
recorded "$keyboard"

note "status has it, by the columns of all"
run 0 status --output ADDRESS,STATE,GUEST,ID --raw --noheadings
out_is "$keyboard plugged qmp:$guest_qmp keys"
run 0 status --json
out_has "\"qmp:$guest_qmp\""
out_has "\"keys\""

note "unplugged by another monitor of the same QEMU"
run 0 unplug keys --qmp "$watch_qmp"
driver_is "$keyboard" usbhid
recorded ""

note "a guest that runs is left alone; one that was killed gives nothing back, recover does"
run 0 plug "$keyboard" "$stick" --qmp "$guest_qmp"
run 0 recover
has_usb "$(usb_id "$stick")"
kill -9 "$guest_pid"
await 10 guest_ended
! driver_is "$keyboard" usbhid || fail "the driver is there already"
run 0 recover --dry-run
! driver_is "$keyboard" usbhid || fail "--dry-run has bound it"
run 0 recover
err_has "its guest qmp:$guest_qmp has ended; it is back with its drivers"
driver_is "$keyboard" usbhid
driver_is "$stick" usb-storage
disk_there
recorded ""

note "killed, QEMU gives nothing back; watch on a monitor of its own does"
start
run 0 plug "$keyboard" "$stick" --qmp "$guest_qmp"
vfioprep watch --qmp "$watch_qmp" >"$scenario_folder/watch.out" 2>&1 &
watcher=$!
sleep 2
kill -9 "$guest_pid"
wait "$watcher" || fail "watch ended with $?: $(cat "$scenario_folder/watch.out")"
driver_is "$keyboard" usbhid
driver_is "$stick" usb-storage
disk_there
recorded ""

note "the guest lets go by itself: watch sees to it"
start
run 0 plug "$keyboard" --id keys --qmp "$guest_qmp"
vfioprep watch --qmp "$watch_qmp" >"$scenario_folder/watch.out" 2>&1 &
watcher=$!
sleep 2
echo '{"execute":"qmp_capabilities"}{"execute":"device_del","arguments":{"id":"keys"}}' |
	socat -t2 - "UNIX-CONNECT:$guest_qmp" >/dev/null
await 20 nothing_recorded
driver_is "$keyboard" usbhid
kill "$watcher"
wait "$watcher" || fail "watch ended with $?: $(cat "$scenario_folder/watch.out")"
