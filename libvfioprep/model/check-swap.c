/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: the host swaps to one, or to a file on it.
 */
#include "model/block.h"

#include <libmount.h>

static int report_swap(struct check *c, struct stack *stack, struct block *block,
		       const char *file)
{
	_cleanup_free_ char *where = block_where(block);
	int r;

	if (!where)
		return -ENOMEM;
	block->used = true;
	stack->in_use = true;
	r = check_use(c, USE_VITAL, "disk %s: swap", stack->list[0]->name);
	if (r < 0)
		return r;
	return check_add(
		c, VFP_REFUSE, "swap", "swapoff",
		"the host would lose what it has swapped out: it swaps to %s%s%s%s",
		where, file ? " (file " : "", nonnull(file), file ? ")" : "");
}

/* The file may be anywhere on what is mounted. */
static struct block *block_of_swap(const struct mounts *mounts, const struct stack *stack,
				   const char *source, bool file)
{
	struct libmnt_fs *fs = file ? mount_of_file(mounts, source) : NULL;

	if (!file)
		return stack_by_node(stack, source);
	return fs ? block_of_mount(stack, fs) : NULL;
}

int check_swap(struct check *c, struct thing *thing)
{
	_cleanup_iter_ struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	r = iter ? 0 : -ENOMEM;
	while (r == 0 && (fs = mounts_next(c->facts->mounts->swaps, iter))) {
		const char *source = nonnull(mnt_fs_get_source(fs));
		bool file = streq(nonnull(mnt_fs_get_swaptype(fs)), "file");
		struct block *block =
			block_of_swap(c->facts->mounts, thing->stack, source, file);

		if (block)
			r = report_swap(c, thing->stack, block, file ? source : NULL);
	}
	return r;
}
