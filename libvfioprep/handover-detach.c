/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unplug. That the guest was asked is recorded before it is asked, so that whoever comes later,
 * after a crash or when the guest has let go at last, goes on from there. First all are asked,
 * then what has left is returned: the functions of a group leave one after another, and are
 * given back together.
 */
#include "handover.h"

/* QEMU closes a device a moment after it said that it is gone. */
#define CLOSE_MSEC 3000

/* The guest is asked also by who does not want to wait for it. */
#define ASK_MSEC 1000

struct detach {
	struct handover *h;
	bool keep;
	char **left; /* addresses of host devices that are in the guest no more */
	size_t n_left;
};

/* -- records ------------------------------------------------------------------------------- */

/* What the record of @host says before anything is done; all NULL when it has none. */
static int load(struct detach *d, const char *host, struct record *ret_record)
{
	int r = host ? record_load(d->h->guest->ctx, host, ret_record) : -ENOENT;

	return r == -ENOENT ? 0 : r;
}

static int mark_asked(struct detach *d, const struct vfp_hotplug *request, bool asked)
{
	const struct vfp_guest *guest = d->h->guest;
	const char *host = request_host(request), *how = d->keep ? "keep" : "pending";
	const struct mark mark = { guest->name, guest->process, vfp_hotplug_id(request),
				   asked ? how : NULL };

	return host ? handover_mark(d->h, host, &mark) : 0;
}

static void unmark(struct detach *d, const struct vfp_hotplug *request,
		   const struct record *before)
{
	const struct mark mark = { before->guest, before->process, before->id,
				   before->unplug };

	if (request_host(request))
		handover_mark(d->h, request_host(request), &mark);
}

/* -- which device -------------------------------------------------------------------------- */

/* The same ids are in many guests: what has one is taken out only if it is what was meant. */
static int say_another(struct detach *d, const struct vfp_hotplug *request,
		       const struct record *before, const char *there)
{
	const char *id = vfp_hotplug_id(request), *host = request_host(request);
	_cleanup_free_ char *usb = handover_usb_name(d->h, request);

	if (before->guest && before->id)
		return handover_say(d->h, -EPERM, "guest", host, before->guest,
				    "unplug it there",
				    "it is in the guest %s as %s, not in this one",
				    before->guest, before->id);
	return handover_say(d->h, -EPERM, "id", host ?: usb, id, "",
			    "what has the id %s in this guest is something else: %s", id,
			    there);
}

/* Is it what the guest has under its id? *ret_left: no longer, by its record. */
static int check_meant(struct detach *d, const struct vfp_hotplug *request,
		       const struct record *before, bool *ret_left)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *why = NULL;
	const char *id = vfp_hotplug_id(request), *host = request_host(request);
	bool ours = guest_whose(d->h->guest, before) == HERE && streq(before->id, id);
	bool other;
	int r;

	if (!host && !streq(request_kind(request), "usb"))
		return 0;
	r = guest_look(d->h->guest, id, handover_left(d->h, ASK_MSEC), &kind, &device,
		       &why);
	other = r == 0 && (!streq(kind, request_kind(request)) ||
			   (host && device && !streq(device, host)) ||
			   handover_usb_differs(d->h, request, device));
	*ret_left = other && ours;
	if (ours || (!other && r == 0 && device))
		return 0;
	return other || (before->guest && before->id)
		     ? say_another(d, request, before, device ?: kind)
		     : 0;
}

/* -- one device ---------------------------------------------------------------------------- */

static int note_left(struct detach *d, const struct vfp_hotplug *request, bool tell)
{
	const char *host = request_host(request);

	if (tell)
		handover_tell(d->h, VFP_UNPLUGGED, request);
	return host ? strings_add(&d->left, &d->n_left, host) : 0;
}

static int say_refused(struct detach *d, const struct vfp_hotplug *request, int error,
		       const char *why)
{
	mark_asked(d, request, false);
	handover_usb_pending(d->h, request, false);
	return handover_say(d->h, error_of_guest(error), "guest", request_host(request),
			    d->h->guest->name, "", "%s stays in the guest: %s",
			    vfp_hotplug_id(request), why);
}

static int say_pending(struct detach *d, const struct vfp_hotplug *request,
		       const char *why)
{
	const char *id = vfp_hotplug_id(request), *host = request_host(request);

	return handover_say(
		d->h, -ETIMEDOUT, "pending", host, d->h->guest->name,
		host ? "ask again with vfioprep unplug, or leave it to vfioprep watch"
		     : "ask again with vfioprep unplug",
		"the guest was asked to let go of %s, and has not yet: %s", id, why);
}

static int take_outcome(struct detach *d, const struct vfp_hotplug *request, int error,
			const struct record *before, const char *why)
{
	bool ours = (guest_whose(d->h->guest, before) != ELSEWHERE &&
		     streq(before->id, vfp_hotplug_id(request))) ||
		    handover_usb_is_known(d->h, request);

	if (error == 0)
		return note_left(d, request, true);
	if (error == -ENOTEMPTY)
		return note_left(d, request, true)
			     ?: handover_say(d->h, -ECANCELED, "backend",
					     request_host(request), d->h->guest->name,
					     "ask again with vfioprep unplug", "%s", why);
	if (error == -ENOENT && ours)
		return note_left(d, request, false);
	if (error == -ENOENT) {
		unmark(d, request, before);
		return handover_say(d->h, -ENODEV, "id", request_host(request),
				    vfp_hotplug_id(request), "",
				    "nothing in the guest has the id %s",
				    vfp_hotplug_id(request));
	}
	/* The device is closed as it ends, which the return awaits. */
	if (guest_has_ended(d->h->guest, error, request_host(request),
			    handover_left(d->h, CLOSE_MSEC)))
		return note_left(d, request, false);
	return error_is_open(error) ? say_pending(d, request, why)
				    : say_refused(d, request, error, why);
}

int handover_ask_out(struct handover *h, const struct vfp_hotplug *request, int timeout,
		     char **why)
{
	struct vfp_guest *guest = h->guest;
	_cleanup_waiting_ struct waiting waiting = waiting_begin(guest->ctx);

	waiting_tell(&waiting, request_host(request), deadline_in(timeout),
		     "until the guest lets go of %s, as it was asked to",
		     vfp_hotplug_id(request));
	return guest->ops->detach(guest->data, request, timeout, why);
}

static int detach_one(struct detach *d, const struct vfp_hotplug *request,
		      const struct record *before)
{
	_cleanup_free_ char *why = NULL;
	struct vfp_guest *guest = d->h->guest;
	int r = ctx_cancelled(guest->ctx) ? -ECANCELED : 0;
	bool left = false;

	if (r == 0 && d->keep)
		r = handover_usb_check_keep(d->h, request);
	/* The id is of another guest that was here before: nobody needs to be asked for it. */
	if (r == 0 && guest_whose(guest, before) == LEFT_HERE)
		return note_left(d, request, false);
	r = r ?: check_meant(d, request, before, &left);
	if (r == 0 && left)
		return note_left(d, request, false);
	r = r ?: mark_asked(d, request, true);
	if (r < 0)
		return r;
	handover_usb_pending(d->h, request, true);
	r = handover_ask_out(d->h, request, handover_left(d->h, ASK_MSEC), &why);
	return take_outcome(d, request, r, before, why ?: strerror(-r));
}

/* -- the call ------------------------------------------------------------------------------ */

/* It stays hidden, in no guest. */
static int keep_left(struct detach *d)
{
	static const struct mark none = { 0 };
	int worst = 0;

	for (size_t i = 0; i < d->n_left; i++)
		worst = vfp_exit_worse(worst, handover_mark(d->h, d->left[i], &none));
	return worst;
}

/* Two of one slot leave together, and a watch may give back the second while the first is asked. */
static int load_all(struct detach *d, struct vfp_hotplug *const *requests,
		    struct record *before)
{
	int r = before ? 0 : -ENOMEM;

	for (; r == 0 && *requests; requests++)
		r = handover_need_root(d->h, request_host(*requests))
			  ?: load(d, request_host(*requests), before++);
	return r;
}

_public_ int vfp_detach(struct vfp_guest *guest, struct vfp_hotplug *const *requests,
			bool keep, struct vfp_plan *plan,
			struct vfp_finding ***ret_findings)
{
	struct handover h;
	struct detach d = { .h = &h, .keep = keep };
	struct record *before;
	bool loaded;
	int r = handover_begin(&h, guest, plan);
	size_t n;

	if (r == 0 && plan->request != NOTHING)
		r = -EINVAL;
	if (r < 0)
		return handover_deliver(&h, r, ret_findings);
	n = list_length((void *)requests);
	before = calloc(n + 1, sizeof(*before));
	r = load_all(&d, requests, before);
	loaded = r == 0;
	for (size_t i = 0; loaded && i < n; i++) {
		int one = detach_one(&d, requests[i], &before[i]);

		if (one == 0)
			one = handover_usb_back(&h, requests[i],
						handover_left(&h, CLOSE_MSEC));
		r = vfp_exit_worse(r, one);
	}
	if (d.n_left && keep)
		r = vfp_exit_worse(r, keep_left(&d));
	else if (d.n_left)
		r = vfp_exit_worse(r,
				   give_back(&h, d.left, handover_left(&h, CLOSE_MSEC)));
	for (size_t i = 0; before && i < n; i++)
		record_done(&before[i]);
	free(before);
	strings_free(d.left);
	return handover_deliver(&h, r, ret_findings);
}
