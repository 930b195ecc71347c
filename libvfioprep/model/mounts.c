/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has mounted and swaps to, and which of it lies on a disk. The mounts are
 * those of pid 1: a hook or a service may see others. They are read as text through the
 * root and parsed by libmount from memory, so that a dump replays.
 */
#include "model/model.h"

#include <libmount.h>
#include <sys/sysmacros.h>

#define TABLE_MAX  (64 << 20)
#define LOOP_MAJOR 7

void mounts_free(struct mounts *mounts)
{
	if (!mounts)
		return;
	mnt_unref_table(mounts->mounted);
	mnt_unref_table(mounts->swaps);
	free(mounts);
}

static int parse_table(struct vfp_ctx *ctx, const char *path,
		       struct libmnt_table **ret_table)
{
	struct libmnt_table *table = mnt_new_table();
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *file;
	int r = table ? root_read(ctx, path, TABLE_MAX, &text, &size) : -ENOMEM;

	if (r == 0 && size) {
		file = fmemopen(text, size, "r");
		r = file ? mnt_table_parse_stream(table, file, path) : -ENOMEM;
		if (file)
			fclose(file);
	}
	if (r == 0)
		*ret_table = table;
	else
		mnt_unref_table(table);
	return r > 0 ? -EBADMSG : r;
}

int mounts_need(struct check *c)
{
	struct mounts *mounts;
	int r;

	if (c->facts->mounts)
		return 0;
	mounts = calloc(1, sizeof(*mounts));
	if (!mounts)
		return -ENOMEM;
	c->facts->mounts = mounts;
	r = parse_table(c->ctx, "/proc/1/mountinfo", &mounts->mounted);
	mounts->of_host = r == 0;
	if (r < 0 && r != -ENOMEM)
		r = parse_table(c->ctx, "/proc/self/mountinfo", &mounts->mounted);
	if (r != -ENOMEM)
		r = parse_table(c->ctx, "/proc/swaps", &mounts->swaps);
	return r == -ENOMEM ? r : 0;
}

int check_each_mount(struct check *c, mount_fn *fn, void *data)
{
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = iter ? mounts_need(c) : -ENOMEM;

	while (r == 0 && c->facts->mounts->mounted &&
	       mnt_table_next_fs(c->facts->mounts->mounted, iter, &fs) == 0)
		r = fn(data, nonnull(mnt_fs_get_fstype(fs)),
		       nonnull(mnt_fs_get_source(fs)), nonnull(mnt_fs_get_target(fs)));
	mnt_free_iter(iter);
	return r;
}

void iter_freep(struct libmnt_iter **iter)
{
	mnt_free_iter(*iter);
}

struct libmnt_fs *mounts_next(struct libmnt_table *table, struct libmnt_iter *iter)
{
	struct libmnt_fs *fs;

	return table && mnt_table_next_fs(table, iter, &fs) == 0 ? fs : NULL;
}

/*
 * The block of @stack that @fs is on. A loop device on a disk itself counts as the disk.
 */
struct block *block_of_mount(struct vfp_ctx *ctx, const struct stack *stack,
			     struct libmnt_fs *fs)
{
	dev_t dev = mnt_fs_get_devno(fs);
	struct block *block = stack_by_dev(stack, dev);
	_cleanup_free_ char *file = NULL;

	if (block)
		return block;
	if (major(dev) == 0)
		return stack_by_node(stack, nonnull(mnt_fs_get_srcpath(fs)));
	if (major(dev) == LOOP_MAJOR &&
	    root_attr(ctx, &file, "/sys/dev/block/%u:%u/loop/backing_file", LOOP_MAJOR,
		      minor(dev)) == 0)
		return stack_by_node(stack, file);
	return NULL;
}

struct block *block_of_file(struct check *c, const struct stack *stack, const char *path)
{
	_cleanup_iter_ struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct block *block = NULL;
	struct libmnt_fs *fs;
	size_t longest = 0;

	while (iter && (fs = mounts_next(c->facts->mounts->mounted, iter))) {
		const char *where = nonnull(mnt_fs_get_target(fs));
		size_t len = streq(where, "/") ? 0 : strlen(where);

		if (strncmp(path, where, len) != 0 || path[len] != '/' || len < longest)
			continue;
		longest = len;
		block = block_of_mount(c->ctx, stack, fs);
	}
	return block;
}

int check_stack(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *disk = NULL;
	int r;

	if (thing->stack)
		return 1;
	if (!below_is_disk(c->ctx, thing->subsystem, thing->path))
		return 0;
	disk = below_disk_name(thing->name);
	if (!disk)
		return -ENOMEM;
	r = stack_read(c->ctx, disk, &thing->stack);
	r = r ?: mounts_need(c);
	return r < 0 ? r : 1;
}
