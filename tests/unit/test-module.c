/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers that are not there yet: hide and return load the module that brings them, in a
 * child, as a step that can fail, hang or be killed like any other.
 */
#include "engine.h"

static struct fixture *fixture;

static const struct engine_state on_host = { "host", "" };
static const struct engine_state hidden = { "vfio-pci", "vfio-pci" };
static const struct engine_call hide_lone = { .verb = ENGINE_HIDE, .devices = { LONE } };
static const struct engine_call return_lone = { .verb = ENGINE_RETURN,
						.devices = { LONE } };
static const struct engine_call recover = { .verb = ENGINE_RECOVER };

/* A host of its own for each test: what was loaded stays loaded. */
static int set_up(void **state)
{
	static const char *const modules[] = {
		"vfio_pci",        "vfio-pci", "mlx5_vfio_pci",
		"mlx5_vfio_pci",   "late",     "late 8086:10d3",
		"broken_vfio_pci", "fail 8",   NULL
	};

	(void)state;
	fixture = engine_host();
	fixture_modules(fixture, modules);
	fixture_remove(fixture, "/sys/bus/pci/drivers/vfio-pci");
	fixture_remove(fixture, "/sys/module/vfio_pci");
	fixture_remove(fixture, "/model/match/vfio-pci");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

static void vfio_pci_is_loaded(void **state)
{
	struct engine_result result;

	(void)state;
	result = engine_run(&hide_lone);
	engine_expect_error("hide", &result, 0);
	engine_expect(fixture, "hide", LONE, hidden);
	assert_true(startswith(model_control()->log, "load<-vfio_pci\n"));
	result = engine_run(&return_lone);
	engine_expect_error("return", &result, 0);
	engine_expect(fixture, "return", LONE, on_host);
}

static void a_variant_is_loaded(void **state)
{
	static const struct engine_state wanted = { "mlx5_vfio_pci", "mlx5_vfio_pci" };
	struct engine_call call = hide_lone;
	struct engine_result result;

	(void)state;
	call.driver = "mlx5_vfio_pci";
	result = engine_run(&call);
	engine_expect_error("hide", &result, 0);
	engine_expect(fixture, "hide", LONE, wanted);
}

static void it_cannot_be_loaded(void **state)
{
	struct engine_call call = hide_lone;
	struct engine_result result;

	(void)state;
	call.driver = "broken_vfio_pci";
	result = engine_run(&call);
	engine_expect_error("broken", &result, -ECANCELED);
	engine_expect(fixture, "broken", LONE, on_host);
	assert_string_equal(model_control()->log, "");
	assert_non_null(strstr(result.findings, "module"));
	assert_false(engine_has_record(fixture, LONE));
}

static void there_is_no_such_module(void **state)
{
	struct engine_call call = hide_lone;
	struct engine_result result;

	(void)state;
	call.driver = "xe-vfio-pci";
	result = engine_run(&call);
	engine_expect_error("none", &result, -EPERM);
	assert_string_equal(model_control()->log, "");
}

static void loading_is_killed(void **state)
{
	struct engine_call call = hide_lone;

	(void)state;
	call.apart = true;
	for (int victims = MODEL_CHILD; victims <= MODEL_BOTH; victims++) {
		struct model_control *control = model_reset();

		control->action = MODEL_KILL;
		control->victims = victims;
		control->at = 1;
		engine_run(&call);
		assert_true(model_control()->done);
		engine_run(&recover);
		if (!engine_at_rest(fixture, LONE, on_host))
			fail_msg("victims %d: %s", victims,
				 engine_show(engine_get(fixture, LONE)));
		fixture_free(fixture);
		set_up(state);
	}
}

/* The driver that it had has been removed meanwhile: it is loaded again. */
static void the_original_driver_is_loaded(void **state)
{
	static const struct engine_state original = { "late", "" };
	struct engine_result result;

	(void)state;
	fixture_driver(fixture, "late", "late", "8086:10d3");
	engine_put(fixture, LONE, original);
	result = engine_run(&hide_lone);
	engine_expect_error("hide", &result, 0);
	fixture_remove(fixture, "/sys/bus/pci/drivers/late");
	fixture_remove(fixture, "/sys/module/late");
	fixture_remove(fixture, "/model/match/late");
	model_reset();
	result = engine_run(&return_lone);
	engine_expect_error("return", &result, 0);
	engine_expect(fixture, "return", LONE, original);
	assert_true(startswith(model_control()->log, "load<-late\n"));
}

/* Nobody knows what it was on, but its ids tell what it wants. */
static void the_driver_that_its_ids_ask_for(void **state)
{
	struct engine_call call = return_lone;
	struct engine_result result;

	(void)state;
	engine_put(fixture, LONE, (struct engine_state){ "pci-stub", "pci-stub" });
	call.driver = "auto";
	result = engine_run(&call);
	engine_expect_error("auto", &result, 0);
	engine_expect(fixture, "auto", LONE, (struct engine_state){ "late", "" });
	assert_true(startswith(model_control()->log, "load<-late\n"));
}

/* A driver that registers takes every driverless match, so that has to be agreed to. */
static void loading_would_take_another_device(void **state)
{
	static const struct engine_state bare = { "", "" };
	struct engine_result result;

	(void)state;
	fixture_driver(fixture, "late", "late", "8086:10d3");
	engine_put(fixture, LONE, (struct engine_state){ "late", "" });
	engine_put(fixture, SIDE0, bare);
	engine_run(&hide_lone);
	fixture_remove(fixture, "/sys/bus/pci/drivers/late");
	fixture_remove(fixture, "/sys/module/late");
	fixture_remove(fixture, "/model/match/late");
	model_reset();
	result = engine_run(&return_lone);
	engine_expect_error("return", &result, -EPERM);
	assert_non_null(strstr(result.findings, SIDE0));
	engine_expect(fixture, "return", SIDE0, bare);
	engine_expect(fixture, "return", LONE, hidden);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vfio_pci_is_loaded),
		TEST(a_variant_is_loaded),
		TEST(it_cannot_be_loaded),
		TEST(there_is_no_such_module),
		TEST(loading_is_killed),
		TEST(the_original_driver_is_loaded),
		TEST(the_driver_that_its_ids_ask_for),
		TEST(loading_would_take_another_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
