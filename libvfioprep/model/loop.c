/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loop devices: files, and disks, that are block devices once more. The kernel lists no
 * holder for them; each says itself what is behind it, by a path. That of a file is on the
 * file system that is mounted deepest above it.
 */
#include "model/block.h"

#include <libmount.h>

#define CLASS_BLOCK "/sys/class/block"

static void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	free(loop->name);
	free(loop->file);
	free(loop);
}

static void loop_freep(struct loop **loop)
{
	loop_free(*loop);
}

void loops_free(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->n_loops; i++)
		loop_free(mounts->loops[i]);
	free(mounts->loops);
}

static bool is_loop(const char *name)
{
	const char *number = name + strlen("loop");

	return startswith(name, "loop") && *number &&
	       number[strspn(number, "0123456789")] == '\0';
}

/* One that nothing is behind has no such file. */
static int add_loop(struct vfp_ctx *ctx, struct mounts *mounts, const char *name)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));
	int r = loop ? root_attr(ctx, &loop->file, CLASS_BLOCK "/%s/loop/backing_file",
				 name)
		     : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	loop->name = strdup(name);
	if (!loop->name)
		return -ENOMEM;
	if (!startswith(loop->file, "/dev/"))
		loop->fs = mount_of_file(mounts, loop->file);
	r = list_add((void ***)&mounts->loops, &mounts->n_loops, loop);
	if (r == 0)
		loop = NULL;
	return r;
}

int loops_read(struct vfp_ctx *ctx, struct mounts *mounts)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list(ctx, CLASS_BLOCK, &names);

	for (char **name = names; r == 0 && *name; name++)
		if (is_loop(*name))
			r = add_loop(ctx, mounts, *name);
	return r == -ENOMEM ? r : 0;
}

struct block *loop_base(const struct stack *stack, const struct loop *loop)
{
	return loop->fs ? block_of_mount(stack, loop->fs)
			: stack_by_node(stack, loop->file);
}
