# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
# timeout: 500
# long-timeout: 9000
#
# plug --hide and unplug are killed at their calls that change anything, on a guest that stands
# still and lets go of a device at once. Whether the guest has got it by then or not: recover
# leaves no step half done, and unplug brings the device back, also from a guest that has ended
# meanwhile and has another at its socket.

ways=("${kill_ways[@]}")
qmp=$scenario_folder/guest.qmp

paused_guest()
{
	rm -f "$scenario_folder/guest.pid"
	qemu-system-x86_64 -M q35 -accel tcg -m 64 -S -nodefaults -display none -name holder \
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
		-device pcie-root-port,id=rp1,chassis=1,slot=1 \
		-qmp "unix:$qmp,server=on,wait=off" \
		-daemonize -pidfile "$scenario_folder/guest.pid"
	guest_pid=$(<"$scenario_folder/guest.pid")
}

recorded_id()
{
	grep -qs '^id=' "/run/vfioprep/records/$nic1"
}

turn=0

# The next guest is another one, every other time.
another_guest()
{
	[ $((turn++ % 2)) = 0 ] || return 0
	guest_ends
	paused_guest
}

check()
{
	may 0 recover
	all honest
	! recorded_id || another_guest
	look
	if recorded_id; then
		may 0 unplug nic0 --qmp "$qmp"
	elif ! is_original "$nic1"; then
		may 3 unplug nic0 --qmp "$qmp"
		may 0 return "$nic1"
	fi
	all original
	count_ends
}

start_unplugged()
{
	! recorded_id || may 0 unplug nic0 --qmp "$qmp"
	start_original
}

start_plugged()
{
	start_unplugged
	may 0 plug --hide "$nic1" --id nic0 --qmp "$qmp"
}

paused_guest
at_end guest_ends
modprobe vfio-pci
walk_devices "$nic1"
walk_end=start_unplugged
walk 12 start_unplugged check vfioprep plug --hide "$nic1" --id nic0 --qmp "$qmp"
walk 12 start_plugged check vfioprep unplug nic0 --qmp "$qmp"
