/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hangs below a device goes with its driver and is waited for after a return: it
 * comes back, under another name, or never; and a disk that is in use keeps its
 * controller.
 */
#include "engine.h"

static struct fixture *fixture;

#define DISKS "0000:07:00.0"
#define NIC   "0000:08:00.0"

static int set_up(void **state)
{
	(void)state;
	fixture = engine_host();
	fixture_device(fixture, &(struct fixture_device){ .address = DISKS,
							  .class = "010601",
							  .driver = "ahci",
							  .group = 17 });
	fixture_disk(fixture, &(struct fixture_disk){ .address = DISKS,
						      .name = "sda",
						      .wwid = "t10.ATA ONE",
						      .dev = "8:0" });
	fixture_device(fixture, &(struct fixture_device){ .address = NIC,
							  .driver = "e1000e",
							  .group = 18 });
	fixture_net(fixture, &(struct fixture_net){ .address = NIC, .name = "eth7" });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	engine_fresh(fixture);
	return 0;
}

static void goes_and_comes_back(void **state)
{
	static const struct engine_call hide = { .verb = ENGINE_HIDE,
						 .devices = { DISKS, NIC } };
	static const struct engine_call back = { .verb = ENGINE_RETURN,
						 .devices = { DISKS, NIC } };
	struct engine_result result;

	(void)state;
	result = engine_run(&hide);
	engine_expect_error("hide", &result, 0);
	assert_false(fixture_exists(fixture, "/sys/class/block/sda"));
	assert_false(fixture_exists(fixture, "/sys/class/net/eth7"));
	result = engine_run(&back);
	engine_expect_error("return", &result, 0);
	assert_true(fixture_exists(fixture, "/sys/class/block/sda/size"));
	assert_true(fixture_exists(fixture, "/sys/class/net/eth7/address"));
}

static void comes_back_under_another_name(void **state)
{
	struct engine_call call = { .verb = ENGINE_HIDE, .devices = { DISKS } };
	struct engine_result result;

	(void)state;
	engine_run(&call);
	fixture_write(fixture, "/model/rename", "sda sdb\n");
	call.verb = ENGINE_RETURN;
	result = engine_run(&call);
	engine_expect_error("renamed", &result, 0);
	assert_true(fixture_exists(fixture, "/sys/class/block/sdb/size"));
	fixture_write(fixture, "/model/rename", "sdb sda\n");
	call.verb = ENGINE_HIDE;
	engine_run(&call);
	call.verb = ENGINE_RETURN;
	result = engine_run(&call);
	engine_expect_error("renamed back", &result, 0);
}

/* Bound again, but the disk is not there: said, and not called a success. */
static void does_not_come_back(void **state)
{
	struct engine_call call = { .verb = ENGINE_HIDE, .devices = { DISKS } };
	_cleanup_free_ char *away = fixture_path(fixture, "/model/away");
	_cleanup_free_ char *kept = fixture_path(fixture, "/model/below/" DISKS);
	struct engine_result result;

	(void)state;
	engine_run(&call);
	assert_int_equal(rename(kept, away), 0);
	call.verb = ENGINE_RETURN;
	call.timeout = "0.5";
	result = engine_run(&call);
	engine_expect_error("lost", &result, -EAGAIN);
	assert_non_null(strstr(result.findings, "t10.ATA ONE"));
	assert_true(result.msec >= 500);
	engine_expect(fixture, "lost", DISKS, (struct engine_state){ "ahci", "" });
}

/* Somebody mounts the disk after the last look: the exclusive open tells. */
static void a_disk_in_use(void **state)
{
	struct engine_call call = { .verb = ENGINE_HIDE, .devices = { DISKS } };
	struct engine_result result;

	(void)state;
	fixture_write(fixture, "/model/mounted/sda", "%s", "");
	result = engine_run(&call);
	fixture_remove(fixture, "/model/mounted");
	engine_expect_error("in use", &result, -EPERM);
	engine_expect(fixture, "in use", DISKS, (struct engine_state){ "ahci", "" });
	assert_string_equal(model_control()->log, "");
	assert_false(engine_has_record(fixture, DISKS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_and_comes_back, fresh),
		cmocka_unit_test_setup(comes_back_under_another_name, fresh),
		cmocka_unit_test_setup(a_disk_in_use, fresh),
		cmocka_unit_test_setup(does_not_come_back, fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
