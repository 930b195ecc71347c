/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep hide: take devices from their drivers and give them to vfio-pci. All that is
 * named is one transaction: any refusal and nothing is written, any failure and all is
 * put back.
 */
#include "tool-wanted.h"

static struct {
	const char *driver, *for_, *pid, *node_owner, *power, *expect;
	struct words with;
	bool group, all_matching, persist;
} arg;

static const struct option_row options[] = {
	OPTION('d', "driver", "DRIVER", &arg.driver,
	       "bind to DRIVER instead of vfio-pci; auto: the vfio driver made for "
	       "the device"),
	OPTION(0, "with", "ADDRESS", &arg.with,
	       "take this sibling of the IOMMU group too (repeatable)"),
	OPTION(0, "group", NULL, &arg.group, "take all siblings of the IOMMU group too"),
	OPTION(0, "for", "NAME", &arg.for_, "claim the devices for NAME, a guest mostly"),
	OPTION(0, "pid", "PID", &arg.pid, "the claim of --for ends with this process"),
	OPTION(0, "node-owner", "USER[:GROUP]", &arg.node_owner,
	       "who may open the vfio device node"),
	OPTION(0, "power", "on", &arg.power,
	       "keep the devices awake while they are hidden: power/control on, no D3cold"),
	OPTION(0, "persist", NULL, &arg.persist,
	       "keep them hidden across boots: write it into /etc/vfioprep/devices.d"),
	OPTION(0, "expect", "VENDOR:DEVICE", &arg.expect,
	       "refuse when a device is not this one (8086:10fb)"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

/* *named: how many of them are operands; the siblings follow. */
static int select_devices(struct vfp_ctx *ctx, struct selection *devices, char **operands,
			  size_t *named)
{
	int r = selection_add_all(ctx, devices, operands, arg.all_matching);

	*named = devices->n;
	for (size_t i = 0; i < arg.with.n && r == 0; i++)
		r = selection_add(ctx, devices, arg.with.word[i], false);
	return r;
}

static int set_options(struct vfp_plan *plan)
{
	int r = plan_set(plan, VFP_FOR, "--for", arg.for_);

	if (r == 0)
		r = plan_set(plan, VFP_PID, "--pid", arg.pid);
	if (r == 0)
		r = plan_set(plan, VFP_NODE_OWNER, "--node-owner", arg.node_owner);
	if (r == 0)
		r = plan_set(plan, VFP_POWER, "--power", arg.power);
	if (r == 0 && arg.group)
		r = plan_set(plan, VFP_GROUPS, "--group", "1");
	return r;
}

/* What is expected is expected of those that were named, not of their siblings. */
static int add_devices(struct vfp_plan *plan, const struct selection *devices,
		       size_t named)
{
	int r = plan_set(plan, VFP_EXPECT, "--expect", arg.expect);

	if (r < 0)
		return r;
	for (size_t i = 0; i < devices->n; i++) {
		const char *address = vfp_device_get(devices->device[i], VFP_ADDRESS);

		if (i == named)
			vfp_plan_set(plan, VFP_EXPECT, "");
		r = vfp_plan_hide(plan, address, arg.driver);
		if (r == -EINVAL)
			return fail(r, nonnull(arg.driver),
				    "not a driver's name; see vfioprep list");
		if (r < 0)
			return fail_errno(r, address, "cannot be hidden");
	}
	return 0;
}

/* What was asked for, as apply will ask for it. */
static int prepare_to_keep(struct vfp_ctx *ctx, const struct selection *devices,
			   FILE *print, struct kept *kept)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "driver", arg.driver },
		{ "node-owner", arg.node_owner },
		{ "power", arg.power },
		{ "for", arg.for_ },
	};
	_cleanup_strings_ char **settings = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i <= ARRAY_SIZE(rows) && r == 0; i++) {
		const char *key = i < ARRAY_SIZE(rows) ? rows[i].key : "group";
		const char *value = i < ARRAY_SIZE(rows) ? rows[i].value
				  : arg.group            ? "yes"
							 : NULL;
		char *word = value ? strf("%s=%s", key, value) : NULL;

		r = value && !word ? -ENOMEM : 0;
		if (word)
			r = list_add((void ***)&settings, &n, word);
	}
	if (r < 0)
		return fail(r, NULL, "out of memory");
	return kept_prepare(ctx, devices, (const char *const *)settings, print, kept);
}

/* The script ends with it; whether it can be kept is known before it begins. */
static int print_all(struct vfp_ctx *ctx, struct vfp_plan *plan,
		     const struct selection *devices)
{
	_cleanup_free_ char *text = NULL;
	struct kept kept = { 0 };
	size_t size;
	FILE *print = open_memstream(&text, &size);
	int r = print ? prepare_to_keep(ctx, devices, print, &kept) : -ENOMEM;

	if (print)
		fclose(print);
	r = kept_finish(ctx, &kept, r);
	r = r ?: plan_carry_out(plan, false);
	if (r == 0)
		fputs(nonnull(text), stdout);
	return r;
}

/* On the disk first, in its place last: what cannot be kept is not hidden. */
static int carry_out(struct vfp_ctx *ctx, struct vfp_plan *plan,
		     const struct selection *devices)
{
	struct kept kept = { 0 };
	int r;

	if (!arg.persist)
		return plan_carry_out(plan, false);
	if (given.dry_run)
		return print_all(ctx, plan, devices);
	r = prepare_to_keep(ctx, devices, NULL, &kept);
	return r < 0 ? r : kept_finish(ctx, &kept, plan_carry_out(plan, false));
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 };
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	size_t named = 0;
	int r;

	if (arg.pid && !arg.for_)
		return fail(-EINVAL, "--pid", "it belongs to a claim; add --for NAME");
	if (arg.pid && arg.persist)
		return fail(-EINVAL, "--pid",
			    "no process outlives a boot; leave it or --persist out");
	r = plan_new(ctx, &plan);
	if (r == 0)
		r = set_options(plan);
	if (r == 0)
		r = select_devices(ctx, &devices, operands, &named);
	if (r == 0)
		r = add_devices(plan, &devices, named);
	return r < 0 ? r : carry_out(ctx, plan, &devices);
}

const struct tool tool = {
	.name = "hide",
	.operands = "DEVICE...",
	.min = 1,
	.max = MANY,
	.help = "Take devices from their drivers and give them to vfio-pci.",
	.details =
		"All devices named are one transaction: when one is refused nothing is "
		"changed, when one fails all is put back. vfioprep return gives them "
		"back.",
	.sets = TOOL_CHANGING,
	.devices = DEVICES_UNHIDDEN,
	.options = options,
	.run = run,
};
