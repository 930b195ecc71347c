/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The context: root, writer, log hook, cancel.
 */
#include "host/host.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

static int set_root(struct vfp_ctx *ctx, const char *dir)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *root = NULL;

	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	root = realpath(dir, NULL);
	if (!root)
		return -errno;
	if (streq(root, "/"))
		*root = '\0';
	free(ctx->root);
	ctx->root = take(root);
	if (ctx->root_fd >= 0)
		close(ctx->root_fd);
	ctx->root_fd = take_fd(&fd);
	return 0;
}

_public_ int vfp_ctx_new(struct vfp_ctx **ret_ctx)
{
	struct vfp_ctx *ctx = calloc(1, sizeof(*ctx));
	int r = 0;

	if (!ctx)
		return -ENOMEM;
	ctx->root_fd = -1;
	ctx->seam = seam_default();
	ctx->root = strdup("");
	ctx->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ctx->cancel_fd < 0)
		r = -errno;
	else if (!ctx->root)
		r = -ENOMEM;
	else if (!streq(seam_root(), "/"))
		r = set_root(ctx, seam_root());
	if (r < 0) {
		vfp_ctx_free(ctx);
		return r;
	}
	*ret_ctx = ctx;
	return 0;
}

_public_ void vfp_ctx_free(struct vfp_ctx *ctx)
{
	if (!ctx)
		return;
	names_free(ctx->names);
	reader_free(ctx->reader);
	mirror_free(ctx->mirror);
	closep(&ctx->root_fd);
	closep(&ctx->cancel_fd);
	free(ctx->root);
	free(ctx->boot_id);
	free(ctx);
}

_public_ int vfp_ctx_set_root(struct vfp_ctx *ctx, const char *dir)
{
	int r = set_root(ctx, dir);

	if (r < 0)
		return r;
	ctx->seam = NULL;
	ctx->dump = true;
	return 0;
}

_public_ int vfp_ctx_record_reads(struct vfp_ctx *ctx, const char *dir, bool redact)
{
	struct mirror *mirror;
	int r = mirror_new(dir, redact, &mirror);

	if (r < 0)
		return r;
	mirror_free(ctx->mirror);
	ctx->mirror = mirror;
	return 0;
}

_public_ void vfp_ctx_set_log(struct vfp_ctx *ctx, int level, vfp_log_fn *fn, void *data)
{
	ctx->log_level = level;
	ctx->log = fn;
	ctx->log_data = data;
}

void log_message(struct vfp_ctx *ctx, int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ctx->log(ctx->log_data, level, format, args);
	va_end(args);
}

_public_ void vfp_ctx_cancel(struct vfp_ctx *ctx)
{
	static const uint64_t one = 1;
	int saved = errno;

	/* A counter that is full is readable already. */
	if (write(ctx->cancel_fd, &one, sizeof(one)) < 0)
		errno = saved;
}

bool ctx_cancelled(struct vfp_ctx *ctx)
{
	struct pollfd fd = { ctx->cancel_fd, POLLIN, 0 };

	return poll(&fd, 1, 0) > 0;
}

_public_ bool vfp_ctx_cancelled(struct vfp_ctx *ctx)
{
	return ctx_cancelled(ctx);
}

bool ctx_uncancel(struct vfp_ctx *ctx)
{
	uint64_t count;

	return read(ctx->cancel_fd, &count, sizeof(count)) > 0;
}

const char *ctx_boot_id(struct vfp_ctx *ctx)
{
	if (!ctx->boot_id)
		root_attr(ctx, &ctx->boot_id, "/proc/sys/kernel/random/boot_id");
	return nonnull(ctx->boot_id);
}

int ctx_kernel(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *release = NULL;
	unsigned int major, minor;

	if (root_attr(ctx, &release, "/proc/sys/kernel/osrelease") < 0 ||
	    sscanf(release, "%4u.%3u", &major, &minor) != 2)
		return 0;
	return (int)(major * 1000 + minor);
}
