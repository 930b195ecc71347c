# SPDX-License-Identifier: GPL-2.0-or-later
#
# First chapter: a network card. QEMU's human monitor is asked what the guest has.

host_has_interface()
{
	grep -qs "$1" "$pci_devices/$nic1"/net/*/address
}

shows_id()
{
	hmp 'info pci'
	grep -B 8 "id \"$1\"" <<<"$answer" | grep -E 'Bus|controller|id "' | indent
	[[ $answer == *"id \"$1\""* ]]
}

chapter_nic()
{
	local mac
	mac=$(cat "$pci_devices/$nic1"/net/*/address)
	chapter NIC "Chapter 1: a network card"
	tell "Who may go? The card is free, nothing of the host depends on it."
	step "the card can be given away" host "vfioprep check $nic1"
	tell "One command takes it from its driver and hands it to the guest's QEMU."
	step "plug gives it to the guest" \
		host "vfioprep plug --hide $nic1 --id nic0 --qmp $guest_qmp"
	step "the host has no interface with its address" host_lost_interface "$mac"
	step "QEMU has it under its id" shows_id nic0
	step "the guest's e1000e has it" guest_has_nic "$mac"
	step "the guest reaches the network" guest_pings

	tell "And back: unplug waits for the guest, then for the host's driver."
	step "unplug gives it back to e1000e" \
		host "vfioprep unplug nic0 --qmp $guest_qmp"
	step "the host has the interface with its address again" \
		until_true 15 host_has_interface "$mac"
	host "ip -brief link | grep $mac" || true
}

host_lost_interface()
{
	! grep -qs "$1" /sys/class/net/*/address
}

guest_has_nic()
{
	guest_eventually 40 "grep -q $1 /sys/class/net/*/address" || return 1
	guest "grep -H . /sys/class/net/eth*/address; ls /sys/bus/pci/drivers/e1000e | grep :" &&
		grep -q "$1" "$guest_folder/said"
}

guest_pings()
{
	guest_quietly 'ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0' || return 1
	guest_eventually 30 'grep -q 1 /sys/class/net/eth0/carrier'
	guest 'ping -c 3 10.0.2.2'
}
