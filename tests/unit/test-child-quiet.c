/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/child.c: what a child inherits, which is next to nothing, and what the program
 * that uses the library notices of it, which is nothing.
 */
#include "child-bench.h"

/* -- what it inherits ---------------------------------------------------------------- */

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

/* -- what the program sees of it ----------------------------------------------------- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_keeps_only_its_own_descriptors, clear),
		cmocka_unit_test_setup(without_standard_descriptors, clear),
		cmocka_unit_test_setup(it_has_a_session_of_its_own, clear),
		cmocka_unit_test_setup(it_keeps_its_lock_until_it_ends, clear),
		cmocka_unit_test_setup(the_program_sees_no_child, clear),
		cmocka_unit_test_setup(beside_children_of_the_program, clear),
		cmocka_unit_test_setup(no_zombie_and_no_descriptor_is_left, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
