# SPDX-License-Identifier: GPL-2.0-or-later
#
# A network card whose interface was moved to another network namespace, as containers have
# them: refused, and whose it is is said. Who asks from within such a namespace gets no
# wrong answer, and a return from there does not wait for what it cannot see.
# usual-kernel: 6.12

one=$(netdev_of "$nic1") two=$(netdev_of "$nic2")
mac=$(cat "/sys/class/net/$one/address")

ip netns add lab-space
at_end ip netns delete lab-space
ip link set "$one" netns lab-space
refuses 3 check "$nic1"
out_has "namespace lab-space would lose its network interface $one"
refuses 3 hide "$nic1"
run 0 list "$nic1"
out_has "net $one: namespace lab-space"
refuses 0 check "$nic2"

# Who may not look into it knows that much.
status=0
setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v vfioprep)" check "$nic1" \
	> "$out" 2>&1 || status=$?
[ "$status" = 3 ] || fail "exit status $status"
out_has "in another network namespace"

# A process in it is named as well.
ip netns exec lab-space sleep 1000 &
sleeper=$!
await 5 grep -qx sleep "/proc/$sleeper/comm"
refuses 3 check "$nic1"
out_has "sleep ($sleeper) in namespace lab-space"
kill "$sleeper"
wait "$sleeper" || true
ip netns exec lab-space ip link set "$one" netns 1
refuses 0 check "$nic1"
out_lacks namespace

# One without a name.
unshare --net sleep 1000 &
sleeper=$!
await 5 grep -qx sleep "/proc/$sleeper/comm"
ip link set "$one" netns "$sleeper"
refuses 3 check "$nic1" "$nic2"
out_has "sleep ($sleeper) would lose its network interface $one"
err_lacks "could not"
# Consent lifts it; the interface comes back to the host.
run 0 hide --force=net "$nic1"
hidden "$nic1"
run 0 return "$nic1"
netdev "$nic1" "$mac"
kill "$sleeper"
wait "$sleeper" || true

# Asked from another namespace that has the host's /sys, and that has its own.
status=0
unshare --net vfioprep check "$nic2" > "$out" 2>&1 || status=$?
[ "$status" = 1 ] || fail "exit status $status"
out_has "not the host's network namespace"
status=0
ip netns exec lab-space vfioprep check "$nic2" > "$out" 2>&1 || status=$?
[ "$status" = 3 ] || fail "exit status $status"
out_has "the host would lose its network interface $two"

# A return from there.
run 0 hide "$nic2"
begin=$SECONDS
ip netns exec lab-space vfioprep return "$nic2"
[ $((SECONDS - begin)) -lt 10 ] || fail "it waited for $((SECONDS - begin)) s"
driver "$nic2" e1000e
