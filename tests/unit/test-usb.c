/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB devices: how each is named, what is ambiguous, and what its snapshot says. What stands
 * against giving one to a guest is in test-check-usb.c.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

#define XHCI "0000:00:14.0"

static struct fixture *fixture;
static struct vfp_ctx *ctx;

/* A hub at 3-1 with a keyboard and two sticks that are alike, and a card at 3-2. */
static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = XHCI,
							  .ids = "8086:1e31",
							  .class = "0c0330",
							  .driver = "xhci_hcd" });
	fixture_usb(fixture, &(struct fixture_usb){ .controller = XHCI,
						    .name = "3-1",
						    .number = 2,
						    .ids = "0409:55aa",
						    .class = "090001",
						    .interfaces = "090000 hub" });
	fixture_usb(fixture, &(struct fixture_usb){ .name = "3-1.2",
						    .number = 3,
						    .ids = "03f0:8607",
						    .speed = "1.5",
						    .manufacturer = "HP",
						    .product = "HP USB\tKeyboard",
						    .interfaces = "030101 usbhid,"
								  "030000 usbhid,"
								  "0e0100 uvcvideo" });
	fixture_usb(fixture, &(struct fixture_usb){ .name = "3-1.10",
						    .number = 4,
						    .interfaces = "080650 usb-storage" });
	fixture_usb(fixture, &(struct fixture_usb){ .name = "3-1.3",
						    .number = 105,
						    .product = "DataTraveler",
						    .interfaces = "080650 usbfs" });
	fixture_usb(fixture, &(struct fixture_usb){ .controller = XHCI,
						    .name = "3-2",
						    .number = 6,
						    .ids = "8086:10d3",
						    .class = "020600" });
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

typedef int select_fn(struct vfp_ctx *ctx, const char *selector, char **why,
		      struct vfp_device ***ret_devices);

static void assert_names(select_fn *fn, const char *selector, const char *expected)
{
	_cleanup_devices_ struct vfp_device **devices = NULL;
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *why = NULL;

	if (fn(ctx, selector, &why, &devices) < 0)
		fail_msg("%s: %s", selector, nonnull(why));
	for (struct vfp_device **d = devices; *d; d++)
		str_add(&text, "%s%s", text.len ? " " : "", device_address(*d));
	assert_string_equal(nonnull(text.s), expected);
}

static void assert_refused(const char *selector, int error, const char *expected)
{
	struct vfp_device **devices = NULL;
	_cleanup_free_ char *why = NULL;

	assert_int_equal(vfp_select(ctx, selector, &why, &devices), error);
	assert_non_null(why);
	if (!strstr(why, expected))
		fail_msg("%s: %s", selector, why);
}

/* -- selectors ----------------------------------------------------------------------- */

static void a_port_names_what_is_plugged_in_there(void **state)
{
	(void)state;
	assert_names(vfp_select, "3-1.2", "3-1.2");
	assert_names(vfp_select, "usb:3-1", "3-1");
	assert_names(vfp_select, "usb:usb3", "usb3");
	assert_refused("3-1.4", -ENODEV, "3-1.4: no such device");
	assert_refused("usb:usb4", -ENODEV, "no such device");
	/* A network interface has such a name. */
	assert_refused("usb3", -ENODEV, "no such device, interface or disk");
}

static void bus_and_number_name_one(void **state)
{
	(void)state;
	assert_names(vfp_select, "003.003", "3-1.2");
	assert_names(vfp_select, "003/105", "3-1.3");
	assert_names(vfp_select, "usb:3.4", "3-1.10");
	assert_names(vfp_select, "usb:003/006", "3-2");
	assert_refused("003.005", -ENODEV, "no such device");
	assert_refused("004.003", -ENODEV, "no such device");
}

static void ids_name_exactly_one(void **state)
{
	(void)state;
	assert_names(vfp_select, "03f0:8607", "3-1.2");
	assert_names(vfp_select, "usb:03F0:8607", "3-1.2");
	assert_refused("0951:1666", -EINVAL,
		       "0951:1666 is ambiguous: it is 3-1.3, 3-1.10; name one");
	assert_refused("usb:0951:1666", -EINVAL, "ambiguous");
	assert_names(vfp_select_matching, "0951:1666", "3-1.3 3-1.10");
	assert_refused("usb:0951:1667", -ENODEV, "no USB device has these ids");
	assert_refused("pci:03f0:8607", -ENODEV, "no PCI device has these ids");
}

static void ids_of_both_buses_are_ambiguous(void **state)
{
	(void)state;
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:00:19.0",
							  .ids = "8086:10d3" });
	assert_refused("8086:10d3", -EINVAL, "say pci:8086:10d3 or usb:8086:10d3");
	assert_names(vfp_select, "usb:8086:10d3", "3-2");
	assert_names(vfp_select, "pci:8086:10d3", "0000:00:19.0");
}

static void all_are_in_the_order_of_ports(void **state)
{
	(void)state;
	assert_names(vfp_select, "usb:*", "usb3 3-1 3-1.2 3-1.3 3-1.10 3-2");
}

static void what_names_none_is_said(void **state)
{
	static const char *const words[] = { "usb:",        "usb:3-",     "usb:3-1.",
					     "usb:3-1:1.0", "usb:3-1..2", "usb:x",
					     "usb:usb",     "usb:../3-1", "usb:3.3.3",
					     "usb:-1.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_refused(words[i], -EINVAL, strchr(words[i], '/') ? "" : "USB");
}

/* -- the snapshot -------------------------------------------------------------------- */

static void assert_field(const char *name, enum vfp_field field, const char *expected)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	const char *value;

	assert_int_equal(usb_load(ctx, name, &device), 0);
	value = vfp_device_get(device, field);
	if (!streq(nonnull(value), expected))
		fail_msg("%s, field %d: %s", name, field, nonnull(value));
}

static void a_snapshot_says_where_and_what_it_is(void **state)
{
	_cleanup_device_ struct vfp_device *device = NULL;

	(void)state;
	assert_field("3-1.2", VFP_ADDRESS, "3-1.2");
	assert_field("3-1.2", VFP_USB_BUS, "3");
	assert_field("3-1.2", VFP_USB_ADDRESS, "3");
	assert_field("3-1.2", VFP_USB_PORT, "1.2");
	assert_field("usb3", VFP_USB_PORT, "");
	assert_field("3-1.2", VFP_USB_SPEED, "1.5");
	assert_field("3-1.2", VFP_IDS, "03f0:8607");
	assert_field("3-1.2", VFP_PARENT, XHCI);
	assert_field("3-1.2", VFP_DRIVER, "usbhid, uvcvideo");
	assert_field("3-2", VFP_DRIVER, "");
	assert_field("usb3", VFP_DRIVER, "hub");
	assert_field("3-1.2", VFP_USB_INTERFACES,
		     "Keyboard: usbhid; Input: usbhid; Video: uvcvideo");
	assert_field("3-2", VFP_USB_INTERFACES, "");
	assert_field("3-1.2", VFP_GROUP, "");
	assert_int_equal(usb_load(ctx, "3-1.2", &device), 0);
	assert_true(vfp_device_is_usb(device));
	assert_false(vfp_device_is_bridge(device));
	assert_int_equal(vfp_device_get_group(device), -ENODATA);
}

static void the_class_may_be_that_of_an_interface(void **state)
{
	(void)state;
	assert_field("3-1.2", VFP_CLASS, "030101");
	assert_field("3-1.2", VFP_CLASS_SHORT, "Keyboard");
	assert_field("3-1.10", VFP_CLASS_NAME, "Mass storage");
	assert_field("3-2", VFP_CLASS, "020600");
	assert_field("3-2", VFP_CLASS_SHORT, "Network");
}

/* A vendor is not said twice, and strings of devices do not reach a terminal as they are. */
static void a_name_is_what_the_device_says(void **state)
{
	(void)state;
	assert_field("3-1.2", VFP_NAME, "HP USB\\x09Keyboard");
	assert_field("3-1.2", VFP_VENDOR_NAME, "HP");
	assert_field("3-1.3", VFP_NAME, "DataTraveler");
	assert_field("3-1.10", VFP_NAME, "Device 0951:1666");
}

static void a_hub_is_a_bridge(void **state)
{
	_cleanup_device_ struct vfp_device *hub = NULL, *root = NULL;

	(void)state;
	assert_int_equal(usb_load(ctx, "3-1", &hub), 0);
	assert_true(vfp_device_is_bridge(hub));
	assert_int_equal(usb_load(ctx, "usb3", &root), 0);
	assert_true(vfp_device_is_bridge(root));
}

static void what_is_half_gone_is_no_device(void **state)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_free_ char *folder = fixture_usb_path(fixture, "3-2");
	_cleanup_free_ char *file = strf("%s/devnum", folder);

	(void)state;
	fixture_remove(fixture, file);
	assert_int_equal(usb_load(ctx, "3-2", &device), -ENODEV);
	assert_int_equal(usb_load(ctx, "3-1:1.0", &device), -ENODEV);
	assert_refused("3-2", -ENODEV, "no such device");
	assert_names(vfp_select, "usb:*", "usb3 3-1 3-1.2 3-1.3 3-1.10");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_port_names_what_is_plugged_in_there),
		TEST(bus_and_number_name_one),
		TEST(ids_name_exactly_one),
		TEST(ids_of_both_buses_are_ambiguous),
		TEST(all_are_in_the_order_of_ports),
		TEST(what_names_none_is_said),
		TEST(a_snapshot_says_where_and_what_it_is),
		TEST(the_class_may_be_that_of_an_interface),
		TEST(a_name_is_what_the_device_says),
		TEST(a_hub_is_a_bridge),
		TEST(what_is_half_gone_is_no_device),
	};

	return cmocka_run_group_tests_name("usb", tests, NULL, NULL);
}
