# SPDX-License-Identifier: GPL-2.0-or-later
#
# A claim: hidden for one guest, it is not given to another; the first may ask again; given
# back, it is free.

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
	unchanged before
fi

# What nobody has claimed can be claimed later.
run 0 hide "$nic1"
run 0 hide "$nic1" --for web2
refuses 3 hide "$nic1" --for web1
run 0 return "$nic1"
unchanged before
