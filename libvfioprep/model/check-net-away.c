/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces that were moved to another network namespace, as containers have them. They
 * cannot be seen from here and still go with their device.
 *
 * That there is one needs no luck: the folder of a device's interfaces is there while there
 * is any, and its count of links counts those of all namespaces. Which one it is, and who
 * has it, is asked in the namespaces themselves (host/namespace.c), which needs root.
 */
#include "model/check-net.h"

static void away_free_one(struct away *away)
{
	free(away->parent);
	free(away->name);
	free(away->who);
	free(away);
}

void away_free(struct away **away)
{
	for (struct away **a = away; a && *a; a++)
		away_free_one(*a);
	free(away);
}

static int add_away(void *data, const char *parent, const char *name, const char *who)
{
	struct network *n = data;
	struct away *away = calloc(1, sizeof(*away));
	int r = -ENOMEM;

	if (!away)
		return r;
	away->parent = strdup(parent);
	away->name = strdup(name);
	away->who = strdup(who);
	if (away->parent && away->name && away->who)
		r = list_add((void ***)&n->away, &n->n_away, away);
	if (r < 0)
		away_free_one(away);
	return r;
}

static int need_away(struct check *c)
{
	struct network *n = net_facts(c);
	int r;

	if (!n)
		return -ENOMEM;
	if (n->away_asked)
		return 0;
	n->away_asked = true;
	/* Another root's interfaces are not in our namespaces. */
	if (*c->ctx->root)
		return 0;
	r = namespaces_links(c->ctx, add_away, n, &n->away_complete);
	return r == -ENOMEM ? r : 0;
}

/* Is @folder ("/sys/devices/.../0000:05:00.0/net") that of the device @parent? */
static bool is_folder_of(const char *folder, const char *parent)
{
	_cleanup_free_ char *end = strf("/%s/net", parent);

	return end && endswith(folder, end);
}

static int say_away(struct check *c, const struct away *away)
{
	int r = check_use(c, USE_NORMAL, "net %s: %s", away->name, away->who);

	return r
		     ?: check_add(c, VFP_REFUSE, away->name, NULL,
				  "%s would lose its network interface %s", away->who,
				  away->name);
}

int check_away(struct check *c, struct thing *thing)
{
	int r = need_away(c);
	const struct network *n = c->facts->network;
	bool found = false;

	for (size_t i = 0; r == 0 && i < n->n_away; i++)
		if (is_folder_of(thing->path, n->away[i]->parent)) {
			found = true;
			r = say_away(c, n->away[i]);
		}
	if (r < 0 || found)
		return r;
	r = check_use(c, USE_NORMAL, "net: in another network namespace");
	return r
		     ?: check_add(
				c, VFP_REFUSE, NULL,
				n->away_complete || *c->ctx->root ? NULL
								  : "ask again as root",
				"a container would lose its network interface: it is in "
				"another network namespace, which one could not be seen");
}

/*
 * Ethernet (0200) and other network controllers (0280: Wi-Fi), on a driver of the host. A
 * running kernel would have the folder of interfaces if there were any, wherever they are;
 * a dump may have been made with less than that.
 */
int check_no_interface(struct check *c, struct thing *thing)
{
	const char *class = c->device->value[VFP_CLASS],
		   *driver = device_driver(c->device);

	(void)thing;
	if (!c->ctx->dump || check_has(c, "net") || check_has(c, BELOW_AWAY))
		return 0;
	if (!startswith(class, "0200") && !startswith(class, "0280"))
		return 0;
	if (!*driver || driver_hides(driver))
		return 0;
	return check_add(
		c, VFP_UNKNOWN, NULL, NULL,
		"no network interface of it is to be seen; one may be in the network "
		"namespace of a container");
}
