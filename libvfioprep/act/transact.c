/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction: record, run, read again; and where that fails, back to the state found by
 * the same way, with what was found as what is wanted.
 */
#include "act/act.h"

#include <syslog.h>

/* -- steps -------------------------------------------------------------------------------- */

/*
 * Consent to lose a disk that something has opened for itself alone. Nobody knows what that
 * is, so it takes the disk's name; the bare kind is not enough.
 */
static bool is_given_up(const struct vfp_plan *plan, const char *disk)
{
	for (char **force = plan->force; force && *force; force++)
		if (startswith(*force, "disk:") && streq(*force + strlen("disk:"), disk))
			return true;
	return false;
}

/* Nobody may mount a disk, or take the group, between the last look and the unbind. */
static int add_holds(struct vfp_plan *plan, const struct target *t, struct steps *steps)
{
	_cleanup_strings_ char **disks = NULL;
	char node[64];
	int r = 0;

	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	if (t->device->group >= 0 && root_exists(plan->ctx, "%s", node))
		r = step_add(steps, HOLD_NODE, node, "");
	if (r == 0)
		r = below_disks(plan->ctx, t->device->path, &disks);
	for (char **disk = disks; r == 0 && disk && *disk; disk++)
		r = step_add(steps, HOLD_DISK, *disk,
			     t->lift_disks || is_given_up(plan, *disk) ? "forced" : "");
	return r;
}

/* What somebody else has set since the look is not overwritten. */
static int expect_override(const struct target *t, struct steps *steps)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", t->address,
		 setting_rows[OVERRIDE].name);
	return step_add(steps, EXPECT_SETTING, path, t->now.value[OVERRIDE]);
}

int target_steps(struct vfp_plan *plan, const struct target *t, struct steps *steps)
{
	int r = 0;

	if (*t->now.driver && !streq(t->now.driver, t->want.driver))
		r = add_holds(plan, t, steps);
	if (r == 0 && !state_reached(&t->now, &t->want))
		r = expect_override(t, steps);
	return r ?: diff(steps, t->address, &t->now, &t->want);
}

/* -- running ------------------------------------------------------------------------------ */

/* Drivers that do not survive an unbind beside another of their kind. */
static bool one_at_a_time(const struct target *t)
{
	return streq(nonnull(t->now.driver), "ioatdma");
}

/* Two paths to one disk: it can be held for one of them at a time. */
static bool share_disk(const struct target *a, const struct target *b)
{
	for (char **disk = a->disks; disk && *disk; disk++)
		for (char **other = b->disks; other && *other; other++)
			if (streq(*disk, *other))
				return true;
	return false;
}

/* Only the disks of NVMe have several controllers. */
static int find_shared(struct vfp_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		struct target *t = &plan->targets[i];

		if (plan->n > 1 && t->todo && !t->disks &&
		    streq(nonnull(t->now.driver), "nvme"))
			r = below_disks(plan->ctx, t->device->path, &t->disks);
	}
	return r == -ENOMEM ? r : 0;
}

static bool in_each_others_way(const struct target *a, const struct target *b)
{
	size_t slot = (size_t)(strrchr(a->address, '.') - a->address);

	return streq(a->lock_name, b->lock_name) || share_disk(a, b) ||
	       (strlen(b->address) > slot &&
		strncmp(a->address, b->address, slot + 1) == 0) ||
	       (one_at_a_time(a) && one_at_a_time(b));
}

/* Wave 0 has the first of each group and slot, wave 1 the second, and so on. */
static unsigned int wave_of(const struct vfp_plan *plan, size_t index,
			    const unsigned int *waves)
{
	unsigned int wave = 0;

	for (size_t i = 0; i < index; i++)
		if (plan->targets[i].todo && waves[i] >= wave &&
		    in_each_others_way(&plan->targets[i], &plan->targets[index]))
			wave = waves[i] + 1;
	return wave;
}

/* Whether the state after the job is the one that was wanted, by what was read. */
static int prove(struct vfp_plan *plan, struct target *t, const struct job *job)
{
	_cleanup_free_ char *driver = NULL;
	struct state now = { 0 };
	bool reached;
	int r;

	root_link_name(plan->ctx, &driver, PCI_DEVICES "/%s/driver", t->address);
	r = state_set(&now, driver, "") ?: job_take_settings(job, t->settings, &now);
	/* A host driver, or the udev that waits for it, may have its own idea of power. */
	for (size_t i = 0; r == 0 && i < SETTINGS; i++)
		if (setting_rows[i].awake && !driver_hides(t->want.driver) &&
		    t->want.value[i])
			r = state_set_value(&now, i, t->want.value[i]);
	reached = r == 0 && state_reached(&now, &t->want);
	state_done(&now);
	if (!reached)
		return r ?: -EIO;
	if (driver_is_vfio(t->want.driver) && t->device->group >= 0 &&
	    !root_exists(plan->ctx, "/dev/vfio/%d", t->device->group))
		return -ENXIO;
	return 0;
}

static void keep_failed_step(struct target *t, struct job *job)
{
	const struct step *step = &job->steps.list[job->done];

	t->step_error = job->error;
	free(t->failed.path);
	free(t->failed.value);
	t->failed =
		(struct step){ step->op, strdup(step->path), strdup(step->value), 0, 0 };
	free(t->where);
	t->where = take(job->where);
}

static void take_result(struct vfp_plan *plan, struct target *t, struct job *job)
{
	/* A step in flight may have had an effect, whatever it answered. */
	for (size_t i = 0; i <= job->done && i < job->steps.n; i++)
		t->written = t->written || job->steps.list[i].op == WRITE;
	if (job->error < 0) {
		keep_failed_step(t, job);
		t->error = job->error == -EINPROGRESS ? -EINPROGRESS : -ECANCELED;
	} else if (job->done < job->steps.n) {
		t->error = -ECANCELED;
	} else {
		t->step_error = prove(plan, t, job);
		t->error = t->step_error < 0 ? -ECANCELED : 0;
	}
}

static int run_wave(struct vfp_plan *plan, unsigned int wave, const unsigned int *waves,
		    enum on_error on_error)
{
	_cleanup_free_ struct job *jobs = calloc(plan->n, sizeof(*jobs));
	int r = jobs ? 0 : -ENOMEM;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		struct target *t = &plan->targets[i];

		if (!t->todo || t->error < 0 || waves[i] != wave)
			continue;
		jobs[i].lock_fd = t->lock_fd;
		snprintf(jobs[i].device, sizeof(jobs[i].device), PCI_DEVICES "/%s",
			 t->address);
		jobs[i].inode = t->inode;
		r = target_steps(plan, t, &jobs[i].steps);
		/* The settings are read once more, so that nothing is taken for granted. */
		r = r ?: steps_add_reads(&jobs[i].steps, t->address, t->settings);
	}
	if (r == 0)
		r = run_jobs(plan->ctx, jobs, plan->n, plan_step_timeout(plan), on_error);
	for (size_t i = 0; jobs && i < plan->n; i++) {
		if (jobs[i].text)
			take_result(plan, &plan->targets[i], &jobs[i]);
		else if (jobs[i].steps.n)
			plan->targets[i].error = r < 0 ? -ECANCELED : 0;
		job_done(&jobs[i]);
	}
	return r;
}

int reach(struct vfp_plan *plan, enum on_error on_error)
{
	_cleanup_free_ unsigned int *waves = calloc(plan->n, sizeof(*waves));
	unsigned int last = 0;
	int r = 0;

	if (!waves || find_shared(plan) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++) {
		/* What is finished may never have been locked, so it has no lock's name. */
		waves[i] = plan->targets[i].todo ? wave_of(plan, i, waves) : 0;
		last = waves[i] > last ? waves[i] : last;
	}
	for (unsigned int wave = 0; wave <= last && r == 0; wave++) {
		r = run_wave(plan, wave, waves, on_error);
		if (on_error != STOP_ALL && r != -ENOMEM && r != -ECANCELED)
			r = 0;
	}
	for (size_t i = 0; i < plan->n && r < 0; i++) {
		struct target *t = &plan->targets[i];

		if (t->todo && t->error == 0 && (on_error == STOP_ALL || !t->written))
			t->error = -ECANCELED;
	}
	return r;
}

/* -- modules -------------------------------------------------------------------------------- */

/* What was loaded may call its driver otherwise than the module ("vfio_pci", "vfio-pci"). */
static int name_loaded_driver(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *driver = NULL;
	bool same;

	if (root_exists(plan->ctx, PCI_DRIVERS "/%s", t->want.driver))
		return 0;
	if (module_driver(plan->ctx, t->module, &driver) < 0)
		return -ENOENT;
	same = streq(t->want.driver, t->want.value[OVERRIDE]);
	return state_set(&t->want, driver, same ? driver : t->want.value[OVERRIDE]);
}

static int load_module(struct vfp_plan *plan, struct target *t)
{
	struct job job = { .lock_fd = t->lock_fd };
	int r = step_add(&job.steps, LOAD, "", t->module);

	r = r ?: run_jobs(plan->ctx, &job, 1, plan_step_timeout(plan), STOP_ONE);
	job_done(&job);
	return r ?: name_loaded_driver(plan, t);
}

static void load_modules(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		int r;

		if (!t->todo || t->error < 0 || !t->module)
			continue;
		r = load_module(plan, t);
		if (r == 0)
			continue;
		t->error = r == -EINPROGRESS ? r : -ECANCELED;
		if (r != -ECANCELED)
			target_say(plan, t, VFP_ERROR, "module", t->module, "",
				   "the module %s cannot be loaded: %s", t->module,
				   r == -EINPROGRESS
					   ? "the kernel does not come back from it"
					   : strerror(-r));
	}
}

/*
 * A driver that registers takes driverless devices whose override or ids it matches, those
 * concerned among them. What was found before remains what there is to go back to.
 */
static void look_after_load(struct vfp_plan *plan)
{
	bool loaded = false;
	int r = 0;

	for (size_t i = 0; i < plan->n; i++)
		loaded = loaded || (plan->targets[i].todo && plan->targets[i].module);
	if (loaded) {
		targets_read(plan, offsetof(struct target, now), STOP_ONE);
		return;
	}
	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->targets[i].todo)
			r = state_copy(&plan->targets[i].found, &plan->targets[i].now);
	if (r < 0)
		plan->targets[0].error = r;
}

/* -- records --------------------------------------------------------------------------------- */

static void save_records(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		int r;

		if (!t->todo || t->error < 0)
			continue;
		r = record_save(plan->ctx, &t->next);
		t->saved = r == 0;
		if (r < 0) {
			t->error = -ECANCELED;
			target_say(plan, t, VFP_ERROR, "record", RECORD_DIR, "",
				   "it cannot be recorded in " RECORD_DIR ": %s",
				   strerror(-r));
		}
	}
}

/* -- success ----------------------------------------------------------------------------------- */

/* One line in the system's log per change, from the running system only. */
static void log_change(struct vfp_plan *plan, const struct target *t)
{
	const char *from = *t->found.driver ? t->found.driver : "no driver";
	const char *to = *t->want.driver ? t->want.driver : "no driver";

	log_info(plan->ctx, "%s: from %s to %s", t->address, from, to);
	if (plan->ctx->root_fd < 0)
		syslog(LOG_DAEMON | LOG_NOTICE, "%s: from %s to %s by %s for %s",
		       t->address, from, to, nonnull(plan->by),
		       plan->claim ? plan->claim : "nobody in particular");
}

static void report_change(struct vfp_plan *plan, const struct target *t)
{
	if (streq(t->found.driver, t->want.driver))
		return;
	log_change(plan, t);
	if (!plan->progress)
		return;
	if (*t->found.driver)
		plan->progress(plan->progress_data, VFP_UNBOUND, t->address,
			       t->found.driver);
	if (*t->want.driver)
		plan->progress(plan->progress_data, VFP_BOUND, t->address,
			       t->want.driver);
}

int plan_error(const struct vfp_plan *plan)
{
	int worst = 0;

	for (size_t i = 0; i < plan->n; i++)
		worst = vfp_exit_worse(worst, plan->targets[i].error);
	return worst;
}

int transact(struct vfp_plan *plan, enum on_error on_error)
{
	int r = 0;

	load_modules(plan);
	look_after_load(plan);
	if (on_error != STOP_ALL || plan_error(plan) == 0)
		save_records(plan);
	if (on_error != STOP_ALL || plan_error(plan) == 0)
		r = reach(plan, on_error);
	if (r == 0 && plan->request == HIDE && plan_error(plan) == 0)
		hide_finish(plan);
	if (plan_error(plan) < 0)
		give_up(plan, on_error);
	for (size_t i = 0; i < plan->n; i++)
		if (plan->targets[i].todo && plan->targets[i].error == 0)
			report_change(plan, &plan->targets[i]);
	return plan_error(plan);
}
