/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on displays: the console in its three ways, and programs that draw or compute.
 * Each test has the case beside it that is free.
 */
#include "verdict.h"

static void display(const char *class, const char *driver, bool boot)
{
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .class = class,
							  .driver = driver,
							  .group = 12,
							  .boot_vga = boot,
							  .reset = true });
	free(device_folder);
	device_folder = fixture_device_path(fixture, DEVICE);
}

static void the_console_is_refused(void **state)
{
	(void)state;
	display("030000", "i915", true);
	assert_says(
		"refuse display:console the host would lose its console: this is the display "
		"that the firmware started with []\n");
	assert_use("console");
}

static void another_display_is_not(void **state)
{
	(void)state;
	display("030000", "nouveau", false);
	fixture_below(fixture, DEVICE, "drm", "card1");
	fixture_below(fixture, DEVICE, "drm", "renderD129");
	assert_says("");
	assert_use("free");
}

/* -- the firmware's framebuffer ------------------------------------------------------- */

#define BAR "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n"

static void framebuffer_at(const char *place)
{
	fixture_mkdir(fixture, "/sys/bus/platform/devices/simple-framebuffer.0");
	fixture_write(fixture, "/proc/iomem",
		      "00000000-00000fff : Reserved\n"
		      "c0000000-fdffffff : PCI Bus 0000:00\n"
		      "  e0000000-efffffff : 0000:05:00.0\n"
		      "    %s : BOOTFB\n",
		      place);
}

static void the_firmwares_framebuffer_is_refused(void **state)
{
	(void)state;
	display("038000", NULL, false);
	fixture_attr(fixture, device_folder, "resource",
		     "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" BAR);
	assert_says("");
	framebuffer_at("e0000000-e02fffff");
	assert_says(
		"refuse display:BOOTFB the firmware's framebuffer (BOOTFB) is in its memory: "
		"the host would lose what it shows there, and a guest may find the memory busy "
		"or stay dark [boot with initcall_blacklist=sysfb_init, or let its driver take "
		"it over first]\n");
	assert_use("framebuffer BOOTFB");
}

static void a_framebuffer_in_other_memory_is_not_ours(void **state)
{
	(void)state;
	display("038000", NULL, false);
	fixture_attr(fixture, device_folder, "resource", BAR);
	framebuffer_at("d0000000-d02fffff");
	assert_says("");
	framebuffer_at("f0000000-f02fffff");
	assert_says("");
	assert_use("free");
}

/* The memory of the device reserved by its own driver. */
static void other_names_in_its_memory_are_no_framebuffer(void **state)
{
	(void)state;
	display("038000", "nouveau", false);
	fixture_attr(fixture, device_folder, "resource", BAR);
	fixture_mkdir(fixture, "/sys/bus/platform/devices/simple-framebuffer.0");
	fixture_write(fixture, "/proc/iomem",
		      "  e0000000-efffffff : 0000:05:00.0\n"
		      "    e0000000-efffffff : nouveau\n");
	assert_says("");
}

static void without_root_the_map_is_unknown(void **state)
{
	(void)state;
	display("038000", NULL, false);
	fixture_attr(fixture, device_folder, "resource", BAR);
	fixture_write(fixture, "/proc/iomem",
		      "00000000-00000000 : PCI Bus 0000:00\n"
		      "  00000000-00000000 : BOOTFB\n");
	assert_says("");
	fixture_mkdir(fixture, "/sys/bus/platform/devices/efi-framebuffer.0");
	assert_says(
		"unknown display: whether the firmware's framebuffer is in its memory "
		"could not be seen [ask again as root]\n");
	assert_use("unknown");
}

/* -- the text console ---------------------------------------------------------------- */

static void text_on_framebuffers(const char *bound)
{
	fixture_write(fixture, "/sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
	fixture_write(fixture, "/sys/class/vtconsole/vtcon0/bind", "0\n");
	fixture_write(fixture, "/sys/class/vtconsole/vtcon1/name",
		      "(M) frame buffer device\n");
	fixture_write(fixture, "/sys/class/vtconsole/vtcon1/bind", "%s\n", bound);
}

static void the_text_console_is_refused(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	fixture_below(fixture, DEVICE, "graphics", "fb0");
	text_on_framebuffers("0");
	assert_says("");
	text_on_framebuffers("1");
	assert_says(
		"refuse display:fb0 the host would lose its text console, on fb0 []\n");
	assert_use("fb0: text console");
}

static void the_text_console_is_on_the_first(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	text_on_framebuffers("1");
	fixture_below(fixture, DEVICE, "graphics", "fb10");
	fixture_mkdir(fixture, "/sys/class/graphics/fbcon");
	fixture_mkdir(fixture, "/sys/class/graphics/fb2");
	assert_says("");
	assert_use("free");
	fixture_remove(fixture, "/sys/class/graphics/fb2");
	fixture_mkdir(fixture, "/sys/class/graphics/fb11");
	assert_use("fb10: text console");
}

static void the_text_console_is_on_the_firmwares_display(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	text_on_framebuffers("1");
	fixture_below(fixture, DEVICE, "graphics", "fb0");
	fixture_write(fixture, "/sys/class/graphics/fb1/device/boot_vga", "0\n");
	assert_use("fb0: text console");
	fixture_write(fixture, "/sys/class/graphics/fb1/device/boot_vga", "1\n");
	assert_says("");
	fixture_remove(fixture, "/sys/class/graphics/fb1");
	fixture_mkdir(fixture, "/sys/class/graphics/fb1");
	fixture_mkdir(fixture, "/sys/devices/platform/efi-framebuffer.0");
	fixture_symlink(fixture, "/sys/class/graphics/fb1/device",
			"../../../devices/platform/efi-framebuffer.0");
	assert_says("");
}

static void a_text_console_without_a_monitor_is_a_warning(void **state)
{
	_cleanup_free_ char *connector = NULL;

	(void)state;
	display("030000", "amdgpu", false);
	text_on_framebuffers("1");
	fixture_below(fixture, DEVICE, "graphics", "fb0");
	fixture_below(fixture, DEVICE, "drm", "card0-DP-1");
	connector = strf("%s/drm/card0-DP-1", device_folder);
	fixture_attr(fixture, connector, "status", "disconnected\n");
	assert_says(
		"warn display:fb0 the text console is on it (fb0), though no monitor is []\n");
	fixture_attr(fixture, connector, "status", "unknown\n");
	assert_use("fb0: text console");
}

/* -- programs ------------------------------------------------------------------------ */

static void who_draws_is_named(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	fixture_below(fixture, DEVICE, "drm", "card1");
	fixture_below(fixture, DEVICE, "drm", "renderD129");
	fixture_process(fixture, 812, "Xorg", NULL, "/dev/dri/card1");
	fixture_process(fixture, 813, "ollama", NULL, "/dev/dri/renderD129");
	assert_says(
		"refuse display:Xorg (812) Xorg (812) would lose this display: it has "
		"/dev/dri/card1 open [let it end, or make it use another]\n"
		"refuse display:ollama (813) ollama (813) would lose this display: it has "
		"/dev/dri/renderD129 open [let it end, or make it use another]\n");
	assert_use("card1: Xorg (812)");
}

static void who_draws_elsewhere_is_not(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	fixture_below(fixture, DEVICE, "drm", "card1");
	fixture_below(fixture, DEVICE, "drm", "renderD129");
	fixture_process(fixture, 812, "Xorg", NULL, "/dev/dri/card10");
	fixture_process(fixture, 813, "ollama", NULL, "/dev/dri/renderD128");
	assert_says("");
	assert_use("free");
}

static void who_draws_cannot_be_seen_without_root(void **state)
{
	(void)state;
	display("030000", "amdgpu", false);
	fixture_below(fixture, DEVICE, "drm", "card1-DP-1");
	fixture_remove(fixture, "/proc/1");
	assert_says("");
	fixture_below(fixture, DEVICE, "drm", "card1");
	assert_says("unknown display: not all processes could be looked at; one may have "
		    "/dev/dri/card1 open [ask again as root]\n");
	assert_use("unknown");
}

static void who_computes_is_named(void **state)
{
	(void)state;
	device("120000", "habanalabs");
	fixture_below(fixture, DEVICE, "accel", "accel0");
	assert_use("free");
	fixture_process(fixture, 9, "python3", NULL, "/dev/accel/accel0");
	assert_use("accel0: python3 (9)");
}

/* -- NVIDIA -------------------------------------------------------------------------- */

static void the_only_nvidia_device_is_in_use(void **state)
{
	(void)state;
	display("030200", "nvidia", false);
	fixture_process(fixture, 8, "tool", NULL, "/dev/nvidiactl");
	assert_says("");
	assert_use("free");
	fixture_process(fixture, 9, "nvidia-persiste", NULL, "/dev/nvidia0");
	assert_says(
		"refuse display:nvidia-persiste (9) nvidia-persiste (9) would lose this "
		"display: it has /dev/nvidia0 open [let it end, or make it use another]\n");
}

static void one_of_two_nvidia_devices_is_in_use(void **state)
{
	(void)state;
	display("030200", "nvidia", false);
	fixture_device(fixture, &(struct fixture_device){ .address = OTHER,
							  .class = "030200",
							  .driver = "nvidia",
							  .group = 13 });
	assert_says("");
	fixture_process(fixture, 9, "python3", NULL, "/dev/nvidia1");
	assert_says("unknown display: some NVIDIA devices are in use (/dev/nvidia1), and "
		    "which of them cannot be seen [compare with Device Minor in "
		    "/proc/driver/nvidia/gpus]\n");
	fixture_process(fixture, 10, "python3", NULL, "/dev/nvidia0");
	assert_use("nvidia0: python3 (10)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_console_is_refused),
		TEST(another_display_is_not),
		TEST(the_firmwares_framebuffer_is_refused),
		TEST(a_framebuffer_in_other_memory_is_not_ours),
		TEST(other_names_in_its_memory_are_no_framebuffer),
		TEST(without_root_the_map_is_unknown),
		TEST(the_text_console_is_refused),
		TEST(the_text_console_is_on_the_first),
		TEST(the_text_console_is_on_the_firmwares_display),
		TEST(a_text_console_without_a_monitor_is_a_warning),
		TEST(who_draws_is_named),
		TEST(who_draws_elsewhere_is_not),
		TEST(who_draws_cannot_be_seen_without_root),
		TEST(who_computes_is_named),
		TEST(the_only_nvidia_device_is_in_use),
		TEST(one_of_two_nvidia_devices_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
