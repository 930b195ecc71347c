/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep doctor: is this host ready to pass devices, or with --guest this guest to get some;
 * if not, what to change, in words that can be pasted.
 */
#include "report.h"
#include "tool-versions.h"

static struct {
	bool json, guest, udev_rules;
	const char *ram, *user;
	uint64_t memory;
} arg;

static const struct option_row options[] = {
	OPTION('J', "json", NULL, &arg.json, "print JSON"),
	OPTION(0, "guest", NULL, &arg.guest,
	       "look at this machine as a guest: can it take devices, processors and "
	       "memory?"),
	OPTION(0, "udev-rules", NULL, &arg.udev_rules,
	       "print the rules for udev that turn on processors and memory which a guest "
	       "is given (with --guest)"),
	OPTION(0, "ram", "SIZE", &arg.ram,
	       "can a guest with that much memory (4G, 512M) be started?"),
	OPTION(0, "user", "USER", &arg.user,
	       "who starts guests; you if not given. Also looks at the nodes of devices"),
	{ 0 }
};

/* Writing "online" to what is online already would be an error that udev logs. */
static const char rules[] =
	"# Turn on what this virtual machine is given while it runs.\n"
	"SUBSYSTEM==\"cpu\", ACTION==\"add\", ATTR{online}==\"0\", ATTR{online}=\"1\"\n"
	"SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}==\"offline\", "
	"ATTR{state}=\"online_movable\"\n";

static int print_json(struct vfp_finding *const *findings)
{
	_cleanup_json_ json_t *document = json_document();
	int verdict = report_verdict(findings), r;

	json_object_set_new(document, "side", json_text(arg.guest ? "guest" : "host"));
	json_object_set_new(document, "ready", json_verdict(verdict));
	r = json_object_set_new(document, "findings", json_findings(findings));
	return r < 0 ? json_print(NULL) : json_print(document) ?: verdict;
}

static int judge(struct vfp_ctx *ctx, const char *const *hypervisors)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = vfp_doctor(ctx, arg.guest ? VFP_GUEST : VFP_HOST,
			   &(struct vfp_doctor_options){ .memory = arg.memory,
							 .user = arg.user,
							 .hypervisors = hypervisors },
			   &findings);

	if (r < 0)
		return fail_errno(r, NULL, "this machine cannot be judged");
	if (arg.json)
		return print_json(findings);
	report_advice(stdout, findings);
	report_summary(stdout, findings, "ready", "not ready");
	return report_verdict(findings);
}

static int check_words(void)
{
	if (arg.udev_rules && !arg.guest)
		return fail(-EINVAL, "--udev-rules", "they are for a guest; add --guest");
	if (arg.udev_rules && arg.json)
		return fail(-EINVAL, "--udev-rules",
			    "rules are no JSON; leave out --json");
	if (arg.guest && (arg.ram || arg.user))
		return fail(-EINVAL, arg.ram ? "--ram" : "--user",
			    "it is about a host; leave out --guest");
	if (arg.ram && (parse_size(arg.ram, &arg.memory) < 0 || !arg.memory))
		return fail(-EINVAL, arg.ram, "not a size; give one as 4G or 512M");
	return 0;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_strings_ char **hypervisors = NULL;
	int r = check_words();

	(void)operands;
	if (r < 0)
		return r;
	if (arg.udev_rules) {
		fputs(rules, stdout);
		return 0;
	}
	/* What runs here has nothing to do with a dump. */
	if (!arg.guest && !given.sysroot && find_hypervisors(&hypervisors) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	return judge(ctx, (const char *const *)hypervisors);
}

const struct tool tool = {
	.name = "doctor",
	.help = "Say whether this host is ready to pass devices, and what to change.",
	.details =
		"Ends with 0 when it is ready, 3 when not, 1 when it could not be told. "
		"Below each finding is what to do about it, as a command where one "
		"does it.",
	.options = options,
	.run = run,
};
