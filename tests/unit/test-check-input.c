/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on keyboards and pointers: which inputs are one, which of them remain, and what
 * a host without any is told.
 */
#include "verdict.h"

#define BOARD "/sys/devices/platform/i8042/serio0"

static void controller(void)
{
	device("0c0330", "xhci_hcd");
}

static void input(const char *above, unsigned int number, const char *name, int kind)
{
	_cleanup_free_ char *place =
		*above == '/' ? strdup(above) : strf("%s/%s", device_folder, above);

	fixture_input(fixture, &(struct fixture_input){ .folder = place,
							.number = number,
							.name = name,
							.kind = kind });
}

static void the_last_keyboard_is_refused(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	assert_says(
		"refuse input:USB Keyboard the host would lose its last keyboard: USB Keyboard "
		"[plug a keyboard in elsewhere]\n");
	assert_use("keyboard USB Keyboard");
}

static void a_keyboard_beside_which_another_remains_is_a_warning(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	input(BOARD, 4, "AT Translated Set 2 keyboard", KEYBOARD);
	assert_says(
		"warn input:USB Keyboard the host would lose the keyboard USB Keyboard; AT "
		"Translated Set 2 keyboard remains []\n");
	assert_use("keyboard USB Keyboard");
}

/* A headless server; the board's keyboard is not ours to lose. */
static void without_keyboards_nothing_is_said(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "Headset", BUTTON);
	input("/sys/devices/LNXSYSTM:00/LNXPWRBN:00", 1, "Power Button", BUTTON);
	assert_says("");
	input(BOARD, 4, "AT Translated Set 2 keyboard", KEYBOARD);
	assert_says("");
	assert_use("free");
}

static void buttons_do_not_count_as_keyboards(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	input("/sys/devices/LNXSYSTM:00/LNXPWRBN:00", 1, "Power Button", BUTTON);
	input(BOARD, 2, "PS/2 Mouse", MOUSE);
	input("/sys/devices/pci0000:00/rc0", 5, "Remote control", REMOTE);
	text = say(NULL);
	assert_non_null(strstr(text, "last keyboard: USB Keyboard"));
}

/* What programs make come from no hardware (key remappers, remote desktops). */
static void emulated_keyboards_do_not_count(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	input("/sys/devices/virtual", 9, "keyd virtual keyboard", KEYBOARD);
	text = say(NULL);
	assert_non_null(strstr(text, "last keyboard: USB Keyboard"));
}

static void two_controllers_together_lose_the_last(void **state)
{
	_cleanup_free_ char *other = NULL, *text = NULL, *alone = NULL;

	(void)state;
	controller();
	fixture_device(fixture, &(struct fixture_device){ .address = OTHER,
							  .class = "0c0330",
							  .driver = "xhci_hcd",
							  .group = 13 });
	other = fixture_device_path(fixture, OTHER);
	input("usb1/1-1", 3, "One", KEYBOARD);
	input(other, 4, "Two", KEYBOARD);
	alone = say(NULL);
	assert_non_null(strstr(alone, "warn input:One"));
	text = say(OTHER);
	assert_non_null(strstr(text,
			       "refuse input:One the host would lose its last keyboard: "
			       "One, Two ["));
}

static void a_serial_console_remains(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	fixture_write(fixture, "/sys/class/tty/console/active", "tty0\n");
	fixture_mkdir(fixture, "/sys/class/tty/tty0");
	assert_use("keyboard USB Keyboard");
	fixture_write(fixture, "/sys/class/tty/console/active", "tty0 ttyS0\n");
	fixture_mkdir(fixture, "/sys/class/tty/ttyS0");
	assert_says("warn input:USB Keyboard the host would lose its last keyboard: USB "
		    "Keyboard; a console on a serial line remains []\n");
}

/* The line of that console hangs at the same controller. */
static void a_serial_console_that_goes_does_not_remain(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Keyboard", KEYBOARD);
	fixture_below(fixture, DEVICE, "tty", "ttyUSB0");
	fixture_write(fixture, "/sys/class/tty/console/active", "ttyUSB0\n");
	text = say(NULL);
	assert_non_null(strstr(text, "refuse input:USB Keyboard"));
	assert_non_null(strstr(text,
			       "warn tty:ttyUSB0 the host would lose its console on "
			       "ttyUSB0"));
}

/* Its input hangs below the daemon's device, and goes with the adapter. */
static void a_bluetooth_keyboard_goes_with_the_last_adapter(void **state)
{
	_cleanup_free_ char *text = NULL, *other = NULL;

	(void)state;
	controller();
	fixture_below(fixture, DEVICE, "bluetooth", "hci0");
	other = say(NULL);
	assert_string_equal(
		other,
		"note bluetooth:hci0 the Bluetooth adapter hci0 goes with it []\n");
	input("/sys/devices/virtual/misc/uhid/0005:046D:B342.0001", 9, "K380", KEYBOARD);
	text = say(NULL);
	assert_non_null(strstr(text, "last keyboard: K380"));
	fixture_mkdir(fixture, "/sys/class/bluetooth/hci1");
	assert_says("note bluetooth:hci0 the Bluetooth adapter hci0 goes with it []\n");
}

/* -- pointers ------------------------------------------------------------------------ */

static void the_last_pointer_in_use_is_refused(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Mouse", MOUSE);
	assert_says("");
	assert_use("free");
	fixture_process(fixture, 812, "Xorg", NULL, "/dev/input/event3");
	assert_says(
		"refuse input:USB Mouse the host would lose its last pointer: USB Mouse, which "
		"Xorg (812) uses [plug a mouse in elsewhere]\n");
	assert_use("pointer USB Mouse: Xorg (812)");
	input(BOARD, 4, "TouchPad", TOUCHPAD);
	assert_says("");
	assert_use("free");
}

static void all_mice_are_one_node(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Mouse", MOUSE);
	fixture_process(fixture, 5, "gpm", NULL, "/dev/input/event4");
	assert_says("");
	fixture_process(fixture, 6, "gpm", NULL, "/dev/input/mice");
	assert_use("pointer USB Mouse: gpm (6)");
}

static void a_touchpad_is_a_pointer(void **state)
{
	(void)state;
	device("0c8000", "intel-lpss");
	input("i2c-1/i2c-ELAN", 3, "ELAN Touchpad", TOUCHPAD);
	fixture_process(fixture, 812, "gnome-shell", NULL, "/dev/input/event3");
	assert_use("pointer ELAN Touchpad: gnome-shell (812)");
}

static void who_uses_the_pointer_cannot_be_seen_without_root(void **state)
{
	(void)state;
	controller();
	input("usb1/1-1", 3, "USB Mouse", MOUSE);
	fixture_remove(fixture, "/proc/1");
	assert_says("unknown input:USB Mouse its last pointer is below it, and not all "
		    "processes could be looked at [ask again as root]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_keyboard_is_refused),
		TEST(a_keyboard_beside_which_another_remains_is_a_warning),
		TEST(without_keyboards_nothing_is_said),
		TEST(buttons_do_not_count_as_keyboards),
		TEST(emulated_keyboards_do_not_count),
		TEST(two_controllers_together_lose_the_last),
		TEST(a_serial_console_remains),
		TEST(a_serial_console_that_goes_does_not_remain),
		TEST(a_bluetooth_keyboard_goes_with_the_last_adapter),
		TEST(the_last_pointer_in_use_is_refused),
		TEST(all_mice_are_one_node),
		TEST(a_touchpad_is_a_pointer),
		TEST(who_uses_the_pointer_cannot_be_seen_without_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
