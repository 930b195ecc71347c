# SPDX-License-Identifier: GPL-2.0-or-later
#
# Looking never wakes a device and never keeps a guest from starting: no config space and no
# device node is opened.
# usual-kernel: 6.1
# timeout: 300

run 0 hide "$nic1"
for words in list status "check $nic1" "check $nic2" "list --json"; do
	# shellcheck disable=SC2086 # several words
	strace -f -qq -e trace=open,openat,openat2 -o "$scenario_folder/trace" \
		vfioprep $words >/dev/null || true
	grep -q modalias "$scenario_folder/trace" || fail "$words: nothing was looked at"
	! grep -E '/config"|"/dev/(vfio|sd|nvme|bus)' "$scenario_folder/trace" ||
		fail "$words opens what it must not"
done
run 0 return "$nic1"
