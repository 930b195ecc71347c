# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which scenarios run where. A scenario says so itself in comments at its top:
#
#	# machine: main noiommu    the hosts it is for (main when it does not say)
#	# kernel: 6.12             only there (all that are fetched when it does not say)
#	# usual-kernel: 6.1        the same, but for --long
#	# timeout: 300             seconds (120 when it does not say)
#	# long-timeout: 7200       the same with --long
#	# long: why                only by name or with --long
#	# module: lab_stuck        needs the lab's own kernel module
#	# package: openssh-server  needs what is in this package, unpacked
#	# image: initramfs-tools   needs an image of it, to start the kernel anew from
#	# next: qemu-system-x86    the same of Debian's next release, with all that it needs

header()
{
	local value
	value=$(sed -n "/^#/!q; s/^# $2: *//p" "$1")
	printf '%s\n' "${value:-$3}"
}

# time_of FILE: the seconds that it may take.
time_of()
{
	local usual
	usual=$(header "$1" timeout 120)
	[ -z "$with_long" ] || usual=$(header "$1" long-timeout "$usual")
	printf '%s\n' "$usual"
}

# Every scenario of the two folders: shared with the model, and for real kernels only; and
# those made of documents.
all_scenarios()
{
	local file
	for file in "$lab"/../scenarios/*.sc "$lab"/scenarios/*.sc; do
		[ -e "$file" ] && realpath "$file"
	done
	example_scenarios
}

# A name or a path; with or without .sc. Examples go by their document.
find_scenario()
{
	local name=$1 file
	for file in "$lab_cache/examples/$(basename "$name" .md).sc" \
		"$name" "$lab/../scenarios/$name.sc" "$lab/scenarios/$name.sc" \
		"$lab/../scenarios/$name" "$lab/scenarios/$name"; do
		if [ -f "$file" ]; then
			realpath "$file"
			return
		fi
	done
	die "no scenario $name"
}

has_word()
{
	case " $1 " in *" $2 "*) return 0 ;; esac
	return 1
}

# wanted FILE KERNEL MACHINE: by what the file says of itself.
wanted()
{
	has_word "$(header "$1" machine main)" "$3" &&
		has_word "$(header "$1" kernel "$kernel_names")" "$2" &&
		{ [ -n "$with_long" ] || has_word "$(header "$1" usual-kernel "$2")" "$2"; } &&
		{ [ -n "$with_long" ] || [ -z "$(header "$1" long '')" ]; }
}

# choose KERNEL MACHINE: the files to run there, one a line. What was named on the command
# line runs whether long or not, and with -m whatever machine it was written for.
choose()
{
	local kernel=$1 machine=$2 file
	if [ "${#named[@]}" = 0 ]; then
		all_scenarios | while read -r file; do
			wanted "$file" "$kernel" "$machine" && printf '%s\n' "$file"
		done
		return 0
	fi
	for file in "${named[@]}"; do
		[ -n "$only_machine" ] || has_word "$(header "$file" machine main)" "$machine" ||
			continue
		[ -n "$command" ] ||
			has_word "$(header "$file" kernel "$kernel_names")" "$kernel" || continue
		printf '%s\n' "$file"
	done
}
