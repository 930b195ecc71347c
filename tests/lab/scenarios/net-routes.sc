# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
# timeout: 500
#
# Routes through a network card. A default route or the only route of a table that a rule
# leads to is a reason to refuse, in IPv4, IPv6, policy tables and VRFs, with several hops
# and through nexthop objects. Beside each of these is what looks like it and is none.

one=$(netdev_of "$nic1") two=$(netdev_of "$nic2")
clean()
{
	local family
	ip address flush dev "$one"
	ip address flush dev "$two"
	for family in -4 -6; do
		ip "$family" route flush table 100 2>/dev/null || true
		while ip "$family" rule delete pref 100 2>/dev/null; do :; done
	done
	ip link set "$one" nomaster
	ip link delete lab-vrf 2>/dev/null || true
	ip nexthop flush 2>/dev/null || true
	echo 1 > /proc/sys/net/ipv4/nexthop_compat_mode
	ip link set "$one" down
	ip link set "$two" down
}
at_end clean

# Both up, each with an address of its own subnet, and nothing else.
begin()
{
	local interface
	note "$*"
	clean
	for interface in "$one" "$two"; do
		echo 0 > "/proc/sys/net/ipv6/conf/$interface/accept_ra"
		ip link set "$interface" up
	done
	# A route by nexthop object wants it.
	for interface in "$one" "$two"; do
		await 15 grep -qx 1 "/sys/class/net/$interface/carrier"
	done
	ip address add 10.0.2.15/24 dev "$one"
	ip address add 10.0.3.15/24 dev "$two"
	ip -6 address add 2001:db8:2::15/64 dev "$one" nodad
	ip -6 address add 2001:db8:3::15/64 dev "$two" nodad
}

begin connected subnets only
refuses 0 check "$nic1"
out_has 10.0.2.15
out_lacks route
run 0 list "$nic1"
out_has 10.0.2.15

begin IPv4 default
ip route add default via 10.0.2.2 dev "$one"
refuses 3 check "$nic1"
out_has "its default route, through $one"
refuses 0 check "$nic2"
run 0 list "$nic1"
out_has "default route"

begin IPv6 default
ip -6 route add default via 2001:db8:2::2 dev "$one"
refuses 3 hide "$nic1"
err_has "IPv6 default route"
refuses 0 check "$nic2"

begin two halves, as VPNs have them
ip route add 0.0.0.0/1 via 10.0.2.2 dev "$one"
refuses 3 check "$nic1"
out_has "default route"

begin what leads nowhere is no default route
ip route add unreachable default metric 9000
ip -6 route add blackhole default metric 9000
refuses 0 check "$nic1"
ip route delete unreachable default
ip -6 route delete blackhole default

begin several hops
ip route add default nexthop via 10.0.2.2 dev "$one" nexthop via 10.0.3.2 dev "$two"
refuses 3 check "$nic1"
refuses 3 check "$nic2"

begin other routes
ip route add 198.51.100.0/24 via 10.0.2.2 dev "$one"
refuses 0 check "$nic1"
out_has "its route 198.51.100.0/24 via 10.0.2.2, through $one"
for part in 101 102 103; do
	ip route add 198.51.$part.0/24 via 10.0.2.2 dev "$one"
done
refuses 0 check "$nic1"
out_has "and others"

begin the only way out
ip address flush dev "$two"
ip -6 address flush dev "$two"
ip route add 198.51.100.0/24 via 10.0.2.2 dev "$one"
refuses 3 check "$nic1"
out_has "all routes of table main"

begin a table that no rule leads to
ip route add default via 10.0.2.2 dev "$one" table 100
refuses 0 check "$nic1"
out_has "default (table 100)"
ip -6 rule add from all lookup 100 pref 100
refuses 0 check "$nic1"
ip rule add from 10.9.0.0/16 lookup 100 pref 100
refuses 3 check "$nic1"
out_has "default route of table 100"

begin the only route of a policy table
ip route add 198.51.100.0/24 via 10.0.2.2 dev "$one" table 100
ip rule add fwmark 7 lookup 100 pref 100
refuses 3 check "$nic1"
out_has "all routes of table 100"
ip route add 203.0.113.0/24 via 10.0.3.2 dev "$two" table 100
refuses 0 check "$nic1"
out_has "198.51.100.0/24 via 10.0.2.2 (table 100)"

begin the same of IPv6
ip -6 route add 2001:db8:100::/48 via 2001:db8:2::2 dev "$one" table 100
ip -6 rule add from 2001:db8:9::/48 lookup 100 pref 100
refuses 3 check "$nic1"
out_has "all IPv6 routes of table 100"
refuses 0 check "$nic2"

begin nexthop objects
echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode
ip nexthop add id 1 via 10.0.2.2 dev "$one"
ip nexthop add id 2 via 10.0.3.2 dev "$two"
ip nexthop add id 3 group 1/2
ip route add default nhid 2
refuses 0 check "$nic1"
refuses 3 check "$nic2"
ip route replace default nhid 3
refuses 3 check "$nic1"
out_has "default route"
ip nexthop add id 4 blackhole
ip route replace default nhid 4
refuses 0 check "$nic1" "$nic2"

begin a VRF
modprobe vrf
ip link add lab-vrf type vrf table 100
ip link set lab-vrf up
ip link set "$one" master lab-vrf
refuses 0 check "$nic1"
out_lacks "would lose its port"
ip route add default via 10.0.2.2 dev "$one" table 100
refuses 3 check "$nic1"
out_has "default route of table 100"
refuses 0 check "$nic2"

begin a very large table
python3 -c '
for i in range(100000):
    print(f"route add 11.{i >> 14 & 255}.{i >> 6 & 255}.{(i & 63) * 4}/30 via 10.0.3.2")' |
	ip -batch -
refuses 0 check "$nic1"
refuses 0 check "$nic2"
out_has "and others"
# Proportional memory would be 20 MB and more.
used=$(python3 -c '
import resource, subprocess, sys
subprocess.run(["vfioprep", "check", sys.argv[1]], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$nic1")
note "with 100000 routes: $used KiB"
[ "$used" -lt 16000 ] || fail "check takes $used KiB"
