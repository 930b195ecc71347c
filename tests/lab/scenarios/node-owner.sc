# SPDX-License-Identifier: GPL-2.0-or-later
#
# --node-owner: who may open the vfio node, set after udev has had its turn; and for a
# device that is hidden already.
# usual-kernel: 6.12

owner()
{
	local now
	now=$(stat -c %U:%G "/dev/vfio/$(group_of "$1")")
	[ "$now" = "$2" ] || fail "$1: its node is $now's, expected $2"
}

run 0 hide --node-owner nobody "$nic1"
owner "$nic1" nobody:root
setpriv --reuid=nobody --regid=nogroup --clear-groups \
	sh -c ': <> "$1"' - "/dev/vfio/$(group_of "$nic1")"
run 0 hide --node-owner nobody:nogroup "$nic1" "$nic2"
owner "$nic1" nobody:nogroup
owner "$nic2" nobody:nogroup
udevadm settle
owner "$nic2" nobody:nogroup
run 0 hide --node-owner 0:0 "$nic2"
owner "$nic2" root:root
run 0 return "$nic1" "$nic2"
