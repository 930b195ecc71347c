/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running steps: each job in a child of its own, side by side, each step with a deadline. The
 * child's half of this file makes raw system calls on strings that exist already.
 */
#include "act/act.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>

#define AT_ONCE    16
#define HELD_MAX   512
#define HOLD_TRIES 2

/* -- in the child ---------------------------------------------------------------------------- */

static struct {
	int fds[HELD_MAX];
	size_t n;
} held_disks;

/*
 * A node that is not there has nobody who could use it; a drive without a medium neither. One
 * that is given up is held all the same when it can be: something else may be on it. Somebody
 * may be having a look, as check does, for an instant.
 */
static int hold_disk(struct vfp_ctx *ctx, const char *path, bool given_up)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int fd = root_open(ctx, path, O_RDONLY | O_EXCL | O_NONBLOCK);

	for (int i = 0; i < HOLD_TRIES && fd == -EBUSY && !given_up; i++) {
		nanosleep(&pause, NULL);
		fd = root_open(ctx, path, O_RDONLY | O_EXCL | O_NONBLOCK);
	}
	if (fd == -EBUSY && given_up)
		return 0;
	if (fd == -ENOENT || fd == -ENOMEDIUM || fd == -ENXIO)
		return 0;
	if (fd < 0)
		return fd;
	if (held_disks.n == HELD_MAX) {
		close(fd);
		return -EMFILE;
	}
	held_disks.fds[held_disks.n++] = fd;
	return 0;
}

static int drop_disks(void)
{
	while (held_disks.n)
		close(held_disks.fds[--held_disks.n]);
	return 0;
}

/*
 * A vfio group can be opened once only (EBUSY), and whoever has a device of it has it open.
 * Kept until the child ends, so that no guest can take the group meanwhile.
 */
static int hold_node(struct vfp_ctx *ctx, const char *path)
{
	int fd = root_open(ctx, path, O_RDWR);

	return fd < 0 && fd != -ENOENT && fd != -ENODEV ? fd : 0;
}

static int expect_driver(struct vfp_ctx *ctx, const struct step *step)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/driver", step->path);
	fd = root_open(ctx, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd == -ENOENT && !*step->value ? 0 : -ENODEV;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	close(fd);
	target[n > 0 ? n : 0] = '\0';
	name = strrchr(target, '/');
	return name && streq(name + 1, step->value) ? 0 : -EBUSY;
}

/* An override that is unset reads as the formatted NULL pointer that it is. */
static int read_setting(struct vfp_ctx *ctx, const char *path, char *text)
{
	int fd = root_open_file(ctx, path);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, CHILD_TEXT - 1);
	close(fd);
	if (n < 0)
		return -errno;
	if (n == CHILD_TEXT - 1)
		return -EFBIG;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	if (streq(text, "(null)"))
		text[0] = '\0';
	return 0;
}

static int expect_setting(struct vfp_ctx *ctx, const struct step *step, char *text)
{
	int r = read_setting(ctx, step->path, text);

	if (r == 0 && !streq(text, step->value))
		r = -EBUSY;
	text[0] = '\0';
	return r;
}

static int do_step(void *data, size_t index, char *text)
{
	struct job *job = data;
	struct vfp_ctx *ctx = job->ctx;
	const struct step *step = &job->steps.list[index];

	switch (step->op) {
	case LOAD:
		return ctx->seam->load(ctx, step->value);
	case HOLD_DISK:
		return hold_disk(ctx, step->path, *step->value);
	case HOLD_NODE:
		return hold_node(ctx, step->path);
	case DROP_DISKS:
		return drop_disks();
	case WRITE:
		return ctx->seam->write(ctx, step->path, step->value,
					*job->device ? job->device : NULL, job->inode);
	case EXPECT_SETTING:
		return expect_setting(ctx, step, text);
	case EXPECT_DRIVER:
		return expect_driver(ctx, step);
	case READ:
		return read_setting(ctx, step->path, text);
	case CHOWN:
		return ctx->seam->chown(ctx, step->path, step->uid, step->gid);
	}
	return -ENOSYS;
}

/* -- in the parent ------------------------------------------------------------------------- */

void job_done(struct job *job)
{
	for (size_t i = 0; job->text && i < job->steps.n; i++)
		free(job->text[i]);
	free(job->text);
	free(job->where);
	steps_done(&job->steps);
	*job = (struct job){ .lock_fd = -1 };
}

static void end_job(struct job *job, int error)
{
	job->error = error;
	if (error == -EINPROGRESS && child_where(job->ctx, &job->child, &job->where) < 0)
		log_debug(job->ctx, "where the kernel waits cannot be read");
	child_end(&job->child, error != -EINPROGRESS);
	job->running = false;
}

static void next_step(struct job *job, int64_t timeout)
{
	job->deadline = deadline_in(timeout);
	if (child_go(&job->child) < 0)
		end_job(job, -EPIPE);
}

static void start_job(struct vfp_ctx *ctx, struct job *job, int64_t timeout)
{
	int r;

	job->ctx = ctx;
	job->text = calloc(job->steps.n, sizeof(*job->text));
	r = job->text ? child_start(ctx, do_step, job, job->steps.n, job->lock_fd,
				    &job->child)
		      : -ENOMEM;
	if (r < 0) {
		job->error = r;
		return;
	}
	job->running = true;
	next_step(job, timeout);
}

/* One report: on to the next step, or the end of the job. */
static void take_report(struct job *job, int64_t timeout, bool stop)
{
	struct child_report report;
	int r = child_take(&job->child, &report);

	if (r == 0)
		r = report.error;
	if (r == 0 && job->steps.list[job->done].op == READ) {
		job->text[job->done] = strdup(report.text);
		if (!job->text[job->done])
			r = -ENOMEM;
	}
	if (r == 0)
		job->done++;
	if (r < 0 || job->done == job->steps.n || stop)
		end_job(job, r);
	else
		next_step(job, timeout);
}

/* Wait for reports until the first deadline; *cancelled is set once it happens. */
static void wait_reports(struct vfp_ctx *ctx, struct job **running, size_t n,
			 bool *cancelled, struct pollfd *fds)
{
	int64_t deadline = 0;
	size_t n_fds = n;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ running[i]->child.report, POLLIN, 0 };
		deadline = deadline_first(deadline, running[i]->deadline);
	}
	if (!*cancelled)
		fds[n_fds++] = (struct pollfd){ ctx->cancel_fd, POLLIN, 0 };
	if (poll(fds, n_fds, deadline_poll(deadline)) < 0)
		for (size_t i = 0; i < n_fds; i++)
			fds[i].revents = 0;
	if (!*cancelled && fds[n].revents)
		*cancelled = true;
}

static void serve(struct job **running, size_t n, const struct pollfd *fds,
		  int64_t timeout, bool stop, enum on_error on_error)
{
	for (size_t i = 0; i < n; i++) {
		if (fds[i].revents)
			take_report(running[i], timeout, stop);
		else if (deadline_passed(running[i]->deadline))
			end_job(running[i], -EINPROGRESS);
		stop = stop || (on_error == STOP_ALL && running[i]->error < 0);
	}
}

static size_t find_running(struct job *jobs, size_t n, struct job *running[AT_ONCE])
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (jobs[i].running)
			running[found++] = &jobs[i];
	return found;
}

static int first_error(const struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i].error < 0)
			return jobs[i].error;
	return 0;
}

static bool must_stop(const struct job *jobs, size_t n, bool cancelled,
		      enum on_error on_error)
{
	return (cancelled && on_error != GO_ON) ||
	       (on_error == STOP_ALL && first_error(jobs, n) < 0);
}

/* Of several the first one is told. */
static void tell_step(const struct waiting *waiting, const struct job *job)
{
	const struct step *step = &job->steps.list[job->done];
	const char *device = strrchr(job->device, '/');

	device = device ? device + 1 : NULL;
	if (step->op == LOAD)
		waiting_tell(waiting, device, job->deadline,
			     "for the kernel to load the module %s", step->value);
	else if (step->op == WRITE && endswith(step->path, "/unbind"))
		waiting_tell(waiting, device, job->deadline,
			     "for the kernel to take it from its driver");
	else if (step->op == WRITE)
		waiting_tell(waiting, device, job->deadline,
			     "for the kernel to give it to its driver");
	else
		waiting_tell(waiting, device, job->deadline, "for the kernel");
}

int run_jobs(struct vfp_ctx *ctx, struct job *jobs, size_t n, int64_t timeout,
	     enum on_error on_error)
{
	struct job *running[AT_ONCE];
	struct pollfd fds[AT_ONCE + 1];
	bool cancelled = on_error == GO_ON || ctx_cancelled(ctx);
	_cleanup_waiting_ struct waiting waiting = waiting_begin(ctx);
	size_t next = 0;

	for (;;) {
		bool stop = must_stop(jobs, n, cancelled, on_error);
		size_t count = find_running(jobs, n, running);

		while (!stop && count < AT_ONCE && next < n) {
			struct job *job = &jobs[next++];

			if (!job->steps.n)
				continue;
			start_job(ctx, job, timeout);
			count = find_running(jobs, n, running);
			stop = must_stop(jobs, n, cancelled, on_error);
		}
		if (count == 0)
			break;
		tell_step(&waiting, running[0]);
		wait_reports(ctx, running, count, &cancelled, fds);
		stop = must_stop(jobs, n, cancelled, on_error);
		serve(running, count, fds, timeout, stop, on_error);
	}
	if (cancelled && on_error != GO_ON)
		return -ECANCELED;
	return first_error(jobs, n);
}
