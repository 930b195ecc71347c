# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
#
# On a terminal `return --wait` shows who it waits for, and the line is gone when it is over.

run 0 hide "$nic1"
hold_group "$nic1"
printf 'exec vfioprep return --wait 60 %s\n' "$nic1" > "$scenario_notes/command"
TERM=xterm socat -u "EXEC:bash $scenario_notes/command,pty,setsid,ctty,stderr" \
	"CREATE:$scenario_notes/seen" &
showing=$!
await 20 grep -qs "$nic1: waiting [0-9]* s of 60 until .* it" "$scenario_notes/seen"
let_go
wait "$showing"
driver "$nic1" e1000e
grep -q $'\r\033\\[KUnbinding '"$nic1 from vfio-pci" "$scenario_notes/seen" ||
	fail "the line was not taken away: $(cat -v "$scenario_notes/seen")"
