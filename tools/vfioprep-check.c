/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep check: a verdict per device, with every reason. Devices that are named
 * together are judged as hide would take them: each goes along with the others.
 */
#include "report.h"

static struct {
	bool json, group, all_matching;
	const char *for_, *ram, *user;
	struct words with;
	uint64_t memory;
} arg;

static const struct option_row options[] = {
	OPTION('J', "json", NULL, &arg.json, "print JSON"),
	OPTION(0, "with", "ADDRESS", &arg.with,
	       "judge as if this device went to the guest as well (repeatable)"),
	OPTION(0, "group", NULL, &arg.group,
	       "judge as if all others in the IOMMU group went to the guest as well"),
	OPTION(0, "for", "NAME", &arg.for_,
	       "judge for NAME, a guest mostly: see hide --for"),
	OPTION(0, "ram", "SIZE", &arg.ram,
	       "can a guest with that much memory (4G, 512M) be started?"),
	OPTION(0, "user", "USER", &arg.user,
	       "who starts it, for --ram; you if not given"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

static void print_text(const struct vfp_device *device,
		       struct vfp_finding *const *findings)
{
	report_device(stdout, device);
	report_findings(stdout, findings, vfp_device_get(device, VFP_ADDRESS));
	report_conclusion(stdout, findings);
}

static int add_json(json_t *devices, const struct vfp_device *device,
		    struct vfp_finding *const *findings)
{
	json_t *object = json_device(device);

	json_object_set_new(object, "passable", json_verdict(report_verdict(findings)));
	json_object_set_new(object, "findings", json_findings(findings));
	return json_array_append_new(devices, object) < 0 ? -ENOMEM : 0;
}

/* The verdict on one device, printed or added to @devices. */
static int judge(struct vfp_ctx *ctx, const struct vfp_device *device,
		 const struct vfp_check_options *how, json_t *devices)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = vfp_check(ctx, device, how, &findings);

	if (r < 0)
		return fail_errno(r, vfp_device_get(device, VFP_ADDRESS),
				  "cannot be judged");
	if (!devices)
		print_text(device, findings);
	else if (add_json(devices, device, findings) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	return report_verdict(findings);
}

/* The first @named of @with were asked about, the rest goes along. */
static int judge_all(struct vfp_ctx *ctx, const struct selection *with, size_t named)
{
	_cleanup_json_ json_t *document = arg.json ? json_document() : NULL;
	_cleanup_facts_ struct vfp_facts *facts = NULL;
	struct vfp_check_options how = { .with = with->device,
					 .claim = arg.for_,
					 .memory = arg.memory,
					 .user = arg.user };
	json_t *devices = arg.json ? json_array() : NULL;
	int verdict = 0;

	if (vfp_facts_new(&facts) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	how.facts = facts;
	if (arg.json && json_object_set_new(document, "devices", devices) < 0)
		return json_print(NULL);
	for (size_t i = 0; i < named; i++) {
		if (i > 0 && !arg.json)
			putchar('\n');
		verdict = vfp_exit_worse(verdict,
					 judge(ctx, with->device[i], &how, devices));
	}
	if (arg.json)
		json_print(document);
	return verdict;
}

static int parse_memory(void)
{
	if (arg.user && !arg.ram)
		return fail(-EINVAL, "--user", "it is about memory; add --ram SIZE");
	if (arg.ram && (parse_size(arg.ram, &arg.memory) < 0 || !arg.memory))
		return fail(-EINVAL, arg.ram, "not a size; give one as 4G or 512M");
	return 0;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection with = { 0 };
	int r = parse_memory();
	size_t named;

	r = r ?: selection_add_all(ctx, &with, operands, arg.all_matching);
	named = with.n;
	for (size_t i = 0; i < arg.with.n && r == 0; i++)
		r = selection_add(ctx, &with, arg.with.word[i], false);
	if (r == 0 && arg.group)
		r = selection_add_siblings(ctx, &with);
	return r < 0 ? r : judge_all(ctx, &with, named);
}

const struct tool tool = {
	.name = "check",
	.operands = "DEVICE...",
	.min = 1,
	.max = MANY,
	.usb = true,
	.help = "Say whether devices can be passed, and what the host would lose.",
	.details = "Ends with 0 when all can, 3 when one cannot, 1 when it could not be "
		   "told, "
		   "for example without root. Devices named together go together.",
	.options = options,
	.run = run,
};
