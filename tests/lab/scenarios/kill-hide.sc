# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Hide is killed at its system calls that change anything: the process that calls, the
# command alone, or all at once; before the call and after it. Recover then makes each
# device what it was or leaves it hidden, and says which.
# timeout: 400
# long-timeout: 9000

ways=("${kill_ways[@]}")

# A command that lives says by its status what has become of all devices.
check()
{
	case $status in
	0) all hidden ;;
	1) all original ;;
	137) ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

# What else belongs to "hidden": the node's owner, and the device kept awake.
owned='' awake=''
is_hidden()
{
	[ "${now[$1]}" = 'vfio-pci vfio-pci hidden' ] || return 1
	[ -z "$owned" ] || [ "$(stat -c %U "/dev/vfio/${groups[$1]}")" = "$owned" ] || return 1
	[ -z "$awake" ] || [ "$(power_of "$1")" = 'on 0' ]
}

# And to "original": its power settings.
is_original()
{
	[ "${now[$1]}" = "${original[$1]}" ] || return 1
	[ -z "$awake" ] || [ "$(power_of "$1")" = "$awake" ]
}

power_of()
{
	cat "$pci_devices/$1/power/control" "$pci_devices/$1/d3cold_allowed" | tr '\n' ' ' |
		sed 's/ $//'
}

modprobe vfio-pci
walk_devices "$nic1"
walk 10 start_original check vfioprep hide "$nic1"
owned=nobody
walk 4 start_original check vfioprep hide --node-owner nobody "$nic1"
owned=
awake=$(power_of "$nic1")
walk 4 start_original check vfioprep hide --power on "$nic1"
awake=
walk_devices "$triple0" "$triple1" "$triple2"
walk 6 start_original check vfioprep hide "${devices[@]}"
