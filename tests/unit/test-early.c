/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share/early/early-claim, the script in the initramfs, against a prepared root and under each
 * shell that there is: what it takes, and all that it leaves alone.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NIC0   "0000:01:00.0"
#define NIC1   "0000:02:00.0"
#define BOUND  "0000:03:00.0"
#define TAKEN  "0000:04:00.0"
#define NOBODY "0000:05:00.0"

static const char *const shells[] = { "dash", "busybox sh", "/usr/lib/klibc/bin/sh",
				      "bash --posix" };
static struct fixture *fixture;

static void make_host(void)
{
	_cleanup_free_ char *modprobe = NULL;

	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = NIC0 });
	fixture_device(fixture, &(struct fixture_device){ .address = NIC1 });
	fixture_device(fixture,
		       &(struct fixture_device){ .address = BOUND, .driver = "e1000e" });
	fixture_device(fixture,
		       &(struct fixture_device){ .address = TAKEN, .override = "other" });
	fixture_write(fixture, "/proc/cmdline", "root=/dev/sda1 vfioprep=on quiet\n");
	fixture_write(fixture, "/dev/kmsg", "%s", "");
	fixture_write(fixture, "/sys/bus/pci/drivers_probe", "%s", "");
	/* In place of the real one, which would load modules here. */
	modprobe = fixture_path(fixture, "/modprobe");
	fixture_write(fixture, "/modprobe",
		      "#!/bin/sh\necho \"${MODPROBE_OPTIONS+and words }$*\" >> %s.log\n",
		      modprobe);
	assert_int_equal(chmod(modprobe, 0755), 0);
}

static void list_is(const char *text)
{
	fixture_write(fixture, "/etc/vfioprep/boot-list", "%s", text);
}

static bool has_shell(const char *shell)
{
	_cleanup_free_ char *command = strf("%s -c : 2>/dev/null", shell);

	return system(command) == 0;
}

/* busybox has a modprobe of its own; a function comes before it. */
static void claim(const char *shell)
{
	_cleanup_free_ char *root = fixture_path(fixture, "/");
	_cleanup_free_ char *modprobe = fixture_path(fixture, "/modprobe");
	_cleanup_free_ char *command =
		strf("MODPROBE_OPTIONS=-qb %s -c 'modprobe() { %s \"$@\"; }; set -- %s; "
		     ". ./share/early/early-claim'",
		     shell, modprobe, root);
	assert_int_equal(system(command), 0);
}

static void expect(const char *shell, const char *path, const char *text)
{
	_cleanup_free_ char *found = fixture_exists(fixture, "%s", path)
					   ? fixture_read(fixture, "%s", path)
					   : strdup("");

	if (!streq(found, text))
		fail_msg("%s: %s holds \"%s\" instead of \"%s\"", shell, path, found,
			 text);
}

static void expect_override(const char *shell, const char *address, const char *text)
{
	_cleanup_free_ char *path =
		strf("/sys/bus/pci/devices/%s/driver_override", address);

	expect(shell, path, text);
}

static void expect_said(const char *shell, const char *part)
{
	_cleanup_free_ char *log = fixture_read(fixture, "/dev/kmsg");

	if (!strstr(log, part))
		fail_msg("%s: \"%s\" is not in \"%s\"", shell, part, log);
}

static void takes_the_one_that_is_listed(const char *shell)
{
	list_is(NIC0 " 8086 10d3 1af4 1100 vfio-pci\n");
	claim(shell);
	expect_override(shell, NIC0, "vfio-pci\n");
	expect_override(shell, NIC1, "(null)\n");
	expect(shell, "/run/vfioprep/early", NIC0 " vfio-pci initramfs\n");
	expect(shell, "/modprobe.log", "vfio-pci\n");
	expect(shell, "/sys/bus/pci/drivers_probe", NIC0 "\n");
	expect_said(shell, NIC0 " is kept for guests");
}

/* Each driver is one word, whatever it looks like; the last line may lack its end. */
static void takes_words_as_they_are(const char *shell)
{
	list_is(NIC0 " 8086 10d3 1af4 1100 *");
	claim(shell);
	expect_override(shell, NIC0, "*\n");
	expect(shell, "/modprobe.log", "*\n");
}

static void loads_each_driver_once(const char *shell)
{
	list_is(NIC0 " 8086 10d3 1af4 1100 pciback\n" NIC1
		     " 8086 10d3 1af4 1100 pciback\n");
	claim(shell);
	expect_override(shell, NIC1, "pciback\n");
	expect(shell, "/modprobe.log", "xen-pciback\n");
}

static void leaves_others_alone(const char *shell)
{
	list_is(NIC0 " 8086 10d3 1af4 1101 vfio-pci\n" NIC1
		     " 8086 10fb 1af4 1100 vfio-pci\n" BOUND
		     " 8086 10d3 1af4 1100 vfio-pci\n" TAKEN
		     " 8086 10d3 1af4 1100 vfio-pci\n" NOBODY
		     " 8086 10d3 1af4 1100 vfio-pci\n\nhalf a line\n" NIC0
		     " 8086 10d3 1af4 1100 vfio-pci extra\n");
	claim(shell);
	expect_override(shell, NIC0, "(null)\n");
	expect_override(shell, NIC1, "(null)\n");
	expect_override(shell, BOUND, "(null)\n");
	expect_override(shell, TAKEN, "other\n");
	expect(shell, "/run/vfioprep/early", "");
	expect(shell, "/modprobe.log", "");
	expect_said(shell, NIC0 " holds 8086 10d3 1af4 1100 instead of");
	expect_said(shell, BOUND " has a driver already");
	expect_said(shell, TAKEN " is meant for other already");
	expect_said(shell, NOBODY " is not there");
	expect_said(shell, "the line on half has not six words");
	expect_said(shell, "the line on " NIC0 " has not six words");
}

static void does_nothing_when_told_so(const char *shell)
{
	list_is(NIC0 " 8086 10d3 1af4 1100 vfio-pci\n");
	fixture_write(fixture, "/proc/cmdline", "quiet\tvfioprep=off\n");
	claim(shell);
	expect_override(shell, NIC0, "(null)\n");
	expect(shell, "/modprobe.log", "");
	assert_false(fixture_exists(fixture, "/run/vfioprep"));
}

static void does_nothing_without_a_list(const char *shell)
{
	claim(shell);
	expect_override(shell, NIC0, "(null)\n");
	assert_false(fixture_exists(fixture, "/run/vfioprep"));
}

static void in_each_shell(void (*test)(const char *shell))
{
	size_t tried = 0;

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (!has_shell(shells[i]))
			continue;
		make_host();
		test(shells[i]);
		fixture_free(fixture);
		tried++;
	}
	assert_true(tried > 0);
}

#define TEST(name)                            \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		in_each_shell(name);          \
	}

TEST(takes_the_one_that_is_listed)
TEST(takes_words_as_they_are)
TEST(loads_each_driver_once)
TEST(leaves_others_alone)
TEST(does_nothing_when_told_so)
TEST(does_nothing_without_a_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_the_one_that_is_listed),
		cmocka_unit_test(test_takes_words_as_they_are),
		cmocka_unit_test(test_loads_each_driver_once),
		cmocka_unit_test(test_leaves_others_alone),
		cmocka_unit_test(test_does_nothing_when_told_so),
		cmocka_unit_test(test_does_nothing_without_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
