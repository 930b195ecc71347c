# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hide is killed at its system calls that change anything: the process that calls, the
# command alone, or all at once; before the call and after it. Recover then makes each
# device what it was or leaves it hidden, and says which.
# timeout: 4000

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

# The node's owner belongs to what hidden means.
owned=
is_hidden()
{
	[ "${now[$1]}" = 'vfio-pci vfio-pci hidden' ] || return 1
	[ -z "$owned" ] || [ "$(stat -c %U "/dev/vfio/$(group_of "$1")")" = "$owned" ]
}

modprobe vfio-pci
walk_devices "$nic1"
walk 16 start_original check vfioprep hide "$nic1"
walk_devices "$triple0" "$triple1" "$triple2"
walk 12 start_original check vfioprep hide "${devices[@]}"
walk_devices "$nic1"
owned=nobody
walk 10 start_original check vfioprep hide --node-owner nobody "$nic1"
