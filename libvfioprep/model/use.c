/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What uses a device, in a few words for listings. The same rows as for the verdict, but
 * only those on use, and nothing that is about the group or the hardware. What the host
 * says as a whole (mounts, routes, processes) is read once for a listing of many devices.
 */
#include "model/check.h"

static int device_use(struct vfp_ctx *ctx, const struct vfp_device *device,
		      struct facts *facts, char **ret_use)
{
	struct check c = {
		.ctx = ctx,
		.device = device,
		.facts = facts,
		.use_only = true,
	};
	int r = check_run(&c);

	/* That one device cannot be looked at, or has just gone, does not keep the others. */
	if (r == 0 && c.use)
		*ret_use = escape(c.use);
	else if (r != -ENOMEM)
		*ret_use = strdup(r < 0 || c.unknown ? "unknown" : "free");
	check_done(&c);
	return *ret_use ? 0 : -ENOMEM;
}

/* The pointers, and behind them the strings. */
static int pack(char *const *uses, size_t n, const char ***ret_uses)
{
	size_t size = (n + 1) * sizeof(char *);
	const char **block;
	char *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(uses[i]) + 1;
	block = malloc(size);
	if (!block)
		return -ENOMEM;
	text = (char *)(block + n + 1);
	for (size_t i = 0; i < n; i++) {
		block[i] = text;
		text = stpcpy(text, uses[i]) + 1;
	}
	block[n] = NULL;
	*ret_uses = block;
	return 0;
}

_public_ int vfp_devices_use(struct vfp_ctx *ctx, struct vfp_device *const *devices,
			     const char ***ret_uses)
{
	size_t n = list_length((void *)devices);
	_cleanup_strings_ char **uses = calloc(n + 1, sizeof(*uses));
	struct facts facts = { 0 };
	int r = uses ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++)
		r = device_use(ctx, devices[i], &facts, &uses[i]);
	facts_done(&facts);
	return r ?: pack(uses, n, ret_uses);
}
