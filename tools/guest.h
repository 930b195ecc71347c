/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypervisors that the library does not speak to by itself, as struct vfp_guest_ops. Neither
 * asks anything yet when it is made. Their waits end when the context is cancelled, and they are
 * closed before it.
 */
#ifndef VFIOPREP_TOOLS_GUEST_H
#define VFIOPREP_TOOLS_GUEST_H

#include "vfioprep.h"

#include "base/base.h"

static inline void commands_freep(struct vfp_command ***commands)
{
	vfp_commands_free(*commands);
}
#define _cleanup_commands_ _cleanup_(commands_freep)

/*
 * Cloud Hypervisor behind its --api-socket. libcurl, which it takes, costs each start some
 * milliseconds, so the tools have it in a binary beside them, "vfioprep-plug-ch": there this
 * is guest-ch-http.c, and in all others (guest-ch-other.c) it becomes that program, with the same
 * words. So call it before anything else is done.
 * Errors: -EINVAL not a path for a socket; -ENOENT there is no such program beside this one.
 */
int guest_ch_new(struct vfp_ctx *ctx, const char *socket,
		 const struct vfp_guest_ops **ret_ops, void **ret_data);

/*
 * By running the words of @dialect: "virsh", "xl", "ch-remote". @domain is the guest's name,
 * of ch-remote the path of its API socket. The program is looked for in PATH.
 * Errors: -EINVAL no program carries this dialect out.
 */
int guest_exec_new(struct vfp_ctx *ctx, const char *dialect, const char *domain,
		   const struct vfp_guest_ops **ret_ops, void **ret_data);

#endif
