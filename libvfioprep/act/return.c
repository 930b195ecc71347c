/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What return and recover want for each device, and whether they may. Both want the recorded
 * original; recovery leaves alone what is hidden as it should be.
 */
#include "act/act.h"

#include <fcntl.h>
#include <sys/stat.h>

static int refuse(struct vfp_plan *plan, struct target *t, const char *kind,
		  const char *object, const char *remedy, const char *text)
{
	t->error = -EPERM;
	return target_say(plan, t, VFP_REFUSE, kind, object, remedy, "%s", text);
}

/* -- claims ------------------------------------------------------------------------------- */

static int leave_claimed(struct vfp_plan *plan, struct target *t, const char *who,
			 bool claimed)
{
	t->finished = true;
	if (!claimed)
		return target_say(plan, t, VFP_NOTE, "claim", "",
				  "vfioprep return gives it back when it is named",
				  "it stays hidden: it is claimed for nobody");
	return target_say(plan, t, VFP_NOTE, "claim", who,
			  "vfioprep return gives it back when it is named",
			  "it stays hidden: it is claimed for %s", who);
}

static int refuse_claimed(struct vfp_plan *plan, struct target *t, const char *who,
			  bool claimed)
{
	struct vfp_finding finding = { .severity = VFP_REFUSE,
				       .kind = "claim",
				       .object = claimed ? who : "" };
	_cleanup_free_ char *text = claimed ? strf("it is claimed for %s", who)
					    : strf("it is claimed for nobody");

	if (!text)
		return -ENOMEM;
	if (finding_lifted(&finding, plan->force))
		return target_say(plan, t, VFP_WARN, "claim", finding.object, "", "%s",
				  text);
	return refuse(plan, t, "claim", finding.object,
		      "without --for it is given back all the same", text);
}

/*
 * A device that is named is given back whoever it was hidden for, unless the caller says for
 * whom he asks. Of all devices only the own are, or else the unclaimed.
 */
static int check_claim(struct vfp_plan *plan, struct target *t,
		       const struct record *record)
{
	bool claimed = claim_holds(plan->ctx, record);
	const char *who = nonnull(record->for_);

	if (!record->device || (plan->claim && streq(who, plan->claim)))
		return 0;
	if (plan->keep_claims && (plan->claim || claimed))
		return leave_claimed(plan, t, who, claimed);
	return plan->claim ? refuse_claimed(plan, t, who, claimed) : 0;
}

int return_keep_claims(struct vfp_plan *plan)
{
	int r = 0;

	for (size_t i = 0; plan->keep_claims && i < plan->n && r == 0; i++) {
		_cleanup_record_ struct record record = { 0 };
		struct target *t = &plan->targets[i];

		if (record_load(plan->ctx, t->address, &record) == 0 && !record.problem)
			r = check_claim(plan, t, &record);
	}
	return r;
}

/* -- return ------------------------------------------------------------------------------- */

/* The record of the change: the same, but for its phase and, when one was named, the driver. */
static int make_record(struct vfp_plan *plan, struct target *t)
{
	const struct record *from = &t->record;
	struct record *next = &t->next;

	next->device = strdup(t->address);
	next->identity = strdup(t->device->value[VFP_MODALIAS]);
	next->boot = strdup(ctx_boot_id(plan->ctx));
	next->phase = strdup("returning");
	next->since = strdup(nonnull(from->since));
	next->by = strdup(nonnull(plan->by));
	next->for_ = strdup(nonnull(from->for_));
	next->pid = strdup(nonnull(from->pid));
	next->orig_driver = strdup(t->want.driver);
	next->orig_module = strdup(t->driver || t->module ? nonnull(t->module)
							  : nonnull(from->orig_module));
	next->goal_driver = strdup(from->device ? from->goal_driver : t->found.driver);
	next->back = strdup(t->driver ? "" : nonnull(from->back));
	if (!next->device || !next->identity || !next->boot || !next->phase ||
	    !next->since || !next->by || !next->for_ || !next->pid ||
	    !next->orig_driver || !next->orig_module || !next->goal_driver || !next->back)
		return -ENOMEM;
	return values_copy(t->want.value, next->orig)
		     ?: values_copy(from->device ? from->goal : t->found.value, next->goal)
		     ?: mark_copy(from, next);
}

/* What else was changed beside the driver is as it was, also for a driver that was named. */
static int want_settings(struct target *t)
{
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++)
		if (i != OVERRIDE && t->record.orig[i] && t->settings & 1u << i)
			r = state_set_value(&t->want, i, t->record.orig[i]);
	return r;
}

/*
 * Somebody has unbound it while a guest has it, and the kernel is still waiting: what we
 * write now would wait as well.
 */
static int check_left_behind(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *who = NULL;

	if (*t->found.driver || !*t->want.driver ||
	    vfp_holders(plan->ctx, t->device, &who) < 0)
		return 0;
	t->error = -EBUSY;
	return target_say(plan, t, VFP_REFUSE, "held", who,
			  "unplug it there, or end that process",
			  "it has no driver any more, but is still open in %s", who);
}

/* Without a record there is nothing to give back, unless somebody says to what. */
static int prepare_unrecorded(struct vfp_plan *plan, struct target *t)
{
	int r = origin_is_hidden(plan, t);

	if (t->driver)
		return origin_want_named(plan, t);
	if (r != 0)
		return r < 0 ? r : origin_want_fitting(plan, t);
	if (driver_hides(t->found.driver))
		return refuse(
			plan, t, "record", t->found.driver,
			"vfioprep return --driver auto gives it to the driver that fits",
			"it was not hidden by vfioprep in this boot, so its driver is "
			"not known");
	return state_copy(&t->found, &t->want);
}

static int refuse_problem(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *text =
		strf("its record cannot be used: %s", t->record.problem);

	if (!text)
		return -ENOMEM;
	return refuse(
		plan, t, "record", RECORD_DIR,
		t->record.stale
			? "vfioprep return --driver auto gives it to the driver that fits"
			: "look at it, then remove it",
		text);
}

static int check_foreign(struct vfp_plan *plan, struct target *t)
{
	struct vfp_finding finding = { .severity = VFP_REFUSE,
				       .kind = "foreign",
				       .object = t->found.driver };

	if (t->driver || record_knows(&t->record, &t->found) ||
	    finding_lifted(&finding, plan->force))
		return 0;
	t->error = -EPERM;
	return target_say(plan, t, VFP_REFUSE, "foreign", t->found.driver,
			  "--force=foreign gives it back all the same",
			  "somebody else has changed it since it was hidden (driver %s, "
			  "override %s)",
			  *t->found.driver ? t->found.driver : "none",
			  *t->found.value[OVERRIDE] ? t->found.value[OVERRIDE] : "none");
}

static int prepare_return(struct vfp_plan *plan, struct target *t)
{
	int r;

	if (t->record.problem && t->record.stale && t->driver)
		record_done(&t->record);
	if (t->record.problem)
		return refuse_problem(plan, t);
	r = check_claim(plan, t, &t->record);
	if (r < 0 || t->error < 0 || t->finished)
		return r;
	if (t->device->bridge)
		return refuse(plan, t, "bridge", "", "",
			      "it is a bridge, and bridges stay as they are");
	if (!t->record.device) {
		r = prepare_unrecorded(plan, t);
	} else {
		r = check_foreign(plan, t);
		if (r == 0 && t->error == 0)
			r = t->driver ? origin_want_named(plan, t) : origin_want(plan, t);
		r = r ?: want_settings(t);
	}
	if (r < 0 || t->error < 0)
		return r;
	r = check_left_behind(plan, t);
	if (r < 0 || t->error < 0)
		return r;
	t->todo = t->record.device || !state_reached(&t->found, &t->want);
	return t->todo ? make_record(plan, t) : 0;
}

int return_prepare(struct vfp_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->targets[i].error == 0 && !plan->targets[i].finished)
			r = prepare_return(plan, &plan->targets[i]);
	return r;
}

/* -- recover ------------------------------------------------------------------------------------- */

static bool is_goal(const struct target *t)
{
	return streq(t->found.driver, t->record.goal_driver) &&
	       streq(t->found.value[OVERRIDE], t->record.goal[OVERRIDE]);
}

/* Was the hiding complete, up to the last setting? */
static bool is_complete(const struct target *t)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (t->record.goal[i] && t->settings & 1u << i &&
		    !streq(nonnull(t->found.value[i]), t->record.goal[i]))
			return false;
	return is_goal(t);
}

/* Does the node belong to whom hide was to give it? A node is looked at, not opened. */
static bool node_is_given(struct vfp_plan *plan, const struct target *t)
{
	_cleanup_close_ int fd = -1;
	int uid = -1, gid = -1;
	struct stat st;
	char node[64];

	if (!t->record.goal_node_owner || !driver_is_vfio(t->found.driver))
		return true;
	sscanf(t->record.goal_node_owner, "%d:%d", &uid, &gid);
	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	fd = root_open(plan->ctx, node, O_PATH);
	return fd >= 0 && fstat(fd, &st) == 0 && (uid == -1 || st.st_uid == (uid_t)uid) &&
	       (gid == -1 || st.st_gid == (gid_t)gid);
}

/* A guest was asked to let go of it, and has: whoever asked is no more, or has given up waiting. */
static bool is_left(struct vfp_plan *plan, const struct target *t)
{
	_cleanup_free_ char *who = NULL;

	return streq(nonnull(t->record.unplug), "pending") &&
	       vfp_holders(plan->ctx, t->device, &who) == -ENOENT;
}

static int prepare_recovery(struct vfp_plan *plan, struct target *t)
{
	bool returning;

	if (t->record.problem)
		return refuse_problem(plan, t);
	if (!t->record.device)
		return 0;
	returning = streq(t->record.phase, "returning");
	if (streq(t->record.phase, "hidden")) {
		if (is_goal(t))
			return is_left(plan, t) ? prepare_return(plan, t) : 0;
		return target_say(
			plan, t, VFP_WARN, "foreign", t->found.driver,
			"vfioprep return --force=foreign gives it back all the same",
			"it is recorded as hidden, but has driver %s and override %s",
			*t->found.driver ? t->found.driver : "none",
			*t->found.value[OVERRIDE] ? t->found.value[OVERRIDE] : "none");
	}
	t->complete = !returning && is_complete(t) && node_is_given(plan, t);
	return t->complete ? 0 : prepare_return(plan, t);
}

int recover_prepare(struct vfp_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->targets[i].error == 0 && !plan->targets[i].finished)
			r = prepare_recovery(plan, &plan->targets[i]);
	return r;
}

/* Hidden as the kernel shows it: what is left is to say so. */
static int call_hidden(struct vfp_plan *plan, struct target *t)
{
	free(t->record.phase);
	t->record.phase = strdup("hidden");
	return t->record.phase ? record_save(plan->ctx, &t->record) : -ENOMEM;
}

static void say_recovered(struct vfp_plan *plan, const struct target *t, bool done)
{
	if (t->gone)
		target_say(plan, t, VFP_NOTE, "gone", "", "",
			   "the device has gone; its record %s dropped",
			   done ? "is" : "would be");
	else
		target_say(plan, t, VFP_NOTE, "hidden", t->found.driver, "",
			   "it is hidden as intended; the hiding was complete");
}

static int settle_record(struct vfp_plan *plan, struct target *t)
{
	int r = 0;

	/* What is not there has no lock; what has come since may have been hidden already. */
	if (t->gone && root_exists(plan->ctx, PCI_DEVICES "/%s", t->address)) {
		t->gone = false;
		return 0;
	}
	if (t->gone)
		r = record_drop(plan->ctx, t->address);
	else if (t->complete)
		r = call_hidden(plan, t);
	r = r ?: record_sweep(plan->ctx, t->address);
	if (r == 0)
		return 0;
	t->error = -ECANCELED;
	target_say(plan, t, VFP_ERROR, "record", RECORD_DIR, "",
		   "its record cannot be changed: %s", strerror(-r));
	return r;
}

void recover_records(struct vfp_plan *plan, bool run)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		bool recorded = t->complete ||
				root_exists(plan->ctx, RECORD_DIR "/%s", t->address);

		if (t->error < 0 || (run && settle_record(plan, t) < 0))
			continue;
		if (recorded && (t->gone || t->complete))
			say_recovered(plan, t, run);
	}
}
