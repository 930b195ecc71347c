/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook-call: what every operation of the hook needs: the devices of the domain, a plan in its
 * name with its time, and what is told to whoever waits and to the system's log.
 */
#include "hook.h"

#include <signal.h>
#include <syslog.h>

/* -- what is told ------------------------------------------------------------------- */

static const char *guest = "";

static void log_complaint(const char *text)
{
	syslog(LOG_DAEMON | LOG_WARNING, "guest %s: %s", guest, text);
}

void hook_log_begin(const char *name)
{
	guest = name;
	openlog(program, LOG_PID, LOG_DAEMON);
	also_complain = log_complaint;
}

void hook_end(void)
{
	alarm(0);
	also_complain = NULL;
}

/* What is no reason to refuse is not for whoever starts the guest. */
static void log_warnings(struct vfp_finding *const *findings)
{
	for (; findings && *findings; findings++) {
		const struct vfp_finding *f = *findings;
		_cleanup_free_ char *line =
			strf("%s: warning: %s%s%s", nonnull(f->device), nonnull(f->text),
			     *nonnull(f->remedy) ? "; " : "", nonnull(f->remedy));
		_cleanup_free_ char *text = line ? printable(line, 2000) : NULL;

		if (f->severity == VFP_WARN && text)
			log_complaint(text);
	}
}

const struct vfp_record *hook_record_of(const struct hook_call *call, const char *address)
{
	for (struct vfp_record **r = call->records; *r; r++)
		if (streq(nonnull(vfp_record_get(*r, "device")), address))
			return *r;
	return NULL;
}

/* Who a device is claimed for is told by its UUID; this adds the name. */
static void tell_claimants(const struct hook_call *call,
			   struct vfp_finding *const *findings)
{
	for (; findings && *findings; findings++) {
		const struct vfp_record *record =
			hook_record_of(call, (*findings)->device);

		if (streq((*findings)->kind, "claim") && record)
			complain((*findings)->device, "it was claimed by %s",
				 nonnull(vfp_record_get(record, "by")));
	}
}

int hook_tell(const struct hook_call *call, struct vfp_finding *const *findings,
	      int error)
{
	plan_tell(findings, error, false);
	if (given.quiet)
		log_warnings(findings);
	if (error < 0)
		tell_claimants(call, findings);
	return error;
}

/* -- time --------------------------------------------------------------------------- */

static int status_when_late;

/* Whoever is killed leaves a transaction that recover finishes; no step begins after it. */
static void on_alarm(int number)
{
	static const char text[] =
		"vfioprep-hook: it takes too long, so this is left as it "
		"is; see vfioprep status, and run vfioprep recover\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(status_when_late);
	_exit(status_when_late);
}

void hook_end_within(int64_t msec, int status)
{
	status_when_late = status;
	signal(SIGALRM, on_alarm);
	alarm((unsigned int)(msec / 1000) + 1);
}

/* -- devices and plans -------------------------------------------------------------- */

int hook_select(struct hook_call *call)
{
	int r = 0, worst = 0;

	for (size_t i = 0; i < call->domain.n; i++) {
		_cleanup_free_ char *word =
			strf("pci:%s", call->domain.device[i].address);

		r = word ? selection_add(call->ctx, &call->devices, word, false)
			 : -ENOMEM;
		worst = vfp_exit_worse(worst, r);
	}
	return worst;
}

int hook_set_time(struct vfp_plan *plan, enum vfp_option option, int64_t msec)
{
	_cleanup_free_ char *text = strf("%.3f", (double)msec / 1000);

	return text ? plan_set(plan, option, "timeout", text) : -ENOMEM;
}

int hook_plan_new(const struct hook_call *call, int64_t deadline,
		  struct vfp_plan **ret_plan)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	_cleanup_free_ char *by = strf("%s (%.100s)", program, call->guest);
	int r = by ? plan_new(call->ctx, &plan) : -ENOMEM;

	if (r < 0)
		return r;
	vfp_plan_set_progress(plan, NULL, NULL);
	r = plan_set(plan, VFP_BY, "name", by);
	r = r ?: plan_set(plan, VFP_FOR, "uuid", call->domain.uuid);
	r = r ?: hook_set_time(plan, VFP_DEADLINE, deadline);
	if (r == 0 && !given.timeout)
		r = hook_set_time(plan, VFP_TIMEOUT, call->config.timeout / 4);
	if (r == 0)
		*ret_plan = take(plan);
	return r;
}
