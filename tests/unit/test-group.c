/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a group is as large as it is: who lacks ACS is named, and nobody else. The config
 * spaces are made here, as far as the answer depends on them.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

#define PORT   "0000:00:02.0"
#define DEVICE "0000:05:00.0"
#define SECOND "0000:05:00.1"

enum { ENDPOINT = 0, ROOT_PORT = 4 };
enum { VALID = 1, REQUEST = 4, COMPLETION = 8, FORWARD = 16, ALL = 29 };

static struct fixture *fixture;
static struct vfp_ctx *ctx;

/* A root port with two functions behind it, all in one group. */
static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = PORT,
							  .ids = "8086:3410",
							  .class = "060400",
							  .driver = "pcieport",
							  .group = 3,
							  .bus_below = 5 });
	fixture_device(fixture,
		       &(struct fixture_device){ .address = DEVICE, .group = 3 });
	fixture_device(fixture,
		       &(struct fixture_device){ .address = SECOND, .group = 3 });
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static void write_config(const char *address, const unsigned char *bytes, size_t size)
{
	_cleanup_free_ char *path =
		fixture_path(fixture, "/sys/bus/pci/devices/%s/config", address);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* A PCIe function; @has and @set are its ACS bits, @has 0 for no such capability. */
static void config(const char *address, unsigned int type, bool multifunction,
		   unsigned int has, unsigned int set)
{
	unsigned char bytes[4096] = { 0x86, 0x80, 0xfb, 0x10 };

	bytes[0x06] = 0x10;
	bytes[0x0e] =
		(unsigned char)((type == ROOT_PORT ? 1 : 0) | (multifunction ? 0x80 : 0));
	bytes[0x34] = 0x40;
	bytes[0x40] = 0x10;
	bytes[0x42] = (unsigned char)(type << 4 | 2);
	if (has) {
		bytes[0x100] = 0x0d;
		bytes[0x102] = 0x01;
		bytes[0x104] = (unsigned char)has;
		bytes[0x106] = (unsigned char)set;
	}
	write_config(address, bytes, sizeof(bytes));
}

static void assert_explained(const char *expected)
{
	_cleanup_device_ struct vfp_device *d = NULL;
	_cleanup_str_ struct str text = { 0 };
	struct vfp_finding **findings = NULL;

	assert_int_equal(device_load(ctx, DEVICE, &d), 0);
	assert_int_equal(vfp_explain_group(ctx, d, &findings), 0);
	str_add(&text, "%s", "");
	for (struct vfp_finding **f = findings; *f; f++)
		str_add(&text, "%s: %s\n", (*f)->object, (*f)->text);
	vfp_findings_free(findings);
	assert_string_equal(text.s, expected);
}

static void a_port_without_acs_is_named(void **state)
{
	(void)state;
	config(PORT, ROOT_PORT, false, 0, 0);
	config(DEVICE, ENDPOINT, false, 0, 0);
	config(SECOND, ENDPOINT, false, 0, 0);
	assert_explained(PORT
			 ": root port " PORT
			 " has no ACS capability: what is below it is not separated\n");
}

static void bits_that_are_off_are_named(void **state)
{
	(void)state;
	config(PORT, ROOT_PORT, false, ALL, VALID | FORWARD);
	config(DEVICE, ENDPOINT, false, 0, 0);
	config(SECOND, ENDPOINT, false, 0, 0);
	assert_explained(
		PORT ": root port " PORT " has ACS, but these bits are off: P2P Request "
		     "Redirect, P2P Completion Redirect: what is below it is not "
		     "separated\n");
}

static void functions_of_one_slot_are_named(void **state)
{
	(void)state;
	config(PORT, ROOT_PORT, false, ALL, ALL);
	config(DEVICE, ENDPOINT, true, 0, 0);
	config(SECOND, ENDPOINT, true, REQUEST | COMPLETION, REQUEST);
	assert_explained(DEVICE
			 ": function " DEVICE
			 " has no ACS capability: the functions of its "
			 "slot are not separated\n" SECOND ": function " SECOND
			 " has ACS, but these bits are off: P2P Completion Redirect: the "
			 "functions of its slot are not separated\n");
}

/* What a function has no switch for does not count against it. */
static void bits_that_are_not_there_do_not_count(void **state)
{
	(void)state;
	config(PORT, ROOT_PORT, false, ALL, ALL);
	config(DEVICE, ENDPOINT, true, REQUEST, REQUEST);
	config(SECOND, ENDPOINT, true, REQUEST, REQUEST);
	assert_explained(
		": every port on its way isolates: the group comes from the firmware, or "
		"from functions that use each other's requester id\n");
}

/* The kernel knows of exceptions: a port that is not in the group is not why. */
static void a_port_outside_of_the_group_is_not_named(void **state)
{
	(void)state;
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" PORT);
	config(PORT, ROOT_PORT, false, 0, 0);
	config(DEVICE, ENDPOINT, true, 0, 0);
	config(SECOND, ENDPOINT, true, ALL, ALL);
	assert_explained(DEVICE ": function " DEVICE
				" has no ACS capability: the functions of its "
				"slot are not separated\n");
}

static void a_device_alone_needs_no_explanation(void **state)
{
	(void)state;
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" PORT);
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" SECOND);
	assert_explained("");
}

static void those_who_are_not_root_are_told_so(void **state)
{
	static const unsigned char visible[64] = { 0x86, 0x80 };

	(void)state;
	write_config(PORT, visible, sizeof(visible));
	write_config(DEVICE, visible, sizeof(visible));
	write_config(SECOND, visible, sizeof(visible));
	assert_explained(": which ports isolate stands in configuration space that only "
			 "root can read\n");
}

#define FAKED(word)                                                       \
	" has no ACS capability, and counts as isolating only by "        \
	"pcie_acs_override=" word " on the kernel command line: what it " \
	"separates can still reach each other past the IOMMU\n"

static void overridden(const char *line, const char *expected)
{
	fixture_write(fixture, "/proc/cmdline", "root=/dev/sda1 %s quiet\n", line);
	assert_explained(expected);
}

/* The kernel was told so, and nothing but that keeps the group small. */
static void what_only_seems_to_isolate_is_named(void **state)
{
	(void)state;
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" PORT);
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" SECOND);
	config(PORT, ROOT_PORT, false, 0, 0);
	config(DEVICE, ENDPOINT, true, ALL, ALL);
	config(SECOND, ENDPOINT, true, 0, 0);
	overridden("", "");
	overridden("pcie_acs_override=downstream",
		   PORT ": root port " PORT FAKED("downstream"));
	overridden("pcie_acs_override=multifunction",
		   SECOND ": function " SECOND FAKED("multifunction"));
	overridden("pcie_acs_override=id:8086:10FB,id:8086:3410",
		   PORT ": root port " PORT FAKED("id:8086:3410"));
	overridden("pcie_acs_override=down,stream", "");
}

/* The patch leaves alone what has the capability: that isolates by its own bits, or not. */
static void an_override_does_not_touch_what_has_acs(void **state)
{
	(void)state;
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" PORT);
	fixture_remove(fixture, "/sys/kernel/iommu_groups/3/devices/" SECOND);
	config(PORT, ROOT_PORT, false, ALL, VALID);
	config(DEVICE, ENDPOINT, true, ALL, ALL);
	config(SECOND, ENDPOINT, true, ALL, 0);
	overridden("pcie_acs_override=downstream,multifunction", "");
}

static void what_cannot_be_read_is_unknown(void **state)
{
	(void)state;
	assert_explained(
		": the configuration space of a function on its way could not be read\n");
}

/* Capabilities that point at each other, or nowhere, end the search and nothing else. */
static void broken_config_space_does_no_harm(void **state)
{
	unsigned char bytes[4096];

	(void)state;
	for (int fill = 0; fill < 256; fill += 51) {
		_cleanup_device_ struct vfp_device *d = NULL;
		struct vfp_finding **findings = NULL;

		memset(bytes, fill, sizeof(bytes));
		write_config(PORT, bytes, sizeof(bytes));
		write_config(DEVICE, bytes, 65);
		write_config(SECOND, bytes, 257);
		assert_int_equal(device_load(ctx, DEVICE, &d), 0);
		assert_int_equal(vfp_explain_group(ctx, d, &findings), 0);
		vfp_findings_free(findings);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_port_without_acs_is_named),
		TEST(bits_that_are_off_are_named),
		TEST(functions_of_one_slot_are_named),
		TEST(bits_that_are_not_there_do_not_count),
		TEST(a_port_outside_of_the_group_is_not_named),
		TEST(a_device_alone_needs_no_explanation),
		TEST(those_who_are_not_root_are_told_so),
		TEST(what_only_seems_to_isolate_is_named),
		TEST(an_override_does_not_touch_what_has_acs),
		TEST(what_cannot_be_read_is_unknown),
		TEST(broken_config_space_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
