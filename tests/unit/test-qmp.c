/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QMP client with a server that misbehaves: it may be told anything, and must never wait
 * beyond its deadline, never keep what has no end, and never take a word for another.
 *
 * Most servers are a socket into which all that they say was written before; those that
 * never stop talking are a process.
 */
#include "guest/qemu.h"

#include "unit/fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SOON     200   /* milliseconds until a deadline */
#define TOO_LATE 20000 /* what no call may take, even on a loaded machine */

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
	"\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static struct qmp *qmp;
static int server = -1; /* the other end */
static pid_t talker;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	return 0;
}

static int end_server(void **state)
{
	(void)state;
	qmp_close(qmp);
	qmp = NULL;
	closep(&server);
	server = -1;
	if (talker > 0) {
		kill(talker, SIGKILL);
		waitpid(talker, NULL, 0);
	}
	talker = 0;
	return 0;
}

static int tear_down(void **state)
{
	end_server(state);
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static bool keep(const char *event, json_t *data)
{
	(void)data;
	return startswith(event, "KEEP");
}

static void connect_server(qmp_keep_fn *fn)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	server = fds[1];
	assert_int_equal(qmp_new(ctx, fds[0], fn, &qmp), 0);
}

static void say(const char *text)
{
	assert_int_equal(write(server, text, strlen(text)), strlen(text));
}

/* A client whose server has said @text, and nothing since. */
static void with(const char *text)
{
	end_server(NULL);
	connect_server(keep);
	say(text);
}

static void hang_up(void)
{
	shutdown(server, SHUT_WR);
}

/* A process that does nothing but talk, until it is killed or nobody listens. */
static void with_talker(void (*talk)(int fd))
{
	pid_t parent = getpid();

	with("");
	talker = fork();
	assert_true(talker >= 0);
	if (talker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_DFL);
		if (getppid() == parent)
			talk(server);
		_exit(0);
	}
	close(server);
	server = -1;
}

static void write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t written = write(fd, text, n);

		if (written < 0)
			_exit(0);
		text += written;
		n -= (size_t)written;
	}
}

static int64_t begun;

static void begin(void)
{
	begun = now_msec();
}

static void expect_in_time(void)
{
	assert_true(now_msec() - begun < TOO_LATE + 1000);
}

/* What is not to be waited for in vain has time enough for any machine. */
static int64_t deadline_for(int error)
{
	return deadline_in(error == -ETIMEDOUT ? SOON : TOO_LATE);
}

static int command(int error, json_t **ret_answer, char **why)
{
	int r;

	begin();
	r = qmp_command(qmp, "query-status", NULL, deadline_for(error), ret_answer, why);
	expect_in_time();
	return r;
}

static void expect_command(int error, const char *sentence)
{
	_cleanup_free_ char *why = NULL;

	assert_int_equal(command(error, NULL, &why), error);
	if (sentence) {
		assert_non_null(why);
		if (!strstr(why, sentence))
			fail_msg("'%s' is not in: %s", sentence, why);
	} else {
		assert_null(why);
	}
}

/* -- answers ------------------------------------------------------------------------------ */

static void members_in_any_order(void **state)
{
	_cleanup_json_ json_t *first = NULL, *second = NULL;

	(void)state;
	with("{\"id\": 1, \"return\": {\"a\": 1}}\r\n{\"return\": {\"a\": 2}, \"id\": 2}");
	assert_int_equal(command(0, &first, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(first, "a")), 1);
	assert_int_equal(command(0, &second, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(second, "a")), 2);
}

/* As a monitor with pretty=on has them; brackets and quotes in strings are text. */
static void messages_over_several_lines(void **state)
{
	_cleanup_json_ json_t *answer = NULL;

	(void)state;
	with("\r\n {\r\n  \"return\": [\r\n  \"}]\\\"{\\\\\"\r\n ],\r\n \"id\": 1\r\n}\r\n");
	assert_int_equal(command(0, &answer, NULL), 0);
	assert_string_equal(json_string_value(json_array_get(answer, 0)), "}]\"{\\");
}

static void classes_tell_refusals(void **state)
{
	(void)state;
	with("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no \\u001b[31m\"}, \"id\": 1}"
	     "{\"id\": 2, \"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"none\"}}"
	     "{\"id\": 3, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"what\"}}"
	     "{\"id\": 4, \"error\": {}}"
	     "{\"id\": 5, \"return\": {}}");
	expect_command(-EREMOTEIO, "no \\x1b[31m");
	expect_command(-ENOENT, "none");
	expect_command(-EOPNOTSUPP, "what");
	expect_command(-EREMOTEIO, "no reason given");
	expect_command(0, NULL);
}

static void no_answer_is_a_time_out(void **state)
{
	(void)state;
	with("");
	expect_command(-ETIMEDOUT, "did not answer query-status in time");
	/* The late answer is not taken for that of the next command. */
	say("{\"return\": \"late\", \"id\": 1}");
	expect_command(-ETIMEDOUT, "query-status");
	say("{\"return\": {}, \"id\": 2}{\"return\": {}, \"id\": 3}");
	expect_command(0, NULL);
}

static void half_an_answer_is_a_time_out(void **state)
{
	(void)state;
	with("{\"return\": {\"sta");
	expect_command(-ETIMEDOUT, "in time");
	say("tus\": 1}, \"id\": 1}");
	expect_command(-ETIMEDOUT, "in time");
	say("{\"return\": {}, \"id\": 3}");
	expect_command(0, NULL);
}

/* What was never asked cannot be answered: who says so is not to be believed again. */
static void wrong_ids(void **state)
{
	static const char *const answers[] = {
		"{\"return\": {}, \"id\": 2}",
		"{\"return\": {}, \"id\": 0}",
		"{\"return\": {}, \"id\": -1}",
		"{\"return\": {}, \"id\": \"1\"}",
		"{\"return\": {}, \"id\": 1.0}",
		"{\"return\": {}, \"id\": {}}",
		"{\"return\": {}, \"id\": null}",
		"{\"return\": {}}",
		"{\"error\": {\"class\": \"x\"}}",
		"{\"id\": 1}",
		"{\"return\": {}, \"error\": {}, \"id\": 1}",
		"{\"error\": 1, \"id\": 1}",
		GREETING,
		"{\"event\": 1}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		with(answers[i]);
		say("{\"return\": {}, \"id\": 1}{\"return\": {}, \"id\": 2}");
		expect_command(-EPROTO, "does not keep to QMP");
		expect_command(-EPROTO, "does not keep to QMP");
	}
}

static void garbage(void **state)
{
	static const char *const texts[] = {
		"QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ",
		"[]",
		"\"x\"",
		"{]",
		"{\"return\": {}, \"id\": 1]",
		"{\"id\": 1, \"id\": 1, \"return\": {}}",
		"{\"return\": \"\xff\", \"id\": 1}",
		"{\"return\": \"\\u0000\", \"id\": 1}",
		"{\"return\": 99999999999999999999999, \"id\": 1}",
		"{}}",
		"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		with(texts[i]);
		expect_command(-EPROTO, "does not keep to QMP");
		/* Not read on: there is no telling where a message would begin. */
		say("{\"return\": {}, \"id\": 2}");
		expect_command(-EPROTO, "does not keep to QMP");
	}
}

static void closed_is_told(void **state)
{
	(void)state;
	with("{\"return\": {}, \"id\": 1}{\"return\": {}, \"i");
	hang_up();
	expect_command(0, NULL);
	expect_command(-EPIPE, "closed the connection");
	with("");
	closep(&server);
	server = -1;
	expect_command(-EPIPE, "closed the connection");
}

static void cancel_ends_a_wait(void **state)
{
	struct vfp_ctx *usual = ctx;
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	with("");
	vfp_ctx_cancel(ctx);
	begin();
	assert_int_equal(qmp_command(qmp, "stop", NULL, 0, NULL, &why), -ECANCELED);
	assert_non_null(strstr(why, "interrupted"));
	/* Unless what was begun is to be ended first. */
	qmp_heed_cancel(qmp, false);
	expect_command(-ETIMEDOUT, "in time");
	end_server(NULL);
	vfp_ctx_free(ctx);
	ctx = usual;
}

/* -- events ------------------------------------------------------------------------------- */

static void expect_event(const char *name)
{
	_cleanup_json_ json_t *event = NULL;

	assert_int_equal(qmp_event(qmp, deadline_for(0), &event, NULL), 0);
	assert_string_equal(json_string_value(json_object_get(event, "event")), name);
}

static void events_before_between_and_after(void **state)
{
	_cleanup_json_ json_t *event = NULL;

	(void)state;
	with("{\"event\": \"KEEP1\"}{\"event\": \"OTHER\"}{\"return\": {}, \"id\": 1}"
	     "{\"event\": \"KEEP2\", \"data\": {}}");
	expect_command(0, NULL);
	expect_event("KEEP1");
	expect_event("KEEP2");
	assert_int_equal(qmp_event(qmp, deadline_in(SOON), &event, NULL), -ETIMEDOUT);
	say("{\"event\": \"KEEP3\"}");
	hang_up();
	expect_event("KEEP3");
	assert_int_equal(qmp_event(qmp, deadline_for(-EPIPE), &event, NULL), -EPIPE);
}

/* What was kept before the end is told before the end is. */
static void events_outlive_the_connection(void **state)
{
	(void)state;
	with("{\"event\": \"KEEP1\"}");
	hang_up();
	expect_command(-EPIPE, "closed");
	expect_event("KEEP1");
}

/* The sum of what is kept has a limit; the newest stay. */
static void kept_events_are_bounded(void **state)
{
	size_t n = 0;
	int r = 0;

	(void)state;
	with("");
	for (int i = 0; i < 8000; i++) {
		_cleanup_free_ char *text =
			strf("{\"event\": \"KEEP\", \"data\": {\"n\": %d, \"text\": "
			     "\"................................\"}}",
			     i);

		say(text);
		if (i % 100 < 99)
			continue;
		free(take(text));
		text = strf("{\"return\": {}, \"id\": %d}", i / 100 + 1);
		say(text);
		expect_command(0, NULL);
	}
	for (; r == 0; n++) {
		_cleanup_json_ json_t *event = NULL;

		r = qmp_event(qmp, deadline_in(SOON), &event, NULL);
		if (r == 0 && n > 0)
			assert_in_range(json_integer_value(json_object_get(
						json_object_get(event, "data"), "n")),
					1, 7999);
	}
	assert_int_equal(r, -ETIMEDOUT);
	assert_in_range(n, 1000, 6000);
}

static void talk_events(int fd)
{
	static const char text[] = "{\"event\": \"KEEP\", \"data\": {}}\r\n"
				   "{\"event\": \"OTHER\", \"data\": {}}\r\n";

	for (;;)
		write_all(fd, text, strlen(text));
}

/* A storm that never ends does not prolong a wait. */
static void storm_of_events(void **state)
{
	(void)state;
	with_talker(talk_events);
	expect_command(-ETIMEDOUT, "in time");
}

static void talk_old_answers(int fd)
{
	static const char text[] = "{\"return\": {}, \"id\": 1}\r\n";

	for (;;)
		write_all(fd, text, strlen(text));
}

static void storm_of_old_answers(void **state)
{
	(void)state;
	with_talker(talk_old_answers);
	expect_command(0, NULL);
	expect_command(-ETIMEDOUT, "in time");
}

/* -- without an end ----------------------------------------------------------------------- */

static void talk_line(int fd)
{
	static char text[1 << 16];

	memset(text, 'x', sizeof(text));
	write_all(fd, "{\"return\": \"", 12);
	for (int i = 0; i < 1600; i++)
		write_all(fd, text, sizeof(text));
	write_all(fd, "\", \"id\": 1}", 11);
}

static long memory_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* 100 MB: refused when it gets too long, and not kept. */
static void endless_line(void **state)
{
	_cleanup_free_ char *why = NULL;
	long before = memory_kib();

	(void)state;
	with_talker(talk_line);
	begin();
	assert_int_equal(
		qmp_command(qmp, "stop", NULL, deadline_in(TOO_LATE), NULL, &why),
		-EPROTO);
	expect_in_time();
	assert_non_null(strstr(why, "8 MiB"));
	assert_true(memory_kib() - before < 64 << 10);
}

static void talk_blanks(int fd)
{
	static char text[1 << 16];

	memset(text, '\n', sizeof(text));
	for (;;)
		write_all(fd, text, sizeof(text));
}

static void endless_blanks(void **state)
{
	(void)state;
	with_talker(talk_blanks);
	expect_command(-ETIMEDOUT, "in time");
}

static void deep_nesting(void **state)
{
	_cleanup_free_ char *deep = malloc(100001);

	(void)state;
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	with("{\"return\": ");
	say(deep);
	expect_command(-EPROTO, "nested too deep");
}

static void talk_slowly(int fd)
{
	static const char text[] = "{\"return\": {\"a\": 1}, \"id\": 1}";

	for (const char *c = text; *c; c++) {
		write_all(fd, c, 1);
		wait_readable(-1, -1, deadline_in(*c == 'i' ? 60000 : 2));
	}
}

static void slow_drip(void **state)
{
	(void)state;
	with_talker(talk_slowly);
	expect_command(-ETIMEDOUT, "in time");
}

/* A server that does not read: the command stays in the pipe, half of it perhaps. */
static void deaf_server(void **state)
{
	_cleanup_json_ json_t *args = NULL;
	_cleanup_free_ char *long_text = malloc((4 << 20) + 1), *why = NULL;

	(void)state;
	memset(long_text, 'x', 4 << 20);
	long_text[4 << 20] = '\0';
	args = json_pack("{s:s}", "text", long_text);
	with("");
	begin();
	assert_int_equal(qmp_command(qmp, "stop", args, deadline_in(SOON), NULL, &why),
			 -ETIMEDOUT);
	expect_in_time();
	assert_non_null(strstr(why, "does not read"));
	/* The next one would go on in the middle of that one. */
	expect_command(-ETIMEDOUT, "does not read");
}

/* -- the greeting ------------------------------------------------------------------------- */

static void greetings(void **state)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {
		{ GREETING, 0 },
		{ "", -ETIMEDOUT },
		{ "{\"QMP\": {\"ver", -ETIMEDOUT },
		{ "{\"QMP\": 1}", -EPROTO },
		{ "{\"return\": {}}", -EPROTO },
		{ "QEMU 7.2.22 monitor\r\n", -EPROTO },
		{ "SSH-2.0-OpenSSH\r\n", -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		with(rows[i].text);
		begin();
		assert_int_equal(qmp_greeting(qmp, deadline_for(rows[i].error)),
				 rows[i].error);
		expect_in_time();
	}
	for (size_t n = 0; n < strlen(GREETING) - 2; n++) {
		with("");
		assert_int_equal(write(server, GREETING, n), n);
		hang_up();
		assert_int_equal(qmp_greeting(qmp, deadline_for(-EPIPE)), -EPIPE);
	}
}

/* -- the socket --------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static void expect_open(const char *path, int error, const char *sentence)
{
	const struct vfp_guest_ops *ops;
	_cleanup_free_ char *why = NULL;
	void *data;

	begin();
	assert_int_equal(vfp_guest_qmp(ctx, path, &ops, &data, &why), error);
	expect_in_time();
	assert_non_null(why);
	if (!strstr(why, sentence))
		fail_msg("'%s' is not in: %s", sentence, why);
}

static void sockets(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, "/qmp");
	_cleanup_close_ int fd = -1;
	char long_path[200];

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	expect_open(long_path, -EINVAL, "shorter than 108 bytes");
	expect_open("", -EINVAL, "cannot be a socket");
	expect_open(path, -ENODEV, "there is no socket");
	fd = listen_at(path);
	begin();
	/* Nobody accepts, as when another client is served: connected, and then silence. */
	expect_open(path, -EBUSY, "another client has this monitor");
	assert_true(now_msec() - begun >= 2900);
	closep(&fd);
	fd = -1;
	expect_open(path, -ENODEV, "nothing listens at");
}

static void dump_has_no_guest(void **state)
{
	struct vfp_ctx *usual = ctx;

	(void)state;
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_ctx_set_root(ctx, fixture->root), 0);
	expect_open("/run/qmp", -EROFS, "--sysroot");
	vfp_ctx_free(ctx);
	ctx = usual;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(members_in_any_order, end_server),
		cmocka_unit_test_teardown(messages_over_several_lines, end_server),
		cmocka_unit_test_teardown(classes_tell_refusals, end_server),
		cmocka_unit_test_teardown(no_answer_is_a_time_out, end_server),
		cmocka_unit_test_teardown(half_an_answer_is_a_time_out, end_server),
		cmocka_unit_test_teardown(wrong_ids, end_server),
		cmocka_unit_test_teardown(garbage, end_server),
		cmocka_unit_test_teardown(closed_is_told, end_server),
		cmocka_unit_test_teardown(cancel_ends_a_wait, end_server),
		cmocka_unit_test_teardown(events_before_between_and_after, end_server),
		cmocka_unit_test_teardown(events_outlive_the_connection, end_server),
		cmocka_unit_test_teardown(kept_events_are_bounded, end_server),
		cmocka_unit_test_teardown(storm_of_events, end_server),
		cmocka_unit_test_teardown(storm_of_old_answers, end_server),
		cmocka_unit_test_teardown(endless_line, end_server),
		cmocka_unit_test_teardown(endless_blanks, end_server),
		cmocka_unit_test_teardown(deep_nesting, end_server),
		cmocka_unit_test_teardown(slow_drip, end_server),
		cmocka_unit_test_teardown(deaf_server, end_server),
		cmocka_unit_test_teardown(greetings, end_server),
		cmocka_unit_test(sockets),
		cmocka_unit_test(dump_has_no_guest),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
