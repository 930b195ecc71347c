/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rows on interfaces (check-net*.c) share: the tower of what is on top of one, and what
 * the host says of its network.
 */
#ifndef VFIOPREP_CHECK_NET_H
#define VFIOPREP_CHECK_NET_H

#include "host/netlink.h"
#include "model/check.h"

/* An interface and all that is on top of it: VLANs, bonds, bridges, and what is on these. */
struct tower {
	struct storey {
		unsigned int ifindex;
		char *name;
		bool told;	/* a reason to refuse has named it already */
	} **list;	/* [0] is the interface itself */
	size_t n;
};

/* What the host says of its network as a whole; the second half is read when asked for. */
struct network {
	struct net_address *addresses;
	struct net_route *routes;
	size_t n_addresses, n_routes;
	int error;	/* not 0: addresses or routes could not be read */
	bool foreign;	/* asked from within a network namespace that is not the host's */
	struct session {
		char *here, *there;	/* addresses; "" here: not known */
		unsigned int here_port, there_port;
		bool live;	/* the connection is there */
	} **sessions;	/* of SSH, which the one who asks came in by */
	size_t n_sessions;

	struct net_rule *rules;
	struct net_link *links;
	size_t n_rules, n_links;
	int rules_error, links_error;
	struct session **connections;	/* all of sshd */
	size_t n_connections;
	char **busy;	/* where connections of whom could not be told come in */
	size_t n_busy;
	struct away {
		char *parent;	/* the device, or what is below it: "0000:05:00.0", "virtio3" */
		char *name, *who;	/* "eth0"; "nginx (4711) in namespace web1" */
	} **away;	/* interfaces in other network namespaces */
	size_t n_away;
	bool away_complete;	/* every namespace could be looked into */
	bool asked, rules_asked, links_asked, sessions_asked, connections_asked;
	bool away_asked;
};

/* Of the verdict, empty at first; NULL: no memory. */
struct network *net_facts(struct check *c);

/* See to it that the tower of @thing, an interface, and the host's network are known. */
int net_need(struct check *c, struct thing *thing);
int tower_read(struct vfp_ctx *ctx, const char *name, struct tower **ret_tower);
static inline void tower_freep(struct tower **tower)
{
	tower_free(*tower);
}

/* The storey with that number; NULL when none has it. */
const struct storey *net_storey(const struct tower *tower, unsigned int ifindex);

/* "eth0", "br0 on eth0" */
char *net_where(const struct thing *thing, const struct storey *storey);

/*
 * What @name is a port of: a bridge, bond, team ..., but no VRF, which is the same without it.
 * NULL: nothing.
 */
int net_master(struct check *c, const char *name, char **ret_master);

/* Does a rule send traffic to the table of @route? 1, 0; also 0 when that is not known. */
int net_used(struct check *c, const struct net_route *route);

/* "192.0.2.1/24" is the address "192.0.2.1", also as "192.0.2.1%eth0". */
bool net_is_address(const struct net_address *address, const char *text);

/* Each established TCP connection, until @fn returns other than 0. */
struct tcp {
	char here[64], there[64];
	unsigned int here_port, there_port;
	uint64_t inode;
};
typedef int tcp_fn(void *data, const struct tcp *tcp);
int net_each_tcp(struct vfp_ctx *ctx, tcp_fn *fn, void *data);

/* Fill ->sessions. */
int sessions_read(struct vfp_ctx *ctx, struct network *network);
int session_add(struct session ***list, size_t *n, const struct tcp *tcp, bool live);
void sessions_free(struct session **sessions);
void away_free(struct away **away);

#endif
