# SPDX-License-Identifier: GPL-2.0-or-later
#
# Network cards that the host uses: the default route, the SSH session that asks and the
# port of a bridge are reasons to refuse; an address that would go is said, no more.
# usual-kernel: 6.1

interface=$(netdev_of "$nic1")
down()
{
	ip address flush dev "$(netdev_of "$nic1")"
	ip link set "$(netdev_of "$nic1")" down
}
at_end down
# The lab's network would announce itself as a default route.
echo 0 > "/proc/sys/net/ipv6/conf/$interface/accept_ra"
ip link set "$interface" up
ip address add 10.0.2.15/24 dev "$interface"
refuses 0 check "$nic1"
out_has 10.0.2.15

export SSH_CONNECTION='10.0.2.2 40000 10.0.2.15 22'
refuses 3 hide "$nic1"
err_has SSH
refuses 3 hide --force=net "$nic1"
run 0 hide --dry-run --force=net:ssh "$nic1"
unset SSH_CONNECTION

ip route add default via 10.0.2.2 dev "$interface"
refuses 3 hide "$nic1"
err_has "default route"
refuses 3 check "$nic1"
out_has "default route"
run 0 hide --force=net "$nic1"
hidden "$nic1"
run 0 return "$nic1"

port=$(netdev_of "$nic2")
ip link add lab-bridge type bridge
at_end ip link delete lab-bridge
ip link set "$port" master lab-bridge
refuses 3 hide "$nic2" "$nic3"
err_has lab-bridge
ip link set "$port" nomaster
run 0 hide "$nic2" "$nic3"
run 0 return "$nic2" "$nic3"
