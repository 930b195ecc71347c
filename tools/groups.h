/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * groups: what the ways to show IOMMU groups share. Only a whole group isolates, so its
 * verdict is that of all its members going together, bridges excepted: they stay with the
 * host.
 *
 *   groups.c           one group and its verdict; all that are to be shown
 *   groups-table.c     as a listing, or as a tree of where the members are
 *   groups-dot.c       the same as a picture, by Graphviz
 *   vfioprep-groups.c  the verb: which of it is asked for; verdicts one by one
 */
#ifndef VFIOPREP_GROUPS_H
#define VFIOPREP_GROUPS_H

#include "report.h"
#include "table.h"

struct group {
	int number; /* negative: a device that is in none */
	struct selection members;
	struct vfp_device **going; /* the members but for bridges */
	size_t n_going;
	struct vfp_finding ***findings; /* of each member; NULL for bridges */
	struct vfp_finding **all;       /* theirs, joined; not owned */
	size_t n_all;
	int verdict; /* see report_verdict() */
};

void group_done(struct group *group);
#define _cleanup_group_ _cleanup_(group_done)

/*
 * The group of that number; a negative one stands for @address alone. @facts: what all
 * verdicts of this command share. Complains.
 */
int group_load(struct vfp_ctx *ctx, int number, const char *address,
	       struct vfp_facts *facts, struct group *group);

/* Is there something in it that a guest could share with another? */
bool group_is_shared(const struct group *group);

/* What speaks most against member number @member; NULL: nothing. */
const char *group_reason(const struct group *group, size_t member);

/* "yes", "no", "unknown" */
const char *group_passable(const struct group *group);

/* -- all that is shown of a host ------------------------------------------------------ */

/* A function, where it is, and the group that it is in. */
struct place {
	const struct vfp_device *device;
	int parent;                /* the number of its bridge among the places; -1: none */
	const struct group *group; /* never NULL */
	size_t member;             /* its number there */
	bool named;                /* its group's verdict is one on the command */
};

struct topology {
	struct selection all;
	struct place *places; /* in the order of their addresses, bridges before all below */
	size_t n;
	struct group **groups;
	size_t n_groups;
};

/*
 * All functions with all groups; or those in the groups of @named, and what is above them.
 * Complains.
 */
int topology_load(struct vfp_ctx *ctx, const struct selection *named,
		  struct vfp_facts *facts, struct topology *topology);
void topology_done(struct topology *topology);
#define _cleanup_topology_ _cleanup_(topology_done)

/* The verdict on those that were named; 0 when none was. */
int topology_verdict(const struct topology *topology);

/* -- groups-table.c ------------------------------------------------------------------- */

extern const struct column group_columns[];
cell_fn group_cell;

/* A row for each member. Complains. */
int group_list(struct group *group, struct table *table);

/* Complains. */
int print_tree(const struct topology *topology);

/* -- groups-dot.c --------------------------------------------------------------------- */

/* @uses: what uses each of all (vfp_devices_use()). Complains. */
int print_dot(const struct topology *topology, const char *const *uses);

#endif
