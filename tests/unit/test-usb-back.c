/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A USB device that a guest was given comes back: QEMU binds its drivers, or vfioprep does, or
 * it is bound anew as a whole; and nothing is written while somebody has it. Each story begins
 * with the record of a plug.
 */
#include "fixture.h"
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/act.h"

#define XHCI  "0000:00:14.0"
#define STICK "3-1"
#define GUEST "qmp:/run/web1.qmp"
#define NODE  "/dev/bus/usb/003/003"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static char *folder; /* of the stick */
static struct findings findings;
static char **force;

/* A stick with a disk, and a second interface that no driver wanted. */
static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_write(fixture, "/proc/sys/kernel/random/boot_id", "boot-1\n");
	fixture_device(fixture, &(struct fixture_device){ .address = XHCI,
							  .class = "0c0330",
							  .driver = "xhci_hcd" });
	fixture_usb(fixture,
		    &(struct fixture_usb){ .controller = XHCI,
					   .name = STICK,
					   .number = 3,
					   .serial = "S1",
					   .interfaces = "080650 usb-storage,ff0000" });
	fixture_write(fixture, "/sys/bus/usb/drivers/usb/bind", "%s", "");
	fixture_write(fixture, "/sys/bus/usb/drivers/usb/unbind", "%s", "");
	folder = fixture_usb_path(fixture, STICK);
	usb_grace_msec = 100;
	usb_settle_msec = 200;
	model_reset();
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	findings_done(&findings);
	force = NULL;
	vfp_ctx_free(ctx);
	free(folder);
	fixture_free(fixture);
	return 0;
}

/* -- what happens to it --------------------------------------------------------------- */

static void interface_link(const char *interface, const char *driver)
{
	_cleanup_free_ char *link = strf("%s/%s/driver", folder, interface);
	_cleanup_free_ char *target = strf("/sys/bus/usb/drivers/%s", nonnull(driver));

	fixture_remove(fixture, link);
	if (driver)
		fixture_link(fixture, link, target);
}

static void disk_appears(void)
{
	_cleanup_free_ char *block = strf("%s/3-1:1.0/host1/block/sda", folder);

	fixture_link_in(fixture, block, "subsystem", "/sys/class/block");
	fixture_attr(fixture, block, "wwid", "t10.STICK\n");
}

/* It goes, and is back where it was once @with is bound. */
static void disk_goes(const char *with)
{
	_cleanup_free_ char *host = strf("%s/3-1:1.0/host1", folder);
	_cleanup_free_ char *from = fixture_path(fixture, "%s", host);
	_cleanup_free_ char *to = fixture_path(fixture, "/model/usb/away");
	_cleanup_free_ char *stash = strf("/model/usb/stash/%s", with);

	fixture_write(fixture, stash, "/model/usb/away %s\n", host);
	assert_int_equal(rename(from, to), 0);
}

static int record(const char *guest, const char *id)
{
	struct vfp_device *device = NULL;
	int r = usb_load(ctx, STICK, &device);

	r = r ?: usb_record(ctx, device, guest, id, "test", force, &findings);
	device_free(device);
	return r;
}

static void plug(void)
{
	assert_int_equal(record(GUEST, "stick"), 0);
	interface_link("3-1:1.0", NULL);
}

static int returned(int64_t timeout)
{
	return usb_returned(ctx, STICK, timeout, &findings);
}

static void assert_driver(const char *interface, const char *driver)
{
	_cleanup_free_ char *name =
		fixture_link_name(fixture, "%s/%s/driver", folder, interface);

	assert_string_equal(nonnull(name), driver);
}

static void assert_record(bool there)
{
	assert_int_equal(fixture_exists(fixture, "/run/vfioprep/usb/" STICK), there);
}

static void assert_said(const char *text)
{
	for (size_t i = 0; i < findings.n; i++)
		if (strstr(findings.list[i]->text, text))
			return;
	fail_msg("not said: %s", text);
}

/* -- the record ------------------------------------------------------------------------ */

static void a_plug_is_recorded_once(void **state)
{
	_cleanup_strings_ char **names = NULL, **none = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	disk_appears();
	plug();
	/* The interfaces have lost their drivers: what is recorded stays. */
	assert_int_equal(record(GUEST, "stick"), 0);
	text = fixture_read(fixture, "/run/vfioprep/usb/" STICK);
	assert_non_null(strstr(text, "orig.interfaces=3-1:1.0 usb-storage;3-1:1.1 ;\n"));
	assert_non_null(strstr(text, "identity=0951:1666 S1\n"));
	assert_non_null(strstr(text, "back=disk t10.STICK\n"));
	assert_int_equal(usb_recorded(ctx, GUEST, "stick", &names), 0);
	assert_string_equal(names[0], STICK);
	assert_null(names[1]);
	assert_int_equal(usb_recorded(ctx, GUEST, "other", &none), 0);
	assert_null(none[0]);
}

static void another_guest_is_refused_while_one_has_it(void **state)
{
	(void)state;
	plug();
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			NODE);
	assert_int_equal(record("qmp:/run/web2.qmp", "x"), -EBUSY);
	assert_said("it was plugged into " GUEST " as stick");
}

/* The guest was killed: the drivers that it took are known from its record. */
static void another_guest_takes_over_what_is_known(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	plug();
	assert_int_equal(record("qmp:/run/web2.qmp", "x"), 0);
	text = fixture_read(fixture, "/run/vfioprep/usb/" STICK);
	assert_non_null(strstr(text, "guest=qmp:/run/web2.qmp\n"));
	assert_non_null(strstr(text, "3-1:1.0 usb-storage;"));
}

static void a_record_of_another_device_is_replaced(void **state)
{
	_cleanup_free_ char *serial = strf("%s/serial", folder), *text = NULL;

	(void)state;
	plug();
	fixture_write(fixture, serial, "S2\n");
	interface_link("3-1:1.0", "uas");
	assert_int_equal(returned(100), -ENODEV);
	assert_said("not what was given to the guest: another device");
	assert_record(false);
	assert_int_equal(record(GUEST, "stick"), 0);
	text = fixture_read(fixture, "/run/vfioprep/usb/" STICK);
	assert_non_null(strstr(text, "3-1:1.0 uas;"));
}

static void what_the_host_uses_is_refused(void **state)
{
	static char *lifted[] = { (char *)"input", NULL };

	(void)state;
	fixture_input(fixture, &(struct fixture_input){ .folder = folder,
							.number = 4,
							.name = "Keys",
							.kind = KEYBOARD });
	assert_int_equal(record(GUEST, "stick"), -EPERM);
	assert_said("the host would lose its last keyboard: Keys");
	assert_record(false);
	force = lifted;
	assert_int_equal(record(GUEST, "stick"), 0);
	assert_record(true);
}

/* What a guest has already when it is first looked at. */
static void what_was_not_seen_is_not_known(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	interface_link("3-1:1.0", "usbfs");
	plug();
	text = fixture_read(fixture, "/run/vfioprep/usb/" STICK);
	assert_non_null(strstr(text, "orig.interfaces=3-1:1.0 ?;3-1:1.1 ;\n"));
	interface_link("3-1:1.0", "usb-storage");
	assert_int_equal(returned(100), 0);
}

/* -- coming back ----------------------------------------------------------------------- */

static void without_a_record_there_is_nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(returned(100), 0);
}

static void what_is_back_needs_no_write(void **state)
{
	(void)state;
	plug();
	interface_link("3-1:1.0", "usb-storage");
	assert_int_equal(returned(100), 0);
	assert_record(false);
	assert_string_equal(model_control()->log, "");
}

static void a_driver_that_stays_away_is_bound(void **state)
{
	(void)state;
	disk_appears();
	plug();
	disk_goes("3-1:1.0");
	assert_int_equal(returned(5000), 0);
	assert_driver("3-1:1.0", "usb-storage");
	assert_driver("3-1:1.1", "");
	assert_record(false);
	assert_string_equal(model_control()->log,
			    "/sys/bus/usb/drivers/usb-storage/bind<-3-1:1.0\n");
}

static void a_disk_that_stays_away_has_it_bound_anew(void **state)
{
	(void)state;
	disk_appears();
	plug();
	disk_goes(STICK);
	interface_link("3-1:1.0", "usb-storage");
	assert_int_equal(returned(5000), 0);
	assert_record(false);
	assert_string_equal(model_control()->log, "/sys/bus/usb/drivers/usb/unbind<-3-1\n"
						  "/sys/bus/usb/drivers/usb/bind<-3-1\n");
}

static void what_does_not_come_back_is_said(void **state)
{
	(void)state;
	plug();
	fixture_write(fixture, "/model/usb/refuse/3-1:1.0", "%s", "");
	assert_int_equal(returned(300), -EAGAIN);
	assert_said("this has not come back: 3-1:1.0 (usb-storage)");
	assert_record(true);
}

static void while_somebody_has_it_nothing_is_written(void **state)
{
	(void)state;
	plug();
	interface_link("3-1:1.0", "usbfs");
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			NODE);
	assert_int_equal(returned(300), -EBUSY);
	assert_said("guest web1 (qemu-system-x86, 9) still has it");
	assert_record(true);
	/* Opened, and nothing claimed yet. */
	interface_link("3-1:1.0", NULL);
	assert_int_equal(returned(300), -EBUSY);
	assert_string_equal(model_control()->log, "");
}

/* What came back alone is in use: the rest waits for a person. */
static void what_is_used_again_is_not_bound_anew(void **state)
{
	(void)state;
	disk_appears();
	fixture_write(fixture, "/model/usb/refuse/3-1:1.1", "%s", "");
	interface_link("3-1:1.1", "usbhid");
	fixture_write(fixture, "/sys/bus/usb/drivers/usbhid/bind", "%s", "");
	plug();
	interface_link("3-1:1.1", NULL);
	interface_link("3-1:1.0", "usb-storage");
	fixture_input(fixture, &(struct fixture_input){ .folder = folder,
							.number = 4,
							.name = "Keys",
							.kind = KEYBOARD });
	assert_int_equal(returned(700), -EAGAIN);
	assert_string_equal(model_control()->log, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plug_is_recorded_once),
		TEST(another_guest_is_refused_while_one_has_it),
		TEST(another_guest_takes_over_what_is_known),
		TEST(a_record_of_another_device_is_replaced),
		TEST(what_the_host_uses_is_refused),
		TEST(what_was_not_seen_is_not_known),
		TEST(without_a_record_there_is_nothing_to_do),
		TEST(what_is_back_needs_no_write),
		TEST(a_driver_that_stays_away_is_bound),
		TEST(a_disk_that_stays_away_has_it_bound_anew),
		TEST(what_does_not_come_back_is_said),
		TEST(while_somebody_has_it_nothing_is_written),
		TEST(what_is_used_again_is_not_bound_anew),
	};

	return cmocka_run_group_tests_name("usb-back", tests, NULL, NULL);
}
