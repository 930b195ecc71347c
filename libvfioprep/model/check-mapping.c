/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: volumes, arrays and mappings that are active on one, though nothing
 * of them is mounted.
 */
#include "model/block.h"

/* What ends it, where that is known. */
static char *remedy_for(struct vfp_ctx *ctx, const struct block *block)
{
	static const struct {
		const char *uuid, *command;
	} tools[] = {
		{ "CRYPT-", "cryptsetup close" },
		{ "LVM-", "lvchange -an /dev/mapper/" },
		{ "mpath-", "multipath -f" },
	};
	_cleanup_free_ char *uuid = NULL;

	if (startswith(block->name, "md"))
		return strf("mdadm --stop /dev/%s", block->name);
	if (startswith(block->name, "loop") && !strchr(block->name + strlen("loop"), 'p'))
		return strf("losetup -d /dev/%s", block->name);
	if (!block->mapper)
		return strdup("deactivate it");
	root_attr(ctx, &uuid, "/sys/class/block/%s/dm/uuid", block->name);
	for (size_t i = 0; uuid && i < ARRAY_SIZE(tools); i++)
		if (startswith(uuid, tools[i].uuid))
			return strf("%s%s%s", tools[i].command,
				    endswith(tools[i].command, "/") ? "" : " ",
				    block->mapper);
	return strf("dmsetup remove %s", block->mapper);
}

static int report_mapping(struct check *c, struct stack *stack, const struct block *block)
{
	const char *name = block->mapper ?: block->name;
	_cleanup_free_ char *where = block_where(block);
	_cleanup_free_ char *remedy = remedy_for(c->ctx, block);
	int r;

	if (!where || !remedy)
		return -ENOMEM;
	stack->in_use = true;
	r = check_use(c, USE_NORMAL, "disk %s: %s is active", stack->list[0]->name, name);
	if (r < 0)
		return r;
	return check_add(c, VFP_REFUSE, name, remedy,
			 "%s is active on %s, though nothing of it is mounted", name,
			 where);
}

/* A file system that has an image in use is mounted, and has been said. */
int check_mapping(struct check *c, struct thing *thing)
{
	int r = check_stack(c, thing);

	if (r <= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < thing->stack->n; i++) {
		const struct block *block = thing->stack->list[i];

		if (block->mapping && !block->covered && !block->used && !block->image)
			r = report_mapping(c, thing->stack, block);
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
