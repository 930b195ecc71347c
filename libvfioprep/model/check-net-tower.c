/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rows on interfaces are told: the tower of what is on top of an interface, and the
 * host's addresses and routes. An address or route is often not on the interface itself
 * but on what is on top of it (a VLAN on a bond on it), so the whole tower counts.
 */
#include "model/check-net.h"

#define PPPOE_MAX   (1 << 20)
#define CLASS_NET   "/sys/class/net"
#define STOREYS_MAX 256

void network_free(struct network *network)
{
	if (!network)
		return;
	free(network->addresses);
	free(network->routes);
	free(network->rules);
	free(network->links);
	sessions_free(network->sessions);
	sessions_free(network->connections);
	strings_free(network->busy);
	away_free(network->away);
	free(network);
}

void tower_free(struct tower *tower)
{
	if (!tower)
		return;
	for (size_t i = 0; i < tower->n; i++) {
		free(tower->list[i]->name);
		free(tower->list[i]);
	}
	free(tower->list);
	free(tower);
}

struct network *net_facts(struct check *c)
{
	if (!c->facts->network)
		c->facts->network = calloc(1, sizeof(*c->facts->network));
	return c->facts->network;
}

static int need_network(struct check *c)
{
	struct network *n = net_facts(c);
	int r;

	if (!n)
		return -ENOMEM;
	if (n->asked)
		return 0;
	n->asked = true;
	r = netlink_addresses(c->ctx, &n->addresses, &n->n_addresses);
	r = r ?: netlink_routes(c->ctx, &n->routes, &n->n_routes);
	if (r == -ENOMEM)
		return r;
	n->error = r;
	/*
	 * There the kernel answers for the namespace, while /sys most often shows the
	 * host's interfaces.
	 */
	n->foreign = namespace_foreign(c->ctx);
	return 0;
}

static bool has_storey(const struct tower *tower, const char *name)
{
	for (size_t i = 0; i < tower->n; i++)
		if (streq(tower->list[i]->name, name))
			return true;
	return false;
}

static int add_storey(struct vfp_ctx *ctx, struct tower *tower, const char *name)
{
	_cleanup_free_ char *index = NULL;
	struct storey *storey;
	uint64_t number = 0;
	int r = -ENOMEM;

	if (has_storey(tower, name) || tower->n >= STOREYS_MAX)
		return 0;
	if (root_attr(ctx, &index, CLASS_NET "/%s/ifindex", name) == 0)
		parse_number(index, 10, UINT32_MAX, &number);
	storey = calloc(1, sizeof(*storey));
	if (!storey)
		return r;
	storey->ifindex = (unsigned int)number;
	storey->name = strdup(name);
	if (storey->name)
		r = list_add((void ***)&tower->list, &tower->n, storey);
	if (r < 0) {
		free(storey->name);
		free(storey);
	}
	return r;
}

/* What is directly on top of @name: `upper_NAME` for each, and `master`. */
static int add_uppers(struct vfp_ctx *ctx, struct tower *tower, const char *name)
{
	_cleanup_free_ char *folder = strf(CLASS_NET "/%s", name);
	_cleanup_strings_ char **links = NULL;
	int r = folder ? root_list(ctx, folder, &links) : -ENOMEM;

	for (char **link = links; r == 0 && *link; link++) {
		_cleanup_free_ char *master = NULL;

		if (startswith(*link, "upper_"))
			r = add_storey(ctx, tower, *link + strlen("upper_"));
		else if (streq(*link, "master") &&
			 root_link_name(ctx, &master, "%s/master", folder) == 0)
			r = add_storey(ctx, tower, master);
	}
	return r == -ENOMEM ? r : 0;
}

/* Which session is which ppp interface is not said, so each may be on it. */
static int add_ppp(struct vfp_ctx *ctx, struct tower *tower)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list(ctx, CLASS_NET, &names);

	for (char **name = names; r == 0 && *name; name++)
		if (startswith(*name, "ppp"))
			r = add_storey(ctx, tower, *name);
	return r == -ENOMEM ? r : 0;
}

/* PPPoE leaves no link to the card below it; its own table names that: "ID ADDRESS DEVICE". */
static int add_pppoe(struct vfp_ctx *ctx, struct tower *tower)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line, device[16];
	int r = root_read(ctx, "/proc/net/pppoe", PPPOE_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (sscanf(line, "%*s %*s %15s", device) == 1 &&
		    has_storey(tower, device))
			r = add_ppp(ctx, tower);
	return r;
}

int tower_read(struct vfp_ctx *ctx, const char *name, struct tower **ret_tower)
{
	_cleanup_(tower_freep) struct tower *tower = calloc(1, sizeof(*tower));
	int r = tower ? add_storey(ctx, tower, name) : -ENOMEM;

	/* The list grows while it is walked. */
	for (size_t i = 0; r == 0 && i < tower->n; i++)
		r = add_uppers(ctx, tower, tower->list[i]->name);
	r = r ?: add_pppoe(ctx, tower);
	if (r == 0)
		*ret_tower = take(tower);
	return r;
}

int net_need(struct check *c, struct thing *thing)
{
	int r = 0;

	if (!thing->tower)
		r = tower_read(c->ctx, thing->name, &thing->tower);
	return r ?: need_network(c);
}

const struct storey *net_storey(const struct tower *tower, unsigned int ifindex)
{
	for (size_t i = 0; ifindex && i < tower->n; i++)
		if (tower->list[i]->ifindex == ifindex)
			return tower->list[i];
	return NULL;
}

char *net_where(const struct thing *thing, const struct storey *storey)
{
	if (streq(storey->name, thing->name))
		return strdup(thing->name);
	return strf("%s on %s", storey->name, thing->name);
}

bool net_is_address(const struct net_address *address, const char *text)
{
	size_t len = strcspn(address->text, "/");

	return strncmp(address->text, text, len) == 0 && (!text[len] || text[len] == '%');
}

/* Links are asked only where a master or a table may be that of a VRF. */
static int need_links(struct check *c)
{
	struct network *n = c->facts->network;

	if (!n->links_asked) {
		n->links_asked = true;
		n->links_error = netlink_links(c->ctx, &n->links, &n->n_links);
	}
	return n->links_error == -ENOMEM ? -ENOMEM : 0;
}

static bool is_vrf(const struct network *network, const char *name)
{
	for (size_t i = 0; i < network->n_links; i++)
		if (streq(network->links[i].name, name))
			return network->links[i].vrf_table != 0;
	return false;
}

int net_master(struct check *c, const char *name, char **ret_master)
{
	_cleanup_free_ char *master = NULL;
	int r = root_link_name(c->ctx, &master, CLASS_NET "/%s/master", name);

	*ret_master = NULL;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	/* What has such a folder is no VRF. */
	if (!root_exists(c->ctx, CLASS_NET "/%s/bridge", master) &&
	    !root_exists(c->ctx, CLASS_NET "/%s/bonding", master)) {
		r = need_links(c);
		if (r < 0 || is_vrf(c->facts->network, master))
			return r;
	}
	*ret_master = take(master);
	return 0;
}

/* The tables that the kernel's first rules are for. */
static bool is_common_table(unsigned int table)
{
	enum { UNSPECIFIED = 0, DEFAULT = 253, MAIN = 254, LOCAL = 255 };

	return table == MAIN || table == DEFAULT || table == LOCAL ||
	       table == UNSPECIFIED;
}

static bool is_of_vrf(const struct network *network, unsigned int table)
{
	for (size_t i = 0; i < network->n_links; i++)
		if (network->links[i].vrf_table == table)
			return true;
	return false;
}

int net_used(struct check *c, const struct net_route *route)
{
	struct network *n = c->facts->network;
	int r = 0;

	if (is_common_table(route->table))
		return 1;
	if (!n->rules_asked) {
		n->rules_asked = true;
		n->rules_error = netlink_rules(c->ctx, &n->rules, &n->n_rules);
	}
	if (n->rules_error)
		return n->rules_error == -ENOMEM ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < n->n_rules; i++) {
		const struct net_rule *rule = &n->rules[i];

		if (rule->family != route->family)
			continue;
		if (rule->vrf)
			r = need_links(c) ?: is_of_vrf(n, route->table);
		else
			r = rule->table == route->table;
	}
	return r;
}
