/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks in records: in which guest a device is, under which id, and that the guest was asked to
 * let go of it. They are made under the lock of the device's group, as every record is, and
 * what changes a record for another reason carries them along.
 */
#include "act/act.h"

int mark_copy(const struct record *from, struct record *to)
{
	char *const values[] = { from->guest, from->process, from->id, from->unplug };
	char **const fields[] = { &to->guest, &to->process, &to->id, &to->unplug };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		*fields[i] = values[i] ? strdup(values[i]) : NULL;
		if (values[i] && !*fields[i])
			return -ENOMEM;
	}
	return 0;
}

static bool same(const struct record *a, const struct record *b)
{
	return streq(nonnull(a->guest), nonnull(b->guest)) &&
	       streq(nonnull(a->process), nonnull(b->process)) &&
	       streq(nonnull(a->id), nonnull(b->id)) &&
	       streq(nonnull(a->unplug), nonnull(b->unplug));
}

/* Exchange the marks of two records. */
static void swap(struct record *a, struct record *b)
{
	char **const one[] = { &a->guest, &a->process, &a->id, &a->unplug };
	char **const other[] = { &b->guest, &b->process, &b->id, &b->unplug };

	for (size_t i = 0; i < ARRAY_SIZE(one); i++) {
		char *value = *one[i];

		*one[i] = *other[i];
		*other[i] = value;
	}
}

int target_mark(struct vfp_plan *plan, struct target *t, const struct mark *mark)
{
	const struct record wanted = { .guest = (char *)mark->guest,
				       .process = (char *)mark->process,
				       .id = (char *)mark->id,
				       .unplug = (char *)mark->unplug };
	_cleanup_record_ struct record new = { 0 };
	int r;

	if (!t->record.device || t->record.problem || same(&t->record, &wanted))
		return 0;
	r = mark_copy(&wanted, &new);
	if (r < 0)
		return r;
	swap(&t->record, &new);
	r = record_save(plan->ctx, &t->record);
	if (r == 0)
		return 0;
	swap(&t->record, &new);
	target_say(plan, t, VFP_ERROR, "record", RECORD_DIR, "",
		   "where it is cannot be recorded: %s", strerror(-r));
	return r == -ENOMEM ? r : -ECANCELED;
}

int targets_open(struct vfp_plan *plan)
{
	int r = targets_lock(plan);

	if (r == 0)
		targets_load(plan);
	return r ?: plan_error(plan);
}
