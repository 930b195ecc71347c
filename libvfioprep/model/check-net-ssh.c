/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reason that matters most to who asks: the SSH session that the question came in by.
 */
#include "model/model.h"

#include <fcntl.h>

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
int net_session(struct vfp_ctx *ctx, struct network *network)
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

/* "192.0.2.1/24" is the address "192.0.2.1". */
static bool is_address(const struct net_address *address, const char *text)
{
	size_t len = strcspn(address->text, "/");

	return strncmp(address->text, text, len) == 0 && (!text[len] || text[len] == '%');
}

int check_ssh(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	for (size_t i = 0; r == 0 && n->ssh_here && i < n->n_addresses; i++) {
		const struct net_address *address = &n->addresses[i];
		const struct storey *storey = net_storey(thing->tower, address->ifindex);
		_cleanup_free_ char *where = NULL;

		if (!storey || !is_address(address, n->ssh_here))
			continue;
		where = net_where(thing, storey);
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
