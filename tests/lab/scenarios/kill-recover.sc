# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Recover itself is killed, over what a killed hide or return has left: the next recover
# does what it had to.
# timeout: 400
# long-timeout: 9000

ways=("${kill_ways[@]}")

# Killed once it has done this: a hide ...
hide_until()
{
	start_original
	walk_run -c "child write *$1" -n 1 -a -k all vfioprep hide "${devices[@]}"
	[ "$status" = 137 ] || fail "hide until $1: exit status $status"
	survivors_end
}

# ... or a return.
return_until()
{
	start_hidden
	walk_run -c "child write *$1" -n 1 -a -k all vfioprep return "${devices[@]}"
	[ "$status" = 137 ] || fail "return until $1: exit status $status"
	survivors_end
}

after_override() { hide_until /driver_override; }
after_unbind() { hide_until /unbind; }
after_bind() { hide_until /vfio-pci/bind; }
returned_override() { return_until /driver_override; }
returned_unbind() { return_until /vfio-pci/unbind; }
returned_bind() { return_until /bind; }

check()
{
	case $status in
	0) all honest ;;
	1 | 137) ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	recovers
}

modprobe vfio-pci
walk_devices "$nic1"
for start in after_override after_unbind after_bind returned_override returned_unbind \
	returned_bind; do
	note "$start"
	walk 2 "$start" check vfioprep recover
done
walk_devices "$triple0" "$triple1" "$triple2"
for start in after_unbind returned_unbind; do
	note "$start"
	walk 2 "$start" check vfioprep recover
done
