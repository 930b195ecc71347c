/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes. They are looked at as they come and kept by table and interface, with the first
 * few by name, so that a router with a million of them costs no memory. Asking the kernel
 * for those of one interface alone would not do: whether a table has another way is a
 * question about all of it.
 *
 * A route may name a nexthop object instead of an interface (sysctl
 * net.ipv4.nexthop_compat_mode 0); these are read only then.
 */
#include "host/netlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

/* Pairs of a table and an interface; a real host has some hundreds. */
#define ENTRIES_MAX 65536

/* What one message says, and of which way of it. */
struct route {
	const struct rtmsg *header;
	uint32_t table, nexthop;
	unsigned int ifindex;
	const void *destination, *gateway; /* NULL: none */
	int gateway_family;
};

/*
 * What is so wide that it serves as a default route counts as one: VPNs and providers use
 * 0.0.0.0/1 and 2000::/3.
 */
static bool is_default(const struct rtmsg *header)
{
	return header->rtm_dst_len <= (header->rtm_family == AF_INET6 ? 3 : 1);
}

/*
 * The subnet of an address: made by the kernel, or in its place by NetworkManager for a
 * prefix that a router announced.
 */
static bool is_connected(const struct route *route)
{
	return route->header->rtm_protocol == RTPROT_KERNEL ||
	       (route->header->rtm_protocol == RTPROT_RA && !route->gateway);
}

/* Within one link, or within the host: nothing that another interface could stand in for. */
static bool is_local(const struct route *route)
{
	const unsigned char *to = route->destination;

	if (!to)
		return false;
	if (route->header->rtm_family == AF_INET)
		return to[0] == 127;
	return to[0] == 0xff || (to[0] == 0xfe && (to[1] & 0xc0) == 0x80) ||
	       IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)route->destination);
}

/* The entry for the table and interface of @route; new at the end. */
static struct net_route *entry_of(struct netlink_dump *dump, const struct route *route)
{
	struct net_route *list = dump->list, *entry;

	/* From the end: a table comes in one piece. */
	for (size_t i = dump->n; i-- > 0;)
		if (list[i].table == route->table && list[i].ifindex == route->ifindex &&
		    list[i].family == route->header->rtm_family &&
		    list[i].nexthop == route->nexthop)
			return &list[i];
	entry = netlink_grow(dump, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->table = route->table;
	entry->family = route->header->rtm_family;
	entry->ifindex = route->ifindex;
	entry->nexthop = route->nexthop;
	return entry;
}

static void say_route(struct net_route *entry, const struct route *route)
{
	char to[INET6_ADDRSTRLEN] = "", via[INET6_ADDRSTRLEN] = "";

	if (route->destination)
		inet_ntop(route->header->rtm_family, route->destination, to, sizeof(to));
	if (route->gateway)
		inet_ntop(route->gateway_family, route->gateway, via, sizeof(via));
	snprintf(entry->said[entry->n_said++], sizeof(entry->said[0]), "%s/%u%s%s", to,
		 route->header->rtm_dst_len, *via ? " via " : "", via);
}

/* 1: something that was not known yet. */
static int add_way(struct netlink_dump *dump, const struct route *route)
{
	size_t before = dump->n;
	struct net_route *entry = entry_of(dump, route);
	bool news = dump->n != before;

	if (!entry)
		return -ENOMEM;
	if (dump->n > ENTRIES_MAX)
		return -E2BIG;
	if (is_default(route->header)) {
		news |= !entry->is_default;
		entry->is_default = true;
	} else if (!is_connected(route) && entry->n_said < NET_SAID) {
		say_route(entry, route);
		news = true;
	} else if (!is_connected(route) && !entry->more) {
		entry->more = true;
		news = true;
	}
	return news;
}

/* The address in @attr when it is one of @family. */
static const void *address_of(const struct nlattr *attr, int family)
{
	size_t size =
		family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	return mnl_attr_get_payload_len(attr) == size ? mnl_attr_get_payload(attr) : NULL;
}

/* RTA_VIA: a gateway of the other family, its family in two bytes before it. */
static void set_via(struct route *route, const struct nlattr *attr)
{
	const char *bytes = mnl_attr_get_payload(attr);
	uint16_t family, len = mnl_attr_get_payload_len(attr);

	if (len < sizeof(family))
		return;
	memcpy(&family, bytes, sizeof(family));
	if (len - sizeof(family) != (family == AF_INET ? 4 : 16))
		return;
	route->gateway = bytes + sizeof(family);
	route->gateway_family = family;
}

static void set_attr(struct route *route, const struct nlattr *attr)
{
	int family = route->header->rtm_family;
	bool is_u32 = mnl_attr_get_payload_len(attr) == sizeof(uint32_t);

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		route->ifindex = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case RTA_TABLE:
		route->table = is_u32 ? mnl_attr_get_u32(attr) : route->table;
		break;
	case RTA_NH_ID:
		route->nexthop = is_u32 ? mnl_attr_get_u32(attr) : 0;
		break;
	case RTA_DST:
		route->destination = address_of(attr, family);
		break;
	case RTA_GATEWAY:
		route->gateway = address_of(attr, family);
		route->gateway_family = family;
		break;
	case RTA_VIA:
		set_via(route, attr);
		break;
	}
}

/* Several ways to the same destination: it counts for each interface. */
static int add_ways(struct netlink_dump *dump, const struct route *common,
		    const struct nlattr *hops)
{
	size_t left = mnl_attr_get_payload_len(hops);
	const char *at = mnl_attr_get_payload(hops);
	int news = 0;

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const void *)at;
		size_t len = RTNH_ALIGN(hop->rtnh_len);
		struct route route = *common;
		const struct nlattr *attr;
		int r;

		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left)
			break;
		mnl_attr_for_each_payload((const void *)(at + sizeof(*hop)),
					  hop->rtnh_len - sizeof(*hop))
		{
			set_attr(&route, attr);
		}
		route.ifindex = (unsigned int)hop->rtnh_ifindex;
		route.nexthop = 0;
		r = add_way(dump, &route);
		if (r < 0)
			return r;
		news |= r;
		if (len >= left)
			break;
		at += len;
		left -= len;
	}
	return news;
}

static int add_route(struct netlink_dump *dump, const struct nlmsghdr *message)
{
	struct route route = { .header = mnl_nlmsg_get_payload(message) };
	const struct nlattr *attr, *hops = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*route.header) ||
	    route.header->rtm_type != RTN_UNICAST ||
	    route.header->rtm_flags & RTM_F_CLONED)
		return 0;
	if (route.header->rtm_family != AF_INET && route.header->rtm_family != AF_INET6)
		return 0;
	route.table = route.header->rtm_table;
	mnl_attr_for_each(attr, message, sizeof(*route.header))
	{
		if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			hops = attr;
		else
			set_attr(&route, attr);
	}
	if (is_local(&route))
		return 0;
	if (hops)
		return add_ways(dump, &route, hops);
	if (route.ifindex)
		route.nexthop = 0;
	return add_way(dump, &route);
}

/* -- nexthop objects ----------------------------------------------------------------- */

/* A way of the object @id: the interface, or, of a group, another object. */
struct nexthop {
	uint32_t id, member;
	unsigned int ifindex;
};

static int add_members(struct netlink_dump *dump, uint32_t id, const struct nlattr *attr)
{
	const struct nexthop_grp *group = mnl_attr_get_payload(attr);
	size_t n = mnl_attr_get_payload_len(attr) / sizeof(*group);

	for (size_t i = 0; i < n; i++) {
		struct nexthop *entry = netlink_grow(dump, sizeof(*entry));

		if (!entry)
			return -ENOMEM;
		entry->id = id;
		entry->member = group[i].id;
	}
	return 1;
}

/* What leads nowhere (blackhole) has an entry, too, and no interface in it. */
static int add_nexthop(struct netlink_dump *dump, const struct nlmsghdr *message)
{
	const struct nlattr *attr, *group = NULL;
	struct nexthop *entry, found = { 0 };

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nhmsg))
		return 0;
	mnl_attr_for_each(attr, message, sizeof(struct nhmsg))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NHA_GROUP)
			group = attr;
		else if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
			continue;
		else if (type == NHA_ID)
			found.id = mnl_attr_get_u32(attr);
		else if (type == NHA_OIF)
			found.ifindex = mnl_attr_get_u32(attr);
	}
	if (!found.id)
		return 0;
	if (group)
		return add_members(dump, found.id, group);
	entry = netlink_grow(dump, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = found;
	return 1;
}

/* What @from is about goes through @ifindex, too. */
static int add_resolved(struct netlink_dump *routes, size_t from, unsigned int ifindex)
{
	struct net_route copy = ((struct net_route *)routes->list)[from];
	struct rtmsg header = { .rtm_family = copy.family };
	struct route route = { .header = &header,
			       .table = copy.table,
			       .ifindex = ifindex };
	struct net_route *entry = entry_of(routes, &route);

	if (!entry)
		return -ENOMEM;
	if (routes->n > ENTRIES_MAX)
		return -E2BIG;
	entry->is_default |= copy.is_default;
	entry->more |= copy.more;
	for (unsigned int i = 0; i < copy.n_said; i++) {
		if (entry->n_said < NET_SAID)
			memcpy(entry->said[entry->n_said++], copy.said[i],
			       sizeof(copy.said[i]));
		else
			entry->more = true;
	}
	return 0;
}

static int resolve(struct netlink_dump *routes, size_t index, uint32_t id,
		   const struct nexthop *hops, size_t n, bool in_group)
{
	struct net_route *list = routes->list;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (hops[i].id != id)
			continue;
		/* It is known; what no interface comes of leads nowhere. */
		list = routes->list;
		list[index].resolved = true;
		if (hops[i].ifindex)
			r = add_resolved(routes, index, hops[i].ifindex);
		else if (hops[i].member && !in_group)
			r = resolve(routes, index, hops[i].member, hops, n, true);
	}
	return r;
}

/* The ways through @hops get their interfaces; those that had none before go. */
static int resolve_all(struct netlink_dump *routes, const struct nexthop *hops, size_t n)
{
	size_t before = routes->n, kept = 0;
	struct net_route *list;
	int r = 0;

	for (size_t i = 0; r == 0 && i < before; i++) {
		list = routes->list;
		if (list[i].nexthop)
			r = resolve(routes, i, list[i].nexthop, hops, n, false);
	}
	list = routes->list;
	for (size_t i = 0; i < routes->n; i++)
		if (!list[i].resolved)
			list[kept++] = list[i];
	routes->n = kept;
	return r;
}

static int add_nexthops(struct vfp_ctx *ctx, struct net_route **routes, size_t *n_routes)
{
	struct netlink_dump asked = { .file = "/netlink/nexthops",
				      .request = RTM_GETNEXTHOP,
				      .header = sizeof(struct nhmsg),
				      .add = add_nexthop };
	struct netlink_dump known = { .list = *routes, .n = *n_routes };
	_cleanup_free_ struct nexthop *hops = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < *n_routes; i++)
		if ((*routes)[i].nexthop)
			r = 1;
	if (r == 0)
		return 0;
	r = netlink_read(ctx, &asked, (void **)&hops, &n);
	/* Old dumps do not have them: the routes stay without an interface. */
	if (r == 0)
		r = resolve_all(&known, hops, n);
	*routes = known.list;
	*n_routes = known.n;
	return r == -ENOENT ? 0 : r;
}

int netlink_routes(struct vfp_ctx *ctx, struct net_route **ret, size_t *ret_n)
{
	struct netlink_dump asked = { .file = "/netlink/routes",
				      .request = RTM_GETROUTE,
				      .header = sizeof(struct rtmsg),
				      .of_families = true,
				      .add = add_route };
	_cleanup_free_ struct net_route *routes = NULL;
	size_t n = 0;
	int r = netlink_read(ctx, &asked, (void **)&routes, &n);

	r = r ?: add_nexthops(ctx, &routes, &n);
	if (r < 0)
		return r;
	*ret = take(routes);
	*ret_n = n;
	return 0;
}
