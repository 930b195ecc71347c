/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is waited for, for those who want to tell a person. Waits lie within waits: a return
 * that waits for a guest tries again and again, and each try waits for the kernel. The
 * outermost is what matters then, so the others are silent.
 */
#include "host/waiting.h"

_public_ void vfp_ctx_set_wait(struct vfp_ctx *ctx, vfp_wait_fn *fn, void *data)
{
	ctx->wait = fn;
	ctx->wait_data = data;
}

struct waiting waiting_begin(struct vfp_ctx *ctx)
{
	if (!ctx->wait || ctx->waiting)
		return (struct waiting){ 0 };
	ctx->waiting = true;
	return (struct waiting){ ctx, now_msec() };
}

void waiting_tell(const struct waiting *waiting, const char *device, int64_t end,
		  const char *format, ...)
{
	struct vfp_ctx *ctx = waiting->ctx;
	_cleanup_free_ char *text = NULL;
	struct vfp_wait wait;
	va_list args;

	if (!ctx)
		return;
	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	wait = (struct vfp_wait){ nonnull(device), nonnull(text),
				  now_msec() - waiting->since,
				  end ? end - waiting->since : -1 };
	ctx->wait(ctx->wait_data, &wait);
}

void waiting_end(struct waiting *waiting)
{
	struct vfp_ctx *ctx = waiting->ctx;

	if (!ctx)
		return;
	ctx->waiting = false;
	ctx->wait(ctx->wait_data, NULL);
	waiting->ctx = NULL;
}
