/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a return: wait until the network interfaces and disks that hung below are there again.
 * A driver that is bound has not always found its disks yet, and some never do. They are known
 * by what identifies them, not by name: what was sda may come back as sdb.
 */
#include "act/act.h"

#define LOOK_MSEC 25

/* What is still missing below @t; NULL and 0: nothing. */
static int missing_below(struct vfp_plan *plan, const struct target *t,
			 char **ret_missing)
{
	_cleanup_free_ char *there = NULL, *missing = NULL;
	int r = below_identities(plan->ctx, t->device->path, &there);

	r = r ?: below_missing(t->next.back, there, &missing);
	if (r < 0)
		return r;
	*ret_missing = *missing ? take(missing) : NULL;
	return 0;
}

static void await_target(struct vfp_plan *plan, struct target *t, int64_t end)
{
	_cleanup_waiting_ struct waiting waiting = waiting_begin(plan->ctx);

	for (;;) {
		_cleanup_free_ char *missing = NULL;
		int r = missing_below(plan, t, &missing);

		if (r == 0 && !missing)
			return;
		waiting_tell(&waiting, t->address, end,
			     "for what hung below to come back: %s", nonnull(missing));
		if (r == 0 && !deadline_passed(end) &&
		    wait_readable(-1, plan->ctx->cancel_fd, deadline_in(LOOK_MSEC)) == 0)
			continue;
		t->error = -EAGAIN;
		target_say(plan, t, VFP_ERROR, "back", nonnull(missing),
			   "dmesg may say more",
			   "it is bound to %s again, but this has not come back: %s",
			   t->want.driver, missing ? missing : strerror(-r));
		return;
	}
}

void await_back(struct vfp_plan *plan)
{
	int64_t end = deadline_first(deadline_in(plan->timeout), plan->end);

	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->todo && t->error == 0 && *t->want.driver && *nonnull(t->next.back))
			await_target(plan, t, end);
	}
}
