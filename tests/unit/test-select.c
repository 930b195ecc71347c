/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selectors: what each form names, what is ambiguous, what is refused and with which
 * words. Addresses are answered without a look at other devices.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static void device(const char *address, const char *ids, int group)
{
	fixture_device(fixture, &(struct fixture_device){ .address = address,
							  .ids = ids,
							  .driver = "host",
							  .group = group });
}

/*
 * 05:00.0 and .1 are ports of one card; 06:00.0 and 07:00.0 are alike; 00:1f.2 has two
 * disks; 10000:01:00.0 is behind VMD.
 */
static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	device("0000:05:00.0", "8086:10fb", 14);
	device("0000:05:00.1", "8086:10fb", 14);
	device("0000:06:00.0", "144d:a80a", 15);
	device("0000:07:00.0", "144d:a80a", 16);
	device("0000:00:1f.2", "8086:2922", 7);
	device("10000:01:00.0", "8086:0a54", 17);
	fixture_net(fixture, &(struct fixture_net){ .address = "0000:05:00.0",
						    .name = "enp5s0f0" });
	fixture_disk(fixture, &(struct fixture_disk){ .address = "0000:00:1f.2",
						      .name = "sda",
						      .partitions = 2 });
	fixture_disk(fixture, &(struct fixture_disk){ .address = "0000:00:1f.2",
						      .name = "sdb",
						      .dev = "8:16" });
	fixture_disk(fixture, &(struct fixture_disk){ .address = "0000:06:00.0",
						      .name = "nvme0n1",
						      .bus = "nvme",
						      .dev = "259:0",
						      .partitions = 1 });
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static char *join(struct vfp_device **devices)
{
	_cleanup_str_ struct str text = { 0 };

	str_add(&text, "%s", "");
	for (struct vfp_device **d = devices; *d; d++)
		str_add(&text, "%s%s", text.len ? " " : "", device_address(*d));
	return take(text.s);
}

typedef int select_fn(struct vfp_ctx *ctx, const char *selector, char **why,
		      struct vfp_device ***ret_devices);

static void assert_names(select_fn *fn, const char *selector, const char *expected)
{
	_cleanup_devices_ struct vfp_device **devices = NULL;
	_cleanup_free_ char *why = NULL, *text = NULL;

	if (fn(ctx, selector, &why, &devices) < 0)
		fail_msg("%s: %s", nonnull(selector), nonnull(why));
	assert_null(why);
	text = join(devices);
	assert_string_equal(text, expected);
}

static void assert_refused(const char *selector, int error, const char *expected)
{
	struct vfp_device **devices = (void *)1;
	_cleanup_free_ char *why = NULL;

	assert_int_equal(vfp_select(ctx, selector, &why, &devices), error);
	assert_ptr_equal(devices, (void *)1);
	assert_non_null(why);
	if (!strstr(why, expected))
		fail_msg("%s: %s", selector, why);
	assert_null(strchr(why, '\n'));
	assert_true(strlen(why) < 400);
	assert_int_equal(vfp_select(ctx, selector, NULL, &devices), error);
}

/* -- addresses ----------------------------------------------------------------------- */

static void addresses_name_one_function(void **state)
{
	(void)state;
	assert_names(vfp_select, "05:00.0", "0000:05:00.0");
	assert_names(vfp_select, "0000:05:00.1", "0000:05:00.1");
	assert_names(vfp_select, "00:1F.2", "0000:00:1f.2");
	assert_names(vfp_select, "10000:01:00.0", "10000:01:00.0");
	assert_names(vfp_select, "pci:05:00.0", "0000:05:00.0");
	assert_refused("05:00.2", -ENODEV, "05:00.2: no such device");
	assert_refused("0001:05:00.0", -ENODEV, "no such device");
}

static void slots_name_all_their_functions(void **state)
{
	(void)state;
	assert_names(vfp_select, "05:00", "0000:05:00.0 0000:05:00.1");
	assert_names(vfp_select, "0000:05:00.*", "0000:05:00.0 0000:05:00.1");
	assert_refused("09:00", -ENODEV, "no such device");
}

/* Other devices that cannot be read do not matter to an address. */
static void an_address_needs_no_other_device(void **state)
{
	(void)state;
	fixture_remove(fixture, "/sys/bus/pci/devices/0000:06:00.0");
	fixture_write(fixture, "/sys/bus/pci/devices/nonsense", "%s", "");
	assert_names(vfp_select, "05:00.0", "0000:05:00.0");
}

static void all_are_in_the_order_of_addresses(void **state)
{
	_cleanup_devices_ struct vfp_device **devices = NULL;

	(void)state;
	assert_int_equal(vfp_select(ctx, NULL, NULL, &devices), 0);
	for (size_t i = 1; devices[i]; i++)
		assert_true(address_compare(device_address(devices[i - 1]),
					    device_address(devices[i])) < 0);
	/* Six, and the root ports above five of them. */
	assert_int_equal(list_length(devices), 10);
}

/* -- ids and groups ------------------------------------------------------------------ */

static void ids_name_exactly_one(void **state)
{
	(void)state;
	assert_names(vfp_select, "8086:2922", "0000:00:1f.2");
	assert_names(vfp_select, "8086:0A54", "10000:01:00.0");
	assert_names(vfp_select, "pci:8086:2922", "0000:00:1f.2");
	assert_refused("144d:a80a", -EINVAL, "it is 0000:06:00.0, 0000:07:00.0");
	assert_refused("144d:ffff", -ENODEV, "no device has these ids");
}

static void ids_name_many_where_that_is_wanted(void **state)
{
	(void)state;
	assert_names(vfp_select_matching, "144d:a80a", "0000:06:00.0 0000:07:00.0");
	assert_names(vfp_select_matching, "8086:2922", "0000:00:1f.2");
}

static void groups_name_their_members(void **state)
{
	(void)state;
	assert_names(vfp_select, "group:14", "0000:05:00.0 0000:05:00.1");
	assert_refused("group:99", -ENODEV, "group:99: no such IOMMU group");
	assert_refused("group:", -EINVAL, "not the number");
	assert_refused("group:-1", -EINVAL, "not the number");
	assert_refused("group:14/../15", -EINVAL, "not a device");
}

/* -- interfaces and disks ------------------------------------------------------------ */

static void an_interface_names_its_function(void **state)
{
	(void)state;
	assert_names(vfp_select, "enp5s0f0", "0000:05:00.0");
	assert_refused("enp9s0", -ENODEV, "enp9s0: no such device");
}

static void an_interface_beside_another_is_refused(void **state)
{
	(void)state;
	fixture_net(fixture, &(struct fixture_net){ .address = "0000:05:00.0",
						    .name = "enp5s0d1",
						    .ifindex = 3 });
	assert_refused("enp5s0f0", -EPERM, "with it enp5s0d1 would go");
}

static void a_disk_names_its_function(void **state)
{
	(void)state;
	assert_names(vfp_select, "nvme0n1", "0000:06:00.0");
	assert_names(vfp_select, "/dev/nvme0n1", "0000:06:00.0");
	assert_names(vfp_select, "nvme0n1p1", "0000:06:00.0");
	fixture_symlink(fixture, "/dev/disk/by-id/one", "../../nvme0n1");
	assert_names(vfp_select, "/dev/disk/by-id/one", "0000:06:00.0");
	assert_refused("/dev/disk/by-id/two", -ENODEV, "no such device");
	/* Below something that is no folder, or round and round. */
	assert_refused("/dev/sda/x", -ENODEV, "no such device");
	fixture_symlink(fixture, "/dev/disk/round", "round");
	assert_refused("/dev/disk/round", -ENODEV, "no such device");
}

static void a_disk_beside_another_is_refused(void **state)
{
	(void)state;
	assert_refused("sda", -EPERM, "sda is not alone on 0000:00:1f.2: with it sdb");
	assert_refused("/dev/sda2", -EPERM, "with it sdb");
	assert_refused("sdb", -EPERM, "with it sda");
}

static void what_else_hangs_below_counts(void **state)
{
	(void)state;
	fixture_below(fixture, "0000:06:00.0", "drm", "card0");
	assert_refused("nvme0n1", -EPERM, "with it card0");
}

static void plumbing_does_not_count(void **state)
{
	(void)state;
	fixture_below(fixture, "0000:06:00.0", "hwmon", "hwmon0");
	assert_names(vfp_select, "nvme0n1", "0000:06:00.0");
}

static void a_disk_on_usb_counts_once(void **state)
{
	(void)state;
	device("0000:08:00.0", "8086:1e31", 18);
	fixture_disk(fixture, &(struct fixture_disk){ .address = "0000:08:00.0",
						      .name = "sdc",
						      .dev = "8:32",
						      .bus = "usb" });
	assert_names(vfp_select, "sdc", "0000:08:00.0");
	fixture_disk(fixture, &(struct fixture_disk){ .address = "0000:08:00.0",
						      .name = "sdd",
						      .dev = "8:48",
						      .bus = "usb" });
	assert_refused("sdc", -EPERM, "with it 2-1 would go");
}

static void multipath(const char *address, const char *controller, const char *path)
{
	_cleanup_free_ char *link =
		strf("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/%s", controller);
	_cleanup_free_ char *target = NULL, *folder = NULL;

	fixture_disk(fixture, &(struct fixture_disk){
				      .address = address, .name = path, .bus = "nvme" });
	folder = fixture_device_path(fixture, address);
	target = strf("%s/nvme/%s", folder, controller);
	fixture_link(fixture, link, target);
}

static void a_multipath_head_names_its_only_path(void **state)
{
	(void)state;
	fixture_nvme_head(fixture, "nvme1n1", "259:8");
	multipath("0000:07:00.0", "nvme1", "nvme1c1n1");
	assert_names(vfp_select, "nvme1n1", "0000:07:00.0");
	multipath("0000:05:00.1", "nvme2", "nvme1c2n1");
	assert_refused("nvme1n1", -EPERM, "through several controllers");
}

static void what_has_no_function_is_refused(void **state)
{
	(void)state;
	fixture_holder(fixture, "dm-0", "253:0", "vg0-root", "sda2");
	assert_refused("dm-0", -ENODEV, "dm-0 belongs to no PCI device");
}

static void one_name_for_two_is_ambiguous(void **state)
{
	(void)state;
	fixture_net(fixture, &(struct fixture_net){ .address = "0000:05:00.1",
						    .name = "nvme0n1" });
	assert_refused("nvme0n1", -EINVAL, "ambiguous");
	assert_names(vfp_select, "/dev/nvme0n1", "0000:06:00.0");
}

/* -- what names nothing -------------------------------------------------------------- */

static const char *const malformed[] = {
	"",
	" ",
	"\n",
	"05:00.0 ",
	"05:00.8",
	"05:20.0",
	"5:0:0:0.0",
	"../sda",
	"/dev/../sda",
	"/dev/",
	"/",
	".",
	"..",
	"/etc/passwd",
	"pci:",
	"pci:eth0",
	"pci:group:14",
	"05:00.0\n",
	"a\033[2J",
	"8086:",
	":::",
	"a/b",
	"05:00.0;id",
	"8086:10fb:0001",
};

static void malformed_words_are_usage_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		assert_refused(malformed[i], -EINVAL, "");
}

static void huge_words_are_quoted_in_part(void **state)
{
	_cleanup_free_ char *huge = malloc(100001);

	(void)state;
	memset(huge, '\a', 100000);
	huge[100000] = '\0';
	assert_refused(huge, -EINVAL, "\\x07\\x07");
	assert_refused(huge, -EINVAL, "...: too long");
	memset(huge, 'x', 255);
	huge[255] = '\0';
	assert_refused(huge, -ENODEV, "no such device");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_name_one_function),
		TEST(slots_name_all_their_functions),
		TEST(an_address_needs_no_other_device),
		TEST(all_are_in_the_order_of_addresses),
		TEST(ids_name_exactly_one),
		TEST(ids_name_many_where_that_is_wanted),
		TEST(groups_name_their_members),
		TEST(an_interface_names_its_function),
		TEST(an_interface_beside_another_is_refused),
		TEST(a_disk_names_its_function),
		TEST(a_disk_beside_another_is_refused),
		TEST(what_else_hangs_below_counts),
		TEST(plumbing_does_not_count),
		TEST(a_disk_on_usb_counts_once),
		TEST(a_multipath_head_names_its_only_path),
		TEST(what_has_no_function_is_refused),
		TEST(one_name_for_two_is_ambiguous),
		TEST(malformed_words_are_usage_errors),
		TEST(huge_words_are_quoted_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
