/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For udev, when a device appears: driver_override is written before the host's drivers see it, if
 * it is configured, has the identity that it must have, and has no driver yet; apply does the rest,
 * with full verdicts. What was taken so is noted down, as nobody knows which driver it would
 * have had. The script in the initramfs, which has model/boot-list.c's list, does the same.
 */
#include "act/act.h"

static int add_early(struct vfp_plan *plan, const struct vfp_wanted *wanted)
{
	const char *subsystem = vfp_wanted_get(wanted, "subsystem");
	_cleanup_free_ char *expect = strf("%s%s%s", vfp_wanted_get(wanted, "expect"),
					   subsystem ? ":" : "", nonnull(subsystem));
	int r = expect ? vfp_plan_set(plan, VFP_EXPECT, expect) : -ENOMEM;

	return r
		     ?: vfp_plan_hide(plan, vfp_wanted_get(wanted, "device"),
				      vfp_wanted_get(wanted, "driver"));
}

/* What has a driver, an override or a record was seen to by somebody already. */
static bool is_fresh(const struct target *t)
{
	return !*t->found.driver && !*nonnull(t->found.value[OVERRIDE]) &&
	       !t->record.device && !t->device->bridge;
}

static int take_early(struct vfp_plan *plan, struct target *t)
{
	int r;

	targets_read(plan, offsetof(struct target, found), STOP_ONE);
	if (t->error < 0 || !is_fresh(t))
		return t->error;
	r = target_choose_driver(plan, t);
	/* The driver is what the kernel, or apply, makes of it. */
	r = r ?: t->error ?: state_set(&t->want, "", t->want.driver);
	r = r ?: state_copy(&t->found, &t->now);
	if (r < 0)
		return r;
	/* Noted first: who is killed in between has noted what the override denies. */
	r = early_add(plan->ctx, t->address, t->want.value[OVERRIDE], "udev");
	if (r < 0)
		return r;
	t->todo = true;
	return reach(plan, STOP_ALL) ?: t->error;
}

static int run_early(struct vfp_plan *plan)
{
	int r = targets_lock(plan);

	if (r == 0)
		targets_load(plan);
	if (r == 0)
		targets_expect(plan);
	r = r ?: take_early(plan, &plan->targets[0]);
	targets_unlock(plan);
	return r;
}

/* The section of @address, with all that is wrong in *findings; NULL: it has none. */
static int find_section(struct vfp_ctx *ctx, const char *address,
			struct vfp_wanted ***ret_all, const struct vfp_wanted **ret_one,
			struct vfp_finding ***ret_findings)
{
	int r = vfp_wanted(ctx, ret_all, ret_findings);

	for (struct vfp_wanted **w = r == 0 ? *ret_all : NULL; w && *w; w++)
		if (streq(vfp_wanted_get(*w, "device"), address))
			*ret_one = *w;
	return r;
}

_public_ int vfp_wanted_early(struct vfp_ctx *ctx, const char *address,
			      struct vfp_finding ***ret_findings)
{
	_cleanup_(wanted_listp) struct vfp_wanted **all = NULL;
	const struct vfp_wanted *wanted = NULL;
	struct vfp_finding **objections = NULL;
	struct vfp_plan *plan = NULL;
	char full[ADDRESS_MAX];
	struct address parsed;
	int r = address_parse(address, &parsed);

	if (r < 0 || parsed.any_function)
		return -EINVAL;
	if (!ctx->seam)
		return -EROFS;
	address_format(&parsed, full);
	r = find_section(ctx, full, &all, &wanted, &objections);
	if (r < 0)
		return r;
	/* On what is half understood nothing is done. */
	if (*objections || !wanted) {
		*ret_findings = objections;
		return *objections ? -EINVAL : 0;
	}
	vfp_findings_free(objections);
	r = vfp_plan_new(ctx, &plan);
	r = r ?: add_early(plan, wanted);
	r = r ?: run_early(plan);
	r = plan ? findings_take(&plan->findings, ret_findings) ?: r : r;
	vfp_plan_free(plan);
	return r < 0 ? r : 1;
}
