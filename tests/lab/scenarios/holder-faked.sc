# SPDX-License-Identifier: GPL-2.0-or-later
#
# Anybody can have a mount namespace in which some file has a vfio node's path. Such a process
# holds nothing, so it is neither named nor in the way.
# usual-kernel: 6.12

run 0 hide "$nic1"
node=/dev/vfio/$(group_of "$nic1")
hold_fakes()
{
	mount -t tmpfs none /mnt
	mkdir /mnt/vfio
	: > "/mnt/vfio/fake"
	: > "/mnt/vfio/${1##*/}"
	mount --bind /dev/null "/mnt/vfio/${1##*/}"
	mount --rbind /mnt /dev
	exec 31< "$1"
	umount -l "$1"
	exec 32< "$1"
	exec sleep infinity
}
setpriv --reuid=65534 --regid=65534 --clear-groups unshare -rm \
	bash -c "$(declare -f hold_fakes); hold_fakes $node" &
faker=$!
await 10 test -e "/proc/$faker/fd/32"
fake=$(readlink "/proc/$faker/fd/32")
[ "$fake" = "$node" ] || fail "the fake has the path $fake"

run 0 status
out_lacks sleep
run 0 list "$nic1"
out_lacks sleep
run 0 return "$nic1"
driver "$nic1" e1000e
kill "$faker"
