# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of two devices that are being hidden one is removed from the bus: the other is put back, and
# the command ends as it should.

modprobe vfio-pci
at_end sh -c 'echo 1 > /sys/bus/pci/rescan'
fault delay_enter=2000000 /sys/bus/pci/drivers/vfio-pci/bind
"${run_under[@]}" vfioprep hide "$nic1" "$nic2" >"$out" 2>"$err" &
pid=$!
no_fault
await 10 test ! -e "/sys/bus/pci/drivers/e1000e/$nic1"
sleep 0.5
echo 1 > "/sys/bus/pci/devices/$nic1/remove"
status=0
wait "$pid" || status=$?
show_output
[ "$status" = 1 ] || fail "exit status $status, expected 1"
err_has "the device has gone"
driver "$nic2" e1000e
override "$nic2" ""
record "$nic1" no
record "$nic2" no
