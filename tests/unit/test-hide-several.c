/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hide and return of several devices: groups, with consent and held by a guest, and
 * devices that are independent, side by side.
 */
#include "engine.h"

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
static const struct engine_state hidden = { "vfio-pci", "vfio-pci" };

static int fresh(void **state)
{
	(void)state;
	engine_fresh(fixture);
	return 0;
}

static struct engine_result hide(const char *device)
{
	return engine_run(
		&(struct engine_call){ .verb = ENGINE_HIDE, .devices = { device } });
}

static void refuse(const char *what, const struct engine_call *call, int error)
{
	struct engine_result result;

	model_reset();
	result = engine_run(call);
	engine_expect_error(what, &result, error);
	if (*model_control()->log)
		fail_msg("%s: wrote %s", what, model_control()->log);
}

static void a_group_together(void **state)
{
	struct engine_result result;

	(void)state;
	result = engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
						   .devices = { PAIR1, PAIR0 } });
	engine_expect_error("both", &result, 0);
	engine_expect(fixture, "both", PAIR0, hidden);
	engine_expect(fixture, "both", PAIR1, hidden);
	/* In the order in which they were named. */
	assert_string_equal(result.progress, "Unbinding " PAIR1 " from host\n"
					     "Binding " PAIR1 " to vfio-pci\n"
					     "Unbinding " PAIR0 " from host\n"
					     "Binding " PAIR0 " to vfio-pci\n");
	result = engine_run(&(struct engine_call){ .verb = ENGINE_RETURN,
						   .devices = { PAIR0, PAIR1 } });
	engine_expect_error("back", &result, 0);
	engine_expect(fixture, "back", PAIR0, on_host);
	engine_expect(fixture, "back", PAIR1, on_host);
	assert_false(fixture_exists(fixture, "/dev/vfio/12"));
}

/*
 * Their kernel calls would wait for one another: the second begins when the first is
 * done.
 */
static void one_after_another(void **state)
{
	const char *first, *second, *log = model_control()->log;
	struct engine_result result;

	(void)state;
	strcpy(model_control()->slow, PAIR0 "/driver_override");
	result = engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
						   .devices = { PAIR0, PAIR1 } });
	engine_expect_error("both", &result, 0);
	first = strstr(log, "/vfio-pci/bind<-" PAIR0);
	second = strstr(log, PAIR1 "/driver_override<-");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
}

static void a_group_by_consent(void **state)
{
	struct engine_result result;

	(void)state;
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { PAIR0 }, .groups = true });
	engine_expect_error("group", &result, 0);
	engine_expect(fixture, "group", PAIR1, hidden);
}

/* A sibling without a driver does no harm, and is not touched. */
static void a_sibling_without_driver(void **state)
{
	static const struct engine_state bare = { "", "" };
	struct engine_result result;

	(void)state;
	engine_put(fixture, PAIR1, bare);
	result = hide(PAIR0);
	engine_expect_error("bare sibling", &result, 0);
	engine_expect(fixture, "bare sibling", PAIR1, bare);
	assert_null(strstr(model_control()->log, PAIR1));
}

static void half_of_a_held_group(void **state)
{
	(void)state;
	engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
					  .devices = { PAIR0, PAIR1 } });
	fixture_write(fixture, "/model/open/12", "%s", "");
	refuse("the other is open",
	       &(struct engine_call){ .verb = ENGINE_RETURN, .devices = { PAIR0 } },
	       -EBUSY);
	engine_expect(fixture, "the other is open", PAIR0, hidden);
}

static void side_by_side(void **state)
{
	struct engine_result result;

	(void)state;
	engine_put(fixture, SIDE1, (struct engine_state){ "host2", "none" });
	engine_put(fixture, SIDE2, (struct engine_state){ "", "" });
	result = engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
						   .devices = { SIDE2, SIDE0, SIDE1 } });
	engine_expect_error("three", &result, 0);
	engine_expect(fixture, "three", SIDE0, hidden);
	engine_expect(fixture, "three", SIDE1, hidden);
	engine_expect(fixture, "three", SIDE2, hidden);
	assert_string_equal(result.progress, "Binding " SIDE2 " to vfio-pci\n"
					     "Unbinding " SIDE0 " from host\n"
					     "Binding " SIDE0 " to vfio-pci\n"
					     "Unbinding " SIDE1 " from host2\n"
					     "Binding " SIDE1 " to vfio-pci\n");
	result = engine_run(&(struct engine_call){ .verb = ENGINE_RETURN,
						   .devices = { SIDE0, SIDE1, SIDE2 } });
	engine_expect_error("back", &result, 0);
	engine_expect(fixture, "back", SIDE0, on_host);
	engine_expect(fixture, "back", SIDE1, (struct engine_state){ "host2", "none" });
	engine_expect(fixture, "back", SIDE2, (struct engine_state){ "", "" });
}

/* One transaction per device: one that is held does not keep the others. */
static void return_goes_on_to_the_next(void **state)
{
	struct engine_result result;

	(void)state;
	engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
					  .devices = { SIDE0, SIDE1, SIDE2 } });
	fixture_write(fixture, "/model/open/14", "%s", "");
	result = engine_run(&(struct engine_call){ .verb = ENGINE_RETURN,
						   .devices = { SIDE0, SIDE1, SIDE2 } });
	engine_expect_error("one is held", &result, -EBUSY);
	engine_expect(fixture, "one is held", SIDE0, on_host);
	engine_expect(fixture, "one is held", SIDE1, hidden);
	engine_expect(fixture, "one is held", SIDE2, on_host);
	assert_true(engine_has_record(fixture, SIDE1));
	assert_false(engine_has_record(fixture, SIDE2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_group_together, fresh),
		cmocka_unit_test_setup(one_after_another, fresh),
		cmocka_unit_test_setup(a_group_by_consent, fresh),
		cmocka_unit_test_setup(a_sibling_without_driver, fresh),
		cmocka_unit_test_setup(half_of_a_held_group, fresh),
		cmocka_unit_test_setup(side_by_side, fresh),
		cmocka_unit_test_setup(return_goes_on_to_the_next, fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
