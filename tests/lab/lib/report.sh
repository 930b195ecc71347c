# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the inside says, one line each, and what becomes of it here. The first letter tells:
#
#	. TEXT          progress
#	| TEXT          output of a scenario
#	> NAME          begins
#	+ NAME SECONDS  passed
#	- NAME          failed; its output comes after
#	=               all scenarios have had their turn

passed=0
failed=0
failures=()	# of each boot: "KERNEL MACHINE COUNT FILE..."
only_then=()	# "MACHINE on KERNEL: NAME..." that passed at the second try
never=()	# as failures, of what failed then, too
boot_done=

begin_boot()
{
	margin='  '
	[ -z "$live" ] || margin=''
	boot_done=
	booted=
	current=
	passed_here=' '
	before=$((passed + failed))
	failed_before=$failed
	boot_started=$SECONDS
}

take_line()
{
	local line=${1%$'\r'} rest name
	rest=${line:2}
	case $line in
	'. '*)
		booted=yes
		say "$rest ($((SECONDS - boot_started)) s)"
		;;
	'|'*) printf '%s%s\n' "$margin" "$rest" ;;
	'> '*) current=$rest ;;
	'+ '*)
		name=${rest% *}
		printf 'ok %s (%s s)\n' "$name" "${rest##* }"
		passed=$((passed + 1))
		passed_here+="$name "
		current=
		;;
	'- '*)
		printf 'FAIL %s\n' "$rest"
		failed=$((failed + 1))
		current=
		;;
	'=') boot_done=yes ;;
	*) printf '  %s\n' "$line" ;;
	esac
}

# A machine that died took those with it that had not had their turn.
end_boot()
{
	local turns=$((passed + failed - before)) count
	[ -z "$boot_done" ] || return 0
	count=$(wc -l < "$run_folder/scenarios")
	printf 'FAIL %s\n' "${current:-boot}"
	say "the machine ended there; $((count - turns)) of $count scenarios did not pass"
	show_logs
	failed=$((failed + 1))
}

# note_failures KERNEL MACHINE FILES: those that have not passed, or had no turn.
note_failures()
{
	local file rest='' count=$((failed - failed_before))
	for file in $3; do
		has_word "$passed_here" "$(basename "$file" .sc)" || rest+=" $file"
	done
	[ -z "$rest" ] || failures+=("$1 $2 $count$rest")
}

sum_up()
{
	local name kernel machine
	for name in "${only_then[@]}"; do
		say "passed only at the second try, of $name"
	done
	for name in "${failures[@]}"; do
		read -r kernel machine _ name <<< "$name"
		say "failed, of $machine on $kernel: ${name//*([! ])\//}"
	done
	[ $((passed + failed)) != 0 ] || say "no scenario ran"
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}
