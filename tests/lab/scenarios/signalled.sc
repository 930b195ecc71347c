# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# SIGINT, SIGTERM and SIGHUP at the system calls of hide, return and recover that change
# anything, and output that nobody reads any more from there on: the status says what has
# become of the devices, and nothing is left for recover.
# timeout: 400
# long-timeout: 9000

ways=("-s INT" "-s TERM" "-s HUP" "-a -s INT" "-a -s TERM" "-a -s HUP")

check_hide()
{
	case $status in
	0) all hidden ;;
	1) all original ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	nothing_to_recover
}

# What a return has not begun is hidden as before; 8: nobody waited for what hung below.
check_return()
{
	case $status in
	0 | 8) all original ;;
	1) all honest ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	nothing_to_recover
}

check_recover()
{
	case $status in
	0) all honest ;;
	1 | 8) ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

# lost_at N VERB...: who reads its output ends at this call.
lost_at()
{
	local reader pipe n=$1
	shift
	exec {pipe}> >(exec cat >/dev/null)
	reader=$!
	status=0
	"$checkout/build/lab/killpoints" -l "$calls" -n "$n" -r "kill -KILL $reader" \
		vfioprep "$@" "${devices[@]}" >&"$pipe" 2>&1 </dev/null || status=$?
	exec {pipe}>&-
	point="$1, reader gone at call $n"
	: > "$out" && : > "$err"
	[ "$status" = 0 ] || wrong "exit status $status"
	walked=$((walked + 1))
}

modprobe vfio-pci
walk_devices "$nic1"
walk 6 start_original check_hide vfioprep hide "$nic1"
walk 5 start_hidden check_return vfioprep return "$nic1"
walk 4 half_hidden check_recover vfioprep recover

count_calls vfioprep hide "$nic1"
step=15
[ -z "$LAB_LONG" ] || step=1
start_original
for ((n = 1; n <= count; n += step)); do
	lost_at "$n" hide
	all hidden
	lost_at "$n" return
	all original
done
for closed in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/full 2>/dev/full'; do
	point="hide and return $closed"
	eval "vfioprep hide $nic1 $closed" || wrong "hide: exit status $?"
	all hidden
	eval "vfioprep return $nic1 $closed" || wrong "return: exit status $?"
	all original
done
walk_figures "output lost"

walk_devices "$triple0" "$triple1" "$triple2"
walk 4 start_original check_hide vfioprep hide "${devices[@]}"
walk 3 start_hidden check_return vfioprep return "${devices[@]}"
