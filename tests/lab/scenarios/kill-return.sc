# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Return is killed at its system calls that change anything. Once it has recorded that it
# gives a device back, recover does so; before, the device stays hidden.
# timeout: 400
# long-timeout: 9000

ways=("${kill_ways[@]}")

# A device that was not given back is hidden as before.
check()
{
	case $status in
	0) all original ;;
	1) all honest ;;
	137) ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

modprobe vfio-pci
walk_devices "$nic1"
walk 8 start_hidden check vfioprep return "$nic1"
walk_devices "$triple0" "$triple1" "$triple2"
walk 5 start_hidden check vfioprep return "${devices[@]}"
