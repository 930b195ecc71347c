/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about disks: file systems mounted from anything stacked on one, swap,
 * and mappings that are active though nothing of them is mounted. The mounts are those of
 * pid 1: a hook or a service may see others. They are read as text through the root and
 * parsed by libmount from memory, so that a dump replays.
 */
#include "model/model.h"

#include <libmount.h>
#include <sys/sysmacros.h>

#define TABLE_MAX    (64 << 20)
#define OTHERS_SHOWN 3
#define LOOP_MAJOR   7

struct mounts {
	struct libmnt_table *mounted, *swaps;
	bool of_host; /* mounted are those of pid 1 */
};

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

static int need_mounts(struct check *c)
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
	int r = iter ? need_mounts(c) : -ENOMEM;

	while (r == 0 && c->facts->mounts->mounted &&
	       mnt_table_next_fs(c->facts->mounts->mounted, iter, &fs) == 0)
		r = fn(data, nonnull(mnt_fs_get_fstype(fs)),
		       nonnull(mnt_fs_get_source(fs)), nonnull(mnt_fs_get_target(fs)));
	mnt_free_iter(iter);
	return r;
}

/*
 * What is on the disk @thing, and what the host has mounted; 0 when @thing is a
 * partition.
 */
static int need_stack(struct check *c, struct thing *thing)
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
	r = r ?: need_mounts(c);
	return r < 0 ? r : 1;
}

/* The next entry of @table; NULL after the last. */
static struct libmnt_fs *next_fs(struct libmnt_table *table, struct libmnt_iter *iter)
{
	struct libmnt_fs *fs;

	return table && mnt_table_next_fs(table, iter, &fs) == 0 ? fs : NULL;
}

static void iter_freep(struct libmnt_iter **iter)
{
	mnt_free_iter(*iter);
}

#define _cleanup_iter_ _cleanup_(iter_freep)

/* -- mounted file systems ------------------------------------------------------------ */

/*
 * A file system of the disk that is mounted, once for all its mounts but the vital ones.
 */
struct lost {
	dev_t dev;
	struct block *block;
	const char *where;
	size_t n_others;
	struct str others;
};

struct losses {
	struct lost **list;
	size_t n;
};

static void losses_done(struct losses *losses)
{
	for (size_t i = 0; i < losses->n; i++) {
		str_done(&losses->list[i]->others);
		free(losses->list[i]);
	}
	free(losses->list);
}

/* Without these the host does not live on. */
static bool is_vital(const char *where)
{
	return streq(where, "/") || streq(where, "/usr") || streq(where, "/boot");
}

/*
 * The block of @stack that @fs is on. A loop device on a disk itself counts as the disk.
 */
static struct block *block_of_mount(struct vfp_ctx *ctx, const struct stack *stack,
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

static int add_other(struct lost *lost, const char *where)
{
	lost->n_others++;
	if (lost->n_others > OTHERS_SHOWN)
		return 0;
	return str_add(&lost->others, "%s%s", lost->n_others > 1 ? ", " : "", where);
}

static int add_loss(struct losses *losses, dev_t dev, struct block *block,
		    const char *where)
{
	struct lost *lost;
	int r;

	for (size_t i = 0; i < losses->n && !is_vital(where); i++)
		if (losses->list[i]->dev == dev)
			return add_other(losses->list[i], where);
	lost = calloc(1, sizeof(*lost));
	if (!lost)
		return -ENOMEM;
	lost->dev = dev;
	lost->block = block;
	lost->where = where;
	r = list_add((void ***)&losses->list, &losses->n, lost);
	if (r < 0)
		free(lost);
	return r;
}

static int find_losses(struct check *c, const struct stack *stack, struct losses *losses)
{
	_cleanup_iter_ struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = iter ? 0 : -ENOMEM;

	while (r == 0 && (fs = next_fs(c->facts->mounts->mounted, iter))) {
		struct block *block = block_of_mount(c->ctx, stack, fs);

		if (!block)
			continue;
		block->used = true;
		r = add_loss(losses, mnt_fs_get_devno(fs), block,
			     nonnull(mnt_fs_get_target(fs)));
	}
	return r;
}

static int report_loss(struct check *c, const struct stack *stack,
		       const struct lost *lost)
{
	_cleanup_free_ char *where = block_where(lost->block), *others = NULL;
	int r;

	others = lost->n_others > OTHERS_SHOWN
		       ? strf("; also at %s and %zu more", lost->others.s,
			      lost->n_others - OTHERS_SHOWN)
		       : strf("%s%s", lost->n_others ? "; also at " : "",
			      nonnull(lost->others.s));
	if (!where || !others)
		return -ENOMEM;
	r = check_use(c, is_vital(lost->where) ? USE_VITAL : USE_NORMAL,
		      "disk %s: %s is mounted", stack->list[0]->name, lost->where);
	if (r < 0)
		return r;
	if (streq(lost->where, "/"))
		return check_add(c, VFP_REFUSE, "/", NULL,
				 "the host would lose its root file system: / is on %s%s",
				 where, others);
	return check_add(c, VFP_REFUSE, lost->where,
			 is_vital(lost->where) ? NULL : "unmount it",
			 "the host would lose %s, which is mounted from %s%s",
			 lost->where, where, others);
}

int check_mounted(struct check *c, struct thing *thing)
{
	struct losses losses = { 0 };
	int r = need_stack(c, thing);

	if (r <= 0)
		return r;
	r = find_losses(c, thing->stack, &losses);
	for (size_t i = 0; r == 0 && i < losses.n; i++)
		r = report_loss(c, thing->stack, losses.list[i]);
	losses_done(&losses);
	return r;
}

/* -- swap ---------------------------------------------------------------------------- */

/* The block that the file at @path is on: that of the deepest mount above it. */
static struct block *block_of_file(struct check *c, const struct stack *stack,
				   const char *path)
{
	_cleanup_iter_ struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct block *block = NULL;
	struct libmnt_fs *fs;
	size_t longest = 0;

	while (iter && (fs = next_fs(c->facts->mounts->mounted, iter))) {
		const char *where = nonnull(mnt_fs_get_target(fs));
		size_t len = streq(where, "/") ? 0 : strlen(where);

		if (strncmp(path, where, len) != 0 || path[len] != '/' || len < longest)
			continue;
		longest = len;
		block = block_of_mount(c->ctx, stack, fs);
	}
	return block;
}

static int report_swap(struct check *c, const struct stack *stack, struct block *block,
		       const char *file)
{
	_cleanup_free_ char *where = block_where(block);
	int r;

	if (!where)
		return -ENOMEM;
	block->used = true;
	r = check_use(c, USE_VITAL, "disk %s: swap", stack->list[0]->name);
	if (r < 0)
		return r;
	return check_add(
		c, VFP_REFUSE, "swap", "swapoff",
		"the host would lose what it has swapped out: it swaps to %s%s%s%s",
		where, file ? " (file " : "", nonnull(file), file ? ")" : "");
}

int check_swap(struct check *c, struct thing *thing)
{
	_cleanup_iter_ struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	int r = need_stack(c, thing);

	if (r <= 0)
		return r;
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	r = iter ? 0 : -ENOMEM;
	while (r == 0 && (fs = next_fs(c->facts->mounts->swaps, iter))) {
		const char *source = nonnull(mnt_fs_get_source(fs));
		bool file = streq(nonnull(mnt_fs_get_swaptype(fs)), "file");
		struct block *block = file ? block_of_file(c, thing->stack, source)
					   : stack_by_node(thing->stack, source);

		if (block)
			r = report_swap(c, thing->stack, block, file ? source : NULL);
	}
	return r;
}

/* -- mappings ------------------------------------------------------------------------ */

int check_mapping(struct check *c, struct thing *thing)
{
	int r = need_stack(c, thing);

	if (r <= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < thing->stack->n; i++) {
		const struct block *block = thing->stack->list[i];
		const char *name = block->mapper ?: block->name;
		_cleanup_free_ char *where = NULL;

		if (!block->mapping || block->covered || block->used)
			continue;
		where = block_where(block);
		if (!where)
			return -ENOMEM;
		r = check_use(c, USE_NORMAL, "disk %s: %s is active",
			      thing->stack->list[0]->name, name);
		r = r
			  ?: check_add(c, VFP_REFUSE, name, "deactivate it",
				       "%s is active on %s, though nothing of it "
				       "is mounted",
				       name, where);
	}
	return r;
}

int check_mounts_known(struct check *c, struct thing *thing)
{
	const struct mounts *mounts = c->facts->mounts;
	int r = 0;

	(void)thing;
	if (!check_has(c, "block") || !mounts)
		return 0;
	if (!mounts->of_host)
		r = check_add(
			c, VFP_UNKNOWN, NULL, "ask again as root",
			mounts->mounted
				? "the mounts of pid 1 could not be read, only those "
				  "that this process sees"
				: "the mounts could not be read");
	if (r == 0 && !mounts->swaps)
		r = check_add(c, VFP_UNKNOWN, "swap", NULL,
			      "the swaps could not be read");
	return r;
}
