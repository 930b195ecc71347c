/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on the network: addresses, routes, rules and links as the kernel tells
 * them, and the interfaces of other network namespaces.
 */
#ifndef VFIOPREP_NETLINK_H
#define VFIOPREP_NETLINK_H

#include "host/host.h"

/* -- netlink.c: libmnl ------------------------------------------------------------------- */

struct nlmsghdr;

/* One kind of question to the kernel, and the array that its answers are collected into. */
struct netlink_dump {
	const char *file;	/* where a dump keeps the answers */
	uint16_t request;
	size_t header;		/* bytes between the header of a message and its attributes */
	bool of_families;	/* asked for IPv4 and for IPv6 */
	/* Looks at one message. 1: it matters and is to be kept for a dump; 0: it does not. */
	int (*add)(struct netlink_dump *dump, const struct nlmsghdr *message);
	void *list;
	size_t n;
	struct str raw;
};

/* Room for one more of @size bytes at the end, zeroed; NULL: no memory. */
void *netlink_grow(struct netlink_dump *dump, size_t size);

/*
 * Ask and collect. Of another root than "/" the answers are those in the file. -ETIMEDOUT: the
 * kernel did not answer.
 */
int netlink_read(struct vfp_ctx *ctx, struct netlink_dump *dump, void **ret, size_t *ret_n);

struct net_address {
	unsigned int ifindex;
	char text[64];	/* "192.0.2.1/24" */
	bool link_local;
};

/* All addresses. This array and those below are to be freed with free(). */
int netlink_addresses(struct vfp_ctx *ctx, struct net_address **ret, size_t *ret_n);

/* -- netlink-route.c --------------------------------------------------------------------- */

#define NET_SAID 3

/*
 * The unicast routes of one table that go through one interface. A host may have a million of
 * them, so only what the verdict asks about is kept.
 */
struct net_route {
	unsigned int ifindex;	/* 0: not said */
	unsigned int table;
	unsigned char family;
	uint32_t nexthop;	/* the object that says the interface, while that is 0 */
	bool resolved;		/* it was asked; of no concern afterwards */
	bool is_default;	/* one is a default route, or so wide that it serves as one */
	unsigned int n_said;	/* of those that are not connected subnets nor default routes */
	bool more;
	char said[NET_SAID][100]; /* "198.51.100.0/24 via 192.0.2.1" */
};

/*
 * The routes of all tables; one that goes several ways counts for each interface. Routes to
 * link-local addresses are left out.
 */
int netlink_routes(struct vfp_ctx *ctx, struct net_route **ret, size_t *ret_n);

/* -- namespace.c, netlink-rule.c --------------------------------------------------------- */

/* A rule that sends traffic to a table, or, with @vrf, to that of the VRF it belongs to. */
struct net_rule {
	unsigned int table;
	unsigned char family;
	bool vrf;
};

int netlink_rules(struct vfp_ctx *ctx, struct net_rule **ret, size_t *ret_n);

struct net_link {
	unsigned int ifindex;
	char name[16], kind[16];	/* kind: "vlan", "vrf"; "" for hardware */
	unsigned int vrf_table;		/* 0: no VRF */
	char bus[16], parent[64];	/* "pci", "0000:05:00.0"; "" before Linux 5.14 */
};
int netlink_links(struct vfp_ctx *ctx, struct net_link **ret, size_t *ret_n);

/*
 * Interfaces that belong to devices, in network namespaces other than this process's. @who has
 * the namespace: "nginx (4711) in namespace web1". The result of @fn, when negative, ends it.
 */
typedef int namespace_fn(void *data, const char *parent, const char *name, const char *who);
int namespaces_links(struct vfp_ctx *ctx, namespace_fn *fn, void *data, bool *ret_complete);

/* Is the network of this process known to be another one than that of pid 1? */
bool namespace_foreign(struct vfp_ctx *ctx);

/* Of one message, without memory of its own; false when it says nothing of a link. */
bool netlink_parse_link(const struct nlmsghdr *message, struct net_link *ret_link);

#endif
