# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ctrl-C in the middle of hiding eight devices: either all are hidden, or all are back as
# they were, as the status says. Likewise when it is asked to end.
# usual-kernel: 6.12

nics=("$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic6" "$nic7" "$nic8")

# What a status of 0 and what one of 1 mean.
as_told()
{
	case $1 in
	0)
		hidden "${nics[@]}"
		run 0 return "${nics[@]}"
		;;
	1) ;;
	*) fail "exit status $1" ;;
	esac
	unchanged before
	note "ended with $1"
}

# interrupted COMMAND...: to the end, with what it said in the log.
interrupted()
{
	local status=0
	"$@" vfioprep hide "${nics[@]}" || status=$?
	as_told "$status"
}

modprobe vfio-pci
snapshot before
for point in 12 40; do
	interrupted strace -qqq -o /dev/null -e trace=write \
		-e "inject=write:signal=SIGINT:when=$point" env --default-signal=INT
done
interrupted strace -qqq -o /dev/null -e trace=write \
	-e inject=write:signal=SIGTERM:when=30 env --default-signal=TERM

# As a terminal does it: to the whole process group.
for moment in 0.1 0.3; do
	setsid env --default-signal=INT vfioprep hide "${nics[@]}" &
	pid=$!
	sleep "$moment"
	kill -INT "-$pid" 2>/dev/null || true
	status=0
	wait "$pid" || status=$?
	[ "$status" != 130 ] || status=1	# before it began
	as_told "$status"
done
