/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recovery of USB devices: a guest whose process has ended, with nobody watching it, has left
 * records behind, and interfaces without a driver. What a guest still runs with is left alone,
 * and so is what anybody has open.
 */
#include "act/act.h"

#include <unistd.h>

/* A process that is being killed is gone before all that it had open is. */
#define CLOSE_MSEC 3000

static int say(struct findings *findings, enum vfp_severity severity, const char *kind,
	       const char *name, const char *object, const char *remedy, char *text)
{
	int r = text ? finding_add(findings, severity, kind, name, object, remedy, "%s",
				   text)
		     : -ENOMEM;

	free(text);
	return r;
}

/*
 * Where no process is known, as with libvirt, who has the device open tells: a guest that has it
 * keeps it open.
 */
static bool has_ended(struct vfp_ctx *ctx, const char *name, const struct record *record)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_free_ char *who = NULL;
	bool complete;

	if (record->process)
		return !claim_process_runs(ctx, record->process);
	if (usb_load(ctx, name, &device) < 0)
		return true;
	who = usb_holders(ctx, device, &complete);
	return !who && complete;
}

static int say_held(const char *name, const struct findings *said,
		    struct findings *findings)
{
	const char *who = "";

	for (size_t i = 0; i < said->n; i++)
		if (streq(said->list[i]->kind, "held"))
			who = said->list[i]->object;
	return say(findings, VFP_NOTE, "held", name, who,
		   "unplug it from the guest, or end the process",
		   strf("left alone: %s still has it", *who ? who : "somebody"));
}

static int bring_back(struct vfp_ctx *ctx, const char *name, const struct record *record,
		      struct findings *findings)
{
	struct findings said = { 0 };
	int r = usb_returned(ctx, name, CLOSE_MSEC, &said);

	if (r == -EBUSY && said.n) {
		r = say_held(name, &said, findings);
		findings_done(&said);
		return r;
	}
	for (size_t i = 0; i < said.n; i++)
		finding_add(findings, said.list[i]->severity, said.list[i]->kind, name,
			    said.list[i]->object, said.list[i]->remedy, "%s",
			    said.list[i]->text);
	findings_done(&said);
	/* It was pulled out meanwhile: that has been said, and nothing is left to do. */
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	return say(findings, VFP_NOTE, "back", name, record->guest, NULL,
		   strf("its guest %s has ended; it is back with its drivers",
			nonnull(record->guest)));
}

static int recover(struct vfp_ctx *ctx, const char *name, bool look,
		   struct findings *findings)
{
	_cleanup_record_ struct record record = { 0 };
	int r = record_load(ctx, name, &record);

	if (r == -ENOENT || (r == 0 && !has_ended(ctx, name, &record)))
		return 0;
	if (r < 0)
		return r;
	if (look)
		return say(findings, VFP_NOTE, "back", name, record.guest, NULL,
			   strf("its guest %s has ended; its drivers are bound again",
				nonnull(record.guest)));
	return bring_back(ctx, name, &record, findings);
}

_public_ int vfp_usb_recover(struct vfp_ctx *ctx, bool look,
			     struct vfp_finding ***ret_findings)
{
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_strings_ char **names = NULL;
	int r = look || ctx->seam ? record_list_usb(ctx, &names) : -EROFS, worst = 0;

	if (r == 0 && !look && names && *names && ctx->root_fd < 0 && geteuid() != 0)
		return -EPERM;
	for (char **name = names; r == 0 && name && *name; name++)
		if (usb_is_name(*name))
			worst = vfp_exit_worse(worst,
					       recover(ctx, *name, look, &findings));
	r = r ?: findings_take(&findings, ret_findings);
	return r ?: worst;
}
