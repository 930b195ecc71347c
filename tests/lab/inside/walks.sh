# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Words for walks: the same command again and again, and at each time something happens at
# another of its system calls (tests/lab/killpoints.c). A walk knows two honest ends of a
# device: as it was before, without a record; or hidden in every respect, with a record that
# says so. With --long it goes to every point; otherwise to a selection.

calls=$scenario_folder/calls
point='before the walk'

# shellcheck disable=SC2034 # for scenarios
kill_ways=("-k self" "-k caller" "-k all" "-a -k self" "-a -k caller" "-a -k all")

# walk_devices DEV...: what the walk is about, as it stands now: the original.
walk_devices()
{
	devices=("$@")
	declare -gA now=() original=() groups=()
	known_drivers=(vfio-pci)
	walked=0 missed=0 wrongs=0 ended_original=0 ended_hidden=0
	look
	for device in "${devices[@]}"; do
		original[$device]=${now[$device]}
		groups[$device]=$(group_of "$device")
	done
}

# wrong TEXT: this point did not go well; the walk goes on, and fails at its end.
wrong()
{
	wrongs=$((wrongs + 1))
	printf 'wrong: %s: %s\n' "$point" "$*"
	[ "$wrongs" -lt 40 ] || fail "too much goes wrong"
}

# Walks look often, so what is known already is looked for without a process.
look_driver()
{
	local name
	for name in "${known_drivers[@]}"; do
		[ ! -e "$pci_drivers/$name/$1" ] || { driver=$name && return; }
	done
	driver=$(driver_of "$1")
	[ -z "$driver" ] || known_drivers+=("$driver")
}

# look: driver, override and phase of the record of each device, a dash for none, in $now.
look()
{
	local device value phase line driver
	for device in "${devices[@]}"; do
		value='' phase=- driver=''
		if [ -e "$pci_devices/$device" ]; then
			[ ! -e "$pci_devices/$device/driver" ] || look_driver "$device"
			read_override "$pci_devices/$device"
		fi
		[ ! -e "/run/vfioprep/records/$device" ] ||
			while read -r line; do
				[[ $line != phase=* ]] || phase=${line#*=}
			done < "/run/vfioprep/records/$device"
		now[$device]="${driver:--} ${value:--} $phase"
	done
}

is_original()
{
	[ "${now[$1]}" = "${original[$1]}" ]
}

# What else belongs to "hidden" in a walk is for the scenario to say (node owner, power).
is_hidden()
{
	[ "${now[$1]}" = 'vfio-pci vfio-pci hidden' ] && [ -e "/dev/vfio/${groups[$1]}" ]
}

# all original|hidden|honest: what is not is wrong.
all()
{
	local device
	look
	for device in "${devices[@]}"; do
		case $1 in
		original) is_original "$device" && continue ;;
		hidden) is_hidden "$device" && continue ;;
		honest)
			is_original "$device" && continue
			is_hidden "$device" && continue
			;;
		esac
		wrong "$device is '${now[$device]}', not $1"
	done
}

# How the command and its children end is in $status; what they say in $out and $err.
walk_run()
{
	status=0
	"$checkout/build/lab/killpoints" -l "$calls" "$@" >"$out" 2>"$err" </dev/null ||
		status=$?
}

# Whatever outlives the command has ended, too.
survivors_end()
{
	local lines
	while mapfile -t lines < "$calls" && [[ ${lines[-1]:-} != *' end '* ]]; do
		sleep 0.02
	done
}

# count_calls [-c PATTERN] COMMAND...: into $count, and who makes each into $roles; the
# command must do well.
count_calls()
{
	walk_run "$@"
	survivors_end
	[ "$status" = 0 ] || { show_output; fail "$*: exit status $status, expected 0"; }
	count=$(tail -n 1 "$calls")
	count=${count##* }
	[ "$count" -gt 0 ] || fail "$*: there is nothing to walk"
	mapfile -t -O 1 roles < <(sed -n 's/^[0-9]* [0-9]* [0-9]* \([a-z]*\) .*/\1/p' "$calls")
}

# at_point: the call was reached; which it was is added to $point.
at_point()
{
	local line word n
	while read -r _ word n _ line; do
		[ "$word" = at ] || continue
		walked=$((walked + 1))
		point+=": call $n, $line"
		return 0
	done < "$calls"
	missed=$((missed + 1))
	return 1
}

# choose_points N COUNT WORDS...: into $points about N of the COUNT calls with the words for
# what happens there ("-k self", "-a -k all"), in steps that vary the words; all when long.
choose_points()
{
	local wanted=$1 last=$2 n way i step total
	shift 2
	points=()
	total=$((last * $#))
	step=$((total / wanted))
	# Not a divisor's fellow, or it would meet the same way each time.
	[ "$step" -lt 2 ] || while [ $((step % 2)) = 0 ] || [ $((step % 3)) = 0 ]; do
		step=$((step + 1))
	done
	[ -z "$LAB_LONG" ] && [ "$step" -gt 1 ] || step=1
	i=$((step / 2))
	for ((n = 1; n <= last; n++)); do
		for way; do
			# The same as "caller".
			[ "${roles[n]}$way" != "caller${way%self}self" ] || continue
			[ $((i++ % step)) != 0 ] || points+=("-n $n $way")
		done
	done
}

# may STATUS VERB...: as run does, but another status is wrong only.
may()
{
	local expected=$1
	shift
	status=0
	vfioprep "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$expected" ] || {
		show_output
		wrong "vfioprep $*: exit status $status, expected $expected"
	}
}

# Whoever is named here shall be told of: something was begun with it.
begun()
{
	local device
	for device in "${devices[@]}"; do
		case ${now[$device]} in *' -' | *' hidden') ;; *) printf '%s\n' "$device" ;; esac
	done
}

no_leftovers()
{
	local file
	for file in /run/vfioprep/records/.*.new; do
		[ ! -e "$file" ] || { wrong "recover leaves ${file##*/}" && rm "$file"; }
	done
}

# recovers: recover brings every device to an honest end and says so, and a second one finds
# nothing to do.
recovers()
{
	local device told
	look
	told=$(begun)
	may 0 recover
	for device in $told; do
		grep -qF "$device" "$out" "$err" ||
			wrong "recover does not say what became of $device"
	done
	all honest
	no_leftovers
	may 0 recover
	[ ! -s "$out" ] && [ ! -s "$err" ] || { show_output; wrong "recover finds more to do"; }
	all honest
	count_ends
}

# nothing_to_recover: each device is at an honest end, and recover has nothing to say.
nothing_to_recover()
{
	all honest
	no_leftovers
	may 0 recover
	[ ! -s "$out" ] && [ ! -s "$err" ] || { show_output; wrong "recover finds something"; }
	all honest
	count_ends
}

count_ends()
{
	local device
	for device in "${devices[@]}"; do
		if is_original "$device"; then
			ended_original=$((ended_original + 1))
		else
			ended_hidden=$((ended_hidden + 1))
		fi
	done
}

# By plain writes, when the tool could not.
put_right()
{
	(
		# shellcheck source=/dev/null
		. "$lab_dir/inside/restore.sh"
		restore_now
	)
	look
}

# start_original, start_hidden WORDS...: all devices there, by as few commands as it takes.
start_original()
{
	local device some=
	look
	for device in "${devices[@]}"; do
		is_original "$device" || some=yes
	done
	[ -n "$some" ] || return 0
	may 0 return "${devices[@]}"
	look
	for device in "${devices[@]}"; do
		is_original "$device" || { wrong "cannot begin anew" && put_right; }
	done
}

start_hidden()
{
	local device some=
	look
	for device in "${devices[@]}"; do
		is_hidden "$device" || some=yes
	done
	[ -n "$some" ] || return 0
	may 0 hide "$@" "${devices[@]}"
	all hidden
}

# half_hidden: killed right after the unbind, for walks of recover.
half_hidden()
{
	start_original
	walk_run -c "child write */unbind" -n 1 -a -k all vfioprep hide "${devices[@]}"
	survivors_end
}

# What leaves nothing behind of a command whose last point was not reached.
walk_end=start_original

# walk N START CHECK COMMAND...: about N points of the command, each begun as the word START
# prepares it and judged by the word CHECK; at each happens one of $ways in turn.
walk()
{
	local wanted=$1 start=$2 check=$3 words
	shift 3
	walked=0 missed=0 ended_original=0 ended_hidden=0
	"$start"
	count_calls "$@"
	choose_points "$wanted" "$count" "${ways[@]}"
	for words in "${points[@]}"; do
		"$start"
		# shellcheck disable=SC2086 # several words
		walk_run $words "$@"
		point="$* $words"
		if at_point; then
			"$check"
		fi
	done
	"$walk_end"
	walk_figures "$*"
}

walk_figures()
{
	note "$1: $walked points ($missed more not reached), devices ended" \
		"$ended_original original, $ended_hidden hidden"
	[ "$walked" -gt 0 ] || fail "no point was reached"
	[ "$wrongs" = 0 ] || fail "$wrongs things are wrong"
}
