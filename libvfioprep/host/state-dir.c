/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state directory: root's alone, so that what lies in it can be believed. It is on a file
 * system that a boot empties.
 */
#include "host/host.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Only a folder or file of root's that nobody else can write counts; tests have their own. */
int state_check_owner(struct vfp_ctx *ctx, int fd)
{
	uid_t owner = ctx->root_fd < 0 ? 0 : geteuid();
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (ctx->dump)
		return 0;
	return st.st_uid == owner && !(st.st_mode & 022) ? 0 : -EPERM;
}

static int make_dir(struct vfp_ctx *ctx, const char *path)
{
	int r = ctx->root_fd < 0 ? mkdir(path, 0755)
				 : mkdirat(ctx->root_fd, path + 1, 0755);

	return r < 0 && errno != EEXIST ? -errno : 0;
}

int state_dir_open(struct vfp_ctx *ctx, const char *path, bool create)
{
	_cleanup_close_ int top = -1, fd = -1;
	int r;

	if (create && !ctx->seam)
		return -EROFS;
	r = create ? make_dir(ctx, STATE_DIR) : 0;
	if (r < 0)
		return r;
	top = root_open(ctx, STATE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (top < 0)
		return top == -ENOTDIR || top == -ELOOP ? -EPERM : top;
	r = state_check_owner(ctx, top);
	if (r == 0 && create)
		r = make_dir(ctx, path);
	if (r < 0)
		return r;
	fd = root_open(ctx, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0)
		return fd == -ENOTDIR || fd == -ELOOP ? -EPERM : fd;
	r = state_check_owner(ctx, fd);
	return r < 0 ? r : take_fd(&fd);
}
