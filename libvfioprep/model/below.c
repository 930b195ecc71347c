/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hangs below a device: every directory in its own subtree that has a `subsystem`
 * link is a device, and the link's name says of which kind. The cost is that of the
 * subtree, whatever else the host has. Links are not followed, so there are no loops;
 * folders that hold settings and never devices are left out.
 *
 * Fixed places (".../block/sda") would not do: a disk of NVMe hangs below its controller
 * without a folder between, one of virtio below virtioN, one of SCSI five levels down.
 * With NVMe multipath the controller carries only a hidden node per path, and the disk
 * proper, the head, is a virtual device.
 */
#include "model/model.h"

#include <fcntl.h>
#include <sys/stat.h>

/*
 * The deepest seen is a disk behind a chain of USB hubs behind Thunderbolt bridges, at
 * 27.
 */
#define DEPTH_MAX 48

static bool holds_no_devices(const char *name)
{
	static const char *const names[] = {
		"power",        "msi_irqs",     "link",    "queue",
		"queues",       "mq",           "trace",   "holders",
		"slaves",       "integrity",    "iosched", "statistics",
		"lpi",          "capabilities", "id",      "byte_queue_limits",
		"doe_features",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(name, names[i]))
			return true;
	return startswith(name, "ep_");
}

/*
 * Is this folder, "net", one of interfaces some of which are in another network namespace?
 * Its count of links is that of all, and it goes with the last of them. In a dump it has
 * what was seen, and is empty where that was nothing.
 */
static bool has_away(struct vfp_ctx *ctx, const char *path)
{
	_cleanup_close_ int fd = root_open(ctx, path, O_RDONLY | O_DIRECTORY);
	_cleanup_strings_ char **names = NULL;
	struct stat st;
	size_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || root_list_dirs(ctx, path, &names) < 0)
		return false;
	n = list_length(names);
	return n == 0 || st.st_nlink > n + 2;
}

static int walk(struct vfp_ctx *ctx, const char *path, unsigned int depth, below_fn *fn,
		void *data)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list_dirs(ctx, path, &names);

	/* What vanishes meanwhile does not hang below any more. */
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0 || depth == 0)
		return r;
	for (char **name = names; *name; name++) {
		_cleanup_free_ char *subsystem = NULL, *child = NULL;

		if (holds_no_devices(*name))
			continue;
		child = strf("%s/%s", path, *name);
		if (!child)
			return -ENOMEM;
		r = root_link_name(ctx, &subsystem, "%s/subsystem", child);
		if (r == 0)
			r = fn(data, subsystem, child, *name);
		else if (r == -ENOENT || r == -EINVAL)
			r = streq(*name, "net") && has_away(ctx, child)
				  ? fn(data, BELOW_AWAY, child, *name)
				  : 0;
		r = r ?: walk(ctx, child, depth - 1, fn, data);
		if (r < 0)
			return r;
	}
	return 0;
}

int below_walk(struct vfp_ctx *ctx, const char *path, below_fn *fn, void *data)
{
	return walk(ctx, path, DEPTH_MAX, fn, data);
}

bool below_is_disk(struct vfp_ctx *ctx, const char *subsystem, const char *path)
{
	return streq(subsystem, "block") && !root_exists(ctx, "%s/partition", path);
}

char *below_disk_name(const char *name)
{
	unsigned int instance, path, space;
	int end = 0;

	if (sscanf(name, "nvme%uc%un%u%n", &instance, &path, &space, &end) == 3 &&
	    !name[end])
		return strf("nvme%un%u", instance, space);
	return strdup(name);
}

struct collected {
	struct vfp_ctx *ctx;
	char **list;
	size_t n;
};

/* Appends @string, which is freed when it cannot be. */
static int collect(struct collected *c, char *string)
{
	int r = string ? list_add((void ***)&c->list, &c->n, string) : -ENOMEM;

	if (r < 0)
		free(string);
	return r;
}

static int collect_done(struct collected *c, int error, char ***ret_list)
{
	if (error == 0 && !c->list)
		c->list = calloc(1, sizeof(*c->list));
	if (error == 0 && !c->list)
		error = -ENOMEM;
	if (error < 0)
		strings_free(c->list);
	else
		*ret_list = c->list;
	return error;
}

/* A disk without a size has no medium: nobody can have it in use. */
static int collect_disk(void *data, const char *subsystem, const char *path,
			const char *name)
{
	_cleanup_free_ char *size = NULL, *disk = NULL, *node = NULL;
	struct collected *c = data;

	if (!below_is_disk(c->ctx, subsystem, path))
		return 0;
	if (root_attr(c->ctx, &size, "%s/size", path) == 0 && streq(size, "0"))
		return 0;
	disk = below_disk_name(name);
	node = disk ? strf("/dev/%s", disk) : NULL;
	if (!node)
		return -ENOMEM;
	/* cciss!c0d0 is /dev/cciss/c0d0. */
	for (char *s = node; *s; s++)
		if (*s == '!')
			*s = '/';
	for (size_t i = 0; i < c->n; i++)
		if (streq(c->list[i], node))
			return 0;
	return collect(c, take(node));
}

int below_disks(struct vfp_ctx *ctx, const char *path, char ***ret_nodes)
{
	struct collected c = { .ctx = ctx };
	int r = below_walk(ctx, path, collect_disk, &c);

	return collect_done(&c, r, ret_nodes);
}

/* The first of the files @names below @path that says something, made fit for a list. */
static int first_attr(struct vfp_ctx *ctx, const char *path, const char *const *names,
		      char **ret_value)
{
	for (; *names; names++) {
		_cleanup_free_ char *value = NULL;
		int r = root_attr(ctx, &value, "%s/%s", path, *names);

		if (r == -ENOMEM)
			return r;
		if (r < 0 || !*value)
			continue;
		for (char *s = value; *s; s++)
			if (*s == ';' || (unsigned char)*s < ' ' || *s == 0x7f)
				*s = '_';
		*ret_value = take(value);
		return 0;
	}
	*ret_value = strdup("");
	return *ret_value ? 0 : -ENOMEM;
}

/*
 * The hardware's address: a bond lends its own to its ports. One that was chosen at
 * random or by a person will not come back, so it identifies nothing.
 */
static int net_identity(struct vfp_ctx *ctx, const char *path, char **ret_value)
{
	static const char *const names[] = { "bonding_slave/perm_hwaddr", "address",
					     NULL };
	static const char *const permanent[] = { "bonding_slave/perm_hwaddr", NULL };
	_cleanup_free_ char *type = NULL;

	if (root_attr(ctx, &type, "%s/addr_assign_type", path) == 0 && !streq(type, "0"))
		return first_attr(ctx, path, permanent, ret_value);
	return first_attr(ctx, path, names, ret_value);
}

static int disk_identity(struct vfp_ctx *ctx, const char *path, char **ret_value)
{
	static const char *const names[] = { "wwid",          "device/wwid", "serial",
					     "device/serial", "device/cid",  NULL };

	return first_attr(ctx, path, names, ret_value);
}

static int collect_identity(void *data, const char *subsystem, const char *path,
			    const char *name)
{
	_cleanup_free_ char *identity = NULL;
	struct collected *c = data;
	const char *kind;
	int r;

	(void)name;
	if (streq(subsystem, BELOW_AWAY)) {
		kind = "net";
		identity = strdup("*");
		r = identity ? 0 : -ENOMEM;
	} else if (streq(subsystem, "net")) {
		kind = "net";
		r = net_identity(c->ctx, path, &identity);
	} else if (below_is_disk(c->ctx, subsystem, path)) {
		kind = "disk";
		r = disk_identity(c->ctx, path, &identity);
	} else {
		return 0;
	}
	return r < 0 ? r : collect(c, strf("%s %s", kind, identity));
}

/* @list joined by ';'. */
static int join(char *const *list, char **ret_text)
{
	_cleanup_str_ struct str text = { 0 };
	int r = str_add(&text, "%s", "");

	for (size_t i = 0; r == 0 && list[i]; i++)
		r = str_add(&text, "%s%s", i ? ";" : "", list[i]);
	if (r == 0)
		*ret_text = take(text.s);
	return r;
}

int below_identities(struct vfp_ctx *ctx, const char *path, char **ret_text)
{
	_cleanup_strings_ char **list = NULL;
	struct collected c = { .ctx = ctx };
	int r = below_walk(ctx, path, collect_identity, &c);

	r = collect_done(&c, r, &list);
	return r < 0 ? r : join(list, ret_text);
}

static int split(const char *text, char ***ret_list)
{
	struct collected c = { 0 };
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, ";");

		if (len)
			r = collect(&c, strndup(text, len));
		text += len + (text[len] == ';');
	}
	return collect_done(&c, r, ret_list);
}

/* The length of the kind ("disk"), and whether nothing is known but that. */
static size_t kind_length(const char *entry, bool *ret_anonymous)
{
	size_t kind = strcspn(entry, " ");
	const char *identity = entry + kind + strspn(entry + kind, " ");

	*ret_anonymous = !*identity || streq(identity, "*");
	return kind;
}

/* Does @there serve for @wanted? Entries of @there that are taken are "". */
static bool serves(const char *there, const char *wanted)
{
	bool anonymous;
	size_t kind = kind_length(wanted, &anonymous);

	if (!anonymous && !endswith(there, " *"))
		return streq(there, wanted);
	return strncmp(there, wanted, kind) == 0 && (!there[kind] || there[kind] == ' ');
}

/*
 * Takes from both what belongs together, of the entries of @wanted that are @anonymous.
 */
static void match(char **wanted, char **there, bool anonymous)
{
	for (; *wanted; wanted++) {
		bool is_anonymous;

		kind_length(*wanted, &is_anonymous);
		if (!**wanted || is_anonymous != anonymous)
			continue;
		for (char **t = there; *t; t++) {
			if (!**t || !serves(*t, *wanted))
				continue;
			/* How many are out of sight is not known. */
			if (!endswith(*t, " *"))
				**t = '\0';
			**wanted = '\0';
			break;
		}
	}
}

int below_missing(const char *wanted, const char *there, char **ret_missing)
{
	_cleanup_strings_ char **want = NULL, **have = NULL;
	_cleanup_str_ struct str missing = { 0 };
	int r = split(wanted, &want);

	r = r ?: split(there, &have);
	r = r ?: str_add(&missing, "%s", "");
	if (r < 0)
		return r;
	match(want, have, false);
	match(want, have, true);
	for (char **w = want; r == 0 && *w; w++)
		if (**w)
			r = str_add(&missing, "%s%s", missing.len ? ";" : "", *w);
	if (r == 0)
		*ret_missing = take(missing.s);
	return r;
}
