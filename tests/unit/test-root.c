/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/root.c and mirror.c: a dump is a jail. Whatever its maker put in there, reading it
 * opens nothing outside, no FIFO and no device, never blocks, and ends at a bound. And a
 * context on a dump cannot write: it has nothing to write with.
 */
#include "model.h"
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

static struct fixture *outside, *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	outside = fixture_new();
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:01:00.0",
							  .driver = "host",
							  .group = 7 });
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_ctx_set_root(ctx, fixture->root), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	fixture_free(outside);
	return 0;
}

/* -- the jail ------------------------------------------------------------------------ */

/* Links to a file that is there outside of the root, by every way out. */
static void make_ways_out(void)
{
	static const char ups[] = "../../../../../../../../../../..";
	_cleanup_free_ char *absolute = strf("%s/secret", outside->root);
	_cleanup_free_ char *relative = strf("%s%s/secret", ups, outside->root);

	fixture_write(outside, "/secret", "secret\n");
	fixture_symlink(fixture, "/out/absolute", absolute);
	fixture_symlink(fixture, "/out/relative", relative);
	fixture_symlink(fixture, "/out/folder", outside->root);
	fixture_symlink(fixture, "/out/root", "/");
	fixture_symlink(fixture, "/out/magic", "/proc/self/root");
	fixture_symlink(fixture, "/proc/self/root", "/");
}

static void no_way_out(void **state)
{
	static const char *const forms[] = {
		"/out/absolute",
		"/out/relative",
		"/out/folder/secret",
		"/out/root%s/secret",
		"/out/magic%s/secret",
		"/out/../../../..%s/secret",
		"/../../../../../../..%s/secret",
		"%s/secret",
	};

	(void)state;
	make_ways_out();
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_free_ char *path = NULL, *text = NULL, *real = NULL;
		const char *percent = strchr(forms[i], '%');

		path = percent ? strf("%.*s%s%s", (int)(percent - forms[i]), forms[i],
				      outside->root, percent + 2)
			       : strdup(forms[i]);
		assert_true(root_read(ctx, path, 100, &text, NULL) < 0);
		assert_true(root_attr(ctx, &text, "%s", path) < 0);
		assert_true(root_open(ctx, path, O_RDONLY) < 0);
		assert_false(root_exists(ctx, "%s", path));
		assert_true(root_real(ctx, path, &real) < 0);
	}
}

/* Inside, an absolute link means what it meant on the host that was dumped. */
static void absolute_links_stay_inside(void **state)
{
	_cleanup_free_ char *text = NULL, *real = NULL, *target = NULL, *name = NULL;

	(void)state;
	fixture_write(fixture, "/etc/inside", "inside\n");
	fixture_symlink(fixture, "/out/inside", "/etc/inside");
	fixture_symlink(fixture, "/out/far", "../../../../../../etc/inside");
	assert_int_equal(root_attr(ctx, &text, "/out/%s", "inside"), 0);
	assert_string_equal(text, "inside");
	free(take(text));
	assert_int_equal(root_attr(ctx, &text, "/out/far"), 0);
	assert_string_equal(text, "inside");
	assert_int_equal(root_real(ctx, "/out/inside", &real), 0);
	assert_string_equal(real, "/etc/inside");
	assert_int_equal(root_link(ctx, &target, "/out/inside"), 0);
	assert_string_equal(target, "/etc/inside");
	assert_int_equal(root_link_name(ctx, &name, "/out/far"), 0);
	assert_string_equal(name, "inside");
}

static void links_in_a_circle(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_symlink(fixture, "/out/a", "b");
	fixture_symlink(fixture, "/out/b", "a");
	assert_int_equal(root_read(ctx, "/out/a", 10, &text, NULL), -ELOOP);
	assert_false(root_exists(ctx, "/out/a"));
}

/* -- what is opened at all ----------------------------------------------------------- */

static void only_regular_files_are_read(void **state)
{
	_cleanup_free_ char *fifo = fixture_path(fixture, "/etc/fifo");
	_cleanup_free_ char *node = fixture_path(fixture, "/etc/node");
	_cleanup_free_ char *path = fixture_path(fixture, "/etc/socket");
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	_cleanup_close_ int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_free_ char *text = NULL;
	int64_t begin = now_msec();

	(void)state;
	assert_int_equal(mkfifo(fifo, 0666), 0);
	assert_int_equal(root_read(ctx, "/etc/fifo", 10, &text, NULL), -EINVAL);
	assert_int_equal(root_read(ctx, "/etc", 10, &text, NULL), -EINVAL);
	strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
	assert_int_equal(bind(server, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_true(root_read(ctx, "/etc/socket", 10, &text, NULL) < 0);
	/* Only root can make one: /dev/zero under another name. */
	if (mknod(node, S_IFCHR | 0666, 1 << 8 | 5) == 0)
		assert_true(root_read(ctx, "/etc/node", 10, &text, NULL) < 0);
	assert_true(now_msec() - begin < 20000);
}

/* Opening alone would start a watchdog, or rewind a tape. */
static void nothing_else_is_even_opened(void **state)
{
	static const char *const paths[] = { "/etc/pipe", RECORD_DIR "/0000:01:00.0" };
	_cleanup_close_ int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	_cleanup_record_ struct record record = { 0 };
	_cleanup_free_ char *text = NULL;
	char events[512];

	(void)state;
	fixture_mkdir(fixture, RECORD_DIR);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *pipe = fixture_path(fixture, "%s", paths[i]);

		assert_int_equal(mkfifo(pipe, 0644), 0);
		assert_true(inotify_add_watch(watch, pipe, IN_OPEN) >= 0);
	}
	assert_int_equal(root_read(ctx, paths[0], 10, &text, NULL), -EINVAL);
	assert_int_equal(record_load(ctx, "0000:01:00.0", &record), 0);
	assert_non_null(record.problem);
	assert_true(read(watch, events, sizeof(events)) < 0);
	assert_int_equal(errno, EAGAIN);
	fixture_remove(fixture, STATE_DIR);
}

static void reading_ends_at_a_bound(void **state)
{
	_cleanup_free_ char *text = NULL, *full = NULL, *path = NULL;
	size_t size = 0;
	_cleanup_close_ int fd = -1;

	(void)state;
	full = calloc(1, 4098);
	memset(full, 'x', 4097);
	fixture_write(fixture, "/etc/long", "%s", full);
	assert_int_equal(root_read(ctx, "/etc/long", 4096, &text, NULL), -EFBIG);
	assert_int_equal(root_attr(ctx, &text, "/etc/long"), -EFBIG);
	assert_int_equal(root_read(ctx, "/etc/long", 4097, &text, &size), 0);
	assert_int_equal(size, 4097);
	assert_int_equal(strlen(text), 4097);
	free(take(text));
	fixture_write(fixture, "/etc/empty", "%s", "");
	assert_int_equal(root_read(ctx, "/etc/empty", 0, &text, &size), 0);
	assert_int_equal(size, 0);
	assert_string_equal(text, "");
	free(take(text));
	/* A file of terabytes that takes no room. */
	path = fixture_path(fixture, "/etc/sparse");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	if (ftruncate(fd, (off_t)1 << 40) == 0)
		assert_int_equal(root_read(ctx, "/etc/sparse", 65536, &text, NULL),
				 -EFBIG);
}

static void names_that_are_too_long(void **state)
{
	_cleanup_free_ char *name = calloc(1, PATH_MAX + 2), *text = NULL;

	(void)state;
	memset(name, 'x', PATH_MAX + 1);
	assert_int_equal(root_attr(ctx, &text, "/etc/%s", name), -ENAMETOOLONG);
	assert_int_equal(root_link(ctx, &text, "/etc/%s", name), -ENAMETOOLONG);
	assert_false(root_exists(ctx, "/etc/%s", name));
}

static void lists_are_sorted(void **state)
{
	static const char *const wanted[] = { "a", "aa", "b.10", "b.2", "c", "link" };
	_cleanup_strings_ char **names = NULL, **dirs = NULL;

	(void)state;
	fixture_write(fixture, "/list/b.2", "%s", "");
	fixture_mkdir(fixture, "/list/c");
	fixture_write(fixture, "/list/aa", "%s", "");
	fixture_mkdir(fixture, "/list/a");
	fixture_write(fixture, "/list/b.10", "%s", "");
	fixture_symlink(fixture, "/list/link", "a");
	assert_int_equal(root_list(ctx, "/list", &names), 0);
	assert_int_equal(list_length(names), ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(names[i], wanted[i]);
	assert_int_equal(root_list_dirs(ctx, "/list", &dirs), 0);
	assert_int_equal(list_length(dirs), 2);
	assert_string_equal(dirs[1], "c");
	assert_true(root_list(ctx, "/list/aa", &names) < 0);
}

static void roots_that_are_none(void **state)
{
	_cleanup_free_ char *file = fixture_path(fixture, "/proc/cmdline");
	_cleanup_free_ char *nothing = fixture_path(fixture, "/nothing");

	(void)state;
	assert_int_equal(vfp_ctx_set_root(ctx, file), -ENOTDIR);
	assert_int_equal(vfp_ctx_set_root(ctx, nothing), -ENOENT);
	/* And it still reads from the one that it had. */
	assert_true(root_exists(ctx, "/proc/cmdline"));
}

/* -- no writer ----------------------------------------------------------------------- */

static void a_dump_has_no_writer(void **state)
{
	struct record record = { 0 };
	int fd = -1;

	(void)state;
	assert_null(ctx->seam);
	record.device = strdup("0000:01:00.0");
	assert_int_equal(record_save(ctx, &record), -EROFS);
	assert_int_equal(record_drop(ctx, record.device), -EROFS);
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EROFS);
	assert_false(fixture_exists(fixture, "/run/vfioprep"));
	record_done(&record);
}

static void no_transaction_on_a_dump(void **state)
{
	static const char *const files[] = { "driver_override", "modalias" };

	(void)state;
	for (int verb = 0; verb < 3; verb++) {
		struct vfp_finding **findings = NULL;
		struct vfp_plan *plan = NULL;

		model_reset();
		assert_int_equal(vfp_plan_new(ctx, &plan), 0);
		if (verb == 0)
			assert_int_equal(vfp_plan_hide(plan, "0000:01:00.0", NULL), 0);
		else if (verb == 1)
			assert_int_equal(vfp_plan_return(plan, "0000:01:00.0", "host"),
					 0);
		else
			assert_int_equal(vfp_plan_recover(plan), 0);
		assert_int_equal(vfp_plan_run(plan, &findings), -EROFS);
		vfp_findings_free(findings);
		vfp_plan_free(plan);
		assert_int_equal(model_control()->points, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_true(fixture_exists(
			fixture, "/sys/bus/pci/devices/0000:01:00.0/%s", files[i]));
	assert_false(fixture_exists(fixture, "/run/vfioprep"));
}

/* -- making one ---------------------------------------------------------------------- */

static void what_was_read_can_be_read_again(void **state)
{
	_cleanup_free_ char *dir = fixture_path(fixture, "/copy");
	_cleanup_free_ char *modalias = NULL, *again = NULL, *driver = NULL;
	_cleanup_strings_ char **names = NULL;
	struct vfp_ctx *live = NULL, *replay = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(vfp_ctx_new(&live), 0);
	assert_int_equal(vfp_ctx_record_reads(live, dir, false), 0);
	assert_int_equal(vfp_ctx_record_reads(live, dir, false), -EEXIST);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(
		root_attr(live, &modalias, PCI_DEVICES "/%s/modalias", "0000:01:00.0"),
		0);
	assert_int_equal(
		root_link_name(live, &driver, PCI_DEVICES "/%s/driver", "0000:01:00.0"),
		0);
	assert_int_equal(root_list(live, PCI_DEVICES, &names), 0);
	vfp_ctx_free(live);

	assert_int_equal(vfp_ctx_new(&replay), 0);
	assert_int_equal(vfp_ctx_set_root(replay, dir), 0);
	assert_int_equal(
		root_attr(replay, &again, PCI_DEVICES "/%s/modalias", "0000:01:00.0"), 0);
	assert_string_equal(again, modalias);
	free(take(driver));
	assert_int_equal(
		root_link_name(replay, &driver, PCI_DEVICES "/%s/driver", "0000:01:00.0"),
		0);
	assert_string_equal(driver, "host");
	strings_free(take(names));
	assert_int_equal(root_list(replay, PCI_DEVICES, &names), 0);
	assert_int_equal(list_length(names), 2);
	/* What was not read is not there. */
	assert_false(root_exists(replay, PCI_DEVICES "/0000:01:00.0/driver_override"));
	vfp_ctx_free(replay);
}

/* Its links lead somewhere in it; what they would mean here must not be written to. */
static void a_dump_of_a_dump_stays_in_its_folder(void **state)
{
	_cleanup_free_ char *there = fixture_path(outside, "/there");
	_cleanup_free_ char *inside = strf("%s/mountinfo", there);
	_cleanup_free_ char *copy = fixture_path(outside, "/copy"), *text = NULL;
	struct vfp_ctx *dump = NULL;

	(void)state;
	fixture_mkdir(outside, "/there");
	fixture_remove(fixture, "/proc/1");
	fixture_symlink(fixture, "/proc/1", there);
	fixture_write(fixture, inside, "planted\n");
	assert_int_equal(vfp_ctx_new(&dump), 0);
	assert_int_equal(vfp_ctx_set_root(dump, fixture->root), 0);
	assert_int_equal(vfp_ctx_record_reads(dump, copy, false), 0);
	assert_int_equal(root_attr(dump, &text, "/proc/1/mountinfo"), 0);
	assert_string_equal(text, "planted");
	vfp_ctx_free(dump);
	assert_false(fixture_exists(outside, "/there/mountinfo"));
	free(take(text));
	text = fixture_read(outside, "/copy%s", inside);
	assert_non_null(text);
	assert_string_equal(text, "planted\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_way_out),
		cmocka_unit_test(absolute_links_stay_inside),
		cmocka_unit_test(links_in_a_circle),
		cmocka_unit_test(only_regular_files_are_read),
		cmocka_unit_test(nothing_else_is_even_opened),
		cmocka_unit_test(reading_ends_at_a_bound),
		cmocka_unit_test(names_that_are_too_long),
		cmocka_unit_test(lists_are_sorted),
		cmocka_unit_test(roots_that_are_none),
		cmocka_unit_test(a_dump_has_no_writer),
		cmocka_unit_test(no_transaction_on_a_dump),
		cmocka_unit_test(what_was_read_can_be_read_again),
		cmocka_unit_test(a_dump_of_a_dump_stays_in_its_folder),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
