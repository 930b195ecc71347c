/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a program: what it is to read is fed to it and what it says is taken in by one loop,
 * so that neither side waits for the other. A program that is not done in time is asked to
 * end, and a moment later made to, by its own number, which is not reaped before.
 */
#include "guest-run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What a program has from being asked to end until it is made to. */
#define GRACE_MSEC   2000
#define SENTENCE_MAX 400

extern char **environ;

enum { IN, OUT, ERR, PIPES };

struct child {
	struct vfp_ctx *ctx;
	pid_t pid;
	int pidfd;
	int fd[PIPES]; /* our ends; -1 when closed */
	const char *input;
	struct ran *ran;
};

static void child_done(struct child *child)
{
	for (size_t i = 0; i < PIPES; i++)
		closep(&child->fd[i]);
	closep(&child->pidfd);
}
#define _cleanup_child_ _cleanup_(child_done)

/* -- starting ------------------------------------------------------------------------------ */

/* This program ignores signals that the other may want to end by. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	return posix_spawnattr_setsigdefault(attributes, &all) ?:
	       posix_spawnattr_setsigmask(attributes, &none) ?:
	       posix_spawnattr_setflags(attributes,
					POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int set_files(posix_spawn_file_actions_t *actions, const int theirs[PIPES])
{
	int r = 0;

	for (int i = 0; i < PIPES && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(actions, theirs[i], i);
	return r;
}

/* Returns the errno of posix_spawnp(3), positive. */
static int spawn(char *const *words, const int theirs[PIPES], pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = set_files(&actions, theirs) ?: set_signals(&attributes);
		r = r
			  ?: posix_spawnp(ret_pid, words[0], &actions, &attributes, words,
					  environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int open_pipes(struct child *child, int theirs[PIPES])
{
	for (int i = 0; i < PIPES; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		theirs[i] = ends[i == IN ? 0 : 1];
		child->fd[i] = ends[i == IN ? 1 : 0];
		if (fcntl(child->fd[i], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

static int start(struct child *child, char *const *words, char **ret_why)
{
	int theirs[PIPES] = { -1, -1, -1 };
	int r = open_pipes(child, theirs), error = r < 0 ? -r : 0;

	if (r == 0)
		error = spawn(words, theirs, &child->pid);
	for (int i = 0; i < PIPES; i++)
		closep(&theirs[i]);
	if (error == ENOENT)
		return say_why(
			ret_why, -EOPNOTSUPP,
			"%s: there is no such program in PATH; install it, or leave out "
			"--run and run what is printed where it is",
			words[0]);
	if (error)
		return say_why(ret_why, -EOPNOTSUPP, "%s: %s", words[0], strerror(error));
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return 0;
}

/* -- while it runs --------------------------------------------------------------------------- */

static void feed(struct child *child)
{
	size_t left = strlen(nonnull(child->input));
	ssize_t n = left ? write(child->fd[IN], child->input, left) : 0;

	if (n > 0)
		child->input += n;
	if ((size_t)(n > 0 ? n : 0) == left ||
	    (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(child->fd[IN]);
		child->fd[IN] = -1;
	}
}

/* Read what is there; what is too much is dropped, so that the program can go on. */
static void drain(int *fd, struct str *text)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(*fd, bytes, sizeof(bytes))) > 0)
		if (text->len + (size_t)n <= RUN_OUTPUT_MAX)
			str_add_bytes(text, bytes, (size_t)n);
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
}

static void serve(struct child *child)
{
	if (child->fd[IN] >= 0)
		feed(child);
	if (child->fd[OUT] >= 0)
		drain(&child->fd[OUT], &child->ran->out);
	if (child->fd[ERR] >= 0)
		drain(&child->fd[ERR], &child->ran->err);
}

/* Until it has ended (true) or the time has (false). What it leaves running is not waited for. */
static bool attend(struct child *child, int64_t deadline)
{
	for (;;) {
		struct pollfd polled[] = { { child->fd[IN], POLLOUT, 0 },
					   { child->fd[OUT], POLLIN, 0 },
					   { child->fd[ERR], POLLIN, 0 },
					   { child->pidfd, POLLIN, 0 } };
		siginfo_t info = { 0 };

		serve(child);
		if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
			    0 &&
		    info.si_pid == child->pid)
			return true;
		if (deadline_passed(deadline) ||
		    (child->ctx && vfp_ctx_cancelled(child->ctx)))
			return false;
		/* A signal may come just before; without a descriptor its end is looked for. */
		poll(polled, ARRAY_SIZE(polled),
		     deadline_poll(deadline_first(
			     deadline, deadline_in(child->pidfd >= 0 ? 1000 : 50))));
	}
}

static int reap(struct child *child)
{
	int status;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* It is given a moment to end by itself. */
static void end(struct child *child)
{
	child->ctx = NULL;
	kill(child->pid, SIGTERM);
	if (!attend(child, deadline_in(GRACE_MSEC)))
		kill(child->pid, SIGKILL);
}

int run_words(struct vfp_ctx *ctx, char *const *words, const char *input,
	      int64_t deadline, struct ran *ran, char **ret_why)
{
	_cleanup_child_ struct child child = {
		.ctx = ctx, .pidfd = -1, .fd = { -1, -1, -1 }, .input = input, .ran = ran
	};
	int r = start(&child, words, ret_why);
	bool ended;

	if (r < 0)
		return r;
	ended = attend(&child, deadline);
	if (!ended)
		end(&child);
	ran->status = reap(&child);
	serve(&child);
	if (ended)
		return 0;
	return vfp_ctx_cancelled(ctx)
		     ? -ECANCELED
		     : say_why(ret_why, -ETIMEDOUT, "%s: was not done in time", words[0]);
}

char *ran_complaint(const char *program, const struct ran *ran)
{
	const char *text = nonnull(ran->err.s);
	_cleanup_free_ char *line = NULL;

	text += strspn(text, " \t\n");
	line = strndup(text, strcspn(text, "\n") < SENTENCE_MAX ? strcspn(text, "\n")
								: SENTENCE_MAX);
	if (!line)
		return NULL;
	if (!*line)
		return strf("%s ended with status %d, without a word", program,
			    ran->status);
	return escape(line);
}
