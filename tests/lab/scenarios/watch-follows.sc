# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
# timeout: 300
#
# A watch that follows: it waits for a guest that is not there yet, gives back what one had
# that was killed, goes on with the next at the same socket, and ends with SIGTERM. What
# another guest has it leaves alone, and what nobody unplugs it never touches.

folder=$scenario_folder

# start_guest NAME: one that stands still, with two monitors; its process is $guest_pid.
start_guest()
{
	qemu-system-x86_64 -M q35 -accel tcg -m 64 -S -nodefaults -display none -name "$1" \
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
		-device pcie-root-port,id=rp1,chassis=1,slot=1 \
		-device pcie-root-port,id=rp2,chassis=2,slot=2 \
		-qmp "unix:$folder/$1.qmp,server=on,wait=off" \
		-qmp "unix:$folder/$1.watch,server=on,wait=off" \
		-daemonize -pidfile "$folder/$1.pid"
	guest_pid=$(<"$folder/$1.pid")
	at_end end_process "$guest_pid"
}

end_process()
{
	kill "$1" 2>/dev/null || true
}

host_has()
{
	[ "$(driver_of "$1")" = e1000e ] && [ ! -e "/run/vfioprep/records/$1" ]
}

snapshot before
vfioprep watch --follow --qmp "$folder/web1.watch" >"$folder/watch.out" \
	2>"$folder/watch.err" </dev/null &
watcher=$!
at_end end_process "$watcher"

start_guest other
run 0 plug --hide "$nic3" --id nic0 --qmp "$folder/other.qmp"
for round in 1 2; do
	note "guest $round"
	start_guest web1
	run 0 plug --hide "$nic1" --id nic0 --qmp "$folder/web1.qmp"
	run 0 plug --hide "$nic2" --id nic1 --qmp "$folder/web1.qmp"
	refuses 3 plug --hide "$nic4" --id nic1 --qmp "$folder/web1.qmp"
	refuses 4 plug "$nic3" --id nic9 --qmp "$folder/web1.qmp"
	err_has other
	sleep 2
	run 0 unplug nic1 --keep --qmp "$folder/web1.qmp"
	hidden "$nic2"
	kill -9 "$guest_pid"
	await 20 host_has "$nic1"
	hidden "$nic2" "$nic3"
	run 0 return "$nic2"
done

note "the other guest has had its own all the time"
run 0 unplug nic0 --qmp "$folder/other.qmp"
kill "$watcher"
status=0
wait "$watcher" || status=$?
cat "$folder/watch.out" "$folder/watch.err"
[ "$status" = 0 ] || fail "the watch ended with $status"
unchanged before
