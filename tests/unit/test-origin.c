/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that the boot has claimed before anybody could look: hide records that nobody knows
 * what they were, and return gives them to the driver that their ids ask for.
 */
#include "engine.h"

#include "host/config.h"

#include <sys/stat.h>

static struct fixture *fixture;

static const struct engine_state hidden = { "vfio-pci", "vfio-pci" };
static const struct engine_state fits = { "late", "" };
static const struct engine_call hide_lone = { .verb = ENGINE_HIDE, .devices = { LONE } };
static const struct engine_call return_lone = { .verb = ENGINE_RETURN,
						.devices = { LONE } };

/* A host of its own for each test: what was loaded stays loaded. */
static int set_up(void **state)
{
	static const char *const modules[] = { "late", "late 8086:10d3", NULL };

	(void)state;
	fixture = engine_host();
	fixture_modules(fixture, modules);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

/* Notes of a boot that has claimed @lines, and the state in which it has left LONE. */
static void booted(const char *lines, struct engine_state state)
{
	_cleanup_free_ char *folder = fixture_path(fixture, "/run/vfioprep");

	engine_put(fixture, LONE, state);
	fixture_write(fixture, EARLY_FILE, "%s", lines);
	assert_int_equal(chmod(folder, 0755), 0);
}

static void run_well(const char *what, const struct engine_call *call,
		     struct engine_state wanted)
{
	struct engine_result result = engine_run(call);

	engine_expect_error(what, &result, 0);
	engine_expect(fixture, what, LONE, wanted);
}

static void expect_original(const char *driver)
{
	_cleanup_free_ char *found = engine_record(fixture, LONE, "orig.driver");
	_cleanup_free_ char *override =
		engine_record(fixture, LONE, "orig.driver_override");

	assert_non_null(found);
	assert_string_equal(found, driver);
	assert_string_equal(override, streq(driver, "(unknown)") ? "" : "vfio-pci");
}

static void hide_records_that_nobody_knows(void **state)
{
	(void)state;
	booted(SIDE0 " vfio-pci initramfs\n" LONE " vfio-pci initramfs\n", hidden);
	run_well("hide", &hide_lone, hidden);
	expect_original("(unknown)");
	run_well("hide again", &hide_lone, hidden);
	expect_original("(unknown)");
	run_well("return", &return_lone, fits);
	assert_false(engine_has_record(fixture, LONE));
}

/* The driver could not be loaded that early: the override is all that it has. */
static void claimed_without_a_driver(void **state)
{
	(void)state;
	booted(LONE " vfio-pci udev\n", (struct engine_state){ "", "vfio-pci" });
	run_well("hide", &hide_lone, hidden);
	expect_original("(unknown)");
	run_well("return", &return_lone, fits);
}

static void return_before_anything_was_recorded(void **state)
{
	(void)state;
	booted(LONE " vfio-pci initramfs\n", hidden);
	run_well("return", &return_lone, fits);
}

/* The same address is claimed, but not as it is now, or by nobody. */
static void what_was_not_left_by_the_boot(void **state)
{
	static const char *const notes[] = { "", SIDE0 " vfio-pci initramfs\n",
					     LONE " pci-stub initramfs\n",
					     LONE " vfio-pci\n", "\n \nvfio-pci\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		engine_fresh(fixture);
		booted(notes[i], hidden);
		run_well("hide", &hide_lone, hidden);
		expect_original("vfio-pci");
		run_well("return", &return_lone, hidden);
	}
}

/* Given back since, and hidden again: now it is known. */
static void what_it_was_since_is_known(void **state)
{
	static const struct engine_state on_host = { "host", "" };

	(void)state;
	booted(LONE " vfio-pci initramfs\n", on_host);
	run_well("hide", &hide_lone, hidden);
	run_well("return", &return_lone, on_host);
}

static void notes_of_others_are_not_believed(void **state)
{
	_cleanup_free_ char *path = NULL;

	(void)state;
	booted(LONE " vfio-pci initramfs\n", hidden);
	path = fixture_path(fixture, EARLY_FILE);
	assert_int_equal(chmod(path, 0666), 0);
	run_well("hide", &hide_lone, hidden);
	expect_original("vfio-pci");
}

static void no_module_fits(void **state)
{
	static const char *const modules[] = { "other", "other 8086:1533", NULL };
	struct engine_result result;

	(void)state;
	fixture_modules(fixture, modules);
	booted(LONE " vfio-pci initramfs\n", hidden);
	run_well("hide", &hide_lone, hidden);
	result = engine_run(&return_lone);
	engine_expect_error("return", &result, 0);
	engine_expect(fixture, "return", LONE, (struct engine_state){ "", "" });
	assert_non_null(strstr(result.findings, "no module asks for a device like this"));
}

static void notes_are_appended(void **state)
{
	_cleanup_free_ char *driver = NULL, *by = NULL;
	struct vfp_ctx *ctx = NULL;

	(void)state;
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(early_find(ctx, LONE, &driver, &by), -ENOENT);
	assert_int_equal(early_add(ctx, LONE, "pci-stub", "initramfs"), 0);
	assert_int_equal(early_add(ctx, SIDE0, "vfio-pci", "udev"), 0);
	assert_int_equal(early_add(ctx, LONE, "vfio-pci", "udev"), 0);
	assert_int_equal(early_find(ctx, LONE, &driver, &by), 0);
	assert_string_equal(driver, "vfio-pci");
	assert_string_equal(by, "udev");
	vfp_ctx_free(ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hide_records_that_nobody_knows),
		TEST(claimed_without_a_driver),
		TEST(return_before_anything_was_recorded),
		TEST(what_was_not_left_by_the_boot),
		TEST(what_it_was_since_is_known),
		TEST(notes_of_others_are_not_believed),
		TEST(no_module_fits),
		TEST(notes_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
