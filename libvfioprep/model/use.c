/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What uses a device, in a few words for listings. The same rows as for the verdict, but
 * only those on use, and nothing that is about the group or the hardware. What the host
 * says as a whole (mounts, routes, processes) is read once for a listing of many devices.
 */
#include "model/model.h"

_public_ int vfp_device_use(struct vfp_ctx *ctx, const struct vfp_device *device,
			    char **ret_use)
{
	struct facts facts = { 0 };
	struct check c = {
		.ctx = ctx,
		.device = device,
		.facts = &facts,
		.use_only = true,
	};
	int r = check_run(&c);

	if (r == 0 && c.use)
		*ret_use = escape(c.use);
	else if (r == 0)
		*ret_use = strdup(c.unknown ? "unknown" : "free");
	if (r == 0 && !*ret_use)
		r = -ENOMEM;
	check_done(&c);
	facts_done(&facts);
	return r;
}
