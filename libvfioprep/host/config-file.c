/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of configuration. They decide what root does at every boot, so they are believed on the
 * same terms as records: root's, not for others to write, plain files, of a sane size. A new one
 * is written beside its place and is on the disk before it takes it.
 */
#include "host/config.h"

#include <fcntl.h>
#include <sys/stat.h>

#define CONFIG_MAX 65536

/* Opened without waiting and looked at, so that what is read is what was looked at. */
static int check_file(struct vfp_ctx *ctx, const char *path)
{
	_cleanup_close_ int fd = root_open(ctx, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -EPERM;
	return S_ISREG(st.st_mode) ? state_check_owner(ctx, fd) : -EINVAL;
}

int config_read(struct vfp_ctx *ctx, const char *path, char **ret_text)
{
	_cleanup_free_ char *folder = strdup(path), *text = NULL;
	_cleanup_close_ int dir = -1;
	size_t size;
	int r;

	if (!folder)
		return -ENOMEM;
	*strrchr(folder, '/') = '\0';
	dir = config_dir_open(ctx, folder, false);
	r = dir < 0 ? dir : check_file(ctx, path);
	r = r ?: root_read(ctx, path, CONFIG_MAX, &text, &size);
	if (r < 0)
		return r;
	/* What is behind a zero byte would go unseen. */
	if (strlen(nonnull(text)) < size)
		return -EINVAL;
	*ret_text = text ? take(text) : strdup("");
	return *ret_text ? 0 : -ENOMEM;
}

static bool is_config(const char *name)
{
	return *name != '.' && endswith(name, ".conf");
}

int config_list(struct vfp_ctx *ctx, char ***ret_names)
{
	_cleanup_close_ int dir = config_dir_open(ctx, DEVICES_DIR, false);
	char **names = NULL;
	int r = dir;

	if (dir >= 0)
		r = root_list(ctx, DEVICES_DIR, &names);
	else if (dir == -ENOENT)
		r = (names = calloc(1, sizeof(*names))) ? 0 : -ENOMEM;
	if (r < 0)
		return r;
	strings_keep(names, is_config);
	*ret_names = names;
	return 0;
}

/* -- writing ----------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
	size_t size = strlen(text);
	ssize_t n = write(fd, text, size);

	if (n < 0)
		return -errno;
	if ((size_t)n != size)
		return -ENOSPC;
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Its own in each process: of several that change one device, each keeps or forgets what is its. */
static char *staged_name(const char *name)
{
	return strf(".%s.%d.new", name, (int)getpid());
}

int config_stage(struct vfp_ctx *ctx, const char *name, const char *text)
{
	_cleanup_close_ int dir = config_dir_open(ctx, DEVICES_DIR, true), fd = -1;
	_cleanup_free_ char *new = staged_name(name);
	int r;

	if (dir < 0)
		return dir;
	if (!new)
		return -ENOMEM;
	fd = openat(dir, new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0644);
	r = fd < 0 ? -errno : write_all(fd, text);
	if (r < 0)
		unlinkat(dir, new, 0);
	return r;
}

int config_keep(struct vfp_ctx *ctx, const char *name)
{
	_cleanup_close_ int dir = config_dir_open(ctx, DEVICES_DIR, true);
	_cleanup_free_ char *new = staged_name(name);

	if (dir < 0)
		return dir;
	if (!new)
		return -ENOMEM;
	if (renameat(dir, new, dir, name) < 0 || fsync(dir) < 0)
		return -errno;
	return 0;
}

int config_forget(struct vfp_ctx *ctx, const char *name)
{
	_cleanup_close_ int dir = config_dir_open(ctx, DEVICES_DIR, false);
	_cleanup_free_ char *new = staged_name(name);

	if (!ctx->seam)
		return -EROFS;
	if (!new)
		return -ENOMEM;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	return unlinkat(dir, new, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int config_drop(struct vfp_ctx *ctx, const char *name, bool look)
{
	_cleanup_close_ int dir = config_dir_open(ctx, DEVICES_DIR, false);

	if (!ctx->seam)
		return -EROFS;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	if (look)
		return faccessat(dir, ".", W_OK, 0) < 0 ? -errno : 0;
	if (unlinkat(dir, name, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return fsync(dir) < 0 ? -errno : 0;
}
