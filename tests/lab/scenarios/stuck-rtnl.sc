# SPDX-License-Identifier: GPL-2.0-or-later
#
# What hangs holds the lock of all network interfaces, so that nobody can ask the kernel for
# addresses and routes any more. Every verb answers all the same, and says what it could not
# see.
#
# module: lab_stuck
# timeout: 240

in_time()
{
	local began took
	began=$(date +%s%N)
	run_under=(timeout 30)
	run "$@"
	run_under=()
	took=$((($(date +%s%N) - began) / 1000000))
	note "$took ms: $*"
}

load_stuck
modprobe vfio-pci
echo 1 > /sys/module/lab_stuck/parameters/rtnl
hang remove 1
run 6 hide --timeout 1 "$bare"
# Whoever needs it himself is kept, and no signal ends that.
ip link set lo up &
asker=$!
sleep 2
kill -0 "$asker" || fail "the lock of the interfaces is free"

in_time 0 list
in_time 0 status
in_time 0 groups
# Linux 6.1 tells addresses and routes only under it.
case $(uname -r) in
6.1.*)
	in_time 1 check "$nic1"
	out_has "could not be read"
	;;
*) in_time 0 check "$nic1" ;;
esac
in_time 0 check "$nvme"
in_time 0 hide "$nvme"
in_time 0 return "$nvme"
hang remove 0
wait "$asker"
run 0 check "$nic1"
run 0 recover
