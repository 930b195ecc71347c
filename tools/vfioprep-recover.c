/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep recover: finish or undo what a crash left half done, by the records. What is
 * hidden and as it should be is left alone, and that is said.
 */
#include "report.h"

/* USB devices are not hidden: there is no plan for them. */
static int recover_usb(struct vfp_ctx *ctx)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = vfp_usb_recover(ctx, given.dry_run, &findings);

	plan_tell(findings, r, true);
	return r;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = plan_new(ctx, &plan);

	(void)operands;
	if (r < 0)
		return r;
	r = vfp_plan_recover(plan);
	if (r < 0)
		return fail_errno(r, NULL,
				  "the records of what is hidden cannot be read");
	r = plan_carry_out(plan, true);
	return r == -EPERM && geteuid() != 0 ? r : vfp_exit_worse(r, recover_usb(ctx));
}

const struct tool tool = {
	.name = "recover",
	.help = "Finish or undo what a crash left half done.",
	.details =
		"What is hidden as it should be stays hidden; running it again changes "
		"nothing. USB devices whose guest has ended get their drivers again.",
	.sets = TOOL_CHANGING,
	.run = run,
};
