/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a plan, checked when they are set, so that nothing begins with a bad one.
 */
#include "act/act.h"

#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>

/* What goes into records and logs: one line, not empty, of a sane length. */
static int set_text(char **to, const char *value)
{
	_cleanup_free_ char *safe = escape(value);
	char *copy;

	if (!safe)
		return -ENOMEM;
	if (!*value || strlen(value) > 255 || !streq(safe, value))
		return -EINVAL;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;
	uint64_t number;

	if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) == 0 && found) {
		*ret_uid = found->pw_uid;
		*ret_gid = found->pw_gid;
		return 0;
	}
	if (parse_number(name, 10, UINT32_MAX - 1, &number) < 0)
		return -EINVAL;
	*ret_uid = (uid_t)number;
	return 0;
}

static int find_group(const char *name, gid_t *ret_gid)
{
	char buffer[65536];
	struct group entry, *found = NULL;
	uint64_t number;

	if (getgrnam_r(name, &entry, buffer, sizeof(buffer), &found) == 0 && found) {
		*ret_gid = found->gr_gid;
		return 0;
	}
	if (parse_number(name, 10, UINT32_MAX - 1, &number) < 0)
		return -EINVAL;
	*ret_gid = (gid_t)number;
	return 0;
}

/* USER: his own group is left as it is; USER:GROUP sets both. */
static int set_node_owner(struct vfp_plan *plan, const char *value)
{
	_cleanup_free_ char *user = strdup(value);
	char *group = user ? strchr(user, ':') : NULL;
	uid_t uid;
	gid_t gid = (gid_t)-1, own;
	int r;

	if (!user)
		return -ENOMEM;
	if (group)
		*group++ = '\0';
	r = find_user(user, &uid, &own);
	if (r == 0 && group)
		r = find_group(group, &gid);
	if (r < 0)
		return r;
	plan->uid = uid;
	plan->gid = gid;
	plan->node_owner = true;
	return 0;
}

static int set_flag(bool *to, const char *value)
{
	*to = streq(value, "1");
	return *to || streq(value, "0") ? 0 : -EINVAL;
}

static int add_force(struct vfp_plan *plan, const char *value)
{
	size_t kind = strcspn(value, ":");

	if (!finding_kind_known(value, kind) || streq(value + kind, ":"))
		return -EINVAL;
	return strings_add(&plan->force, &plan->n_force, value);
}

static int set_number(char **to, const char *value, uint64_t least, uint64_t most)
{
	uint64_t number;

	if (parse_number(value, 10, most, &number) < 0 || number < least)
		return -EINVAL;
	return set_text(to, value);
}

/* A claim that lives with a process that is no more would be void from the first moment. */
static int set_pid(struct vfp_plan *plan, const char *value)
{
	int r = set_number(&plan->pid, value, 1, INT_MAX);

	if (r == 0 && plan->ctx->root_fd < 0 &&
	    !root_exists(plan->ctx, "/proc/%s", value))
		return -EINVAL;
	return r;
}

static int set_seconds(int64_t *to, const char *value, int64_t least)
{
	int64_t msec;

	if (parse_seconds(value, &msec) < 0 || msec < least)
		return -EINVAL;
	*to = msec;
	return 0;
}

/* "8086:10fb", "8086:10fb:8086:0003", or "" for "from here on nothing is expected". */
static int set_expect(struct vfp_plan *plan, const char *value)
{
	static const char four[] = "[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]";
	char two[128], all[256];

	if (!*value) {
		free(plan->expect);
		plan->expect = NULL;
		return 0;
	}
	snprintf(two, sizeof(two), "%s:%s", four, four);
	snprintf(all, sizeof(all), "%s:%s", two, two);
	if (fnmatch(two, value, 0) != 0 && fnmatch(all, value, 0) != 0)
		return -EINVAL;
	return set_text(&plan->expect, value);
}

_public_ int vfp_plan_set(struct vfp_plan *plan, enum vfp_option option,
			  const char *value)
{
	switch (option) {
	case VFP_FOR:
		return set_text(&plan->claim, value);
	case VFP_PID:
		return set_pid(plan, value);
	case VFP_FORCE:
		return add_force(plan, value);
	case VFP_TIMEOUT:
		return set_seconds(&plan->timeout, value, 1);
	case VFP_DEADLINE:
		return set_seconds(&plan->deadline, value, 1);
	case VFP_WAIT:
		return set_seconds(&plan->wait, value, 0);
	case VFP_NODE_OWNER:
		return set_node_owner(plan, value);
	case VFP_GROUPS:
		return set_flag(&plan->groups, value);
	case VFP_KEEP_CLAIMS:
		return set_flag(&plan->keep_claims, value);
	case VFP_POWER:
		plan->awake = streq(value, "on");
		return plan->awake ? 0 : -EINVAL;
	case VFP_EXPECT:
		return set_expect(plan, value);
	case VFP_BY:
		return set_text(&plan->by, value);
	}
	return -EINVAL;
}

int64_t plan_step_timeout(const struct vfp_plan *plan)
{
	int64_t left = plan->end ? plan->end - now_msec() : plan->timeout;

	if (left > plan->timeout)
		return plan->timeout;
	return left > 1 ? left : 1;
}
