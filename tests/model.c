/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam in place of host/seam.c: counts every write, lets things go wrong where a test
 * ordered it, and hands the rest to the rules of the driver core (model-core.c) under a
 * lock, because children of several devices write side by side.
 */
#include "model.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

const char *seam_root(void)
{
	const char *root = getenv("VFIOPREP_MODEL_ROOT");

	/* Without one there is no host at all: never the real one. */
	return root && *root ? root : "/nonexistent/VFIOPREP_MODEL_ROOT";
}

bool model_has(const char *root, const char *format, ...)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/model/", root);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	va_end(args);
	return access(path, F_OK) == 0;
}

/* -- control ------------------------------------------------------------------------- */

struct model_control *model_control(void)
{
	static struct model_control *page;
	static char mapped[PATH_MAX];
	char path[PATH_MAX];
	int fd;

	if (page && streq(mapped, seam_root()))
		return page;
	if (page)
		munmap(page, sizeof(*page));
	snprintf(path, sizeof(path), "%s/model/control", seam_root());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	page = MAP_FAILED;
	if (fd >= 0 && ftruncate(fd, sizeof(*page)) == 0)
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);
	if (page == MAP_FAILED) {
		perror(path);
		abort();
	}
	close(fd);
	snprintf(mapped, sizeof(mapped), "%s", seam_root());
	return page;
}

struct model_control *model_reset(void)
{
	struct model_control *c = model_control();

	memset(c, 0, sizeof(*c));
	return c;
}

static int lock_model(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/model/lock", seam_root());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static void pause_msec(int msec)
{
	struct timespec time = { msec / 1000, (long)(msec % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* -- points -------------------------------------------------------------------------- */

static bool counts(const struct model_control *c, const char *path, const char *value)
{
	return !*c->only || strstr(path, c->only) || strstr(value, c->only);
}

/* Is this the point at which something shall happen? */
static bool count(struct model_control *c, const char *path, const char *value)
{
	unsigned int n;

	if (!counts(c, path, value))
		return false;
	n = __atomic_add_fetch(&c->points, 1, __ATOMIC_SEQ_CST);
	if (!c->at || n < c->at || (n > c->at && !c->onwards))
		return false;
	c->done = true;
	return true;
}

static void strike(const struct model_control *c, bool child)
{
	pid_t caller = child ? c->caller : getpid();

	if (c->victims & MODEL_PARENT && caller > 0)
		kill(caller, SIGKILL);
	if (child && c->victims & MODEL_CHILD)
		kill(getpid(), SIGKILL);
}

/* Before the effect. A negative return is the error of the write. */
static int go_wrong(struct model_control *c)
{
	switch (c->action) {
	case MODEL_FAIL:
		return -c->error;
	case MODEL_KILL:
		if (!c->after)
			strike(c, true);
		return 0;
	case MODEL_BLOCK:
		pause_msec(c->msec);
		while (!c->msec && model_has(seam_root(), "blocked"))
			pause_msec(2);
		return 0;
	case MODEL_CANCEL:
		if (c->caller > 0)
			kill(c->caller, SIGUSR1);
		pause_msec(5);
		return 0;
	default:
		return 0;
	}
}

static void take_note(struct model_control *c, const char *path, const char *value)
{
	size_t n = strlen(c->log), room = sizeof(c->log) - n;
	size_t len = strcspn(value, "\n");

	snprintf(c->log + n, room, "%s<-%.*s\n", path, (int)len, value);
}

/* -- the seam ------------------------------------------------------------------------ */

/* The kernel is in ->remove() of a driver whose device somebody holds. */
static void await_release(const char *path, const char *value)
{
	char address[64];
	int lock;

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(value, "\n"), value);
	if (!endswith(path, "/unbind") || !model_has(seam_root(), "held/%s", address))
		return;
	lock = lock_model();
	model_core_leave(seam_root(), address);
	close(lock);
	while (model_has(seam_root(), "held/%s", address))
		pause_msec(2);
}

static int write_locked(struct model_control *c, const char *path, const char *value,
			bool now)
{
	int lock = lock_model(), r;

	if (now && c->action == MODEL_OTHER)
		model_core_write(seam_root(), c->other_path, c->other_value);
	r = model_core_write(seam_root(), path, value);
	if (r == -EACCES)
		c->forbidden++;
	if (r == 0)
		take_note(c, path, value);
	if (c->udev)
		model_core_probe_all(seam_root(), c->rival);
	close(lock);
	return r;
}

static int model_write(struct vfp_ctx *ctx, const char *path, const char *value,
		       const char *device, uint64_t inode)
{
	struct model_control *c = model_control();
	bool now = count(c, path, value);
	int r = now ? go_wrong(c) : 0;

	if (*c->slow && strstr(path, c->slow))
		pause_msec(100);
	if (r == 0 && device && root_inode(ctx, device) != inode)
		r = -ENODEV;
	if (r < 0)
		return r;
	await_release(path, value);
	r = write_locked(c, path, value, now);
	if (now && c->action == MODEL_KILL && c->after)
		strike(c, true);
	return r;
}

static int model_load(struct vfp_ctx *ctx, const char *module)
{
	struct model_control *c = model_control();
	bool now = count(c, "load", module);
	int r = now ? go_wrong(c) : 0, lock;

	(void)ctx;
	if (r < 0)
		return r;
	lock = lock_model();
	r = model_core_load(seam_root(), module);
	if (r == 0)
		take_note(c, "load", module);
	close(lock);
	if (now && c->action == MODEL_KILL && c->after)
		strike(c, true);
	return r;
}

/* Tests run without root: who shall own a node is only noted down. */
static int model_chown(struct vfp_ctx *ctx, const char *path, uid_t uid, gid_t gid)
{
	struct model_control *c = model_control();
	bool now = count(c, path, "chown");
	int r = now ? go_wrong(c) : 0, lock;
	char full[PATH_MAX], owner[32];

	(void)ctx;
	if (r < 0)
		return r;
	snprintf(full, sizeof(full), "%s%s", seam_root(), path);
	if (access(full, F_OK) < 0)
		return -errno;
	snprintf(owner, sizeof(owner), "chown %d:%d", (int)uid, (int)gid);
	lock = lock_model();
	take_note(c, path, owner);
	close(lock);
	return 0;
}

const struct seam *seam_default(void)
{
	static const struct seam model = { model_write, model_load, model_chown };

	return &model;
}

/* -- records, and nodes that are busy ------------------------------------------------ */

/* Weak: only programs that are linked with --wrap have them, and only those call. */
int __real_renameat(int from, const char *old, int to, const char *new)
	__attribute__((weak));
int __real_unlinkat(int dir, const char *name, int flags) __attribute__((weak));
int __real_root_open(struct vfp_ctx *ctx, const char *path, int flags)
	__attribute__((weak));
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_root_open(struct vfp_ctx *ctx, const char *path, int flags);

/*
 * A failure of a record's write, or the death of its writer. Returns -1 with errno, or 0.
 */
static int record_point(struct model_control *c, bool now, bool after)
{
	if (now && c->action == MODEL_CANCEL && !after)
		raise(SIGUSR1);
	/* Between the look and the first write; the last record comes after the proof. */
	if (now && c->action == MODEL_OTHER && !after && c->at == 1) {
		int lock = lock_model();

		model_core_write(seam_root(), c->other_path, c->other_value);
		close(lock);
	}
	if (!now || (c->action != MODEL_KILL && c->action != MODEL_FAIL))
		return 0;
	if (c->action == MODEL_KILL && c->after == after)
		strike(c, false);
	if (c->action == MODEL_KILL || after)
		return 0;
	errno = c->error;
	return -1;
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	struct model_control *c = model_control();
	bool now = count(c, "record", new);
	int r = record_point(c, now, false);

	r = r ?: __real_renameat(from, old, to, new);
	record_point(c, now, true);
	return r;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	struct model_control *c = model_control();
	bool now = *name != '.' && count(c, "record", name);
	int r = record_point(c, now, false);

	r = r ?: __real_unlinkat(dir, name, flags);
	record_point(c, now, true);
	return r;
}

int __wrap_root_open(struct vfp_ctx *ctx, const char *path, int flags)
{
	if (startswith(path, "/dev/vfio/") && !(flags & O_PATH) &&
	    model_has(ctx->root, "open/%s", path + strlen("/dev/vfio/")))
		return -EBUSY;
	if (startswith(path, "/dev/") && flags & O_EXCL &&
	    model_has(ctx->root, "mounted/%s", path + strlen("/dev/")))
		return -EBUSY;
	if (startswith(path, "/dev/") && flags & O_EXCL &&
	    model_has(ctx->root, "hangs/%s", path + strlen("/dev/")))
		sleep(5);
	return __real_root_open(ctx, path, flags);
}
