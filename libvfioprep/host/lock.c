/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks, one per IOMMU group. They belong to the open file, not to the process: a child that
 * writes for a caller who was killed still holds its group's lock, so a free lock means that
 * nobody is writing, and "has it moved" is one attempt. The files are never removed.
 */
#include "host/waiting.h"

#include <fcntl.h>
#include <sys/file.h>

#define RETRY_MSEC 20

/* flock(2) has no time limit of its own, so it is tried again. */
static int lock_wait(struct vfp_ctx *ctx, int fd, int64_t deadline)
{
	_cleanup_waiting_ struct waiting waiting = { 0 };

	for (;;) {
		int r;

		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (deadline_passed(deadline))
			return -EBUSY;
		if (!waiting.ctx)
			waiting = waiting_begin(ctx);
		waiting_tell(&waiting, NULL, deadline,
			     "for another vfioprep that is at work");
		r = wait_readable(-1, ctx->cancel_fd,
				  deadline_first(deadline, deadline_in(RETRY_MSEC)));
		if (r < 0)
			return r;
	}
}

int lock_take(struct vfp_ctx *ctx, const char *name, int64_t deadline, int *ret_fd)
{
	_cleanup_close_ int dir = state_dir_open(ctx, LOCK_DIR, true), fd = -1;
	int r;

	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0600);
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR ? -EPERM : -errno;
	/* Who can open it can keep it locked for ever. */
	r = state_check_owner(ctx, fd);
	r = r ?: lock_wait(ctx, fd, deadline);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}
