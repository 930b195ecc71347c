/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: the host swaps to one, or to a file on it.
 */
#include "model/model.h"

#include <libmount.h>

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
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	r = iter ? 0 : -ENOMEM;
	while (r == 0 && (fs = mounts_next(c->facts->mounts->swaps, iter))) {
		const char *source = nonnull(mnt_fs_get_source(fs));
		bool file = streq(nonnull(mnt_fs_get_swaptype(fs)), "file");
		struct block *block = file ? block_of_file(c, thing->stack, source)
					   : stack_by_node(thing->stack, source);

		if (block)
			r = report_swap(c, thing->stack, block, file ? source : NULL);
	}
	return r;
}
