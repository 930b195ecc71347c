# SPDX-License-Identifier: GPL-2.0-or-later
#
# --expect: the address may hold something else since a card was added; then nothing is
# done, and what is there is named.
# usual-kernel: 6.12

snapshot before
refuses 3 hide --expect 8086:10fb "$nic1"
err_lines 1
err_has 8086:10d3
refuses 3 hide --expect 8086:10d3 "$nic1" "$nvme"
err_has "$nvme"

run 0 hide --expect 8086:10D3 "$nic1"
hidden "$nic1"
refuses 3 return --expect 8086:10fb "$nic1"
run 0 return --expect 8086:10d3 "$nic1"
unchanged before
