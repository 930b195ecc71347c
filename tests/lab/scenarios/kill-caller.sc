# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# The command alone is killed while its child is at work, and the child is slow: recover
# waits for the lock, and once it has it nothing is written any more by what was left.
# timeout: 400
# long-timeout: 3000

delay=800
recovery=$scenario_folder/recovery

# When recover got its first lock; nothing when it needed none.
lock_time()
{
	awk '$2 == "+" { asked = 1 } $2 == "=" && asked { asked = 0; if ($4 == 0) { print $1; exit } }' \
		"$recovery"
}

# The last time at which anything was written that is not a pipe: a call that has returned.
last_write()
{
	awk '$2 == "at" { $2 = "" ; $0 = $0 }
		$4 == "child" && $6 ~ /^\/(sys|run|dev\/vfio)/ { open[$3] = 1 }
		$2 == "=" { if (open[$3]) last = $1; open[$3] = 0 }
		END { print last + 0 }' "$calls"
}

check()
{
	local locked last before
	status=0
	"$checkout/build/lab/killpoints" -l "$recovery" vfioprep recover \
		>"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = 0 ] || { show_output && wrong "recover: exit status $status"; }
	look
	before=${now[*]}
	survivors_end
	locked=$(lock_time)
	last=$(last_write)
	if [ -n "$locked" ]; then
		locks=$((locks + 1))
		! grep -q ' = [0-9]* -11$' "$recovery" || waited=$((waited + 1))
		[ "$last" -lt "$locked" ] || wrong "a child wrote after recover had the lock"
	fi
	look
	[ "${now[*]}" = "$before" ] || wrong "changed after recover: ${now[*]}"
	recovers
}

locks=0 waited=0
ways=("-d $delay -k caller" "-d $delay -a -k caller")
modprobe vfio-pci
walk_devices "$nic1"
walk 4 start_original check -c "child *" vfioprep hide "$nic1"
walk 3 start_hidden check -c "child *" vfioprep return "$nic1"
walk_devices "$triple0" "$triple1" "$triple2"
walk 3 start_original check -c "child *" vfioprep hide "${devices[@]}"
note "recover took a lock $locks times, and had to wait for it $waited times"
[ "$waited" -gt 2 ] || fail "that proves nothing"
