/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: one that /etc/fstab names and that is not mounted now. The next boot,
 * or the next `mount -a`, would miss it. The names are looked up among the links in udev's
 * database.
 *
 * Options may hold passwords, so they are dropped before anything else is done with the
 * text, and no dump has them.
 */
#include "model/block.h"

#include <libmount.h>

#define TABLE_MAX (1 << 20)
#define FSTAB     "/etc/fstab"

/* What pid 1 has there; a service may see another one. */
static int read_file(struct vfp_ctx *ctx, char **ret_text)
{
	struct mirror *mirror = ctx->mirror;
	int r;

	ctx->mirror = NULL;
	r = ctx->dump ? -ENOENT
		      : root_read(ctx, "/proc/1/root" FSTAB, TABLE_MAX, ret_text, NULL);
	if (r < 0 && r != -ENOMEM)
		r = root_read(ctx, FSTAB, TABLE_MAX, ret_text, NULL);
	ctx->mirror = mirror;
	return r;
}

/* Lines on block devices, without the options. */
static int strip(char *text, struct str *kept)
{
	char *line;
	int r = str_add(kept, "%s", "");

	while (r == 0 && (line = strsep(&text, "\n"))) {
		char *save = NULL, *source = strtok_r(line, " \t", &save),
		     *target = strtok_r(NULL, " \t", &save),
		     *type = strtok_r(NULL, " \t", &save);

		if (!type || *source == '#' ||
		    (!startswith(source, "/dev/") && !strchr(source, '=')) ||
		    startswith(source, "//"))
			continue;
		r = str_add(kept, "%s %s %s\n", source, target, type);
	}
	return r;
}

static int need_fstab(struct check *c)
{
	struct mounts *mounts = c->facts->mounts;
	_cleanup_free_ char *text = NULL;
	_cleanup_str_ struct str kept = { 0 };
	int r;

	if (mounts->fstab)
		return 0;
	r = read_file(c->ctx, &text);
	if (r < 0 && r != -ENOMEM)
		text = strdup("");
	if (!text)
		return -ENOMEM;
	r = strip(text, &kept);
	if (r == 0 && c->ctx->mirror)
		mirror_file(c->ctx, FSTAB, kept.s, kept.len);
	return r ?: mounts_parse(kept.s, kept.len, FSTAB, &mounts->fstab);
}

/* The folder below /dev with the links for "UUID=..." and the like. */
static const char *folder_of_tag(const char *tag)
{
	static const char *const folders[][2] = {
		{ "UUID", "disk/by-uuid/" },
		{ "LABEL", "disk/by-label/" },
		{ "PARTUUID", "disk/by-partuuid/" },
		{ "PARTLABEL", "disk/by-partlabel/" },
		{ "ID", "disk/by-id/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (streq(tag, folders[i][0]))
			return folders[i][1];
	return NULL;
}

/*
 * The block of @stack that the line @fs is about; of several, as the members of btrfs are,
 * one that is in use.
 */
static struct block *block_of_line(struct vfp_ctx *ctx, const struct stack *stack,
				   struct libmnt_fs *fs)
{
	const char *tag = NULL, *name = NULL, *folder = "",
		   *path = nonnull(mnt_fs_get_srcpath(fs));
	struct block *found = stack_by_node(stack, path);

	if (found)
		return found;
	if (mnt_fs_get_tag(fs, &tag, &name) == 0)
		folder = folder_of_tag(tag);
	else if (startswith(path, "/dev/"))
		name = path + strlen("/dev/");
	for (size_t i = 0; folder && name && i < stack->n; i++) {
		struct block *block = stack->list[i];

		if ((!found || block->used) &&
		    udev_has_link(block_udev(ctx, block), folder, name))
			found = block;
	}
	return found;
}

static int report_line(struct check *c, const struct block *block, struct libmnt_fs *fs)
{
	_cleanup_free_ char *where = block_where(block);
	const char *target = nonnull(mnt_fs_get_target(fs));

	if (!where)
		return -ENOMEM;
	if (mnt_fs_is_swaparea(fs))
		return check_add(c, VFP_WARN, "swap", "take it out of " FSTAB,
				 FSTAB " has %s as swap, though it is not in use now",
				 where);
	return check_add(c, VFP_WARN, target, "take it out of " FSTAB,
			 FSTAB " has %s for %s, though it is not mounted now", where,
			 target);
}

int check_fstab(struct check *c, struct thing *thing)
{
	_cleanup_iter_ struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	r = need_fstab(c);
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	if (r == 0 && !iter)
		r = -ENOMEM;
	while (r == 0 && (fs = mounts_next(c->facts->mounts->fstab, iter))) {
		struct block *block = block_of_line(c->ctx, thing->stack, fs);

		if (block && !block->used)
			r = report_line(c, block, fs);
	}
	return r;
}
