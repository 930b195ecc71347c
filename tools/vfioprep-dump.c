/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep dump: capture what list, groups, check, status and doctor read on this host, so that
 * --sysroot can show it elsewhere. Nothing is listed here: all that is read while the
 * verbs' questions are asked is copied, so a new question cannot be forgotten.
 */
#include "tool.h"

static struct {
	bool redact;
} arg;

static const struct option_row options[] = {
	OPTION(0, "redact", NULL, &arg.redact,
	       "replace serial numbers and MAC addresses; IP addresses stay, also those "
	       "that were made from a MAC"),
	{ 0 }
};

/*
 * What `hide --dry-run` reads; what it would print is of no interest. A device that hangs is not
 * waited for: a host that has some is just the one to be dumped.
 */
static void ask_hide(struct vfp_ctx *ctx, const char *address)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	FILE *nowhere = fopen("/dev/null", "we");

	if (nowhere && vfp_plan_new(ctx, &plan) == 0 &&
	    vfp_plan_set(plan, VFP_TIMEOUT, "2") == 0 &&
	    vfp_plan_hide(plan, address, NULL) == 0)
		vfp_plan_print(plan, nowhere, NULL);
	if (nowhere)
		fclose(nowhere);
}

/* Only that it is asked counts; what cannot be answered here will not be there either. */
static void ask(struct vfp_ctx *ctx, const struct vfp_device *device,
		struct vfp_facts *facts)
{
	struct vfp_check_options how = { .facts = facts };
	struct vfp_finding **findings = NULL;
	char *holders = NULL;

	for (int field = 0; field < _VFP_FIELD_MAX; field++)
		vfp_device_get(device, (enum vfp_field)field);
	if (vfp_check(ctx, device, &how, &findings) == 0)
		vfp_findings_free(findings);
	if (vfp_explain_group(ctx, device, &findings) == 0)
		vfp_findings_free(findings);
	vfp_holders(ctx, device, &holders);
	ask_hide(ctx, vfp_device_get(device, VFP_ADDRESS));
	free(holders);
}

static void ask_about_usb(struct vfp_ctx *ctx, struct vfp_facts *facts)
{
	_cleanup_selection_ struct selection devices = { 0 };
	struct vfp_check_options how = { .facts = facts };
	struct vfp_finding **findings = NULL;

	if (selection_add(ctx, &devices, "usb:*", false) < 0)
		return;
	for (size_t i = 0; i < devices.n; i++) {
		for (int field = 0; field < _VFP_FIELD_MAX; field++)
			vfp_device_get(devices.device[i], (enum vfp_field)field);
		if (vfp_check(ctx, devices.device[i], &how, &findings) == 0)
			vfp_findings_free(findings);
	}
}

/* Of both sides: the host may be a guest, and be looked at as one. */
static void ask_doctor(struct vfp_ctx *ctx)
{
	struct vfp_finding **findings = NULL;

	if (vfp_doctor(ctx, VFP_HOST, NULL, &findings) == 0)
		vfp_findings_free(findings);
	if (vfp_doctor(ctx, VFP_GUEST, NULL, &findings) == 0)
		vfp_findings_free(findings);
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 };
	_cleanup_facts_ struct vfp_facts *facts = NULL;
	struct vfp_record **records = NULL;
	struct vfp_wanted **wanted = NULL;
	struct vfp_finding **findings = NULL;
	const char **uses;
	int r = vfp_ctx_record_reads(ctx, *operands, arg.redact);

	if (r == -EEXIST)
		return fail(-EPERM, *operands,
			    "exists already; name a folder that does not");
	if (r < 0)
		return fail_errno(r, *operands, "cannot be made");
	r = selection_add(ctx, &devices, NULL, false);
	if (vfp_facts_new(&facts) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	for (size_t i = 0; i < devices.n; i++)
		ask(ctx, devices.device[i], facts);
	ask_about_usb(ctx, facts);
	if (r == 0 && devices.n && vfp_devices_use(ctx, devices.device, &uses) == 0)
		free(uses);
	ask_doctor(ctx);
	if (vfp_records(ctx, &records) == 0)
		vfp_records_free(records);
	if (vfp_wanted(ctx, &wanted, &findings) == 0) {
		vfp_wanted_free(wanted);
		vfp_findings_free(findings);
	}
	if (r == 0 && geteuid() != 0 && !given.quiet)
		complain(*operands,
			 "made without root, so it lacks what only root can see");
	return r;
}

const struct tool tool = {
	.name = "dump",
	.operands = "DIR",
	.min = 1,
	.max = 1,
	.usb = true,
	.help = "Capture what the other verbs read into the new folder DIR.",
	.details = "`vfioprep list --sysroot DIR` and the like then show this host "
		   "anywhere. "
		   "Command lines and environments of processes are not captured.",
	.options = options,
	.run = run,
};
