# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.1
# timeout: 300
#
# What a network card is a part of and what lies on it: a port of a bridge, bond or team is
# refused, and so is one below a VLAN, macvlan, ipvlan or macvtap that is used. One below a
# VLAN that nobody uses is not.

one=$(netdev_of "$nic1") two=$(netdev_of "$nic2")
clean()
{
	local name
	for name in lab-vlan lab-over lab-bond lab-team lab-bridge; do
		ip link delete "$name" 2>/dev/null || true
	done
	ip link set "$one" nomaster
	ip address flush dev "$one"
	ip link set "$one" down
	ip link set "$two" down
}
at_end clean

sysctl_again()
{
	echo 1 > /proc/sys/net/ipv6/conf/default/accept_ra
}

# The lab's network would announce itself as a default route.
at_end sysctl_again
echo 0 > /proc/sys/net/ipv6/conf/default/accept_ra

begin()
{
	note "$*"
	clean
	echo 0 > "/proc/sys/net/ipv6/conf/$one/accept_ra"
	ip link set "$one" up
}

begin a VLAN
ip link add link "$one" name lab-vlan type vlan id 100
ip link set lab-vlan up
refuses 0 check "$nic1"
out_has "lab-vlan goes away"
ip address add 10.9.0.1/24 dev lab-vlan
refuses 3 check "$nic1"
out_has "lab-vlan, which lies on $one and has the address 10.9.0.1/24"
refuses 3 hide "$nic1"
run 0 list "$nic1"
out_has "below lab-vlan"
refuses 0 check "$nic2"
ip address flush dev lab-vlan
refuses 0 check "$nic1"
ip route add 198.51.100.0/24 dev lab-vlan
refuses 3 check "$nic1"
out_has "has routes"

begin a VLAN in a bridge
ip link add link "$one" name lab-vlan type vlan id 100
ip link add lab-bridge type bridge
ip link set lab-vlan master lab-bridge
refuses 3 check "$nic1"
out_has "is a port of lab-bridge"

for kind in macvlan ipvlan; do
	begin "$kind"
	ip link add link "$one" name lab-over type "$kind"
	ip link set lab-over up
	refuses 0 check "$nic1"
	ip address add 10.9.0.1/24 dev lab-over
	refuses 3 check "$nic1"
	out_has "lab-over, which lies on $one and has the address 10.9.0.1/24"
done

begin macvtap
ip link add link "$one" name lab-over type macvtap mode bridge
ip link set lab-over up
udevadm settle
refuses 0 check "$nic1"
out_has "lab-over goes away"
bash -c 'exec sleep 1000' < "/dev/tap$(cat /sys/class/net/lab-over/ifindex)" &
holder=$!
await 5 grep -qx sleep "/proc/$holder/comm"
refuses 3 check "$nic1"
out_has "is held by sleep ($holder)"
kill "$holder"
wait "$holder" || true
refuses 0 check "$nic1"

for kind in bond team bridge; do
	begin "$kind"
	ip link add "lab-$kind" type "$kind"
	ip link set "$one" down
	ip link set "$one" master "lab-$kind"
	ip link set "$one" up
	refuses 3 check "$nic1"
	out_has "lab-$kind would lose its port $one"
	refuses 3 hide "$nic1"
	err_has "take it out of lab-$kind"
	refuses 0 check "$nic2"
	ip link set "lab-$kind" up
	ip address add 10.0.2.15/24 dev "lab-$kind"
	ip route add default via 10.0.2.2 dev "lab-$kind"
	refuses 3 check "$nic1"
	out_has "default route, through lab-$kind on $one"
done

begin nothing any more
refuses 0 check "$nic1"
out_lacks lab-
