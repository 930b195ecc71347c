/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base: strings, numbers, lists, the key=value format, the clock.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/eventfd.h>

#include <cmocka.h>

/* -- str.c --------------------------------------------------------------------------- */

static void starts_and_ends(void **state)
{
	(void)state;
	assert_true(startswith("vfio-pci", "vfio"));
	assert_true(startswith("x", ""));
	assert_false(startswith("vf", "vfio"));
	assert_true(endswith("mlx5_vfio_pci", "vfio_pci"));
	assert_true(endswith("x", ""));
	assert_false(endswith("pci", "vfio_pci"));
}

static void chomp_cuts_the_end_only(void **state)
{
	char a[] = "  vfio-pci \t\n", b[] = "\n \n", c[] = "";

	(void)state;
	assert_string_equal(chomp(a), "  vfio-pci");
	assert_string_equal(chomp(b), "");
	assert_string_equal(chomp(c), "");
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int base;
		uint64_t max, value;
		bool good;
	} rows[] = {
		{ "0", 10, 0, 0, true },
		{ "12", 10, 12, 12, true },
		{ "13", 10, 12, 0, false },
		{ "007", 10, 7, 7, true },
		{ "ff", 16, 255, 255, true },
		{ "FF", 16, 255, 255, true },
		{ "18446744073709551615", 10, UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", 10, UINT64_MAX, 0, false },
		{ "99999999999999999999999", 10, UINT64_MAX, 0, false },
		{ "10000000000000000", 16, UINT64_MAX, 0, false },
		{ "", 10, 9, 0, false },
		{ " 1", 10, 9, 0, false },
		{ "1 ", 10, 9, 0, false },
		{ "-1", 10, 9, 0, false },
		{ "+1", 10, 9, 0, false },
		{ "0x1", 16, 9, 0, false },
		{ "a", 10, 99, 0, false },
		{ "g", 16, 99, 0, false },
		{ "1\n", 10, 9, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 42;
		int r = parse_number(rows[i].text, rows[i].base, rows[i].max, &value);

		if (r != (rows[i].good ? 0 : -EINVAL) ||
		    value != (rows[i].good ? rows[i].value : 42))
			fail_msg("\"%s\": %d, value %ju", rows[i].text, r,
				 (uintmax_t)value);
	}
}

static void seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t msec; /* -1: refused */
	} rows[] = {
		{ "0", 0 },
		{ "30", 30000 },
		{ "0.5", 500 },
		{ "0.25", 250 },
		{ "1.0009", 1000 },
		{ "0.001", 1 },
		{ "", -1 },
		{ ".5", -1 },
		{ "5.", -1 },
		{ "-1", -1 },
		{ "1e3", -1 },
		{ "0.5s", -1 },
		{ "1.2.3", -1 },
		{ "inf", -1 },
		{ "1 ", -1 },
		{ "99999999999", -1 },
		{ "31622400", 31622400000 },
		{ "31622401", -1 },
		{ "0.00000000000000000000000001", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t msec = -1;
		int r = parse_seconds(rows[i].text, &msec);

		if (r != (rows[i].msec < 0 ? -EINVAL : 0) || msec != rows[i].msec)
			fail_msg("\"%s\": %d, %jd ms", rows[i].text, r, (intmax_t)msec);
	}
}

static void escaping_makes_text_harmless(void **state)
{
	static const struct {
		const char *raw, *escaped;
	} rows[] = {
		{ "", "" },
		{ "plain \"text\" /dev/sda", "plain \"text\" /dev/sda" },
		{ "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\x1b[31mred", "\\x1b[31mred" },
		{ "two\nlines\t", "two\\x0alines\\x09" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* C1: CSI */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc3", "\\xc3" }, /* cut short */
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xe2\x80\xae"
		  "txt",
		  "\\xe2\\x80\\xaetxt" }, /* right to left */
		{ "\x80"
		  "abc",
		  "\\x80"
		  "abc" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = escape(rows[i].raw);

		assert_non_null(text);
		assert_string_equal(text, rows[i].escaped);
	}
}

/* Whatever the bytes, nothing that a terminal acts upon comes out. */
static void escaping_every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 0x10000; i++) {
		char raw[] = { (char)(i >> 8 ?: 'x'), (char)(i & 0xff ?: 'x'), '\0' };
		_cleanup_free_ char *text = escape(raw);

		assert_non_null(text);
		for (const char *c = text; *c; c++)
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				fail_msg("%#x gives a control character", i);
	}
}

static void strings_grow(void **state)
{
	_cleanup_str_ struct str text = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(str_add(&text, "%d,", i % 10), 0);
	assert_int_equal(text.len, 2000);
	assert_int_equal(strlen(text.s), 2000);
	assert_int_equal(str_add_bytes(&text, "a\0b", 3), 0);
	assert_int_equal(text.len, 2003);
	assert_memory_equal(text.s + 2000, "a\0b", 4);
}

static void lists_grow(void **state)
{
	_cleanup_strings_ char **list = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(list_length(NULL), 0);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(list_add((void ***)&list, &n, strf("%zu", i)), 0);
		assert_int_equal(list_length(list), i + 1);
		assert_null(list[i + 1]);
	}
	assert_string_equal(list[77], "77");
}

/* A list that was made elsewhere with just its NULL, as calloc() gives it. */
static void lists_grow_from_an_empty_one(void **state)
{
	char **list = calloc(1, sizeof(*list));
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(list_add((void ***)&list, &n, strf("%zu", i)), 0);
	assert_int_equal(list_length(list), 10);
	strings_free(list);
}

/* -- keyfile.c ----------------------------------------------------------------------- */

static void keyfile_reads_what_people_write(void **state)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	int line = 0;

	(void)state;
	assert_int_equal(
		keyfile_parse("# a comment\n\n a = b=c \nempty=\n[one two]\nkey= v\n"
			      "\tlast=x",
			      &pairs, &n, &line),
		0);
	assert_int_equal(n, 5);
	assert_string_equal(pairs_get(pairs, n, "", "empty"), "");
	assert_string_equal(pairs_get(pairs, n, "one two", "key"), "v");
	assert_string_equal(pairs[2].key, "");
	assert_int_equal(pairs[2].line, 5);
	assert_int_equal(pairs[4].line, 7);
	assert_string_equal(pairs_get(pairs, n, "one two", "last"), "x");
	assert_null(pairs_get(pairs, n, "", "last"));
	assert_null(pairs_get(pairs, n, "", "none"));
	pairs_free(pairs, n);
}

static void keyfile_says_which_line_is_wrong(void **state)
{
	static const struct {
		const char *text;
		int line;
	} rows[] = {
		{ "nothing", 1 },
		{ "a=1\nb\n", 2 },
		{ "=1", 1 },
		{ "a b=1", 1 },
		{ "[]\n", 1 },
		{ "[open\n", 1 },
		{ "a=1\n\n\na=\x01", 4 },
		{ "a=1\r\nb=\x1b[0m\n", 2 },
		{ "a=\x7f", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pair *pairs = NULL;
		size_t n = 0;
		int line = 0, r = keyfile_parse(rows[i].text, &pairs, &n, &line);

		if (r == 0)
			pairs_free(pairs, n);
		if (r != -EINVAL || (line != rows[i].line && !strchr(rows[i].text, '\r')))
			fail_msg("row %zu: %d, line %d", i, r, line);
	}
}

/* Nobody can say whose lines follow a spoilt head. */
static void keyfile_keeps_what_is_spoilt(void **state)
{
	static const char *const sections[] = { "", "one", "one", "", "one" };
	struct pair *pairs = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(keyfile_read("a=1\n[one]\nb\n [two\nc=1\n", &pairs, &n), 0);
	assert_int_equal(n, ARRAY_SIZE(sections));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(pairs[i].section, sections[i]);
		assert_int_equal(pairs[i].line, i + 1);
		assert_int_equal(pair_is_spoilt(&pairs[i]), i == 2 || i == 3);
		assert_int_equal(pair_is_head(&pairs[i]), i == 1);
	}
	pairs_free(pairs, n);
}

static void keyfile_of_nothing(void **state)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	int line;

	(void)state;
	assert_int_equal(keyfile_parse("", &pairs, &n, &line), 0);
	assert_int_equal(n, 0);
	pairs_free(pairs, n);
}

/* -- wait.c -------------------------------------------------------------------------- */

static void deadlines(void **state)
{
	int64_t now = now_msec();

	(void)state;
	assert_int_equal(deadline_in(-1), 0);
	assert_false(deadline_passed(0));
	assert_true(deadline_passed(now));
	assert_false(deadline_passed(now + 10000));
	assert_true(deadline_in(1000) >= now + 1000);
	assert_int_equal(deadline_poll(0), -1);
	assert_int_equal(deadline_poll(now - 5), 0);
	assert_in_range(deadline_poll(now_msec() + 100000), 50000, 100000);
	assert_int_equal(deadline_poll(INT64_MAX), INT32_MAX);
	assert_int_equal(deadline_first(0, 7), 7);
	assert_int_equal(deadline_first(7, 0), 7);
	assert_int_equal(deadline_first(7, 9), 7);
	assert_int_equal(deadline_first(0, 0), 0);
}

static void waiting(void **state)
{
	_cleanup_close_ int data = eventfd(0, EFD_CLOEXEC);
	_cleanup_close_ int cancel = eventfd(0, EFD_CLOEXEC);
	int64_t begin = now_msec();

	(void)state;
	assert_int_equal(wait_readable(data, cancel, deadline_in(20)), 0);
	assert_true(now_msec() - begin >= 20);
	assert_int_equal(wait_readable(-1, -1, deadline_in(1)), 0);
	assert_int_equal(eventfd_write(data, 1), 0);
	assert_int_equal(wait_readable(data, cancel, 0), 1);
	assert_int_equal(wait_readable(data, -1, deadline_in(0)), 1);
	assert_int_equal(eventfd_write(cancel, 1), 0);
	assert_int_equal(wait_readable(-1, cancel, 0), -ECANCELED);
	assert_int_equal(wait_readable(data, cancel, 0), -ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(chomp_cuts_the_end_only),
		cmocka_unit_test(numbers),
		cmocka_unit_test(seconds),
		cmocka_unit_test(escaping_makes_text_harmless),
		cmocka_unit_test(escaping_every_pair_of_bytes),
		cmocka_unit_test(strings_grow),
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(lists_grow_from_an_empty_one),
		cmocka_unit_test(keyfile_reads_what_people_write),
		cmocka_unit_test(keyfile_says_which_line_is_wrong),
		cmocka_unit_test(keyfile_keeps_what_is_spoilt),
		cmocka_unit_test(keyfile_of_nothing),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
