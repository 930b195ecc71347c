/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep return: give devices back to the drivers that they had, each as a transaction
 * of its own. A device that has vanished while it was hidden is named by its record.
 */
#include "tool-wanted.h"

static struct {
	const char *driver, *wait, *expect, *claim;
	bool all, all_matching, persist;
} arg;

/* What is to be given back, for what comes after that. */
static struct {
	char **address;
	size_t n;
} named;

static const struct option_row options[] = {
	OPTION('d', "driver", "DRIVER", &arg.driver,
	       "give it to DRIVER, not to the one it had; auto: the one that fits it "
	       "best"),
	OPTION('a', "all", NULL, &arg.all,
	       "give back everything that vfioprep has hidden and nobody has claimed"),
	OPTION(0, "for", "NAME", &arg.claim,
	       "give back only what is hidden for NAME; with --all, everything that is"),
	OPTION('w', "wait", "SECONDS", &arg.wait,
	       "wait that long until nobody holds the device (default 0)"),
	OPTION(0, "persist", NULL, &arg.persist,
	       "remove them from /etc/vfioprep/devices.d as well, so that they stay with the "
	       "host"),
	OPTION(0, "expect", "VENDOR:DEVICE", &arg.expect,
	       "refuse when a device is not this one (8086:10fb)"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

/* What cannot be removed from the configuration is not given back either. */
static int add(struct vfp_ctx *ctx, struct vfp_plan *plan, const char *address)
{
	int r = arg.persist ? wanted_may_drop(ctx, address) : 0;

	if (r < 0)
		return r;
	r = vfp_plan_return(plan, address, arg.driver);
	r = r ?: strings_add(&named.address, &named.n, address);
	if (r == -EINVAL)
		return fail(r, nonnull(arg.driver),
			    "not a driver's name; see vfioprep list");
	if (r < 0)
		return fail_errno(r, address, "cannot be given back");
	return 0;
}

static int add_selected(struct vfp_ctx *ctx, struct vfp_plan *plan, const char *selector)
{
	_cleanup_selection_ struct selection devices = { 0 };
	int r = selection_add(ctx, &devices, selector, arg.all_matching);

	for (size_t i = 0; i < devices.n && r == 0; i++)
		r = add(ctx, plan, vfp_device_get(devices.device[i], VFP_ADDRESS));
	return r;
}

/* The recorded address that @word is, with or without its domain; NULL: none. */
static const char *find_record(struct vfp_record *const *records, const char *word)
{
	_cleanup_free_ char *full = strf("0000:%s", word);

	for (; full && records && *records; records++) {
		const char *address = nonnull(vfp_record_get(*records, "device"));

		if (streq(address, word) || streq(address, full))
			return address;
	}
	return NULL;
}

/*
 * What is not there does not keep the rest from being given back; *missing is its error. Words
 * that make no sense do.
 */
static int add_operands(struct vfp_ctx *ctx, struct vfp_plan *plan,
			struct vfp_record *const *records, char **operands, int *missing)
{
	int r = 0;

	for (; *operands && r != -EINVAL && r != -ENOMEM; operands++) {
		const char *recorded = find_record(records, *operands);
		_cleanup_free_ char *absent =
			arg.persist && !recorded ? wanted_absent(ctx, *operands) : NULL;

		/* What is not there any more can still be taken out of the configuration. */
		if (absent)
			r = wanted_may_drop(ctx, absent)
				  ?: strings_add(&named.address, &named.n, absent);
		else
			r = recorded ? add(ctx, plan, recorded)
				     : add_selected(ctx, plan, *operands);
		*missing = vfp_exit_worse(*missing, r);
	}
	return r == -EINVAL || r == -ENOMEM ? r : 0;
}

/* As the library names devices; nothing else in the folder of the records is one. */
static bool is_address(const char *word)
{
	return strspn(word, "0123456789abcdef:.") == strlen(word) && strchr(word, ':');
}

/* What lies among the records and is none does not keep the rest from being given back. */
static int add_all(struct vfp_ctx *ctx, struct vfp_plan *plan,
		   struct vfp_record *const *records, int *missing)
{
	int r = 0;

	for (; *records && r == 0; records++) {
		const char *address = nonnull(vfp_record_get(*records, "device"));

		if (is_address(address))
			r = add(ctx, plan, address);
		else
			*missing = fail(-EPERM, address,
					"this record is no device's; look at it, then "
					"remove it");
	}
	return r;
}

static int carry_out(struct vfp_ctx *ctx, struct vfp_record **records, char **operands)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = plan_new(ctx, &plan), missing = 0;

	if (r == 0)
		r = plan_set(plan, VFP_WAIT, "--wait", arg.wait);
	if (r == 0)
		r = plan_set(plan, VFP_EXPECT, "--expect", arg.expect);
	if (r == 0)
		r = plan_set(plan, VFP_FOR, "--for", arg.claim);
	if (r == 0)
		r = plan_set(plan, VFP_KEEP_CLAIMS, "--all", arg.all ? "1" : NULL);
	if (r == 0)
		r = arg.all ? add_all(ctx, plan, records, &missing)
			    : add_operands(ctx, plan, records, operands, &missing);
	if (r < 0)
		return r;
	if (named.n)
		missing = vfp_exit_worse(plan_carry_out(plan, arg.all), missing);
	r = wanted_drop_returned(ctx, named.address, arg.persist);
	return vfp_exit_worse(missing, r);
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	struct vfp_record **records = NULL;
	int r;

	if (arg.all && *operands)
		return fail(-EINVAL, *operands,
			    "with --all no device is named; leave one out");
	if (!arg.all && !*operands)
		return fail(-EINVAL, NULL,
			    "expected DEVICE... or --all; see vfioprep return --help");
	r = vfp_records(ctx, &records);
	if (r < 0)
		return fail_records(r);
	if (!arg.all || *records)
		r = carry_out(ctx, records, operands);
	vfp_records_free(records);
	strings_free(named.address);
	named.address = NULL;
	named.n = 0;
	return r;
}

const struct tool tool = {
	.name = "return",
	.operands = "[DEVICE...]",
	.max = MANY,
	.help = "Give devices back to the drivers that they had.",
	.details = "Each device is a transaction of its own: a failure with one does "
		   "not keep "
		   "the others. One that is named is given back also when it is claimed "
		   "for somebody.",
	.sets = TOOL_CHANGING,
	.devices = DEVICES_RECORDED,
	.options = options,
	.run = run,
};
