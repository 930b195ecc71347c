/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff() for every pair of states: its writes, done one by one on the model of the driver
 * core, lead from the one to the other; there are no more of them than must be; and while
 * a device has no driver nobody else can bind it. What must hold is said here a second
 * time, without looking at how diff() goes about it.
 */
#include "engine.h"

#include "act/act.h"

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

static void make_steps(struct engine_state from, struct engine_state to,
		       struct steps *steps)
{
	struct state now = { 0 }, want = { 0 };

	assert_int_equal(state_set(&now, from.driver, from.override), 0);
	assert_int_equal(state_set(&want, to.driver, to.override), 0);
	assert_int_equal(diff(steps, LONE, &now, &want), 0);
	state_done(&now);
	state_done(&want);
}

static size_t count_writes(const struct steps *steps)
{
	size_t n = 0;

	for (size_t i = 0; i < steps->n; i++)
		n += steps->list[i].op == WRITE;
	return n;
}

/* One override to claim the device, one to leave it as wanted, and what binding takes. */
static size_t least_writes(struct engine_state from, struct engine_state to)
{
	bool rebind = !streq(from.driver, to.driver);
	bool claim = rebind && *to.driver && !streq(from.override, to.driver);
	const char *held = claim ? to.driver : from.override;

	return (size_t)claim + (rebind && *from.driver) + (rebind && *to.driver) +
	       !streq(held, to.override);
}

/* May somebody else bind it now? The driver core would let him. */
static bool is_free(struct engine_state state)
{
	return !*state.driver && !*state.override;
}

static const char *describe(struct engine_state from, struct engine_state to)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s -> %s", engine_show(from), engine_show(to));
	return text;
}

/* Do the steps; with @udev somebody binds the device whenever he can. */
static void do_steps(const struct steps *steps, struct engine_state from,
		     struct engine_state to, bool udev)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct step *step = &steps->list[i];
		struct engine_state now;

		if (step->op == WRITE)
			assert_int_equal(
				model_core_write(fixture->root, step->path, step->value),
				0);
		if (udev)
			model_core_probe_all(fixture->root, "host2");
		now = engine_get(fixture, LONE);
		if (step->op == EXPECT_DRIVER && !streq(now.driver, step->value))
			fail_msg("%s: has %s where %s is expected", describe(from, to),
				 now.driver, step->value);
		if (is_free(now) && !is_free(from) && *to.driver)
			fail_msg("%s: free for all after step %zu", describe(from, to),
				 i);
	}
}

static void try_pair(struct engine_state from, struct engine_state to, bool udev)
{
	struct steps steps = { 0 };
	struct engine_state reached;

	make_steps(from, to, &steps);
	if (count_writes(&steps) != least_writes(from, to))
		fail_msg("%s: %zu writes, %zu would do", describe(from, to),
			 count_writes(&steps), least_writes(from, to));
	engine_put(fixture, LONE, from);
	do_steps(&steps, from, to, udev);
	reached = engine_get(fixture, LONE);
	if (!engine_same(reached, to))
		fail_msg("%s: reached %s", describe(from, to), engine_show(reached));
	steps_done(&steps);
}

static void every_pair(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_ALL_STATES; i++)
		for (size_t j = 0; j < ENGINE_ALL_STATES; j++)
			try_pair(engine_nth(i), engine_nth(j), false);
}

/*
 * The same beside an udev that binds whatever is free to the other of two host drivers. A
 * device that shall have no driver and no override cannot be kept so, nor be found so,
 * nor be taken from its driver without an override to hold it.
 */
static void every_pair_beside_udev(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_ALL_STATES; i++)
		for (size_t j = 0; j < ENGINE_ALL_STATES; j++) {
			struct engine_state from = engine_nth(i), to = engine_nth(j);

			if (is_free(from) || is_free(to) ||
			    (!*to.driver && !*from.override))
				continue;
			try_pair(from, to, true);
		}
}

static void nothing_to_do_is_no_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_ALL_STATES; i++) {
		struct steps steps = { 0 };

		make_steps(engine_nth(i), engine_nth(i), &steps);
		assert_int_equal(steps.n, 0);
		steps_done(&steps);
	}
}

static void what_it_reads_as(void **state)
{
	struct engine_state from = { "host", "" }, to = { "vfio-pci", "vfio-pci" };
	static const char *const wanted[][2] = {
		{ PCI_DEVICES "/" LONE "/driver_override", "vfio-pci" },
		{ PCI_DRIVERS "/host/unbind", LONE },
		{ PCI_DRIVERS "/vfio-pci/bind", LONE },
	};
	struct steps steps = { 0 };
	size_t n = 0;

	(void)state;
	make_steps(from, to, &steps);
	for (size_t i = 0; i < steps.n; i++) {
		if (steps.list[i].op != WRITE)
			continue;
		assert_in_range(n, 0, ARRAY_SIZE(wanted) - 1);
		assert_string_equal(steps.list[i].path, wanted[n][0]);
		assert_string_equal(steps.list[i].value, wanted[n][1]);
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(wanted));
	assert_int_equal(steps.list[steps.n - 1].op, EXPECT_DRIVER);
	steps_done(&steps);
}

/*
 * The power settings: D3cold before the driver changes, power/control also after that, since
 * a driver that binds may set it itself.
 */
static void settings_have_their_place(void **state)
{
	static const char *const wanted[] = {
		"/d3cold_allowed", "/power/control", "/driver_override",
		"/unbind",         "/bind",          "/power/control"
	};
	struct state now = { 0 }, want = { 0 };
	struct steps steps = { 0 };
	size_t n = 0;

	(void)state;
	assert_int_equal(state_set(&now, "host", ""), 0);
	assert_int_equal(state_set_value(&now, D3COLD, "1"), 0);
	assert_int_equal(state_set_value(&now, POWER, "auto"), 0);
	assert_int_equal(state_set(&want, "vfio-pci", "vfio-pci"), 0);
	assert_int_equal(state_set_value(&want, D3COLD, "0"), 0);
	assert_int_equal(state_set_value(&want, POWER, "on"), 0);
	assert_false(state_reached(&now, &want));
	assert_int_equal(diff(&steps, LONE, &now, &want), 0);
	for (size_t i = 0; i < steps.n; i++)
		if (steps.list[i].op == WRITE)
			assert_true(n < ARRAY_SIZE(wanted) &&
				    endswith(steps.list[i].path, wanted[n++]));
	assert_int_equal(n, ARRAY_SIZE(wanted));
	steps_done(&steps);

	/* Nothing else changes: no need to write it twice. */
	assert_int_equal(state_set(&now, "vfio-pci", "vfio-pci"), 0);
	assert_int_equal(diff(&steps, LONE, &now, &want), 0);
	assert_int_equal(count_writes(&steps), 2);
	steps_done(&steps);
	state_done(&now);
	state_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(every_pair_beside_udev),
		cmocka_unit_test(nothing_to_do_is_no_step),
		cmocka_unit_test(what_it_reads_as),
		cmocka_unit_test(settings_have_their_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
