# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each change leaves one line in the system's log: device, from, to, by whom, for whom.
# usual-kernel: 6.12

log=$scenario_folder/log
socat -u "UNIX-RECV:/dev/log,mode=666" "CREATE:$log" &
at_end rm -f /dev/log
await 5 test -S /dev/log

run 0 hide --for web1 "$nic1"
run 0 hide --for web1 "$nic1"
run 0 return "$nic1"
await 5 grep -q "to e1000e" "$log"
note "$(cat "$log")"
[ "$(tr '\0' '\n' <"$log" | grep -o "$nic1" | wc -l)" = 2 ] || fail "not one line per change"
grep -q "$nic1: from e1000e to vfio-pci by vfioprep-hide (root) for web1" "$log"
grep -q "$nic1: from vfio-pci to e1000e by vfioprep-return (root)" "$log"
