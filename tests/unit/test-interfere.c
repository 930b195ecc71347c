/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else is at work as well, or the kernel does not come back: udev and managers
 * that write in between, a device that is held, calls that hang.
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
	engine_reap();
	fixture_free(fixture);
	return 0;
}

static const struct engine_state on_host = { "host", "" };
static const struct engine_state hidden = { "vfio-pci", "vfio-pci" };
static const struct engine_call hide_lone = { .verb = ENGINE_HIDE, .devices = { LONE } };
static const struct engine_call return_lone = { .verb = ENGINE_RETURN,
						.devices = { LONE } };
static const struct engine_call recover = { .verb = ENGINE_RECOVER };

static int fresh(void **state)
{
	(void)state;
	engine_fresh(fixture);
	return 0;
}

/* -- somebody else writes ------------------------------------------------------------ */

static const char override_file[] = PCI_DEVICES "/" LONE "/driver_override";

static const struct {
	const char *path, *value;
} others[] = {
	{ override_file, "none\n" },
	{ override_file, "\n" },
	{ override_file, "host2\n" },
	{ PCI_DRIVERS "/host/unbind", LONE },
	{ PCI_DRIVERS "/vfio-pci/unbind", LONE },
	{ PCI_DRIVERS "/host2/bind", LONE },
};

/*
 * Whatever he does, the caller is told the truth: success means the goal, "put back"
 * means the state found, and anything else that the record is still there.
 */
static void check_truth(const char *what, const struct engine_result *result,
			struct engine_state found, struct engine_state goal,
			bool had_record)
{
	struct engine_state now = engine_get(fixture, LONE);
	bool record = engine_has_record(fixture, LONE);

	assert_int_equal(model_control()->forbidden, 0);
	if (result->error == 0 && engine_same(now, goal) && record == !had_record)
		return;
	if (result->error == -ECANCELED && engine_same(now, found) &&
	    record == had_record)
		return;
	if (result->error == -ENOTRECOVERABLE && record)
		return;
	fail_msg("%s: returned %d, device %s, %s record\n%s%s", what, result->error,
		 engine_show(now), record ? "a" : "no", result->findings,
		 model_control()->log);
}

static void interfere(size_t other, unsigned int point)
{
	struct model_control *control = model_reset();

	control->action = MODEL_OTHER;
	control->at = point;
	strcpy(control->other_path, others[other].path);
	strcpy(control->other_value, others[other].value);
}

static void try_interference(struct engine_state original, size_t other)
{
	/* The first is the record: see what_comes_before_the_first_write_stays(). */
	for (unsigned int point = 2; point <= 6; point++) {
		struct engine_result result;
		struct engine_state found;
		char what[200];

		fresh(NULL);
		engine_put(fixture, LONE, original);
		interfere(other, point);
		result = engine_run(&hide_lone);
		snprintf(what, sizeof(what),
			 "original %s, hide, %s <- %s before point %u",
			 engine_show(original), others[other].path, others[other].value,
			 point);
		check_truth(what, &result, original, hidden, false);
		if (result.error < 0)
			continue;
		found = engine_get(fixture, LONE);
		interfere(other, point);
		result = engine_run(&return_lone);
		snprintf(what, sizeof(what),
			 "original %s, return, %s <- %s before point %u",
			 engine_show(original), others[other].path, others[other].value,
			 point);
		check_truth(what, &result, found, original, true);
	}
}

static void somebody_writes_in_between(void **state)
{
	static const struct engine_state originals[] = {
		{ "host", "" },
		{ "host2", "none" },
		{ "vfio-pci", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(originals); i++)
		for (size_t j = 0; j < ARRAY_SIZE(others); j++)
			try_interference(originals[i], j);
}

/* Set while it was hidden, by neither of us: reported, and not overwritten. */
static void foreign_values_are_left_alone(void **state)
{
	static const struct engine_state foreign[] = {
		{ "vfio-pci", "manager" },
		{ "host2", "vfio-pci" },
		{ "pci-stub", "pci-stub" },
		{ "host2", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct engine_call forced = return_lone;
		struct engine_result result;

		fresh(NULL);
		engine_run(&hide_lone);
		engine_put(fixture, LONE, foreign[i]);
		model_reset();
		result = engine_run(&return_lone);
		engine_expect_error(engine_show(foreign[i]), &result, -EPERM);
		assert_non_null(strstr(result.findings, "foreign"));
		engine_expect(fixture, "foreign", LONE, foreign[i]);
		assert_int_equal(model_control()->points, 0);
		result = engine_run(&recover);
		engine_expect(fixture, "recover", LONE, foreign[i]);
		forced.force = "foreign";
		result = engine_run(&forced);
		engine_expect_error("forced", &result, 0);
		engine_expect(fixture, "forced", LONE, on_host);
	}
}

/* Set after the look, before our first write: told, and nothing is written over it. */
static void what_comes_before_the_first_write_stays(void **state)
{
	static const struct engine_state meddled = { "host", "none" },
					 hidden_meddled = { "vfio-pci", "none" };
	struct engine_result result;

	(void)state;
	interfere(0, 1);
	result = engine_run(&hide_lone);
	engine_expect_error("hide", &result, -ECANCELED);
	assert_non_null(strstr(result.findings, "foreign"));
	engine_expect(fixture, "hide", LONE, meddled);
	assert_false(engine_has_record(fixture, LONE));
	engine_put(fixture, LONE, on_host);
	model_reset();
	engine_run(&hide_lone);
	interfere(0, 1);
	result = engine_run(&return_lone);
	engine_expect_error("return", &result, -ECANCELED);
	engine_expect(fixture, "return", LONE, hidden_meddled);
	assert_true(engine_has_record(fixture, LONE));
	assert_null(strstr(model_control()->log, "<-"));
}

/* Met by the roll-back: told, and left to whoever set it. The record stays. */
static void foreign_values_stop_a_roll_back(void **state)
{
	static const struct engine_state left = { "", "none" };
	struct engine_call forced = return_lone;
	struct engine_result result;

	(void)state;
	/*
	 * Points: the record, the override, unbind, and bind, which is refused after it.
	 */
	interfere(0, 4);
	result = engine_run(&hide_lone);
	engine_expect_error("hide", &result, -ENOTRECOVERABLE);
	engine_expect(fixture, "hide", LONE, left);
	assert_non_null(strstr(result.findings, "foreign"));
	model_reset();
	result = engine_run(&recover);
	engine_expect_error("recover", &result, -EPERM);
	engine_expect(fixture, "recover", LONE, left);
	forced.force = "foreign";
	result = engine_run(&forced);
	engine_expect_error("forced", &result, 0);
	engine_expect(fixture, "forced", LONE, on_host);
}

/* -- the kernel does not come back --------------------------------------------------- */

static void block_at(const char *device, unsigned int point)
{
	struct model_control *control = model_reset();

	fixture_write(fixture, "/model/blocked", "%s", "");
	control->action = MODEL_BLOCK;
	control->at = point;
	strcpy(control->only, device);
}

static void expect_phase(const char *device, const char *phase)
{
	_cleanup_free_ char *now = engine_record(fixture, device, "phase");

	if (!now || !streq(now, phase))
		fail_msg("%s: phase %s, not %s", device, now ? now : "(no record)",
			 phase);
}

/* Point 1 is the record, 2 to 4 are the writes to sysfs. */
static void a_write_that_hangs(void **state)
{
	(void)state;
	for (unsigned int point = 2; point <= 4; point++) {
		struct engine_call call = { .verb = ENGINE_HIDE,
					    .devices = { SIDE0, SIDE1, SIDE2 },
					    .timeout = "0.6",
					    .linger = true };
		struct engine_result result;
		char what[32];

		fresh(NULL);
		block_at(SIDE1, point);
		result = engine_run(&call);
		snprintf(what, sizeof(what), "point %u hangs", point);
		engine_expect_error(what, &result, -EINPROGRESS);
		assert_true(result.msec >= 600);
		engine_expect(fixture, what, SIDE0, on_host);
		engine_expect(fixture, what, SIDE2, on_host);
		assert_false(engine_has_record(fixture, SIDE0));
		assert_false(engine_has_record(fixture, SIDE2));
		expect_phase(SIDE1, "stuck");
		/* While it hangs, nobody waits for it. */
		result = engine_run(
			&(struct engine_call){ .verb = ENGINE_RECOVER, .linger = true });
		engine_expect_error(what, &result, -EINPROGRESS);
		assert_true(result.msec < 20000);
		fixture_remove(fixture, "/model/blocked");
		engine_reap();
		result = engine_run(&recover);
		engine_expect_error(what, &result, 0);
		if (!engine_at_rest(fixture, SIDE1, on_host))
			fail_msg("%s: not at rest after recovery: %s", what,
				 engine_show(engine_get(fixture, SIDE1)));
	}
}

/*
 * The vfio driver waits for whoever has the device open, and nobody shows in the group.
 */
static void a_device_that_is_held(void **state)
{
	struct engine_call call = return_lone;
	struct engine_result result;

	(void)state;
	engine_run(&hide_lone);
	fixture_write(fixture, "/model/held/" LONE, "%s", "");
	model_reset();
	call.timeout = "0.5";
	call.linger = true;
	result = engine_run(&call);
	engine_expect_error("held", &result, -EINPROGRESS);
	expect_phase(LONE, "stuck");
	fixture_remove(fixture, "/model/held/" LONE);
	engine_reap();
	result = engine_run(&recover);
	engine_expect_error("released", &result, 0);
	engine_expect(fixture, "released", LONE, on_host);
	assert_false(engine_has_record(fixture, LONE));
}

/* The lock of another that is at work: busy in time, never waited for beyond it. */
static void a_lock_that_is_not_free(void **state)
{
	struct engine_call call = hide_lone;
	struct engine_result result;
	struct vfp_ctx *ctx = NULL;
	int lock = -1;

	(void)state;
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(lock_take(ctx, "group-0000000011", 0, &lock), 0);
	call.timeout = "0.1";
	result = engine_run(&call);
	close(lock);
	vfp_ctx_free(ctx);
	engine_expect_error("locked", &result, -EBUSY);
	assert_true(result.msec >= 100);
	engine_expect(fixture, "locked", LONE, on_host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(somebody_writes_in_between),
		cmocka_unit_test(foreign_values_are_left_alone),
		cmocka_unit_test_setup(what_comes_before_the_first_write_stays, fresh),
		cmocka_unit_test_setup(foreign_values_stop_a_roll_back, fresh),
		cmocka_unit_test_setup(a_write_that_hangs, fresh),
		cmocka_unit_test_setup(a_device_that_is_held, fresh),
		cmocka_unit_test_setup(a_lock_that_is_not_free, fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
