/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong without a crash: a write that fails, everywhere and with several
 * errnos, in one device and in one of three; roll-back that fails as well; cancelling; a
 * probe that fails; records that cannot be trusted. Afterwards everything is as it was
 * found, or the record is still there and the caller was told so.
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
static const int errnos[] = { EBUSY, ENODEV, EINVAL, EIO };

static const struct engine_call hide_lone = { .verb = ENGINE_HIDE, .devices = { LONE } };
static const struct engine_call return_lone = { .verb = ENGINE_RETURN,
						.devices = { LONE } };
static const struct engine_call recover = { .verb = ENGINE_RECOVER };

static void begin(const char *device, struct engine_state state)
{
	model_reset();
	engine_forget(fixture);
	engine_put(fixture, device, state);
}

static void fail_at(unsigned int point, int error, bool onwards)
{
	struct model_control *control = model_reset();

	control->action = MODEL_FAIL;
	control->at = point;
	control->error = error;
	control->onwards = onwards;
}

/* -- one write that fails ------------------------------------------------------------ */

/* Where a call begins: @original, or what hiding that has led to. */
struct start {
	struct engine_state original, found;
	char *record;
};

static struct start prepare(struct engine_state original, bool returning)
{
	struct start start = { .original = original, .found = original };

	begin(LONE, original);
	if (!returning)
		return start;
	engine_run(&hide_lone);
	start.found = engine_get(fixture, LONE);
	start.record = fixture_read(fixture, RECORD_DIR "/" LONE);
	return start;
}

static void begin_again(const struct start *start)
{
	begin(LONE, start->found);
	if (start->record)
		fixture_write(fixture, RECORD_DIR "/" LONE, "%s", start->record);
}

/*
 * A transaction that was put back; or a return whose last step, the record, has failed.
 */
static void check_failure(const char *what, const struct start *start,
			  const struct engine_result *result)
{
	bool back = result->error == 0 && start->record;

	engine_expect_error(what, result, back ? 0 : -ECANCELED);
	engine_expect(fixture, what, LONE, back ? start->original : start->found);
	assert_int_equal(engine_has_record(fixture, LONE), start->record != NULL);
	assert_string_not_equal(result->findings, "");
	if (!back)
		assert_string_equal(result->progress, "");
}

/* At each point of hide, or return, until there is no more. */
static void fail_everywhere(struct engine_state original, bool returning, int error)
{
	struct start start = prepare(original, returning);

	for (unsigned int point = 1;; point++) {
		struct engine_result result;
		char what[160];

		begin_again(&start);
		fail_at(point, error, false);
		result = engine_run(returning ? &return_lone : &hide_lone);
		if (!model_control()->done)
			break;
		snprintf(what, sizeof(what), "original %s, %s, %s at point %u",
			 engine_show(original), returning ? "return" : "hide",
			 strerrorname_np(error), point);
		check_failure(what, &start, &result);
	}
	free(start.record);
}

static void a_write_of_hide_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < engine_states(); i++)
		fail_everywhere(engine_nth(i), false, errnos[i % ARRAY_SIZE(errnos)]);
}

static void a_write_of_return_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < engine_states(); i++)
		fail_everywhere(engine_nth(i), true, errnos[i % ARRAY_SIZE(errnos)]);
}

static void with_each_errno(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		fail_everywhere(on_host, false, errnos[i]);
		fail_everywhere(on_host, true, errnos[i]);
	}
}

/* A failed return is hidden as before, and can be tried again. */
static void a_failed_return_can_be_repeated(void **state)
{
	struct engine_result result;

	(void)state;
	begin(LONE, on_host);
	engine_run(&hide_lone);
	fail_at(3, EBUSY, false);
	result = engine_run(&return_lone);
	engine_expect_error("failed", &result, -ECANCELED);
	model_reset();
	result = engine_run(&return_lone);
	engine_expect_error("again", &result, 0);
	engine_expect(fixture, "again", LONE, on_host);
	assert_false(engine_has_record(fixture, LONE));
}

/* -- nothing works any more ---------------------------------------------------------- */

/*
 * From some point on every write fails: it cannot be put back, and recover does it later.
 */
static void roll_back_fails_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < engine_states(); i++)
		for (unsigned int point = 1;; point++) {
			struct engine_state original = engine_nth(i), now;
			struct engine_result result;
			char what[128];

			begin(LONE, original);
			fail_at(point, EIO, true);
			result = engine_run(&hide_lone);
			if (!model_control()->done)
				break;
			now = engine_get(fixture, LONE);
			snprintf(what, sizeof(what),
				 "original %s, all fail from point %u",
				 engine_show(original), point);
			engine_expect_error(what, &result,
					    engine_same(now, original)
						    ? -ECANCELED
						    : -ENOTRECOVERABLE);
			if (!engine_same(now, original))
				assert_true(engine_has_record(fixture, LONE));
			model_reset();
			result = engine_run(&recover);
			engine_expect_error(what, &result, 0);
			if (!engine_at_rest(fixture, LONE, original))
				fail_msg("%s: not at rest after recovery", what);
		}
}

/* -- three devices in one transaction ------------------------------------------------ */

static const char *const sides[] = { SIDE0, SIDE1, SIDE2 };
static const struct engine_state side_states[] = { { "host", "" },
						   { "host2", "none" },
						   { "", "" } };
static const struct engine_call hide_sides = { .verb = ENGINE_HIDE,
					       .devices = { SIDE0, SIDE1, SIDE2 } };
static const struct engine_call return_sides = { .verb = ENGINE_RETURN,
						 .devices = { SIDE0, SIDE1, SIDE2 } };

static void begin_sides(void)
{
	model_reset();
	engine_forget(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		engine_put(fixture, sides[i], side_states[i]);
}

static void expect_sides(const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		engine_expect(fixture, what, sides[i], side_states[i]);
		assert_false(engine_has_record(fixture, sides[i]));
	}
}

static void one_of_three_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		for (unsigned int point = 1;; point++) {
			struct engine_result result;
			char what[64];

			begin_sides();
			fail_at(point, EIO, false);
			strcpy(model_control()->only, sides[i]);
			result = engine_run(&hide_sides);
			if (!model_control()->done)
				break;
			snprintf(what, sizeof(what), "point %u of %s", point, sides[i]);
			engine_expect_error(what, &result, -ECANCELED);
			expect_sides(what);
			assert_string_equal(result.progress, "");
		}
}

/*
 * No step is begun once another device has failed: what was not unbound stays bound. Which of
 * the two is quicker is chance, so it is tried until the other one had begun.
 */
static void the_others_stop(void **state)
{
	bool begun = false;

	(void)state;
	for (int i = 0; i < 50 && !begun; i++) {
		struct engine_result result;

		begin_sides();
		engine_put(fixture, SIDE1, on_host);
		fail_at(3, EIO, false);
		strcpy(model_control()->only, SIDE0);
		strcpy(model_control()->slow, SIDE1 "/driver_override");
		result = engine_run(&hide_sides);
		engine_expect_error("stopped", &result, -ECANCELED);
		engine_expect(fixture, "stopped", SIDE1, on_host);
		assert_null(strstr(model_control()->log, "unbind<-" SIDE1));
		begun = strstr(model_control()->log, SIDE1 "/driver_override<-vfio-pci");
	}
	assert_true(begun);
}

/* Return is a transaction for each: the others come back all the same. */
static void one_of_three_does_not_return(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		struct engine_result result;

		begin_sides();
		engine_run(&hide_sides);
		fail_at(2, EIO, false);
		strcpy(model_control()->only, sides[i]);
		result = engine_run(&return_sides);
		engine_expect_error(sides[i], &result, -ECANCELED);
		for (size_t j = 0; j < ARRAY_SIZE(sides); j++) {
			engine_expect(fixture, sides[i], sides[j],
				      i == j ? hidden : side_states[j]);
			assert_int_equal(engine_has_record(fixture, sides[j]), i == j);
		}
	}
}

static void one_of_a_group_fails(void **state)
{
	static const struct engine_call call = { .verb = ENGINE_HIDE,
						 .devices = { PAIR0, PAIR1 } };

	(void)state;
	for (unsigned int point = 1;; point++) {
		struct engine_result result;

		begin(PAIR0, on_host);
		engine_put(fixture, PAIR1, on_host);
		fail_at(point, EINVAL, false);
		result = engine_run(&call);
		if (!model_control()->done)
			break;
		engine_expect_error("group", &result, -ECANCELED);
		engine_expect(fixture, "group", PAIR0, on_host);
		engine_expect(fixture, "group", PAIR1, on_host);
	}
}

/* -- the caller changes his mind ----------------------------------------------------- */

static void cancel_everywhere(struct engine_state original,
			      const struct engine_call *call)
{
	for (unsigned int point = 1; point <= 4; point++) {
		struct engine_result result;
		struct engine_state found;
		char what[128];

		begin(LONE, original);
		if (call->verb == ENGINE_RETURN)
			engine_run(&hide_lone);
		found = engine_get(fixture, LONE);
		fail_at(point, 0, false);
		model_control()->action = MODEL_CANCEL;
		result = engine_run(call);
		snprintf(what, sizeof(what),
			 "original %s, verb %d, cancelled at point %u",
			 engine_show(original), call->verb, point);
		/* After the last step it is too late, and it is done. */
		if (result.error == 0)
			continue;
		engine_expect_error(what, &result, -ECANCELED);
		engine_expect(fixture, what, LONE, found);
	}
}

/* Before the record and at each write it is not too late. */
static void cancelled_in_time(void **state)
{
	(void)state;
	for (unsigned int point = 1; point <= 5; point++) {
		struct engine_result result;

		begin(LONE, on_host);
		fail_at(point, 0, false);
		model_control()->action = MODEL_CANCEL;
		result = engine_run(&hide_lone);
		assert_true(model_control()->done);
		engine_expect_error("cancelled", &result, point < 5 ? -ECANCELED : 0);
		engine_expect(fixture, "cancelled", LONE, point < 5 ? on_host : hidden);
	}
}

static void cancelled_at_any_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < engine_states(); i += 3) {
		cancel_everywhere(engine_nth(i), &hide_lone);
		cancel_everywhere(engine_nth(i), &return_lone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_of_hide_fails),
		cmocka_unit_test(a_write_of_return_fails),
		cmocka_unit_test(with_each_errno),
		cmocka_unit_test(a_failed_return_can_be_repeated),
		cmocka_unit_test(roll_back_fails_too),
		cmocka_unit_test(one_of_three_fails),
		cmocka_unit_test(the_others_stop),
		cmocka_unit_test(one_of_three_does_not_return),
		cmocka_unit_test(one_of_a_group_fails),
		cmocka_unit_test(cancelled_in_time),
		cmocka_unit_test(cancelled_at_any_write),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
