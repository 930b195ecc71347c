/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs that --run runs have in common (guest-exec.c), and what each can tell of
 * its guest: guest-virsh.c, guest-xl.c.
 */
#ifndef VFIOPREP_TOOLS_GUEST_EXEC_H
#define VFIOPREP_TOOLS_GUEST_EXEC_H

#include "guest-run.h"
#include "vfioprep.h"

struct exec;

struct program {
	const char *name; /* and its dialect */

	/*
	 * Has the guest what the request is about? 1, 0, or -EOPNOTSUPP: it does not tell of
	 * such things.
	 */
	int (*has)(const struct exec *exec, const struct vfp_hotplug *hotplug,
		   int64_t deadline, char **why);

	/*
	 * As in struct vfp_guest_ops. NULL: nothing has an id there, and what has() finds is
	 * what was asked for.
	 */
	int (*find)(const struct exec *exec, const char *id, int64_t deadline,
		    char **ret_kind, char **ret_device, char **why);

	/* Is the device ready to be given to a guest already? May be NULL. */
	int (*is_prepared)(const struct exec *exec, const struct vfp_hotplug *hotplug,
			   int64_t deadline, char **why);
};

struct exec {
	struct vfp_ctx *ctx;
	const struct program *program;
	char *domain;
};

extern const struct program program_virsh, program_xl;

/*
 * Run a program that only tells. -EREMOTEIO, with what it said: it failed; else the errors of
 * run_words().
 */
int exec_ask(const struct exec *exec, const char *const *words, int64_t deadline, struct ran *ran, char **why);

#endif
