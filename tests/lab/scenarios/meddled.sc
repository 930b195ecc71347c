# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Somebody else has a hand on the device at a system call of hide or return that changes
# anything: rewrites its override, binds it to another driver by hand or with driverctl, or
# gives it back to the host. What he has set stays; the status says whether the command has
# done what it should, and when it has left something behind, recover and return say whose
# fault it is.
# timeout: 400
# long-timeout: 3000

path=/sys/bus/pci/devices/$nic1
modprobe pci-stub

# script NAME COMMANDS: to be run at a call, with $path and $nic1.
script()
{
	{
		printf '#!/bin/bash\npath=%q nic1=%q\n' "$path" "$nic1"
		printf '%s\n' "$2"
		printf 'exit 0\n'
	} > "$scenario_folder/$1"
	chmod +x "$scenario_folder/$1"
}

script override 'echo not-ours > $path/driver_override'
script stub 'echo pci-stub > $path/driver_override
	echo $nic1 > $path/driver/unbind
	echo $nic1 > /sys/bus/pci/drivers/pci-stub/bind'
script driverctl 'driverctl --nosave set-override $nic1 pci-stub'
script host 'echo > $path/driver_override
	echo $nic1 > $path/driver/unbind
	echo $nic1 > /sys/bus/pci/drivers_probe'

# What the other has set: a driver or an override that nobody else would.
is_meddled()
{
	case ${now[$nic1]} in
	*not-ours* | pci-stub*) return 0 ;;
	esac
	return 1
}

# What he had set before the first look is the original then, and comes back with it.
is_kept()
{
	grep -qsx -e orig.driver_override=not-ours -e orig.driver=pci-stub \
		"/run/vfioprep/records/$nic1"
}

# Between the last look at the override and the write of it nobody can help it.
may_be_overwritten()
{
	case $point in
	*' pipe:'* | *child\ open\ *driver_override | *child\ write\ *driver_override) ;;
	*) return 1 ;;
	esac
}

check()
{
	look
	case $status in
	0) is_"$goal" "$nic1" || is_meddled || [ "$what" = host ] || wrong "0, but ${now[*]}" ;;
	1 | 3)
		is_"$begin" "$nic1" || is_meddled || [ "$what" = host ] ||
			wrong "$status, but ${now[*]}"
		;;
	7)
		is_meddled || [ "$what" = host ] || wrong "7, and not meddled with: ${now[*]}"
		[ -e "/run/vfioprep/records/$nic1" ] || wrong "7 without a record"
		;;
	# He has taken it while what hangs below was waited for.
	8) is_meddled || [ "$what" = host ] || wrong "8, and not meddled with: ${now[*]}" ;;
	*) show_output && wrong "exit status $status" ;;
	esac
	if [ "$what" != host ] && ! is_meddled && ! is_kept; then
		overwritten=$((overwritten + 1))
		may_be_overwritten || wrong "overwritten: ${now[*]}"
	fi
	tells_and_leaves
}

# What is not ours is left alone by recover and return, and both say so; force gives it back.
tells_and_leaves()
{
	local left=${now[*]}
	if is_meddled && [ -e "/run/vfioprep/records/$nic1" ]; then
		vfioprep recover >"$out" 2>"$err" || [ $? = 3 ] || wrong "recover: $?"
		grep -q "$nic1" "$out" "$err" || wrong "recover does not tell of it"
		may 3 return "$nic1"
		grep -q 'somebody else' "$err" || wrong "return does not tell of it"
		look
		[ "${now[*]% *}" = "${left% *}" ] || wrong "left alone: $left, now ${now[*]}"
		may 0 return --force=foreign "$nic1"
	fi
	rm -f "/run/vfioprep/records/$nic1"
	put_back_by_hand
	count_ends
}

put_back_by_hand()
{
	look
	[ "${now[$nic1]}" != "${original[$nic1]}" ] || return 0
	prepare_driver "$nic1" e1000e
	prepare_override "$nic1" ""
}

overwritten=0
modprobe vfio-pci
walk_devices "$nic1"
for what in override stub host driverctl; do
	if [ "$what" = driverctl ] && ! command -v driverctl >/dev/null; then
		note "no driverctl here"
		continue
	fi
	ways=("-r $scenario_folder/$what")
	goal=hidden begin=original
	walk 4 start_original check vfioprep hide "$nic1"
	goal=original begin=hidden
	walk 3 start_hidden check vfioprep return "$nic1"
done
note "overwritten where nobody could know: $overwritten"
