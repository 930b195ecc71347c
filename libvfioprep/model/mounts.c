/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has mounted and swaps to, and which of it lies on a disk. The mounts are
 * those of pid 1: a hook or a service may see others. They are read as text through the
 * root and parsed by libmount from memory, so that a dump replays.
 */
#include "model/block.h"

#include <libmount.h>
#include <sys/sysmacros.h>

#define TABLE_MAX (64 << 20)

void mounts_free(struct mounts *mounts)
{
	if (!mounts)
		return;
	mnt_unref_table(mounts->mounted);
	mnt_unref_table(mounts->swaps);
	mnt_unref_table(mounts->fstab);
	strings_free(mounts->pools);
	loops_free(mounts);
	free(mounts);
}

int mounts_parse(char *text, size_t size, const char *path,
		 struct libmnt_table **ret_table)
{
	struct libmnt_table *table = mnt_new_table();
	FILE *file;
	int r = table ? 0 : -ENOMEM;

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

static int read_table(struct vfp_ctx *ctx, const char *path,
		      struct libmnt_table **ret_table)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = root_read(ctx, path, TABLE_MAX, &text, &size);

	return r ?: mounts_parse(text, size, path, ret_table);
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
	r = read_table(c->ctx, "/proc/1/mountinfo", &mounts->mounted);
	mounts->of_host = r == 0;
	if (r < 0 && r != -ENOMEM)
		r = read_table(c->ctx, "/proc/self/mountinfo", &mounts->mounted);
	if (r != -ENOMEM)
		r = read_table(c->ctx, "/proc/swaps", &mounts->swaps);
	if (r != -ENOMEM)
		r = loops_read(c->ctx, mounts);
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

struct block *block_of_mount(const struct stack *stack, struct libmnt_fs *fs)
{
	dev_t dev = mnt_fs_get_devno(fs);
	struct block *block = stack_by_dev(stack, dev);

	if (block || major(dev) != 0)
		return block;
	return stack_by_node(stack, nonnull(mnt_fs_get_srcpath(fs)));
}

struct libmnt_fs *mount_of_file(const struct mounts *mounts, const char *path)
{
	_cleanup_iter_ struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs, *found = NULL;
	size_t longest = 0;

	while (iter && (fs = mounts_next(mounts->mounted, iter))) {
		const char *where = nonnull(mnt_fs_get_target(fs));
		size_t len = streq(where, "/") ? 0 : strlen(where);

		if (strncmp(path, where, len) != 0 || path[len] != '/' || len < longest)
			continue;
		longest = len;
		found = fs;
	}
	return found;
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
	r = mounts_need(c);
	r = r ?: stack_read(c->ctx, disk, c->facts->mounts, &thing->stack);
	return r < 0 ? r : 1;
}
