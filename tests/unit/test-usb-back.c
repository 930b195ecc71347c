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

static int record_of(const char *guest, const char *process, const char *id)
{
	const struct mark mark = { guest, process, id, NULL };
	struct vfp_device *device = NULL;
	int r = usb_load(ctx, STICK, &device);

	r = r ?: usb_record(ctx, device, &mark, "test", force, &findings);
	device_free(device);
	return r;
}

static int record(const char *guest, const char *id)
{
	return record_of(guest, NULL, id);
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
	assert_non_null(strstr(text, "guest=" GUEST "\nid=stick\n"));
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

/* -- a guest that has ended -------------------------------------------------------------- */

/* The guest's process is 9, as vfioprep saw it when it plugged. */
static void plug_into_process(void)
{
	_cleanup_free_ char *process = NULL;

	disk_appears();
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			NULL);
	process = claim_process(ctx, "9");
	assert_int_equal(record_of(GUEST, process, "stick"), 0);
	interface_link("3-1:1.0", NULL);
	disk_goes("3-1:1.0");
}

static int recover(bool look)
{
	struct vfp_finding **list = NULL;
	int r = vfp_usb_recover(ctx, look, &list);

	for (size_t i = 0; list && list[i]; i++)
		finding_add(&findings, list[i]->severity, list[i]->kind, list[i]->device,
			    list[i]->object, list[i]->remedy, "%s", list[i]->text);
	vfp_findings_free(list);
	return r;
}

static void recover_leaves_a_guest_that_runs_alone(void **state)
{
	(void)state;
	plug_into_process();
	findings_done(&findings);
	assert_int_equal(recover(false), 0);
	assert_int_equal(findings.n, 0);
	assert_record(true);
	assert_string_equal(model_control()->log, "");
}

static void recover_brings_back_what_a_guest_had(void **state)
{
	(void)state;
	plug_into_process();
	fixture_remove(fixture, "/proc/9");
	assert_int_equal(recover(true), 0);
	assert_said("its drivers are bound again");
	assert_record(true);
	assert_string_equal(model_control()->log, "");
	assert_int_equal(recover(false), 0);
	assert_said("its guest " GUEST " has ended; it is back");
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

/* The number of the process is another one's by now. */
static void recover_tells_processes_apart(void **state)
{
	(void)state;
	plug_into_process();
	fixture_remove(fixture, "/proc/9");
	fixture_write(fixture, "/proc/9/stat",
		      "9 (sh) S 1 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n");
	assert_int_equal(recover(false), 0);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

/* Of libvirt's guests no process is known: who has it open tells. */
static void recover_leaves_alone_what_is_open(void **state)
{
	(void)state;
	plug();
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			NODE);
	assert_int_equal(recover(false), 0);
	assert_record(true);
	assert_string_equal(model_control()->log, "");
	fixture_remove(fixture, "/proc/9");
	assert_int_equal(recover(false), 0);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

static void recover_forgets_what_was_pulled_out(void **state)
{
	_cleanup_free_ char *serial = strf("%s/serial", folder);

	(void)state;
	plug_into_process();
	fixture_remove(fixture, "/proc/9");
	fixture_write(fixture, serial, "S2\n");
	assert_int_equal(recover(false), 0);
	assert_said("another device");
	assert_record(false);
}

/* -- by a guest's monitors ---------------------------------------------------------------- */

/* What the guest has by the id "stick", and what becomes of it. */
static struct {
	int process;
	const char *kind, *device;
	unsigned int asked;
} guest;

static int fake_find(void *data, const char *id, int timeout, char **ret_kind,
		     char **ret_device, char **ret_why)
{
	(void)data, (void)timeout, (void)ret_why;
	if (!guest.kind || !streq(id, "stick"))
		return -ENOENT;
	*ret_kind = strdup(guest.kind);
	*ret_device = guest.device ? strdup(guest.device) : NULL;
	return 0;
}

static int fake_detach(void *data, const struct vfp_hotplug *request, int timeout,
		       char **ret_why)
{
	(void)data, (void)request, (void)timeout, (void)ret_why;
	guest.asked++;
	guest.kind = NULL;
	return 0;
}

/* The watch is interrupted; or the guest ends, when its process has. */
static int fake_next_gone(void *data, int timeout, char **ret_id, char **ret_why)
{
	(void)data, (void)timeout, (void)ret_id, (void)ret_why;
	return fixture_exists(fixture, "/proc/9") ? -ECANCELED : -EPIPE;
}

static int fake_process(void *data)
{
	(void)data;
	return guest.process;
}

static void fake_close(void *data)
{
	(void)data;
}

static struct vfp_guest *monitor(const char *name, int process)
{
	static const struct vfp_guest_ops ops = { fake_find,    NULL,
						  fake_detach,  fake_next_gone,
						  fake_process, fake_close };
	struct vfp_guest *monitor = NULL;

	guest.process = process;
	assert_int_equal(vfp_guest_new(ctx, name, &ops, NULL, &monitor), 0);
	return monitor;
}

/* It ends while it is watched when @ends. */
static int watch(const char *name, int process, bool ends)
{
	struct vfp_guest *watched = monitor(name, process);
	struct vfp_plan *plan = NULL;
	int r;

	if (ends)
		fixture_remove(fixture, "/proc/9");
	assert_int_equal(vfp_plan_new(ctx, &plan), 0);
	r = vfp_watch(watched, plan, NULL, NULL);
	vfp_plan_free(plan);
	vfp_guest_free(watched);
	return r;
}

static int unplug(const char *name, int process, bool keep)
{
	struct vfp_guest *asked = monitor(name, process);
	struct vfp_hotplug *requests[2] = { 0 };
	struct vfp_finding **list = NULL;
	struct vfp_plan *plan = NULL;
	int r;

	guest.asked = 0;
	assert_int_equal(vfp_guest_find(asked, "stick", 100, &requests[0], NULL), 0);
	assert_int_equal(vfp_plan_new(ctx, &plan), 0);
	r = vfp_detach(asked, requests, keep, plan, &list);
	vfp_findings_free(list);
	vfp_plan_free(plan);
	vfp_hotplug_free(requests[0]);
	vfp_guest_free(asked);
	return r;
}

static void in_guest(const char *kind, const char *device)
{
	plug_into_process();
	guest.kind = kind;
	guest.device = device;
}

static void a_watch_by_another_monitor_knows_it(void **state)
{
	(void)state;
	in_guest("usb", "3-1");
	assert_int_equal(watch("qmp:/run/watch.qmp", 9, false), -ECANCELED);
	assert_record(true);
	assert_string_equal(model_control()->log, "");
	assert_int_equal(watch("qmp:/run/watch.qmp", 9, true), 0);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

static void a_watch_sees_what_has_left(void **state)
{
	(void)state;
	in_guest(NULL, NULL);
	assert_int_equal(watch("qmp:/run/watch.qmp", 9, false), -ECANCELED);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

/* It has left, and its id is another stick's by now. */
static void a_watch_looks_at_what_has_the_id(void **state)
{
	(void)state;
	in_guest("usb", "4-7");
	assert_int_equal(watch(GUEST, 9, false), -ECANCELED);
	assert_record(false);
}

static void a_watch_of_another_guest_leaves_it_alone(void **state)
{
	(void)state;
	in_guest(NULL, NULL);
	fixture_process(fixture, 10, "qemu-system-x86", "qemu-system-x86_64", NULL);
	assert_int_equal(watch("qmp:/run/web2.qmp", 10, true), 0);
	assert_record(true);
	assert_string_equal(model_control()->log, "");
}

/* At the same place, but not the same: whose ids say nothing. */
static void a_guest_that_came_after_gives_it_back(void **state)
{
	(void)state;
	in_guest("usb", "3-1");
	fixture_process(fixture, 10, "qemu-system-x86", "qemu-system-x86_64", NULL);
	assert_int_equal(watch(GUEST, 10, false), -ECANCELED);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

static void an_unplug_by_another_monitor_knows_it(void **state)
{
	(void)state;
	in_guest("usb", "3-1");
	assert_int_equal(unplug("qmp:/run/watch.qmp", 9, false), 0);
	assert_int_equal(guest.asked, 1);
	assert_driver("3-1:1.0", "usb-storage");
	assert_record(false);
}

static void nothing_can_be_kept(void **state)
{
	(void)state;
	in_guest("usb", "3-1");
	assert_int_equal(unplug(GUEST, 9, true), -EPERM);
	assert_int_equal(guest.asked, 0);
	assert_record(true);
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

/* Nobody has it: how long the caller would have waited for that does not matter. */
static void the_drivers_have_time_of_their_own(void **state)
{
	(void)state;
	disk_appears();
	plug();
	disk_goes(STICK);
	interface_link("3-1:1.0", "usb-storage");
	assert_int_equal(returned(50), 0);
	assert_record(false);
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
		TEST(recover_leaves_a_guest_that_runs_alone),
		TEST(recover_brings_back_what_a_guest_had),
		TEST(recover_tells_processes_apart),
		TEST(recover_leaves_alone_what_is_open),
		TEST(recover_forgets_what_was_pulled_out),
		TEST(a_watch_by_another_monitor_knows_it),
		TEST(a_watch_sees_what_has_left),
		TEST(a_watch_looks_at_what_has_the_id),
		TEST(a_watch_of_another_guest_leaves_it_alone),
		TEST(a_guest_that_came_after_gives_it_back),
		TEST(an_unplug_by_another_monitor_knows_it),
		TEST(nothing_can_be_kept),
		TEST(the_drivers_have_time_of_their_own),
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
