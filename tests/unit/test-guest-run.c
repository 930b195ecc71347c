/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that a tool runs: what they read and say, how they fail, and that none is waited for
 * longer than was said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "guest-run.h"

#include <signal.h>

static struct fixture *host;
static struct vfp_ctx *ctx;
static struct ran ran;
static char *why;

static void forget(void)
{
	ran_done(&ran);
	ran = (struct ran){ 0 };
	free(why);
	why = NULL;
}

/* By sh(1), which is what there is everywhere. */
static int run(const char *script, const char *input, int64_t msec)
{
	const char *words[] = { "sh", "-c", script, NULL };

	forget();
	return run_words(ctx, (char *const *)words, input, deadline_in(msec), &ran, &why);
}

static void what_it_says_is_taken_in(void **state)
{
	(void)state;
	assert_int_equal(run("cat; echo one >&2; exit 3", "a <b>\n", 20000), 0);
	assert_int_equal(ran.status, 3);
	assert_string_equal(ran.out.s, "a <b>\n");
	assert_string_equal(ran.err.s, "one\n");
	assert_int_equal(run("kill -TERM $$", NULL, 20000), 0);
	assert_int_equal(ran.status, 128 + SIGTERM);
}

static void words_are_no_script(void **state)
{
	const char *words[] = { "printf", "%s", "$(id) `id` ; a'b", NULL };

	(void)state;
	forget();
	assert_int_equal(run_words(ctx, (char *const *)words, NULL, deadline_in(20000),
				   &ran, &why),
			 0);
	assert_string_equal(ran.out.s, "$(id) `id` ; a'b");
}

static void neither_side_waits_for_the_other(void **state)
{
	size_t n = 3 << 20;
	_cleanup_free_ char *much = malloc(n + 1);

	(void)state;
	memset(much, 'x', n);
	much[n] = '\0';
	assert_int_equal(run("cat", much, 60000), 0);
	assert_int_equal(ran.out.len, n);
	/* One that does not read, and one that says too much. */
	assert_int_equal(run("exec <&-; echo no", much, 60000), 0);
	assert_string_equal(ran.out.s, "no\n");
	assert_int_equal(run("head -c 20000000 /dev/zero", NULL, 60000), 0);
	assert_true(ran.out.len <= RUN_OUTPUT_MAX);
}

static void none_is_waited_for_too_long(void **state)
{
	int64_t begin = now_msec();

	(void)state;
	assert_int_equal(run("exec sleep 60", NULL, 200), -ETIMEDOUT);
	assert_non_null(strstr(why, "not done in time"));
	assert_int_equal(run("trap '' TERM; sleep 60 & wait; wait", NULL, 200),
			 -ETIMEDOUT);
	/* What it leaves behind has its output open. */
	assert_int_equal(run("sleep 60 & exit 0", NULL, 60000), 0);
	assert_true(now_msec() - begin < 30000);
}

static void a_program_that_is_not_there_is_said(void **state)
{
	const char *words[] = { "vfioprep-no-such-program", NULL };

	(void)state;
	forget();
	assert_int_equal(run_words(ctx, (char *const *)words, NULL, 0, &ran, &why),
			 -EOPNOTSUPP);
	assert_non_null(strstr(why, "no such program in PATH"));
}

static void a_complaint_is_one_harmless_line(void **state)
{
	_cleanup_free_ char *first = NULL, *none = NULL;

	(void)state;
	assert_int_equal(
		run("printf '\\n error: \\033[31mno\\nmore\\n' >&2; exit 1", NULL, 20000),
		0);
	first = ran_complaint("sh", &ran);
	assert_string_equal(first, "error: \\x1b[31mno");
	assert_int_equal(run("exit 7", NULL, 20000), 0);
	none = ran_complaint("sh", &ran);
	assert_string_equal(none, "sh ended with status 7, without a word");
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	host = fixture_new();
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	vfp_ctx_free(ctx);
	fixture_free(host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_taken_in),
		cmocka_unit_test(words_are_no_script),
		cmocka_unit_test(neither_side_waits_for_the_other),
		cmocka_unit_test(none_is_waited_for_too_long),
		cmocka_unit_test(a_program_that_is_not_there_is_said),
		cmocka_unit_test(a_complaint_is_one_harmless_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
