# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device that somebody holds: return never writes unbind, in none of its processes, says who
# holds it, and is done at once. With --wait it goes on as soon as the node is free. Between
# its look at the node and the unbind nobody can take the device.

# Of all processes, the writes and what they are to.
traced()
{
	run_under=(strace -f -qqq -y --seccomp-bpf -e "trace=write,pwrite64,writev" -o "$1")
}

unbinds()
{
	grep -c '/unbind>, ' "$1" || true
}

snapshot before
run 0 hide "$nic1"
guest_takes "$nic1"
traced "$scenario_folder/held"
run 4 return "$nic1"
run_under=()
err_has "qemu-system-x86"
err_has "$guest_pid"
[ "$(unbinds "$scenario_folder/held")" = 0 ] || fail "return wrote unbind"
grep -q 'records/' "$scenario_folder/held" || fail "the trace has no writes at all"
hidden "$nic1"

best=999999
for _ in 1 2 3; do
	began=$(date +%s%N)
	run 4 return "$nic1"
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -ge "$best" ] || best=$took
done
note "return of a held device: $best ms at best"
# A second on a host that has time for it; here there may be none.
[ "$best" -lt 5000 ] || fail "return of a held device took $best ms"

# It goes on when the guest has gone, and the same trace sees the unbind.
traced "$scenario_folder/waited"
run 0 return --wait 60 "$nic1" &
waiting=$!
sleep 2
hidden "$nic1"
ended=$(date +%s%N)
guest_ends
wait "$waiting"
run_under=()
note "return --wait: $((($(date +%s%N) - ended) / 1000000)) ms after the guest was told to end"
[ "$(unbinds "$scenario_folder/waited")" = 1 ] || fail "return --wait did not write unbind once"
unchanged before

# The unbind is slow, and somebody wants the device meanwhile: he does not get it.
run 0 hide "$nic1"
group=$(group_of "$nic1")
fault delay_enter=3000000:when=1 /sys/bus/pci/drivers/vfio-pci/unbind
run 0 return "$nic1" &
returning=$!
no_fault
node_is_held()
{
	! { exec {probe}<>"/dev/vfio/$group"; } 2>/dev/null || { exec {probe}>&-; return 1; }
}
await 10 node_is_held
attempts=0
while kill -0 "$returning" 2>/dev/null && [ -e "/dev/vfio/$group" ]; do
	if { exec {probe}<>"/dev/vfio/$group"; } 2>/dev/null; then
		sleep 0.3
		# It may have been given back, and gone, just before.
		[ ! -e "$pci_devices/$nic1/driver" ] || driver "$nic1" vfio-pci
		fail "the node could be opened before the unbind"
	fi
	attempts=$((attempts + 1))
	sleep 0.05
done
wait "$returning"
note "$attempts attempts to open it meanwhile"
[ "$attempts" -gt 5 ] || fail "there was no time to try"
unchanged before
