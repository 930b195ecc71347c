/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plug. The record says which guest has a device before that guest is asked, so that a crash
 * leaves a record of what may have happened, and what was never asked for is the worst that can
 * be wrong with it. The locks of the devices are held from then until the guest has answered: whoever
 * finds one free finds a record that tells the truth.
 */
#include "handover.h"

/* What is given back after a failure, at least: QEMU closes a device a moment after it said so. */
#define CLOSE_MSEC 3000

struct attach {
	struct handover *h;
	struct vfp_hotplug *const *requests;
	size_t n;
	bool *there;            /* by request: in the guest already */
	bool *done;             /* by request: plugged by this call */
	struct vfp_plan *marks; /* the host devices, locked */
	char **hidden;          /* addresses that this call has hidden */
	size_t n_hidden;
};

/* -- before anything happens ------------------------------------------------------------- */

static int say_id_taken(struct attach *a, const char *id, const char *kind,
			const char *device)
{
	return handover_say(a->h, -EPERM, "id", device, id, "give another with --id",
			    "the guest has something else by the id %s%s%s%s", id,
			    *kind ? ": " : "", kind, *kind ? "" : " already");
}

static bool resizes(const struct vfp_hotplug *request)
{
	return hotplug_get(request, "total") ||
	       (hotplug_get(request, "requested-size") && !hotplug_get(request, "size"));
}

/*
 * The same device under the same id is what was asked for. What is no device of the host the
 * hypervisor compares, when it is asked to attach it.
 */
static int look_for_request(struct attach *a, size_t i)
{
	const struct vfp_hotplug *request = a->requests[i];
	const char *id = vfp_hotplug_id(request), *host = request_host(request);
	_cleanup_free_ char *kind = NULL, *device = NULL, *why = NULL;
	int r;

	if (!id || resizes(request))
		return 0;
	r = guest_look(a->h->guest, id, handover_left(a->h, 1000), &kind, &device, &why);
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return 0;
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return handover_say(a->h, error_of_guest(r), "guest", host,
				    a->h->guest->name, "",
				    "the guest cannot be asked: %s", why ?: strerror(-r));
	if (!streq(kind, request_kind(request)) ||
	    (host && device && !streq(device, host)) ||
	    handover_usb_differs(a->h, request, device))
		return say_id_taken(a, id, kind, device);
	a->there[i] = host || streq(kind, "usb");
	return 0;
}

/* -- hiding first ------------------------------------------------------------------------ */

/* What had no record before is given back when the plug fails. */
static int hide_first(struct attach *a)
{
	struct vfp_plan *plan = a->h->plan;
	int r = plan->request == HIDE ? handover_run(a->h, plan) : 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->targets[i].todo && !plan->targets[i].record.device)
			r = strings_add(&a->hidden, &a->n_hidden,
					plan->targets[i].address);
	a->h->end = deadline_in(plan->wait);
	return r;
}

/* -- under the locks ----------------------------------------------------------------------- */

static int refuse(struct attach *a, struct target *t, int error, const char *kind,
		  const char *object, const char *remedy, const char *text)
{
	t->error = error;
	target_say(a->marks, t, VFP_REFUSE, kind, object, remedy, "%s", text);
	return error;
}

static int check_hidden(struct attach *a, struct target *t)
{
	const char *driver = device_driver(t->device);
	_cleanup_free_ char *remedy =
		strf("--hide, or vfioprep hide %s before", t->address);

	if (t->record.problem)
		return refuse(a, t, -EPERM, "record", RECORD_DIR,
			      "look at it with status", "its record cannot be used");
	if (t->record.device && !streq(t->record.phase, "hidden"))
		return refuse(a, t, -EPERM, "record", t->record.phase,
			      "run vfioprep recover",
			      "something broke off in the middle of a change to it");
	if (driver_hides(driver))
		return 0;
	if (startswith(a->h->guest->name, "xl:"))
		return handover_check_for_xl(a->h, a->marks, t);
	return refuse(a, t, -EPERM, "hidden", driver, nonnull(remedy),
		      "it is not hidden: the host uses it");
}

static bool is_held_by_another(struct attach *a, const struct target *t, char **ret_who)
{
	const char *process = a->h->guest->process;
	_cleanup_free_ char *node = device_possible_node(t->device);
	struct holder *holders = NULL;
	bool complete, other = false;
	size_t n = 0;

	if (!node || holders_find(a->h->guest->ctx, node, &holders, &n, &complete) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		other = other || (process && holders[i].pid != atoi(process));
	/* Of a guest without a known process a record tells. */
	if (n && !process && t->record.guest)
		other = guest_whose(a->h->guest, &t->record) == ELSEWHERE;
	if (other)
		holders_text(holders, n, ret_who);
	holders_free(holders, n);
	return other;
}

static int check_free(struct attach *a, struct target *t, const char *id)
{
	const struct record *record = &t->record;
	_cleanup_free_ char *who = NULL, *text = NULL;

	if (is_held_by_another(a, t, &who)) {
		text = record->id
			     ? strf("%s has it as %s", nonnull(who), record->id)
			     : strf("%s has it, or another of its group", nonnull(who));
		return refuse(a, t, -EBUSY, "guest", nonnull(who), "unplug it there",
			      nonnull(text));
	}
	if (guest_whose(a->h->guest, record) != HERE || streq(record->id, id) ||
	    guest_has_let_go(a->h->guest, record))
		return 0;
	text = strf("it is in this guest already, as %s", record->id);
	return refuse(a, t, -EBUSY, "guest", record->id, "unplug it first",
		      nonnull(text));
}

static struct target *target_of(struct attach *a, size_t i)
{
	const char *host = request_host(a->requests[i]);

	return host ? target_find(a->marks, host) : NULL;
}

static int open_devices(struct attach *a)
{
	int r = 0;

	for (size_t i = 0; i < a->n && r == 0; i++) {
		const char *host = request_host(a->requests[i]);

		r = handover_need_root(a->h, host);
		if (r == 0 && host)
			r = target_add(a->marks, host, NULL, NULL);
	}
	r = r ?: targets_open(a->marks);
	for (size_t i = 0; i < a->n && r == 0; i++) {
		struct target *t = target_of(a, i);
		const char *lack = t ? request_lacks(a->requests[i], t->device) : NULL;

		if (t)
			r = check_hidden(a, t);
		if (r == 0 && lack)
			r = refuse(a, t, -EPERM, "iommufd", "", "leave it out", lack);
		if (t && r == 0 && !a->there[i])
			r = check_free(a, t, vfp_hotplug_id(a->requests[i]));
	}
	return r;
}

/* -- asking -------------------------------------------------------------------------------- */

/* Where it is, or with @there false, that it is nowhere. */
static int mark(struct attach *a, size_t i, bool there, const char *unplug)
{
	const struct vfp_guest *guest = a->h->guest;
	struct target *t = target_of(a, i);
	const struct mark none = { 0 }, here = { guest->name, guest->process,
						 vfp_hotplug_id(a->requests[i]), unplug };

	return t ? target_mark(a->marks, t, there ? &here : &none) : 0;
}

/* The guest does not have it. */
static int unmark(struct attach *a, size_t i)
{
	handover_usb_back(a->h, a->requests[i], CLOSE_MSEC);
	return mark(a, i, false, NULL);
}

static int say_open(struct attach *a, size_t i, const char *why)
{
	const char *host = request_host(a->requests[i]);
	const char *id = vfp_hotplug_id(a->requests[i]);
	_cleanup_free_ char *remedy = strf(
		"vfioprep unplug %s takes it out again%s%s", nonnull(id),
		host ? "; or, when the guest has ended, vfioprep return --wait 30 " : "",
		nonnull(host));

	return handover_say(a->h, -ETIMEDOUT, "guest", host, a->h->guest->name,
			    id ? nonnull(remedy) : "",
			    "it is not known whether the guest has %s now: %s",
			    id ?: request_kind(a->requests[i]), why);
}

/* What has ended has nothing, and what was hidden for it is given back. */
static int say_ended(struct attach *a, size_t i)
{
	unmark(a, i);
	return handover_say(a->h, -EREMOTEIO, "guest", request_host(a->requests[i]),
			    a->h->guest->name, "",
			    "the guest has ended while it was asked to take it");
}

/* Nothing is asked, so what was asked before still holds. */
static int confirm(struct attach *a, size_t i)
{
	const struct target *t = target_of(a, i);
	const char *unplug = t ? t->record.unplug : NULL;
	int r = mark(a, i, true, unplug);

	if (r == 0 && unplug)
		handover_say(a->h, 0, "pending", t->address, "", "",
			     "the guest was asked to let go of it, and has not yet");
	return r;
}

static int attach_one(struct attach *a, size_t i)
{
	struct vfp_hotplug *request = a->requests[i];
	const char *host = request_host(request);
	_cleanup_free_ char *why = NULL;
	int r = ctx_cancelled(a->h->guest->ctx) ? -ECANCELED : mark(a, i, true, NULL);

	r = r ?: handover_usb_record(a->h, request);
	if (r < 0)
		return r;
	r = handover_ask_in(a->h, request, &why);
	if (r > 0)
		return 0;
	if (r == 0) {
		a->done[i] = true;
		/* It may have had no id before, but that which was chosen for it. */
		handover_tell(a->h, VFP_PLUGGED, request);
		return 0;
	}
	/* Interrupted, the request may not even have gone out. */
	if (r == -ECANCELED && guest_lacks(a->h->guest, vfp_hotplug_id(request)))
		return unmark(a, i) ?: -ECANCELED;
	if (guest_has_ended(a->h->guest, r, host, handover_left(a->h, CLOSE_MSEC)))
		return say_ended(a, i);
	if (error_is_open(r))
		return say_open(a, i, why ?: strerror(-r));
	unmark(a, i);
	return handover_say(a->h, error_of_guest(r), "guest", host, a->h->guest->name, "",
			    "%s%s",
			    r == -EREMOTEIO ? "the guest does not take it: "
					    : "it cannot be plugged: ",
			    why ?: strerror(-r));
}

/* -- and back ------------------------------------------------------------------------------ */

static int take_out(struct attach *a, size_t i)
{
	struct vfp_hotplug *request = a->requests[i];
	const char *host = request_host(request);
	_cleanup_free_ char *why = NULL;
	int r = mark(a, i, true, "pending");

	r = r ?: handover_ask_out(a->h, request, handover_left(a->h, 10000), &why);
	if (r < 0 && r != -ENOENT && !guest_has_ended(a->h->guest, r, host, CLOSE_MSEC))
		return handover_say(a->h, error_of_guest(r), "guest", host,
				    a->h->guest->name,
				    "vfioprep unplug takes it out once the guest can",
				    "the guest does not let go of what it has got: %s",
				    why ?: strerror(-r));
	unmark(a, i);
	handover_tell(a->h, VFP_UNPLUGGED, request);
	return 0;
}

/* What the guest has by now is taken out again; what it keeps is not given back. */
static int take_all_out(struct attach *a)
{
	int worst = 0;

	for (size_t i = a->n; i-- > 0;)
		if (a->done[i])
			worst = vfp_exit_worse(worst, take_out(a, i));
	return worst;
}

static int return_hidden(struct attach *a)
{
	struct vfp_plan *back = NULL;
	int r = a->n_hidden ? handover_plan(a->h, &back) : 0;

	for (size_t i = 0; i < a->n_hidden && r == 0; i++)
		r = vfp_plan_return(back, a->hidden[i], NULL);
	if (r == 0 && back) {
		back->wait = CLOSE_MSEC;
		r = handover_run(a->h, back);
	}
	vfp_plan_free(back);
	return r;
}

/* A failure leaves all as it was, also when it was an interruption. */
static int undo(struct attach *a, int error)
{
	struct vfp_ctx *ctx = a->h->guest->ctx;
	bool cancelled = ctx_uncancel(ctx);
	int r = take_all_out(a);

	targets_unlock(a->marks);
	r = r ?: return_hidden(a);
	if (cancelled)
		vfp_ctx_cancel(ctx);
	return vfp_exit_worse(error, r);
}

/* -- the call ------------------------------------------------------------------------------ */

static int attach_all(struct attach *a)
{
	int r = 0;

	for (size_t i = 0; i < a->n && r == 0; i++)
		r = look_for_request(a, i);
	r = r ?: hide_first(a);
	if (r < 0)
		return r;
	r = open_devices(a);
	for (size_t i = 0; i < a->n && r == 0; i++)
		r = a->there[i] ? confirm(a, i) : attach_one(a, i);
	/* When it is not known what the guest has, nothing is taken from it. */
	return r == 0 || r == -ETIMEDOUT ? r : undo(a, r);
}

_public_ int vfp_attach(struct vfp_guest *guest, struct vfp_hotplug *const *requests,
			struct vfp_plan *plan, struct vfp_finding ***ret_findings)
{
	struct handover h;
	struct attach a = { .h = &h,
			    .requests = requests,
			    .n = list_length((void *)requests) };
	_cleanup_close_ int lock = -1;
	int r = handover_begin(&h, guest, plan);

	r = r ?: handover_lock(&h, &lock);
	a.there = calloc(a.n + 1, sizeof(bool));
	a.done = calloc(a.n + 1, sizeof(bool));
	r = r ?: a.there && a.done ? 0 : -ENOMEM;
	r = r ?: handover_plan(&h, &a.marks) ?: attach_all(&a);
	if (a.marks) {
		targets_unlock(a.marks);
		handover_take(&h, &a.marks->findings);
	}
	if (r == -ECANCELED && ctx_cancelled(guest->ctx))
		finding_add(&h.findings, VFP_ERROR, "interrupted", "", "", "",
			    "interrupted; all is as it was found");
	vfp_plan_free(a.marks);
	strings_free(a.hidden);
	free(a.there);
	free(a.done);
	return handover_deliver(&h, r, ret_findings);
}
