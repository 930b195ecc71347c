/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line that shows what is waited for: on a terminal it is there while the wait lasts, never
 * longer than the terminal is wide, gone afterwards, and out of the way of whatever else is
 * written. What a person would see is worked out from all that was written. Nothing is timed:
 * a wait ends when the line has been seen.
 */

/* Before cmocka makes a macro of fail(). */
#include "tool.h"

#include "engine.h"
#include "host/waiting.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/wait.h>

#define PATIENCE_MSEC 60000

/* What the verb's file defines for the rest of the tools; nothing here is a verb. */
const struct tool tool = { .name = "test" };

static struct fixture *fixture;
static char bin[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	if (!realpath(getenv("MODEL_BIN") ?: "build/dev/model/bin", bin))
		return -1;
	setenv("TERM", "xterm", 1);
	fixture = engine_host();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

/* -- a terminal ---------------------------------------------------------------------- */

static struct {
	pid_t pid;
	int master;
	struct str all; /* whatever was written */
} pty = { .master = -1 };

/* A process on a terminal of its own that is @columns wide; 0 in the process. */
static pid_t open_terminal(unsigned short columns)
{
	struct winsize size = { 24, columns, 0, 0 };

	str_done(&pty.all);
	pty.pid = forkpty(&pty.master, NULL, NULL, &size);
	assert_true(pty.pid >= 0);
	if (pty.pid > 0)
		assert_int_equal(str_add(&pty.all, "%s", ""), 0);
	return pty.pid;
}

/* False: nobody has it open any more. */
static bool read_more(void)
{
	struct pollfd fd = { pty.master, POLLIN, 0 };
	char bytes[512];
	ssize_t n;

	if (poll(&fd, 1, PATIENCE_MSEC) != 1)
		fail_msg("nothing more came after:\n%s", pty.all.s);
	n = read(pty.master, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	assert_int_equal(str_add_bytes(&pty.all, bytes, (size_t)n), 0);
	return true;
}

/* How often @text has been written. */
static size_t times(const char *text)
{
	size_t n = 0;

	for (const char *p = pty.all.s; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static void await_text(const char *text, size_t n)
{
	while (times(text) < n)
		if (!read_more())
			fail_msg("\"%s\" was not written, but:\n%s", text, pty.all.s);
}

/* The exit status; 1000 and more: ended by that signal. */
static int await_end(void)
{
	int status;

	while (read_more())
		;
	close(pty.master);
	assert_int_equal(waitpid(pty.pid, &status, 0), pty.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* What is to be seen in the end: carriage returns and erasing are carried out. */
static char *screen(void)
{
	struct str seen = { 0 };
	size_t line = 0, at = 0;

	str_add(&seen, "%s", "");
	for (const char *c = pty.all.s; *c; c++) {
		if (*c == '\r') {
			at = line;
		} else if (startswith(c, "\033[K")) {
			seen.s[seen.len = at] = '\0';
			c += 2;
		} else if (*c == '\n') {
			str_add(&seen, "\n");
			line = at = seen.len;
		} else if (at < seen.len) {
			seen.s[at++] = *c;
		} else {
			str_add_bytes(&seen, c, 1);
			at = seen.len;
		}
	}
	return seen.s;
}

static void expect_screen(const char *expected)
{
	_cleanup_free_ char *seen = screen();

	assert_string_equal(seen, expected);
}

/* -- verbs that wait ------------------------------------------------------------------ */

/* As if another vfioprep were at work on LONE. */
static int take_lock(void)
{
	_cleanup_free_ char *group =
		fixture_link_name(fixture, "/sys/bus/pci/devices/" LONE "/iommu_group");
	_cleanup_free_ char *name = strf("/run/vfioprep/locks/group-%010d", atoi(group));
	_cleanup_free_ char *path = fixture_path(fixture, "%s", name);
	int fd;

	fixture_mkdir(fixture, "/run/vfioprep/locks");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void hide_on_terminal(unsigned short columns, const char *option)
{
	_cleanup_free_ char *path = strf("%s/vfioprep-hide", bin);

	if (open_terminal(columns) == 0) {
		execl(path, path, LONE, "--timeout=60", option, NULL);
		_exit(98);
	}
}

#define DONE                             \
	"Unbinding " LONE " from host\n" \
	"Binding " LONE " to vfio-pci\n"

static void a_wait_is_shown_and_gone_afterwards(void **state)
{
	int lock = take_lock();

	(void)state;
	hide_on_terminal(100, NULL);
	await_text("\r" LONE
		   ": waiting 1 s of 60 for another vfioprep that is at work on "
		   "its group\033[K",
		   1);
	await_text(": waiting 2 s of 60 for", 1);
	close(lock);
	assert_int_equal(await_end(), 0);
	expect_screen(DONE);
}

static void it_fits_into_a_narrow_terminal(void **state)
{
	int lock = take_lock();

	(void)state;
	hide_on_terminal(30, NULL);
	await_text("\r" LONE ": waiting 2 s of \033[K", 1);
	close(lock);
	assert_int_equal(await_end(), 0);
	expect_screen(DONE);
}

/* The terminal's echo of the key stands behind the line, and goes with it. */
static void an_interruption_leaves_a_clean_line(void **state)
{
	int lock = take_lock();

	(void)state;
	hide_on_terminal(100, NULL);
	await_text("waiting 1 s", 1);
	assert_int_equal(write(pty.master, "\003", 1), 1);
	assert_int_equal(await_end(), 1);
	close(lock);
	expect_screen(
		"vfioprep-hide: interrupted; what was not reported as done is as it was "
		"found\n");
}

/* Two seconds of the lock are what a line would have been seen in. */
static void whoever_wants_it_quiet_sees_nothing(void **state)
{
	int lock = take_lock();
	_cleanup_free_ char *path = strf("%s/vfioprep-hide", bin);

	(void)state;
	if (open_terminal(100) == 0) {
		execl(path, path, LONE, "--timeout=2", "--quiet", NULL);
		_exit(98);
	}
	assert_int_equal(await_end(), 4);
	close(lock);
	assert_int_equal(times("waiting"), 0);
	assert_int_equal(times("\033"), 0);
	assert_int_equal(times("another vfioprep is at work"), 1);
}

static void a_terminal_that_cannot_erase_gets_nothing(void **state)
{
	int lock = take_lock();
	_cleanup_free_ char *path = strf("%s/vfioprep-hide", bin);

	(void)state;
	if (open_terminal(100) == 0) {
		setenv("TERM", "dumb", 1);
		execl(path, path, LONE, "--timeout=2", NULL);
		_exit(98);
	}
	assert_int_equal(await_end(), 4);
	close(lock);
	assert_int_equal(times("waiting"), 0);
	assert_int_equal(times("\033"), 0);
}

static void a_file_gets_no_line(void **state)
{
	_cleanup_free_ char *command =
		strf("%s/vfioprep-hide " LONE " --timeout=2 2>%s/said; test $? = 4 && "
		     "grep -q 'another vfioprep is at work' %s/said && "
		     "! grep -q waiting %s/said",
		     bin, fixture->root, fixture->root, fixture->root);
	int lock = take_lock();

	(void)state;
	if (open_terminal(100) == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(98);
	}
	assert_int_equal(await_end(), 0);
	close(lock);
}

/* -- what else is written -------------------------------------------------------------- */

/* In the process on the terminal: go on when a key was pressed. */
static void await_key(void)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) != 1)
		_exit(97);
}

static void talk_while_waiting(void)
{
	struct vfp_ctx *ctx = NULL;
	struct waiting outer, inner;

	if (vfp_ctx_new(&ctx) < 0)
		_exit(96);
	progress_start(ctx);
	outer = waiting_begin(ctx);
	waiting_tell(&outer, "", 0, "until web\033[31m\xff lets go");
	/* A wait within a wait is not told of. */
	inner = waiting_begin(ctx);
	waiting_tell(&inner, LONE, 0, "for something within");
	await_key();
	complain(LONE, "a word in between");
	await_key();
	waiting_end(&inner);
	waiting_end(&outer);
	complain(LONE, "a word afterwards");
	_exit(0);
}

static void words_in_between_have_lines_of_their_own(void **state)
{
	(void)state;
	if (open_terminal(100) == 0)
		talk_while_waiting();
	await_text("s until web\\x1b[31m\\xff lets go\033[K", 1);
	assert_int_equal(write(pty.master, "\n", 1), 1);
	await_text("\r\033[Kvfioprep: " LONE ": a word in between", 1);
	str_done(&pty.all);
	assert_int_equal(str_add(&pty.all, "%s", ""), 0);
	await_text("lets go\033[K", 1);
	assert_int_equal(write(pty.master, "\n", 1), 1);
	assert_int_equal(await_end(), 0);
	assert_int_equal(times("within"), 0);
	assert_non_null(
		strstr(pty.all.s, "\r\033[Kvfioprep: " LONE ": a word afterwards"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_is_shown_and_gone_afterwards),
		TEST(it_fits_into_a_narrow_terminal),
		TEST(an_interruption_leaves_a_clean_line),
		TEST(whoever_wants_it_quiet_sees_nothing),
		TEST(a_terminal_that_cannot_erase_gets_nothing),
		TEST(a_file_gets_no_line),
		TEST(words_in_between_have_lines_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
