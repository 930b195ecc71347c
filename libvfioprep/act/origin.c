/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The original: what a device was before it was hidden, as hide records it and return wants
 * it again. What the initramfs or the udev rule has claimed had no driver yet, so its original
 * is recorded as unknown, and it goes to the driver that its modalias asks for.
 */
#include "act/act.h"

#include <time.h>

/* As the kernel makes every PCI device, before a driver asks for anything else. */
#define POWER_AT_BOOT "on"

int origin_is_hidden(struct vfp_plan *plan, const struct target *t)
{
	_cleanup_free_ char *driver = NULL;
	int r = early_find(plan->ctx, t->address, &driver, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return streq(t->found.value[OVERRIDE], driver) &&
	       (!*t->found.driver || streq(t->found.driver, driver));
}

static int record_unknown(const struct target *t, struct record *next)
{
	next->orig_driver = strdup(ORIGIN_UNKNOWN);
	next->orig[OVERRIDE] = strdup("");
	next->since = strf("%lld", (long long)time(NULL));
	if (!next->orig_driver || !next->orig[OVERRIDE] || !next->since)
		return -ENOMEM;
	if (t->found.value[POWER])
		next->orig[POWER] = strdup(POWER_AT_BOOT);
	return t->found.value[POWER] && !next->orig[POWER] ? -ENOMEM : 0;
}

int origin_record(struct vfp_plan *plan, struct target *t)
{
	struct record *next = &t->next;
	int r = 0;

	if (t->record.device) {
		next->orig_driver = strdup(t->record.orig_driver);
		r = values_copy(t->record.orig, next->orig);
		next->orig_module = strdup(nonnull(t->record.orig_module));
		next->back = strdup(nonnull(t->record.back));
		next->since = strdup(nonnull(t->record.since));
		return r;
	}
	r = origin_is_hidden(plan, t);
	if (r != 0)
		return r < 0 ? r : record_unknown(t, next);
	next->orig_driver = strdup(t->found.driver);
	next->since = strf("%lld", (long long)time(NULL));
	r = root_link_name(plan->ctx, &next->orig_module, PCI_DRIVERS "/%s/module",
			   *t->found.driver ? t->found.driver : "-");
	if (r == -ENOMEM)
		return r;
	return below_identities(plan->ctx, t->device->path, &next->back);
}

/* -- wanting it again ---------------------------------------------------------------------- */

static int refuse(struct vfp_plan *plan, struct target *t, const char *object,
		  const char *remedy, const char *text)
{
	t->error = -EPERM;
	return target_say(plan, t, VFP_REFUSE, "driver", object, remedy, "%s", text);
}

/* The driver of @module, which may have to be loaded. */
static int want_module(struct vfp_plan *plan, struct target *t, const char *module)
{
	_cleanup_free_ char *driver = NULL;
	int r = 0;

	if (module_driver(plan->ctx, module, &driver) < 0)
		driver = strdup(module);
	if (!driver)
		return -ENOMEM;
	r = state_set(&t->want, driver, "");
	return r ?: target_resolve_driver(plan, t, t->want.driver, module);
}

int origin_want_fitting(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *module = NULL;
	int r = module_for_modalias(plan->ctx, t->device->value[VFP_MODALIAS], &module);

	if (r == -ENOTUNIQ || (r == -ENOENT && t->driver))
		return refuse(plan, t, "", "name one with --driver",
			      r == -ENOENT
				      ? "no module asks for a device like this"
				      : "several modules ask for a device like this");
	if (r == -ENOENT)
		return state_set(&t->want, "", "")
			     ?: target_say(plan, t, VFP_NOTE, "driver", "", "",
					   "no module asks for a device like this, so "
					   "it has no driver now");
	return r ?: want_module(plan, t, module);
}

int origin_want_named(struct vfp_plan *plan, struct target *t)
{
	if (driver_hides(t->driver))
		return refuse(plan, t, t->driver,
			      "name a driver of the host, or leave --driver out",
			      "that driver keeps a device for a guest");
	if (streq(t->driver, "auto"))
		return origin_want_fitting(plan, t);
	return state_set(&t->want, t->driver, "")
		     ?: target_resolve_driver(plan, t, t->driver, NULL);
}

int origin_want(struct vfp_plan *plan, struct target *t)
{
	const struct record *record = &t->record;
	int r;

	if (streq(record->orig_driver, ORIGIN_UNKNOWN))
		return origin_want_fitting(plan, t);
	r = state_set(&t->want, record->orig_driver, record->orig[OVERRIDE]);
	if (r == 0 && *record->orig_driver &&
	    !streq(t->found.driver, record->orig_driver))
		r = target_resolve_driver(plan, t, t->want.driver, record->orig_module);
	return r;
}
