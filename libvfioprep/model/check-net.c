/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about network interfaces: the SSH session that asks, the default
 * route, bridges and bonds, and addresses. An address or route is often not on the
 * interface itself but on what is on top of it (a VLAN on a bond on it), so the whole
 * tower counts.
 *
 * An interface that was moved to another network namespace cannot be seen from here, and
 * still goes with its device: a NIC without one is reported as unknown.
 */
#include "model/model.h"

#include <fcntl.h>

#define CLASS_NET   "/sys/class/net"
#define STOREYS_MAX 256
#define FLAG_UP     1u

struct tower {
	struct storey {
		unsigned int ifindex;
		char *name;
	} * *list; /* [0] is the interface itself */
	size_t n;
};

struct network {
	struct net_address *addresses;
	struct net_route *routes;
	size_t n_addresses, n_routes;
	char *ssh_here, *ssh_there; /* addresses of the session that asks; NULL: none */
	int error;                  /* not 0: addresses or routes could not be read */
};

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

/* -- the session that asks ----------------------------------------------------------- */

/* What one read of /proc/PID/NAME gives, past the mirror. */
static size_t read_own(struct vfp_ctx *ctx, pid_t pid, const char *name, char *buffer,
		       size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t n = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = root_open(ctx, path, O_RDONLY | O_NONBLOCK);
	if (fd >= 0)
		n = read(fd, buffer, size - 1);
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static pid_t parent_of(struct vfp_ctx *ctx, pid_t pid)
{
	char stat[1024], *after;
	int parent;

	read_own(ctx, pid, "stat", stat, sizeof(stat));
	after = strrchr(stat, ')');
	return after && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* "SSH_CONNECTION=CLIENT PORT SERVER PORT" among the variables of a process. */
static bool find_ssh(const char *variables, size_t size, char here[64], char there[64])
{
	static const char key[] = "SSH_CONNECTION=";

	for (const char *v = variables; v < variables + size; v += strlen(v) + 1)
		if (startswith(v, key))
			return sscanf(v + strlen(key), "%63s %*s %63s", there, here) == 2;
	return false;
}

/* sudo drops the variable, so that of the shells above is looked at as well. */
static int read_session(struct vfp_ctx *ctx, struct network *network)
{
	static const size_t size = 128 * 1024;
	_cleanup_free_ char *variables = malloc(size);
	char here[64], there[64];
	pid_t pid = getpid();

	if (!variables)
		return -ENOMEM;
	for (int level = 0; pid > 1 && level < 32; level++, pid = parent_of(ctx, pid)) {
		size_t n = read_own(ctx, pid, "environ", variables, size);

		if (!find_ssh(variables, n, here, there))
			continue;
		network->ssh_here = strdup(here);
		network->ssh_there = strdup(there);
		return network->ssh_here && network->ssh_there ? 0 : -ENOMEM;
	}
	return 0;
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
	return c->ctx->dump ? 0 : read_session(c->ctx, n);
}

/* -- the tower ----------------------------------------------------------------------- */

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

static int need_tower(struct check *c, struct thing *thing)
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

/* The storey with that number; NULL when none has it. */
static const struct storey *storey_by_index(const struct tower *tower,
					    unsigned int ifindex)
{
	for (size_t i = 0; ifindex && i < tower->n; i++)
		if (tower->list[i]->ifindex == ifindex)
			return tower->list[i];
	return NULL;
}

/* "eth0", "br0 on eth0" */
static char *storey_where(const struct thing *thing, const struct storey *storey)
{
	if (streq(storey->name, thing->name))
		return strdup(thing->name);
	return strf("%s on %s", storey->name, thing->name);
}

/* -- the rows ------------------------------------------------------------------------ */

/* "192.0.2.1/24" is the address "192.0.2.1". */
static bool is_address(const struct net_address *address, const char *text)
{
	size_t len = strcspn(address->text, "/");

	return strncmp(address->text, text, len) == 0 && (!text[len] || text[len] == '%');
}

int check_ssh(struct check *c, struct thing *thing)
{
	int r = need_tower(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && n->ssh_here && i < n->n_addresses; i++) {
		const struct net_address *address = &n->addresses[i];
		const struct storey *storey =
			storey_by_index(thing->tower, address->ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey || !is_address(address, n->ssh_here))
			continue;
		where = storey_where(thing, storey);
		if (!where)
			return -ENOMEM;
		r = check_use(c, USE_VITAL, "net %s: SSH from %s", thing->name,
			      n->ssh_there);
		if (r == 0)
			r = check_add(c, VFP_REFUSE, "ssh", NULL,
				      "your SSH session from %s comes in over %s",
				      n->ssh_there, where);
		return r;
	}
	return r;
}

int check_default_route(struct check *c, struct thing *thing)
{
	int r = need_tower(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && i < n->n_routes; i++) {
		const struct storey *storey =
			storey_by_index(thing->tower, n->routes[i].ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey)
			continue;
		where = storey_where(thing, storey);
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
	int r = need_tower(c, thing);

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
	int r = need_tower(c, thing);
	const struct network *n = c->facts->network;

	if (r < 0 || !is_up(c->ctx, thing))
		return r;
	for (size_t i = 0; r == 0 && i < n->n_addresses; i++) {
		const struct net_address *address = &n->addresses[i];
		const struct storey *storey =
			storey_by_index(thing->tower, address->ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey || address->link_local)
			continue;
		where = storey_where(thing, storey);
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
