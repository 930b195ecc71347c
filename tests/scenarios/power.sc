# SPDX-License-Identifier: GPL-2.0-or-later
#
# hide --power on keeps a device awake: no D3cold, no runtime suspend, although vfio-pci
# allows that when it binds. What was set before comes back, also after a roll-back and a
# crash, and whether the option was given or not.

power()
{
	local cold=$pci_devices/$1/d3cold_allowed
	[ ! -e "$cold" ] || [ "$(cat "$cold")" = "$2" ] ||
		fail "$1: d3cold_allowed is $(cat "$cold"), expected $2"
	[ "$(cat "$pci_devices/$1/power/control")" = "$3" ] ||
		fail "$1: power/control is $(cat "$pci_devices/$1/power/control"), expected $3"
}

kwrite "/sys/bus/pci/devices/$nic1/power/control" auto
power "$nic1" 1 auto
run 0 hide --power on "$nic1"
hidden "$nic1"
power "$nic1" 0 on
run 0 hide --power on "$nic1"
run 0 return "$nic1"
power "$nic1" 1 auto

# To a device that is hidden already.
run 0 hide "$nic1"
power "$nic1" 1 auto
run 0 hide --power on "$nic1"
power "$nic1" 0 on
run 0 hide "$nic1"
power "$nic1" 0 on
run 0 return --driver e1000e "$nic1"
power "$nic1" 1 auto

# vfio-pci sets power/control as well; what counts is what was before it was hidden.
run 0 hide "$nic1"
run 0 return "$nic1"
power "$nic1" 1 auto
kwrite "/sys/bus/pci/devices/$nic1/power/control" on
run 0 hide "$nic1"
power "$nic1" 1 auto
run 0 hide --power on "$nic1"
run 0 return "$nic1"
power "$nic1" 1 on
kwrite "/sys/bus/pci/devices/$nic1/power/control" auto

refuses 2 hide --power off "$nic1"
run 0 hide --dry-run --power on "$nic1"
out_has power/control
power "$nic1" 1 auto
kwrite "/sys/bus/pci/devices/$nic1/power/control" on
