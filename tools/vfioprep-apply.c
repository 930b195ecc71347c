/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep apply: make the host what /etc/vfioprep/devices.d says. What differs is printed,
 * then hidden, in one transaction for the configured devices of an IOMMU group; what cannot
 * be done there keeps no other group from being done. It only hides: what is not configured
 * any more stays as it is.
 */
#include "report.h"
#include "tool-wanted.h"

static struct {
	bool check, json, boot_list;
	const char *early;
} arg;

static const struct option_row options[] = {
	OPTION(0, "check", NULL, &arg.check,
	       "only say what differs; ends with 0 when nothing does, with 3 otherwise"),
	OPTION('J', "json", NULL, &arg.json, "print JSON"),
	/* For the hooks of initramfs tools, and for udev. */
	OPTION(0, "boot-list", NULL, &arg.boot_list, NULL),
	OPTION(0, "early", "ADDRESS", &arg.early, NULL),
	{ 0 }
};

/* -- plans ---------------------------------------------------------------------------- */

/* What belongs to the group as a whole can be said with any of its devices. */
static int set_all(struct vfp_plan *plan, struct vfp_wanted *const *wanted,
		   const char *key, enum vfp_option option)
{
	const struct vfp_wanted *first = NULL;
	_cleanup_free_ char *name = NULL;

	for (; *wanted; wanted++) {
		const char *value = vfp_wanted_get(*wanted, key);

		if (value && first && !streq(value, vfp_wanted_get(first, key)))
			return fail(-EINVAL, vfp_wanted_get(*wanted, "device"),
				    "%s=%s, but %s has %s=%s, and they share an IOMMU "
				    "group, which goes to one guest; make them the same",
				    key, value, vfp_wanted_get(first, "device"), key,
				    vfp_wanted_get(first, key));
		if (value)
			first = *wanted;
	}
	if (!first)
		return 0;
	name = strf("%s:%s: %s: %s", vfp_wanted_get(first, "file"),
		    vfp_wanted_get(first, "line"), vfp_wanted_get(first, "device"), key);
	if (!name)
		return fail(-ENOMEM, NULL, "out of memory");
	return plan_set(plan, option, name,
			option == VFP_GROUPS ? "1" : vfp_wanted_get(first, key));
}

/* Its own identity is expected of each. */
static int add_wanted(struct vfp_plan *plan, const struct vfp_wanted *wanted)
{
	const char *device = vfp_wanted_get(wanted, "device");
	const char *subsystem = vfp_wanted_get(wanted, "subsystem");
	_cleanup_free_ char *expect = strf("%s%s%s", vfp_wanted_get(wanted, "expect"),
					   subsystem ? ":" : "", nonnull(subsystem));
	int r = expect ? plan_set(plan, VFP_EXPECT, "expect", expect) : -ENOMEM;

	r = r ?: vfp_plan_hide(plan, device, vfp_wanted_get(wanted, "driver"));
	return r == -ENOMEM ? fail(r, NULL, "out of memory") : r;
}

/* What makes no plan, for JSON. */
static json_t *sayings;

static void keep_saying(const char *text)
{
	_cleanup_free_ char *line = strndup(text, strcspn(text, "\n"));
	struct vfp_finding finding = { VFP_REFUSE, "config", "", "", nonnull(line), "" };
	struct vfp_finding *const list[] = { &finding, NULL };
	_cleanup_json_ json_t *findings = json_findings(list);

	json_array_extend(sayings, findings);
}

/* @wanted: those of one group. */
static int make_plan(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted,
		     struct vfp_plan **ret_plan)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r;

	also_complain = sayings ? keep_saying : NULL;
	r = plan_new(ctx, &plan);

	r = r ?: set_all(plan, wanted, "node-owner", VFP_NODE_OWNER);
	r = r ?: set_all(plan, wanted, "for", VFP_FOR);
	r = r ?: set_all(plan, wanted, "power", VFP_POWER);
	r = r ?: set_all(plan, wanted, "group", VFP_GROUPS);
	for (; *wanted && r == 0; wanted++)
		r = add_wanted(plan, *wanted);
	also_complain = NULL;
	if (r < 0)
		return r;
	if (arg.json)
		vfp_plan_set_progress(plan, NULL, NULL);
	*ret_plan = take(plan);
	return 0;
}

/* -- what came of it ------------------------------------------------------------------- */

/* One group: what differed, what was said, and how it ended. */
struct outcome {
	struct vfp_change **changes;
	struct vfp_finding **findings;
	int error;
	bool changed;
};

static void outcome_done(struct outcome *outcome)
{
	vfp_changes_free(outcome->changes);
	vfp_findings_free(outcome->findings);
}
#define _cleanup_outcome_ _cleanup_(outcome_done)

static char *change_text(const struct vfp_change *change)
{
	return strf("%s %s -> %s", change->what, *change->from ? change->from : "none",
		    *change->to ? change->to : "none");
}

static void print_changes(struct vfp_change *const *changes)
{
	for (; changes && *changes; changes++) {
		_cleanup_free_ char *text = change_text(*changes);

		printf("%s: %s\n", (*changes)->device, nonnull(text));
	}
	fflush(stdout);
}

static json_t *json_differences(struct vfp_change *const *changes, const char *device)
{
	json_t *array = json_array();

	for (; changes && *changes; changes++) {
		_cleanup_free_ char *text = change_text(*changes);

		if (streq((*changes)->device, device))
			json_array_append_new(array, json_text(text));
	}
	return array;
}

static json_t *json_findings_on(struct vfp_finding *const *findings, const char *device)
{
	json_t *all = json_findings(findings), *array = json_array(), *finding;
	size_t i;

	json_array_foreach(all, i, finding)
		if (streq(nonnull(json_string_value(json_object_get(finding, "device"))),
			  device))
			json_array_append(array, finding);
	json_decref(all);
	return array;
}

/* A device that only goes along has no section, but may differ as well. */
static int add_json(json_t *devices, const struct outcome *outcome, const char *device)
{
	json_t *differences = json_differences(outcome->changes, device);
	bool differs = json_array_size(differences) > 0;
	bool conforms = outcome->error == 0 && (outcome->changed || !differs);
	json_t *object = json_pack(
		"{s:s, s:b, s:b, s:o, s:o}", "device", device, "conforms", conforms,
		"changed", outcome->changed && differs, "differences", differences,
		"findings", json_findings_on(outcome->findings, device));

	return json_array_append_new(devices, object) < 0 ? -ENOMEM : 0;
}

static bool is_among(struct vfp_wanted *const *wanted, const char *device)
{
	for (; *wanted; wanted++)
		if (streq(vfp_wanted_get(*wanted, "device"), device))
			return true;
	return false;
}

static int add_all_json(json_t *devices, struct vfp_wanted *const *wanted,
			const struct outcome *outcome)
{
	const char *last = "";
	int r = 0;

	for (struct vfp_wanted *const *w = wanted; *w && r == 0; w++)
		r = add_json(devices, outcome, vfp_wanted_get(*w, "device"));
	for (struct vfp_change **c = outcome->changes; c && *c && r == 0; c++) {
		if (!is_among(wanted, (*c)->device) && !streq((*c)->device, last))
			r = add_json(devices, outcome, (*c)->device);
		last = (*c)->device;
	}
	return r;
}

/* -- one group -------------------------------------------------------------------------- */

/* With another plan than that which looked: it looks again, under its lock. */
static void carry_out(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted,
		      struct outcome *outcome)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = make_plan(ctx, wanted, &plan);

	if (r < 0) {
		outcome->error = r;
		return;
	}
	vfp_findings_free(take(outcome->findings));
	r = given.dry_run ? vfp_plan_print(plan, stdout, &outcome->findings)
			  : vfp_plan_run(plan, &outcome->findings);
	outcome->changed = !given.dry_run && outcome->changes && *outcome->changes &&
			   (r == 0 || r == -ENOTRECOVERABLE);
	outcome->error = r;
}

static int apply_group(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted,
		       json_t *devices)
{
	_cleanup_outcome_ struct outcome outcome = { 0 };
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	bool differs;

	outcome.error = make_plan(ctx, wanted, &plan);
	if (plan)
		outcome.error = vfp_plan_look(plan, &outcome.changes, &outcome.findings);
	differs = outcome.changes && *outcome.changes;
	if (!arg.json && !given.dry_run && !given.quiet)
		print_changes(outcome.changes);
	/* Another may be at work on it: only who has the lock knows what is refused. */
	if (plan && !arg.check && (differs || outcome.error < 0))
		carry_out(ctx, wanted, &outcome);
	if (plan)
		plan_tell(outcome.findings, outcome.error, false);
	if (devices && add_all_json(devices, wanted, &outcome) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	return arg.check && differs ? vfp_exit_worse(outcome.error, -EPERM)
				    : outcome.error;
}

/* -- all of them -------------------------------------------------------------------------- */

static int apply_groups(struct vfp_ctx *ctx, struct wanted_groups *groups,
			json_t *document)
{
	json_t *devices = document ? json_array() : NULL;
	bool changed = false;
	json_t *device;
	int worst = 0;
	size_t i;

	for (i = 0; i < groups->n && !vfp_ctx_cancelled(ctx) && worst != -ENOMEM; i++)
		worst = vfp_exit_worse(worst, apply_group(ctx, groups->list[i], devices));
	if (i < groups->n && vfp_ctx_cancelled(ctx))
		worst = vfp_exit_worse(worst,
				       fail(-ECANCELED, NULL,
					    "interrupted; what was not reported as "
					    "done is as it was found"));
	if (!document)
		return worst;
	json_array_foreach(devices, i, device)
		changed = changed || json_is_true(json_object_get(device, "changed"));
	json_object_set_new(document, "changed", json_boolean(changed));
	json_object_set_new(document, "devices", devices);
	return worst;
}

/* Words that make no sense, said before anything is done. */
static int try_plan(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;

	return make_plan(ctx, wanted, &plan);
}

static int try_all(struct vfp_ctx *ctx, const struct wanted_groups *groups)
{
	int worst = 0;

	for (size_t i = 0; i < groups->n; i++)
		worst = vfp_exit_worse(worst, try_plan(ctx, groups->list[i]));
	return worst;
}

/* On what is half understood nothing is done; it may be looked at. */
static int apply(struct vfp_ctx *ctx, struct wanted_groups *groups,
		 struct vfp_finding *const *objections)
{
	_cleanup_json_ json_t *document = arg.json ? json_document() : NULL;
	struct vfp_wanted *nothing = NULL;
	struct wanted_groups none = { 0 };
	int r, wrong = try_plan(ctx, &nothing);

	/* An option makes no sense: said once, whatever is configured. */
	if (wrong < 0)
		return wrong;
	sayings = document ? json_findings(objections) : NULL;
	wrong = *objections ? -EINVAL : 0;
	if (!wrong && !arg.check)
		wrong = try_all(ctx, groups);
	r = apply_groups(ctx, wrong && !arg.check ? &none : groups, document);

	if (document) {
		json_object_set_new(document, "findings", sayings);
		sayings = NULL;
		json_print(document);
	}
	return wrong ?: r;
}

static int run_apply(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_finding_list_ struct vfp_finding **objections = NULL;
	_cleanup_wanted_ struct vfp_wanted **wanted = NULL;
	_cleanup_wanted_groups_ struct wanted_groups groups = { 0 };
	int r = wanted_read(ctx, &wanted, &objections);

	r = r ?: wanted_group(ctx, wanted, operands, &groups);
	return r ?: apply(ctx, &groups, objections);
}

/* -- for the boot --------------------------------------------------------------------------- */

static int run_boot_list(struct vfp_ctx *ctx)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = vfp_wanted_boot_list(ctx, stdout, &findings);

	report_lines(findings, r, true);
	return r < 0 && r != -EINVAL
		     ? fail_errno(r, NULL, "the configuration cannot be read")
		     : r;
}

static int run_early(struct vfp_ctx *ctx)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = vfp_wanted_early(ctx, arg.early, &findings);

	if (r == -EINVAL && (!findings || !*findings))
		return fail(r, arg.early,
			    "it is not the address of a PCI function; give one as "
			    "0000:05:00.0");
	plan_tell(findings, r < 0 ? r : 0, false);
	/* For udev, which asks this of every device. */
	if (r == 0)
		return -EPERM;
	return r < 0 ? r : 0;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	if (arg.check && given.dry_run)
		return fail(-EINVAL, "--check",
			    "it changes nothing; leave --dry-run out");
	if (given.dry_run && arg.json)
		return fail(-EINVAL, "--json",
			    "a script is no JSON; take --check --json");
	if (given.sysroot && !arg.check && !arg.boot_list && !given.dry_run)
		return fail(-EINVAL, "--sysroot",
			    "a dump cannot be changed; add --check or --dry-run");
	if ((arg.early || arg.boot_list) &&
	    (*operands || arg.check || arg.json || given.dry_run ||
	     (arg.early && arg.boot_list)))
		return fail(-EINVAL, arg.early ? "--early" : "--boot-list",
			    "it stands alone; leave the rest out");
	if (arg.boot_list)
		return run_boot_list(ctx);
	return arg.early ? run_early(ctx) : run_apply(ctx, operands);
}

const struct tool tool = {
	.name = "apply",
	.operands = "[DEVICE...]",
	.max = MANY,
	.help = "Hide what /etc/vfioprep/devices.d says, and print what differed.",
	.details = "Without DEVICE all that is configured. The configured devices of one "
		   "IOMMU "
		   "group are one transaction; a group that is refused does not keep the "
		   "others. "
		   "What is not configured any more stays as it is: vfioprep return.",
	.sets = TOOL_CHANGING | TOOL_PRINTING,
	.devices = DEVICES_CONFIGURED,
	.options = options,
	.run = run,
};
