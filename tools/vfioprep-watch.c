/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep watch: give devices back as a guest lets go of them, whoever asked it to, and all
 * of them when it ends. It needs a monitor of its own, for QEMU talks to one client at a time,
 * and tells all monitors what happens.
 */
#include "report.h"
#include "tool-guest.h"

#include <time.h>

#define RETRY_MSEC 500

static struct {
	const char *claim;
	bool follow;
} arg;

static const struct option_row options[] = {
	OPTION(0, "qmp", "SOCKET", &guest_given.qmp,
	       "QMP socket of a running QEMU, which nobody else uses"),
	OPTION(0, "follow", NULL, &arg.follow,
	       "wait for the guest to start, and go on when it has ended and starts anew"),
	OPTION(0, "for", "NAME", &arg.claim,
	       "give back what is claimed for NAME, not what nobody has claimed"),
	OPTION_GUEST_WAIT,
	{ 0 }
};

static void tell(void *data, int error, struct vfp_finding *const *findings)
{
	(void)data;
	plan_tell(findings, error, true);
}

static int watch(struct vfp_ctx *ctx, struct vfp_guest *guest)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = guest_plan(ctx, &plan);

	if (r == 0)
		r = plan_set(plan, VFP_FOR, "--for", arg.claim);
	if (r == 0)
		r = plan_set(plan, VFP_KEEP_CLAIMS, "claims", "1");
	return r ?: vfp_watch(guest, plan, tell, NULL);
}

/* Nobody is there yet, or again: the guest has not started. */
static bool is_absent(int error)
{
	return error == -ENODEV || error == -ENOENT || error == -ECONNREFUSED ||
	       error == -EPIPE || error == -ETIMEDOUT;
}

static void pause_a_little(void)
{
	struct timespec time = { 0, RETRY_MSEC * 1000000L };

	nanosleep(&time, NULL);
}

/* One guest after another; only the first has to be there. */
static int follow(struct vfp_ctx *ctx)
{
	for (bool first = true;; first = false) {
		_cleanup_guest_ struct vfp_guest *guest = NULL;
		_cleanup_free_ char *why = NULL;
		int r = guest_open(ctx, NULL, &guest, &why);

		/* One that ended while nobody watched has left all that it had. */
		if (r == -ENODEV && first && guest_open_ended(ctx, &guest) == 0)
			r = 0;
		if (arg.follow && is_absent(r)) {
			pause_a_little();
			continue;
		}
		if (r < 0 && r != -ECANCELED)
			return why ? fail(r, guest_given.qmp, "%s", why)
				   : fail_errno(r, guest_given.qmp,
						"the guest cannot be reached");
		r = r ?: watch(ctx, guest);
		/* An end that somebody asked for is one like any other. */
		if (r == -ECANCELED)
			return 0;
		if (r == -EROFS || r == -ENOMEM || !arg.follow)
			return r;
	}
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	(void)operands;
	if (!guest_given.qmp)
		return fail(-EINVAL, NULL, "expected --qmp; see vfioprep watch --help");
	if (given.dry_run)
		return fail(-EINVAL, "--dry-run",
			    "nothing is known of what will happen; see vfioprep status");
	return follow(ctx);
}

const struct tool tool = {
	.name = "watch",
	.help = "Give devices back as a guest lets go of them.",
	.details =
		"Begins with what has left the guest already, and ends with the guest, "
		"giving back all that it had, or with SIGTERM. It needs a QMP socket of "
		"its own: a second -qmp of the same QEMU.",
	.sets = TOOL_CHANGING,
	.options = options,
	.run = run,
};
