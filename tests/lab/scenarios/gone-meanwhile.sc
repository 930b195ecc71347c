# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# One of two devices is removed at a system call of hide or return that changes anything; or
# it comes back at once, as the same or as another one. The command ends as it should, the
# other device is as the status says, and what is at the address now is left alone.
# timeout: 400
# long-timeout: 9000

path=$(realpath "/sys/bus/pci/devices/$nic1")
removing=$scenario_folder/removing
replugging=$scenario_folder/replugging
replacing=$scenario_folder/replacing

# script FILE COMMAND...: to be run at a call.
script()
{
	printf '#!/bin/bash\n%s\n' "$2" > "$1"
	chmod +x "$1"
}

script "$removing" "echo 1 > '$path/remove'"
script "$replugging" "echo 1 > '$path/remove'; echo 1 > /sys/bus/pci/rescan"
# The kernel has no second device for this slot, but a device is what its modalias says.
printf 'pci:v00001234d00005678sv00001234sd00005678bc02sc00i00\n' > "$scenario_folder/modalias"
script "$replacing" "echo 1 > '$path/remove'; echo 1 > /sys/bus/pci/rescan
	mount --bind '$scenario_folder/modalias' '$path/modalias'"

plugged_in()
{
	[ -e "$path" ] || echo 1 > /sys/bus/pci/rescan
	await 10 test -e "$path/driver"
}

same_again()
{
	while umount "$path/modalias" 2>/dev/null; do :; done
}
at_end same_again

begin_original()
{
	same_again
	plugged_in
	start_original
}

begin_hidden()
{
	same_again
	plugged_in
	start_hidden
}

# the_other STATE: of nic2, which nothing has happened to.
the_other()
{
	look
	"is_$1" "$nic2" || wrong "$nic2 is '${now[$nic2]}', not $1"
}

# What has just come is on its driver, and nothing of ours is on it. A driver's unbind takes
# whatever has the address: within that one call nobody can tell.
fresh()
{
	look
	[[ $point != *'child write '*/unbind ]] || {
		[ "${now[$nic1]% *}" = "${original[$nic1]% *}" ] || unbound=$((unbound + 1))
		prepare_driver "$nic1" e1000e
		look
	}
	[ "${now[$nic1]% *}" = "${original[$nic1]% *}" ] ||
		wrong "$nic1 is '${now[$nic1]}', and not as it came"
}

check_hide()
{
	case $status in
	0) the_other hidden ;;
	1 | 3) the_other original ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	afterwards
}

# What has gone is no reason to keep the other.
check_return()
{
	case $status in
	0 | 1 | 3 | 8) the_other original ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	afterwards
}

# Recover forgets what has gone, tells of what is another one, and touches neither.
afterwards()
{
	local left
	if [ ! -e "$path" ]; then
		may 0 recover
		[ ! -e "/run/vfioprep/records/$nic1" ] || wrong "the record is still there"
		plugged_in
		fresh
	elif [ "$replaced" ]; then
		vfioprep recover >"$out" 2>"$err" || [ $? = 3 ] || wrong "recover: $?"
	else
		vfioprep recover >"$out" 2>"$err" || wrong "recover: $?"
	fi
	is_hidden "$nic1" || fresh
	# Hidden as what has come: given back as that.
	if [ "$replaced" ] && is_hidden "$nic1"; then
		may 0 return "$nic1"
		look
	fi
	if [ -e "/run/vfioprep/records/$nic1" ] && ! is_hidden "$nic1"; then
		left=$(<"/run/vfioprep/records/$nic1")
		[ -s "$out" ] || [ -s "$err" ] || wrong "recover says nothing: ${left//$'\n'/ }"
		rm "/run/vfioprep/records/$nic1"
	fi
	look
	all honest
	count_ends
}

modprobe vfio-pci
walk_devices "$nic1" "$nic2"
unbound=0 replaced=
ways=("-r $removing")
walk 5 begin_original check_hide vfioprep hide "${devices[@]}"
walk 4 begin_hidden check_return vfioprep return "${devices[@]}"
ways=("-r $replugging")
walk 4 begin_original check_hide vfioprep hide "${devices[@]}"
walk 3 begin_hidden check_return vfioprep return "${devices[@]}"
replaced=yes
ways=("-r $replacing")
walk 4 begin_original check_hide vfioprep hide "${devices[@]}"
walk 3 begin_hidden check_return vfioprep return "${devices[@]}"
note "unbound in the very call: $unbound"
