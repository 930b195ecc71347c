/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tools as their users meet them: words that are wrong, who may do what, help, the
 * exit status, and descriptors that are closed or lead nowhere. Nothing here changes a
 * device.
 */
#include "run-tool.h"

/* -- exit status --------------------------------------------------------------------- */

static void each_errno_has_its_status(void **state)
{
	static const struct {
		int error, status;
	} table[] = {
		{ 0, 0 },          { -EIO, 1 },         { -ECANCELED, 1 },
		{ -ENODATA, 1 },   { -EINVAL, 2 },      { -EPERM, 3 },
		{ -ENODEV, 3 },    { -EBUSY, 4 },       { -EREMOTEIO, 5 },
		{ -ETIMEDOUT, 5 }, { -EINPROGRESS, 6 }, { -ENOTRECOVERABLE, 7 },
		{ -EAGAIN, 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(vfp_exit_status(table[i].error), table[i].status);
}

static void the_worse_of_two_statuses_counts(void **state)
{
	static const int order[] = { -ENOTRECOVERABLE, -EINPROGRESS, -EAGAIN, -ETIMEDOUT,
				     -EBUSY,           -EPERM,       -EIO,    0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		for (size_t j = i; j < ARRAY_SIZE(order); j++) {
			assert_int_equal(vfp_exit_worse(order[i], order[j]), order[i]);
			assert_int_equal(vfp_exit_worse(order[j], order[i]), order[i]);
		}
	}
}

/* -- words that are wrong ------------------------------------------------------------ */

static void wrong_words_are_refused_in_one_line(void **state)
{
	static const struct {
		const char *words[6], *says;
	} table[] = {
		{ { "vfioprep" }, "expected a verb" },
		{ { "vfioprep", "" }, "no such verb" },
		{ { "vfioprep", "hied" }, "did you mean hide?" },
		{ { "vfioprep", "x\033[31m\n" }, "x\\x1b[31m\\x0a: no such verb" },
		{ { "vfioprep", "--list" }, "the verb comes first" },
		{ { "vfioprep", "help", "vfio-pci" }, "see vfio-pci --help" },
		{ { "vfioprep", "help", "me" }, "me: no such verb" },
		{ { "vfioprep-hide" }, "expected DEVICE..." },
		{ { "vfioprep-hide", "" }, "an empty word" },
		{ { "vfioprep-hide", "a\nb" }, "a\\x0ab: has control characters" },
		{ { "vfioprep-hide", "--bogus", "05:00.0" }, "--bogus: no such option" },
		{ { "vfioprep-hide", "--fo", "x", "05:00.0" },
		  "--fo: could be --for or --force; write more" },
		{ { "vfioprep-hide", "--fo=x" }, "--fo=x: could be --for or --force" },
		{ { "vfioprep-list", "usb:" },
		  "vfioprep-list: usb: names no USB device" },
		{ { "vfioprep-list", "05:00.9" },
		  "05:00.9: neither an address (slots go to 1f" },
		{ { "vfioprep-hide", "-Z" }, "-Z: no such option" },
		{ { "vfioprep-hide", "-nZ" }, "-Z: no such option" },
		{ { "vfioprep-hide", "--driver" },
		  "the value is missing; give --driver DRIVER" },
		{ { "vfioprep-hide", "05:00.0", "-d" }, "-d: the value is missing" },
		{ { "vfioprep-hide", "--driver=", "05:00.0" },
		  "--driver: an empty value" },
		{ { "vfioprep-hide", "--for=\033[1m", "05:00.0" }, "--for: has control" },
		{ { "vfioprep-hide", "--group=yes", "05:00.0" }, "takes no value" },
		{ { "vfioprep-hide", "--timeout=soon", "05:00.0" },
		  "--timeout=soon: not a time" },
		{ { "vfioprep-hide", "--timeout=-1", "05:00.0" },
		  "--timeout=-1: not a time" },
		{ { "vfioprep-hide", "--timeout=99999999999", "05:00.0" }, "not a time" },
		{ { "vfioprep-hide", "--for=a", "--pid=0", "05:00.0" },
		  "not a process id" },
		{ { "vfioprep-hide", "--for=a", "--pid=99999999999999999999", "05:00.0" },
		  "not a process id" },
		{ { "vfioprep-hide", "-n", "--pid=1", "05:00.0" }, "add --for NAME" },
		{ { "vfioprep-hide", "--color=blue", "05:00.0" },
		  "give auto, always or never" },
		{ { "vfioprep-return" }, "expected DEVICE... or --all" },
		{ { "vfioprep-return", "-n", "--all", "05:00.0" },
		  "05:00.0: with --all" },
		{ { "vfioprep-return", "--wait=1,5", "05:00.0" }, "not a time" },
		{ { "vfioprep-status", "05:00.0" }, "05:00.0: one word too many" },
		{ { "vfioprep-recover", "now" }, "now: one word too many" },
		{ { "vfioprep-list", "../../etc/passwd" }, "../../etc/passwd: " },
		{ { "vfioprep-list", "0000:05:20.0" }, "0000:05:20.0: " },
		{ { "vfioprep-list", "group:99999999999999999999" }, "group" },
		{ { "vfioprep-list", "-o", "ADDRESS,COLOUR" }, "COLOUR: no such column" },
		{ { "vfioprep-list", "-o", "ADDRESS," }, "no such column" },
		{ { "vfioprep-list", "-o", "\033[1m" }, "has control characters" },
		{ { "vfioprep-dump" }, "expected DIR" },
		{ { "vfio-pci" }, "expected -h BDF or -u BDF" },
		{ { "vfio-pci", "-h" }, "the value is missing" },
		{ { "vfio-pci", "-h", "05:00.0", "-u", "05:00.0" }, "-h and -u at once" },
		{ { "vfio-pci", "05:00.0" }, "05:00.0: expected -h or -u" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		run_words((char **)table[i].words);
		expect_complaint(2, table[i].says);
	}
}

/* The kernel passes at most 128 KiB in one word. */
static void a_long_word_is_cut(void **state)
{
	_cleanup_free_ char *word = malloc(131000), *option = NULL;

	(void)state;
	memset(word, 'x', 131000);
	word[130999] = '\0';
	option = strf("--%.130000s", word);
	run("vfioprep-list", word, NULL);
	expect_complaint(2, "xxx...: too long");
	run("vfioprep", word, NULL);
	expect_complaint(2, "xxx...: no such verb");
	run("vfioprep-check", option, NULL);
	expect_complaint(2, "xxx...: no such option");
}

static void a_name_that_is_nowhere_is_no_mistake_in_words(void **state)
{
	(void)state;
	run("vfioprep-check", "--sysroot", host->root, "eth99", NULL);
	expect_complaint(3, "vfioprep-check: eth99: ");
	run("vfioprep-check", "--sysroot", host->root, "0f:00.0", NULL);
	expect_complaint(3, "0f:00.0: ");
	run("vfioprep-list", "--sysroot", host->root, "\xff\xfe", NULL);
	expect_complaint(3, "\\xff\\xfe: ");
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_int_equal(run("vfioprep-list", "05:00.0", "-n", "--sysroot", host->root,
			     "-o", "ADDRESS", NULL),
			 0);
	unsetenv("POSIXLY_CORRECT");
	assert_string_equal(got.out, "0000:05:00.0\n");
	run("vfioprep-list", "--sysroot", host->root, "--", "-n", NULL);
	expect_complaint(3, "-n: ");
}

/* -- who may ------------------------------------------------------------------------- */

static void a_dump_is_not_changed(void **state)
{
	static const char *const verbs[] = { "vfioprep-hide", "vfioprep-return" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		run(verbs[i], "--sysroot", host->root, "05:00.0", NULL);
		expect_complaint(2, "a dump cannot be changed; add --dry-run");
	}
	run("vfioprep-recover", "--sysroot", host->root, NULL);
	expect_complaint(2, "a dump cannot be changed");
	run("vfioprep-list", "--sysroot", "/nonexistent", NULL);
	expect_complaint(1, "/nonexistent: cannot be read as a dump");
	run("vfioprep-list", "--sysroot", "/dev", NULL);
	expect_complaint(2, "/dev: not a dump of vfioprep");
}

static void only_root_changes(void **state)
{
	_cleanup_free_ char *device = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	how.as_nobody = true;
	run("vfioprep-list", "-nro", "ADDRESS", NULL);
	/* 98: in a folder that others cannot enter. */
	if (got.status == 98 || !*got.out)
		skip();
	device = strndup(got.out, strcspn(got.out, "\n"));
	how.as_nobody = true;
	run("vfioprep-hide", device, NULL);
	expect_complaint(3, "root");
	how.as_nobody = true;
	run("vfio-pci", "-h", device, NULL);
	expect_complaint(3, "vfioprep-hide: ");
}

/* -- help ---------------------------------------------------------------------------- */

static const char *const verbs[] = { "list",   "groups", "check",   "hide", "return",
				     "status", "plug",   "recover", "dump" };

static void help_is_80_columns_wide(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t column = 0;

		assert_int_equal(run("vfioprep", "help", verbs[i], NULL), 0);
		expect_text(got.out, "Usage: vfioprep ");
		expect_text(got.out, verbs[i]);
		expect_text(got.out, "--sysroot");
		assert_string_equal(got.err, "");
		for (const char *c = got.out; *c; c++) {
			column = *c == '\n' ? 0 : column + 1;
			assert_true(column <= 80);
		}
	}
}

static void help_and_version_need_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-hide", "--version", NULL), 0);
	assert_string_equal(got.out, "vfioprep-hide " VFP_VERSION "\n");
	assert_int_equal(run("vfioprep-check", "--help", "--bogus", NULL), 0);
	assert_int_equal(run("vfioprep", "--version", NULL), 0);
	assert_string_equal(got.out, "vfioprep " VFP_VERSION "\n");
	assert_int_equal(run("vfioprep", "--help", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		expect_text(got.out, verbs[i]);
	assert_int_equal(run("vfio-pci", "--help", NULL), 0);
	expect_text(got.out, "-u BDF");
}

/* -- descriptors --------------------------------------------------------------------- */

static void lost_output_is_noticed_by_those_who_list(void **state)
{
	int ends[2];

	(void)state;
	how.out = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	expect_text(got.err, "stdout: the output could not be written");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	how.out = ends[1];
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	assert_string_equal(got.err, "");
	close(ends[1]);
}

static void closed_descriptors_are_no_trap(void **state)
{
	(void)state;
	how.close_all = true;
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	how.close_all = true;
	assert_int_equal(
		run("vfioprep", "check", "--sysroot", host->root, "00:1c.0", NULL), 3);
	assert_string_equal(got.out, "");
	assert_string_equal(got.err, "");
}

static void dump_refuses_a_folder_that_is_there(void **state)
{
	(void)state;
	run("vfioprep-dump", host->root, NULL);
	expect_complaint(3, "exists already");
}

static void the_dispatcher_passes_the_status_on(void **state)
{
	(void)state;
	assert_int_equal(
		run("vfioprep", "list", "--sysroot", host->root, "05:00.0", NULL), 0);
	run("vfioprep", "hide", "--bogus", NULL);
	expect_complaint(
		2, "vfioprep-hide: --bogus: no such option; see vfioprep hide --help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_errno_has_its_status),
		cmocka_unit_test(the_worse_of_two_statuses_counts),
		cmocka_unit_test(wrong_words_are_refused_in_one_line),
		cmocka_unit_test(a_long_word_is_cut),
		cmocka_unit_test(a_name_that_is_nowhere_is_no_mistake_in_words),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(a_dump_is_not_changed),
		cmocka_unit_test(only_root_changes),
		cmocka_unit_test(help_is_80_columns_wide),
		cmocka_unit_test(help_and_version_need_nothing_else),
		cmocka_unit_test(lost_output_is_noticed_by_those_who_list),
		cmocka_unit_test(closed_descriptors_are_no_trap),
		cmocka_unit_test(dump_refuses_a_folder_that_is_there),
		cmocka_unit_test(the_dispatcher_passes_the_status_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
