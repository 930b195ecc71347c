/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep hook: what libvirt runs when a guest starts and ends. Before the start it hides the
 * PCI devices that the guest has and libvirt does not manage, claimed for the guest's UUID; after
 * the end it returns what is claimed so.
 *
 * libvirtd waits for it: it never asks libvirtd anything, ends by a deadline, leaves no child that
 * holds a pipe, and reads its input to the end. Its stdout would be taken for the domain's new XML
 * on migration, so nothing is ever said there. A status other than 0 ends a guest that is about to
 * start, but also one that runs, on reconnect.
 */
#include "hook.h"

#include <fcntl.h>

#define READ_SIZE 65536
#define LOOK_MSEC 200 /* how often is looked whether to stop reading */

/* -- standard input ----------------------------------------------------------------- */

/* What is too much is read, too, and dropped, but for enough of it to tell. */
static int read_input(struct vfp_ctx *ctx, struct str *text)
{
	static char buffer[READ_SIZE];

	for (;;) {
		int r = wait_readable(STDIN_FILENO, -1, deadline_in(LOOK_MSEC));
		ssize_t n = r == 1 ? read(STDIN_FILENO, buffer, sizeof(buffer)) : -1;

		if (vfp_ctx_cancelled(ctx))
			return fail(-ECANCELED, NULL, "interrupted; nothing is changed");
		if (r == 0 || (n < 0 && errno == EINTR))
			continue;
		if (n < 0)
			return fail_errno(-errno, "standard input", "cannot be read");
		if (n == 0)
			return 0;
		if (text->len <= HOOK_XML_MAX && str_add_bytes(text, buffer, (size_t)n))
			return fail(-ENOMEM, NULL, "out of memory");
	}
}

static int read_domain(struct vfp_ctx *ctx, struct hook_domain *domain)
{
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *why = NULL;
	int r;

	if (isatty(STDIN_FILENO))
		return fail(-EINVAL, NULL,
			    "it reads the XML of a domain; try virsh dumpxml NAME | "
			    "vfioprep hook --dry-run NAME prepare begin -");
	r = read_input(ctx, &text);
	if (r < 0)
		return r;
	r = hook_xml_parse(text.s, text.len, domain, &why);
	return r < 0 ? fail(r, "standard input", "%s", why ? why : strerror(-r)) : 0;
}

/* -- release ------------------------------------------------------------------------ */

static int add_claimed(const struct hook_call *call, struct vfp_plan *plan, size_t *ret_n)
{
	int r = 0;

	for (struct vfp_record **record = call->records; *record && r == 0; record++) {
		const char *claim = nonnull(vfp_record_get(*record, "for"));

		if (!streq(claim, call->domain.uuid))
			continue;
		++*ret_n;
		r = vfp_plan_return(plan, nonnull(vfp_record_get(*record, "device")),
				    NULL);
	}
	return r;
}

/* Whatever the file says now: what was claimed for the guest is not kept from the host. */
static int release(struct hook_call *call)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	const struct hook_config *config = &call->config;
	size_t n = 0;
	int r;

	hook_config_load(call->ctx, call->name, call->domain.uuid, &call->config);
	hook_end_within(config->wait + config->timeout, VFP_EXIT_STUCK);
	r = hook_plan_new(call, config->wait + config->timeout / 2, &plan);
	r = r ?: hook_set_time(plan, VFP_WAIT, config->wait);
	r = r ?: plan_set(plan, VFP_KEEP_CLAIMS, "claims", "1");
	r = r ?: add_claimed(call, plan, &n);
	if (r < 0 || n == 0)
		return r;
	r = given.dry_run ? vfp_plan_print(plan, stdout, &findings)
			  : vfp_plan_run(plan, &findings);
	return hook_tell(call, findings, r);
}

/* -- reconnect ---------------------------------------------------------------------- */

/* libvirtd has been started again and the guest still runs: does it still have its devices? */
static int reconnect(struct hook_call *call)
{
	hook_select(call);
	for (size_t i = 0; i < call->devices.n; i++) {
		const struct vfp_device *device = call->devices.device[i];
		const char *driver = vfp_device_get(device, VFP_DRIVER);

		if (!vfp_device_get(device, VFP_NODE))
			complain(vfp_device_get(device, VFP_ADDRESS),
				 "the guest has it, but it is bound to %s; shut the "
				 "guest down",
				 driver && *driver ? driver : "no driver");
	}
	for (struct vfp_record **record = call->records; *record; record++)
		if (streq(nonnull(vfp_record_get(*record, "for")), call->domain.uuid) &&
		    !streq(nonnull(vfp_record_get(*record, "phase")), "hidden"))
			complain(nonnull(vfp_record_get(*record, "device")),
				 "a change of it broke off; run vfioprep recover");
	return 0;
}

/* -- which -------------------------------------------------------------------------- */

/* All others (start, started, stopped, migrate, restore, attach, later ones) need nothing. */
static const struct operation {
	const char *name;
	int (*run)(struct hook_call *call);
} operations[] = {
	{ "prepare", hook_prepare },
	{ "release", release },
	{ "reconnect", reconnect },
};

static const struct operation *find_operation(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (streq(operations[i].name, name))
			return &operations[i];
	return NULL;
}

/* -- running ------------------------------------------------------------------------ */

/* Whatever a library may print, libvirt shall not read it. */
static int silence_stdout(void)
{
	_cleanup_close_ int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return fail_errno(-errno, "/dev/null", "cannot be opened");
	return 0;
}

/* The XML is read to its end also where nothing is done, or libvirtd would write to nobody. */
static int operate(const struct operation *operation, struct hook_call *call)
{
	_cleanup_str_ struct str text = { 0 };
	int r;

	if (!operation)
		return read_input(call->ctx, &text);
	r = read_domain(call->ctx, &call->domain);
	if (r < 0)
		return r;
	r = vfp_records(call->ctx, &call->records);
	return r < 0 ? fail_records(r) : operation->run(call);
}

static void call_done(struct hook_call *call)
{
	vfp_records_free(call->records);
	hook_config_done(&call->config);
	hook_domain_done(&call->domain);
	selection_done(&call->devices);
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	const struct operation *operation = find_operation(operands[1]);
	/* Any other status than 0 would be the end of a guest that runs. */
	bool harmless = operation && operation->run == reconnect;
	_cleanup_free_ char *guest = printable(operands[0], 100);
	struct hook_call call = { .ctx = ctx, .name = operands[0], .guest = guest };
	int r;

	if (!guest)
		return harmless ? 0 : -ENOMEM;
	hook_config_init(&call.config);
	hook_log_begin(guest);
	hook_end_within(call.config.timeout, harmless ? 0 : VFP_EXIT_STUCK);
	/* Warnings are for the log; whoever starts a guest reads why it does not start. */
	given.quiet = !given.dry_run && !given.verbose;
	r = given.dry_run ? 0 : silence_stdout();
	r = r ?: operate(operation, &call);
	hook_end();
	call_done(&call);
	return harmless ? 0 : r;
}

const struct tool tool = {
	.name = "hook",
	.operands = "NAME OPERATION PHASE EXTRA",
	.min = 4,
	.max = 4,
	.help = "The hook by which libvirt has devices hidden for its guests.",
	.details =
		"libvirtd runs it, from /etc/libvirt/hooks/qemu.d/vfioprep, with the XML of "
		"the guest on standard input. prepare hides the PCI devices that the guest "
		"has and libvirt does not manage, claimed for the guest's UUID; release "
		"returns what is claimed so; reconnect looks whether it is all there. What "
		"else libvirt calls it for needs nothing. /etc/vfioprep/hook.conf says "
		"which guests, and how.\nTo see what would be done: virsh dumpxml web1 | "
		"vfioprep hook --dry-run web1 prepare begin -",
	.sets = TOOL_CHANGING,
	.options = NULL,
	.run = run,
};
