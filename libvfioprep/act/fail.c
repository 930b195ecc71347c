/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a step has failed: say which and why, put back what was changed, and make the records
 * tell the truth. Putting back is the same way with the state found as the state wanted, from
 * what is really there now; what somebody else has set meanwhile is left alone.
 */
#include "act/act.h"

/* -- what failed ---------------------------------------------------------------------------- */

static void find_holders(struct vfp_ctx *ctx, const char *node, char **ret_text)
{
	struct holder *holders = NULL;
	bool complete;
	size_t n = 0;

	if (holders_find(ctx, node, &holders, &n, &complete) < 0)
		return;
	if (n)
		holders_text(holders, n, ret_text);
	holders_free(holders, n);
}

void target_say_held(struct vfp_plan *plan, struct target *t)
{
	const char *own = vfp_device_get(t->device, VFP_CDEV);
	_cleanup_free_ char *who = NULL;
	char node[64];

	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	find_holders(plan->ctx, node, &who);
	t->error = -EBUSY;
	if (who)
		target_say(plan, t, VFP_REFUSE, "held", who,
			   "unplug it there, or end that process", "%s%s%s is open in %s",
			   node, own ? " or " : "", nonnull(own), who);
	else
		target_say(plan, t, VFP_REFUSE, "held", "", "end what has it open",
			   "%s is open, but no process that has it was found", node);
}

/* Of all that are held the first one is told. */
void plan_tell_held(const struct vfp_plan *plan, const struct waiting *waiting,
		    int64_t end)
{
	for (size_t i = 0; i < plan->findings.n; i++) {
		const struct vfp_finding *f = plan->findings.list[i];

		if (!streq(f->kind, "held"))
			continue;
		waiting_tell(waiting, f->device, end, "until %s lets go of it",
			     *f->object ? f->object : "whoever has its node open");
		return;
	}
	waiting_tell(waiting, NULL, end, "for another vfioprep that is at work");
}

static void say_write_failed(struct vfp_plan *plan, const struct target *t)
{
	const char *file = strrchr(t->failed.path, '/') + 1,
		   *why = strerror(-t->step_error);
	_cleanup_free_ char *dir =
		strndup(t->failed.path, (size_t)(file - t->failed.path - 1));
	const char *driver = dir ? strrchr(dir, '/') + 1 : "";

	if (streq(file, "unbind"))
		target_say(plan, t, VFP_ERROR, "unbind", driver, "",
			   "%s does not give it up: %s", driver, why);
	else if (streq(file, "bind"))
		target_say(plan, t, VFP_ERROR, "bind", driver, "dmesg may say more",
			   "%s does not take it: %s", driver, why);
	else
		target_say(plan, t, VFP_ERROR, file, "", "", "%s cannot be written: %s",
			   file, why);
}

static void say_stuck(struct vfp_plan *plan, const struct target *t)
{
	target_say(plan, t, VFP_ERROR, "stuck", t->failed.path,
		   "end what holds the device; vfioprep status shows it",
		   "the kernel did not come back from writing %s within %g s%s%s",
		   t->failed.path, (double)plan->timeout / 1000,
		   t->where ? "; it waits in " : "", nonnull(t->where));
}

/* Removed meanwhile; what is at its address now is another one, or new to the host. */
static bool is_gone(struct vfp_plan *plan, const struct target *t)
{
	return device_inode(plan->ctx, t->address) != t->inode;
}

static void say_failed(struct vfp_plan *plan, struct target *t)
{
	if (is_gone(plan, t))
		target_say(
			plan, t, VFP_ERROR, "gone", "", "",
			root_exists(plan->ctx, PCI_DEVICES "/%s", t->address)
				? "the device has gone; what is at its address now is left alone"
				: "the device has gone");
	else if (!t->failed.path)
		target_say(
			plan, t, VFP_ERROR, "verify", "", "",
			t->step_error == -ENXIO
				? "it is bound to %s, but /dev/vfio has no node for it"
				: "every write succeeded, and yet it is not bound to %s as wanted",
			*t->want.driver ? t->want.driver : "no driver");
	else if (t->step_error == -EINPROGRESS)
		say_stuck(plan, t);
	else if (t->failed.op == HOLD_NODE && t->step_error == -EBUSY)
		target_say_held(plan, t);
	else if (t->failed.op == HOLD_DISK && t->step_error == -EBUSY) {
		t->error = -EPERM;
		target_say(plan, t, VFP_REFUSE, "disk", t->failed.path,
			   "stop what uses it",
			   "%s is in use: something has opened it for itself alone",
			   t->failed.path);
	} else if (t->failed.op == WRITE)
		say_write_failed(plan, t);
	else if (t->failed.op == EXPECT_SETTING && t->step_error == -EBUSY)
		target_say(plan, t, VFP_ERROR, "foreign", t->failed.value, "try again",
			   "somebody else has just changed %s", t->failed.path);
	else if (t->failed.op == EXPECT_DRIVER)
		target_say(plan, t, VFP_ERROR, "verify", t->failed.value, "",
			   "it is not bound to %s afterwards: somebody else interferes",
			   *t->failed.value ? t->failed.value : "no driver");
	else
		target_say(plan, t, VFP_ERROR, "step", t->failed.path, "", "%s: %s",
			   t->failed.path, strerror(-t->step_error));
}

/* -- back ------------------------------------------------------------------------------------- */

/* Is @now a state that this transaction can have led to? */
static bool is_ours(const struct target *t, const struct state *now)
{
	const struct state *known[] = { &t->found, &t->want };
	bool driver = !*now->driver, override = false;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		driver = driver || streq(now->driver, known[i]->driver);
		override = override ||
			   streq(now->value[OVERRIDE], known[i]->value[OVERRIDE]) ||
			   streq(now->value[OVERRIDE], known[i]->driver);
	}
	return driver && override;
}

/* The targets that have to go back, as a plan of its own: from what is now to what was found. */
static int plan_back(struct vfp_plan *plan, struct vfp_plan *back)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		struct target *t = &plan->targets[i], *b;

		if (!t->written || t->error == 0 || t->error == -EINPROGRESS)
			continue;
		r = target_add(back, t->address, NULL, &b);
		if (r < 0)
			break;
		b->lock_name = strdup(t->lock_name);
		b->lock_fd = t->lock_fd;
		b->device = t->device;
		b->inode = t->inode;
		b->lift_disks = t->lift_disks;
		b->todo = true;
		b->settings = t->settings;
		r = b->lock_name ? state_copy(&t->found, &b->want) : -ENOMEM;
	}
	return r;
}

static void settle(struct vfp_plan *plan, struct target *t, const struct target *b)
{
	if (is_gone(plan, t)) {
		t->error = -ECANCELED;
		record_drop(plan->ctx, t->address);
		t->saved = t->written = false;
		return;
	}
	if (b->error == 0) {
		t->written = false;
		return;
	}
	t->error = b->error == -EINPROGRESS ? -EINPROGRESS : -ENOTRECOVERABLE;
	if (b->foreign) {
		target_say(
			plan, t, VFP_ERROR, "foreign", b->now.driver,
			"run vfioprep recover",
			"somebody else has changed it meanwhile (driver %s, override %s); it is "
			"left alone",
			*b->now.driver ? b->now.driver : "none",
			*b->now.value[OVERRIDE] ? b->now.value[OVERRIDE] : "none");
	} else if (t->error == -EINPROGRESS) {
		target_say(plan, t, VFP_ERROR, "stuck", nonnull(b->failed.path),
			   "vfioprep status shows it",
			   "the kernel did not come back while it was put back%s%s",
			   b->where ? "; it waits in " : "", nonnull(b->where));
	} else if (t->error == -ENOTRECOVERABLE) {
		target_say(plan, t, VFP_ERROR, "back", t->found.driver,
			   "run vfioprep recover", "it could not be put back to %s: %s",
			   *t->found.driver ? t->found.driver : "no driver",
			   strerror(b->step_error ? -b->step_error : EIO));
	}
}

/* There is no way to go on from a failure of memory here but to leave it to recover. */
static void put_back(struct vfp_plan *plan)
{
	struct vfp_plan back = { .ctx = plan->ctx, .timeout = plan->timeout };
	int r = plan_back(plan, &back);

	if (r == 0 && back.n) {
		targets_read(&back, offsetof(struct target, now), GO_ON);
		for (size_t i = 0; i < back.n; i++) {
			struct target *b = &back.targets[i];

			b->foreign = b->error == 0 &&
				     !is_ours(target_find(plan, b->address), &b->now);
			if (b->foreign)
				b->error = -EPERM;
		}
		r = reach(&back, GO_ON);
	}
	/* What did not fit into the plan has not been put back. */
	for (size_t i = 0; i < plan->n && r == -ENOMEM; i++) {
		struct target *t = &plan->targets[i];

		if (t->written && t->error < 0 && t->error != -EINPROGRESS &&
		    !target_find(&back, t->address))
			t->error = -ENOTRECOVERABLE;
	}
	for (size_t i = 0; i < back.n; i++) {
		struct target *b = &back.targets[i];

		if (r == -ENOMEM && b->error == 0)
			b->error = r;
		settle(plan, target_find(plan, b->address), b);
		b->device = NULL;
		target_done(b);
	}
	free(back.targets);
	findings_done(&back.findings);
}

/* -- records ---------------------------------------------------------------------------------- */

/* After everything was put back, the record is what it was. */
static void restore_record(struct vfp_plan *plan, struct target *t)
{
	int r = t->record.device && !t->record.problem
		      ? record_save(plan->ctx, &t->record)
		      : record_drop(plan->ctx, t->address);

	if (r < 0)
		target_say(plan, t, VFP_WARN, "record", RECORD_DIR,
			   "run vfioprep recover", "its record cannot be changed: %s",
			   strerror(-r));
}

int target_set_phase(struct vfp_plan *plan, struct target *t, const char *phase)
{
	char *copy = strdup(phase);

	if (!copy)
		return -ENOMEM;
	free(t->next.phase);
	t->next.phase = copy;
	return record_save(plan->ctx, &t->next);
}

/* Say what failed, put back what was changed, and make the records tell the truth. */
void give_up(struct vfp_plan *plan, enum on_error on_error)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->todo && t->error == 0 && on_error == STOP_ALL)
			t->error = -ECANCELED;
		else if (t->error < 0 && t->step_error < 0)
			say_failed(plan, t);
	}
	put_back(plan);
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->error == -EINPROGRESS && t->written)
			target_set_phase(plan, t, "stuck");
		else if (t->saved && t->error < 0 && !t->written)
			restore_record(plan, t);
	}
}
