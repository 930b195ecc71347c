/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records that cannot be trusted, in the hands of the engine: cut short, of a later
 * version, of another boot or device, in a folder that others can write. They are
 * reported, and never acted upon.
 */
#include "engine.h"

#include <sys/stat.h>

static struct fixture *fixture;

static int set_up(void **state)
{
	(void)state;
	fixture = engine_host();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

static const struct engine_state on_host = { "host", "" };

static const struct engine_call hide_lone = { .verb = ENGINE_HIDE, .devices = { LONE } };
static const struct engine_call recover = { .verb = ENGINE_RECOVER };

static void begin(const char *device, struct engine_state state)
{
	model_reset();
	engine_forget(fixture);
	engine_put(fixture, device, state);
}

/* -- records that cannot be trusted -------------------------------------------------- */

/* Saved text with one line replaced; "" removes all that follows. */
static void spoil_record(const char *line, const char *replacement)
{
	_cleanup_free_ char *text = fixture_read(fixture, RECORD_DIR "/" LONE);
	char *found = strstr(text, line);

	assert_non_null(found);
	*found = '\0';
	fixture_write(fixture, RECORD_DIR "/" LONE, "%s%s%s", text, replacement,
		      *replacement ? strchr(found + 1, '\n') : "");
}

/* Whatever is asked, a record that cannot be used is reported, and never acted upon. */
static void expect_reported(const char *what, bool stale)
{
	static const enum engine_verb verbs[] = { ENGINE_RECOVER, ENGINE_RETURN,
						  ENGINE_HIDE };
	_cleanup_free_ char *before = fixture_read(fixture, RECORD_DIR "/" LONE);
	struct engine_state state = engine_get(fixture, LONE);

	for (size_t i = 0; i < ARRAY_SIZE(verbs) - (stale ? 1 : 0); i++) {
		struct engine_call call = { .verb = verbs[i] };
		_cleanup_free_ char *after = NULL;
		struct engine_result result;

		call.devices[0] = verbs[i] == ENGINE_RECOVER ? NULL : LONE;
		model_reset();
		result = engine_run(&call);
		engine_expect_error(what, &result, -EPERM);
		assert_non_null(strstr(result.findings, "record"));
		engine_expect(fixture, what, LONE, state);
		assert_int_equal(model_control()->points, 0);
		after = fixture_read(fixture, RECORD_DIR "/" LONE);
		assert_string_equal(before, after);
	}
}

static void records_that_cannot_be_used(void **state)
{
	static const struct {
		const char *what, *line, *replacement;
		bool stale;
	} rows[] = {
		{ "cut short", "goal.driver=", "", false },
		{ "without its end", "\nend\n", "", false },
		{ "future version", "vfioprep 1", "vfioprep 2", false },
		{ "nothing of ours", "vfioprep 1", "[something else]", false },
		{ "a driver that is a way out", "orig.driver=host", "orig.driver=../../x",
		  false },
		{ "a module with a newline", "orig.module=", "orig.module=a\\x0ab",
		  false },
		{ "a driver that is no name", "goal.driver=", "goal.driver=..", false },
		{ "another boot", "boot=", "boot=0", true },
		{ "another device", "identity=", "identity=pci:v00001234", true },
	};
	static const char *const phases[] = { "hidden", "hiding", "returning" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < ARRAY_SIZE(phases); j++) {
			_cleanup_free_ char *phase = strf("phase=%s", phases[j]);

			begin(LONE, on_host);
			engine_run(&hide_lone);
			spoil_record("phase=", phase);
			spoil_record(rows[i].line, rows[i].replacement);
			expect_reported(rows[i].what, rows[i].stale);
		}
}

/* Whoever looks at it with an editor sees more than what would be acted upon. */
static void a_record_with_more_behind_a_zero_byte(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, RECORD_DIR "/" LONE);
	FILE *file;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	file = fopen(path, "ae");
	assert_non_null(file);
	assert_int_equal(fwrite("\0for=x\n", 1, 8, file), 8);
	fclose(file);
	expect_reported("a zero byte", false);
}

static void an_empty_record(void **state)
{
	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	fixture_write(fixture, RECORD_DIR "/" LONE, "%s", "");
	expect_reported("empty", false);
}

/* After a reboot the old record says nothing: hiding begins anew, and says so. */
static void hide_replaces_a_stale_record(void **state)
{
	_cleanup_free_ char *original = NULL;
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	spoil_record("boot=", "boot=0");
	engine_put(fixture, LONE, (struct engine_state){ "host2", "" });
	result = engine_run(&hide_lone);
	engine_expect_error("stale", &result, 0);
	assert_non_null(strstr(result.findings, "record"));
	original = engine_record(fixture, LONE, "orig.driver");
	assert_string_equal(original, "host2");
}

static void recover_drops_the_record_of_a_device_that_is_gone(void **state)
{
	static const char *const link = "/sys/bus/pci/devices/" LONE;
	_cleanup_free_ char *path = fixture_device_path(fixture, LONE);
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	fixture_remove(fixture, link);
	result = engine_run(&recover);
	engine_expect_error("gone", &result, 0);
	assert_false(engine_has_record(fixture, LONE));
	fixture_link(fixture, link, path);
	begin(LONE, on_host);
}

/* --dry-run changes nothing, records included. */
static void printing_drops_no_record(void **state)
{
	static const char *const link = "/sys/bus/pci/devices/" LONE;
	_cleanup_free_ char *path = fixture_device_path(fixture, LONE);
	struct vfp_finding **findings = NULL;
	struct vfp_plan *plan = NULL;
	struct vfp_ctx *ctx = NULL;
	FILE *out = fopen("/dev/null", "we");

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	fixture_remove(fixture, link);
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_plan_new(ctx, &plan), 0);
	assert_int_equal(vfp_plan_recover(plan), 0);
	assert_int_equal(vfp_plan_print(plan, out, &findings), 0);
	assert_non_null(findings[0]);
	assert_string_equal(findings[0]->kind, "gone");
	assert_true(engine_has_record(fixture, LONE));
	vfp_findings_free(findings);
	vfp_plan_free(plan);
	vfp_ctx_free(ctx);
	fclose(out);
	fixture_link(fixture, link, path);
	begin(LONE, on_host);
}

/* In a dump a driver can have any name; the script must not become another one by it. */
static void printed_names_are_one_word(void **state)
{
	static const char *const name = "a b;$(c)'d\n\033e";
	_cleanup_free_ char *driver = strf("/sys/bus/pci/drivers/%s", name);
	_cleanup_free_ char *device = fixture_device_path(fixture, LONE);
	_cleanup_free_ char *text = NULL;
	struct vfp_finding **findings = NULL;
	struct vfp_plan *plan = NULL;
	struct vfp_ctx *ctx = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	begin(LONE, on_host);
	fixture_mkdir(fixture, driver);
	fixture_link_in(fixture, device, "driver", driver);
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_plan_new(ctx, &plan), 0);
	assert_int_equal(vfp_plan_hide(plan, LONE, NULL), 0);
	assert_int_equal(vfp_plan_print(plan, out, &findings), 0);
	fclose(out);
	assert_non_null(strstr(text, "# " LONE ": a b;$(c)'d\\x0a\\x1be to vfio-pci\n"));
	assert_non_null(strstr(
		text, " > '/sys/bus/pci/drivers/a b;$(c)'\\''d\\x0a\\x1be/unbind'\n"));
	vfp_findings_free(findings);
	vfp_plan_free(plan);
	vfp_ctx_free(ctx);
	fixture_link_in(fixture, device, "driver", "/sys/bus/pci/drivers/host");
	fixture_remove(fixture, driver);
	begin(LONE, on_host);
}

/* "01:00" and "1:0.0" are addresses to a person, and no record's name. */
static void files_that_are_no_records_are_left_alone(void **state)
{
	static const char *const names[] = { "01:00", "01:00.0", "0000:77:00.*", "x" };
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = strf(RECORD_DIR "/%s", names[i]);

		fixture_write(fixture, path, "vfioprep 1\nend\n");
		result = engine_run(&recover);
		engine_expect_error(names[i], &result, -EPERM);
		assert_non_null(strstr(result.findings, "no device's"));
		assert_true(fixture_exists(fixture, "%s", path));
		fixture_remove(fixture, path);
	}
}

/* Of a device with and without a record: it has no effect, and recover clears it away. */
static void recover_clears_what_a_killed_save_left(void **state)
{
	static const char *const left = RECORD_DIR "/." LONE ".new";
	_cleanup_free_ char *path = fixture_path(fixture, "%s", left);

	(void)state;
	for (int recorded = 0; recorded < 2; recorded++) {
		struct engine_result result;

		begin(LONE, on_host);
		fixture_mkdir(fixture, RECORD_DIR);
		if (recorded)
			engine_run(&hide_lone);
		fixture_write(fixture, left, "%s", "vfioprep 1\ndev");
		result = engine_run(&recover);
		engine_expect_error("left over", &result, 0);
		assert_string_equal(result.findings, "");
		assert_int_not_equal(access(path, F_OK), 0);
		assert_int_equal(engine_has_record(fixture, LONE), recorded);
	}
}

/* Nothing of it had been written yet; the record alone was there. */
static void recover_says_what_was_not_begun(void **state)
{
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	spoil_record("phase=", "phase=hiding");
	engine_put(fixture, LONE, on_host);
	result = engine_run(&recover);
	engine_expect_error("not begun", &result, 0);
	assert_non_null(strstr(result.findings, "note original " LONE));
	assert_false(engine_has_record(fixture, LONE));
}

/* Bound, but the node was not given to whom it should be: the hiding was not complete. */
static void recover_undoes_without_the_nodes_owner(void **state)
{
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	spoil_record("phase=", "phase=hiding\ngoal.node_owner=4711:-1");
	result = engine_run(&recover);
	engine_expect_error("owner", &result, 0);
	engine_expect(fixture, "owner", LONE, on_host);
	assert_false(engine_has_record(fixture, LONE));
}

static void a_state_folder_that_is_not_ours_alone(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, "%s", STATE_DIR);
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	fixture_mkdir(fixture, STATE_DIR);
	assert_int_equal(chmod(path, 0777), 0);
	model_reset();
	result = engine_run(&hide_lone);
	engine_expect_error("0777", &result, -EPERM);
	assert_int_equal(model_control()->points, 0);
	engine_expect(fixture, "0777", LONE, on_host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_that_cannot_be_used),
		cmocka_unit_test(a_record_with_more_behind_a_zero_byte),
		cmocka_unit_test(an_empty_record),
		cmocka_unit_test(hide_replaces_a_stale_record),
		cmocka_unit_test(recover_drops_the_record_of_a_device_that_is_gone),
		cmocka_unit_test(recover_clears_what_a_killed_save_left),
		cmocka_unit_test(recover_says_what_was_not_begun),
		cmocka_unit_test(recover_undoes_without_the_nodes_owner),
		cmocka_unit_test(printing_drops_no_record),
		cmocka_unit_test(printed_names_are_one_word),
		cmocka_unit_test(files_that_are_no_records_are_left_alone),
		cmocka_unit_test(a_state_folder_that_is_not_ours_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
