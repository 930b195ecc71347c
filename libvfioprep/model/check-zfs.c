/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: members of ZFS pools. The kernel's block layer knows of no stack
 * there, so the signature in udev's database is set beside the pools that are imported.
 */
#include "model/block.h"

#define POOLS "/proc/spl/kstat/zfs"

static int need_pools(struct check *c, char ***ret_pools)
{
	struct mounts *mounts = c->facts->mounts;
	int r = 0;

	if (!mounts->pools) {
		r = root_list_dirs(c->ctx, POOLS, &mounts->pools);
		if (r < 0 && r != -ENOMEM)
			mounts->pools = calloc(1, sizeof(*mounts->pools));
		r = mounts->pools ? 0 : -ENOMEM;
	}
	*ret_pools = mounts->pools;
	return r;
}

static bool is_listed(char *const *names, const char *name)
{
	for (; *names; names++)
		if (streq(*names, name))
			return true;
	return false;
}

static int report_member(struct check *c, struct stack *stack, const struct block *block,
			 const char *pool)
{
	_cleanup_free_ char *remedy = strf("zpool export %s", pool ?: "POOL");
	int r;

	if (!remedy)
		return -ENOMEM;
	stack->in_use = true;
	r = check_use(c, USE_NORMAL, "disk %s: ZFS pool %s", stack->list[0]->name,
		      pool ?: "");
	if (r < 0)
		return r;
	if (pool)
		return check_add(c, VFP_REFUSE, pool, remedy,
				 "the host would lose the ZFS pool %s, or a part of it: "
				 "%s is a member",
				 pool, block->name);
	return check_add(
		c, VFP_REFUSE, block->name, remedy,
		"%s belongs to ZFS, and may be in use by a pool that is imported",
		block->name);
}

/* A spare says no pool's name. */
static int check_member(struct check *c, struct stack *stack, struct block *block,
			char *const *pools)
{
	const char *udev = block_udev(c->ctx, block);
	_cleanup_free_ char *type = udev_value(udev, "ID_FS_TYPE");
	_cleanup_free_ char *pool = NULL;

	if (!type || !streq(type, "zfs_member"))
		return 0;
	pool = udev_value(udev, "ID_FS_LABEL");
	if (pool && !is_listed(pools, pool))
		return 0;
	return report_member(c, stack, block, pool);
}

int check_zfs(struct check *c, struct thing *thing)
{
	char **pools = NULL;
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	r = need_pools(c, &pools);
	if (r < 0 || !*pools)
		return r;
	for (size_t i = 0; r == 0 && i < thing->stack->n; i++)
		if (!thing->stack->list[i]->mapping)
			r = check_member(c, thing->stack, thing->stack->list[i], pools);
	return r;
}
