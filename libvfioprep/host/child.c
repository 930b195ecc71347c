/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children: a process for whatever may block in the kernel, so that the caller never does. A
 * child does one step for each byte that it is sent and reports it; end of file means stop.
 * It is never signalled: the first signal turns vfio's wait for a held device into one that
 * cannot be interrupted. A child that does not report in time is left behind, and reaped when
 * it has come back and another one is started.
 */
#include "host/host.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* -- left behind ----------------------------------------------------------------------------- */

/*
 * Those that hang, of all contexts, for a context may end before them. A program that runs for
 * months must not collect the dead; it may have threads.
 */
static _Atomic pid_t left_behind[64];

static void leave_behind(pid_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_behind); i++) {
		pid_t none = 0;

		if (atomic_compare_exchange_strong(&left_behind[i], &none, pid))
			return;
	}
}

/* Some other fork of the program may have inherited the list: these are not its children. */
static void reap_left_behind(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_behind); i++) {
		pid_t pid = atomic_load(&left_behind[i]);

		if (pid > 0 && waitpid(pid, NULL, WNOHANG | __WCLONE) != 0)
			atomic_compare_exchange_strong(&left_behind[i], &pid, 0);
	}
}

#define FRAMES 4

/* "[<0>] pci_device_remove+0x33/0xa0 [module]", a line for each frame. */
static int take_frames(const char *stack, struct str *text)
{
	int r = 0;

	for (int i = 0; i < FRAMES && r == 0; i++) {
		const char *name = strstr(stack, "] ");
		size_t n = name ? strcspn(name + 2, "+ \n") : 0;

		if (n == 0)
			break;
		r = str_add(text, "%s%.*s", i ? ", " : "", (int)n, name + 2);
		stack = strchrnul(name, '\n');
	}
	return r;
}

int child_where(struct vfp_ctx *ctx, const struct child *child, char **ret_where)
{
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *stack = NULL, *wchan = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stack", (int)child->pid);
	r = root_read(ctx, path, 4096, &stack, NULL);
	if (r == 0)
		r = take_frames(stack, &text);
	if (r == 0 && text.len) {
		*ret_where = take(text.s);
		return 0;
	}
	r = root_attr(ctx, &wchan, "/proc/%d/wchan", (int)child->pid);
	if (r < 0)
		return r;
	if (!*wchan || streq(wchan, "0"))
		return -ENODATA;
	*ret_where = take(wchan);
	return 0;
}

/* -- in the child ---------------------------------------------------------------------------- */

static void set_null_io(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		if (fd >= 0 && fd != i)
			dup2(fd, i);
	if (fd < 0)
		close_range(0, 2, 0);
	else if (fd > 2)
		close(fd);
}

/* In a program without 0 to 2 a pipe or lock may have one of these numbers. */
static void move_up(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0 && fds[i] < 3)
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
}

/* Close all but the @n descriptors in @keep, which are sorted here; -1 is left out. */
static void close_others(int *keep, size_t n)
{
	unsigned int from = 3;

	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
			int swap = keep[j];

			keep[j] = keep[j - 1];
			keep[j - 1] = swap;
		}
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, (unsigned int)keep[i] - 1, 0);
		from = (unsigned int)keep[i] + 1;
	}
	close_range(from, UINT_MAX, 0);
}

static void child_main(child_fn *fn, void *data, size_t n, int go, int report)
{
	static struct child_report answer;
	char byte;

	for (size_t i = 0; i < n; i++) {
		size_t size;

		if (read(go, &byte, 1) != 1)
			return;
		answer.text[0] = '\0';
		answer.error = fn(data, i, answer.text);
		size = offsetof(struct child_report, text) + strlen(answer.text) + 1;
		if (write(report, &answer, size) != (ssize_t)size)
			return;
	}
	/* The last report may not have been read: stay until the parent has let go. */
	while (read(go, &byte, 1) == 1)
		;
}

/* -- in the parent --------------------------------------------------------------------------- */

/*
 * A new process without an exit signal, hence without SIGCHLD, and seen by wait() only with
 * __WCLONE. The raw call keeps handlers of pthread_atfork(3) out.
 */
static pid_t clone_quietly(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

int child_start(struct vfp_ctx *ctx, child_fn *fn, void *data, size_t n, int keep,
		struct child *ret_child)
{
	_cleanup_close_ int go_read = -1, go_write = -1, report_read = -1,
			    report_write = -1;
	sigset_t all, old;
	int fds[2];
	pid_t pid;

	reap_left_behind();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	go_read = fds[0];
	go_write = fds[1];
	/* Packets: a report is read whole or not at all. */
	if (pipe2(fds, O_CLOEXEC | O_DIRECT) < 0)
		return -errno;
	report_read = fds[0];
	report_write = fds[1];
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone_quietly();
	if (pid == 0) {
		int kept[] = { go_read, report_write, keep, ctx->root_fd }, sorted[4];

		signal(SIGPIPE, SIG_DFL);
		setsid();
		move_up(kept, ARRAY_SIZE(kept));
		set_null_io();
		memcpy(sorted, kept, sizeof(kept));
		close_others(sorted, ARRAY_SIZE(sorted));
		ctx->root_fd = kept[3];
		child_main(fn, data, n, kept[0], kept[1]);
		_exit(0);
	}
	if (pid < 0) {
		int r = -errno;

		sigprocmask(SIG_SETMASK, &old, NULL);
		return r;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	*ret_child = (struct child){ pid, take_fd(&go_write), take_fd(&report_read) };
	return 0;
}

/* A write to a pipe without a reader is an error, never a signal to the program. */
int child_go(struct child *child)
{
	sigset_t pipe_only, old, pending;
	struct timespec none = { 0 };
	int r = 0;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	sigprocmask(SIG_BLOCK, &pipe_only, &old);
	if (write(child->go, "", 1) != 1) {
		r = -EPIPE;
		if (!sigismember(&pending, SIGPIPE))
			sigtimedwait(&pipe_only, NULL, &none);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int child_take(struct child *child, struct child_report *ret_report)
{
	ssize_t n;

	do {
		n = read(child->report, ret_report, sizeof(*ret_report));
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)offsetof(struct child_report, text) + 1)
		return -EPIPE;
	ret_report->text[sizeof(ret_report->text) - 1] = '\0';
	return 0;
}

int child_step(struct vfp_ctx *ctx, struct child *child, int64_t deadline)
{
	struct child_report report;
	int r = child_go(child) ?: wait_readable(child->report, ctx->cancel_fd, deadline);

	if (r == 0)
		return -EINPROGRESS;
	r = r < 0 ? r : child_take(child, &report);
	return r ?: report.error;
}

void child_end(struct child *child, bool wait)
{
	close(child->go);
	close(child->report);
	if (!wait)
		leave_behind(child->pid);
	else
		while (waitpid(child->pid, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	child->pid = 0;
	child->go = child->report = -1;
}
