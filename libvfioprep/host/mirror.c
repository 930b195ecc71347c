/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror of `dump`: whatever is read while it is set is copied to a folder that serves as
 * a root later. As it hangs on the reads themselves, a new fact can never be missing from it.
 *
 * Everything is written at its real place, found with realpath(3) on the source, so no link
 * of the copy is ever followed while writing. The copy is a help for people who report a
 * problem: an entry that cannot be copied is left out and logged.
 */
#include "host/host.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

struct mirror {
	int fd;
	bool redact;
	struct str seen; /* what was redacted, a line each, for equal stand-ins */
};

int mirror_new(const char *dir, bool redact, struct mirror **ret_mirror)
{
	struct mirror *m;
	int r;

	if (mkdir(dir, 0700) < 0)
		return -errno;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->redact = redact;
	m->fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->fd < 0) {
		r = -errno;
		free(m);
		return r;
	}
	*ret_mirror = m;
	return 0;
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	close(m->fd);
	str_done(&m->seen);
	free(m);
}

/* The source's real @path, below the root of the context; "" is the root itself. */
static char *real_path(struct vfp_ctx *ctx, const char *path)
{
	char *real = NULL;

	if (root_place(ctx, *path ? path : "/", &real) < 0)
		return NULL;
	if (streq(real, "/"))
		*real = '\0';
	return real;
}

/* mkdir -p of a real path ("/sys/devices"), in the copy. */
static int make_dirs(struct mirror *m, const char *real)
{
	char path[PATH_MAX];

	if (strlen(real) >= sizeof(path))
		return -ENAMETOOLONG;
	strcpy(path, real);
	for (char *p = path; *p; p++) {
		if (*p != '/' || p == path)
			continue;
		*p = '\0';
		if (mkdirat(m->fd, path + 1, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (*path && mkdirat(m->fd, path + 1, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* The real folder of @path (made in the copy) and its last part; NULL when it cannot be. */
static char *real_place(struct vfp_ctx *ctx, const char *path)
{
	_cleanup_free_ char *dir = strdup(path), *real = NULL;
	char *slash = dir ? strrchr(dir, '/') : NULL;
	const char *name;

	if (!slash)
		return NULL;
	*slash = '\0';
	name = path + (slash - dir) + 1;
	real = real_path(ctx, dir);
	if (!real || !*name || make_dirs(ctx->mirror, real) < 0)
		return NULL;
	return strf("%s/%s", real, name);
}

static void copy_link(struct vfp_ctx *ctx, const char *path, const char *target)
{
	_cleanup_free_ char *place = real_place(ctx, path);

	if (!place ||
	    (symlinkat(target, ctx->mirror->fd, place + 1) < 0 && errno != EEXIST))
		log_debug(ctx, "dump: %s: link not copied", path);
}

/* All links on the way to @path and @path itself where it is one. */
static void copy_links(struct vfp_ctx *ctx, const char *path)
{
	char prefix[PATH_MAX], target[PATH_MAX];

	for (const char *p = path; *p && (size_t)(p - path) < sizeof(prefix) - 1;) {
		p += strcspn(p + 1, "/") + 1;
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(p - path), path);
		if (root_readlink(ctx, prefix, target) == 0)
			copy_link(ctx, prefix, target);
	}
}

/* A stand-in for @text, the same for the same text. */
static char *stand_in(struct mirror *m, const char *path, const char *text)
{
	_cleanup_free_ char *flat = strdup(text);
	unsigned int number = 1;
	const char *line;

	if (!flat)
		return NULL;
	chomp(flat);
	for (char *c = flat; *c; c++)
		if (*c == '\n')
			*c = ' ';
	for (line = nonnull(m->seen.s); *line; number++) {
		size_t len = strcspn(line, "\n");

		if (len == strlen(flat) && strncmp(line, flat, len) == 0)
			break;
		line += len + (line[len] == '\n');
	}
	if (!*line && str_add(&m->seen, "%s\n", flat) < 0)
		return NULL;
	if (endswith(path, "/address"))
		return strf("02:00:00:00:%02x:%02x\n", number >> 8 & 0xff, number & 0xff);
	return strf("redacted-%u\n", number);
}

static bool is_identity(const char *path)
{
	static const char *const names[] = { "/address",     "/serial", "/wwid",
					     "/uuid",        "/nguid",  "/eui",
					     "/perm_hwaddr", "/cid" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (endswith(path, names[i]))
			return true;
	return false;
}

static void write_file(struct vfp_ctx *ctx, const char *place, const char *text,
		       size_t size)
{
	_cleanup_close_ int fd =
		openat(ctx->mirror->fd, place + 1,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		log_debug(ctx, "dump: %s: not copied", place);
}

/* A record says by MAC and serial number what shall come back. */
static char *without_back(const char *text)
{
	const char *back = strstr(text, "\nback=");

	if (!back)
		return strdup(text);
	return strf("%.*s\nback=%s", (int)(back - text), text, strchrnul(back + 1, '\n'));
}

/* Of an entry in udev's database only what is on the device, no identity. */
static char *without_names(const char *text)
{
	_cleanup_str_ struct str kept = { 0 };
	int r = str_add(&kept, "%s", "");

	while (r == 0 && *text) {
		size_t len = strcspn(text, "\n");

		if (startswith(text, "E:ID_FS_TYPE=") ||
		    startswith(text, "E:ID_PART_TABLE_TYPE="))
			r = str_add(&kept, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	return r == 0 ? take(kept.s) : NULL;
}

static bool is_udev(const char *path)
{
	return startswith(path, "/run/udev/data/");
}

/* @text as it may leave the host; NULL: no memory. */
static char *redacted(struct mirror *m, const char *path, const char *text)
{
	if (is_identity(path))
		return stand_in(m, path, text);
	return is_udev(path) ? without_names(text) : without_back(text);
}

void mirror_file(struct vfp_ctx *ctx, const char *path, const char *text, size_t size)
{
	_cleanup_free_ char *real = real_path(ctx, path), *place = NULL, *other = NULL;

	copy_links(ctx, path);
	/* What is no file of a running system (answers of netlink) has its path as it is. */
	if (real)
		place = real_place(ctx, real);
	else if (!ctx->dump && make_dirs(ctx->mirror, "/netlink") == 0)
		place = strdup(path);
	if (!place)
		return;
	if (ctx->mirror->redact &&
	    (is_identity(path) || is_udev(path) || startswith(path, RECORD_DIR))) {
		other = redacted(ctx->mirror, path, text);
		if (!other)
			return;
		text = other;
		size = strlen(other);
	}
	write_file(ctx, place, text, size);
}

void mirror_link(struct vfp_ctx *ctx, const char *path, const char *target)
{
	copy_links(ctx, path);
	copy_link(ctx, path, target);
}

/* An entry that was only seen: its kind is kept, a file is empty until it is read. */
void mirror_exists(struct vfp_ctx *ctx, const char *path)
{
	_cleanup_free_ char *real = real_path(ctx, path), *source = NULL, *place = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;

	copy_links(ctx, path);
	if (!real)
		return;
	source = strf("%s%s", ctx->root, real);
	if (!source || lstat(source, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		make_dirs(ctx->mirror, real);
		return;
	}
	place = real_place(ctx, real);
	if (place)
		fd = openat(ctx->mirror->fd, place + 1,
			    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void mirror_list(struct vfp_ctx *ctx, const char *path, char *const *names)
{
	_cleanup_free_ char *real = real_path(ctx, path);

	copy_links(ctx, path);
	if (!real || make_dirs(ctx->mirror, real) < 0)
		return;
	for (; *names; names++) {
		_cleanup_free_ char *entry = strf("%s/%s", real, *names);

		if (entry)
			mirror_exists(ctx, entry);
	}
}
