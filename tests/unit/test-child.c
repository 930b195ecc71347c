/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/child.c: a process for what may block. It does one step per go, survives nobody's
 * impatience, outlives its parent by no more than the step it is in, and the program that
 * uses the library never notices it.
 */
#include "model.h"

#include "unit/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* What the children leave behind. */
static struct shared {
	int begun, ended, release;
	pid_t pid, session;
	bool term_blocked, pipe_default;
} * shared;

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	munmap(shared, sizeof(*shared));
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	memset(shared, 0, sizeof(*shared));
	return 0;
}

static void pause_msec(int msec)
{
	struct timespec time = { msec / 1000, (long)(msec % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits until a number that a child writes is there. */
static void await_number(const int *number, int wanted)
{
	int64_t deadline = deadline_in(5000);

	while (__atomic_load_n(number, __ATOMIC_SEQ_CST) < wanted) {
		assert_false(deadline_passed(deadline));
		pause_msec(1);
	}
}

static void release(void)
{
	__atomic_store_n(&shared->release, 1, __ATOMIC_SEQ_CST);
}

/* With @data it hangs until it is released. */
static int count_step(void *data, size_t index, char *text)
{
	shared->pid = (pid_t)getpid();
	__atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
	while (data && !__atomic_load_n(&shared->release, __ATOMIC_SEQ_CST))
		pause_msec(1);
	snprintf(text, CHILD_TEXT, "step %zu", index);
	__atomic_add_fetch(&shared->ended, 1, __ATOMIC_SEQ_CST);
	return index == 1 ? -ENODEV : 0;
}

static void start(child_fn *fn, void *data, size_t n, int keep, struct child *child)
{
	assert_int_equal(child_start(ctx, fn, data, n, keep, child), 0);
}

static void step(struct child *child, struct child_report *report)
{
	assert_int_equal(child_go(child), 0);
	assert_int_equal(wait_readable(child->report, -1, deadline_in(5000)), 1);
	assert_int_equal(child_take(child, report), 0);
}

static void one_step_per_go(void **state)
{
	struct child_report report;
	struct child child;

	(void)state;
	start(count_step, NULL, 3, -1, &child);
	pause_msec(10);
	assert_int_equal(shared->begun, 0);
	for (int i = 0; i < 3; i++) {
		char text[16];

		step(&child, &report);
		snprintf(text, sizeof(text), "step %d", i);
		assert_string_equal(report.text, text);
		assert_int_equal(report.error, i == 1 ? -ENODEV : 0);
		assert_int_equal(shared->begun, i + 1);
	}
	child_end(&child, true);
	assert_int_equal(shared->begun, 3);
}

static void ended_before_its_last_step(void **state)
{
	struct child_report report;
	struct child child;

	(void)state;
	start(count_step, NULL, 3, -1, &child);
	step(&child, &report);
	child_end(&child, true);
	assert_int_equal(shared->begun, 1);
}

static int long_text(void *data, size_t index, char *text)
{
	(void)data;
	memset(text, 'a' + (int)index, CHILD_TEXT - 1);
	text[CHILD_TEXT - 1] = '\0';
	return 0;
}

static void the_longest_text_is_one_report(void **state)
{
	struct child_report report;
	struct child child;

	(void)state;
	start(long_text, NULL, 2, -1, &child);
	for (char c = 'a'; c <= 'b'; c++) {
		step(&child, &report);
		assert_int_equal(report.error, 0);
		assert_int_equal(strlen(report.text), CHILD_TEXT - 1);
		assert_int_equal(report.text[0], c);
		assert_int_equal(report.text[CHILD_TEXT - 2], c);
	}
	child_end(&child, true);
}

static void a_step_that_hangs_is_left_behind(void **state)
{
	struct child child;

	(void)state;
	start(count_step, shared, 2, -1, &child);
	assert_int_equal(child_go(&child), 0);
	assert_int_equal(wait_readable(child.report, -1, deadline_in(50)), 0);
	child_end(&child, false);
	assert_int_equal(shared->ended, 0);
	/* Nobody signals it: it ends the step that it is in, and begins no other. */
	release();
	await_number(&shared->ended, 1);
	pause_msec(10);
	assert_int_equal(shared->begun, 1);
}

static int die(void *data, size_t index, char *text)
{
	(void)data;
	(void)index;
	(void)text;
	raise(SIGKILL);
	return 0;
}

/* And no SIGPIPE for us. The kernel closes the two pipes of a dead process in any order. */
static void await_broken_pipe(struct child *child)
{
	int64_t deadline = deadline_in(5000);

	while (child_go(child) != -EPIPE) {
		assert_false(deadline_passed(deadline));
		pause_msec(1);
	}
}

static void a_child_that_dies_is_a_broken_pipe(void **state)
{
	struct child_report report;
	struct child child;

	(void)state;
	start(die, NULL, 2, -1, &child);
	assert_int_equal(child_go(&child), 0);
	assert_int_equal(wait_readable(child.report, -1, deadline_in(5000)), 1);
	assert_int_equal(child_take(&child, &report), -EPIPE);
	await_broken_pipe(&child);
	child_end(&child, true);
}

static volatile sig_atomic_t pipes;

static void note_pipe(int signal)
{
	(void)signal;
	pipes++;
}

static void the_programs_own_sigpipe_is_untouched(void **state)
{
	struct sigaction action = { .sa_handler = note_pipe }, old;
	struct child_report report;
	struct child child;
	sigset_t before, after;

	(void)state;
	sigprocmask(SIG_BLOCK, NULL, &before);
	sigaction(SIGPIPE, &action, &old);
	start(die, NULL, 1, -1, &child);
	child_go(&child);
	wait_readable(child.report, -1, deadline_in(5000));
	child_take(&child, &report);
	await_broken_pipe(&child);
	child_end(&child, true);
	assert_int_equal(pipes, 0);
	raise(SIGPIPE);
	assert_int_equal(pipes, 1);
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int i = 1; i <= SIGRTMAX; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
	sigaction(SIGPIPE, &old, NULL);
}

/* -- what it inherits ------------------------------------------------------------------- */

static int list_descriptors(void *data, size_t index, char *text)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	(void)data;
	(void)index;
	while (dir && (entry = readdir(dir))) {
		char path[300], target[512];
		ssize_t n;

		if (*entry->d_name == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		strcat(text, target);
		strcat(text, "\n");
	}
	if (dir)
		closedir(dir);
	return 0;
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text += strlen(what);
	}
	return n;
}

static void it_keeps_only_its_own_descriptors(void **state)
{
	_cleanup_free_ char *root_line = strf("%s\n", fixture->root);
	struct child_report report;
	struct child child;
	int keep, others[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = open("/dev/zero", O_RDONLY);
	keep = open("/dev/full", O_RDONLY);
	for (size_t i = 0; i < ARRAY_SIZE(others); i += 2)
		close(others[i]);
	start(list_descriptors, NULL, 1, keep, &child);
	step(&child, &report);
	child_end(&child, true);
	for (size_t i = 1; i < ARRAY_SIZE(others); i += 2)
		close(others[i]);
	close(keep);
	assert_int_equal(times(report.text, "/dev/null\n"), 3);
	assert_int_equal(times(report.text, "/dev/full\n"), 1);
	assert_int_equal(times(report.text, "pipe:"), 2);
	assert_int_equal(times(report.text, root_line), 1);
	assert_int_equal(times(report.text, "\n"), 7);
}

static void without_standard_descriptors(void **state)
{
	struct child_report report;
	struct child child;
	int saved[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 50);
		close(i);
	}
	/* Its pipes get the numbers 0 to 2 now. */
	start(list_descriptors, NULL, 1, -1, &child);
	child_go(&child);
	wait_readable(child.report, -1, deadline_in(2000));
	memset(&report, 0, sizeof(report));
	child_take(&child, &report);
	child_end(&child, true);
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(times(report.text, "pipe:"), 2);
}

static int describe_process(void *data, size_t index, char *text)
{
	struct sigaction action;
	sigset_t blocked;

	(void)data;
	(void)index;
	(void)text;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigaction(SIGPIPE, NULL, &action);
	shared->session = getsid(0);
	shared->pid = getpid();
	shared->term_blocked = sigismember(&blocked, SIGTERM) &&
			       sigismember(&blocked, SIGINT) &&
			       sigismember(&blocked, SIGHUP);
	shared->pipe_default = action.sa_handler == SIG_DFL;
	return 0;
}

static void it_has_a_session_of_its_own(void **state)
{
	struct child_report report;
	struct child child;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	start(describe_process, NULL, 1, -1, &child);
	step(&child, &report);
	child_end(&child, true);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(shared->session, shared->pid);
	assert_int_not_equal(shared->session, getsid(0));
	assert_true(shared->term_blocked);
	assert_true(shared->pipe_default);
}

static void it_keeps_its_lock_until_it_ends(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, "/run/lock");
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	_cleanup_close_ int again = -1;
	struct child child;

	(void)state;
	assert_int_equal(flock(lock, LOCK_EX), 0);
	start(count_step, shared, 1, lock, &child);
	close(lock);
	assert_int_equal(child_go(&child), 0);
	await_number(&shared->begun, 1);
	child_end(&child, false);
	again = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(again, LOCK_EX | LOCK_NB), -1);
	release();
	assert_int_equal(flock(again, LOCK_EX), 0);
	assert_int_equal(shared->ended, 1);
}

/* -- what the program sees of it --------------------------------------------------------- */

static volatile sig_atomic_t childs;

static void note_child(int signal)
{
	(void)signal;
	childs++;
}

static void the_program_sees_no_child(void **state)
{
	struct sigaction action = { .sa_handler = note_child }, old;
	struct child_report report;
	struct child child;

	(void)state;
	sigaction(SIGCHLD, &action, &old);
	start(count_step, NULL, 1, -1, &child);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	step(&child, &report);
	child_end(&child, true);
	pause_msec(5);
	assert_int_equal(childs, 0);
	assert_int_equal(wait(NULL), -1);
	assert_int_equal(errno, ECHILD);
	sigaction(SIGCHLD, &old, NULL);
}

/* A program that ignores SIGCHLD, or waits for its own children, is not disturbed. */
static void beside_children_of_the_program(void **state)
{
	struct child_report report;
	struct child child;
	pid_t own;

	(void)state;
	own = fork();
	if (own == 0)
		_exit(7);
	start(count_step, NULL, 1, -1, &child);
	step(&child, &report);
	child_end(&child, true);
	assert_int_equal(wait(NULL), own);
	signal(SIGCHLD, SIG_IGN);
	start(count_step, NULL, 1, -1, &child);
	step(&child, &report);
	child_end(&child, true);
	signal(SIGCHLD, SIG_DFL);
}

static void no_zombie_and_no_descriptor_is_left(void **state)
{
	struct child_report report;
	struct child child;
	int first = open("/dev/null", O_RDONLY | O_CLOEXEC), later;

	(void)state;
	close(first);
	/* Those that were left behind by the tests above. */
	while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
		;
	for (int i = 0; i < 20; i++) {
		start(count_step, NULL, 1, -1, &child);
		step(&child, &report);
		child_end(&child, true);
		assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	}
	later = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(later);
	assert_int_equal(first, later);
}

/* -- the parent dies ---------------------------------------------------------------------- */

/* The tool: gives one go of three, and is killed while that step runs. */
static void tool(void)
{
	struct child child;

	if (child_start(ctx, count_step, shared, 3, -1, &child) < 0 ||
	    child_go(&child) < 0)
		_exit(1);
	for (;;)
		pause();
}

static void no_step_begins_after_the_parent_died(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid = fork();
	if (pid == 0)
		tool();
	await_number(&shared->begun, 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	release();
	/* The orphan is ours now, and ends by itself. */
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	assert_int_equal(shared->begun, 1);
	assert_int_equal(shared->ended, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_step_per_go, clear),
		cmocka_unit_test_setup(ended_before_its_last_step, clear),
		cmocka_unit_test_setup(the_longest_text_is_one_report, clear),
		cmocka_unit_test_setup(a_step_that_hangs_is_left_behind, clear),
		cmocka_unit_test_setup(a_child_that_dies_is_a_broken_pipe, clear),
		cmocka_unit_test_setup(the_programs_own_sigpipe_is_untouched, clear),
		cmocka_unit_test_setup(it_keeps_only_its_own_descriptors, clear),
		cmocka_unit_test_setup(without_standard_descriptors, clear),
		cmocka_unit_test_setup(it_has_a_session_of_its_own, clear),
		cmocka_unit_test_setup(it_keeps_its_lock_until_it_ends, clear),
		cmocka_unit_test_setup(the_program_sees_no_child, clear),
		cmocka_unit_test_setup(beside_children_of_the_program, clear),
		cmocka_unit_test_setup(no_zombie_and_no_descriptor_is_left, clear),
		cmocka_unit_test_setup(no_step_begins_after_the_parent_died, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
