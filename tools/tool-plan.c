/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-plan: a transaction as the changing verbs run it: the common options set, progress
 * on stdout as lines that scripts know, findings on stderr.
 */
#include "report.h"

#include <pwd.h>

static void print_progress(void *data, enum vfp_event event, const char *device,
			   const char *driver)
{
	static const struct {
		const char *verb, *relation;
	} words[] = {
		[VFP_UNBOUND] = { "Unbinding", "from" },
		[VFP_BOUND] = { "Binding", "to" },
		[VFP_PLUGGED] = { "Plugging", "as" },
		[VFP_UNPLUGGED] = { "Unplugging", "as" },
	};
	_cleanup_free_ char *name = escape(driver);

	(void)data;
	talk_begin();
	printf("%s %s %s %s\n", words[event].verb, device, words[event].relation,
	       name ? name : driver);
	/*
	 * Who reads it shall see it as it happens; that nobody can is no reason to stop.
	 */
	fflush(stdout);
	talk_end();
}

/* "only disk, net ... and foreign can be lifted, as disk:/" */
static char *force_remedy(void)
{
	_cleanup_str_ struct str text = { 0 };
	const char *const *kinds = vfp_force_kinds();
	int r = str_add(&text, "only ");

	for (const char *const *k = kinds; r == 0 && *k; k++)
		r = str_add(&text, "%s%s", k == kinds ? "" : k[1] ? ", " : " and ", *k);
	r = r ?: str_add(&text, " can be lifted, as disk:/");
	return r < 0 ? NULL : take(text.s);
}

/* What an option takes, for those who gave it something else. */
static const char *remedy(enum vfp_option option)
{
	switch (option) {
	case VFP_TIMEOUT:
	case VFP_DEADLINE:
	case VFP_WAIT:
		return "give seconds, as 30 or 0.5";
	case VFP_PID:
		return "give the number of a process that runs";
	case VFP_NODE_OWNER:
		return "give USER or USER:GROUP, names or numbers that this host knows";
	case VFP_POWER:
		return "there is only on";
	case VFP_EXPECT:
		return "give vendor and device, as 8086:10fb";
	default:
		return "give a plain word";
	}
}

int plan_set(struct vfp_plan *plan, enum vfp_option option, const char *option_name,
	     const char *value)
{
	_cleanup_free_ char *word = strf("%s=%s", option_name, nonnull(value));
	_cleanup_free_ char *kinds = option == VFP_FORCE ? force_remedy() : NULL;
	int r = value ? vfp_plan_set(plan, option, value) : 0;

	if (r == -EINVAL)
		return fail(r, word, "makes no sense; %s", kinds ?: remedy(option));
	if (r < 0)
		return fail_errno(r, word, "cannot be set");
	return 0;
}

/* For records and the system's log: the program and the person behind it. */
static char *by_whom(void)
{
	const char *user = getenv("SUDO_USER");
	const struct passwd *entry = user && *user ? NULL : getpwuid(getuid());
	_cleanup_free_ char *who = escape(user && *user ? user
					  : entry       ? entry->pw_name
							: "");

	if (!who || !*who || strlen(who) > 64)
		return strf("%s (uid %u)", program, getuid());
	return strf("%s (%s)", program, who);
}

static int set_common(struct vfp_plan *plan)
{
	_cleanup_free_ char *by = by_whom();
	int r = by ? plan_set(plan, VFP_BY, "name", by) : -ENOMEM;

	if (r == 0)
		r = plan_set(plan, VFP_TIMEOUT, "--timeout", given.timeout);
	for (size_t i = 0; i < given.force.n && r == 0; i++)
		r = plan_set(plan, VFP_FORCE, "--force", given.force.word[i]);
	return r;
}

int plan_new(struct vfp_ctx *ctx, struct vfp_plan **ret_plan)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = vfp_plan_new(ctx, &plan);

	if (r < 0)
		return fail_errno(r, NULL, "cannot begin");
	r = set_common(plan);
	if (r < 0)
		return r;
	if (!given.quiet)
		vfp_plan_set_progress(plan, print_progress, NULL);
	*ret_plan = take(plan);
	return 0;
}

/* For a failure that no finding explains. */
static void say_outcome(int error)
{
	switch (error) {
	case -ECANCELED:
		complain(NULL, "not done; everything is as it was found");
		break;
	case -EBUSY:
		complain(NULL, "a device or its lock is held; try again later");
		break;
	case -EINPROGRESS:
		complain(
			NULL,
			"the kernel does not come back from a step; see vfioprep status");
		break;
	case -ENOTRECOVERABLE:
		complain(NULL, "not everything could be put back; run vfioprep recover");
		break;
	case -EAGAIN:
		complain(NULL,
			 "given back, but what hung below has not come back in time; see "
			 "the kernel's log");
		break;
	case -EREMOTEIO:
	case -ETIMEDOUT:
		complain(NULL, "the guest did not do it; see vfioprep status");
		break;
	default:
		complain(NULL, "not done: %s", strerror(-error));
	}
}

void plan_tell(struct vfp_finding *const *findings, int error, bool notes)
{
	if (report_lines(findings, error, notes) == 0 && error < 0)
		say_outcome(error);
}

int plan_carry_out(struct vfp_plan *plan, bool notes)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	int r = given.dry_run ? vfp_plan_print(plan, stdout, &findings)
			      : vfp_plan_run(plan, &findings);

	plan_tell(findings, r, notes);
	return r;
}
