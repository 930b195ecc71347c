/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model/doctor-boot.c: what holds for a configured device from the boot on, and what to do
 * where nothing does.
 */
#include "verdict.h"

#include <fcntl.h>
#include <sys/stat.h>

#define NIC   "0000:05:00.0"
#define IMAGE "/boot/initrd.img-6.12.0-fixture"
#define CONF  DEVICES_DIR "/nic.conf"

/* Seconds since 1970. */
enum { BEFORE = 1000, BOOT = 2000, AFTER = 3000 };

static struct vfp_finding **found;

static void made_at(const char *path, time_t when)
{
	_cleanup_free_ char *full = NULL;
	struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	fixture_write(fixture, path, "%s",
		      streq(path, CONF) ? "[" NIC "]\nexpect=8086:10d3\n" : "");
	full = fixture_path(fixture, "%s", path);
	assert_int_equal(utimensat(AT_FDCWD, full, times, 0), 0);
}

static int start(void **state)
{
	int r = set_up(state);

	fixture_device(fixture, &(struct fixture_device){ .address = NIC, .group = 7 });
	fixture_write(fixture, "/proc/stat", "cpu 1 2\nbtime %d\nprocesses 7\n", BOOT);
	fixture_write(fixture, "/proc/sys/kernel/osrelease", "6.12.0-fixture\n");
	fixture_write(fixture, "/usr/sbin/update-initramfs", "%s", "");
	made_at(CONF, BEFORE);
	return r;
}

static int end(void **state)
{
	vfp_findings_free(found);
	found = NULL;
	return tear_down(state);
}

static void rule_and_unit(void)
{
	fixture_write(fixture, "/usr/lib/udev/rules.d/70-vfioprep.rules", "%s", "");
	fixture_write(fixture,
		      "/etc/systemd/system/multi-user.target.wants/vfioprep.service",
		      "%s", "");
}

static void says(enum vfp_severity severity, const char *part, const char *remedy)
{
	const struct vfp_finding *boot = NULL;

	vfp_findings_free(found);
	assert_int_equal(vfp_doctor(ctx, VFP_HOST, NULL, &found), 0);
	for (struct vfp_finding **f = found; *f; f++)
		boot = streq((*f)->kind, "boot") ? *f : boot;
	assert_non_null(boot);
	if (!strstr(boot->text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, boot->text);
	assert_string_equal(boot->remedy, remedy);
	assert_int_equal(boot->severity, severity);
}

static void all_of_it_holds(void **state)
{
	(void)state;
	rule_and_unit();
	fixture_write(fixture, EARLY_FILE, NIC " vfio-pci initramfs\n");
	says(VFP_NOTE,
	     NIC
	     " is configured to be hidden: the initramfs has claimed it, the udev rule "
	     "is there, the unit is enabled",
	     "");
	/* Another image is young enough, but it does not matter. */
	made_at(IMAGE, AFTER);
	says(VFP_NOTE, "has claimed it", "");
}

static void the_image_is_too_old(void **state)
{
	(void)state;
	rule_and_unit();
	says(VFP_WARN, "was made before it was configured", "update-initramfs -u");
	made_at(CONF, AFTER);
	made_at(IMAGE, AFTER);
	says(VFP_WARN, "was made before it was configured", "update-initramfs -u");
	fixture_remove(fixture, "/usr/sbin/update-initramfs");
	fixture_write(fixture, "/usr/bin/dracut", "%s", "");
	says(VFP_WARN, "was made before it was configured", "dracut -f");
}

static void the_image_was_made_since(void **state)
{
	(void)state;
	rule_and_unit();
	made_at(IMAGE, AFTER);
	says(VFP_NOTE, "will claim it from the next boot on", "");
	made_at(IMAGE, BEFORE + 1);
	says(VFP_NOTE, "the initramfs could not claim it",
	     "dmesg | grep vfioprep # tells why");
	/* The rule came later than the initramfs. */
	fixture_write(fixture, EARLY_FILE, NIC " vfio-pci udev\n");
	says(VFP_NOTE, "the initramfs could not claim it",
	     "dmesg | grep vfioprep # tells why");
}

static void rule_or_unit_is_missing(void **state)
{
	(void)state;
	fixture_write(fixture, EARLY_FILE, NIC " vfio-pci initramfs\n");
	says(VFP_WARN, "the udev rule is missing, the unit is not enabled",
	     "systemctl enable vfioprep.service");
	rule_and_unit();
	fixture_remove(fixture, "/usr/lib/udev");
	says(VFP_WARN, "the udev rule is missing, the unit is enabled",
	     "make install # brings 70-vfioprep.rules");
}

static void what_cannot_be_hidden_is_told(void **state)
{
	(void)state;
	rule_and_unit();
	fixture_write(fixture, CONF, "[" NIC "]\nexpect=10de:1b80\n");
	says(VFP_WARN, NIC " is configured to be hidden as 10de:1b80, but is 8086:10d3",
	     "correct it in " CONF ", line 1");
	fixture_write(fixture, CONF, "\n[77:00.0]\nexpect=10de:1b80\n");
	says(VFP_WARN, "without subsystem= the initramfs will not claim it",
	     "correct it in " CONF ", line 2");
}

static void what_is_wrong_there_is_told(void **state)
{
	(void)state;
	fixture_write(fixture, CONF, "[" NIC "]\n");
	says(VFP_WARN, CONF ":1: it does not say what device shall be at this address",
	     "add expect=VENDOR:DEVICE, as vfioprep list shows them");
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(all_of_it_holds),         T(what_cannot_be_hidden_is_told),
		T(the_image_is_too_old),    T(the_image_was_made_since),
		T(rule_or_unit_is_missing), T(what_is_wrong_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
