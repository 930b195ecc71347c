/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a network interface or a disk to its PCI function. The class folder's link is
 * followed to the real place, whose last PCI address is the function. Then its subtree is
 * walked: when something else that a person would miss hangs there too, the name is not
 * enough to mean the whole function.
 */
#include "model/model.h"

#define CLASS_NET       "/sys/class/net"
#define CLASS_BLOCK     "/sys/class/block"
#define NVME_SUBSYSTEMS "/sys/devices/virtual/nvme-subsystem/"
#define OTHERS_SHOWN    8

/* -- from the name to its place in /sys/devices -------------------------------------- */

/* Where a word leads; all ways in which it can lead nowhere are -ENOENT. */
static int word_place(struct vfp_ctx *ctx, const char *path, char **ret_place)
{
	int r = root_real(ctx, path, ret_place);

	return r == -ENAMETOOLONG || r == -ENOTDIR || r == -ELOOP ? -ENOENT : r;
}

/* A name that can be one part of a path. */
static int class_place(struct vfp_ctx *ctx, const char *class, const char *name,
		       char **ret_place)
{
	_cleanup_free_ char *path = strf("%s/%s", class, name);

	if (!path)
		return -ENOMEM;
	for (char *c = path + strlen(class) + 1; *c; c++)
		if (*c == '/')
			*c = '!';
	return word_place(ctx, path, ret_place);
}

/* "/dev/nvme1n1", "/dev/disk/by-id/...": by name, and else by where the link leads. */
static int node_place(struct vfp_ctx *ctx, const char *node, char **ret_place)
{
	_cleanup_free_ char *real = NULL;
	int r = class_place(ctx, CLASS_BLOCK, node + strlen("/dev/"), ret_place);

	if (r != -ENOENT)
		return r;
	r = word_place(ctx, node, &real);
	if (r < 0)
		return r;
	if (!startswith(real, "/dev/") || streq(real, node))
		return -ENOENT;
	return class_place(ctx, CLASS_BLOCK, real + strlen("/dev/"), ret_place);
}

/* The place of the whole disk for that of a partition. */
static void to_whole_disk(struct vfp_ctx *ctx, char *place)
{
	if (root_exists(ctx, "%s/partition", place))
		*strrchr(place, '/') = '\0';
}

static int name_place(struct vfp_ctx *ctx, const char *text, const char *quoted,
		      char **why, char **ret_place)
{
	_cleanup_free_ char *net = NULL, *block = NULL;
	int r = -ENOENT;

	if (startswith(text, "/dev/") && text[5])
		r = node_place(ctx, text, &block);
	else if (strpbrk(text, "/:"))
		return say_why(why, -EINVAL,
			       "%s: neither an address (slots go to 1f, functions to 7) "
			       "nor a device",
			       quoted);
	else
		r = class_place(ctx, CLASS_BLOCK, text, &block);
	if (r < 0 && r != -ENOENT)
		return r;
	if (!strchr(text, '/'))
		r = class_place(ctx, CLASS_NET, text, &net);
	if (r < 0 && r != -ENOENT)
		return r;
	if (net && block)
		return say_why(
			why, -EINVAL,
			"%s is ambiguous: a disk (/dev/%s) and a network interface",
			quoted, quoted);
	if (!net && !block)
		return say_why(why, -ENODEV, "%s: no such device, interface or disk",
			       quoted);
	*ret_place = net ? take(net) : take(block);
	return 0;
}

/* -- from the place to the function -------------------------------------------------- */

/* Looks in a controller's folder for the hidden path node that serves the head @disk. */
static int path_node(struct vfp_ctx *ctx, const char *controller, const char *disk,
		     char **ret_place)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list_dirs(ctx, controller, &names);

	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *head = below_disk_name(*name);

		if (!head)
			return -ENOMEM;
		if (streq(head, *name) || !streq(head, disk))
			continue;
		*ret_place = strf("%s/%s", controller, *name);
		return *ret_place ? 0 : -ENOMEM;
	}
	return r ?: -ENOENT;
}

/*
 * The disk at @place is the head of NVMe multipath: replace it by its path node, which is
 * below a PCI function, when there is only one.
 */
static int resolve_head(struct vfp_ctx *ctx, const char *quoted, char **why, char **place)
{
	_cleanup_free_ char *subsystem = strdup(*place), *only = NULL;
	_cleanup_strings_ char **names = NULL;
	char *slash = subsystem ? strrchr(subsystem, '/') : NULL;
	int r;

	if (!slash)
		return -ENOMEM;
	*slash = '\0';
	r = root_list(ctx, subsystem, &names);
	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *link = strf("%s/%s", subsystem, *name), *real = NULL;
		_cleanup_free_ char *node = NULL;

		if (!link)
			return -ENOMEM;
		if (!startswith(*name, "nvme") || root_real(ctx, link, &real) < 0 ||
		    path_node(ctx, real, slash + 1, &node) < 0)
			continue;
		if (only)
			return say_why(why, -EPERM,
				       "%s is reached through several controllers; "
				       "name their addresses",
				       quoted);
		only = take(node);
	}
	if (r == 0 && only) {
		free(*place);
		*place = take(only);
	}
	return r;
}

/* -- what else hangs below the function ---------------------------------------------- */

struct others {
	struct vfp_ctx *ctx;
	const char *own; /* place of what was named */
	char **list, **places;
	size_t n, n_places;
};

/* Is @path @place or below it? */
static bool within(const char *path, const char *place)
{
	size_t len = strlen(place);

	return strncmp(path, place, len) == 0 && (path[len] == '/' || !path[len]);
}

/* Things that a person knows as devices; all else is plumbing between them. */
static bool counts(struct vfp_ctx *ctx, const char *subsystem, const char *path,
		   const char *name)
{
	static const char *const kinds[] = { "net", "drm",   "sound", "usb",
					     "tty", "input", "tpm",   "video4linux" };

	if (streq(subsystem, "block"))
		return below_is_disk(ctx, subsystem, path);
	/* Root hubs and interfaces of USB devices are not what was plugged in. */
	if (streq(subsystem, "usb") && (startswith(name, "usb") || strchr(name, ':')))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(subsystem, kinds[i]))
			return true;
	return false;
}

static int add_string(char ***list, size_t *n, char *string)
{
	int r = string ? list_add((void ***)list, n, string) : -ENOMEM;

	if (r < 0)
		free(string);
	return r;
}

static int collect_other(void *data, const char *subsystem, const char *path,
			 const char *name)
{
	struct others *o = data;
	int r;

	if (within(path, o->own) || within(o->own, path) ||
	    !counts(o->ctx, subsystem, path, name))
		return 0;
	for (size_t i = 0; i < o->n_places; i++)
		if (within(path, o->places[i]))
			return 0;
	r = add_string(&o->places, &o->n_places, strdup(path));
	return r ?: add_string(&o->list, &o->n, escape(name));
}

static int refuse_others(const struct others *o, const char *quoted, const char *address,
			 char **why)
{
	_cleanup_str_ struct str text = { 0 };

	for (size_t i = 0; i < o->n && i < OTHERS_SHOWN; i++)
		if (str_add(&text, "%s%s", i ? ", " : "", o->list[i]) < 0)
			return -ENOMEM;
	if (o->n > OTHERS_SHOWN &&
	    str_add(&text, " and %zu more", o->n - OTHERS_SHOWN) < 0)
		return -ENOMEM;
	return say_why(why, -EPERM,
		       "%s is not alone on %s: with it %s would go; "
		       "name the address to mean all",
		       quoted, address, text.s);
}

static int check_alone(struct vfp_ctx *ctx, const char *function, const char *own,
		       const char *quoted, const char *address, char **why)
{
	struct others o = { .ctx = ctx, .own = own };
	int r = below_walk(ctx, function, collect_other, &o);

	if (r == 0 && o.n)
		r = refuse_others(&o, quoted, address, why);
	strings_free(o.list);
	strings_free(o.places);
	return r;
}

int name_to_function(struct vfp_ctx *ctx, const char *text, const char *quoted,
		     char **why, char **ret_address)
{
	_cleanup_free_ char *place = NULL, *function = NULL;
	char address[ADDRESS_MAX];
	size_t length;
	int r = name_place(ctx, text, quoted, why, &place);

	if (r < 0)
		return r;
	to_whole_disk(ctx, place);
	if (startswith(place, NVME_SUBSYSTEMS))
		r = resolve_head(ctx, quoted, why, &place);
	if (r < 0)
		return r;
	length = path_function(place, address);
	if (!length)
		return say_why(why, -ENODEV, "%s belongs to no PCI device", quoted);
	function = strndup(place, length);
	if (!function)
		return -ENOMEM;
	r = check_alone(ctx, function, place, quoted, address, why);
	if (r < 0)
		return r;
	*ret_address = strdup(address);
	return *ret_address ? 0 : -ENOMEM;
}
