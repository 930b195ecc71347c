/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state directory: root's alone, so that what lies in it can be believed. It is on a file
 * system that a boot empties. And the same of the directory of the configuration.
 */
#include "host/config.h"

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

/* 1: it was not there before. */
static int make_dir(struct vfp_ctx *ctx, const char *path)
{
	int r = ctx->root_fd < 0 ? mkdir(path, 0755)
				 : mkdirat(ctx->root_fd, path + 1, 0755);

	if (r == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

/* Open, and trusted. Without root people may look, whatever the umask when it was made. */
static int open_dir(struct vfp_ctx *ctx, const char *path, bool made)
{
	_cleanup_close_ int fd =
		root_open(ctx, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return fd == -ENOTDIR || fd == -ELOOP ? -EPERM : fd;
	r = state_check_owner(ctx, fd);
	if (r == 0 && made && fchmod(fd, 0755) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(&fd);
}

/* @path, a folder of @above, or that itself. */
static int open_below(struct vfp_ctx *ctx, const char *above, const char *path,
		      bool create)
{
	_cleanup_close_ int top = -1;
	int made;

	if (create && !ctx->seam)
		return -EROFS;
	made = create ? make_dir(ctx, above) : 0;
	if (made < 0)
		return made;
	top = open_dir(ctx, above, made);
	if (top < 0)
		return top;
	made = create ? make_dir(ctx, path) : 0;
	return made < 0 ? made : open_dir(ctx, path, made);
}

int state_dir_open(struct vfp_ctx *ctx, const char *path, bool create)
{
	return open_below(ctx, STATE_DIR, path, create);
}

int config_dir_open(struct vfp_ctx *ctx, const char *path, bool create)
{
	return open_below(ctx, CONFIG_DIR, path, create);
}
