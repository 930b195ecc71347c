# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody unbinds a device that a guest has, and the kernel does not come back. Whoever looks
# is answered at once, whoever wants to change it is told so in time, and all other devices
# are not concerned.

# answers SECONDS COMMAND...: within that time, with whatever status.
answers()
{
	local status=0
	timeout "$1" "${@:2}" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" != 124 ] || fail "${*:2}: no answer within $1 s"
	printf '%s' "$status" >"$scenario_folder/status"
}

status_is()
{
	[ "$(<"$scenario_folder/status")" = "$1" ] || {
		show_output
		fail "exit status $(<"$scenario_folder/status"), expected $1"
	}
}

prepare_driver "$nic3" vfio-pci
guest_takes "$nic3"
printf %s "$nic3" > /sys/bus/pci/drivers/vfio-pci/unbind &
await 5 test ! -e "/sys/bus/pci/devices/$nic3/driver"

answers 5 vfioprep list
out_has "$nic3"
answers 5 vfioprep status
answers 5 vfioprep groups
answers 5 vfioprep check "$nic4"
status_is 0
answers 5 vfioprep check "$nic3"
# Linux 6.1 does not even let the override be read; later ones do, and the guest is found.
case $(uname -r) in
6.1.*) told=6 ;;
*) told=4 ;;
esac
answers 10 vfioprep hide --timeout 1 "$nic3"
status_is "$told"
err_has "$nic3"
answers 10 vfioprep return --timeout 1 --driver e1000e "$nic3"
status_is "$told"
answers 10 vfioprep hide "$nic4"
status_is 0
driver "$nic4" vfio-pci
answers 10 vfioprep return "$nic4"
status_is 0

guest_ends
await 10 test -z "$(jobs -rp)"
