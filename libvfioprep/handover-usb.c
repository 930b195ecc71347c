/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB devices are not hidden: the hypervisor takes them from their drivers, and the host should
 * have them back when it closes them. What they were is recorded before the guest is asked, and
 * looked for afterwards (act/usb*.c).
 */
#include "handover.h"

/* "3-1.2" of the bus 3 and the port 1.2, or of what has the address 7 there. NULL: by its ids alone. */
static char *name_of(struct vfp_ctx *ctx, const struct vfp_hotplug *request)
{
	const char *bus = hotplug_get(request, "hostbus");
	const char *port = hotplug_get(request, "hostport");
	const char *address = hotplug_get(request, "hostaddr");
	_cleanup_free_ char *text = NULL;
	char *name = NULL;

	if (!bus || (!port && !address))
		return NULL;
	if (port)
		return strf("%s-%s", bus, port);
	text = strf("%03d.%03d", atoi(bus), atoi(address));
	return text && usb_find(ctx, text, &name) == 0 ? name : NULL;
}

static bool is_usb(const struct vfp_hotplug *request)
{
	return hotplug_kind(request) == KIND_USB;
}

char *handover_usb_name(struct handover *h, const struct vfp_hotplug *request)
{
	return is_usb(request) ? name_of(h->guest->ctx, request) : NULL;
}

bool handover_usb_differs(struct handover *h, const struct vfp_hotplug *request,
			  const char *device)
{
	_cleanup_free_ char *wanted = handover_usb_name(h, request), *there = NULL;

	return wanted && device && usb_find(h->guest->ctx, device, &there) == 0 &&
	       !streq(wanted, there);
}

int handover_usb_record(struct handover *h, const struct vfp_hotplug *request)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_free_ char *name = handover_usb_name(h, request);
	const struct mark mark = { h->guest->name, h->guest->process,
				   vfp_hotplug_id(request), NULL };
	int r = handover_need_root(h, name);

	if (r < 0 || !name)
		return r;
	r = usb_load(h->guest->ctx, name, &device);
	if (r == -ENODEV)
		return handover_say(h, r, "device", name, "", "vfioprep list --usb",
				    "there is no USB device at this port");
	r = r
		  ?: usb_record(h->guest->ctx, device, &mark, nonnull(h->plan->by),
				h->plan->force, &h->findings);
	if (r == 0 || r == -EBUSY || r == -EPERM || r == -ENOMEM)
		return r;
	return handover_say(h, -ECANCELED, "record", name, USB_DIR, "",
			    "it cannot be recorded: %s", strerror(-r));
}

/* -- what is recorded for a guest ---------------------------------------------------------- */

/* What was pulled out while a guest had it is still that guest's record, and goes with it. */
static bool is_of(const struct vfp_guest *guest, const struct record *record)
{
	struct record seen = *record;

	if (seen.stale)
		seen.problem = NULL;
	return guest_whose(guest, &seen) != ELSEWHERE;
}

int handover_usb_recorded(const struct vfp_guest *guest, const char *id,
			  char ***ret_names)
{
	_cleanup_strings_ char **names = NULL;
	size_t kept = 0;
	int r = record_list_usb(guest->ctx, &names);

	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_record_ struct record record = { 0 };

		if (usb_is_name(*name) && record_load(guest->ctx, *name, &record) == 0 &&
		    is_of(guest, &record) && (!id || streq(nonnull(record.id), id)))
			names[kept++] = *name;
		else
			free(*name);
	}
	if (r < 0)
		return r;
	names[kept] = NULL;
	*ret_names = take(names);
	return 0;
}

/* Names of those that are recorded for what has the id of @request. */
static char **recorded(struct handover *h, const struct vfp_hotplug *request)
{
	char **names = NULL;

	if (is_usb(request))
		handover_usb_recorded(h->guest, vfp_hotplug_id(request), &names);
	return names;
}

void handover_usb_pending(struct handover *h, const struct vfp_hotplug *request,
			  bool pending)
{
	_cleanup_strings_ char **names = recorded(h, request);

	for (char **name = names; name && *name; name++)
		usb_set_pending(h->guest->ctx, *name, pending);
}

bool handover_usb_is_known(struct handover *h, const struct vfp_hotplug *request)
{
	_cleanup_strings_ char **names = recorded(h, request);

	return names && *names;
}

int handover_usb_check_keep(struct handover *h, const struct vfp_hotplug *request)
{
	_cleanup_free_ char *name = handover_usb_name(h, request);

	if (!is_usb(request))
		return 0;
	return handover_say(
		h, -EPERM, "keep", name, "--keep",
		"unplug it without --keep: its drivers get it back",
		"%s is a USB device, which is never hidden: nothing can be kept",
		vfp_hotplug_id(request));
}

int handover_usb_back(struct handover *h, const struct vfp_hotplug *request, int timeout)
{
	_cleanup_strings_ char **names = recorded(h, request);
	int worst = 0;

	for (char **name = names; name && *name; name++)
		worst = vfp_exit_worse(
			worst, usb_returned(h->guest->ctx, *name, timeout, &h->findings));
	return worst;
}

/* As guest_has_let_go() for PCI devices: what has the id may be something else by now. */
static bool has_let_go(struct handover *h, const char *name, const struct record *record)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *there = NULL, *why = NULL;
	int r;

	if (guest_whose(h->guest, record) == LEFT_HERE)
		return true;
	r = guest_look(h->guest, record->id, 5000, &kind, &device, &why);
	if (r < 0)
		return r == -ENOENT;
	return !streq(kind, "usb") ||
	       (device && usb_find(h->guest->ctx, device, &there) == 0 &&
		!streq(there, name));
}

int handover_usb_left(struct handover *h, bool all, int timeout)
{
	_cleanup_strings_ char **names = NULL;
	int worst = handover_usb_recorded(h->guest, NULL, &names);

	for (char **name = names; name && *name; name++) {
		_cleanup_record_ struct record record = { 0 };

		if (record_load(h->guest->ctx, *name, &record) < 0 || !record.id ||
		    (!all && !has_let_go(h, *name, &record)))
			continue;
		worst = vfp_exit_worse(
			worst, usb_returned(h->guest->ctx, *name, timeout, &h->findings));
	}
	return worst;
}
