/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching: devices are returned as a guest lets go of them, whoever asked it to, hours later
 * if need be. The records say which devices those are, so nothing is remembered here, and a watch
 * that is ended and begun again misses nothing: it begins with what has left meanwhile.
 */
#include "handover.h"

/* How long a device that has left takes to be closed, and how often one that is not is tried. */
#define CLOSE_MSEC 3000
#define RETRY_MSEC 2000

struct watch {
	struct vfp_guest *guest;
	struct vfp_plan *plan;
	vfp_report_fn *report;
	void *data;
	bool again; /* something has left and could not be returned yet */
};

/* Everything that is recorded for the guest, or only what it has let go of. */
static int collect(struct watch *w, bool all, char ***ret_left, char ***ret_kept)
{
	_cleanup_strings_ char **addresses = NULL;
	size_t n_left = 0, n_kept = 0;
	int r = record_list(w->guest->ctx, &addresses);

	for (char **a = addresses; r == 0 && *a; a++) {
		_cleanup_record_ struct record record = { 0 };
		bool keep;

		if (record_load(w->guest->ctx, *a, &record) < 0 ||
		    guest_whose(w->guest, &record) == ELSEWHERE ||
		    (!all && !guest_has_let_go(w->guest, &record)))
			continue;
		keep = streq(nonnull(record.unplug), "keep");
		r = keep ? strings_add(ret_kept, &n_kept, *a)
			 : strings_add(ret_left, &n_left, *a);
	}
	return r;
}

/* It stays hidden, as whoever unplugged it has asked for. */
static int release(struct handover *h, char *const *devices)
{
	static const struct mark none = { 0 };
	int worst = 0;

	for (; devices && *devices; devices++)
		worst = vfp_exit_worse(worst, handover_mark(h, *devices, &none));
	return worst;
}

/* One look at the records, and what follows. What is tried again is told of once. */
static int return_left(struct watch *w, bool all)
{
	_cleanup_strings_ char **left = NULL, **kept = NULL;
	struct vfp_finding **findings = NULL;
	struct handover h;
	bool told = w->again;
	int r = handover_begin(&h, w->guest, w->plan);

	r = r ?: collect(w, all, &left, &kept);
	r = r ?: release(&h, kept);
	if (r == 0 && left)
		r = give_back(&h, left, all ? w->plan->wait : CLOSE_MSEC);
	if (r != -ENOMEM && r != -EROFS && r != -ECANCELED)
		r = vfp_exit_worse(r, handover_usb_left(&h, all, CLOSE_MSEC));
	w->again = r == -EBUSY;
	r = handover_deliver(&h, r, &findings);
	if (w->report && !(told && w->again) && (r < 0 || (findings && *findings)))
		w->report(w->data, r, findings);
	vfp_findings_free(findings);
	return r;
}

static int say_failed(struct watch *w, int error, const char *why)
{
	struct handover h;
	struct vfp_finding **findings = NULL;

	if (handover_begin(&h, w->guest, w->plan) < 0)
		return error;
	handover_say(&h, error, "guest", "", w->guest->name, "",
		     "the guest can be followed no longer: %s", why);
	if (handover_deliver(&h, 0, &findings) == 0 && w->report)
		w->report(w->data, error, findings);
	vfp_findings_free(findings);
	return error;
}

static int await_gone(struct watch *w, char **ret_id, char **why)
{
	struct vfp_guest *guest = w->guest;
	_cleanup_waiting_ struct waiting waiting = waiting_begin(guest->ctx);

	waiting_tell(&waiting, NULL, 0, "until %s lets go of something", guest->name);
	return guest->ops->next_gone(guest->data, w->again ? RETRY_MSEC : -1, ret_id,
				     why);
}

static int follow(struct watch *w)
{
	for (;;) {
		_cleanup_free_ char *id = NULL, *why = NULL;
		int r = await_gone(w, &id, &why);

		if (r == -EPIPE || r == -ECANCELED)
			return r;
		if (r < 0 && r != -ETIMEDOUT)
			return say_failed(w, error_of_guest(r), why ?: strerror(-r));
		r = return_left(w, false);
		if (r == -ENOMEM || r == -EROFS || ctx_cancelled(w->guest->ctx))
			return r ?: -ECANCELED;
	}
}

_public_ int vfp_watch(struct vfp_guest *guest, struct vfp_plan *plan,
		       vfp_report_fn *report, void *data)
{
	struct watch w = { guest, plan, report, data, false };
	int r;

	if (!guest->ops->next_gone)
		return -EOPNOTSUPP;
	if (plan->request != NOTHING || plan->ctx != guest->ctx)
		return -EINVAL;
	r = return_left(&w, false);
	if (r == -ENOMEM || r == -EROFS)
		return r;
	r = follow(&w);
	w.again = false;
	return r == -EPIPE ? return_left(&w, true) : r;
}
