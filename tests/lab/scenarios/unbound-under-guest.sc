# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody unbinds by hand what a guest has, so that the kernel waits and the device looks
# free. It is not: the guest is named, and nothing is written that would wait as well.

run 0 hide "$nic3"
guest_takes "$nic3"
printf %s "$nic3" > /sys/bus/pci/drivers/vfio-pci/unbind &
await 5 test ! -e "/sys/bus/pci/devices/$nic3/driver"

run 0 list "$nic3"
out_has holder
run 3 check "$nic3"
out_has "$guest_pid"
run 0 status
out_has "$guest_pid"
status=0
timeout 10 vfioprep return --timeout 1 "$nic3" 2>"$err" || status=$?
case $status in
4) err_has "$guest_pid" ;;
6) ;; # Linux 6.1 does not even let its override be read
*) show_output; fail "exit status $status, expected 4 or 6" ;;
esac

guest_ends
await 10 test -z "$(jobs -rp)"
run 0 return "$nic3"
driver "$nic3" e1000e
