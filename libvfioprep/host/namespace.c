/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces in other network namespaces: a child goes into each and asks the kernel there.
 * A namespace is known by a process that is in it, or by a mount of `ip netns` and its like
 * in the mounts of pid 1; one that only an open descriptor keeps is not found.
 *
 * The kernel says since Linux 5.14 of which device an interface is. Needs root.
 *
 * /proc is read past the mirror: who is in which namespace is not for a dump.
 */
#include "host/netlink.h"

#include <dirent.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#define WAIT_MSEC  3000
#define PLACES_MAX 4096
#define MOUNTS_MAX (16 << 20)

/* A namespace, and the ways to name it. */
struct place {
	char *path;    /* a file that leads into it */
	char *process; /* "nginx (4711)"; NULL */
	char *name;    /* of a mount: "web1"; NULL */
	uint64_t inode;
};

struct places {
	struct place **list;
	size_t n;
	bool complete;
};

static void places_done(struct places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		free(places->list[i]->path);
		free(places->list[i]->process);
		free(places->list[i]->name);
		free(places->list[i]);
	}
	free(places->list);
}

static struct place *place_of(struct places *places, uint64_t inode)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->list[i]->inode == inode)
			return places->list[i];
	return NULL;
}

/* Takes @path, @process and @name. */
static int add_place(struct places *places, uint64_t inode, char *path, char *process,
		     char *name)
{
	struct place *place = path ? calloc(1, sizeof(*place)) : NULL;
	int r = place ? 0 : -ENOMEM;

	if (places->n == PLACES_MAX)
		r = -ENOSPC;
	r = r ?: list_add((void ***)&places->list, &places->n, place);
	if (r < 0) {
		free(path);
		free(process);
		free(name);
		free(place);
		places->complete = false;
		return r == -ENOSPC ? 0 : r;
	}
	*place = (struct place){ path, process, name, inode };
	return 0;
}

/* "net:[4026531840]" */
static bool parse_inode(const char *text, uint64_t *ret_inode)
{
	unsigned long long inode;

	if (!text || sscanf(text, "net:[%llu]", &inode) != 1)
		return false;
	*ret_inode = inode;
	return true;
}

/* -- which namespaces there are ------------------------------------------------------- */

/* The number of the namespace that /proc/@pid/ns/net leads to; a negative errno. */
static int read_inode(const char *pid, uint64_t *ret_inode)
{
	char path[64], text[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return parse_inode(text, ret_inode) ? 0 : -EBADMSG;
}

static char *process_text(struct vfp_ctx *ctx, const char *pid)
{
	_cleanup_close_ int fd = -1;
	char path[64], name[64];
	ssize_t n;

	if (streq(pid, "1"))
		return strdup("the host");
	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	fd = root_open(ctx, path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);
	if (n < 0)
		return NULL;
	name[n] = '\0';
	return strf("%s (%s)", chomp(name), pid);
}

static int add_process(struct vfp_ctx *ctx, struct places *places, const char *pid,
		       uint64_t own)
{
	uint64_t inode;
	int r = read_inode(pid, &inode);

	if (r < 0) {
		places->complete &= r == -ENOENT || r == -ESRCH;
		return 0;
	}
	if (inode == own || place_of(places, inode))
		return 0;
	return add_place(places, inode, strf("/proc/%s/ns/net", pid),
			 process_text(ctx, pid), NULL);
}

static int add_processes(struct vfp_ctx *ctx, struct places *places, uint64_t own)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		places->complete = false;
	while (r == 0 && dir && (entry = readdir(dir)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			r = add_process(ctx, places, entry->d_name, own);
	if (dir)
		closedir(dir);
	return r;
}

/* "\040" is a blank. */
static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; to++) {
		if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 +
				     from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 0:4 net:[4026532625] /run/netns/web1 rw shared:2 - nsfs nsfs rw" */
static int add_mount(struct places *places, char *line, uint64_t own)
{
	char *word[5] = { 0 }, *path, *slash;
	struct place *known;
	uint64_t inode;

	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		word[i] = strsep(&line, " ");
	if (!word[4] || !parse_inode(word[3], &inode) || inode == own)
		return 0;
	unescape(word[4]);
	slash = strrchr(word[4], '/');
	if (!slash)
		return 0;
	path = strf("/proc/1/root%s", word[4]);
	known = place_of(places, inode);
	if (!known)
		return add_place(places, inode, path, NULL, strdup(slash + 1));
	free(path);
	if (!known->name)
		known->name = strdup(slash + 1);
	return 0;
}

static int add_mounts(struct vfp_ctx *ctx, struct places *places, uint64_t own)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int r = root_read(ctx, "/proc/1/mountinfo", MOUNTS_MAX, &text, NULL);

	if (r < 0) {
		places->complete = false;
		return r == -ENOMEM ? r : 0;
	}
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (strstr(line, " - nsfs "))
			r = add_mount(places, line, own);
	return r;
}

static int find_places(struct vfp_ctx *ctx, struct places *places)
{
	uint64_t own;
	int r = read_inode("self", &own);

	places->complete = true;
	return r ?: add_processes(ctx, places, own) ?: add_mounts(ctx, places, own);
}

/* -- in the child --------------------------------------------------------------------- */

/* All links in @buffer that are of a device, a line each. 1: that was the last of them. */
static int take_links(const char *buffer, size_t size, char *text, size_t *used)
{
	const struct nlmsghdr *message = (const void *)buffer;
	int left = (int)size, n;
	struct net_link link;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (!netlink_parse_link(message, &link) || !*link.parent)
			continue;
		n = snprintf(text + *used, CHILD_TEXT - *used, "%s\t%s\n", link.parent,
			     link.name);
		if (n < 0 || *used + (size_t)n >= CHILD_TEXT) {
			text[*used] = '\0';
			return -ENOBUFS;
		}
		*used += (size_t)n;
	}
	return 0;
}

static int ask_links(int fd, char *text)
{
	static char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct {
		struct nlmsghdr message;
		struct ifinfomsg header;
	} request = {
		.message = { .nlmsg_len = sizeof(request),
			     .nlmsg_type = RTM_GETLINK,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	size_t used = 0;
	int r = 0;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n < 0)
			return -errno;
		r = take_links(buffer, (size_t)n, text, &used);
	}
	return r < 0 ? r : 0;
}

/* Goes into one namespace; the parent never does. */
static int look_into(void *data, size_t index, char *text)
{
	const struct place *place = ((struct places *)data)->list[index];
	struct timeval limit = { .tv_sec = WAIT_MSEC / 1000 };
	int fd = open(place->path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	/* The process may have ended, and another have its number. */
	if (fstat(fd, &st) < 0 || st.st_ino != place->inode)
		r = -ESTALE;
	else if (setns(fd, CLONE_NEWNET) < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		return r;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	r = ask_links(fd, text);
	close(fd);
	return r;
}

/* -- in the parent -------------------------------------------------------------------- */

static char *place_text(const struct place *place)
{
	if (place->process && place->name)
		return strf("%s in namespace %s", place->process, place->name);
	if (place->process)
		return strdup(place->process);
	return strf("namespace %s", nonnull(place->name));
}

static int hand_over(const struct place *place, char *text, namespace_fn *fn, void *data)
{
	_cleanup_free_ char *who = place_text(place);
	char *line, *rest = text;
	int r = who ? 0 : -ENOMEM;

	while (r >= 0 && (line = strsep(&rest, "\n"))) {
		char *parent = strsep(&line, "\t");

		if (line)
			r = fn(data, parent, line, who);
	}
	return r;
}

static int ask_one(struct vfp_ctx *ctx, struct child *child, struct child_report *report)
{
	int r = child_go(child);

	/* The child has a limit of its own for the kernel's answer. */
	r = r ?: wait_readable(child->report, ctx->cancel_fd, deadline_in(2 * WAIT_MSEC));
	if (r <= 0)
		return r ?: -ETIMEDOUT;
	return child_take(child, report);
}

static int ask_each(struct vfp_ctx *ctx, struct child *child, struct places *places,
		    namespace_fn *fn, void *data)
{
	_cleanup_free_ struct child_report *report = malloc(sizeof(*report));
	int r = report ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < places->n; i++) {
		r = ask_one(ctx, child, report);
		if (r < 0)
			return r;
		/* What came before an error counts. */
		places->complete &= report->error == 0;
		r = hand_over(places->list[i], report->text, fn, data);
	}
	return r;
}

static int ask_all(struct vfp_ctx *ctx, struct places *places, namespace_fn *fn,
		   void *data)
{
	struct child child;
	int r = child_start(ctx, look_into, places, places->n, -1, &child);

	if (r < 0)
		return r;
	r = ask_each(ctx, &child, places, fn, data);
	/* One that has not reported may be stuck, and is not waited for. */
	child_end(&child, r == 0);
	return r;
}

int namespaces_links(struct vfp_ctx *ctx, namespace_fn *fn, void *data,
		     bool *ret_complete)
{
	struct places places = { 0 };
	int r;

	*ret_complete = false;
	if (geteuid() != 0)
		return 0;
	r = find_places(ctx, &places);
	if (r == 0 && places.n)
		r = ask_all(ctx, &places, fn, data);
	if (r == 0)
		*ret_complete = places.complete;
	places_done(&places);
	return r;
}

bool namespace_foreign(struct vfp_ctx *ctx)
{
	uint64_t own, first;

	return !*ctx->root && read_inode("self", &own) == 0 &&
	       read_inode("1", &first) == 0 && own != first;
}
