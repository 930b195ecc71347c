/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-guest: the guest that --qmp, --ch or --run name, for the verbs that hand devices over.
 */
#ifndef VFIOPREP_TOOL_GUEST_H
#define VFIOPREP_TOOL_GUEST_H

#include "tool.h"

/* What was given of the options by which a verb reaches a guest; a verb has those that it can use. */
extern struct guest_options {
	const char *qmp, *ch;
	bool run;			/* the words of the dialect @to are executed */
	bool hide;
	const char *domain, *api_socket;
	const char *wait;		/* seconds that the guest has; NULL: 30 */
} guest_given;

#define OPTION_QMP                                                                       \
	OPTION(0, "qmp", "SOCKET", &guest_given.qmp,                                     \
	       "carry it out, over this QMP socket of a running QEMU")
#define OPTION_CH                                                                        \
	OPTION(0, "ch", "SOCKET", &guest_given.ch,                                       \
	       "the same, over the API socket of a Cloud Hypervisor")
#define OPTION_RUN                                                                       \
	OPTION(0, "run", NULL, &guest_given.run,                                         \
	       "the same, by running the words of --to virsh, xl or ch-remote")
#define OPTION_API_SOCKET                                                                \
	OPTION(0, "api-socket", "FILE", &guest_given.api_socket,                         \
	       "socket of Cloud Hypervisor, for ch-remote")
#define OPTION_HIDE                                                                      \
	OPTION(0, "hide", NULL, &guest_given.hide,                                       \
	       "hide it first, as vfioprep hide does, and give it back when the guest "  \
	       "does not take it")
#define OPTION_DOMAIN                                                                    \
	OPTION(0, "domain", "NAME", &guest_given.domain,                                 \
	       "the guest's name (virsh, xl)")
#define OPTION_GUEST_WAIT                                                                \
	OPTION('w', "wait", "SECONDS", &guest_given.wait,                                \
	       "how long the guest has (default 30)")

static inline void guest_freep(struct vfp_guest **guest)
{
	vfp_guest_free(*guest);
}
#define _cleanup_guest_ _cleanup_(guest_freep)
static inline void hotplug_freep(struct vfp_hotplug **hotplug)
{
	vfp_hotplug_free(*hotplug);
}
#define _cleanup_hotplug_ _cleanup_(hotplug_freep)

/*
 * Is anything to be carried out (1), or printed in the dialect @to (0; NULL: none was named)?
 * -EINVAL: the options contradict each other; complains.
 */
int guest_is_named(const char *to);

/* What --qmp names has ended, and records tell of what was in it; -ENODEV: none does. */
int guest_open_ended(struct vfp_ctx *ctx, struct vfp_guest **ret_guest);

/*
 * Connect to it; @to is the dialect for --run. Complains; with *why the sentence is left to the
 * caller.
 */
int guest_open(struct vfp_ctx *ctx, const char *to, struct vfp_guest **ret_guest,
	       char **why);

/* A plan with what was given, for vfp_attach() and the like. */
int guest_plan(struct vfp_ctx *ctx, struct vfp_plan **ret_plan);

/* Tell what came of one of them; returns @error. */
int guest_tell(struct vfp_finding **findings, int error);

/*
 * Plug @requests (NULL-terminated) in their order into the guest that was named; with --hide the PCI functions
 * @devices (NULL-terminated addresses, or NULL) are hidden first. Says what came of it.
 */
int guest_attach(struct vfp_ctx *ctx, const char *to, struct vfp_hotplug *const *requests,
		 const char *const *devices);

#endif
