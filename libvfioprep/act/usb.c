/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of USB devices that a guest is given: which drivers the interfaces had, and what
 * hung below, from before the plug until usb-back.c has seen all of it again. Nothing is written
 * to the device for a plug: the hypervisor takes the interfaces by itself.
 */
#include "act/act.h"

#include <time.h>

#define LOCK_MSEC 30000

int usb_lock(struct vfp_ctx *ctx, const char *address, int *ret_fd)
{
	_cleanup_free_ char *name = strf("usb-%s", address);

	return name ? lock_take(ctx, name, deadline_in(LOCK_MSEC), ret_fd) : -ENOMEM;
}

/* -- what is there ------------------------------------------------------------------------- */

struct inputs_below {
	struct vfp_ctx *ctx;
	struct str *text;
};

static int add_input(void *data, const char *subsystem, const char *path,
		     const char *name)
{
	_cleanup_free_ char *who = NULL;
	struct inputs_below *b = data;

	/* input7 is the keyboard, event7 below it one of its nodes. */
	if (!streq(subsystem, "input") || !startswith(name, "input"))
		return 0;
	if (root_attr(b->ctx, &who, "%s/name", path) < 0 || strchr(who, ';'))
		return str_add(b->text, "%sinput ", b->text->len ? ";" : "");
	return str_add(b->text, "%sinput %s", b->text->len ? ";" : "", who);
}

int usb_below(struct vfp_ctx *ctx, const char *path, char **ret_text)
{
	_cleanup_free_ char *identities = NULL;
	_cleanup_str_ struct str text = { 0 };
	struct inputs_below b = { ctx, &text };
	int r = below_identities(ctx, path, &identities);

	r = r ?: str_add(&text, "%s", identities);
	r = r ?: below_walk(ctx, path, add_input, &b);
	if (r == 0)
		*ret_text = take(text.s);
	return r;
}

char *usb_holders(struct vfp_ctx *ctx, const struct vfp_device *device,
		  bool *ret_complete)
{
	_cleanup_free_ char *node = usb_device_node(device);
	struct holder *holders = NULL;
	char *text = NULL;
	size_t n = 0;

	*ret_complete = false;
	if (node && holders_find(ctx, node, &holders, &n, ret_complete) == 0 && n &&
	    holders_text(holders, n, &text) < 0)
		*ret_complete = false;
	holders_free(holders, n);
	return text;
}

/*
 * "3-1:1.0 usbhid;3-1:1.1 ;": one without a driver shall have none again. What somebody has taken
 * already had another driver before, and which is not known: "?".
 */
static int list_interfaces(const struct vfp_device *device, char **ret_text)
{
	_cleanup_strings_ char **names = NULL;
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *who = NULL;
	bool complete;
	int r = usb_interfaces(device, &names) ?: str_add(&text, "%s", "");

	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *driver = NULL;

		r = usb_interface_driver(device, *name, &driver);
		if (r == 0 && !*driver && !who)
			who = usb_holders(device->ctx, device, &complete);
		if (r == 0)
			r = str_add(&text, "%s %s;", *name,
				    streq(driver, "usbfs") || (!*driver && who) ? "?"
										: driver);
	}
	if (r == 0)
		*ret_text = take(text.s);
	return r;
}

/* -- recording ------------------------------------------------------------------------------ */

static int set(char **field, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int set_guest(struct record *record, const struct mark *mark, const char *by)
{
	char since[32];

	snprintf(since, sizeof(since), "%lld", (long long)time(NULL));
	return set(&record->guest, mark->guest) ?:
	       set(&record->process, mark->process) ?:
	       set(&record->id, mark->id) ?:
	       set(&record->unplug, mark->unplug) ?:
	       set(&record->by, by) ?:
	       set(&record->since, since);
}

static int make_record(struct vfp_ctx *ctx, const struct vfp_device *device,
		       struct record *record)
{
	const char *address = device_address(device);

	if (!*ctx_boot_id(ctx))
		return -EPERM;
	return set(&record->device, address) ?:
	       set(&record->boot, ctx_boot_id(ctx)) ?:
	       set(&record->phase, "plugged") ?:
	       usb_identity(ctx, address, &record->identity) ?:
	       list_interfaces(device, &record->orig_interfaces) ?:
	       usb_below(ctx, device->path, &record->back);
}

/* What is there of an earlier plug. 0: none, and @record is empty; 1: its drivers count. */
static int take_earlier(struct vfp_ctx *ctx, const struct vfp_device *device,
			const struct mark *mark, struct record *record,
			struct findings *findings)
{
	const char *address = device_address(device);
	_cleanup_free_ char *who = NULL;
	bool complete;
	int r = record_load(ctx, address, record);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (record->problem && record->stale) {
		record_done(record);
		return 0;
	}
	if (record->problem)
		return finding_add(findings, VFP_REFUSE, "record", address, NULL,
				   "remove " USB_DIR "/... by hand when nobody has it",
				   "its record cannot be used: %s", record->problem)
			     ?: -EPERM;
	if (streq(record->guest, mark->guest) && streq(record->id, mark->id))
		return 1;
	/* A guest that was killed gives nothing back: what it was before is what counts. */
	who = usb_holders(ctx, device, &complete);
	if (!who && complete)
		return 1;
	return finding_add(findings, VFP_REFUSE, "held", address, nonnull(who),
			   "unplug it there first",
			   "it was plugged into %s as %s, and %s has it open",
			   record->guest, record->id, who ? who : "somebody")
		     ?: -EBUSY;
}

/* As hide refuses a PCI device; what is only worth a warning is told. */
static int judge(struct vfp_ctx *ctx, const struct vfp_device *device, char *const *force,
		 struct findings *findings)
{
	struct facts facts = { 0 };
	size_t first = findings->n;
	int r = check_device(ctx, device, NULL, "", &facts, findings);

	for (size_t i = first; r == 0 && i < findings->n; i++)
		if (findings->list[i]->severity == VFP_REFUSE &&
		    !finding_lifted(findings->list[i], force))
			r = streq(findings->list[i]->kind, "held") ? -EBUSY : -EPERM;
	facts_done(&facts);
	return r;
}

int usb_record(struct vfp_ctx *ctx, const struct vfp_device *device,
	       const struct mark *mark, const char *by, char *const *force,
	       struct findings *findings)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_close_ int lock = -1;
	int r = usb_lock(ctx, device_address(device), &lock);

	r = r ?: take_earlier(ctx, device, mark, &record, findings);
	if (r == 0)
		r = judge(ctx, device, force, findings)
			  ?: make_record(ctx, device, &record);
	r = r < 0 ? r : set_guest(&record, mark, by);
	return r ?: record_save(ctx, &record);
}

int usb_set_pending(struct vfp_ctx *ctx, const char *address, bool pending)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_close_ int lock = -1;
	int r = usb_lock(ctx, address, &lock) ?: record_load(ctx, address, &record);

	if (r < 0 || record.problem)
		return r == -ENOENT ? 0 : r;
	return set(&record.unplug, pending ? "pending" : NULL)
		     ?: record_save(ctx, &record);
}
