/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about network interfaces: the default route, bridges and bonds, and
 * addresses.
 *
 * An interface that was moved to another network namespace cannot be seen from here, and
 * still goes with its device: a NIC without one is reported as unknown.
 */
#include "model/model.h"

#define FLAG_UP 1u

int check_default_route(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && i < n->n_routes; i++) {
		const struct storey *storey =
			net_storey(thing->tower, n->routes[i].ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey)
			continue;
		where = net_where(thing, storey);
		if (!where)
			return -ENOMEM;
		r = check_use(c, USE_VITAL, "net %s: default route", thing->name);
		if (r == 0)
			r = check_add(c, VFP_REFUSE, thing->name, NULL,
				      "the host would lose its default route, through %s",
				      where);
		return r;
	}
	return r;
}

int check_master(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *master = NULL, *remedy = NULL;
	int r = root_link_name(c->ctx, &master, "%s/master", thing->path);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	remedy = strf("take it out of %s", master);
	if (!remedy)
		return -ENOMEM;
	r = check_use(c, USE_NORMAL, "net %s: in %s", thing->name, master);
	return r
		     ?: check_add(c, VFP_REFUSE, thing->name, remedy,
				  "%s would lose its port %s", master, thing->name);
}

/* VLANs, macvtaps of guests and the like; what it is a port of is the row above. */
int check_upper(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *master = NULL;
	int r = net_need(c, thing);

	root_link_name(c->ctx, &master, "%s/master", thing->path);
	for (size_t i = 1; r == 0 && i < thing->tower->n; i++) {
		const char *name = thing->tower->list[i]->name;

		if (streq(name, nonnull(master)) ||
		    !root_exists(c->ctx, "%s/upper_%s", thing->path, name))
			continue;
		r = check_use(c, USE_NORMAL, "net %s: below %s", thing->name, name);
		if (r == 0)
			r = check_add(c, VFP_WARN, thing->name, NULL,
				      "%s goes away with %s", name, thing->name);
	}
	return r;
}

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

		if (!storey || address->link_local)
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

	(void)thing;
	if (!n || !check_has(c, "net"))
		return 0;
	if (n->error)
		return check_add(c, VFP_UNKNOWN, NULL, NULL,
				 "addresses and routes could not be read: %s",
				 strerror(-n->error));
	for (size_t i = 0; i < n->n_routes; i++)
		if (!n->routes[i].ifindex)
			return check_add(
				c, VFP_UNKNOWN, NULL, "ip route",
				"a default route does not say through which interface "
				"it goes");
	return 0;
}

/*
 * Ethernet (0200) and other network controllers (0280: Wi-Fi), on a driver of the host.
 */
int check_no_interface(struct check *c, struct thing *thing)
{
	const char *class = c->device->value[VFP_CLASS],
		   *driver = device_driver(c->device);

	(void)thing;
	if (!startswith(class, "0200") && !startswith(class, "0280"))
		return 0;
	if (!*driver || driver_hides(driver) || check_has(c, "net"))
		return 0;
	return check_add(
		c, VFP_UNKNOWN, NULL, NULL,
		"no network interface of it is to be seen; one may be in the network "
		"namespace of a container");
}
