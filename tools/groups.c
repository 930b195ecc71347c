/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One IOMMU group and the verdict on it; and for pictures all functions that are shown, each
 * with its place in the topology and with its group.
 */
#include "groups.h"

static const struct vfp_finding only_bridges = {
	VFP_REFUSE, "bridge", "", "", "there is nothing but bridges in this group", ""
};

/* -- one group ---------------------------------------------------------------------- */

void group_done(struct group *group)
{
	for (size_t i = 0; group->findings && i < group->members.n; i++)
		vfp_findings_free(group->findings[i]);
	free(group->findings);
	free(group->all);
	free(group->going);
	selection_done(&group->members);
}

static int find_members(struct vfp_ctx *ctx, struct group *group, const char *address)
{
	_cleanup_free_ char *selector =
		group->number < 0 ? strdup(address) : strf("group:%d", group->number);
	int r = selector ? selection_add(ctx, &group->members, selector, false) : -ENOMEM;

	for (size_t i = 0; i < group->members.n && r == 0; i++) {
		struct vfp_device *member = group->members.device[i];

		/* A bridge that is in no group is asked about all the same. */
		if (group->number < 0 || !vfp_device_is_bridge(member))
			r = list_add((void ***)&group->going, &group->n_going, member);
	}
	group->findings = calloc(group->members.n + 1, sizeof(*group->findings));
	return r < 0 ? r : group->findings ? 0 : -ENOMEM;
}

static int judge_member(struct vfp_ctx *ctx, struct group *group, size_t i,
			struct vfp_facts *facts)
{
	struct vfp_check_options how = { .with = group->going, .facts = facts };
	int r = vfp_check(ctx, group->members.device[i], &how, &group->findings[i]);
	struct vfp_finding **f = group->findings[i];

	if (r < 0)
		return fail_errno(r,
				  vfp_device_get(group->members.device[i], VFP_ADDRESS),
				  "cannot be judged");
	for (; *f && r == 0; f++)
		r = list_add((void ***)&group->all, &group->n_all, *f);
	return r;
}

int group_load(struct vfp_ctx *ctx, int number, const char *address,
	       struct vfp_facts *facts, struct group *group)
{
	int r;

	group->number = number;
	r = find_members(ctx, group, address);
	for (size_t i = 0; i < group->members.n && r == 0; i++)
		if (number < 0 || !vfp_device_is_bridge(group->members.device[i]))
			r = judge_member(ctx, group, i, facts);
	if (r == 0 && !group->n_going)
		r = list_add((void ***)&group->all, &group->n_all, (void *)&only_bridges);
	group->verdict = report_verdict(group->all);
	return r;
}

bool group_is_shared(const struct group *group)
{
	return group->n_going && group->members.n > 1;
}

const char *group_reason(const struct group *group, size_t member)
{
	struct vfp_finding *const *findings = group->findings[member];
	const char *unknown = NULL;

	for (; findings && *findings; findings++) {
		if ((*findings)->severity == VFP_REFUSE)
			return (*findings)->text;
		if ((*findings)->severity == VFP_UNKNOWN && !unknown)
			unknown = (*findings)->text;
	}
	return unknown;
}

const char *group_passable(const struct group *group)
{
	return group->verdict == 0 ? "yes" : group->verdict == -EPERM ? "no" : "unknown";
}

/* -- where they are ------------------------------------------------------------------- */

static const char *address_of(const struct vfp_device *device)
{
	return vfp_device_get(device, VFP_ADDRESS);
}

/* Bridges come before what is behind them, and mostly shortly before. */
static int find_parent(const struct selection *all, size_t n)
{
	const char *parent = vfp_device_get(all->device[n], VFP_PARENT);

	while (parent && n-- > 0)
		if (streq(address_of(all->device[n]), parent))
			return (int)n;
	return -1;
}

static bool is_named(const struct vfp_device *device, const struct selection *named)
{
	int group = vfp_device_get_group(device);

	for (size_t i = 0; i < named->n; i++)
		if (streq(address_of(named->device[i]), address_of(device)) ||
		    (group >= 0 && vfp_device_get_group(named->device[i]) == group))
			return true;
	return false;
}

/* Which of all functions are shown, and which were @named. */
static void choose(const struct selection *all, const struct selection *named,
		   bool *shown, bool *chosen)
{
	for (size_t i = 0; i < all->n; i++) {
		chosen[i] = named->n && is_named(all->device[i], named);
		shown[i] = !named->n || chosen[i];
	}
	/* From below: what is above them is shown with them. */
	for (size_t i = all->n; i-- > 0;) {
		int parent = find_parent(all, i);

		if (shown[i] && parent >= 0)
			shown[parent] = true;
	}
}

static void find_group(const struct topology *topology, struct place *place)
{
	for (size_t i = 0; i < topology->n_groups; i++) {
		const struct group *group = topology->groups[i];

		for (size_t j = 0; j < group->members.n; j++)
			if (streq(address_of(group->members.device[j]),
				  address_of(place->device))) {
				place->group = group;
				place->member = j;
			}
	}
}

static int load_group(struct vfp_ctx *ctx, struct topology *topology, struct place *place,
		      struct vfp_facts *facts)
{
	struct group *group;
	int r;

	find_group(topology, place);
	if (place->group)
		return 0;
	group = calloc(1, sizeof(*group));
	r = group ? list_add((void ***)&topology->groups, &topology->n_groups, group)
		  : -ENOMEM;
	if (r < 0) {
		free(group);
		return fail(r, NULL, "out of memory");
	}
	r = group_load(ctx, vfp_device_get_group(place->device),
		       address_of(place->device), facts, group);
	find_group(topology, place);
	/* It may have gone since all were looked up. */
	return r < 0        ? r
	     : place->group ? 0
			    : fail(-ENODEV, address_of(place->device),
				   "it has gone from its group; try again");
}

static int add_places(struct vfp_ctx *ctx, struct topology *topology, const bool *shown,
		      const bool *chosen, int *number, struct vfp_facts *facts)
{
	const struct selection *all = &topology->all;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		struct place *place = &topology->places[topology->n];
		int parent = find_parent(all, i);

		if (!shown[i])
			continue;
		number[i] = (int)topology->n++;
		*place = (struct place){ .device = all->device[i],
					 .parent = parent < 0 ? -1 : number[parent],
					 .named = chosen[i] };
		r = load_group(ctx, topology, place, facts);
	}
	return r;
}

int topology_load(struct vfp_ctx *ctx, const struct selection *named,
		  struct vfp_facts *facts, struct topology *topology)
{
	int r = selection_add(ctx, &topology->all, NULL, false);
	size_t n = topology->all.n + 1;
	_cleanup_free_ bool *shown = calloc(n, sizeof(bool));
	_cleanup_free_ bool *chosen = calloc(n, sizeof(bool));
	_cleanup_free_ int *number = calloc(n, sizeof(int));

	if (r < 0)
		return r;
	topology->places = calloc(n, sizeof(*topology->places));
	if (!topology->places || !shown || !chosen || !number)
		return fail(-ENOMEM, NULL, "out of memory");
	choose(&topology->all, named, shown, chosen);
	return add_places(ctx, topology, shown, chosen, number, facts);
}

void topology_done(struct topology *topology)
{
	for (size_t i = 0; i < topology->n_groups; i++) {
		group_done(topology->groups[i]);
		free(topology->groups[i]);
	}
	free(topology->groups);
	free(topology->places);
	selection_done(&topology->all);
}

int topology_verdict(const struct topology *topology)
{
	int verdict = 0;

	for (size_t i = 0; i < topology->n; i++)
		if (topology->places[i].named)
			verdict = vfp_exit_worse(verdict,
						 topology->places[i].group->verdict);
	return verdict;
}
