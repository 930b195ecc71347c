# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Each system call of hide, return and recover that changes anything fails in turn, or is
# done and yet says that it failed: all is put back, the first error is told, and nothing is
# left for recover. When nothing works any more from some point on, the status says that it
# could not be put back, and recover does it later.
# timeout: 400
# long-timeout: 9000

ways=("-e EBUSY" "-e ENODEV" "-e EINVAL" "-e EIO" "-e ENOSPC" "-a -e EIO" "-a -e EBUSY")
declare -A said=([EBUSY]="busy" [ENODEV]="No such device" [EINVAL]="Invalid argument"
	[EIO]="Input/output error" [ENOSPC]="No space left" [EMFILE]="Too many open files"
	[EACCES]="Permission denied" [EAGAIN]="temporarily unavailable")

# A write to sysfs or below /run that failed: its error is in what was said.
first_error_told()
{
	[ -s "$err" ] || wrong "exit status $status, and not a word"
	case $point in
	*'child write /sys/'* | *'caller write /run/vfioprep'*) ;;
	*) return 0 ;;
	esac
	[[ $point =~ -e\ ([A-Z]+) ]]
	grep -qF "${said[${BASH_REMATCH[1]}]}" "$err" || {
		show_output
		wrong "${BASH_REMATCH[1]} is not told"
	}
}

# Where a record could not be removed that was said, and recover does it.
ended()
{
	if grep -q 'run vfioprep recover' "$err"; then
		recovers
	else
		nothing_to_recover
	fi
}

check_hide()
{
	case $status in
	0) all hidden ;;
	1 | 3 | 4) settled original && first_error_told ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	ended
}

# A failed return ends where it began, each device for itself.
check_return()
{
	case $status in
	0) settled original ;;
	1 | 3 | 4) settled honest && first_error_told ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	ended
}

# The drivers and overrides at least, when the record could not be changed.
settled()
{
	grep -q 'run vfioprep recover' "$err" || all "$1"
}

check_recover()
{
	case $status in
	0) grep -q 'run vfioprep recover' "$err" || all honest ;;
	1 | 3 | 4) first_error_told ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

check_broken()
{
	case $status in
	0 | 1) settled honest ;;
	7) grep -q 'vfioprep recover' "$err" || wrong "7 without a remedy" ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

modprobe vfio-pci
walk_devices "$nic1"
walk 10 start_original check_hide vfioprep hide "$nic1"
walk 8 start_hidden check_return vfioprep return "$nic1"
walk 4 half_hidden check_recover vfioprep recover
walk_devices "$triple0" "$triple1" "$triple2"
walk 5 start_original check_hide vfioprep hide "${devices[@]}"
walk 4 start_hidden check_return vfioprep return "${devices[@]}"

# What else each can fail with.
walk_devices "$nic1"
ways=("-e EACCES" "-e EMFILE")
walk 2 start_original check_hide -c "* open *" vfioprep hide "$nic1"
walk 2 start_hidden check_return -c "* open *" vfioprep return "$nic1"
ways=("-e EAGAIN")
walk 2 start_original check_hide -c "* fork *" vfioprep hide "$nic1"

# Nothing works any more.
ways=("-m -e EIO" "-m -e ENODEV")
walk 3 start_original check_broken -c "child write /sys/*" vfioprep hide "$nic1"
walk 3 start_hidden check_broken -c "child write /sys/*" vfioprep return "$nic1"
ways=("-m -e ENOSPC")
walk 3 start_original check_broken -c "caller * /run/*" vfioprep hide "$nic1"
walk 3 start_hidden check_broken -c "caller * /run/*" vfioprep return "$nic1"
