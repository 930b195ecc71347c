# SPDX-License-Identifier: GPL-2.0-or-later
#
# A claim: hidden for one guest, it is not given to another; the first may ask again; given
# back, it is free.
# usual-kernel: 6.1
# timeout: 300

snapshot before
run 0 hide "$nic1" --for web1
run 0 hide "$nic1" --for web1
out_is
refuses 3 hide "$nic1" --for web2
err_lines 1
err_has web1
refuses 3 check "$nic1" --for web2
out_has "claimed for web1"
refuses 0 check "$nic1" --for web1
out_lacks claim
refuses 0 check "$nic1"
out_has "claimed for web1"
run 0 return "$nic1"
refuses 0 check "$nic1" --for web2
out_lacks claim
unchanged before

# The claim of a process ends with the process.
sleep 60 &
guest=$!
if [ -z "$ROOT" ]; then
	run 0 hide "$nic1" --for web1 --pid "$guest"
	refuses 3 hide "$nic1" --for web2
	refuses 3 check "$nic1" --for web2
	kill "$guest"
	wait "$guest" || true
	refuses 0 check "$nic1" --for web2
	run 0 hide "$nic1" --for web2
	run 0 return "$nic1"

	# Nor does return --all spare it any longer.
	sleep 60 &
	guest=$!
	run 0 hide "$nic1" --for web1 --pid "$guest"
	run 0 return --all
	hidden "$nic1"
	kill "$guest"
	wait "$guest" || true
	run 0 return --all
	driver "$nic1" e1000e

	# The same guest again, started anew: the claim lives with the new process.
	sleep 60 &
	guest=$!
	run 0 hide "$nic1" --for web1 --pid $$
	run 0 hide "$nic1" --for web1 --pid "$guest"
	kill "$guest"
	wait "$guest" || true
	run 0 hide "$nic1" --for web2
	run 0 hide "$nic1" --for web2 --pid $$
	refuses 3 hide "$nic1" --for web1
	refuses 2 hide "$nic1" --for web2 --pid "$guest"
	err_has "a process that runs"
	run 0 return "$nic1"

	# A number that is another process by now is not the one that has claimed it.
	run 0 hide "$nic1" --for web1 --pid $$
	refuses 3 hide "$nic1" --for web2
	sed -i "s/^pid=$$ .*/pid=$$ 1/" "/run/vfioprep/records/$nic1"
	run 0 hide "$nic1" --for web2
	run 0 return "$nic1"
	unchanged before
fi

# Who does not say for whom he asks may find it hidden, but changes nothing of it.
run 0 hide "$nic1" --for web1
refuses 0 hide "$nic1"
refuses 3 hide --driver pci-stub "$nic1"
err_has web1
refuses 3 hide --power on "$nic1"
run 0 hide --power on --force=claim "$nic1"
run 0 return "$nic1"

# What nobody has claimed can be claimed later.
run 0 hide "$nic1"
run 0 hide "$nic1" --for web2
refuses 3 hide "$nic1" --for web1
run 0 return "$nic1"
unchanged before

# Of all devices return takes those that nobody has claimed, and says which it leaves.
run 0 hide "$nic1" --for web1
run 0 hide "$nic2" --for web2
run 0 hide "$nic3"
run 0 return --all
err_lines 2
err_has "$nic1: note: it stays hidden: it is claimed for web1"
err_has "$nic2: note: it stays hidden: it is claimed for web2"
driver "$nic3" e1000e
hidden "$nic1" "$nic2"
run 0 return --all --quiet
err_lines 0

# Those of one claim: only they, be it all or by name.
run 0 hide "$nic3"
refuses 3 return --for web1 "$nic2"
err_lines 1
err_has web2
refuses 3 return --for web1 "$nic3"
run 0 return --for web1 --all
driver "$nic1" e1000e
hidden "$nic2" "$nic3"
err_has "$nic3: note: it stays hidden: it is claimed for nobody"
refuses 0 return --for web1 "$nic1"
refuses 0 return --for web1 --all
run 0 return --for web2 "$nic2"
run 0 return --all
unchanged before

# Whoever names a device may give it back; --force=claim is for who says who he is.
run 0 hide "$nic1" "$nic2" --for web1
run 0 return "$nic1"
run 0 return --for web2 --force=claim "$nic2"
unchanged before

# What somebody else has claimed keeps nobody from the rest, be it held or at work.
run 0 hide "$nic1" --for web1
run 0 hide "$nic2"
hold_group "$nic1"
lock_group "$nic1"
run 0 return --all --timeout 1
hidden "$nic1"
driver "$nic2" e1000e
unlock_group
run 4 return --for web1 --all
let_go
run 0 return --for web1 --all
unchanged before
