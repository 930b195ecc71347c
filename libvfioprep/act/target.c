/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device of a plan: its lock, its snapshot and record taken under that lock, and its
 * state, read in a child because on Linux 6.1 reading driver_override waits for an unbind that
 * hangs.
 */
#include "act/act.h"

int target_add(struct vfp_plan *plan, const char *address, const char *driver,
	       struct target **ret_target)
{
	struct target *grown = reallocarray(plan->targets, plan->n + 1, sizeof(*grown));
	struct target *t;

	if (!grown)
		return -ENOMEM;
	plan->targets = grown;
	t = &grown[plan->n];
	*t = (struct target){ .address = strdup(address), .lock_fd = -1 };
	t->driver = driver ? strdup(driver) : NULL;
	if (!t->address || (driver && !t->driver)) {
		target_done(t);
		return -ENOMEM;
	}
	plan->n++;
	if (ret_target)
		*ret_target = t;
	return 0;
}

uint64_t device_inode(struct vfp_ctx *ctx, const char *address)
{
	char path[64];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", address);
	return root_inode(ctx, path);
}

struct target *target_find(struct vfp_plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->targets[i].address, address))
			return &plan->targets[i];
	return NULL;
}

void target_reset(struct target *target)
{
	struct target fresh = { .address = target->address,
				.driver = target->driver,
				.expect = target->expect,
				.lock_fd = -1 };

	free(target->lock_name);
	device_free(target->device);
	record_done(&target->record);
	record_done(&target->next);
	state_done(&target->found);
	state_done(&target->want);
	state_done(&target->now);
	free(target->module);
	free(target->objection);
	strings_free(target->disks);
	free(target->failed.path);
	free(target->failed.value);
	free(target->where);
	*target = fresh;
}

void target_finish(struct target *target)
{
	target->finished = true;
	target->todo = target->saved = target->written = false;
	target->step_error = 0;
}

void target_done(struct target *target)
{
	target_reset(target);
	free(target->address);
	free(target->driver);
	free(target->expect);
}

void targets_forget(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		target_done(&plan->targets[i]);
	free(plan->targets);
	plan->targets = NULL;
	plan->n = 0;
	plan->request = NOTHING;
	findings_done(&plan->findings);
}

int target_say(struct vfp_plan *plan, const struct target *target,
	       enum vfp_severity severity, const char *kind, const char *object,
	       const char *remedy, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	if (!text)
		return -ENOMEM;
	return finding_add(&plan->findings, severity, kind, target->address, object,
			   remedy, "%s", text);
}

/* -- snapshot, record, state ---------------------------------------------------------------- */

/* An errno of the file system says nothing about how far we came. */
static int read_failed(struct vfp_plan *plan, struct target *t, int error,
		       const char *where)
{
	if (error == -EINPROGRESS)
		return target_say(
			       plan, t, VFP_REFUSE, "stuck", "",
			       "end what holds the device, or reboot",
			       "the kernel does not answer for it: a call on it hangs%s%s",
			       where ? "; reading waits in " : "", nonnull(where))
			     ?: error;
	if (error != -ECANCELED)
		target_say(plan, t, VFP_ERROR, "read", "", "",
			   "its state cannot be read: %s", strerror(-error));
	return -ECANCELED;
}

/*
 * The override, and what was changed beside it, as far as the kernel has it. Hide looks at all:
 * vfio-pci itself changes power/control, so it is as it was only if that is known.
 */
static void choose_settings(struct vfp_plan *plan, struct target *t)
{
	t->settings = 1u << OVERRIDE;
	for (size_t i = 0; i < SETTINGS; i++)
		if ((plan->request == HIDE || t->record.orig[i]) &&
		    root_exists(plan->ctx, PCI_DEVICES "/%s/%s", t->address,
				setting_rows[i].name))
			t->settings |= 1u << i;
}

static int load_target(struct vfp_plan *plan, struct target *t)
{
	int r;

	device_free(t->device);
	t->device = NULL;
	record_done(&t->record);
	t->inode = device_inode(plan->ctx, t->address);
	r = device_load(plan->ctx, t->address, &t->device);
	/* What is recorded of it is of no use any more, so there is something to be done. */
	if (r == -ENODEV && plan->request == RETURN &&
	    root_exists(plan->ctx, RECORD_DIR "/%s", t->address)) {
		t->gone = t->finished = true;
		return 0;
	}
	if (r == -ENODEV)
		return target_say(plan, t, VFP_REFUSE, "device", "",
				  "vfioprep list shows what is there",
				  "there is no PCI device at this address")
			     ?: -ENODEV;
	r = r ?: record_load(plan->ctx, t->address, &t->record);
	choose_settings(plan, t);
	return r < 0 && r != -ENOENT ? read_failed(plan, t, r, NULL) : 0;
}

void targets_load(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->targets[i].error == 0 && !plan->targets[i].finished)
			plan->targets[i].error = load_target(plan, &plan->targets[i]);
}

/* Its ids, with those of the subsystem where these are expected as well. */
static bool is_expected(const struct target *t, char **ret_is)
{
	const char *ids = t->device->value[VFP_IDS];

	*ret_is = strlen(t->expect) <= strlen("8086:10fb")
			? strdup(ids)
			: strf("%s:%s", ids, nonnull(t->device->value[VFP_SUBSYSTEM]));
	return *ret_is && strcasecmp(t->expect, *ret_is) == 0;
}

void targets_expect(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		_cleanup_free_ char *is = NULL;

		if (t->error < 0 || t->finished || !t->expect || is_expected(t, &is))
			continue;
		t->error = -EPERM;
		target_say(plan, t, VFP_REFUSE, "identity", is,
			   "look where the device has gone: vfioprep list",
			   "it is %s, not %s as expected", is, t->expect);
	}
}

int steps_add_reads(struct steps *steps, const char *address, unsigned int settings)
{
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++) {
		if (!(settings & 1u << i))
			continue;
		snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address,
			 setting_rows[i].name);
		r = step_add(steps, READ, path, "");
	}
	return r;
}

int job_take_settings(const struct job *job, unsigned int settings, struct state *state)
{
	size_t at = job->steps.n - (size_t)__builtin_popcount(settings);
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++)
		if (settings & 1u << i)
			r = state_set_value(state, i, job->text[at++]);
	return r;
}

/* The driver's link never blocks; it is read last, so as not to be older than the rest. */
static int take_state(struct vfp_plan *plan, const struct target *t,
		      const struct job *job, struct state *state)
{
	_cleanup_free_ char *driver = NULL;
	int r;

	if (job->error < 0)
		return job->error;
	for (size_t i = 0; plan->ctx->mirror && i < job->steps.n; i++)
		mirror_file(plan->ctx, job->steps.list[i].path, job->text[i],
			    strlen(job->text[i]));
	r = root_link_name(plan->ctx, &driver, PCI_DEVICES "/%s/driver", t->address);
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return r;
	return state_set(state, driver, "") ?: job_take_settings(job, t->settings, state);
}

void targets_read(struct vfp_plan *plan, size_t offset, enum on_error on_error)
{
	_cleanup_free_ struct job *jobs = calloc(plan->n, sizeof(*jobs));
	int r;

	for (size_t i = 0; jobs && i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		/* Who only reads, for ever perhaps, must not look like one who writes. */
		jobs[i].lock_fd = -1;
		if (t->error == 0 && !t->finished)
			t->error =
				steps_add_reads(&jobs[i].steps, t->address, t->settings);
	}
	r = jobs ? run_jobs(plan->ctx, jobs, plan->n, plan->timeout, on_error) : -ENOMEM;
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];
		struct state *state = (struct state *)((char *)t + offset);

		if (t->error < 0 || t->finished)
			continue;
		if (!jobs || (r == -ECANCELED && jobs[i].done < jobs[i].steps.n))
			t->error = r;
		else
			t->error = take_state(plan, t, &jobs[i], state);
		if (t->error < 0)
			t->error = read_failed(plan, t, t->error,
					       jobs ? jobs[i].where : NULL);
	}
	for (size_t i = 0; jobs && i < plan->n; i++)
		job_done(&jobs[i]);
}

/* -- held ------------------------------------------------------------------------------------ */

/*
 * Whoever has the device's own node open keeps the driver there, but the group's node may be opened
 * until he has bound it to an iommufd. Several may open the node: only their processes tell.
 */
static bool is_open(struct vfp_plan *plan, const struct target *t)
{
	_cleanup_free_ char *who = NULL;

	return vfp_device_get(t->device, VFP_CDEV) &&
	       vfp_holders(plan->ctx, t->device, &who) == 0;
}

/* Else the step that holds the node finds out. */
static bool is_held(struct vfp_plan *plan, const struct target *t)
{
	struct job job = { .lock_fd = t->lock_fd };
	char node[64];
	int r;

	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	r = step_add(&job.steps, HOLD_NODE, node, "");
	r = r ?: run_jobs(plan->ctx, &job, 1, plan_step_timeout(plan), STOP_ONE);
	job_done(&job);
	return r == -EBUSY;
}

void targets_probe(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct target *t = &plan->targets[i];

		if (t->error < 0 || !t->todo || t->device->group < 0 ||
		    !driver_is_vfio(t->found.driver) ||
		    streq(t->found.driver, t->want.driver))
			continue;
		if ((plan->wait > 0 && is_held(plan, t)) || is_open(plan, t))
			target_say_held(plan, t);
	}
}
