/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hide wants for each device, and whether it may: the record, the claim, the driver and
 * its module, and the verdict on what the host would lose.
 */
#include "act/act.h"

/* -- the driver -------------------------------------------------------------------------------- */

static int refuse(struct vfp_plan *plan, struct target *t, int error, const char *kind,
		  const char *object, const char *remedy, const char *text)
{
	t->error = vfp_exit_worse(t->error, error);
	return target_say(plan, t, VFP_REFUSE, kind, object, remedy, "%s", text);
}

/* A finding of a kind that force can lift: a refusal, or a warning where it was lifted. */
static int object_to(struct vfp_plan *plan, struct target *t, const char *kind,
		     const char *object, const char *remedy, const char *text)
{
	struct vfp_finding finding = { .severity = VFP_REFUSE,
				       .kind = kind,
				       .object = object };

	if (finding_lifted(&finding, plan->force))
		return target_say(plan, t, VFP_WARN, kind, object, "", "%s", text);
	return refuse(plan, t, -EPERM, kind, object, remedy, text);
}

static int object_to_others(struct vfp_plan *plan, struct target *t, bool hides)
{
	_cleanup_free_ char *others = NULL;
	int r = others_taken(plan, t->module, hides, &others);

	if (r < 0 || !others)
		return r;
	t->objection = strf("loading %s would also give it %s%s", t->module, others,
			    hides ? ", by `ids=` in modprobe.d" : "");
	return t->objection ? 0 : -ENOMEM;
}

int target_resolve_driver(struct vfp_plan *plan, struct target *t, const char *name,
			  const char *hint)
{
	_cleanup_free_ char *loaded = NULL, *text = NULL;
	const char *driver = name;
	bool same = streq(nonnull(t->want.value[OVERRIDE]), nonnull(t->want.driver));
	int r = module_for_driver(plan->ctx, name, hint, &t->module, &t->objection);

	if (r == -ENOENT) {
		text = strf("there is no driver %s and no module that brings it", name);
		return text ? refuse(plan, t, -EPERM, "driver", name,
				     "name one that this kernel has with --driver", text)
			    : -ENOMEM;
	}
	if (r < 0)
		return r;
	/* A module's name was given, and the module is there already. */
	if (t->module && module_driver(plan->ctx, t->module, &loaded) == 0) {
		driver = loaded;
		free(t->module);
		free(t->objection);
		t->module = t->objection = NULL;
	}
	if (r == 0 && t->module && !t->objection)
		r = object_to_others(plan, t, driver_hides(driver));
	if (t->objection)
		r = object_to(plan, t, "module", t->module, MODULE_REMEDY, t->objection);
	return r ?: state_set(&t->want, driver, same ? driver : t->want.value[OVERRIDE]);
}

/* The name alone; whether the kernel has it is looked at after the verdict. */
int target_choose_driver(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *text = NULL;
	const char *name = driver_of_module(t->driver ? t->driver : "vfio-pci");
	int r;

	if (streq(name, "auto")) {
		r = module_vfio_variant(plan->ctx, t->device->value[VFP_MODALIAS],
					&t->module);
		if (r < 0)
			return r;
		name = driver_of_module(t->module);
	}
	if (driver_hides(name))
		return state_set(&t->want, name, name);
	text = strf("%s is not a driver that keeps a device for a guest", name);
	return text ? refuse(plan, t, -EPERM, "driver", name,
			     "take vfio-pci, a vfio variant, pci-stub or pciback", text)
		    : -ENOMEM;
}

static int resolve_chosen(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *hint = take(t->module);

	return target_resolve_driver(plan, t, t->want.driver, hint);
}

/* -- the record --------------------------------------------------------------------------------- */

bool record_knows(const struct record *record, const struct state *state)
{
	const char *override = state->value[OVERRIDE];
	bool driver = !*state->driver || streq(state->driver, record->orig_driver) ||
		      streq(state->driver, record->goal_driver);

	return driver && (streq(override, record->orig[OVERRIDE]) ||
			  streq(override, record->goal[OVERRIDE]) ||
			  streq(override, record->orig_driver) ||
			  streq(override, record->goal_driver));
}

static int object_to_claim(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *text = claim_text(&t->record);

	return text ? object_to(plan, t, "claim", t->record.for_, CLAIM_REMEDY, text)
		    : -ENOMEM;
}

static int object_to_foreign(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *text =
		strf("somebody else has changed it since it was hidden (driver %s, "
		     "override %s)",
		     *t->found.driver ? t->found.driver : "none",
		     *t->found.value[OVERRIDE] ? t->found.value[OVERRIDE] : "none");

	return text ? object_to(
			      plan, t, "foreign", t->found.driver,
			      "vfioprep return --force=foreign gives it back all the same",
			      text)
		    : -ENOMEM;
}

/* A record at rest stays what it is; one that cannot be trusted is never built upon. */
static int check_record(struct vfp_plan *plan, struct target *t)
{
	struct record *record = &t->record;
	int r = 0;

	if (!record->device)
		return 0;
	if (record->problem && record->stale) {
		r = target_say(plan, t, VFP_NOTE, "record", "", "",
			       "its old record is replaced: %s", record->problem);
		record_done(record);
		return r;
	}
	if (record->problem) {
		_cleanup_free_ char *text =
			strf("its record cannot be used: %s", record->problem);

		return text ? refuse(plan, t, -EPERM, "record", RECORD_DIR,
				     "look at it, then remove it", text)
			    : -ENOMEM;
	}
	/* Whoever has the lock knows that it has moved. */
	if (streq(record->phase, "stuck") && t->lock_fd < 0)
		return refuse(plan, t, -EINPROGRESS, "stuck", "",
			      "end what holds the device, or reboot",
			      "a kernel call on it has not come back yet");
	if (!streq(record->phase, "hidden"))
		return refuse(plan, t, -EPERM, "record", record->phase,
			      "run vfioprep recover",
			      "something broke off in the middle of a change to it");
	if (claim_is_of_another(plan->ctx, record, plan->claim))
		r = object_to_claim(plan, t);
	return r == 0 && !record_knows(record, &t->found) ? object_to_foreign(plan, t)
							  : r;
}

/*
 * A setting has its original from the first time that it was hidden; a record of a version that
 * did not know it, from the first time that it is changed.
 */
static int record_settings(struct target *t)
{
	struct record *next = &t->next;

	for (size_t i = 0; i < SETTINGS; i++) {
		const char *goal = t->want.value[i] ?: t->record.goal[i];

		if (t->found.value[i] && !next->orig[i] &&
		    (!t->record.device || t->want.value[i])) {
			next->orig[i] = strdup(t->found.value[i]);
			if (!next->orig[i])
				return -ENOMEM;
		}
		next->goal[i] = goal ? strdup(goal) : NULL;
		if (goal && !next->goal[i])
			return -ENOMEM;
	}
	return 0;
}

/* For whom it is from now on, and with which process that ends: as it was, unless asked for. */
static int record_claim(struct vfp_plan *plan, struct target *t)
{
	struct record *next = &t->next;
	bool claim = plan->claim != NULL;

	next->for_ = strdup(claim ? plan->claim : nonnull(t->record.for_));
	next->pid = claim && plan->pid ? claim_process(plan->ctx, plan->pid)
				       : strdup(claim ? "" : nonnull(t->record.pid));
	return next->for_ && next->pid ? 0 : -ENOMEM;
}

/* Asked for again with another process, or with none, a claim lasts for as long as that. */
static bool claim_changes(const struct target *t)
{
	return !streq(t->next.for_, nonnull(t->record.for_)) ||
	       !streq(t->next.pid, nonnull(t->record.pid));
}

/* Who shall have the node, where it was said: as it was, unless asked for. */
static char *owner_of_node(const struct vfp_plan *plan, const struct target *t)
{
	return plan->node_owner ? strf("%d:%d", (int)plan->uid, (int)plan->gid)
				: strdup(nonnull(t->record.goal_node_owner));
}

static bool node_owner_changes(const struct vfp_plan *plan, const struct target *t)
{
	_cleanup_free_ char *owner = owner_of_node(plan, t);

	return owner && !streq(owner, nonnull(t->record.goal_node_owner));
}

static int make_record(struct vfp_plan *plan, struct target *t)
{
	struct record *next = &t->next;
	int r = origin_record(plan, t);

	if (r < 0)
		return r;
	next->device = strdup(t->address);
	next->identity = strdup(t->device->value[VFP_MODALIAS]);
	next->boot = strdup(ctx_boot_id(plan->ctx));
	next->phase = strdup("hiding");
	next->by = strdup(nonnull(plan->by));
	next->goal_driver = strdup(t->want.driver);
	if (plan->node_owner || t->record.goal_node_owner)
		next->goal_node_owner = owner_of_node(plan, t);
	if ((plan->node_owner && !next->goal_node_owner) || !next->device ||
	    !next->identity || !next->boot || !next->phase || !next->by ||
	    !next->goal_driver || !next->orig_driver)
		return -ENOMEM;
	return record_settings(t) ?: mark_copy(&t->record, next);
}

/* -- the verdict ---------------------------------------------------------------------------------- */

static int take_verdict(struct vfp_plan *plan, struct target *t, struct findings *verdict)
{
	int r = 0;

	for (size_t i = 0; i < verdict->n && r == 0; i++) {
		const struct vfp_finding *f = verdict->list[i];
		enum vfp_severity severity = f->severity;

		if (severity == VFP_REFUSE && finding_lifted(f, plan->force)) {
			severity = VFP_WARN;
			/* One that somebody has opened is given up by its own name. */
			t->lift_disks =
				t->lift_disks || (streq(f->kind, "disk") &&
						  !startswith(f->object, "/dev/"));
		} else if (severity == VFP_REFUSE) {
			t->error = vfp_exit_worse(
				t->error, streq(f->kind, "held") ? -EBUSY : -EPERM);
		}
		r = finding_add(&plan->findings, severity, f->kind, f->device, f->object,
				severity == f->severity ? f->remedy : "", "%s%s",
				severity == f->severity ? "" : "forced: ", f->text);
	}
	return r;
}

static int judge(struct vfp_plan *plan, struct target *t, struct facts *facts)
{
	_cleanup_findings_ struct findings verdict = { 0 };
	_cleanup_free_ struct vfp_device **with = calloc(plan->n + 1, sizeof(*with));
	size_t n = 0;
	int r;

	if (!with)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++)
		if (&plan->targets[i] != t && plan->targets[i].device)
			with[n++] = plan->targets[i].device;
	r = check_device(plan->ctx, t->device, with, t->want.driver, facts, &verdict);
	/* Not what is being done already. */
	if (plan->awake)
		findings_forget(&verdict, "power", NULL);
	return r ?: take_verdict(plan, t, &verdict);
}

static int want_awake(struct vfp_plan *plan, struct target *t)
{
	bool any = false;
	int r = 0;

	for (size_t i = 0; plan->awake && i < SETTINGS && r == 0; i++) {
		if (!setting_rows[i].awake || !(t->settings & 1u << i))
			continue;
		r = state_set_value(&t->want, i, setting_rows[i].awake);
		any = true;
	}
	if (r == 0 && plan->awake && !any)
		r = target_say(plan, t, VFP_WARN, "power", "", "",
			       "this kernel has no power setting for it");
	return r;
}

/* Only a change of the driver can cost the host something. */
static int prepare_target(struct vfp_plan *plan, struct target *t, struct facts *facts)
{
	int r = check_record(plan, t);

	if (r == 0 && t->error == 0)
		r = target_choose_driver(plan, t) ?: want_awake(plan, t);
	if (r == 0 && t->error == 0 && !streq(t->found.driver, t->want.driver))
		r = judge(plan, t, facts);
	if (r == 0 && t->error == 0)
		r = resolve_chosen(plan, t) ?: record_claim(plan, t);
	if (r < 0 || t->error < 0)
		return r;
	t->todo = !state_reached(&t->found, &t->want) || !t->record.device ||
		  claim_changes(t) || node_owner_changes(plan, t);
	/* Who does not say for whom he asks may find it hidden, but not change it. */
	if ((t->todo || plan->node_owner) && !plan->claim &&
	    claim_holds(plan->ctx, &t->record))
		r = object_to_claim(plan, t);
	return r == 0 && t->error == 0 && t->todo ? make_record(plan, t) : r;
}

int hide_prepare(struct vfp_plan *plan)
{
	struct facts facts = { 0 };
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->targets[i].error == 0 && !plan->targets[i].finished)
			r = prepare_target(plan, &plan->targets[i], &facts);
	facts_done(&facts);
	return r;
}
