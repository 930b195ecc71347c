/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-wanted: what is configured, read and told about, and gathered by IOMMU group: what
 * shares a group goes to a guest as one, so it is one transaction.
 */
#ifndef VFIOPREP_TOOL_WANTED_H
#define VFIOPREP_TOOL_WANTED_H

#include "tool.h"

static inline void wanted_freep(struct vfp_wanted ***wanted)
{
	vfp_wanted_free(*wanted);
}
#define _cleanup_wanted_ _cleanup_(wanted_freep)

/* vfp_wanted(), complaining about what is wrong, also about findings. */
int wanted_read(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
		struct vfp_finding ***ret_findings);

/* The section of the device at @address; NULL: it is not configured. */
const struct vfp_wanted *wanted_find(struct vfp_wanted *const *wanted, const char *address);

/* NULL-terminated lists of what is not owned here. */
struct wanted_groups {
	struct vfp_wanted ***list;
	size_t n;
};

void wanted_groups_done(struct wanted_groups *groups);
#define _cleanup_wanted_groups_ _cleanup_(wanted_groups_done)

/* What hide --persist writes, for each device: prepared, then saved or forgotten. */
struct kept {
	char **file;	/* of vfp_wanted_prepare(); NULL where there is nothing to be done */
	size_t n;
};

/* Prepare all @devices; with @print only print it. Complains; on failure none is. */
int kept_prepare(struct vfp_ctx *ctx, const struct selection *devices,
		 const char *const *settings, FILE *print, struct kept *kept);

/* @result is what came of hiding them. Returns it, or what went wrong here. */
int kept_finish(struct vfp_ctx *ctx, struct kept *kept, int result);

/*
 * For return --persist: the address that @word is, if that is configured but nothing is there (to be
 * freed; else NULL). May @address be removed from the configuration? And, when it is back (it has no
 * record): remove it, or with --dry-run print that; not @persist: note that it is configured still. Complain.
 */
char *wanted_absent(struct vfp_ctx *ctx, const char *word);
int wanted_may_drop(struct vfp_ctx *ctx, const char *address);
int wanted_drop_returned(struct vfp_ctx *ctx, char *const *addresses, bool persist);

/*
 * The groups of those of @wanted that @operands name (none: all), with the configured siblings. A
 * device that is not there is a group of its own. Complains: -EPERM it is not configured, and
 * the errors of vfp_select().
 */
int wanted_group(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted, char **operands,
		 struct wanted_groups *groups);

#endif
