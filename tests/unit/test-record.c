/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/record.c: a record comes back as it was saved, whatever was in it; and one that is
 * torn or spoilt in any way is told, never trusted.
 */
#include "record-bench.h"

/* -- there and back ------------------------------------------------------------------ */

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
		assert_string_equal(record.orig[OVERRIDE], "");
		assert_string_equal(record.goal[OVERRIDE], "vfio-pci");
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

/* -- torn and spoilt ----------------------------------------------------------------- */

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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
