/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on network cards: what the host's addresses, routes, rules and sessions say
 * against one, and beside each reason the case that is none. The kernel's answers are
 * messages as it sends them, in the files of a dump.
 */
#include "verdict.h"

#include "host/netlink.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define MAIN 254

/* An interface @name with that number on top of eth0. */
static void on_top(const char *name, unsigned int ifindex)
{
	_cleanup_free_ char *folder = fixture_device_path(fixture, DEVICE),
			    *upper = strf("%s/net/eth0/upper_%s", folder, name),
			    *place = strf("/sys/devices/virtual/net/%s", name),
			    *number = strf("%s/ifindex", place),
			    *class = strf("/sys/class/net/%s", name);

	fixture_write(fixture, number, "%u\n", ifindex);
	fixture_link(fixture, class, place);
	fixture_link(fixture, upper, place);
}

/* -- what is said -------------------------------------------------------------------- */

static void assert_lacks(const char *unexpected)
{
	_cleanup_free_ char *text = say(NULL);

	if (strstr(text, unexpected))
		fail_msg("\"%s\" is in:\n%s", unexpected, text);
}

/* -- messages of the kernel ---------------------------------------------------------- */

static void append_file(const char *name, const void *bytes, size_t size)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	fixture_append(fixture, name, "%s", "");
	path = fixture_path(fixture, "%s", name);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

struct message {
	struct nlmsghdr header;
	char rest[512];
};

static void begin(struct message *m, uint16_t type, const void *header, size_t size)
{
	memset(m, 0, sizeof(*m));
	m->header.nlmsg_type = type;
	memcpy(m->rest, header, size);
	m->header.nlmsg_len = (uint32_t)(sizeof(m->header) + NLMSG_ALIGN(size));
}

static struct nlattr *attribute(struct message *m, uint16_t type, const void *bytes,
				size_t size)
{
	struct nlattr *attr = (void *)((char *)m + m->header.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy((char *)attr + NLA_HDRLEN, bytes, size);
	m->header.nlmsg_len += NLA_ALIGN(attr->nla_len);
	return attr;
}

static void number(struct message *m, uint16_t type, uint32_t value)
{
	attribute(m, type, &value, sizeof(value));
}

/* What was added after it belongs to @attr. */
static void end_nested(struct message *m, struct nlattr *attr)
{
	attr->nla_len = (uint16_t)((char *)m + m->header.nlmsg_len - (char *)attr);
}

static void ip(struct message *m, uint16_t type, const char *text)
{
	unsigned char bytes[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, bytes), 1);
	attribute(m, type, bytes, family == AF_INET6 ? 16 : 4);
}

static void send_to(const char *file, const struct message *m)
{
	append_file(file, m, m->header.nlmsg_len);
}

static void address_of(unsigned int ifindex, const char *text, unsigned char scope)
{
	bool six = strchr(text, ':');
	struct ifaddrmsg header = { .ifa_family = six ? AF_INET6 : AF_INET,
				    .ifa_prefixlen = six ? 64 : 24,
				    .ifa_scope = scope,
				    .ifa_index = ifindex };
	struct message m;

	begin(&m, RTM_NEWADDR, &header, sizeof(header));
	ip(&m, six ? IFA_ADDRESS : IFA_LOCAL, text);
	send_to("/netlink/addresses", &m);
}

static void address(unsigned int ifindex, const char *text)
{
	address_of(ifindex, text, RT_SCOPE_UNIVERSE);
}

struct way {
	const char *to; /* "198.51.100.0"; NULL: default */
	unsigned char bits;
	const char *via;
	unsigned int dev, second; /* second: of two hops */
	unsigned int table;       /* MAIN unless given */
	unsigned char protocol;   /* static unless given */
	unsigned char type;       /* unicast unless given */
	unsigned int nexthop;
	bool six;
};

static void hop(char **at, unsigned int ifindex)
{
	struct rtnexthop hop = { .rtnh_len = sizeof(hop), .rtnh_ifindex = (int)ifindex };

	memcpy(*at, &hop, sizeof(hop));
	*at += sizeof(hop);
}

static void route(const struct way *way)
{
	unsigned int table = way->table ?: MAIN;
	struct rtmsg header = {
		.rtm_family = way->six ? AF_INET6 : AF_INET,
		.rtm_dst_len = way->bits,
		.rtm_table = (unsigned char)(table < 256 ? table : 252),
		.rtm_protocol = way->protocol ?: RTPROT_STATIC,
		.rtm_type = way->type ?: RTN_UNICAST,
	};
	char hops[2 * sizeof(struct rtnexthop)], *at = hops;
	struct message m;

	begin(&m, RTM_NEWROUTE, &header, sizeof(header));
	number(&m, RTA_TABLE, table);
	if (way->to)
		ip(&m, RTA_DST, way->to);
	if (way->via)
		ip(&m, RTA_GATEWAY, way->via);
	if (way->nexthop)
		number(&m, RTA_NH_ID, way->nexthop);
	if (way->second) {
		hop(&at, way->dev);
		hop(&at, way->second);
		attribute(&m, RTA_MULTIPATH, hops, sizeof(hops));
	} else if (way->dev) {
		number(&m, RTA_OIF, way->dev);
	}
	send_to("/netlink/routes", &m);
}

static void static_route(const char *to, const char *via, unsigned int dev,
			 unsigned int table)
{
	route(&(struct way){
		.to = to, .bits = 24, .via = via, .dev = dev, .table = table });
}

static void rule_of(unsigned char family, unsigned int table, bool vrf)
{
	struct fib_rule_hdr header = { .family = family, .action = FR_ACT_TO_TBL };
	unsigned char one = 1;
	struct message m;

	begin(&m, RTM_NEWRULE, &header, sizeof(header));
	number(&m, FRA_TABLE, table);
	if (vrf)
		attribute(&m, FRA_L3MDEV, &one, 1);
	send_to("/netlink/rules", &m);
}

static void rule(unsigned int table)
{
	rule_of(AF_INET, table, false);
}

/* A nexthop object: of an interface, or of two others. */
static void nexthop(unsigned int id, unsigned int dev, unsigned int a, unsigned int b)
{
	struct nhmsg header = { .nh_family = AF_INET };
	struct nexthop_grp group[] = { { .id = a }, { .id = b } };
	struct message m;

	begin(&m, RTM_NEWNEXTHOP, &header, sizeof(header));
	number(&m, NHA_ID, id);
	if (a)
		attribute(&m, NHA_GROUP, group, sizeof(group));
	else
		number(&m, NHA_OIF, dev);
	send_to("/netlink/nexthops", &m);
}

static void vrf(const char *name, unsigned int ifindex, unsigned int table)
{
	struct ifinfomsg header = { .ifi_index = (int)ifindex };
	struct nlattr *info, *data;
	struct message m;

	begin(&m, RTM_NEWLINK, &header, sizeof(header));
	attribute(&m, IFLA_IFNAME, name, strlen(name) + 1);
	info = attribute(&m, IFLA_LINKINFO, "", 0);
	attribute(&m, IFLA_INFO_KIND, "vrf", 4);
	data = attribute(&m, IFLA_INFO_DATA, "", 0);
	number(&m, IFLA_VRF_TABLE, table);
	end_nested(&m, data);
	end_nested(&m, info);
	send_to("/netlink/links", &m);
}

/* -- addresses ----------------------------------------------------------------------- */

static void addresses_are_a_warning(void **state)
{
	(void)state;
	nic();
	address(7, "192.0.2.9");
	address_of(2, "fe80::1", RT_SCOPE_LINK);
	assert_says("");
	address(2, "192.0.2.1");
	assert_says(
		"warn net:eth0 the host would lose its address 192.0.2.1/24 (eth0) []\n");
	assert_use("net eth0: 192.0.2.1/24");
	fixture_write(fixture, "/sys/class/net/eth0/flags", "0x1002\n");
	assert_says("");
}

/* -- routes -------------------------------------------------------------------------- */

static void the_default_route_is_refused(void **state)
{
	(void)state;
	nic();
	route(&(struct way){ .dev = 7 });
	assert_says("");
	route(&(struct way){ .dev = 2 });
	assert_says("refuse net:eth0 the host would lose its default route, through eth0 "
		    "[ip route del default dev eth0]\n");
	assert_use("net eth0: default route");
}

static void a_default_route_of_ipv6_is_refused(void **state)
{
	(void)state;
	nic();
	route(&(struct way){ .dev = 2, .six = true, .type = RTN_UNREACHABLE });
	assert_says("");
	route(&(struct way){ .to = "2000::", .bits = 3, .dev = 2, .six = true });
	assert_says("refuse net:eth0 the host would lose its IPv6 default route, through "
		    "eth0 [ip -6 route del default dev eth0]\n");
}

static void each_hop_of_a_default_route_is_refused(void **state)
{
	(void)state;
	nic();
	route(&(struct way){ .dev = 7, .second = 2 });
	assert_includes("refuse net:eth0 the host would lose its default route");
}

static void connected_subnets_are_no_routes(void **state)
{
	(void)state;
	nic();
	route(&(struct way){
		.to = "192.0.2.0", .bits = 24, .dev = 2, .protocol = RTPROT_KERNEL });
	route(&(struct way){ .to = "2001:db8::",
			     .bits = 64,
			     .dev = 2,
			     .protocol = RTPROT_RA,
			     .six = true });
	assert_says("");
	assert_use("free");
}

/* Beside them there is another way, so the table has not only these. */
static void other_routes_are_a_warning(void **state)
{
	(void)state;
	nic();
	route(&(struct way){
		.to = "203.0.113.0", .bits = 24, .dev = 7, .protocol = RTPROT_KERNEL });
	static_route("198.51.100.0", "192.0.2.9", 2, MAIN);
	assert_says("warn net:eth0 the host would lose its route 198.51.100.0/24 via "
		    "192.0.2.9, through eth0 []\n");
	assert_use("net eth0: routes");
	static_route("198.51.101.0", "192.0.2.9", 2, MAIN);
	static_route("198.51.102.0", NULL, 2, MAIN);
	static_route("198.51.103.0", NULL, 2, MAIN);
	assert_says("warn net:eth0 the host would lose its routes 198.51.100.0/24 via "
		    "192.0.2.9, 198.51.101.0/24 via 192.0.2.9, 198.51.102.0/24 and "
		    "others, through eth0 []\n");
}

static void the_only_way_out_of_the_host_is_refused(void **state)
{
	(void)state;
	nic();
	static_route("198.51.100.0", "192.0.2.9", 2, MAIN);
	assert_says("refuse net:eth0 the host would lose all routes of table main, "
		    "through eth0: 198.51.100.0/24 via 192.0.2.9 []\n");
	assert_use("net eth0: only route");
	/* Link-local and loopback routes are no other way; a subnet of another card is. */
	route(&(struct way){ .to = "127.0.0.0", .bits = 8, .dev = 1 });
	assert_includes("refuse");
	route(&(struct way){
		.to = "203.0.113.0", .bits = 24, .dev = 7, .protocol = RTPROT_KERNEL });
	assert_lacks("refuse");
}

static void the_only_route_of_a_table_is_refused(void **state)
{
	(void)state;
	nic();
	static_route("198.51.100.0", "192.0.2.9", 2, 1000);
	rule(100);
	rule_of(AF_INET6, 1000, false);
	assert_says("warn net:eth0 the host would lose its route 198.51.100.0/24 via "
		    "192.0.2.9 (table 1000), through eth0 []\n");
	rule(1000);
	assert_says("refuse net:eth0 the host would lose all routes of table 1000, "
		    "through eth0: 198.51.100.0/24 via 192.0.2.9 []\n");
	static_route("198.51.101.0", "192.0.2.9", 7, 1000);
	assert_lacks("refuse");
}

static void a_default_route_that_no_rule_leads_to_is_a_warning(void **state)
{
	(void)state;
	nic();
	route(&(struct way){ .dev = 2, .table = 100 });
	assert_says("warn net:eth0 the host would lose its route default (table 100), "
		    "through eth0 []\n");
	rule(100);
	assert_says("refuse net:eth0 the host would lose its default route of table 100, "
		    "through eth0 [ip route del default table 100 dev eth0]\n");
}

static void rules_that_cannot_be_read_are_unknown(void **state)
{
	(void)state;
	nic();
	fixture_mkdir(fixture, "/netlink/rules");
	assert_says("");
	route(&(struct way){ .dev = 2, .table = 100 });
	assert_includes("warn net:eth0 the host would lose its route default");
	assert_includes("unknown net: which tables of routes are used could not be read");
}

static void a_nexthop_object_leads_to_its_interface(void **state)
{
	(void)state;
	nic();
	route(&(struct way){ .nexthop = 5 });
	assert_says("unknown net: a route does not say through which interface it goes "
		    "[ip route]\n");
	nexthop(5, 7, 0, 0);
	assert_says("");
	route(&(struct way){ .nexthop = 10 });
	nexthop(9, 2, 0, 0);
	nexthop(10, 0, 5, 9);
	assert_says("refuse net:eth0 the host would lose its default route, through eth0 "
		    "[ip route del default dev eth0]\n");
}

static void a_table_of_many_routes_is_kept_short(void **state)
{
	struct net_route *routes = NULL;
	size_t n = 0;

	(void)state;
	nic();
	for (unsigned int i = 0; i < 5000; i++) {
		_cleanup_free_ char *to = strf("10.%u.%u.0", i / 256, i % 256);

		static_route(to, "192.0.2.9", 2 + i % 2, MAIN);
	}
	assert_int_equal(netlink_routes(ctx, &routes, &n), 0);
	assert_int_equal(n, 2);
	assert_true(routes[0].more && routes[1].more);
	assert_string_equal(routes[1].said[0], "10.0.1.0/24 via 192.0.2.9");
	free(routes);
}

/* -- what is on top ------------------------------------------------------------------ */

static void port_of(const char *master)
{
	device("020000", "e1000e");
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE,
						    .name = "eth0",
						    .master = master });
}

static void a_port_of_a_bridge_is_refused(void **state)
{
	(void)state;
	port_of("br0");
	assert_says(
		"refuse net:eth0 br0 would lose its port eth0 [take it out of br0]\n");
	assert_use("net eth0: in br0");
	route(&(struct way){ .dev = 100 });
	assert_includes("refuse net:eth0 the host would lose its default route, through "
			"br0 on eth0");
}

/* A VRF is the same without it; what counts is its table. */
static void a_port_of_a_vrf_is_not(void **state)
{
	(void)state;
	port_of("blue");
	vrf("blue", 100, 10);
	assert_says("");
	rule_of(AF_INET, 0, true);
	route(&(struct way){ .dev = 2, .table = 11 });
	assert_lacks("refuse");
	route(&(struct way){ .dev = 2, .table = 10 });
	assert_includes("refuse net:eth0 the host would lose its default route of table "
			"10, through eth0");
}

static void an_idle_vlan_is_a_warning(void **state)
{
	(void)state;
	nic();
	on_top("eth0.100", 9);
	address_of(9, "fe80::1", RT_SCOPE_LINK);
	assert_says("warn net:eth0 eth0.100 goes away with eth0 []\n");
	assert_use("net eth0: below eth0.100");
}

static void a_vlan_with_an_address_is_refused(void **state)
{
	(void)state;
	nic();
	on_top("eth0.100", 9);
	address(9, "192.0.2.1");
	assert_says(
		"refuse net:eth0 the host would lose eth0.100, which lies on eth0 and "
		"has the address 192.0.2.1/24 []\n");
}

static void a_vlan_with_a_route_is_refused(void **state)
{
	(void)state;
	nic();
	on_top("eth0.100", 9);
	route(&(struct way){ .dev = 7 });
	static_route("198.51.100.0", NULL, 9, MAIN);
	assert_includes(
		"refuse net:eth0 the host would lose eth0.100, which lies on eth0 "
		"and has routes []\n");
}

static void a_vlan_in_a_bridge_is_refused(void **state)
{
	(void)state;
	nic();
	on_top("eth0.100", 9);
	fixture_mkdir(fixture, "/sys/devices/virtual/net/br100/bridge");
	fixture_link(fixture, "/sys/class/net/br100", "/sys/devices/virtual/net/br100");
	fixture_link(fixture, "/sys/devices/virtual/net/eth0.100/master",
		     "/sys/devices/virtual/net/br100");
	assert_says(
		"refuse net:eth0 the host would lose eth0.100, which lies on eth0 and "
		"is a port of br100 []\n");
}

static void a_macvtap_of_a_guest_is_refused(void **state)
{
	(void)state;
	nic();
	on_top("macvtap0", 9);
	fixture_mkdir(fixture, "/sys/devices/virtual/net/macvtap0/tap9");
	assert_says("warn net:eth0 macvtap0 goes away with eth0 []\n");
	fixture_process(fixture, 4711, "qemu-system-x86", "/usr/bin/qemu -name web1",
			"/dev/tap9");
	assert_says(
		"refuse net:eth0 the host would lose macvtap0, which lies on eth0 and "
		"is held by guest web1 (qemu-system-x86, 4711) []\n");
}

/* -- other namespaces ---------------------------------------------------------------- */

static void a_nic_without_an_interface_in_a_dump_is_unknown(void **state)
{
	(void)state;
	device("020000", "e1000e");
	assert_says("");
	assert_use("free");
	ctx->dump = true;
	assert_says(
		"unknown net: no network interface of it is to be seen; one may be in the "
		"network namespace of a container []\n");
	assert_use("unknown");
}

/* The folder of interfaces is there, so there is one. */
static void an_interface_elsewhere_is_refused(void **state)
{
	_cleanup_free_ char *folder = NULL, *net = NULL;

	(void)state;
	device("020000", "e1000e");
	folder = fixture_device_path(fixture, DEVICE);
	net = strf("%s/net", folder);
	fixture_mkdir(fixture, net);
	assert_says("refuse net: a container would lose its network interface: it is in "
		    "another network namespace, which one could not be seen []\n");
	assert_use("net: in another network namespace");
}

static void a_hidden_nic_has_none(void **state)
{
	(void)state;
	device("020000", "vfio-pci");
	assert_says("");
	assert_use("free");
}

/* -- answers that are none ----------------------------------------------------------- */

/* Where the answers of the kernel should be, a dump has something else. */
static void answers_that_cannot_be_read_are_unknown(void **state)
{
	(void)state;
	nic();
	fixture_mkdir(fixture, "/netlink/addresses");
	assert_includes("unknown net: addresses and routes could not be read");
}

static void torn_answers_do_no_harm(void **state)
{
	(void)state;
	nic();
	address(2, "192.0.2.1");
	append_file("/netlink/addresses", "\x18\0\0\0\x14\0\0\0\xff", 9);
	append_file("/netlink/routes", "\xff\xff\xff\xff", 4);
	assert_includes("warn net:eth0 the host would lose its address 192.0.2.1/24");
}

/* -- SSH ----------------------------------------------------------------------------- */

/* A process above this one, with @comm and @variables. */
static void process_above(const char *comm, const char *variables)
{
	_cleanup_free_ char *own = strf("/proc/%d/stat", (int)getpid());

	fixture_write(fixture, own, "%d (a) b) S 4242 1 1 0", (int)getpid());
	fixture_write(fixture, "/proc/4242/stat", "4242 (x) S 1 1 1 0");
	fixture_write(fixture, "/proc/4242/comm", "%s\n", comm);
	fixture_write(fixture, "/proc/4242/environ", "%s", variables);
}

enum { ESTABLISHED = 1, TIME_WAIT = 6 };

/* A connection, as /proc/net/tcp says it on this machine. */
static void connection_in(unsigned int tcp_state, const char *here,
			  unsigned int here_port, const char *there,
			  unsigned int there_port, unsigned int inode)
{
	struct in_addr a, b;

	assert_int_equal(inet_pton(AF_INET, here, &a), 1);
	assert_int_equal(inet_pton(AF_INET, there, &b), 1);
	fixture_append(fixture, "/proc/net/tcp",
		       "   1: %08X:%04X %08X:%04X %02X 00000000:00000000 02:0009EBAD "
		       "00000000     0        0 %u 2 0000000000000000 20 4 25 10 -1\n",
		       a.s_addr, here_port, b.s_addr, there_port, tcp_state, inode);
}

static void connection(const char *here, unsigned int here_port, const char *there,
		       unsigned int there_port, unsigned int inode)
{
	connection_in(ESTABLISHED, here, here_port, there, there_port, inode);
}

/* A shell above us, in which sudo has not dropped the variable. */
static void the_ssh_session_is_refused(void **state)
{
	(void)state;
	nic();
	address(2, "192.0.2.1");
	process_above("bash", "SSH_CONNECTION=198.51.100.7 55 192.0.2.1 22");
	assert_includes("refuse net:ssh your SSH session from 198.51.100.7 comes "
			"in over eth0");
	assert_use("net eth0: SSH from 198.51.100.7");
	process_above("bash", "SSH_CONNECTION=198.51.100.7 55 192.0.2.11 22");
	assert_says(
		"warn net:eth0 the host would lose its address 192.0.2.1/24 (eth0) []\n");
}

static void where_the_ssh_client_came_in_is_looked_up(void **state)
{
	(void)state;
	nic();
	address(2, "192.0.2.1");
	process_above("bash", "SSH_CLIENT=198.51.100.7 55 22");
	assert_lacks("ssh");
	connection("192.0.2.1", 22, "198.51.100.7", 55, 900);
	assert_includes("refuse net:ssh your SSH session from 198.51.100.7 comes in");
}

/* The server was started in a session over eth0; now the person comes in elsewhere. */
static void a_client_of_tmux_counts_before_its_server(void **state)
{
	(void)state;
	nic();
	address(2, "192.0.2.1");
	process_above("tmux: server", "SSH_CONNECTION=198.51.100.7 55 192.0.2.1 22");
	fixture_write(fixture, "/proc/4300/comm", "tmux: client\n");
	fixture_write(fixture, "/proc/4300/environ",
		      "SSH_CONNECTION=198.51.100.8 56 203.0.113.1 22");
	assert_includes("refuse net:ssh");
	connection("203.0.113.1", 22, "198.51.100.8", 56, 900);
	connection_in(TIME_WAIT, "192.0.2.1", 22, "198.51.100.7", 55, 0);
	assert_lacks("refuse net:ssh");
	/* And the other way round. */
	fixture_write(fixture, "/proc/4301/comm", "tmux: client\n");
	fixture_write(fixture, "/proc/4301/environ",
		      "SSH_CONNECTION=198.51.100.9 57 192.0.2.1 22");
	connection("192.0.2.1", 22, "198.51.100.9", 57, 901);
	assert_includes("refuse net:ssh your SSH session from 198.51.100.9 comes in");
}

static void sessions_of_others_are_a_warning(void **state)
{
	(void)state;
	nic();
	address(2, "192.0.2.1");
	connection("192.0.2.1", 443, "198.51.100.6", 50, 899);
	connection("192.0.2.1", 22, "198.51.100.7", 55, 900);
	connection("203.0.113.1", 22, "198.51.100.8", 55, 902);
	fixture_mkdir(fixture, "/proc/1/fd");
	fixture_process(fixture, 500, "sshd", "sshd: root@pts/0", "socket:[900]");
	fixture_process(fixture, 501, "nginx", "nginx", "socket:[899]");
	fixture_process(fixture, 502, "sshd-session", "sshd-session", "socket:[902]");
	assert_says("warn net:eth0 SSH sessions from 198.51.100.7 come in over eth0 []\n"
		    "warn net:eth0 the host would lose its address 192.0.2.1/24 (eth0) "
		    "[]\n");
	/* One's own is the refusal, and not said twice. */
	process_above("bash", "SSH_CONNECTION=198.51.100.7 55 192.0.2.1 22");
	assert_includes("refuse net:ssh");
	assert_lacks("SSH sessions from");
}

/* A session over the card carries ppp0, to which no link leads from there. */
static void what_pppoe_carries_is_on_the_card(void **state)
{
	static const char *const table = "Id       Address              Device\n";

	(void)state;
	nic();
	fixture_write(fixture, "/sys/devices/virtual/net/ppp0/ifindex", "9\n");
	fixture_link(fixture, "/sys/class/net/ppp0", "/sys/devices/virtual/net/ppp0");
	route(&(struct way){ .dev = 9 });
	fixture_write(fixture, "/proc/net/pppoe",
		      "%s00000100 52:54:00:00:00:02     eth7\n", table);
	assert_says("");
	fixture_write(fixture, "/proc/net/pppoe",
		      "%s00000100 52:54:00:00:00:02     eth0\n", table);
	assert_includes("default route, through ppp0 on eth0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_a_warning),
		TEST(the_default_route_is_refused),
		TEST(a_default_route_of_ipv6_is_refused),
		TEST(each_hop_of_a_default_route_is_refused),
		TEST(connected_subnets_are_no_routes),
		TEST(other_routes_are_a_warning),
		TEST(the_only_way_out_of_the_host_is_refused),
		TEST(the_only_route_of_a_table_is_refused),
		TEST(a_default_route_that_no_rule_leads_to_is_a_warning),
		TEST(rules_that_cannot_be_read_are_unknown),
		TEST(a_nexthop_object_leads_to_its_interface),
		TEST(a_table_of_many_routes_is_kept_short),
		TEST(a_port_of_a_bridge_is_refused),
		TEST(a_port_of_a_vrf_is_not),
		TEST(an_idle_vlan_is_a_warning),
		TEST(a_vlan_with_an_address_is_refused),
		TEST(a_vlan_with_a_route_is_refused),
		TEST(a_vlan_in_a_bridge_is_refused),
		TEST(a_macvtap_of_a_guest_is_refused),
		TEST(a_nic_without_an_interface_in_a_dump_is_unknown),
		TEST(an_interface_elsewhere_is_refused),
		TEST(a_hidden_nic_has_none),
		TEST(answers_that_cannot_be_read_are_unknown),
		TEST(torn_answers_do_no_harm),
		TEST(the_ssh_session_is_refused),
		TEST(where_the_ssh_client_came_in_is_looked_up),
		TEST(a_client_of_tmux_counts_before_its_server),
		TEST(sessions_of_others_are_a_warning),
		TEST(what_pppoe_carries_is_on_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
