/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: volumes, arrays and mappings that are active on one, though nothing
 * of them is mounted.
 */
#include "model/model.h"

int check_mapping(struct check *c, struct thing *thing)
{
	int r = check_stack(c, thing);

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
