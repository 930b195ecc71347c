# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
#
# Four devices are hidden and returned again and again, by the tools and by a program that uses
# the library: nothing grows, neither in that program nor in the host.
#
# module: lab_stuck
# timeout: 300
# long-timeout: 7200

if long; then
	cycles=1000
else
	cycles=10
fi
devices=("$nic1" "$nic2" "$nvme" "$bare")
modprobe vfio-pci
load_stuck
snapshot before

# What the host has, in a line: processes, descriptors of all of them, KiB of memory of the
# kernel's own and KiB available, what lies in /run/vfioprep.
host()
{
	local slab available
	sync
	echo 3 > /proc/sys/vm/drop_caches
	slab=$(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)
	available=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	# shellcheck disable=SC2012 # numbers
	printf '%s %s %s %s %s\n' "$(ls -d /proc/[0-9]* | wc -l)" \
		"$(find /proc/[0-9]*/fd -type l 2>/dev/null | wc -l)" "$slab" "$available" \
		"$(find /run/vfioprep -type f 2>/dev/null | wc -l)"
}

# peak VERB...: KiB that one command has at most.
peak()
{
	python3 -c '
import resource, subprocess, sys
subprocess.run(["vfioprep"] + sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

grown()
{
	[ "$3" -le $(($2 + $4)) ] || fail "$1: from $2 to $3"
}

soak_tools()
{
	local i began tenth=$((cycles / 10)) times=$scenario_folder/times first last peaks
	[ "$tenth" -ge 3 ] || tenth=3
	# What is made once and stays: locks, slabs, what udev knows.
	run 0 hide "${devices[@]}"
	run 0 return "${devices[@]}"
	peaks="$(peak hide "${devices[@]}") $(peak return "${devices[@]}")"
	read -r -a host_before <<< "$(host)"
	for ((i = 1; i <= cycles; i++)); do
		began=$(date +%s%N)
		run 0 hide "${devices[@]}"
		out_lines 8
		run 0 return "${devices[@]}"
		out_lines 8
		printf '%s\n' $((($(date +%s%N) - began) / 1000000)) >> "$times"
		[ $((i % 100)) != 0 ] || note "cycle $i: $(host)"
	done
	# What udev still has to say about the last of them is over.
	udevadm settle --timeout=60
	sleep 4
	read -r -a host_after <<< "$(host)"
	first=$(head -n "$tenth" "$times" | median)
	last=$(tail -n "$tenth" "$times" | median)
	note "$cycles cycles: $first ms at first, $last ms at last (medians of $tenth)"
	note "before: ${host_before[*]} (processes, descriptors, KiB slab, KiB available, files)"
	note "after: ${host_after[*]}"
	note "peak of hide and return in KiB: $peaks before," \
		"$(peak hide "${devices[@]}") $(peak return "${devices[@]}") after"
	grown processes "${host_before[0]}" "${host_after[0]}" 3
	grown descriptors "${host_before[1]}" "${host_after[1]}" 30
	grown files "${host_before[4]}" "${host_after[4]}" 0
	if long; then
		[ "$last" -le $((first * 2)) ] || fail "a cycle took $first ms, and then $last ms"
		grown "KiB of slab" "${host_before[2]}" "${host_after[2]}" 16384
	fi
	[ -z "$(ls -A /run/vfioprep/records)" ] || fail "records are left"
}

# value KEY, after a file name: of the first and of the last line.
value()
{
	sed -n "s/^cycles .* $1 \([0-9]*\).*/\1/p" "$2" | sed -n "$3p"
}

soak_library()
{
	local log=$scenario_folder/cycles what
	"$checkout/build/lab/cycles" "$cycles" "${devices[@]}" > "$log"
	cat "$log"
	for what in fds children; do
		[ "$(value "$what" "$log" 1)" = "$(value "$what" "$log" '$')" ] ||
			fail "$what: $(value "$what" "$log" 1), then $(value "$what" "$log" '$')"
	done
	[ "$(value children "$log" '$')" = 0 ] || fail "children are left"
	# The first two tenths fill what malloc keeps.
	grown "KiB of the program" "$(value kib "$log" 2)" "$(value kib "$log" '$')" 128
	grown "bytes in use" "$(value heap "$log" 2)" "$(value heap "$log" '$')" 32768
}

# A child that hangs is left behind, and is no zombie for ever once it has come back.
soak_after_stuck()
{
	local log=$scenario_folder/stuck go
	mkfifo "$scenario_folder/go"
	hang remove 1
	"$checkout/build/lab/cycles" --stuck "$bare" 2 "$nic1" \
		< "$scenario_folder/go" > "$log" &
	exec {go}> "$scenario_folder/go"
	await 20 grep -qx "stuck 1 children 1" "$log"
	hang remove 0
	await 20 flock -n "/run/vfioprep/locks/$(printf group-%010d "$(group_of "$bare")")" true
	echo go >&"$go"
	wait $!
	exec {go}>&-
	cat "$log"
	[ "$(value children "$log" '$')" = 0 ] || fail "the child that hung was not reaped"
	run 0 recover
}

soak_after_stuck
soak_tools
soak_library
unchanged before
