/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on waits: what is waited for, for whoever tells a person.
 */
#ifndef VFIOPREP_HOST_WAITING_H
#define VFIOPREP_HOST_WAITING_H

#include "host/host.h"

/* One wait; all zero when nobody wants to know, or when it is part of another. */
struct waiting {
	struct vfp_ctx *ctx;
	int64_t since;
};

struct waiting waiting_begin(struct vfp_ctx *ctx);
void waiting_end(struct waiting *waiting);
#define _cleanup_waiting_ _cleanup_(waiting_end)

/*
 * What for: "until the guest lets go of nic0", of @device (NULL: of none), until @end (0: no
 * limit). May be called again and again.
 */
void waiting_tell(const struct waiting *waiting, const char *device, int64_t end,
		  const char *format, ...) _printf_(4, 5);

#endif
