/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is stacked on a disk: its partitions and their holders, and the holders of those.
 * A file system is often several storeys up (a logical volume in LUKS on md), so the
 * whole stack counts as the disk.
 *
 * Mounts name what they are of by number, which is not enough: btrfs shows a number of
 * its own, and swaps have none. So each block is also known by the names of its nodes,
 * and where a btrfs file system lies on several disks, by those of its other members.
 */
#include "model/block.h"

#include <sys/sysmacros.h>

#define CLASS_BLOCK "/sys/class/block"
#define BTRFS       "/sys/fs/btrfs"
#define BLOCKS_MAX  4096

static void block_free(struct block *block)
{
	if (!block)
		return;
	free(block->name);
	free(block->mapper);
	free(block->label);
	free(block->udev);
	free(block);
}

static void block_freep(struct block **block)
{
	block_free(*block);
}

void stack_free(struct stack *stack)
{
	if (!stack)
		return;
	for (size_t i = 0; i < stack->n; i++)
		block_free(stack->list[i]);
	for (size_t i = 0; i < stack->n_aliases; i++) {
		free(stack->aliases[i]->node);
		free(stack->aliases[i]);
	}
	free(stack->list);
	free(stack->aliases);
	free(stack);
}

static void stack_freep(struct stack **stack)
{
	stack_free(*stack);
}

struct block *stack_by_dev(const struct stack *stack, dev_t dev)
{
	for (size_t i = 0; dev && i < stack->n; i++)
		if (stack->list[i]->dev == dev)
			return stack->list[i];
	return NULL;
}

struct block *stack_by_node(const struct stack *stack, const char *node)
{
	for (size_t i = 0; i < stack->n_aliases; i++)
		if (streq(stack->aliases[i]->node, node))
			return stack->aliases[i]->block;
	return NULL;
}

char *block_where(const struct block *block)
{
	const struct block *base = block;

	while (base->mapping && base->on)
		base = base->on;
	if (base == block)
		return strdup(block->label);
	return strf("%s (%s)", base->label, block->label);
}

/* -- names --------------------------------------------------------------------------- */

static int add_alias(struct stack *stack, struct block *block, char *node)
{
	struct alias *alias;
	int r;

	if (node && stack_by_node(stack, node)) {
		free(node);
		return 0;
	}
	alias = node ? calloc(1, sizeof(*alias)) : NULL;
	r = alias ? list_add((void ***)&stack->aliases, &stack->n_aliases, alias)
		  : -ENOMEM;

	if (r < 0) {
		free(alias);
		free(node);
		return r;
	}
	alias->node = node;
	alias->block = block;
	return 0;
}

static char *node_of(const char *name)
{
	char *node = strf("/dev/%s", name);

	for (char *c = node; c && *c; c++)
		if (*c == '!')
			*c = '/';
	return node;
}

char *block_node(const struct block *block)
{
	return node_of(block->name);
}

/* "/dev/dm-0" and "/dev/mapper/vg0-root" */
static int add_names(struct stack *stack, struct block *block, const char *name,
		     const char *mapper)
{
	int r = add_alias(stack, block, node_of(name));

	if (r == 0 && mapper)
		r = add_alias(stack, block, strf("/dev/mapper/%s", mapper));
	return r;
}

/* "vg0-root" of LVM is vg0/root; a hyphen in either name is doubled. */
static char *lvm_name(const char *mapper)
{
	char *name = strdup(mapper), *to = name;
	bool group = true;

	for (const char *from = mapper; name && *from; from++) {
		if (*from == '-' && from[1] == '-')
			from++;
		else if (*from == '-' && group) {
			*to++ = '/';
			group = false;
			continue;
		}
		*to++ = *from;
	}
	if (name)
		*to = '\0';
	return name;
}

static char *make_label(struct vfp_ctx *ctx, const struct block *block)
{
	_cleanup_free_ char *uuid = NULL, *lvm = NULL;

	if (!block->mapper)
		return strdup(block->name);
	root_attr(ctx, &uuid, CLASS_BLOCK "/%s/dm/uuid", block->name);
	if (startswith(nonnull(uuid), "LVM-")) {
		lvm = lvm_name(block->mapper);
		return lvm ? strf("LVM %s", lvm) : NULL;
	}
	return strf("%s%s", startswith(nonnull(uuid), "CRYPT-") ? "LUKS " : "",
		    block->mapper);
}

/* -- the stack ----------------------------------------------------------------------- */

static int load_block(struct vfp_ctx *ctx, const char *name, struct block **ret_block)
{
	_cleanup_(block_freep) struct block *block = calloc(1, sizeof(*block));
	_cleanup_free_ char *dev = NULL;
	unsigned int major, minor;
	int r;

	if (!block)
		return -ENOMEM;
	block->name = strdup(name);
	if (root_attr(ctx, &dev, CLASS_BLOCK "/%s/dev", name) == 0 &&
	    sscanf(dev, "%u:%u", &major, &minor) == 2)
		block->dev = makedev(major, minor);
	if (startswith(name, "dm-")) {
		r = root_attr(ctx, &block->mapper, CLASS_BLOCK "/%s/dm/name", name);
		if (r == -ENOMEM)
			return r;
	}
	block->label = block->name ? make_label(ctx, block) : NULL;
	if (!block->label)
		return -ENOMEM;
	*ret_block = take(block);
	return 0;
}

static struct block *stack_by_name(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->n; i++)
		if (streq(stack->list[i]->name, name))
			return stack->list[i];
	return NULL;
}

/* Add @name, which is a part of @on or lies on it, unless it is there already. */
static int add_block(struct vfp_ctx *ctx, struct stack *stack, const char *name,
		     struct block *on, bool mapping)
{
	_cleanup_(block_freep) struct block *block = NULL;
	int r;

	if (on)
		on->covered = true;
	if (stack_by_name(stack, name) || stack->n >= BLOCKS_MAX)
		return 0;
	r = load_block(ctx, name, &block);
	if (r < 0)
		return r;
	block->on = on;
	block->mapping = mapping;
	r = add_names(stack, block, block->name, block->mapper);
	if (r < 0)
		return r;
	r = list_add((void ***)&stack->list, &stack->n, block);
	if (r == 0)
		block = NULL;
	return r;
}

static int add_partitions(struct vfp_ctx *ctx, struct stack *stack, struct block *block)
{
	_cleanup_free_ char *folder = strf(CLASS_BLOCK "/%s", block->name);
	_cleanup_strings_ char **names = NULL;
	int r = folder ? root_list_dirs(ctx, folder, &names) : -ENOMEM;

	for (char **name = names; r == 0 && *name; name++)
		if (startswith(*name, block->name) &&
		    root_exists(ctx, "%s/%s/partition", folder, *name))
			r = add_block(ctx, stack, *name, block, block->mapping);
	return r == -ENOMEM ? r : 0;
}

static int add_holders(struct vfp_ctx *ctx, struct stack *stack, struct block *block)
{
	_cleanup_free_ char *folder = strf(CLASS_BLOCK "/%s/holders", block->name);
	_cleanup_strings_ char **names = NULL;
	int r = folder ? root_list(ctx, folder, &names) : -ENOMEM;

	for (char **name = names; r == 0 && *name; name++)
		r = add_block(ctx, stack, *name, block, true);
	return r == -ENOMEM ? r : 0;
}

/* Does btrfs at @folder lie on a block of the stack? */
static struct block *btrfs_block(const struct stack *stack, char *const *members)
{
	for (; *members; members++) {
		struct block *block = stack_by_name(stack, *members);

		if (block)
			return block;
	}
	return NULL;
}

/* The names of all members of btrfs file systems that lie on the stack, too. */
static int add_btrfs(struct vfp_ctx *ctx, struct stack *stack)
{
	_cleanup_strings_ char **systems = NULL;
	int r = root_list(ctx, BTRFS, &systems);

	for (char **system = systems; r == 0 && *system; system++) {
		_cleanup_free_ char *folder = strf(BTRFS "/%s/devices", *system);
		_cleanup_strings_ char **members = NULL;
		struct block *block;

		if (!folder)
			return -ENOMEM;
		if (root_list(ctx, folder, &members) < 0)
			continue;
		block = btrfs_block(stack, members);
		for (char **m = members; block && r == 0 && *m; m++) {
			_cleanup_free_ char *mapper = NULL;

			if (startswith(*m, "dm-"))
				root_attr(ctx, &mapper, CLASS_BLOCK "/%s/dm/name", *m);
			r = add_names(stack, block, *m, mapper);
		}
	}
	return r == -ENOMEM ? r : 0;
}

static int add_loops(struct vfp_ctx *ctx, struct stack *stack,
		     const struct mounts *mounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mounts->n_loops; i++) {
		const struct loop *loop = mounts->loops[i];
		struct block *base = loop_base(stack, loop);

		if (!base || stack_by_name(stack, loop->name))
			continue;
		r = add_block(ctx, stack, loop->name, base, true);
		base = stack_by_name(stack, loop->name);
		if (base)
			base->image = loop->fs;
	}
	return r;
}

/* The list grows while it is walked; what is in it already is not added again. */
int stack_read(struct vfp_ctx *ctx, const char *disk, const struct mounts *mounts,
	       struct stack **ret_stack)
{
	_cleanup_(stack_freep) struct stack *stack = calloc(1, sizeof(*stack));
	size_t walked = 0;
	int r;

	if (!stack)
		return -ENOMEM;
	r = add_block(ctx, stack, disk, NULL, false);
	while (r == 0 && walked < stack->n) {
		for (; r == 0 && walked < stack->n; walked++)
			r = add_partitions(ctx, stack, stack->list[walked])
				  ?: add_holders(ctx, stack, stack->list[walked]);
		r = r ?: add_btrfs(ctx, stack);
		r = r ?: add_loops(ctx, stack, mounts);
	}
	if (r == 0)
		*ret_stack = take(stack);
	return r;
}
