/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public calls: a plan is what is asked, of which devices, with which options. A run is
 * lock, read, judge, record, run, read again, all under the locks of the groups concerned.
 */
#include "act/act.h"

#include <unistd.h>

#define RETRY_MSEC 100

_public_ int vfp_plan_new(struct vfp_ctx *ctx, struct vfp_plan **ret_plan)
{
	struct vfp_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return -ENOMEM;
	plan->ctx = ctx;
	plan->timeout = 30000;
	plan->by = strdup(program_invocation_short_name);
	if (!plan->by) {
		free(plan);
		return -ENOMEM;
	}
	*ret_plan = plan;
	return 0;
}

_public_ void vfp_plan_free(struct vfp_plan *plan)
{
	if (!plan)
		return;
	targets_unlock(plan);
	for (size_t i = 0; i < plan->n; i++)
		target_done(&plan->targets[i]);
	free(plan->targets);
	findings_done(&plan->findings);
	strings_free(plan->force);
	free(plan->claim);
	free(plan->pid);
	free(plan->by);
	free(plan->expect);
	free(plan);
}

_public_ void vfp_plan_set_progress(struct vfp_plan *plan, vfp_progress_fn *fn,
				    void *data)
{
	plan->progress = fn;
	plan->progress_data = data;
}

/* -- what is asked ----------------------------------------------------------------------------- */

static int add_target(struct vfp_plan *plan, enum request request, const char *device,
		      const char *driver)
{
	char full[ADDRESS_MAX];
	struct address address;
	struct target *t;
	int r;

	if ((plan->request != NOTHING && plan->request != request) ||
	    (driver && !driver_name_is_sane(driver)) ||
	    address_parse(device, &address) < 0 || address.any_function)
		return -EINVAL;
	address_format(&address, full);
	plan->request = request;
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->targets[i].address, full))
			return 0;
	r = target_add(plan, full, driver, &t);
	if (r == 0 && plan->expect) {
		t->expect = strdup(plan->expect);
		r = t->expect ? 0 : -ENOMEM;
	}
	return r;
}

_public_ int vfp_plan_hide(struct vfp_plan *plan, const char *device, const char *driver)
{
	return add_target(plan, HIDE, device, driver);
}

_public_ int vfp_plan_return(struct vfp_plan *plan, const char *device,
			     const char *driver)
{
	return add_target(plan, RETURN, device, driver);
}

_public_ int vfp_plan_recover(struct vfp_plan *plan)
{
	if (plan->request != NOTHING)
		return -EINVAL;
	plan->request = RECOVER;
	return 0;
}

/* -- before the locks --------------------------------------------------------------------------- */

/* Consent to the whole group: every function of it that is no bridge. */
static int add_group(struct vfp_plan *plan, const char *address, const char *driver)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_strings_ char **members = NULL;
	int r = device_load(plan->ctx, address, &device);

	if (r < 0 || device->group < 0)
		return r == -ENODEV ? 0 : r;
	r = group_members(plan->ctx, device->group, &members);
	for (char **m = members; r == 0 && *m; m++) {
		_cleanup_device_ struct vfp_device *member = NULL;

		if (device_load(plan->ctx, *m, &member) == 0 && !member->bridge)
			r = add_target(plan, HIDE, *m, driver);
	}
	return r;
}

static int add_groups(struct vfp_plan *plan)
{
	size_t named = plan->n;
	int r = 0;

	free(plan->expect);
	plan->expect = NULL;
	for (size_t i = 0; i < named && r == 0; i++) {
		_cleanup_free_ char *address = strdup(plan->targets[i].address);
		_cleanup_free_ char *driver =
			plan->targets[i].driver ? strdup(plan->targets[i].driver) : NULL;

		r = address ? add_group(plan, address, driver) : -ENOMEM;
	}
	return r;
}

static int refuse_all(struct vfp_plan *plan, const char *kind, const char *remedy,
		      const char *text)
{
	return finding_add(&plan->findings, VFP_REFUSE, kind, "", "", remedy, "%s", text)
		     ?: -EPERM;
}

static int add_record_of(struct vfp_plan *plan, const char *name)
{
	struct target *t;
	int r = target_add(plan, name, NULL, &t);

	if (r < 0)
		return r;
	if (!address_is_full(name)) {
		t->error = -EPERM;
		t->finished = true;
		return target_say(plan, t, VFP_REFUSE, "record", RECORD_DIR,
				  "look at it, then remove it",
				  "this record is no device's");
	}
	t->gone = !root_exists(plan->ctx, PCI_DEVICES "/%s", name);
	t->finished = t->gone;
	return 0;
}

/* A save that was killed before it had any effect leaves a file to be cleared away. */
static int add_broken_off(struct vfp_plan *plan)
{
	_cleanup_strings_ char **addresses = NULL;
	int r = record_list_broken_off(plan->ctx, &addresses);

	for (char **a = addresses; r == 0 && *a; a++)
		if (address_is_full(*a) && !target_find(plan, *a))
			r = add_record_of(plan, *a);
	return r;
}

/* Every record is one device to look at. */
static int add_recorded(struct vfp_plan *plan)
{
	_cleanup_strings_ char **addresses = NULL;
	int r = record_list(plan->ctx, &addresses);

	if (r == -EPERM)
		return refuse_all(plan, "record", "look at it, then remove it",
				  STATE_DIR
				  " is not root's alone, so it cannot be trusted");
	for (char **a = addresses; r == 0 && *a; a++)
		r = add_record_of(plan, *a);
	return r ?: add_broken_off(plan);
}

static int add_targets(struct vfp_plan *plan)
{
	if (plan->request == HIDE && plan->groups)
		return add_groups(plan);
	if (plan->request == RECOVER && plan->n == 0)
		return add_recorded(plan);
	if (plan->request == RETURN)
		return return_keep_claims(plan);
	return 0;
}

/* -- under the locks ---------------------------------------------------------------------------- */

/* Everything up to the verdict, which is in the targets and the findings afterwards. */
static int look(struct vfp_plan *plan)
{
	int r;

	targets_load(plan);
	targets_expect(plan);
	targets_read(plan, offsetof(struct target, found), STOP_ONE);
	if (plan->request == HIDE)
		r = hide_prepare(plan);
	else
		r = plan->request == RETURN ? return_prepare(plan)
					    : recover_prepare(plan);
	if (r < 0 && r != -ENOMEM) {
		finding_add(&plan->findings, VFP_ERROR, "system", "", "", "",
			    "the host cannot be looked at: %s", strerror(-r));
		r = -ECANCELED;
	}
	return r;
}

static void drop_records(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->finished || !t->todo || (t->error < 0 && t->error != -EAGAIN))
			continue;
		if (record_drop(plan->ctx, t->address) < 0)
			target_say(plan, t, VFP_WARN, "record", RECORD_DIR,
				   "run vfioprep recover",
				   "it is back, but its record cannot be removed");
		else if (plan->request == RECOVER)
			target_say(plan, t, VFP_NOTE, "original", t->want.driver, "",
				   "it is as it was before it was hidden");
	}
}

static int act(struct vfp_plan *plan)
{
	if (plan->request == HIDE)
		return plan_error(plan) < 0 ? 0 : transact(plan, STOP_ALL);
	recover_records(plan, true);
	transact(plan, STOP_ONE);
	await_back(plan);
	drop_records(plan);
	return 0;
}

static int attempt(struct vfp_plan *plan)
{
	int r = targets_lock(plan);

	r = r ?: look(plan);
	if (r == 0 && ctx_cancelled(plan->ctx))
		r = -ECANCELED;
	if (r == 0)
		targets_probe(plan);
	if (r == 0)
		act(plan);
	targets_unlock(plan);
	return r;
}

/* -- waiting until a guest lets go --------------------------------------------------------------- */

/* Forget all that was said and found about those that were held; the rest is finished. */
static size_t keep_held(struct vfp_plan *plan)
{
	size_t held = 0;

	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->finished || t->error != -EBUSY) {
			target_finish(t);
			continue;
		}
		target_reset(t);
		findings_forget(&plan->findings, NULL, t->address);
		held++;
	}
	return held;
}

static int attempt_until_free(struct vfp_plan *plan)
{
	_cleanup_waiting_ struct waiting waiting = { 0 };
	int64_t end = deadline_in(plan->wait);

	for (;;) {
		int r = attempt(plan);

		if (r < 0 || plan->wait == 0 || plan->request != RETURN ||
		    plan_error(plan) == 0 || deadline_passed(end))
			return r;
		if (!waiting.ctx)
			waiting = waiting_begin(plan->ctx);
		plan_tell_held(plan, &waiting, end);
		if (keep_held(plan) == 0)
			return 0;
		r = wait_readable(-1, plan->ctx->cancel_fd,
				  deadline_first(end, deadline_in(RETRY_MSEC)));
		if (r < 0)
			return r;
	}
}

/* -- run and print ---------------------------------------------------------------------------------- */

static int run(struct vfp_plan *plan)
{
	int r;

	if (!plan->ctx->seam)
		return -EROFS;
	if (plan->ctx->root_fd < 0 && geteuid() != 0)
		return refuse_all(plan, "root", "run it as root, or look with --dry-run",
				  "only root can change what a device is bound to");
	plan->end = plan->deadline ? deadline_in(plan->deadline) : 0;
	r = add_targets(plan);
	r = r ?: attempt_until_free(plan);
	r = r ?: plan_error(plan);
	if (r == -ECANCELED && ctx_cancelled(plan->ctx))
		finding_add(
			&plan->findings, VFP_ERROR, "interrupted", "", "", "",
			"interrupted; what was not reported as done is as it was found");
	return r;
}

static int deliver(struct vfp_plan *plan, int result, struct vfp_finding ***ret_findings)
{
	int r;

	if (!ret_findings) {
		findings_done(&plan->findings);
		return result;
	}
	r = findings_take(&plan->findings, ret_findings);
	return result ?: r;
}

_public_ int vfp_plan_run(struct vfp_plan *plan, struct vfp_finding ***ret_findings)
{
	return deliver(plan, run(plan), ret_findings);
}

/* The node is not opened for a print: who has it is found among the processes. */
static void look_for_holders(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		_cleanup_free_ char *who = NULL;

		if (t->error == 0 && t->todo && driver_is_vfio(t->found.driver) &&
		    !streq(t->found.driver, t->want.driver) &&
		    vfp_holders(plan->ctx, t->device, &who) == 0)
			target_say_held(plan, t);
	}
}

_public_ int vfp_plan_look(struct vfp_plan *plan, struct vfp_change ***ret_changes,
			   struct vfp_finding ***ret_findings)
{
	struct vfp_change **changes = NULL;
	int r = plan->request == HIDE ? add_targets(plan) : -EINVAL;

	r = r ?: look(plan);
	r = r ?: changes_take(plan, &changes);
	if (r < 0)
		return deliver(plan, r, ret_findings);
	*ret_changes = changes;
	return deliver(plan, plan_error(plan), ret_findings);
}

_public_ int vfp_plan_print(struct vfp_plan *plan, FILE *out,
			    struct vfp_finding ***ret_findings)
{
	int r = add_targets(plan);

	r = r ?: look(plan);
	if (r == 0)
		look_for_holders(plan);
	r = r ?: plan_error(plan);
	if (r == 0 && plan->request != HIDE)
		recover_records(plan, false);
	if (r == 0)
		r = print_script(plan, out);
	return deliver(plan, r, ret_findings);
}
