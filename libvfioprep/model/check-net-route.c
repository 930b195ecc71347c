/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about routes. A table that no rule leads to is not used, so what would be
 * a reason to refuse in another one is only told.
 */
#include "model/check-net.h"

#include <sys/socket.h>

#define MAIN 254

static const struct storey *storey_of(const struct thing *thing,
				      const struct net_route *route)
{
	return net_storey(thing->tower, route->ifindex);
}

/* "IPv6 ", and " of table 100" */
static const char *family_text(const struct net_route *route)
{
	return route->family == AF_INET6 ? "IPv6 " : "";
}

static char *table_text(const struct net_route *route, const char *before)
{
	return route->table == MAIN || !route->table
		     ? strdup("")
		     : strf("%stable %u", before, route->table);
}

static char *default_remedy(const struct net_route *route, const struct storey *storey)
{
	_cleanup_free_ char *table = table_text(route, " ");

	if (!table)
		return NULL;
	return strf("ip %sroute del default%s dev %s",
		    route->family == AF_INET6 ? "-6 " : "", table, storey->name);
}

static int say_default(struct check *c, struct thing *thing,
		       const struct net_route *route)
{
	const struct storey *storey = storey_of(thing, route);
	_cleanup_free_ char *where = net_where(thing, storey),
			    *table = table_text(route, " of "),
			    *remedy = default_remedy(route, storey);
	int r;

	if (!where || !table || !remedy)
		return -ENOMEM;
	r = check_use(c, USE_VITAL, "net %s: default route", thing->name);
	return r
		     ?: check_add(c, VFP_REFUSE, thing->name, remedy,
				  "the host would lose its %sdefault route%s, through %s",
				  family_text(route), table, where);
}

int check_default_route(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && i < n->n_routes; i++) {
		if (!n->routes[i].is_default || !storey_of(thing, &n->routes[i]))
			continue;
		r = net_used(c, &n->routes[i]);
		if (r > 0)
			r = say_default(c, thing, &n->routes[i]);
	}
	return r;
}

/*
 * Is @route what is first known of its table, with no other way than through @thing, and
 * no default route, of which the row above speaks? Connected subnets alone are no more than
 * addresses.
 */
static bool is_only_one(const struct network *n, const struct thing *thing,
			const struct net_route *route)
{
	for (size_t i = 0; i < n->n_routes; i++) {
		const struct net_route *other = &n->routes[i];

		if (other->table != route->table || other->family != route->family)
			continue;
		if (other->is_default || !storey_of(thing, other))
			return false;
		if (other < route && other->n_said)
			return false;
	}
	return route->n_said > 0;
}

int check_only_route(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && i < n->n_routes; i++) {
		const struct net_route *route = &n->routes[i];
		const struct storey *storey = storey_of(thing, route);
		_cleanup_free_ char *where = NULL, *table = NULL;

		if (!storey || !is_only_one(n, thing, route))
			continue;
		r = net_used(c, route);
		if (r <= 0)
			continue;
		where = net_where(thing, storey);
		table = route->table == MAIN ? strdup("main") : strf("%u", route->table);
		if (!where || !table)
			return -ENOMEM;
		r = check_use(c, USE_VITAL, "net %s: only route", thing->name);
		r = r
			  ?: check_add(c, VFP_REFUSE, thing->name, NULL,
				       "the host would lose all %sroutes of table %s, "
				       "through %s: %s%s",
				       family_text(route), table, where, route->said[0],
				       route->n_said > 1 ? " ..." : "");
	}
	return r;
}

/* Up to three routes in words, and whether there are more. */
struct said {
	struct str text;
	unsigned int n;
	bool more;
};

static int say_one(struct said *said, const struct net_route *route, const char *text)
{
	_cleanup_free_ char *table = table_text(route, " (");

	if (!table)
		return -ENOMEM;
	if (said->n >= NET_SAID) {
		said->more = true;
		return 0;
	}
	return str_add(&said->text, "%s%s%s%s", said->n++ ? ", " : "", text, table,
		       *table ? ")" : "");
}

static int say_routes(struct check *c, struct thing *thing, struct said *said)
{
	const struct network *n = c->facts->network;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n->n_routes; i++) {
		const struct net_route *route = &n->routes[i];
		int used;

		if (!storey_of(thing, route))
			continue;
		used = net_used(c, route);
		if (used < 0)
			return used;
		if (route->is_default && !used)
			r = say_one(said, route, "default");
		if (used && is_only_one(n, thing, route))
			continue;
		for (unsigned int j = 0; r == 0 && j < route->n_said; j++)
			r = say_one(said, route, route->said[j]);
		said->more |= route->more;
	}
	return r;
}

int check_routes(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	struct said said = { 0 };

	r = r ?: say_routes(c, thing, &said);
	if (r == 0 && said.n)
		r = check_use(c, USE_MINOR, "net %s: routes", thing->name);
	if (r == 0 && said.n)
		r = check_add(c, VFP_WARN, thing->name, NULL,
			      "the host would lose its route%s %s%s, through %s",
			      said.n > 1 ? "s" : "", said.text.s,
			      said.more ? " and others" : "", thing->name);
	str_done(&said.text);
	return r;
}
