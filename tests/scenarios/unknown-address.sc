# SPDX-License-Identifier: GPL-2.0-or-later
#
# Well-formed, but there is nothing by that name: status 3 and one sentence.
# usual-kernel: 6.12

snapshot before
for word in 0000:fe:1f.7 fe:1f.7 fe:1f "${nic1%.0}.3" 10000:00:00.0 group:999999 \
	dead:beef %s '*' no-such-interface /dev/no-such-disk; do
	run 3 hide "$word"
	err_lines 1
done
for verb in return check; do
	run 3 "$verb" 0000:fe:1f.7
	err_lines 1
done
unchanged before
