/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules, which send traffic to the tables of routes, and links: of which kind an interface
 * is, to which table a VRF belongs, and of which device an interface is.
 */
#include "host/netlink.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

static int add_rule(struct netlink_dump *dump, const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	struct net_rule *entry, rule = { 0 };
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
	    header->action != FR_ACT_TO_TBL)
		return 0;
	rule.family = header->family;
	rule.table = header->table;
	mnl_attr_for_each(attr, message, sizeof(*header))
	{
		uint16_t type = mnl_attr_get_type(attr), len;

		len = mnl_attr_get_payload_len(attr);
		if (type == FRA_TABLE && len == sizeof(uint32_t))
			rule.table = mnl_attr_get_u32(attr);
		else if (type == FRA_L3MDEV && len == sizeof(uint8_t))
			rule.vrf = mnl_attr_get_u8(attr);
	}
	entry = netlink_grow(dump, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = rule;
	return 1;
}

int netlink_rules(struct vfp_ctx *ctx, struct net_rule **ret, size_t *ret_n)
{
	struct netlink_dump asked = { .file = "/netlink/rules",
				      .request = RTM_GETRULE,
				      .header = sizeof(struct fib_rule_hdr),
				      .of_families = true,
				      .add = add_rule };

	return netlink_read(ctx, &asked, (void **)ret, ret_n);
}

/* A string, cut where there is no room for all of it. */
static void copy_string(char *to, size_t size, const struct nlattr *attr)
{
	size_t n = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	n = n < size ? n : size - 1;
	memcpy(to, mnl_attr_get_payload(attr), n);
	to[n] = '\0';
}

/* IFLA_LINKINFO: the kind, and data whose numbers mean something else in each kind. */
static void parse_kind(const struct nlattr *info, struct net_link *link)
{
	const struct nlattr *attr, *data = NULL;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			copy_string(link->kind, sizeof(link->kind), attr);
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (!data || !streq(link->kind, "vrf"))
		return;
	mnl_attr_for_each_nested(attr, data)
	{
		if (mnl_attr_get_type(attr) == IFLA_VRF_TABLE &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			link->vrf_table = mnl_attr_get_u32(attr);
	}
}

bool netlink_parse_link(const struct nlmsghdr *message, struct net_link *ret_link)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return false;
	memset(ret_link, 0, sizeof(*ret_link));
	ret_link->ifindex = (unsigned int)header->ifi_index;
	mnl_attr_for_each(attr, message, sizeof(*header))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			copy_string(ret_link->name, sizeof(ret_link->name), attr);
			break;
		case IFLA_LINKINFO:
			parse_kind(attr, ret_link);
			break;
		case IFLA_PARENT_DEV_NAME:
			copy_string(ret_link->parent, sizeof(ret_link->parent), attr);
			break;
		case IFLA_PARENT_DEV_BUS_NAME:
			copy_string(ret_link->bus, sizeof(ret_link->bus), attr);
			break;
		}
	}
	return true;
}

/* Interfaces are many on a host of containers; those of a kind are what is asked about. */
static int add_link(struct netlink_dump *dump, const struct nlmsghdr *message)
{
	struct net_link *entry, link;

	if (!netlink_parse_link(message, &link) || !*link.kind)
		return 0;
	entry = netlink_grow(dump, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = link;
	return 1;
}

int netlink_links(struct vfp_ctx *ctx, struct net_link **ret, size_t *ret_n)
{
	struct netlink_dump asked = { .file = "/netlink/links",
				      .request = RTM_GETLINK,
				      .header = sizeof(struct ifinfomsg),
				      .add = add_link };

	return netlink_read(ctx, &asked, (void **)ret, ret_n);
}
