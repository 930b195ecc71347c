/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plan would change, as words instead of steps: for those who compare what is with what
 * was configured. It is the look of a run, so it cannot say anything else than that would do.
 */
#include "act/act.h"

#include <sys/stat.h>

struct changes {
	struct vfp_change **list;
	size_t n;
};

static void change_free(struct vfp_change *change)
{
	if (!change)
		return;
	free((char *)change->device);
	free((char *)change->what);
	free((char *)change->from);
	free((char *)change->to);
	free(change);
}

_public_ void vfp_changes_free(struct vfp_change **changes)
{
	for (struct vfp_change **c = changes; c && *c; c++)
		change_free(*c);
	free(changes);
}

static int add(struct changes *changes, const struct target *t, const char *what,
	       const char *from, const char *to)
{
	struct vfp_change *change = calloc(1, sizeof(*change));
	int r = change ? 0 : -ENOMEM;

	if (change) {
		change->device = strdup(t->address);
		change->what = strdup(what);
		change->from = escape(nonnull(from));
		change->to = escape(nonnull(to));
		if (!change->device || !change->what || !change->from || !change->to)
			r = -ENOMEM;
	}
	r = r ?: list_add((void ***)&changes->list, &changes->n, change);
	if (r < 0)
		change_free(change);
	return r;
}

/* "1000:107"; the group only where one was asked for. */
static char *owner_text(const struct vfp_plan *plan, uid_t uid, gid_t gid)
{
	return plan->gid == (gid_t)-1 ? strf("%u", uid) : strf("%u:%u", uid, gid);
}

/* Of a dump nobody knows whose a node was. */
static int add_node_owner(struct vfp_plan *plan, const struct target *t,
			  struct changes *changes)
{
	_cleanup_free_ char *from = NULL, *to = owner_text(plan, plan->uid, plan->gid);
	char node[64];
	struct stat st;

	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	if (plan->ctx->dump || !driver_is_vfio(t->found.driver) ||
	    root_stat(plan->ctx, node, &st) < 0)
		return 0;
	from = owner_text(plan, st.st_uid, st.st_gid);
	if (!from || !to)
		return -ENOMEM;
	return streq(from, to) ? 0 : add(changes, t, "node-owner", from, to);
}

/* Only of what has the driver that it shall have: all else follows from that. */
static int add_details(struct vfp_plan *plan, const struct target *t,
		       struct changes *changes)
{
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++)
		if (t->want.value[i] &&
		    !streq(nonnull(t->found.value[i]), t->want.value[i]))
			r = add(changes, t, setting_rows[i].name, t->found.value[i],
				t->want.value[i]);
	if (r == 0 && !t->record.device)
		r = add(changes, t, "record", "", "hidden");
	if (r == 0 && t->record.device && t->next.for_ &&
	    !streq(t->next.for_, nonnull(t->record.for_)))
		r = add(changes, t, "for", t->record.for_, t->next.for_);
	return r == 0 && plan->node_owner ? add_node_owner(plan, t, changes) : r;
}

static int add_target_changes(struct vfp_plan *plan, const struct target *t,
			      struct changes *changes)
{
	/* It was refused before it was known what it shall be. */
	if (!t->want.driver)
		return 0;
	if (!streq(t->found.driver, t->want.driver))
		return add(changes, t, "driver", t->found.driver, t->want.driver);
	return add_details(plan, t, changes);
}

int changes_take(struct vfp_plan *plan, struct vfp_change ***ret_changes)
{
	struct changes changes = { .list = calloc(1, sizeof(*changes.list)) };
	int r = changes.list ? 0 : -ENOMEM;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = add_target_changes(plan, &plan->targets[i], &changes);
	if (r < 0) {
		vfp_changes_free(changes.list);
		return r;
	}
	*ret_changes = changes.list;
	return 0;
}
