/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on sound, serial lines, TPM, watchdogs, RDMA, cameras, Bluetooth and USB devices
 * that somebody was given: in use, and beside it idle.
 */
#include "verdict.h"

static void who_plays_sound_is_named(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	device("040300", "snd_hda_intel");
	fixture_below(fixture, DEVICE, "sound", "card0");
	fixture_below(fixture, DEVICE, "sound", "pcmC0D0p");
	fixture_below(fixture, DEVICE, "sound", "controlC0");
	assert_says("");
	fixture_process(fixture, 7, "wireplumber", NULL, "/dev/snd/controlC0");
	assert_says(
		"note sound:wireplumber (7) wireplumber (7) has /dev/snd/controlC0 open; "
		"the kernel waits until it closes that []\n");
	assert_use("free");
	fixture_process(fixture, 8, "mpv", NULL, "/dev/snd/pcmC0D0p");
	assert_says(
		"warn sound:mpv (8) mpv (8) would lose its sound: it has "
		"/dev/snd/pcmC0D0p open []\n"
		"note sound:wireplumber (7) wireplumber (7) has /dev/snd/controlC0 open; "
		"the kernel waits until it closes that []\n");
	assert_use("pcmC0D0p: mpv (8)");
	/* Once is enough of one that has both. */
	fixture_symlink(fixture, "/proc/7/fd/6", "/dev/snd/pcmC0D0p");
	text = say(NULL);
	assert_null(strstr(text, "note"));
}

/* The drivers of USB cards let go at once. */
static void controls_of_a_usb_card_are_nothing(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	fixture_below(fixture, DEVICE, "sound", "controlC1");
	fixture_process(fixture, 7, "wireplumber", NULL, "/dev/snd/controlC1");
	assert_says("");
}

static void a_serial_line_in_use_is_a_warning(void **state)
{
	(void)state;
	device("070002", "serial");
	fixture_below(fixture, DEVICE, "tty", "ttyS4");
	fixture_write(fixture, "/sys/class/tty/console/active", "tty0 ttyS40\n");
	fixture_process(fixture, 7, "agetty", NULL, "/dev/ttyS40");
	assert_says("");
	assert_use("free");
	fixture_process(fixture, 8, "agetty", NULL, "/dev/ttyS4");
	assert_says("warn tty:agetty (8) agetty (8) would lose its serial port: it has "
		    "/dev/ttyS4 open []\n");
	assert_use("ttyS4: agetty (8)");
	fixture_write(fixture, "/sys/class/tty/console/active", "ttyS4\n");
	assert_use("ttyS4: console");
}

static void a_tpm_is_a_warning(void **state)
{
	(void)state;
	device("0c8000", "intel-lpss");
	assert_says("");
	fixture_below(fixture, DEVICE, "tpm", "tpm0");
	fixture_below(fixture, DEVICE, "tpmrm", "tpmrm0");
	assert_says(
		"warn tpm:tpm0 the host would lose its TPM (tpm0): disk keys and measured "
		"boot may depend on it []\n");
	assert_use("TPM tpm0");
	fixture_process(fixture, 8, "tpm2-abrmd", NULL, "/dev/tpmrm0");
	assert_says(
		"warn tpm:tpm0 the host would lose its TPM (tpm0): disk keys and measured "
		"boot may depend on it []\n"
		"warn tpm:tpm2-abrmd (8) tpm2-abrmd (8) would lose the TPM: it has "
		"/dev/tpmrm0 open []\n");
}

static void a_running_watchdog_is_a_warning(void **state)
{
	_cleanup_free_ char *own = NULL;

	(void)state;
	device("088000", "wdt");
	fixture_below(fixture, DEVICE, "watchdog", "watchdog0");
	own = strf("%s/watchdog/watchdog0", device_folder);
	fixture_attr(fixture, own, "state", "inactive\n");
	assert_says("");
	assert_use("free");
	fixture_attr(fixture, own, "state", "active\n");
	assert_says(
		"warn watchdog:watchdog0 the watchdog watchdog0 is running: nothing would "
		"restart the host when it hangs, or it is reset because nothing feeds it "
		"[stop who feeds it]\n");
	assert_use("watchdog0: running");
	fixture_attr(fixture, own, "state", "inactive\n");
	fixture_process(fixture, 1, "systemd", NULL, "/dev/watchdog");
	assert_use("watchdog: systemd (1)");
}

/* Some drivers do not tell on which device it is. */
static void a_watchdog_elsewhere_is_known_by_its_driver(void **state)
{
	static const char place[] = "/sys/devices/virtual/watchdog/watchdog0";

	(void)state;
	device("088000", "i6300ESB timer");
	fixture_attr(fixture, place, "identity", "i6300ESB timer\n");
	fixture_attr(fixture, place, "state", "inactive\n");
	assert_says("");
	fixture_attr(fixture, place, "state", "active\n");
	assert_use("watchdog0: running");
	fixture_attr(fixture, place, "identity", "Software Watchdog\n");
	assert_says("");
}

static void rdma_in_use_is_a_warning(void **state)
{
	(void)state;
	device("020700", "mlx5_core");
	fixture_below(fixture, DEVICE, "infiniband", "mlx5_0");
	fixture_below(fixture, DEVICE, "infiniband_verbs", "uverbs0");
	fixture_below(fixture, DEVICE, "infiniband_mad", "umad0");
	fixture_process(fixture, 7, "other", NULL, "/dev/infiniband/rdma_cm");
	assert_says("");
	fixture_process(fixture, 8, "ib_send_bw", NULL, "/dev/infiniband/uverbs0");
	assert_says(
		"warn rdma:ib_send_bw (8) ib_send_bw (8) would lose its RDMA device: it "
		"has /dev/infiniband/uverbs0 open []\n");
}

static void a_camera_in_use_is_a_warning(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	fixture_below(fixture, DEVICE, "video4linux", "video0");
	assert_says("");
	fixture_process(fixture, 8, "zoom", NULL, "/dev/video0");
	assert_says(
		"warn video:zoom (8) zoom (8) would lose its camera: it has /dev/video0 "
		"open []\n");
}

static void bluetooth_connections_are_a_warning(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	fixture_below(fixture, DEVICE, "bluetooth", "hci0");
	assert_says("note bluetooth:hci0 the Bluetooth adapter hci0 goes with it []\n");
	assert_use("free");
	fixture_below(fixture, DEVICE, "bluetooth", "hci0:256");
	assert_says(
		"warn bluetooth:hci0 the host would lose 1 Bluetooth connection, through "
		"hci0 []\n");
}

/* -- USB devices that somebody was given --------------------------------------------- */

static void usb_device(const char *name, const char *driver)
{
	_cleanup_free_ char *stick = strf("%s/usb3/%s", device_folder, name);
	_cleanup_free_ char *link = NULL;

	fixture_attr(fixture, stick, "busnum", "3\n");
	fixture_attr(fixture, stick, "devnum", "%c\n", name[2]);
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *interface = strf("%s/%s:1.%d", stick, name, i);
		_cleanup_free_ char *own = strf("%s/driver", interface);

		fixture_link_in(fixture, interface, "subsystem", "/sys/bus/usb");
		link = driver ? strf("/sys/bus/usb/drivers/%s", driver) : NULL;
		if (link)
			fixture_link(fixture, own, link);
		free(link);
		link = NULL;
	}
}

static void a_guest_with_a_usb_device_is_refused(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	usb_device("3-4", "usbfs");
	usb_device("3-5", "usb-storage");
	fixture_process(fixture, 9, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/bus/usb/003/004");
	assert_says(
		"refuse usb:guest web1 (qemu-system-x86, 9) guest web1 (qemu-system-x86, 9) "
		"would lose the USB device 3-4, which it has taken [unplug it from the "
		"guest]\n");
	assert_use("usb 3-4: guest web1 (qemu-system-x86, 9)");
}

/* Before the guest has asked for its interfaces they have no driver at all. */
static void a_guest_that_starts_is_refused(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	usb_device("3-4", NULL);
	assert_says("");
	fixture_process(fixture, 8, "fwupd", NULL, "/dev/bus/usb/003/004");
	assert_says("");
	assert_use("free");
	fixture_process(fixture, 9, "qemu-system-x86", NULL, "/dev/bus/usb/003/004");
	assert_use("usb 3-4: qemu-system-x86 (9)");
}

static void a_program_with_a_usb_device_is_a_warning(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	usb_device("3-4", "usbfs");
	fixture_process(fixture, 8, "usbhid-ups", NULL, "/dev/bus/usb/003/004");
	assert_says(
		"warn usb:usbhid-ups (8) usbhid-ups (8) would lose the USB device 3-4, "
		"which it has taken []\n");
}

static void who_has_a_usb_device_may_be_unknown(void **state)
{
	(void)state;
	device("0c0330", "xhci_hcd");
	usb_device("3-4", "usbfs");
	fixture_remove(fixture, "/proc/1");
	assert_says(
		"unknown usb:3-4 a program or a guest has taken the USB device 3-4, and "
		"which could not be seen [ask again as root]\n");
}

/* Past the disk itself: what QEMU, burners and tape libraries have open. */
static void a_drive_open_by_its_generic_node_is_told(void **state)
{
	(void)state;
	device("010601", "ahci");
	fixture_below(fixture, DEVICE, "scsi_generic", "sg2");
	fixture_process(fixture, 7, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/sg2");
	assert_says("warn disk:guest web1 (qemu-system-x86, 7) guest web1 "
		    "(qemu-system-x86, 7) would lose its drive: it has /dev/sg2 open "
		    "[]\n");
	fixture_remove(fixture, "/proc/7");
	assert_says("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_plays_sound_is_named),
		TEST(controls_of_a_usb_card_are_nothing),
		TEST(a_serial_line_in_use_is_a_warning),
		TEST(a_tpm_is_a_warning),
		TEST(a_running_watchdog_is_a_warning),
		TEST(a_watchdog_elsewhere_is_known_by_its_driver),
		TEST(rdma_in_use_is_a_warning),
		TEST(a_camera_in_use_is_a_warning),
		TEST(bluetooth_connections_are_a_warning),
		TEST(a_guest_with_a_usb_device_is_refused),
		TEST(a_guest_that_starts_is_refused),
		TEST(a_program_with_a_usb_device_is_a_warning),
		TEST(who_has_a_usb_device_may_be_unknown),
		TEST(a_drive_open_by_its_generic_node_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
