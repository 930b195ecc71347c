/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: for whom a device was hidden, and until when. A claim without a process lasts until
 * the device is returned; one with a process ends with it, and then anybody may take the device
 * over. hide and check ask here, so that they cannot say different things.
 *
 * And what else the record says to check: that a change of the device hangs, or broke off.
 */
#include "model/check.h"

/* Start time of a process; -ESRCH: it is no more, be it that nobody has waited for it yet. */
static int start_time(struct vfp_ctx *ctx, const char *pid, unsigned long long *ret_start)
{
	_cleanup_free_ char *stat = NULL;
	const char *p;
	char state;

	if (root_attr(ctx, &stat, "/proc/%s/stat", pid) < 0)
		return -ESRCH;
	/* The name before may have blanks and parentheses in it. */
	p = strrchr(stat, ')');
	if (!p ||
	    sscanf(p + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %llu",
		   &state, ret_start) != 2)
		return -ESRCH;
	return strchr("ZXx", state) ? -ESRCH : 0;
}

char *claim_process(struct vfp_ctx *ctx, const char *pid)
{
	unsigned long long start;

	if (start_time(ctx, pid, &start) < 0)
		return strdup(pid);
	return strf("%s %llu", pid, start);
}

bool claim_process_runs(struct vfp_ctx *ctx, const char *process)
{
	_cleanup_free_ char *pid = strndup(process, strcspn(process, " "));
	unsigned long long start, now;

	/* Without a start time it had gone already when it was recorded. */
	return pid && sscanf(process, "%*s %llu", &start) == 1 &&
	       start_time(ctx, pid, &now) == 0 && start == now;
}

bool claim_holds(struct vfp_ctx *ctx, const struct record *record)
{
	if (!record->for_ || !*record->for_)
		return false;
	if (!record->pid || !*record->pid)
		return true;
	return claim_process_runs(ctx, record->pid);
}

bool claim_is_of_another(struct vfp_ctx *ctx, const struct record *record,
			 const char *claim)
{
	return claim && claim_holds(ctx, record) && !streq(record->for_, claim);
}

char *claim_text(const struct record *record)
{
	return strf("it is claimed for %s", record->for_);
}

/* A claim that nobody asks about is worth knowing, no more. */
static int add_claim(struct check *c, const struct record *record, bool other)
{
	_cleanup_free_ char *text = claim_text(record);

	return text ? check_add(c, other ? VFP_REFUSE : VFP_NOTE, record->for_,
				other ? CLAIM_REMEDY : NULL, "%s", text)
		    : -ENOMEM;
}

/* A change of it that hangs, or that broke off: nothing can be done with it before that ends. */
int check_unsettled(struct check *c, const struct vfp_check_options *options)
{
	_cleanup_record_ struct record record = { 0 };
	int r = record_load(c->ctx, device_address(c->device), &record);

	(void)options;
	if (r < 0 || record.problem || streq(record.phase, "hidden"))
		return r == -ENOMEM ? r : 0;
	if (!streq(record.phase, "stuck"))
		return check_add(c, VFP_REFUSE, record.phase, "run vfioprep recover",
				 "something broke off in the middle of a change to it");
	c->kind = "stuck";
	return check_add(
		c, VFP_REFUSE, NULL,
		"end what holds the device, then run vfioprep recover; or reboot",
		"a kernel call on it had not come back");
}

int check_claim(struct check *c, const struct vfp_check_options *options)
{
	_cleanup_record_ struct record record = { 0 };
	int r = record_load(c->ctx, device_address(c->device), &record);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT)
		return check_add(c, VFP_UNKNOWN, NULL, "ask again as root",
				 "whether it is claimed for a guest could not be read");
	/* What cannot be trusted claims nothing; status and hide tell of it. */
	if (r < 0 || record.problem || !claim_holds(c->ctx, &record))
		return 0;
	if (options->claim && streq(record.for_, options->claim))
		return 0;
	return add_claim(c, &record, options->claim != NULL);
}
