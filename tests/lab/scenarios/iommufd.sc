# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device that a guest has by its own node and iommufd, not by its group: QEMU takes it from the
# words that plug prints, and over QMP; whoever has the node open is found, and it comes back.
# kernel: 6.12-iommufd
# next: qemu-system-x86
# long: a kernel is built and the next release's QEMU fetched
# timeout: 600

# shellcheck source=/dev/null
. "$lab_dir/inside/next.sh"
for part in frame guest; do
	# shellcheck source=/dev/null
	. "$lab_dir/story/$part.sh"
done
next_program qemu-system-x86 qemu-system-x86_64
qemu-system-x86_64 --version

cdev_of() { printf '/dev/vfio/devices/%s\n' "$(ls "/sys/bus/pci/devices/$1/vfio-dev")"; }

# holds PID NODE yes|no: has that process the node open?
holds()
{
	local found=no link
	for link in /proc/"$1"/fd/*; do
		[ "$(readlink "$link")" != "$2" ] || found=yes
	done
	[ "$found" = "$3" ] || fail "process $1 has $2 open: $found, expected $3"
}

# by_node PID DEV: it has the device by its node, and the group's node is not open.
by_node()
{
	holds "$1" "$(cdev_of "$2")" yes
	holds "$1" /dev/iommu yes
	holds "$1" "/dev/vfio/$(group_of "$2")" no
	holds "$1" /dev/vfio/vfio no
}

had=$(identities "$nic1")
run 0 doctor
out_has "this kernel has iommufd and a node for each device"

run 0 hide "$nic1"
hidden "$nic1"
[ -c "$(cdev_of "$nic1")" ] || fail "there is no node $(cdev_of "$nic1")"

note "from the words of argv"
run 0 plug "$nic1" --iommufd --id taken --to argv
eval "words=($(cat "$out"))"
guest_with "${words[@]}" || fail "QEMU did not take it"
guest_pid=$(<"$scenario_folder/guest.pid")
by_node "$guest_pid" "$nic1"

refuses 4 return "$nic1"
err_has "guest holder"
refuses 4 return --dry-run "$nic1"
run 0 status
out_has "guest holder"
run 3 check "$nic1"
out_has "guest holder"
guest_ends
run 0 return "$nic1"
below "$nic1" "$had"

note "the node alone is enough to keep it"
run 0 hide "$nic1"
hold_node "$(cdev_of "$nic1")"
refuses 4 return "$nic1"
err_has "sleep ($holder_pid)"
let_go
run 0 return "$nic1"
below "$nic1" "$had"

note "plugged into a guest that runs, and out of it"
guest_qmp=$guest_folder/tool # guest_with has set it
at_end end_guest
start_guest
await_guest
run 0 plug "$nic1" --hide --iommufd --id net0 --qmp "$guest_qmp"
by_node "$guest_id" "$nic1"
node=$(cdev_of "$nic1")
refuses 4 return "$nic1"
err_has "guest guest"
guest_eventually 30 'ls -d /sys/bus/pci/drivers/e1000e/0*'
run 0 unplug net0 --qmp "$guest_qmp" --wait 60
holds "$guest_id" "$node" no
driver "$nic1" e1000e
below "$nic1" "$had"
record "$nic1" no

note "and once more: nothing of the first time is in the way"
run 0 plug "$nic1" --hide --iommufd --id net0 --qmp "$guest_qmp"
by_node "$guest_id" "$nic1"
end_guest
await 30 process_gone "$guest_id"
run 0 return "$nic1"
below "$nic1" "$had"
