/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/child.c: a process for what may block. It does one step per go, is left behind
 * when that hangs, and outlives its parent by no more than the step that it is in.
 */
#include "child-bench.h"

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

static void a_step_comes_to_an_error_or_its_deadline(void **state)
{
	struct child child;

	(void)state;
	start(count_step, NULL, 2, -1, &child);
	assert_int_equal(child_step(ctx, &child, deadline_in(5000)), 0);
	assert_int_equal(child_step(ctx, &child, deadline_in(5000)), -ENODEV);
	child_end(&child, true);
	start(count_step, shared, 1, -1, &child);
	assert_int_equal(child_step(ctx, &child, deadline_in(50)), -EINPROGRESS);
	child_end(&child, false);
	release();
	await_number(&shared->ended, 3);
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

/*
 * And no SIGPIPE for us. The kernel closes the two pipes of a dead process in any order.
 */
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

/* -- where a child hangs --------------------------------------------------------------- */

static void where_it_waits_is_read_from_its_stack(void **state)
{
	static const char stack[] = "[<0>] vfio_unregister_group_dev+0x9c/0x110 [vfio]\n"
				    "[<0>] vfio_pci_remove+0x15/0x20 [vfio_pci]\n"
				    "[<0>] pci_device_remove+0x33/0xa0\n"
				    "[<0>] device_release_driver_internal+0x1c4/0x220\n"
				    "[<0>] unbind_store+0x10f/0x120\n";
	_cleanup_free_ char *where = NULL;
	struct child child = { .pid = 4711 };

	(void)state;
	assert_int_equal(child_where(ctx, &child, &where), -ENOENT);
	fixture_write(fixture, "/proc/4711/stack", "%s", stack);
	assert_int_equal(child_where(ctx, &child, &where), 0);
	assert_string_equal(where, "vfio_unregister_group_dev, vfio_pci_remove, "
				   "pci_device_remove, device_release_driver_internal");
}

static void without_a_stack_one_function_is_known(void **state)
{
	_cleanup_free_ char *where = NULL;
	struct child child = { .pid = 4712 };

	(void)state;
	fixture_write(fixture, "/proc/4712/wchan", "0");
	assert_int_equal(child_where(ctx, &child, &where), -ENODATA);
	fixture_write(fixture, "/proc/4712/wchan", "vfio_unregister_group_dev");
	assert_int_equal(child_where(ctx, &child, &where), 0);
	assert_string_equal(where, "vfio_unregister_group_dev");
}

/* -- the dead ----------------------------------------------------------------------------- */

static bool process_exists(pid_t pid)
{
	return kill(pid, 0) == 0;
}

/* As a zombie it is still there, so the number cannot be another process meanwhile. */
static void await_death(pid_t pid)
{
	_cleanup_free_ char *path = strf("/proc/%d/stat", (int)pid);
	int64_t deadline = deadline_in(5000);
	char text[256], *state;

	for (;;) {
		int fd = open(path, O_RDONLY);
		ssize_t n = read(fd, text, sizeof(text) - 1);

		close(fd);
		assert_true(n > 0);
		text[n] = '\0';
		state = strrchr(text, ')');
		if (state && startswith(state, ") Z"))
			return;
		assert_false(deadline_passed(deadline));
		pause_msec(1);
	}
}

static void left_behind_it_is_reaped_when_it_has_ended(void **state)
{
	struct child_report report;
	struct child hanging[3], other;
	pid_t pid[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
		start(count_step, shared, 1, -1, &hanging[i]);
		pid[i] = hanging[i].pid;
		assert_int_equal(child_go(&hanging[i]), 0);
		await_number(&shared->begun, (int)i + 1);
		child_end(&hanging[i], false);
	}
	release();
	for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
		await_death(pid[i]);
	start(count_step, NULL, 1, -1, &other);
	for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
		assert_false(process_exists(pid[i]));
	step(&other, &report);
	child_end(&other, true);
}

/* -- the parent dies ----------------------------------------------------------------- */

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
		cmocka_unit_test_setup(a_step_comes_to_an_error_or_its_deadline, clear),
		cmocka_unit_test_setup(the_longest_text_is_one_report, clear),
		cmocka_unit_test_setup(a_step_that_hangs_is_left_behind, clear),
		cmocka_unit_test_setup(a_child_that_dies_is_a_broken_pipe, clear),
		cmocka_unit_test_setup(the_programs_own_sigpipe_is_untouched, clear),
		cmocka_unit_test_setup(where_it_waits_is_read_from_its_stack, clear),
		cmocka_unit_test_setup(without_a_stack_one_function_is_known, clear),
		cmocka_unit_test_setup(left_behind_it_is_reaped_when_it_has_ended, clear),
		cmocka_unit_test_setup(no_step_begins_after_the_parent_died, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
