/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Returning what has left a guest. Nothing of a group is unbound while any of it is open, so what leaves
 * first waits for the others, as its record says, and the last one takes it along. Whether a
 * group is open the kernel tells, under the lock and at the last moment (act/); what is
 * looked at here only decides whether it is worth waiting for.
 */
#include "handover.h"

struct leaving {
	char **devices; /* addresses; NULL-terminated once there is one */
	size_t n;
};

static bool has(char *const *devices, const char *address)
{
	for (; devices && *devices; devices++)
		if (streq(*devices, address))
			return true;
	return false;
}

static int add(struct leaving *leaving, const char *address)
{
	return strings_add(&leaving->devices, &leaving->n, address);
}

static int members_of(struct vfp_ctx *ctx, const char *address, char ***ret_members)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	int r = device_load(ctx, address, &device);

	if (r == 0 && device->group >= 0)
		return group_members(ctx, device->group, ret_members);
	return r;
}

/* Asked to leave earlier, gone by now, and kept by its group since. */
static bool waits(struct handover *h, const struct record *record)
{
	return record->unplug && streq(record->unplug, "pending") &&
	       (guest_whose(h->guest, record) == ELSEWHERE ||
		guest_has_let_go(h->guest, record));
}

static int add_waiting(struct handover *h, struct leaving *leaving)
{
	size_t named = leaving->n;
	int r = 0;

	for (size_t i = 0; i < named && r == 0; i++) {
		_cleanup_strings_ char **members = NULL;

		members_of(h->guest->ctx, leaving->devices[i], &members);
		for (char **m = members; m && *m && r == 0; m++) {
			_cleanup_record_ struct record record = { 0 };

			if (!has(leaving->devices, *m) &&
			    record_load(h->guest->ctx, *m, &record) == 0 &&
			    waits(h, &record))
				r = add(leaving, *m);
		}
	}
	return r;
}

/* By the records, a function of its group is still in a guest: *ret_who is it. */
static bool is_kept(struct handover *h, const char *address, char *const *leaving,
		    char **ret_who)
{
	_cleanup_strings_ char **members = NULL;
	bool kept = false;

	members_of(h->guest->ctx, address, &members);
	for (char **m = members; m && *m && !kept; m++) {
		_cleanup_record_ struct record record = { 0 };

		if (has(leaving, *m) || record_load(h->guest->ctx, *m, &record) < 0 ||
		    !record.guest || !record.id)
			continue;
		kept = true;
		*ret_who = strf("%s (%s)", *m, record.id);
	}
	return kept;
}

/* -- one run of returns ---------------------------------------------------------------------- */

/* Who has the group open is said by the engine, and of the guest's own devices better here. */
static int say_waiting(struct handover *h, const char *address, const char *who)
{
	if (!who)
		return handover_say(h, -EBUSY, "pending", address, "",
				    "vfioprep unplug or watch gives it back then",
				    "it has left the guest, but its group is still open");
	findings_forget(&h->findings, "held", address);
	return handover_say(
		h, -EBUSY, "pending", address, who, "unplug that as well",
		"it has left the guest, and comes back together with the last "
		"of its group: %s is still there",
		who);
}

/*
 * What stays although it has left, for a claim, is in no guest any more. Of what was not come
 * to, for an interruption, the record still has to tell who had it.
 */
static int settle(struct handover *h, const struct target *t, const char *who)
{
	static const struct mark none = { 0 };
	_cleanup_record_ struct record record = { 0 };

	if (t->error == -EBUSY)
		return say_waiting(h, t->address, who);
	if (t->error < 0 || !t->finished ||
	    record_load(h->guest->ctx, t->address, &record) < 0 || !record.guest)
		return 0;
	return handover_mark(h, t->address, &none);
}

static int run(struct handover *h, const struct leaving *part, char **who, int64_t wait)
{
	struct vfp_plan *plan = h->plan;
	int64_t usual = plan->wait;
	int r = 0;

	for (size_t i = 0; i < part->n && r == 0; i++)
		r = vfp_plan_return(plan, part->devices[i], NULL);
	if (r == 0 && part->n) {
		plan->wait = wait;
		r = handover_run(h, plan);
		plan->wait = usual;
	}
	for (size_t i = 0; i < plan->n; i++)
		settle(h, &plan->targets[i], who[i]);
	targets_forget(plan);
	return r;
}

int give_back(struct handover *h, char *const *devices, int64_t wait)
{
	struct leaving all = { 0 }, kept = { 0 }, free_ = { 0 };
	_cleanup_strings_ char **who = NULL;
	_cleanup_free_ char **nobody = NULL;
	int r = 0, worst = 0;

	for (; *devices && r == 0; devices++)
		r = has(all.devices, *devices) ? 0 : add(&all, *devices);
	r = r ?: add_waiting(h, &all);
	who = calloc(all.n + 1, sizeof(*who));
	nobody = calloc(all.n + 1, sizeof(*nobody));
	if (!who || !nobody)
		r = -ENOMEM;
	for (size_t i = 0; i < all.n && r == 0; i++)
		r = is_kept(h, all.devices[i], all.devices, &who[kept.n])
			  ? add(&kept, all.devices[i])
			  : add(&free_, all.devices[i]);
	if (r == 0) {
		worst = run(h, &kept, who, 0);
		worst = vfp_exit_worse(worst, run(h, &free_, nobody, wait));
	}
	strings_free(all.devices);
	strings_free(kept.devices);
	strings_free(free_.devices);
	return r ?: worst;
}
