/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every open below the context's root. On the running system paths are opened as they are; any
 * other root is a jail: links and ".." in it lead nowhere else (openat2, since Linux 5.6).
 * Only regular files, links and folders are read, without blocking and up to a bound, so that
 * nothing in a dump made elsewhere can hang or harm the reader. Successful reads are handed
 * to the mirror, when there is one.
 */
#include "host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define ATTR_MAX   4096
#define JAIL_TRIES 1000

/*
 * A rename anywhere on the host while ".." is looked up makes the kernel unsure (EAGAIN), and
 * it wants to be asked again.
 */
static int open_in_jail(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	for (int tries = 0; tries < JAIL_TRIES; tries++) {
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int root_open(struct vfp_ctx *ctx, const char *path, int flags)
{
	int fd = ctx->root_fd < 0 ? open(path, flags | O_CLOEXEC)
				  : open_in_jail(ctx->root_fd, path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A short read is the end of an attribute: sysfs gives all of it at once. */
static int read_all(int fd, size_t max, bool attribute, struct str *text)
{
	char buffer[ATTR_MAX];
	ssize_t n;

	do {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (text->len + (size_t)n > max)
			return -EFBIG;
		if (str_add_bytes(text, buffer, (size_t)n) < 0)
			return -ENOMEM;
	} while (n != 0 && !(attribute && n < (ssize_t)sizeof(buffer)));
	return 0;
}

/*
 * What lies in a folder made elsewhere may be anything, and opening is enough to start some
 * devices; so it is looked at first, and opened by what was looked at.
 */
static int open_in_dump(struct vfp_ctx *ctx, const char *path, int flags)
{
	_cleanup_close_ int place = root_open(ctx, path, O_PATH);
	char self[64];
	struct stat st;
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int root_open_file(struct vfp_ctx *ctx, const char *path)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

	/* /sys and /proc are as they are. */
	return ctx->root_fd < 0 ? root_open(ctx, path, flags)
				: open_in_dump(ctx, path, flags);
}

static int read_file(struct vfp_ctx *ctx, const char *path, size_t max, bool attribute,
		     struct str *text)
{
	_cleanup_close_ int fd = root_open_file(ctx, path);
	int r;

	if (fd < 0)
		return fd;
	r = read_all(fd, max, attribute, text);
	if (r == 0 && ctx->mirror)
		mirror_file(ctx, path, text->s, text->len);
	return r;
}

int root_read(struct vfp_ctx *ctx, const char *path, size_t max, char **ret_text,
	      size_t *ret_size)
{
	_cleanup_str_ struct str text = { 0 };
	int r = read_file(ctx, path, max, false, &text);

	if (r < 0)
		return r;
	if (ret_size)
		*ret_size = text.len;
	*ret_text = take(text.s);
	return 0;
}

/* The formatted path in a buffer; -ENAMETOOLONG. */
static int format_path(char path[PATH_MAX], const char *format, va_list args)
{
	int n = vsnprintf(path, PATH_MAX, format, args);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int root_attr(struct vfp_ctx *ctx, char **ret_value, const char *format, ...)
{
	_cleanup_str_ struct str text = { 0 };
	char path[PATH_MAX];
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, format, args);
	va_end(args);
	r = r ?: read_file(ctx, path, ATTR_MAX, true, &text);
	if (r < 0)
		return r;
	*ret_value = chomp(take(text.s));
	return 0;
}

static int read_link(struct vfp_ctx *ctx, const char *path, char target[PATH_MAX])
{
	int r = root_readlink(ctx, path, target);

	if (r == 0 && ctx->mirror)
		mirror_link(ctx, path, target);
	return r;
}

int root_link(struct vfp_ctx *ctx, char **ret_target, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX], *copy;
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, format, args);
	va_end(args);
	if (r == 0)
		r = read_link(ctx, path, target);
	if (r < 0)
		return r;
	copy = strdup(target);
	if (!copy)
		return -ENOMEM;
	*ret_target = copy;
	return 0;
}

int root_link_name(struct vfp_ctx *ctx, char **ret_name, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX], *slash, *copy;
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, format, args);
	va_end(args);
	if (r == 0)
		r = read_link(ctx, path, target);
	if (r < 0)
		return r;
	slash = strrchr(target, '/');
	copy = strdup(slash ? slash + 1 : target);
	if (!copy)
		return -ENOMEM;
	*ret_name = copy;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dir(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int list_names(struct vfp_ctx *ctx, const char *path, bool dirs, char ***ret_names)
{
	_cleanup_strings_ char **names = calloc(1, sizeof(char *));
	struct dirent *entry;
	size_t n = 0;
	int fd, r = 0;
	DIR *dir;

	if (!names)
		return -ENOMEM;
	fd = root_open(ctx, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		char *name;

		if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
		    (dirs && !is_dir(dir, entry)))
			continue;
		name = strdup(entry->d_name);
		r = name ? list_add((void ***)&names, &n, name) : -ENOMEM;
		if (r < 0)
			free(name);
	}
	r = r ?: -errno;
	closedir(dir);
	if (r < 0)
		return r;
	qsort(names, n, sizeof(*names), compare_names);
	if (ctx->mirror)
		mirror_list(ctx, path, names);
	*ret_names = take(names);
	return 0;
}

int root_list(struct vfp_ctx *ctx, const char *path, char ***ret_names)
{
	return list_names(ctx, path, false, ret_names);
}

int root_list_dirs(struct vfp_ctx *ctx, const char *path, char ***ret_names)
{
	return list_names(ctx, path, true, ret_names);
}

bool root_exists(struct vfp_ctx *ctx, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool there;
	int r;

	va_start(args, format);
	r = format_path(path, format, args);
	va_end(args);
	if (r < 0)
		return false;
	if (ctx->root_fd < 0) {
		there = access(path, F_OK) == 0;
	} else {
		_cleanup_close_ int fd = root_open(ctx, path, O_PATH);

		there = fd >= 0;
	}
	if (there && ctx->mirror)
		mirror_exists(ctx, path);
	return there;
}

uint64_t root_inode(struct vfp_ctx *ctx, const char *path)
{
	int fd = root_open(ctx, path, O_PATH);
	struct stat st = { 0 };

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		st.st_ino = 0;
	close(fd);
	return st.st_ino;
}

int root_stat(struct vfp_ctx *ctx, const char *path, struct stat *ret)
{
	int fd = root_open(ctx, path, O_PATH);
	int r;

	if (fd < 0)
		return fd;
	r = fstat(fd, ret) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* @path is where @prefix is, or below. */
static bool is_below(const char *path, const char *prefix, size_t length)
{
	return strncmp(path, prefix, length) == 0 &&
	       (!path[length] || path[length] == '/');
}

int root_place(struct vfp_ctx *ctx, const char *path, char **ret_place)
{
	_cleanup_close_ int fd = root_open(ctx, path, O_PATH);
	char self[64], real[PATH_MAX];
	size_t prefix = strlen(ctx->root);
	ssize_t n;
	char *copy;

	if (fd < 0)
		return fd;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	n = readlink(self, real, sizeof(real) - 1);
	if (n < 0)
		return -errno;
	real[n] = '\0';
	if (!is_below(real, ctx->root, prefix))
		return -EXDEV;
	copy = strdup(real[prefix] ? real + prefix : "/");
	if (!copy)
		return -ENOMEM;
	*ret_place = copy;
	return 0;
}

int root_real(struct vfp_ctx *ctx, const char *path, char **ret_real)
{
	int r = root_place(ctx, path, ret_real);

	if (r == 0 && ctx->mirror)
		mirror_exists(ctx, path);
	return r;
}

int root_readlink(struct vfp_ctx *ctx, const char *path, char target[PATH_MAX])
{
	ssize_t n;

	if (ctx->root_fd < 0) {
		n = readlink(path, target, PATH_MAX - 1);
	} else {
		_cleanup_close_ int fd = root_open(ctx, path, O_PATH | O_NOFOLLOW);

		if (fd < 0)
			return fd;
		n = readlinkat(fd, "", target, PATH_MAX - 1);
	}
	if (n < 0)
		return errno == ENOENT && ctx->root_fd >= 0 ? -EINVAL : -errno;
	target[n] = '\0';
	return 0;
}
