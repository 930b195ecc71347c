/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rows on interfaces are told: the tower of what is on top of an interface, and the
 * host's addresses and routes. An address or route is often not on the interface itself
 * but on what is on top of it (a VLAN on a bond on it), so the whole tower counts.
 */
#include "model/model.h"

#define CLASS_NET   "/sys/class/net"
#define STOREYS_MAX 256

void network_free(struct network *network)
{
	if (!network)
		return;
	free(network->addresses);
	free(network->routes);
	free(network->ssh_here);
	free(network->ssh_there);
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

static int need_network(struct check *c)
{
	struct network *n;
	int r;

	if (c->facts->network)
		return 0;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	c->facts->network = n;
	r = netlink_addresses(c->ctx, &n->addresses, &n->n_addresses);
	r = r ?: netlink_routes(c->ctx, &n->routes, &n->n_routes);
	if (r == -ENOMEM)
		return r;
	n->error = r;
	return c->ctx->dump ? 0 : net_session(c->ctx, n);
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

int net_need(struct check *c, struct thing *thing)
{
	int r;

	if (!thing->tower) {
		thing->tower = calloc(1, sizeof(*thing->tower));
		if (!thing->tower)
			return -ENOMEM;
		r = add_storey(c->ctx, thing->tower, thing->name);
		/* The list grows while it is walked. */
		for (size_t i = 0; r == 0 && i < thing->tower->n; i++)
			r = add_uppers(c->ctx, thing->tower, thing->tower->list[i]->name);
		if (r < 0)
			return r;
	}
	return need_network(c);
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
