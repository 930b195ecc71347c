/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every cell of the table of dialects and kinds: what hotplug-requests.h asks for is
 * rendered and compared with golden/DIALECT/KIND.attach and .detach; a refusal is part of
 * the text. The walk goes over the table, so a cell without its text fails.
 *
 * Runs from the top of the tree. With VFIOPREP_GOLDEN=write in the environment the
 * golden texts are written anew; read the difference before believing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/guest.h"
#include "hotplug-requests.h"

#include <sys/stat.h>

#ifndef GOLDEN
#define GOLDEN "tests/unit/golden"
#endif

static struct vfp_hotplug *make(const struct cell_request *request)
{
	struct vfp_hotplug *hotplug = NULL;

	assert_int_equal(vfp_hotplug_new(request->kind, request->id, &hotplug), 0);
	for (const char *const *s = request->settings; *s; s++) {
		const char *equals = strchr(*s, '=');
		_cleanup_free_ char *key = strndup(*s, (size_t)(equals - *s));

		assert_int_equal(vfp_hotplug_set(hotplug, key, equals + 1), 0);
	}
	return hotplug;
}

static void add_rendering(struct str *all, const struct cell_request *request,
			  const char *dialect, enum vfp_action action)
{
	struct vfp_hotplug *hotplug = make(request);
	_cleanup_free_ char *why = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int error;

	assert_non_null(out);
	error = vfp_hotplug_render(hotplug, dialect, action, out, &why);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(str_add(all, "# %s\n%s", request->name, text), 0);
	if (error < 0) {
		assert_true(error == -EINVAL || error == -EOPNOTSUPP);
		assert_string_equal(text, "");
		assert_non_null(why);
		str_add(all, "%s: %s\n", error == -EINVAL ? "EINVAL" : "EOPNOTSUPP", why);
	}
	free(text);
	vfp_hotplug_free(hotplug);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!file)
		fail_msg("%s is missing: this cell has no golden text", path);
	assert_true(getdelim(&text, &room, '\0', file) > 0);
	fclose(file);
	return text;
}

static void write_file(const char *dialect, const char *path, const char *text)
{
	_cleanup_free_ char *folder = strf(GOLDEN "/%s", dialect);
	FILE *file;

	mkdir(folder, 0777);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A line at a time, so that a failure shows the line and not two books. */
static void assert_same_text(const char *path, char *is, char *wanted)
{
	char *is_rest = is, *wanted_rest = wanted, *a, *b;

	do {
		a = strsep(&is_rest, "\n");
		b = strsep(&wanted_rest, "\n");
		if (!streq(nonnull(a), nonnull(b)))
			print_message("in %s\n", path);
		assert_string_equal(nonnull(a), nonnull(b));
	} while (a && b);
	assert_true(!a && !b);
}

static void compare_cell(const char *dialect, enum kind kind, enum vfp_action action)
{
	const char *mode = getenv("VFIOPREP_GOLDEN"), *name = hotplug_kind_name(kind);
	_cleanup_free_ char *path = strf(GOLDEN "/%s/%s.%s", dialect, name,
					 action == VFP_ATTACH ? "attach" : "detach");
	_cleanup_str_ struct str all = { 0 };
	_cleanup_free_ char *wanted = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cell_requests); i++)
		if (streq(cell_requests[i].kind, name))
			add_rendering(&all, &cell_requests[i], dialect, action);
	if (!all.s)
		fail_msg("kind %s has no request in hotplug-requests.h", name);
	if (mode && streq(mode, "write"))
		write_file(dialect, path, all.s);
	wanted = read_file(path);
	assert_same_text(path, all.s, wanted);
}

static void every_cell_says_what_its_golden_text_says(void **state)
{
	(void)state;
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
		for (int kind = 0; kind < _KIND_MAX; kind++) {
			compare_cell(*dialect, kind, VFP_ATTACH);
			compare_cell(*dialect, kind, VFP_DETACH);
		}
}

/* What cannot be said has a reason of its own, for --list. */
static void what_cannot_be_said_has_its_reason(void **state)
{
#define TABLE(symbol, name) { name, &dialect_##symbol },
	static const struct {
		const char *name;
		const struct dialect *dialect;
	} all[] = { DIALECTS(TABLE) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (int kind = 0; kind < _KIND_MAX; kind++)
			for (int action = VFP_ATTACH; action <= VFP_DETACH; action++) {
				const struct cell *cell =
					&all[i].dialect->cells[kind][action];

				if (!cell->compile == !cell->why_not)
					fail_msg("%s, %s, action %d", all[i].name,
						 hotplug_kind_name(kind), action);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_says_what_its_golden_text_says),
		cmocka_unit_test(what_cannot_be_said_has_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
