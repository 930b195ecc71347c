# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
#
# Two cards that are alike are found while the system runs, one of them configured: the udev
# rule keeps it from a driver that udev would have to load. One that is loaded already is
# faster, which is left to the unit that the rule asks for; and to apply, here.
# timeout: 300

# shellcheck source=/dev/null
. "$lab_dir/inside/reboot.sh"

clean_up()
{
	uninstall_vfioprep
	rm -f /run/vfioprep/early
	udevadm control --reload
	modprobe e1000e
}

found_again()
{
	local device
	for device in "$nic1" "$nic2"; do
		kwrite "/sys/bus/pci/devices/$device/remove" 1
	done
	kwrite /sys/bus/pci/rescan 1
	udevadm settle
}

wants()
{
	udevadm info --query=property --property=SYSTEMD_WANTS --value "/sys/bus/pci/devices/$1"
}

at_end clean_up
install_vfioprep
udevadm control --reload
mkdir -p /etc/vfioprep/devices.d
printf '[%s]\nexpect=8086:10d3\n' "$nic1" > /etc/vfioprep/devices.d/nic.conf

note "its driver has to be loaded: the rule comes first"
modprobe -r e1000e
found_again
await 20 test -d "$pci_devices/$nic2/driver"
driver "$nic2" e1000e
override "$nic1" vfio-pci
[ "$(driver_of "$nic1")" != e1000e ] || fail "e1000e has it"
grep -q -x "$nic1 vfio-pci udev" /run/vfioprep/early
[ "$(wants "$nic1")" = "vfioprep@$nic1.service" ]
[ -z "$(wants "$nic2")" ]
run 0 apply
hidden "$nic1"
run 0 status --noheadings --raw --output ORIGINAL
out_is "(unknown)"
run 0 return "$nic1"
driver "$nic1" e1000e

note "its driver is there already: whoever is first, apply has the last word"
rm /run/vfioprep/early
found_again
[ "$(wants "$nic1")" = "vfioprep@$nic1.service" ]
run 0 apply "$nic1"
hidden "$nic1"
driver "$nic2" e1000e
run 0 return "$nic1"
driver "$nic1" e1000e
