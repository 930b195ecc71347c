/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons about disks: somebody has one open. Whoever mounts, maps or swaps opens it for
 * himself alone, so a second such open tells of every use that the other rows cannot see:
 * a mount in another namespace, the journal of a file system elsewhere, a program. It is
 * tried only where nothing is known to use the disk, never for a listing, in a child, as it
 * may block, and is closed at once.
 *
 * A dump has the answer in a file; on a disk of a dump it is never tried.
 */
#include "model/block.h"

#include <fcntl.h>

#define OPEN_TIMEOUT 2000 /* milliseconds; a disk that works takes less than one */
#define TRIES        3
#define TRY_AGAIN    50 /* another look at the same moment is no use of the disk */

struct attempt {
	struct vfp_ctx *ctx;
	const char *node;
};

static int open_once(void *data, size_t index, char *text)
{
	struct attempt *attempt = data;
	int fd = root_open(attempt->ctx, attempt->node, O_RDONLY | O_EXCL | O_NONBLOCK);

	(void)index;
	(void)text;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int open_in_child(struct vfp_ctx *ctx, const char *node)
{
	struct attempt attempt = { ctx, node };
	int64_t deadline = deadline_in(OPEN_TIMEOUT);
	struct child child;
	int r = child_start(ctx, open_once, &attempt, TRIES, -1, &child);

	if (r < 0)
		return r;
	r = child_step(ctx, &child, deadline);
	for (int i = 1; i < TRIES && r == -EBUSY; i++) {
		wait_readable(-1, ctx->cancel_fd, deadline_in(TRY_AGAIN));
		r = child_step(ctx, &child, deadline);
	}
	child_end(&child, r != -EINPROGRESS && r != -ECANCELED);
	return r;
}

/* 0: nobody has it for himself alone; -EBUSY: somebody has. */
static int try_open(struct vfp_ctx *ctx, const char *node)
{
	const char *name = strrchr(node, '/') + 1;
	_cleanup_free_ char *text = NULL, *place = strf("/exclusive-%s", name);
	int r;

	if (!place)
		return -ENOMEM;
	if (ctx->dump) {
		r = root_attr(ctx, &text, "%s", place);
		return r < 0 ? r : atoi(text);
	}
	r = open_in_child(ctx, node);
	if (ctx->mirror) {
		text = strf("%d\n", r);
		if (text)
			mirror_file(ctx, place, text, strlen(text));
	}
	return r;
}

/* Who has it open, for a sentence: "; dd (99) has it open"; "" when nobody was found. */
static int say_holders(struct check *c, const char *node, char **ret_text)
{
	_cleanup_free_ char *who = NULL;
	struct holder *holders = NULL;
	size_t n = 0;
	int r = check_holders(c, node, &holders, &n);

	if (r == 0)
		r = holders_text(holders, n, &who);
	holders_free(holders, n);
	if (r < 0)
		return r;
	*ret_text =
		*who ? strf("; %s %s it open", who, n > 1 ? "have" : "has") : strdup("");
	return *ret_text ? 0 : -ENOMEM;
}

static int report_busy(struct check *c, struct stack *stack, const char *node)
{
	_cleanup_free_ char *who = NULL;
	int r = say_holders(c, node, &who);

	if (r < 0)
		return r;
	stack->in_use = true;
	return check_add(c, VFP_REFUSE, node, "stop what uses it",
			 "%s is in use: something has opened it for itself alone%s", node,
			 who);
}

static int report_open(struct check *c, struct stack *stack, const char *node, int error)
{
	switch (error) {
	case 0:
	case -ENOMEDIUM:
	case -ENXIO:
		return 0;
	case -EBUSY:
		return report_busy(c, stack, node);
	case -ENOMEM:
	case -ECANCELED:
		return error;
	case -EINPROGRESS:
		c->disk_hangs = true;
		return check_add(c, VFP_UNKNOWN, node, "dmesg may say more",
				 "whether %s is in use cannot be seen: opening it does "
				 "not come back",
				 node);
	case -EACCES:
	case -EPERM:
		return check_add(c, VFP_UNKNOWN, node, "ask again as root",
				 "whether something has %s open for itself alone cannot "
				 "be seen",
				 node);
	}
	return check_add(c, VFP_UNKNOWN, node, NULL,
			 "whether %s is in use cannot be seen: %s", node,
			 strerror(-error));
}

/* Without a medium nobody can have it in use. */
static bool has_size(struct vfp_ctx *ctx, const char *disk)
{
	_cleanup_free_ char *size = NULL;

	return root_attr(ctx, &size, "/sys/class/block/%s/size", disk) < 0 ||
	       !streq(size, "0");
}

int check_exclusive(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *node = NULL;
	int r = check_stack(c, thing);

	if (r <= 0 || thing->stack->in_use ||
	    !has_size(c->ctx, thing->stack->list[0]->name))
		return r < 0 ? r : 0;
	node = block_node(thing->stack->list[0]);
	if (!node)
		return -ENOMEM;
	r = c->disk_hangs ? -EINPROGRESS : try_open(c->ctx, node);
	return report_open(c, thing->stack, node, r);
}

/* -- open, but not alone: a guest would lose its disk -------------------------------- */

static int report_holders(struct check *c, const struct block *block)
{
	_cleanup_free_ char *node = block_node(block), *who = NULL;
	struct holder *holders = NULL;
	bool guest = false;
	size_t n = 0;
	int r = node ? check_holders(c, node, &holders, &n) : -ENOMEM;

	if (r == 0)
		r = holders_text(holders, n, &who);
	for (size_t i = 0; i < n; i++)
		guest = guest || holders[i].guest;
	holders_free(holders, n);
	if (r < 0 || n == 0)
		return r;
	return check_add(c, guest ? VFP_REFUSE : VFP_WARN, who,
			 guest ? "unplug it from the guest" : "end that process",
			 "%s is open in %s", node, who);
}

int check_opened(struct check *c, struct thing *thing)
{
	int r = check_stack(c, thing);

	if (r <= 0 || thing->stack->in_use)
		return r < 0 ? r : 0;
	r = 0;
	for (size_t i = 0; r == 0 && i < thing->stack->n; i++)
		if (!thing->stack->list[i]->mapping)
			r = report_holders(c, thing->stack->list[i]);
	if (r < 0 || c->unknown || c->facts->held->complete)
		return r;
	return check_add(c, VFP_UNKNOWN, thing->stack->list[0]->name, "ask again as root",
			 "which processes have %s open cannot be seen",
			 thing->stack->list[0]->name);
}
