/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer of the running system: the only lines in the library that change a device. Tests
 * link a model of the driver core in place of this file.
 */
#include "host/host.h"

#include <fcntl.h>

/*
 * A file of a device that has gone cannot be written any more, even if it was opened before;
 * so looking at the device after the open leaves no gap. The files of a driver take addresses,
 * whatever is there: between the look and the write there is only this.
 */
static bool is_replaced(struct vfp_ctx *ctx, const char *device, uint64_t inode)
{
	return device && root_inode(ctx, device) != inode;
}

/*
 * One write(2) is one call of the attribute's store function, and close(2) may fail as well.
 * Raw calls only: this runs in a child of a program that may have threads.
 */
static int live_write(struct vfp_ctx *ctx, const char *path, const char *value,
		      const char *device, uint64_t inode)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), r = 0;
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (is_replaced(ctx, device, inode)) {
		close(fd);
		return -ENODEV;
	}
	n = write(fd, value, len);
	if (n < 0)
		r = -errno;
	else if ((size_t)n != len)
		r = -EIO;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

static int live_chown(struct vfp_ctx *ctx, const char *path, uid_t uid, gid_t gid)
{
	(void)ctx;
	return lchown(path, uid, gid) < 0 ? -errno : 0;
}

const struct seam *seam_default(void)
{
	static const struct seam live = { live_write, module_load, live_chown };

	return &live;
}

const char *seam_root(void)
{
	return "/";
}
