/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host driver that registers takes every driverless device that it matches, not only the
 * one for which it is loaded. Whoever left such a device without a driver meant something by
 * it, so it is named before the module is loaded. An override keeps a device out of reach.
 * Host drivers match by their ids, those that hide by an override, or by the ids that somebody
 * has written into modprobe.d.
 */
#include "act/act.h"

static bool is_target(const struct vfp_plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->targets[i].address, address))
			return true;
	return false;
}

/* Reading an override may block, so a child does it; what does not answer is left out. */
static bool has_override(struct vfp_plan *plan, const char *address)
{
	struct job job = { .lock_fd = -1 };
	char path[PATH_MAX];
	bool found = true;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address,
		 setting_rows[OVERRIDE].name);
	if (step_add(&job.steps, READ, path, "") == 0 &&
	    run_jobs(plan->ctx, &job, 1, plan_step_timeout(plan), STOP_ONE) == 0)
		found = *job.text[0];
	job_done(&job);
	return found;
}

static bool matches(struct vfp_plan *plan, const char *address, const char *module)
{
	_cleanup_free_ char *modalias = NULL;

	return !root_exists(plan->ctx, PCI_DEVICES "/%s/driver", address) &&
	       root_attr(plan->ctx, &modalias, PCI_DEVICES "/%s/modalias", address) ==
		       0 &&
	       module_matches(plan->ctx, module, modalias);
}

int others_taken(struct vfp_plan *plan, const char *module, bool hides, char **ret_others)
{
	_cleanup_strings_ char **addresses = NULL;
	_cleanup_str_ struct str others = { 0 };
	int r = hides ? ids_taken(plan->ctx, module, &addresses)
		      : root_list(plan->ctx, PCI_DEVICES, &addresses);

	for (char **a = addresses; r == 0 && *a; a++)
		if (!is_target(plan, *a) && (hides || matches(plan, *a, module)) &&
		    !has_override(plan, *a))
			r = str_add(&others, "%s%s", others.len ? ", " : "", *a);
	if (r == 0)
		*ret_others = take(others.s);
	return r;
}
