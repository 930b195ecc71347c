/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests against the real QEMU: a machine that never runs, with two monitors: one for the
 * library, one for the test. To be included once, by a file of tests.
 */
#ifndef VFIOPREP_QEMU_BENCH_H
#define VFIOPREP_QEMU_BENCH_H

#include "guest/qemu.h"

#include "unit/fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SOON 30000 /* milliseconds; nothing takes that long, even on a loaded machine */

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static struct machine {
	pid_t pid;
	struct qmp *qmp; /* the test's own */
	const struct vfp_guest_ops *ops;
	void *data;
} machine;

static char *in_folder(const char *name)
{
	char *path = fixture_path(fixture, "/%s", name);

	assert_non_null(path);
	return path;
}

static bool keep_none(const char *event, json_t *data)
{
	(void)event, (void)data;
	return false;
}

/* Ends with the test, however that ends. */
static pid_t spawn(char **argv)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 0);
		dup2(null, 1);
		if (getppid() == parent)
			execvp(*argv, argv);
		_exit(127);
	}
	return pid;
}

static struct qmp *open_when_there(const char *path, pid_t pid)
{
	int64_t deadline = deadline_in(SOON);
	struct qmp *qmp;

	while (qmp_open(ctx, path, keep_none, &qmp, NULL) < 0) {
		assert_false(deadline_passed(deadline));
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		wait_readable(-1, -1, deadline_in(20));
	}
	return qmp;
}

/* @devices: further words of the command line. */
static void start_machine(const char *type, const char *const *devices)
{
	_cleanup_free_ char *own = in_folder("own"), *library = in_folder("library");
	_cleanup_free_ char *own_word = strf("unix:%s,server=on,wait=off", own);
	_cleanup_free_ char *library_word = strf("unix:%s,server=on,wait=off", library);
	const char *first[] = { "qemu-system-x86_64", "-machine", type,
				"-accel", "tcg", "-cpu", "qemu64", "-smp", "1,maxcpus=4",
				"-m", "128,slots=4,maxmem=4G", "-display", "none",
				"-nodefaults", "-S", "-qmp", own_word, "-qmp",
				library_word };
	const char *argv[64] = { 0 };
	size_t n = ARRAY_SIZE(first);

	memcpy(argv, first, sizeof(first));
	for (; *devices; devices++)
		argv[n++] = *devices;
	machine.pid = spawn((char **)argv);
	machine.qmp = open_when_there(own, machine.pid);
	assert_int_equal(
		vfp_guest_qmp(ctx, library, &machine.ops, &machine.data, NULL), 0);
}

static void stop_machine(void)
{
	if (machine.ops)
		machine.ops->close(machine.data);
	qmp_close(machine.qmp);
	if (machine.pid > 0) {
		kill(machine.pid, SIGKILL);
		waitpid(machine.pid, NULL, 0);
	}
	machine = (struct machine){ 0 };
}

static void set_up(void)
{
	fixture = fixture_new();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
}

static int tear_down(void **state)
{
	(void)state;
	stop_machine();
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

/* The answer to a command on the test's own monitor, with arguments as JSON in '...'. */
static int tell(const char *command, const char *arguments, json_t **ret_answer)
{
	_cleanup_free_ char *text = strdup(arguments);
	_cleanup_json_ json_t *args = NULL;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	args = json_loads(text, 0, NULL);
	assert_non_null(args);
	return qmp_command(machine.qmp, command, args, deadline_in(SOON), ret_answer,
			   NULL);
}

static void done(const char *command, const char *arguments)
{
	assert_int_equal(tell(command, arguments, NULL), 0);
}

/* The same when what it had may be let go of a moment later. */
static void done_soon(const char *command, const char *arguments)
{
	int64_t deadline = deadline_in(SOON);

	while (tell(command, arguments, NULL) < 0) {
		assert_false(deadline_passed(deadline));
		wait_readable(-1, -1, deadline_in(10));
	}
}

/* Whether the object at @path has the property @name. */
static bool has(const char *path, const char *name)
{
	_cleanup_free_ char *arguments = strf("{'path': '%s'}", path);
	_cleanup_json_ json_t *list = NULL;

	assert_int_equal(tell("qom-list", arguments, &list), 0);
	return list_type(list, name) != NULL;
}

static bool has_device(const char *id)
{
	return has("/machine/peripheral", id);
}

static bool has_object(const char *id)
{
	return has("/objects", id);
}

static bool has_node(const char *name)
{
	_cleanup_json_ json_t *nodes = NULL;
	json_t *node;
	size_t i;

	assert_int_equal(tell("query-named-block-nodes", "{'flat': true}", &nodes), 0);
	json_array_foreach(nodes, i, node)
		if (streq(json_string_value(json_object_get(node, "node-name")), name))
			return true;
	return false;
}

#endif
