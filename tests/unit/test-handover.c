/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handing devices over: plug, unplug and watch on the model of the driver core, with a guest
 * that a test can order about (handover-bench.h). What is looked at is what is left: driver,
 * record, guest, and who was asked what.
 */
#include "handover-bench.h"

/* -- plug ------------------------------------------------------------------------------ */

static void a_hidden_device_is_plugged(void **state)
{
	struct handed result;

	(void)state;
	start();
	hide(LONE);
	result = plug(LONE, "nic0", false);
	expect(&result, 0);
	assert_string_equal(result.progress, "Plugging " LONE " nic0\n");
	assert_true(guest_has("nic0", LONE));
	expect_record(LONE, "guest", "qmp:/run/web1.qmp");
	expect_record(LONE, "id", "nic0");
	expect_record(LONE, "unplug", NULL);
}

static void a_device_is_hidden_first(void **state)
{
	struct handed result;

	(void)state;
	start();
	result = plug(LONE, "nic0", true);
	expect(&result, 0);
	assert_string_equal(result.progress, "Unbinding " LONE " host\n"
					     "Binding " LONE " vfio-pci\n"
					     "Plugging " LONE " nic0\n");
	expect_record(LONE, "id", "nic0");
	/* What is asked of the guest is recorded before. */
	assert_string_equal(guest->record_when_asked, "nic0");
}

static void what_is_in_the_guest_is_done(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	result = plug(LONE, "nic0", true);
	expect(&result, 0);
	assert_int_equal(guest->attached, 1);
	assert_string_equal(result.progress, "");
}

static void an_id_of_something_else_is_refused(void **state)
{
	struct handed result;

	(void)state;
	start();
	guest_put("nic0", SIDE0);
	result = plug(LONE, "nic0", true);
	expect(&result, -EPERM);
	assert_int_equal(guest->attached, 0);
	expect_host(LONE);
}

static void what_is_not_hidden_is_refused(void **state)
{
	struct handed result;

	(void)state;
	start();
	result = plug(LONE, "nic0", false);
	expect(&result, -EPERM);
	assert_non_null(strstr(result.findings, "it is not hidden"));
	assert_int_equal(guest->attached, 0);
	expect_host(LONE);
}

static void without_a_node_of_its_own_iommufd_is_refused(void **state)
{
	_cleanup_free_ char *folder = NULL;
	struct vfp_hotplug *iommufd;
	struct handed result;

	(void)state;
	start();
	hide(LONE);
	iommufd = request("pci", "nic0", LONE);
	assert_int_equal(vfp_hotplug_set(iommufd, "iommufd", "on"), 0);
	result = run_call(&(struct call){ .what = PLUG, .requests = { iommufd } });
	expect(&result, -EPERM);
	assert_non_null(strstr(result.findings, "no node of its own"));
	assert_int_equal(guest->attached, 0);
	folder = fixture_device_path(fixture, LONE);
	fixture_attr(fixture, folder, "vfio-dev/vfio11/dev", "511:7\n");
	iommufd = request("pci", "nic0", LONE);
	assert_int_equal(vfp_hotplug_set(iommufd, "iommufd", "on"), 0);
	result = run_call(&(struct call){ .what = PLUG, .requests = { iommufd } });
	expect(&result, 0);
	assert_int_equal(guest->attached, 1);
}

static void what_another_guest_has_is_refused(void **state)
{
	struct handed result;

	(void)state;
	start();
	hide(LONE);
	fixture_process(fixture, 99, "qemu-system-x86", "qemu-system-x86_64 -name web2",
			"/dev/vfio/11");
	fixture_write(fixture, "/model/open/11", "open\n");
	result = plug(LONE, "nic0", false);
	expect(&result, -EBUSY);
	assert_non_null(strstr(result.findings, "guest web2"));
	assert_int_equal(guest->attached, 0);
	expect_record(LONE, "guest", NULL);
	fixture_remove(fixture, "/proc/99");
}

static void a_refusal_of_the_guest_takes_all_back(void **state)
{
	struct handed result;

	(void)state;
	start();
	guest->attach_error = -EREMOTEIO;
	result = plug(LONE, "nic0", true);
	expect(&result, -EREMOTEIO);
	assert_non_null(strstr(result.findings, "no such bus"));
	expect_host(LONE);
}

static void what_was_hidden_before_stays_hidden(void **state)
{
	struct handed result;

	(void)state;
	start();
	hide(LONE);
	guest->attach_error = -EREMOTEIO;
	result = plug(LONE, "nic0", true);
	expect(&result, -EREMOTEIO);
	expect_hidden(LONE);
	expect_record(LONE, "guest", NULL);
	expect_record(LONE, "id", NULL);
}

/* Without an answer it counts as plugged, whether the guest has it or not. */
static void silence_gives_nothing_back(void **state)
{
	static const int errors[] = { -ETIMEDOUT, -EPIPE, -EPROTO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct handed result;

		start();
		/* Whose end cannot be seen. */
		if (errors[i] == -EPIPE)
			guest->process = 0;
		guest->attach_error = errors[i];
		guest->attach_anyway = i != 0;
		result = plug(LONE, "nic0", true);
		expect(&result, -ETIMEDOUT);
		expect_hidden(LONE);
		expect_record(LONE, "guest", "qmp:/run/web1.qmp");
		expect_record(LONE, "id", "nic0");
		/* And unplug completes it, in either case. */
		result = unplug("nic0", LONE, false);
		expect(&result, 0);
		expect_host(LONE);
	}
}

static void functions_of_a_slot_go_together_or_not_at_all(void **state)
{
	struct handed result;

	(void)state;
	start();
	guest->refuse = PAIR0;
	result = plug_pair(true);
	expect(&result, -EREMOTEIO);
	assert_int_equal(guest->attached, 1);
	assert_int_equal(guest->detached, 1);
	expect_host(PAIR0);
	expect_host(PAIR1);
	guest->refuse = NULL;
	result = plug_pair(true);
	expect(&result, 0);
	assert_true(guest_has("nic1", PAIR1) && guest_has("nic0", PAIR0));
}

static void an_interrupted_plug_leaves_nothing(void **state)
{
	struct handed result;

	(void)state;
	for (int reached = 0; reached < 2; reached++) {
		start();
		guest->cancel = true;
		guest->attach_error = -ECANCELED;
		guest->attach_anyway = reached;
		result = plug(LONE, "nic0", true);
		if (reached) {
			expect(&result, -ETIMEDOUT);
			expect_record(LONE, "id", "nic0");
		} else {
			expect(&result, -ECANCELED);
			expect_host(LONE);
		}
	}
	/* Between two functions: the first is taken out again, in spite of the interruption. */
	start();
	guest->cancel = true;
	result = plug_pair(true);
	expect(&result, -ECANCELED);
	assert_int_equal(guest->attached, 1);
	expect_host(PAIR0);
	expect_host(PAIR1);
}

static void what_is_none_of_the_hosts_needs_no_record(void **state)
{
	struct handed result;

	(void)state;
	start();
	result = plug_kind("memory", "dimm1");
	expect(&result, 0);
	assert_string_equal(result.progress, "Plugging memory dimm1\n");
	result = unplug("dimm1", NULL, false);
	expect(&result, 0);
	assert_string_equal(result.progress, "Unplugging memory dimm1\n");
}

/* -- unplug ---------------------------------------------------------------------------- */

static void what_was_unplugged_is_returned(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	result = unplug("nic0", LONE, false);
	expect(&result, 0);
	assert_string_equal(result.progress, "Unplugging " LONE " nic0\n"
					     "Unbinding " LONE " vfio-pci\n"
					     "Binding " LONE " host\n");
	assert_string_equal(guest->record_when_asked, "pending");
	expect_host(LONE);
}

static void what_is_kept_stays_hidden(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	result = unplug("nic0", LONE, true);
	expect(&result, 0);
	expect_hidden(LONE);
	expect_record(LONE, "guest", NULL);
	expect_record(LONE, "unplug", NULL);
}

static void what_the_guest_refuses_stays_there(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	guest->detach_error = -EREMOTEIO;
	result = unplug("nic0", LONE, false);
	expect(&result, -EREMOTEIO);
	expect_hidden(LONE);
	expect_record(LONE, "id", "nic0");
	expect_record(LONE, "unplug", NULL);
}

static void a_guest_that_does_not_let_go_is_asked_again(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	guest->detach_error = -ETIMEDOUT;
	result = unplug("nic0", LONE, false);
	expect(&result, -ETIMEDOUT);
	expect_hidden(LONE);
	expect_record(LONE, "unplug", "pending");
	/* It lets go when nobody is looking. */
	guest_drop("nic0");
	result = unplug("nic0", LONE, false);
	expect(&result, 0);
	expect_host(LONE);
}

static void an_id_that_nothing_has_is_unknown(void **state)
{
	struct handed result;

	(void)state;
	start();
	hide(LONE);
	result = unplug("nic9", LONE, false);
	expect(&result, -ENODEV);
	expect_hidden(LONE);
	expect_record(LONE, "guest", NULL);
}

static void without_a_record_it_is_not_returned(void **state)
{
	struct handed result;

	(void)state;
	start();
	engine_put(fixture, LONE, (struct engine_state){ "vfio-pci", "vfio-pci" });
	result = plug(LONE, "nic0", false);
	expect(&result, 0);
	result = unplug("nic0", LONE, false);
	expect(&result, -EPERM);
	assert_false(guest_has("nic0", LONE));
}

/* Two guests have something under one id. */
static void another_guests_device_is_not_taken_out(void **state)
{
	struct handed result;

	(void)state;
	start();
	process_runs(QEMU2, true);
	plug(LONE, "nic0", true);
	guest_drop("nic0");
	/* That is what the other has under the id; and then nothing, and no host device. */
	guest->name = "qmp:/run/web2.qmp";
	guest->process = QEMU2;
	guest_put("nic0", SIDE0);
	for (int round = 0; round < 3; round++) {
		result = unplug("nic0", LONE, false);
		expect(&result, -EPERM);
		assert_non_null(strstr(result.findings,
				       "in the guest qmp:/run/web1.qmp as nic0"));
		assert_int_equal(guest->detached, 0);
		expect_hidden(LONE);
		expect_record(LONE, "guest", "qmp:/run/web1.qmp");
		expect_record(LONE, "unplug", NULL);
		if (round < 2)
			guest_drop("nic0");
		if (round == 0)
			guest_put("nic0", NULL);
	}
	process_runs(QEMU2, false);
}

static void without_a_record_the_device_must_be_the_one(void **state)
{
	struct handed result;

	(void)state;
	start();
	guest_put("nic0", SIDE0);
	result = unplug("nic0", LONE, false);
	expect(&result, -EPERM);
	assert_non_null(strstr(result.findings, "something else: " SIDE0));
	assert_true(guest_has("nic0", SIDE0));
	/* Ours has left, when its id is of another: that one stays. */
	start();
	plug(LONE, "nic0", true);
	guest_drop("nic0");
	guest_put("nic0", SIDE0);
	result = unplug("nic0", LONE, false);
	expect(&result, 0);
	expect_host(LONE);
	assert_true(guest_has("nic0", SIDE0));
}

/* -- groups ---------------------------------------------------------------------------- */

static void a_group_is_returned_with_its_last(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug_pair(true);
	result = unplug("nic0", PAIR0, false);
	expect(&result, -EBUSY);
	assert_true(result.msec < 1000);
	expect_hidden(PAIR0);
	expect_record(PAIR0, "unplug", "pending");
	result = unplug("nic1", PAIR1, false);
	expect(&result, 0);
	expect_host(PAIR0);
	expect_host(PAIR1);
}

static void a_group_is_returned_at_once(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug_pair(true);
	result = unplug_pair();
	expect(&result, 0);
	expect_host(PAIR0);
	expect_host(PAIR1);
}

/* -- watch ----------------------------------------------------------------------------- */

static void what_leaves_is_returned_as_it_leaves(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	plug(SIDE0, "nic1", true);
	guest->goes = "nic0";
	result = watch(false);
	expect(&result, -ECANCELED);
	expect_host(LONE);
	expect_record(SIDE0, "id", "nic1");
}

static void what_has_left_before_is_returned_first(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	plug(SIDE0, "nic1", true);
	guest_drop("nic0");
	/* The id is of something else by now. */
	guest_drop("nic1");
	guest_put("nic1", SIDE1);
	result = watch(false);
	expect(&result, -ECANCELED);
	expect_host(LONE);
	expect_host(SIDE0);
}

static void all_is_returned_when_the_guest_ends(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	plug_pair(true);
	hide(SIDE0);
	result = watch(true);
	expect(&result, 0);
	expect_host(LONE);
	expect_host(PAIR0);
	expect_host(PAIR1);
	expect_hidden(SIDE0);
}

static void what_shall_stay_hidden_does(void **state)
{
	struct handed result;

	(void)state;
	start();
	hide_for(LONE, "web1");
	plug(LONE, "nic0", false);
	plug(SIDE0, "nic1", true);
	guest->detach_error = -ETIMEDOUT;
	result = unplug("nic1", SIDE0, true);
	expect(&result, -ETIMEDOUT);
	expect_record(SIDE0, "unplug", "keep");
	guest_drop("nic0");
	guest_drop("nic1");
	watch(false);
	expect_hidden(LONE);
	expect_record(LONE, "id", NULL);
	expect_hidden(SIDE0);
	expect_record(SIDE0, "id", NULL);
}

/* Another monitor of the same process is the same guest; the same socket is not always one. */
static void a_guest_is_known_by_its_process(void **state)
{
	struct handed result;

	(void)state;
	start();
	process_runs(QEMU, true);
	process_runs(QEMU2, true);
	plug(LONE, "nic0", true);
	guest->name = "qmp:/run/web1-watch.qmp";
	guest->goes = "nic0";
	watch(false);
	expect_host(LONE);
	/* Of an earlier one at the same socket nothing is left, whatever has the id now. */
	start();
	plug(LONE, "nic0", true);
	guest_drop("nic0");
	process_runs(QEMU, false);
	guest->process = QEMU2;
	guest_put("nic0", LONE);
	close_group(LONE);
	result = watch(false);
	expect(&result, -ECANCELED);
	expect_host(LONE);
	/* What is recorded for another is not touched. */
	start();
	process_runs(QEMU, true);
	plug(LONE, "nic0", true);
	guest->name = "qmp:/run/web2.qmp";
	guest->process = QEMU2;
	guest_drop("nic0");
	watch(true);
	expect_record(LONE, "id", "nic0");
	process_runs(QEMU2, false);
}

/* Whoever ends a watch while something is still open takes no knowledge away. */
static void an_interrupted_return_keeps_the_record(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	guest_drop("nic0");
	fixture_write(fixture, "/model/open/11", "open\n");
	guest->cancel_after = 500;
	result = watch(false);
	expect(&result, -ECANCELED);
	assert_non_null(strstr(result.findings, "interrupted"));
	expect_hidden(LONE);
	expect_record(LONE, "guest", "qmp:/run/web1.qmp");
	expect_record(LONE, "id", "nic0");
	/* And the next one goes on. */
	guest->cancel_after = 0;
	close_group(LONE);
	watch(false);
	expect_host(LONE);
}

/* What was recorded is a relay; the guest behind it is the same. */
static void what_is_still_open_is_asked_for(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	process_runs(QEMU, false);
	process_runs(QEMU2, true);
	guest->process = QEMU2;
	fixture_process(fixture, 99, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/vfio/11");
	result = unplug("nic0", LONE, false);
	expect(&result, -EBUSY);
	assert_int_equal(guest->detached, 1);
	expect_record(LONE, "unplug", "pending");
	/* It is closed now. */
	fixture_remove(fixture, "/proc/99");
	result = unplug("nic0", LONE, false);
	process_runs(QEMU2, false);
	expect(&result, 0);
	expect_host(LONE);
}

/* The connection ends a moment before the process does. */
static void what_a_dying_guest_had_is_given_back(void **state)
{
	struct handed result;

	(void)state;
	start();
	plug(LONE, "nic0", true);
	guest->detach_error = -EPIPE;
	guest->dies_after = 400;
	result = unplug("nic0", LONE, false);
	expect(&result, 0);
	assert_true(result.msec < 4000);
	expect_host(LONE);
	start();
	guest->attach_error = -EPIPE;
	guest->attach_anyway = true;
	guest->dies_after = 400;
	result = plug(LONE, "nic0", true);
	expect(&result, -EREMOTEIO);
	assert_non_null(strstr(result.findings, "the guest has ended"));
	expect_host(LONE);
}

static void of_a_guest_that_has_ended_all_is_given_back(void **state)
{
	struct vfp_guest *none = NULL;
	struct vfp_ctx *ctx = NULL;
	struct handed result;

	(void)state;
	for (int watched = 0; watched < 2; watched++) {
		start();
		plug(LONE, "nic0", true);
		/* As long as it lives, what is in it stays there. */
		assert_int_equal(vfp_ctx_new(&ctx), 0);
		assert_int_equal(vfp_guest_new(ctx, guest->name, NULL, NULL, &none),
				 -ENODEV);
		vfp_ctx_free(ctx);
		guest_drop("nic0");
		process_runs(QEMU, false);
		guest->ended = true;
		result = watched ? watch(true) : unplug("nic0", LONE, false);
		expect(&result, 0);
		expect_host(LONE);
	}
}

/* -- kills ----------------------------------------------------------------------------- */

/*
 * Plug with hide and unplug, killed before and after each write: what is left is recovered, or
 * unplugged, and then the device is the host's again or hidden as before, in no guest.
 */
static void a_kill_leaves_what_can_be_completed(void **state)
{
	unsigned int points = 0;

	(void)state;
	for (int after = 0; after < 2; after++)
		for (unsigned int at = 1;; at++) {
			struct handed result;
			bool killed;

			start();
			kill_at(at, after);
			killed = in_child(plug_and_unplug);
			model_reset();
			if (!killed)
				break;
			points++;
			result = unplug("nic0", LONE, false);
			if (result.error != 0 && result.error != -ENODEV)
				fail_msg("point %u: unplug gave %d: %s", at, result.error,
					 result.findings);
			recover();
			assert_false(guest_has("nic0", LONE));
			if (!engine_at_rest(fixture, LONE,
					    (struct engine_state){ "host", "" }))
				fail_msg("point %u, %s: not at rest: %s", at,
					 after ? "after" : "before",
					 engine_show(engine_get(fixture, LONE)));
			expect_record(LONE, "guest", NULL);
		}
	assert_true(points > 16);
}

static void recover_completes_an_unplug(void **state)
{
	(void)state;
	start();
	plug(LONE, "nic0", true);
	guest->detach_error = -ETIMEDOUT;
	unplug("nic0", LONE, false);
	fixture_process(fixture, 99, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/vfio/11");
	recover();
	fixture_remove(fixture, "/proc/99");
	expect_record(LONE, "unplug", "pending");
	guest_drop("nic0");
	recover();
	expect_host(LONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hidden_device_is_plugged),
		cmocka_unit_test(a_device_is_hidden_first),
		cmocka_unit_test(what_is_in_the_guest_is_done),
		cmocka_unit_test(an_id_of_something_else_is_refused),
		cmocka_unit_test(what_is_not_hidden_is_refused),
		cmocka_unit_test(without_a_node_of_its_own_iommufd_is_refused),
		cmocka_unit_test(what_another_guest_has_is_refused),
		cmocka_unit_test(a_refusal_of_the_guest_takes_all_back),
		cmocka_unit_test(what_was_hidden_before_stays_hidden),
		cmocka_unit_test(silence_gives_nothing_back),
		cmocka_unit_test(functions_of_a_slot_go_together_or_not_at_all),
		cmocka_unit_test(an_interrupted_plug_leaves_nothing),
		cmocka_unit_test(what_is_none_of_the_hosts_needs_no_record),
		cmocka_unit_test(what_was_unplugged_is_returned),
		cmocka_unit_test(what_is_kept_stays_hidden),
		cmocka_unit_test(what_the_guest_refuses_stays_there),
		cmocka_unit_test(a_guest_that_does_not_let_go_is_asked_again),
		cmocka_unit_test(an_id_that_nothing_has_is_unknown),
		cmocka_unit_test(without_a_record_it_is_not_returned),
		cmocka_unit_test(another_guests_device_is_not_taken_out),
		cmocka_unit_test(without_a_record_the_device_must_be_the_one),
		cmocka_unit_test(a_group_is_returned_with_its_last),
		cmocka_unit_test(a_group_is_returned_at_once),
		cmocka_unit_test(what_leaves_is_returned_as_it_leaves),
		cmocka_unit_test(what_has_left_before_is_returned_first),
		cmocka_unit_test(all_is_returned_when_the_guest_ends),
		cmocka_unit_test(what_shall_stay_hidden_does),
		cmocka_unit_test(a_guest_is_known_by_its_process),
		cmocka_unit_test(an_interrupted_return_keeps_the_record),
		cmocka_unit_test(what_is_still_open_is_asked_for),
		cmocka_unit_test(what_a_dying_guest_had_is_given_back),
		cmocka_unit_test(of_a_guest_that_has_ended_all_is_given_back),
		cmocka_unit_test(a_kill_leaves_what_can_be_completed),
		cmocka_unit_test(recover_completes_an_unplug),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
