/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/record.c: a record comes back as it was saved, whatever was in it; and one that is
 * torn, spoilt, foreign, or about something else is told, never trusted.
 */
#include "model.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define DEVICE         "0000:01:00.0"
#define OTHER          "0000:02:00.0"
#define FILE_OF_DEVICE RECORD_DIR "/" DEVICE

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture,
		       &(struct fixture_device){ .address = DEVICE, .group = 7 });
	fixture_device(fixture, &(struct fixture_device){ .address = OTHER,
							  .ids = "8086:10fb",
							  .group = 8 });
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	fixture_remove(fixture, STATE_DIR);
	model_reset();
	return 0;
}

static struct record make(const char *device, const char *claim)
{
	_cleanup_free_ char *identity = NULL;
	struct record record = {
		.device = strdup(device),
		.boot = strdup(ctx_boot_id(ctx)),
		.phase = strdup("hidden"),
		.since = strdup("1700000000"),
		.by = strdup("vfioprep-hide"),
		.for_ = strdup(claim),
		.orig_driver = strdup("host"),
		.orig_module = strdup("host"),
		.orig_override = strdup(""),
		.goal_driver = strdup("vfio-pci"),
		.goal_override = strdup("vfio-pci"),
	};

	assert_int_equal(root_attr(ctx, &identity, PCI_DEVICES "/%s/modalias", device),
			 0);
	record.identity = take(identity);
	return record;
}

static void save(const char *device, const char *claim)
{
	_cleanup_record_ struct record record = make(device, claim);

	assert_int_equal(record_save(ctx, &record), 0);
}

/* Whether the record of DEVICE could be acted upon; why not is printed with a failure. */
static bool is_trusted(bool *stale)
{
	_cleanup_record_ struct record record = { 0 };
	int r = record_load(ctx, DEVICE, &record);

	if (r < 0)
		return false;
	if (stale)
		*stale = record.stale;
	assert_non_null(record.device);
	return !record.problem;
}

/* -- there and back ----------------------------------------------------------------------- */

static void comes_back_as_it_was_saved(void **state)
{
	static const char *const claims[] = {
		"",
		"web1",
		" blank before",
		"blank after ",
		"  ",
		"a=b",
		"#x",
		"[x]",
		"end",
		"two\nlines",
		"tab\there",
		"back\\slash",
		"\\x41",
		"Gr\xc3\xbc\xc3\x9f",
		"\x1b[0m",
		"\x7f",
		"\r",
		"\xff\xfe",
		"vfioprep 1\nend\n",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		_cleanup_record_ struct record record = { 0 };

		save(DEVICE, claims[i]);
		assert_int_equal(record_load(ctx, DEVICE, &record), 0);
		if (record.problem)
			fail_msg("claim %zu: %s", i, record.problem);
		assert_string_equal(record.for_, claims[i]);
		assert_string_equal(record.orig_driver, "host");
		assert_string_equal(record.orig_override, "");
		assert_string_equal(record.goal_override, "vfio-pci");
		assert_string_equal(record.phase, "hidden");
		assert_null(record.pid);
	}
}

static void what_is_in_the_file(void **state)
{
	_cleanup_free_ char *text = NULL, *path = fixture_path(fixture, FILE_OF_DEVICE);
	struct stat st;

	(void)state;
	save(DEVICE, "web1");
	text = fixture_read(fixture, FILE_OF_DEVICE);
	assert_true(startswith(text, "vfioprep 1\ndevice=" DEVICE "\n"));
	assert_non_null(strstr(text, "\norig.driver=host\n"));
	assert_non_null(strstr(text, "\norig.driver_override=\n"));
	assert_non_null(strstr(text, "\nfor=web1\n"));
	assert_true(endswith(text, "\nend\n"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void none_and_dropped(void **state)
{
	_cleanup_record_ struct record record = { 0 };

	(void)state;
	assert_int_equal(record_load(ctx, DEVICE, &record), -ENOENT);
	assert_int_equal(record_drop(ctx, DEVICE), 0);
	save(DEVICE, "");
	assert_int_equal(record_drop(ctx, DEVICE), 0);
	assert_int_equal(record_load(ctx, DEVICE, &record), -ENOENT);
	assert_int_equal(record_drop(ctx, DEVICE), 0);
}

static void listed_by_address(void **state)
{
	_cleanup_strings_ char **names = NULL;
	struct vfp_record **records = NULL;

	(void)state;
	assert_int_equal(record_list(ctx, &names), 0);
	assert_null(names[0]);
	save(OTHER, "two");
	save(DEVICE, "one");
	fixture_write(fixture, RECORD_DIR "/." DEVICE ".new", "vfioprep 1\nhalf");
	strings_free(take(names));
	assert_int_equal(record_list(ctx, &names), 0);
	assert_int_equal(list_length(names), 2);
	assert_string_equal(names[0], DEVICE);
	fixture_write(fixture, RECORD_DIR "/" OTHER, "%s", "");
	assert_int_equal(vfp_records(ctx, &records), 0);
	assert_int_equal(list_length(records), 2);
	assert_string_equal(vfp_record_get(records[0], "for"), "one");
	assert_null(vfp_record_get(records[0], "problem"));
	assert_string_equal(vfp_record_get(records[1], "device"), OTHER);
	assert_non_null(vfp_record_get(records[1], "problem"));
	assert_null(vfp_record_get(records[1], "no such key"));
	vfp_records_free(records);
}

/* -- torn and spoilt ---------------------------------------------------------------------- */

static void cut_short_anywhere(void **state)
{
	_cleanup_free_ char *text = NULL;
	bool stale = true;

	(void)state;
	save(DEVICE, "web1");
	text = fixture_read(fixture, FILE_OF_DEVICE);
	for (size_t n = 0; n < strlen(text); n++) {
		fixture_write(fixture, FILE_OF_DEVICE, "%.*s", (int)n, text);
		if (is_trusted(&stale) || stale)
			fail_msg("trusted after %zu of %zu bytes", n, strlen(text));
	}
	fixture_write(fixture, FILE_OF_DEVICE, "%s", text);
	assert_true(is_trusted(NULL));
}

/* Nothing that an engine would need may be missing. */
static void any_line_missing(void **state)
{
	static const char *const optional[] = { "since=", "by=",   "for=",
						"pid=",   "back=", "orig.module=" };
	_cleanup_free_ char *text = NULL;

	(void)state;
	save(DEVICE, "web1");
	text = fixture_read(fixture, FILE_OF_DEVICE);
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t length = (size_t)(strchr(line, '\n') + 1 - line);
		bool may_go = false;

		for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
			may_go = may_go || startswith(line, optional[i]);
		fixture_write(fixture, FILE_OF_DEVICE, "%.*s%s", (int)(line - text), text,
			      line + length);
		if (is_trusted(NULL) != may_go)
			fail_msg("without: %.*s", (int)length, line);
	}
}

/* Any one byte replaced: it is told, or what was read is still a whole record. */
static void any_byte_spoilt(void **state)
{
	static const char bytes[] = { '\n', '=', 'x', ' ', '\\', '\x01', '\xff' };
	_cleanup_free_ char *text = NULL;

	(void)state;
	save(DEVICE, "web1");
	text = fixture_read(fixture, FILE_OF_DEVICE);
	for (size_t i = 0; text[i]; i++)
		for (size_t j = 0; j < ARRAY_SIZE(bytes); j++) {
			char old = text[i];

			text[i] = bytes[j];
			fixture_write(fixture, FILE_OF_DEVICE, "%s", text);
			if (i < strlen("vfioprep 1\n") && old != bytes[j])
				assert_false(is_trusted(NULL));
			else
				is_trusted(NULL);
			text[i] = old;
		}
}

static void of_a_later_version(void **state)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_record_ struct record record = { 0 };

	(void)state;
	save(DEVICE, "web1");
	text = fixture_read(fixture, FILE_OF_DEVICE);
	fixture_write(fixture, FILE_OF_DEVICE, "vfioprep 2%s", strchr(text, '\n'));
	assert_int_equal(record_load(ctx, DEVICE, &record), 0);
	assert_non_null(record.problem);
	assert_non_null(strstr(record.problem, "version"));
	assert_false(record.stale);
}

static void larger_than_any(void **state)
{
	_cleanup_free_ char *text = calloc(1, 100001);

	(void)state;
	memset(text, 'x', 100000);
	fixture_write(fixture, FILE_OF_DEVICE, "vfioprep 1\nfor=%s\nend\n", text);
	assert_false(is_trusted(NULL));
}

/* -- of something else -------------------------------------------------------------------- */

static void of_another_boot(void **state)
{
	_cleanup_record_ struct record record = make(DEVICE, "");
	bool stale = false;

	(void)state;
	free(record.boot);
	record.boot = strdup("00000000-0000-0000-0000-000000000000");
	assert_int_equal(record_save(ctx, &record), 0);
	assert_false(is_trusted(&stale));
	assert_true(stale);
}

static void of_another_device_at_the_address(void **state)
{
	_cleanup_record_ struct record record = make(OTHER, "");
	bool stale = false;

	(void)state;
	free(record.device);
	record.device = strdup(DEVICE);
	assert_int_equal(record_save(ctx, &record), 0);
	assert_false(is_trusted(&stale));
	assert_true(stale);
}

static void of_another_address(void **state)
{
	_cleanup_free_ char *text = NULL;
	bool stale = true;

	(void)state;
	save(OTHER, "");
	text = fixture_read(fixture, RECORD_DIR "/" OTHER);
	fixture_write(fixture, FILE_OF_DEVICE, "%s", text);
	assert_false(is_trusted(&stale));
	assert_false(stale);
}

static void of_a_device_that_is_gone(void **state)
{
	static const char *const link = "/sys/bus/pci/devices/" DEVICE;
	_cleanup_free_ char *path = fixture_device_path(fixture, DEVICE);
	bool stale = false;

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, link);
	assert_false(is_trusted(&stale));
	assert_true(stale);
	fixture_link(fixture, link, path);
	assert_true(is_trusted(NULL));
}

/* -- whose it is -------------------------------------------------------------------------- */

static void set_mode(const char *path, mode_t mode)
{
	_cleanup_free_ char *full = fixture_path(fixture, "%s", path);

	assert_int_equal(chmod(full, mode), 0);
}

static void writable_by_others(void **state)
{
	static const char *const paths[] = { STATE_DIR, RECORD_DIR, FILE_OF_DEVICE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_record_ struct record record = { 0 };
		mode_t good = i < 2 ? 0755 : 0644;

		save(DEVICE, "");
		set_mode(paths[i], good | 020);
		assert_false(is_trusted(NULL));
		set_mode(paths[i], good | 02);
		assert_false(is_trusted(NULL));
		record = make(DEVICE, "");
		if (i < 2)
			assert_int_equal(record_save(ctx, &record), -EPERM);
		set_mode(paths[i], good);
		assert_true(is_trusted(NULL));
	}
}

/* Only root can give files away. */
static void of_another_user(void **state)
{
	static const char *const paths[] = { STATE_DIR, RECORD_DIR, FILE_OF_DEVICE };

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *path = fixture_path(fixture, "%s", paths[i]);

		save(DEVICE, "");
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_false(is_trusted(NULL));
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

static void links_are_not_followed(void **state)
{
	_cleanup_record_ struct record record = make(DEVICE, "");
	_cleanup_free_ char *text = NULL;
	int fd;

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, "/elsewhere");
	fixture_write(fixture, "/elsewhere/records/x", "%s", "");
	fixture_remove(fixture, RECORD_DIR);
	fixture_symlink(fixture, RECORD_DIR, "/elsewhere/records");
	assert_int_equal(record_save(ctx, &record), -EPERM);
	fixture_remove(fixture, STATE_DIR);
	fixture_symlink(fixture, STATE_DIR, "/elsewhere");
	assert_int_equal(record_save(ctx, &record), -EPERM);
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
	fixture_remove(fixture, STATE_DIR);
	save(DEVICE, "");
	fixture_remove(fixture, FILE_OF_DEVICE);
	fixture_write(fixture, "/elsewhere/record", "vfioprep 1\nend\n");
	fixture_symlink(fixture, FILE_OF_DEVICE, "/elsewhere/record");
	assert_false(is_trusted(NULL));
	/* Saving replaces the link, and leaves what it pointed to. */
	save(DEVICE, "");
	assert_true(is_trusted(NULL));
	text = fixture_read(fixture, "/elsewhere/record");
	assert_string_equal(text, "vfioprep 1\nend\n");
}

static void not_even_a_file(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, FILE_OF_DEVICE);

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, FILE_OF_DEVICE);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_false(is_trusted(NULL));
	fixture_remove(fixture, FILE_OF_DEVICE);
	fixture_mkdir(fixture, FILE_OF_DEVICE);
	assert_false(is_trusted(NULL));
}

/* -- saving ------------------------------------------------------------------------------- */

static void a_save_that_fails_leaves_the_old_one(void **state)
{
	_cleanup_record_ struct record record = { 0 }, next = make(DEVICE, "new");
	struct model_control *control = model_reset();

	(void)state;
	save(DEVICE, "old");
	control->points = 0;
	control->at = 1;
	control->action = MODEL_FAIL;
	control->error = ENOSPC;
	assert_int_equal(record_save(ctx, &next), -ENOSPC);
	assert_true(control->done);
	assert_int_equal(record_load(ctx, DEVICE, &record), 0);
	assert_null(record.problem);
	assert_string_equal(record.for_, "old");
	assert_false(fixture_exists(fixture, RECORD_DIR "/." DEVICE ".new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(comes_back_as_it_was_saved, clear),
		cmocka_unit_test_setup(what_is_in_the_file, clear),
		cmocka_unit_test_setup(none_and_dropped, clear),
		cmocka_unit_test_setup(listed_by_address, clear),
		cmocka_unit_test_setup(cut_short_anywhere, clear),
		cmocka_unit_test_setup(any_line_missing, clear),
		cmocka_unit_test_setup(any_byte_spoilt, clear),
		cmocka_unit_test_setup(of_a_later_version, clear),
		cmocka_unit_test_setup(larger_than_any, clear),
		cmocka_unit_test_setup(of_another_boot, clear),
		cmocka_unit_test_setup(of_another_device_at_the_address, clear),
		cmocka_unit_test_setup(of_another_address, clear),
		cmocka_unit_test_setup(of_a_device_that_is_gone, clear),
		cmocka_unit_test_setup(writable_by_others, clear),
		cmocka_unit_test_setup(of_another_user, clear),
		cmocka_unit_test_setup(links_are_not_followed, clear),
		cmocka_unit_test_setup(not_even_a_file, clear),
		cmocka_unit_test_setup(a_save_that_fails_leaves_the_old_one, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
