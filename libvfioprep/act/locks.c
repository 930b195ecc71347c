/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The locks of a plan's devices: one for each IOMMU group, taken by everybody in the same order
 * and each within its time, and what is said when one is not free.
 */
#include "act/act.h"

/* Functions of one group share a lock, for their kernel calls wait for one another. */
static int set_lock_name(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *group = NULL;
	int r = root_link_name(plan->ctx, &group, PCI_DEVICES "/%s/iommu_group",
			       t->address);

	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return r;
	free(t->lock_name);
	/* Zeros in front sort numbers by their value: the one order in which all lock. */
	t->lock_name = group ? strf("group-%010lu", strtoul(group, NULL, 10))
			     : strf("device-%s", t->address);
	return t->lock_name ? 0 : -ENOMEM;
}

static int compare_lock_names(const void *a, const void *b)
{
	return strcmp((*(struct target *const *)a)->lock_name,
		      (*(struct target *const *)b)->lock_name);
}

static int add_lock(struct locks *locks, int fd)
{
	int *grown = reallocarray(locks->fds, locks->n + 1, sizeof(int));

	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	locks->fds = grown;
	grown[locks->n++] = fd;
	return 0;
}

static bool is_stuck(struct vfp_plan *plan, const char *address)
{
	_cleanup_record_ struct record record = { 0 };

	return record_load(plan->ctx, address, &record) == 0 && record.phase &&
	       streq(record.phase, "stuck");
}

/* The function that keeps the lock of @t, because a kernel call on it hangs; NULL: none. */
static char *find_stuck(struct vfp_plan *plan, const struct target *t)
{
	_cleanup_strings_ char **members = NULL;
	char path[64];

	if (is_stuck(plan, t->address))
		return strdup(t->address);
	if (!startswith(t->lock_name, "group-"))
		return NULL;
	snprintf(path, sizeof(path), IOMMU_GROUPS "/%lu/devices",
		 strtoul(t->lock_name + strlen("group-"), NULL, 10));
	if (root_list(plan->ctx, path, &members) < 0)
		return NULL;
	for (char **member = members; *member; member++)
		if (is_stuck(plan, *member))
			return strdup(*member);
	return NULL;
}

static int lock_await(struct vfp_plan *plan, struct target *t, int *ret_fd)
{
	int64_t end = deadline_first(deadline_in(plan->timeout), plan->end);
	_cleanup_waiting_ struct waiting waiting = waiting_begin(plan->ctx);

	waiting_tell(&waiting, t->address, end,
		     "for another vfioprep that is at work on its group");
	return lock_take(plan->ctx, t->lock_name, end, ret_fd);
}

/* Nobody waits for a lock that a hanging call keeps. */
static int lock_target(struct vfp_plan *plan, struct target *t)
{
	int fd, r = lock_take(plan->ctx, t->lock_name, now_msec(), &fd);

	if (r == -EBUSY) {
		_cleanup_free_ char *stuck = find_stuck(plan, t);

		if (!stuck)
			r = lock_await(plan, t, &fd);
	}
	if (r < 0)
		return r;
	t->lock_fd = fd;
	return add_lock(&plan->locks, fd);
}

static int say_lock_busy(struct vfp_plan *plan, struct target *t)
{
	_cleanup_free_ char *stuck = find_stuck(plan, t);

	if (!stuck) {
		t->error = -EBUSY;
		return target_say(plan, t, VFP_REFUSE, "lock", "", "try again later",
				  "another vfioprep is at work on its group");
	}
	t->error = -EINPROGRESS;
	return target_say(plan, t, VFP_REFUSE, "stuck", stuck,
			  "end what holds the device, or reboot",
			  streq(stuck, t->address)
				  ? "a kernel call on it has not come back yet"
				  : "a kernel call on %s, which is in its group, has not "
				    "come back yet",
			  stuck);
}

static int say_lock_failed(struct vfp_plan *plan, struct target *t, int error)
{
	if (error == -EBUSY)
		return say_lock_busy(plan, t);
	t->error = error == -EPERM ? error : -ECANCELED;
	if (error == -EPERM)
		return target_say(plan, t, VFP_REFUSE, "record", STATE_DIR, "",
				  STATE_DIR
				  " is not root's alone, so it cannot be trusted");
	return error == -ECANCELED
		     ? 0
		     : target_say(plan, t, VFP_ERROR, "lock", "", "",
				  "its lock cannot be taken: %s", strerror(-error));
}

static int lock_all(struct vfp_plan *plan, struct target **sorted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct target *t = sorted[i], *before = i ? sorted[i - 1] : NULL;
		int r = 0;

		if (before && streq(before->lock_name, t->lock_name)) {
			t->lock_fd = before->lock_fd;
			r = before->error == -EINPROGRESS ? -EBUSY : before->error;
		} else {
			r = lock_target(plan, t);
		}
		if (r == -ENOMEM)
			return r;
		r = r < 0 ? say_lock_failed(plan, t, r) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int targets_lock(struct vfp_plan *plan)
{
	_cleanup_free_ struct target **sorted = calloc(plan->n + 1, sizeof(*sorted));
	size_t n = 0;
	int r = sorted ? 0 : -ENOMEM;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		if (plan->targets[i].finished)
			continue;
		sorted[n] = &plan->targets[i];
		r = set_lock_name(plan, sorted[n++]);
	}
	if (r < 0)
		return r;
	qsort(sorted, n, sizeof(*sorted), compare_lock_names);
	return lock_all(plan, sorted, n);
}

void targets_unlock(struct vfp_plan *plan)
{
	for (size_t i = 0; i < plan->locks.n; i++)
		close(plan->locks.fds[i]);
	free(plan->locks.fds);
	plan->locks = (struct locks){ 0 };
	for (size_t i = 0; i < plan->n; i++)
		plan->targets[i].lock_fd = -1;
}
