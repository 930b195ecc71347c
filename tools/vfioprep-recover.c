/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep recover: finish or undo what a crash left half done, by the records. What is
 * hidden and as it should be is left alone, and that is said.
 */
#include "tool.h"

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
	return plan_carry_out(plan, true);
}

const struct tool tool = {
	.name = "recover",
	.help = "Finish or undo what a crash left half done.",
	.details =
		"What is hidden as it should be stays hidden; running it again changes "
		"nothing.",
	.sets = TOOL_CHANGING,
	.run = run,
};
