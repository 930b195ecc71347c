/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-guest: from --qmp, --ch and --run to a guest that devices can be handed to, and what
 * plug, unplug and watch say about it.
 */
#include "tool-guest.h"
#include "guest.h"
#include "report.h"

#include <limits.h>

struct guest_options guest_given;

/* ch-remote calls a guest by its socket, the others by its name. */
static const char *name_for(const char *to)
{
	return streq(to, "ch-remote") ? guest_given.api_socket : guest_given.domain;
}

static int check_run(const char *to)
{
	bool remote = to && streq(to, "ch-remote");

	if (!to || (!remote && !streq(to, "virsh") && !streq(to, "xl")))
		return fail(-EINVAL, "--run",
			    "runs the words of --to virsh, --to xl or --to ch-remote");
	if (!name_for(to))
		return fail(-EINVAL, "--run", "name the guest with %s",
			    remote ? "--api-socket" : "--domain");
	return 1;
}

int guest_is_named(const char *to)
{
	int n = !!guest_given.qmp + !!guest_given.ch + guest_given.run;

	if (n > 1)
		return fail(-EINVAL, NULL, "give one of --qmp, --ch and --run");
	if ((guest_given.qmp || guest_given.ch) && to)
		return fail(-EINVAL, "--to", "is for printing and --run; leave it out");
	if (guest_given.run)
		return check_run(to);
	if (guest_given.hide && n == 0)
		return fail(
			-EINVAL, "--hide",
			"goes with --qmp; to have it printed, run vfioprep hide before");
	return n;
}

/* Records name a socket by its one full path, also when it has gone. */
static char *full_path(const char *path)
{
	const char *name = strrchr(path, '/');
	_cleanup_free_ char *folder = NULL;
	char full[PATH_MAX];

	if (realpath(path, full))
		return strdup(full);
	folder = name ? strndup(path, (size_t)(name - path) + 1) : strdup(".");
	if (!folder || !realpath(folder, full))
		return strdup(path);
	return strf("%s/%s", streq(full, "/") ? "" : full, name ? name + 1 : path);
}

static int open_qmp(struct vfp_ctx *ctx, struct vfp_guest **ret_guest, char **why)
{
	_cleanup_free_ char *path = full_path(guest_given.qmp);
	_cleanup_free_ char *name = path ? strf("qmp:%s", path) : NULL;
	const struct vfp_guest_ops *ops;
	void *data;
	int r = name ? vfp_guest_qmp(ctx, path, &ops, &data, why) : -ENOMEM;

	return r ?: vfp_guest_new(ctx, name, ops, data, ret_guest);
}

static int open_ch(struct vfp_ctx *ctx, struct vfp_guest **ret_guest)
{
	_cleanup_free_ char *path = full_path(guest_given.ch);
	_cleanup_free_ char *name = path ? strf("ch:%s", path) : NULL;
	const struct vfp_guest_ops *ops;
	void *data;
	int r = name ? guest_ch_new(ctx, path, &ops, &data) : -ENOMEM;

	return r ?: vfp_guest_new(ctx, name, ops, data, ret_guest);
}

static int open_run(struct vfp_ctx *ctx, const char *to, struct vfp_guest **ret_guest)
{
	bool remote = streq(to, "ch-remote");
	_cleanup_free_ char *who =
		remote ? full_path(name_for(to)) : strdup(name_for(to));
	_cleanup_free_ char *name = who ? strf("%s:%s", remote ? "ch" : to, who) : NULL;
	const struct vfp_guest_ops *ops;
	void *data;
	int r = name ? guest_exec_new(ctx, to, who, &ops, &data) : -ENOMEM;

	return r ?: vfp_guest_new(ctx, name, ops, data, ret_guest);
}

int guest_open(struct vfp_ctx *ctx, const char *to, struct vfp_guest **ret_guest,
	       char **why)
{
	_cleanup_free_ char *text = NULL;
	const char *object = guest_given.qmp ?: guest_given.ch;
	int r;

	if (guest_given.qmp)
		r = open_qmp(ctx, ret_guest, &text);
	else
		r = guest_given.ch ? open_ch(ctx, ret_guest)
				   : open_run(ctx, to, ret_guest);
	if (r == 0)
		return 0;
	if (why) {
		*why = take(text);
		return r;
	}
	return text ? fail(r, object ?: to, "%s", text)
		    : fail_errno(r, object ?: to, "the guest cannot be reached");
}

int guest_open_ended(struct vfp_ctx *ctx, struct vfp_guest **ret_guest)
{
	_cleanup_free_ char *path = full_path(guest_given.qmp);
	_cleanup_free_ char *name = path ? strf("qmp:%s", path) : NULL;

	return name ? vfp_guest_new(ctx, name, NULL, NULL, ret_guest) : -ENOMEM;
}

int guest_plan(struct vfp_ctx *ctx, struct vfp_plan **ret_plan)
{
	struct vfp_plan *plan = NULL;
	int r = plan_new(ctx, &plan);

	if (r == 0)
		r = plan_set(plan, VFP_WAIT, "--wait", guest_given.wait ?: "30");
	if (r < 0)
		vfp_plan_free(plan);
	else
		*ret_plan = plan;
	return r;
}

int guest_tell(struct vfp_finding **findings, int error)
{
	plan_tell(findings, error, false);
	vfp_findings_free(findings);
	return error;
}

/* -- plug --------------------------------------------------------------------------- */

int guest_attach(struct vfp_ctx *ctx, const char *to, struct vfp_hotplug *const *requests,
		 const char *const *devices)
{
	_cleanup_guest_ struct vfp_guest *guest = NULL;
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	struct vfp_finding **findings = NULL;
	int r = guest_open(ctx, to, &guest, NULL);

	if (r == 0)
		r = guest_plan(ctx, &plan);
	for (; r == 0 && guest_given.hide && devices && *devices; devices++)
		r = vfp_plan_hide(plan, *devices, NULL);
	if (r < 0)
		return r;
	r = vfp_attach(guest, requests, plan, &findings);
	return guest_tell(findings, r);
}
