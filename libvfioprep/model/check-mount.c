/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: file systems mounted from anything stacked on one.
 */
#include "model/block.h"

#include <libmount.h>

#define OTHERS_SHOWN 3

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

/*
 * What is mounted from an image is lost with the file system that the image is on, and is
 * said with that. On many a host there are dozens.
 */
static struct libmnt_fs *bearer(const struct block *block, struct libmnt_fs *fs)
{
	for (; block; block = block->on)
		if (block->image)
			fs = block->image;
	return fs;
}

static int find_losses(struct check *c, const struct stack *stack, struct losses *losses)
{
	_cleanup_iter_ struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	int r = iter ? 0 : -ENOMEM;

	while (r == 0 && (fs = mounts_next(c->facts->mounts->mounted, iter))) {
		struct block *block = block_of_mount(stack, fs);

		if (!block)
			continue;
		block->used = true;
		r = add_loss(losses, mnt_fs_get_devno(bearer(block, fs)), block,
			     nonnull(mnt_fs_get_target(fs)));
	}
	return r;
}

static int report_loss(struct check *c, struct stack *stack, const struct lost *lost)
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
	stack->in_use = true;
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
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	r = find_losses(c, thing->stack, &losses);
	for (size_t i = 0; r == 0 && i < losses.n; i++)
		r = report_loss(c, thing->stack, losses.list[i]);
	losses_done(&losses);
	return r;
}
