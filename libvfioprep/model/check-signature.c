/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks that the host does not use: there is something on one all the same.
 * What it is udev has found out already; no disk is opened for it.
 */
#include "model/block.h"

#define SHOWN 6

/* "ext4 \"data\" (sda1)"; NULL when nothing is known to be on the block. */
static char *describe(struct vfp_ctx *ctx, struct block *block)
{
	const char *udev = block_udev(ctx, block);
	_cleanup_free_ char *type = udev_value(udev, "ID_FS_TYPE");
	_cleanup_free_ char *label = type ? udev_value(udev, "ID_FS_LABEL") : NULL;

	if (!type)
		return NULL;
	return strf("%s%s%s%s (%s)", type, label ? " \"" : "", nonnull(label),
		    label ? "\"" : "", block->name);
}

/* What is on the disk and on its partitions; "" when nothing is recognised. */
static int describe_all(struct vfp_ctx *ctx, const struct stack *stack, struct str *text)
{
	size_t found = 0;
	int r = str_add(text, "%s", "");

	for (size_t i = 0; r == 0 && i < stack->n; i++) {
		_cleanup_free_ char *one = NULL;

		if (!stack->list[i]->mapping)
			one = describe(ctx, stack->list[i]);
		if (one && found++ < SHOWN)
			r = str_add(text, "%s%s", found > 1 ? ", " : "", one);
	}
	if (r == 0 && found > SHOWN)
		r = str_add(text, " and %zu more", found - SHOWN);
	return r;
}

int check_signature(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *table = NULL;
	_cleanup_str_ struct str text = { 0 };
	struct block *disk;
	int r = check_stack(c, thing);

	if (r <= 0 || thing->stack->in_use)
		return r < 0 ? r : 0;
	disk = thing->stack->list[0];
	r = describe_all(c->ctx, thing->stack, &text);
	if (r < 0)
		return r;
	if (text.len)
		return check_add(c, VFP_NOTE, disk->name, NULL,
				 "the guest can read and overwrite what is on %s: %s",
				 disk->name, text.s);
	table = udev_value(block_udev(c->ctx, disk), "ID_PART_TABLE_TYPE");
	return table ? check_add(c, VFP_NOTE, disk->name, NULL,
				 "the guest can read and overwrite %s, which has a "
				 "partition table (%s)",
				 disk->name, table)
		     : 0;
}
