# SPDX-License-Identifier: GPL-2.0-or-later
#
# Listing 250 functions, beside lspci -nnk, which tells less. It only prints: a test must not
# depend on the clock.
# machine: scale
# long: figures, not a test
# timeout: 400

milliseconds()
{
	local begin end
	begin=$(date +%s%N)
	"$@" >/dev/null
	end=$(date +%s%N)
	printf '%s' $(((end - begin) / 1000000))
}

for number in 1 2 3 4; do
	pf=sriov$number
	make_functions "${!pf}" 60
done
note "$(lspci | wc -l) functions"
for round in 1 2 3 4; do
	a=$(milliseconds /usr/bin/true)
	b=$(milliseconds lspci -nnk)
	c=$(milliseconds vfioprep list -o ADDRESS,GROUP,DRIVER,CLASS,NAME)
	d=$(milliseconds vfioprep list)
	e=$(milliseconds vfioprep list --json)
	note "round $round: a process $a ms, lspci -nnk $b ms, vfioprep list $c ms," \
		"with use $d ms, everything as JSON $e ms"
done
hide_calls=$(strace -f -qq -c vfioprep hide "$nic1" 2>&1 >/dev/null | tail -n 1)
note "hide with all of them: $hide_calls"
