/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on one USB device: what the host would lose, who has it, and nothing of what
 * is only about PCI.
 */
#include "verdict.h"

#define HUB   "3-1"
#define STICK "3-1.2"

static void usb(const char *name, unsigned int number, const char *class,
		const char *interfaces)
{
	fixture_usb(fixture, &(struct fixture_usb){ .controller = DEVICE,
						    .name = name,
						    .number = number,
						    .class = class,
						    .interfaces = interfaces });
}

static void hub_and(const char *interfaces)
{
	device("0c0330", "xhci_hcd");
	usb(HUB, 2, "090001", "090000 hub");
	usb(STICK, 3, NULL, interfaces);
}

static void assert_verdict(const char *name, const char *expected)
{
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_device_ struct vfp_device *d = NULL;
	struct vfp_finding **list = NULL;
	_cleanup_str_ struct str text = { 0 };

	assert_int_equal(usb_load(ctx, name, &d), 0);
	assert_int_equal(vfp_check(ctx, d, &how, &list), 0);
	for (struct vfp_finding **f = list; *f; f++) {
		assert_string_equal((*f)->device, name);
		str_add(&text, "%s %s: %s\n", vfp_severity_name((*f)->severity),
			(*f)->kind, (*f)->text);
	}
	assert_string_equal(nonnull(text.s), expected);
	vfp_findings_free(list);
}

static void assert_used(const char *name, const char *expected)
{
	struct vfp_device *list[] = { NULL, NULL };
	const char **uses = NULL;

	assert_int_equal(usb_load(ctx, name, &list[0]), 0);
	assert_int_equal(vfp_devices_use(ctx, list, &uses), 0);
	assert_string_equal(uses[0], expected);
	free(uses);
	device_free(list[0]);
}

static void a_device_that_nobody_uses_can_go(void **state)
{
	(void)state;
	hub_and("080650 usb-storage");
	assert_verdict(STICK, "");
	assert_used(STICK, "free");
}

/* A class of USB has the number of another one of PCI: 03 is no display, 02 is no card. */
static void classes_are_not_those_of_pci(void **state)
{
	(void)state;
	hub_and("030000 usbhid");
	usb("3-2", 4, "020600", NULL);
	usb("3-3", 5, "088000", NULL);
	fixture_write(fixture, "/sys/class/vtconsole/vtcon0/bind", "1\n");
	assert_verdict(STICK, "");
	assert_verdict("3-2", "");
	assert_verdict("3-3", "");
}

static void a_hub_is_refused(void **state)
{
	(void)state;
	hub_and("080650 usb-storage");
	assert_verdict(HUB,
		       "refuse bridge: it is a hub; hubs are never given to a guest\n");
	assert_verdict("usb3",
		       "refuse bridge: it is a hub; hubs are never given to a guest\n");
	assert_used(HUB, "hub");
}

static void keyboard_below(const char *name, unsigned int number)
{
	_cleanup_free_ char *folder = fixture_usb_path(fixture, name);
	_cleanup_free_ char *interface = strf("%s/%s:1.0", folder, name);

	fixture_input(fixture, &(struct fixture_input){ .folder = interface,
							.number = number,
							.name = name,
							.kind = KEYBOARD });
}

static void the_last_keyboard_is_refused(void **state)
{
	(void)state;
	hub_and("030101 usbhid");
	keyboard_below(STICK, 5);
	assert_verdict(STICK,
		       "refuse input: the host would lose its last keyboard: 3-1.2\n");
	assert_used(STICK, "keyboard 3-1.2");
	usb("3-2", 4, NULL, "030101 usbhid");
	keyboard_below("3-2", 6);
	assert_verdict(STICK, "warn input: the host would lose the keyboard 3-1.2; 3-2 "
			      "remains\n");
}

static void one_that_a_guest_has_is_held(void **state)
{
	(void)state;
	hub_and("080650 usbfs,080650 usbfs");
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/bus/usb/003/003");
	assert_verdict(STICK, "refuse held: guest web1 (qemu-system-x86, 9) has it\n");
	assert_used(STICK, "guest web1 (qemu-system-x86, 9)");
}

/* QEMU takes the drivers away before it claims anything. */
static void one_that_a_guest_has_opened_is_held(void **state)
{
	(void)state;
	hub_and("080650");
	assert_verdict(STICK, "");
	fixture_process(fixture, 8, "fwupd", NULL, "/dev/bus/usb/003/003");
	assert_verdict(STICK, "");
	fixture_process(fixture, 9, "qemu-system-x86", NULL, "/dev/bus/usb/003/003");
	assert_verdict(STICK, "refuse held: qemu-system-x86 (9) has it\n");
	assert_used(STICK, "qemu-system-x86 (9)");
}

static void one_that_a_program_has_claimed_is_held(void **state)
{
	(void)state;
	hub_and("030000 usbfs");
	fixture_process(fixture, 8, "usbhid-ups", NULL, "/dev/bus/usb/003/003");
	assert_verdict(STICK, "refuse held: usbhid-ups (8) has it\n");
}

static void who_has_it_may_be_unknown(void **state)
{
	(void)state;
	hub_and("030000 usbfs");
	fixture_remove(fixture, "/proc/1");
	assert_verdict(STICK,
		       "unknown usb: a program or a guest has taken the USB device "
		       "3-1.2, and which could not be seen\n");
	assert_used(STICK, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_that_nobody_uses_can_go),
		TEST(classes_are_not_those_of_pci),
		TEST(a_hub_is_refused),
		TEST(the_last_keyboard_is_refused),
		TEST(one_that_a_guest_has_is_held),
		TEST(one_that_a_guest_has_opened_is_held),
		TEST(one_that_a_program_has_claimed_is_held),
		TEST(who_has_it_may_be_unknown),
	};

	return cmocka_run_group_tests_name("check-usb", tests, NULL, NULL);
}
