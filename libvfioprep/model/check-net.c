/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about network interfaces: what one is a port of, what lies on it, and its
 * addresses.
 */
#include "model/check-net.h"

#define CLASS_NET "/sys/class/net"
#define FLAG_UP   1u

/* -- what it is a port of ------------------------------------------------------------ */

int check_master(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *master = NULL, *remedy = NULL;
	int r = net_need(c, thing) ?: net_master(c, thing->name, &master);

	if (r < 0 || !master)
		return r;
	remedy = strf("take it out of %s", master);
	if (!remedy)
		return -ENOMEM;
	r = check_use(c, USE_NORMAL, "net %s: in %s", thing->name, master);
	return r
		     ?: check_add(c, VFP_REFUSE, thing->name, remedy,
				  "%s would lose its port %s", master, thing->name);
}

/* -- what lies on it: VLANs, macvtaps of guests and the like -------------------------- */

/* What one of these is good for, as the end of a sentence; NULL: nothing is known. */
static int purpose_of(struct check *c, const struct tower *tower, char **ret_purpose)
{
	const struct network *n = c->facts->network;
	_cleanup_free_ char *master = NULL;
	int r = 0;

	for (size_t i = 0; i < n->n_addresses; i++)
		if (!n->addresses[i].link_local &&
		    net_storey(tower, n->addresses[i].ifindex)) {
			*ret_purpose = strf("has the address %s", n->addresses[i].text);
			return *ret_purpose ? 0 : -ENOMEM;
		}
	for (size_t i = 0; i < n->n_routes; i++)
		if (net_storey(tower, n->routes[i].ifindex)) {
			*ret_purpose = strdup("has routes");
			return *ret_purpose ? 0 : -ENOMEM;
		}
	for (size_t i = 0; r == 0 && i < tower->n && !master; i++) {
		r = net_master(c, tower->list[i]->name, &master);
		if (r == 0 && master) {
			*ret_purpose = strf("is a port of %s", master);
			r = *ret_purpose ? 0 : -ENOMEM;
		}
	}
	return r;
}

/* A macvtap is the network card of the guest that has its node open. */
static int guest_of(struct check *c, const struct tower *tower, char **ret_guest)
{
	_cleanup_free_ char *node = strf("/dev/tap%u", tower->list[0]->ifindex);
	struct holder *holders = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r;

	if (!node)
		return -ENOMEM;
	if (!root_exists(c->ctx, CLASS_NET "/%s/tap%u", tower->list[0]->name,
			 tower->list[0]->ifindex) &&
	    !root_exists(c->ctx, CLASS_NET "/%s/macvtap", tower->list[0]->name))
		return 0;
	r = check_holders(c, node, &holders, &n);
	if (r == 0 && n)
		r = holders_text(holders, n, &text);
	holders_free(holders, n);
	if (r == 0 && n) {
		*ret_guest = strf("is held by %s", text);
		r = *ret_guest ? 0 : -ENOMEM;
	}
	return r;
}

static void tell(struct thing *thing, const struct tower *tower)
{
	for (size_t i = 0; i < thing->tower->n; i++)
		if (net_storey(tower, thing->tower->list[i]->ifindex))
			thing->tower->list[i]->told = true;
}

static int say_upper(struct check *c, struct thing *thing, const char *name)
{
	_cleanup_(tower_freep) struct tower *tower = NULL;
	_cleanup_free_ char *purpose = NULL;
	int r = tower_read(c->ctx, name, &tower);

	r = r ?: purpose_of(c, tower, &purpose);
	if (r == 0 && !purpose)
		r = guest_of(c, tower, &purpose);
	r = r ?: check_use(c, USE_NORMAL, "net %s: below %s", thing->name, name);
	if (r < 0)
		return r;
	if (!purpose)
		return check_add(c, VFP_WARN, thing->name, NULL, "%s goes away with %s",
				 name, thing->name);
	tell(thing, tower);
	return check_add(c, VFP_REFUSE, thing->name, NULL,
			 "the host would lose %s, which lies on %s and %s", name,
			 thing->name, purpose);
}

int check_upper(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *master = NULL;
	int r = net_need(c, thing);

	root_link_name(c->ctx, &master, "%s/master", thing->path);
	for (size_t i = 1; r == 0 && i < thing->tower->n; i++) {
		const char *name = thing->tower->list[i]->name;

		/* What it is a port of is the row above. */
		if (!streq(name, nonnull(master)) &&
		    root_exists(c->ctx, "%s/upper_%s", thing->path, name))
			r = say_upper(c, thing, name);
	}
	return r;
}

/* -- addresses ----------------------------------------------------------------------- */

static bool is_up(struct vfp_ctx *ctx, const struct thing *thing)
{
	_cleanup_free_ char *flags = NULL;

	return root_attr(ctx, &flags, "%s/flags", thing->path) == 0 &&
	       strtoul(flags, NULL, 16) & FLAG_UP;
}

int check_addresses(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	if (r < 0 || !is_up(c->ctx, thing))
		return r;
	for (size_t i = 0; r == 0 && i < n->n_addresses; i++) {
		const struct net_address *address = &n->addresses[i];
		const struct storey *storey = net_storey(thing->tower, address->ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey || storey->told || address->link_local)
			continue;
		where = net_where(thing, storey);
		if (!where)
			return -ENOMEM;
		r = check_use(c, USE_MINOR, "net %s: %s", thing->name, address->text);
		if (r == 0)
			r = check_add(c, VFP_WARN, thing->name, NULL,
				      "the host would lose its address %s (%s)",
				      address->text, where);
	}
	return r;
}

int check_network_known(struct check *c, struct thing *thing)
{
	const struct network *n = c->facts->network;
	int r = 0;

	(void)thing;
	if (!n || !check_has(c, "net"))
		return 0;
	if (n->error)
		return check_add(c, VFP_UNKNOWN, NULL, NULL,
				 "addresses and routes could not be read: %s",
				 strerror(-n->error));
	if (n->foreign)
		r = check_add(
			c, VFP_UNKNOWN, NULL, "nsenter --target 1 --net",
			"this is not the host's network namespace: its addresses and "
			"routes cannot be seen from here");
	if (r == 0 && n->rules_error)
		r = check_add(c, VFP_UNKNOWN, NULL, NULL,
			      "which tables of routes are used could not be read: %s",
			      strerror(-n->rules_error));
	for (size_t i = 0; r == 0 && i < n->n_routes; i++)
		if (!n->routes[i].ifindex)
			return check_add(
				c, VFP_UNKNOWN, NULL, "ip route",
				"a route does not say through which interface it goes");
	return r;
}
