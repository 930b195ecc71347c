/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hide and return of one device when nothing goes wrong: from every original state and
 * exactly back to it; what is refused, and what a refusal leaves alone.
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

static struct engine_result give_back(const char *device)
{
	return engine_run(
		&(struct engine_call){ .verb = ENGINE_RETURN, .devices = { device } });
}

/* -- one device ---------------------------------------------------------------------- */

static void there_and_back(struct engine_state original)
{
	const char *what = engine_show(original);
	struct engine_result result;

	fresh(NULL);
	engine_put(fixture, LONE, original);
	result = hide(LONE);
	engine_expect_error(what, &result, 0);
	engine_expect(fixture, what, LONE, hidden);
	assert_true(engine_has_record(fixture, LONE));
	assert_true(fixture_exists(fixture, "/dev/vfio/11"));
	result = give_back(LONE);
	engine_expect_error(what, &result, 0);
	engine_expect(fixture, what, LONE, original);
	assert_false(engine_has_record(fixture, LONE));
	assert_int_equal(model_control()->forbidden, 0);
	assert_int_equal(fixture_exists(fixture, "/dev/vfio/11"),
			 streq(original.driver, "vfio-pci"));
}

static void every_original_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_ALL_STATES; i++)
		there_and_back(engine_nth(i));
}

/* The same beside an udev that binds the wrong one of two drivers to whatever is free. */
static void every_original_state_beside_udev(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_ALL_STATES; i++) {
		struct engine_state original = engine_nth(i);
		struct model_control *control = model_control();
		struct engine_result result;

		fresh(NULL);
		engine_put(fixture, LONE, original);
		if (!*original.driver && !*original.override)
			continue; /* udev would not leave it so */
		control->udev = true;
		strcpy(control->rival,
		       streq(original.driver, "host2") ? "host" : "host2");
		result = hide(LONE);
		engine_expect_error(engine_show(original), &result, 0);
		engine_expect(fixture, engine_show(original), LONE, hidden);
		result = give_back(LONE);
		engine_expect_error(engine_show(original), &result, 0);
		engine_expect(fixture, engine_show(original), LONE, original);
	}
}

/* Other goals than vfio-pci, from the states of a device that the host uses. */
static void to_pci_stub(void **state)
{
	static const struct engine_state stub = { "pci-stub", "pci-stub" };
	struct engine_result result;

	(void)state;
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { LONE }, .driver = "pci-stub" });
	engine_expect_error("pci-stub", &result, 0);
	engine_expect(fixture, "pci-stub", LONE, stub);
	result = give_back(LONE);
	engine_expect_error("pci-stub", &result, 0);
	engine_expect(fixture, "pci-stub", LONE, on_host);
}

static void what_is_written_and_said(void **state)
{
	struct engine_result result;

	(void)state;
	result = hide(LONE);
	assert_string_equal(result.progress, "Unbinding " LONE " from host\n"
					     "Binding " LONE " to vfio-pci\n");
	assert_string_equal(model_control()->log, PCI_DEVICES
			    "/" LONE "/driver_override<-vfio-pci\n" PCI_DRIVERS
			    "/host/unbind<-" LONE "\n" PCI_DRIVERS "/vfio-pci/bind<-" LONE
			    "\n");
	model_reset();
	result = give_back(LONE);
	assert_string_equal(result.progress, "Unbinding " LONE " from vfio-pci\n"
					     "Binding " LONE " to host\n");
	assert_string_equal(model_control()->log, PCI_DEVICES
			    "/" LONE "/driver_override<-host\n" PCI_DRIVERS
			    "/vfio-pci/unbind<-" LONE "\n" PCI_DRIVERS "/host/bind<-" LONE
			    "\n" PCI_DEVICES "/" LONE "/driver_override<-\n" PCI_DEVICES
			    "/" LONE "/power/control<-on\n");
}

static void what_is_recorded(void **state)
{
	static const struct {
		const char *key, *value;
	} wanted[] = {
		{ "device", LONE },        { "phase", "hidden" },
		{ "orig.driver", "host" }, { "orig.driver_override", "none" },
		{ "orig.module", "host" }, { "goal.driver", "vfio-pci" },
		{ "for", "web1" },         { "goal.driver_override", "vfio-pci" },
	};
	struct engine_result result;

	(void)state;
	engine_put(fixture, LONE, (struct engine_state){ "host", "none" });
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { LONE }, .claim = "web1" });
	engine_expect_error("hide", &result, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_free_ char *value = engine_record(fixture, LONE, wanted[i].key);

		assert_non_null(value);
		assert_string_equal(value, wanted[i].value);
	}
}

static void twice_is_once(void **state)
{
	struct engine_result result;

	(void)state;
	result = hide(LONE);
	engine_expect_error("first", &result, 0);
	model_reset();
	result = hide(LONE);
	engine_expect_error("again", &result, 0);
	assert_string_equal(result.progress, "");
	assert_string_equal(model_control()->log, "");
	result = give_back(LONE);
	engine_expect_error("back", &result, 0);
	engine_expect(fixture, "back", LONE, on_host);
	model_reset();
	result = give_back(LONE);
	engine_expect_error("back again", &result, 0);
	assert_string_equal(model_control()->log, "");
	engine_expect(fixture, "back again", LONE, on_host);
}

static void to_another_goal_and_still_back(void **state)
{
	struct engine_result result;

	(void)state;
	engine_put(fixture, LONE, (struct engine_state){ "host2", "" });
	hide(LONE);
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { LONE }, .driver = "pci-stub" });
	engine_expect_error("pci-stub", &result, 0);
	engine_expect(fixture, "pci-stub", LONE,
		      (struct engine_state){ "pci-stub", "pci-stub" });
	result = give_back(LONE);
	engine_expect_error("back", &result, 0);
	engine_expect(fixture, "back", LONE, (struct engine_state){ "host2", "" });
}

/* -- refusals ------------------------------------------------------------------------ */

static void refuse(const char *what, const struct engine_call *call, int error)
{
	struct engine_result result;

	model_reset();
	result = engine_run(call);
	engine_expect_error(what, &result, error);
	if (*model_control()->log)
		fail_msg("%s: wrote %s", what, model_control()->log);
}

static void refused_without_a_write(void **state)
{
	(void)state;
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:06:00.0",
							  .driver = "host",
							  .group = 0 });
	refuse("a bridge",
	       &(struct engine_call){ .verb = ENGINE_HIDE,
				      .devices = { "0000:00:10.1" } },
	       -EPERM);
	refuse("no group",
	       &(struct engine_call){ .verb = ENGINE_HIDE,
				      .devices = { "0000:06:00.0" } },
	       -EPERM);
	refuse("no device",
	       &(struct engine_call){ .verb = ENGINE_HIDE,
				      .devices = { "0000:77:00.0" } },
	       -ENODEV);
	refuse("a sibling on a host driver",
	       &(struct engine_call){ .verb = ENGINE_HIDE, .devices = { PAIR0 } },
	       -EPERM);
	refuse("one of two is a bridge",
	       &(struct engine_call){ .verb = ENGINE_HIDE,
				      .devices = { LONE, "0000:00:10.1" } },
	       -EPERM);
	refuse("a host driver as goal",
	       &(struct engine_call){
		       .verb = ENGINE_HIDE, .devices = { LONE }, .driver = "host2" },
	       -EPERM);
	refuse("no such driver",
	       &(struct engine_call){ .verb = ENGINE_HIDE,
				      .devices = { LONE },
				      .driver = "xyz_vfio_pci" },
	       -EPERM);
	refuse("not an address",
	       &(struct engine_call){ .verb = ENGINE_HIDE, .devices = { "eth0" } },
	       -EINVAL);
	refuse("return to nowhere",
	       &(struct engine_call){
		       .verb = ENGINE_RETURN, .devices = { LONE }, .driver = "xyz" },
	       -EPERM);
	assert_false(engine_has_record(fixture, LONE));
}

static void claimed_by_another(void **state)
{
	struct engine_result result;

	(void)state;
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { LONE }, .claim = "web1" });
	engine_expect_error("web1", &result, 0);
	refuse("web2",
	       &(struct engine_call){
		       .verb = ENGINE_HIDE, .devices = { LONE }, .claim = "web2" },
	       -EPERM);
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_HIDE, .devices = { LONE }, .claim = "web1" });
	engine_expect_error("web1 again", &result, 0);
}

/* Whoever has it asks again for another process of his, or for good. */
static void claimed_anew(void **state)
{
	static const struct {
		const char *claim, *pid, *recorded;
	} calls[] = {
		{ "web1", "4711", "4711" },
		{ "web1", "4712", "4712 1000" },
		{ NULL, NULL, "4712 1000" },
		{ "web1", NULL, "" },
	};

	(void)state;
	fixture_write(fixture, "/proc/4712/stat",
		      "4712 (qemu) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1000 0 0\n");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		_cleanup_free_ char *pid = NULL;
		struct engine_result result =
			engine_run(&(struct engine_call){ .verb = ENGINE_HIDE,
							  .devices = { LONE },
							  .claim = calls[i].claim,
							  .pid = calls[i].pid });

		engine_expect_error("claimed", &result, 0);
		pid = engine_record(fixture, LONE, "pid");
		assert_string_equal(pid, calls[i].recorded);
	}
}

/* On vfio-pci, but not by us: what it was before nobody knows. */
static void return_without_a_record(void **state)
{
	struct engine_result result;

	(void)state;
	engine_put(fixture, LONE, hidden);
	refuse("unknown original",
	       &(struct engine_call){ .verb = ENGINE_RETURN, .devices = { LONE } },
	       -EPERM);
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_RETURN, .devices = { LONE }, .driver = "host2" });
	engine_expect_error("named", &result, 0);
	engine_expect(fixture, "named", LONE, (struct engine_state){ "host2", "" });
	assert_false(engine_has_record(fixture, LONE));
}

/* Somebody has the group open: it cannot be had back now, and nothing is tried. */
static void held_by_a_guest(void **state)
{
	struct engine_result result;

	(void)state;
	hide(LONE);
	fixture_write(fixture, "/model/open/11", "%s", "");
	refuse("held",
	       &(struct engine_call){ .verb = ENGINE_RETURN, .devices = { LONE } },
	       -EBUSY);
	engine_expect(fixture, "held", LONE, hidden);
	assert_true(engine_has_record(fixture, LONE));
	fixture_remove(fixture, "/model/open");
	result = give_back(LONE);
	engine_expect_error("released", &result, 0);
	engine_expect(fixture, "released", LONE, on_host);
}

/* The group can be opened then, and yet the kernel would wait for whoever has the other node. */
static void held_by_its_own_node(void **state)
{
	_cleanup_free_ char *folder = fixture_device_path(fixture, LONE);
	struct engine_result result;

	(void)state;
	hide(LONE);
	fixture_attr(fixture, folder, "vfio-dev/vfio11/dev", "511:7\n");
	fixture_process(fixture, 4711, "sleep", "sleep", "/dev/vfio/devices/vfio11");
	result = give_back(LONE);
	engine_expect_error("held", &result, -EBUSY);
	assert_non_null(strstr(result.findings, "sleep (4711)"));
	assert_non_null(strstr(result.findings, "/dev/vfio/devices/vfio11"));
	engine_expect(fixture, "held", LONE, hidden);
	fixture_remove(fixture, "/proc/4711");
	result = give_back(LONE);
	engine_expect_error("released", &result, 0);
	engine_expect(fixture, "released", LONE, on_host);
}

static void waited_for_in_vain(void **state)
{
	struct engine_result result;

	(void)state;
	hide(LONE);
	fixture_write(fixture, "/model/open/11", "%s", "");
	result = engine_run(&(struct engine_call){
		.verb = ENGINE_RETURN, .devices = { LONE }, .wait = "0.2" });
	engine_expect_error("held", &result, -EBUSY);
	assert_true(result.msec >= 200);
	engine_expect(fixture, "held", LONE, hidden);
}

/* Each attempt has its say anew; what is told in the end is told once. */
static void said_once_though_tried_often(void **state)
{
	static const char said[] = "warn claim " LONE " : it is claimed for nobody\n";
	struct engine_result result;
	const char *first;

	(void)state;
	hide(LONE);
	fixture_write(fixture, "/model/open/11", "%s", "");
	result = engine_run(&(struct engine_call){ .verb = ENGINE_RETURN,
						   .devices = { LONE },
						   .claim = "web1",
						   .force = "claim",
						   .wait = "0.3" });
	engine_expect_error("held", &result, -EBUSY);
	first = strstr(result.findings, said);
	assert_non_null(first);
	assert_null(strstr(first + 1, said));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_original_state),
		cmocka_unit_test(every_original_state_beside_udev),
		cmocka_unit_test_setup(to_pci_stub, fresh),
		cmocka_unit_test_setup(what_is_written_and_said, fresh),
		cmocka_unit_test_setup(what_is_recorded, fresh),
		cmocka_unit_test_setup(twice_is_once, fresh),
		cmocka_unit_test_setup(to_another_goal_and_still_back, fresh),
		cmocka_unit_test_setup(refused_without_a_write, fresh),
		cmocka_unit_test_setup(claimed_by_another, fresh),
		cmocka_unit_test_setup(claimed_anew, fresh),
		cmocka_unit_test_setup(return_without_a_record, fresh),
		cmocka_unit_test_setup(held_by_a_guest, fresh),
		cmocka_unit_test_setup(held_by_its_own_node, fresh),
		cmocka_unit_test_setup(waited_for_in_vain, fresh),
		cmocka_unit_test_setup(said_once_though_tried_often, fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
