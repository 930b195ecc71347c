/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk below a device: it finds disks and interfaces wherever their bus puts them,
 * and goes nowhere else; and what it remembers of them is recognised when they come back.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

#define DEVICE "0000:05:00.0"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static char *path;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .driver = "host",
							  .group = 12 });
	path = fixture_device_path(fixture, DEVICE);
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	free(path);
	return 0;
}

/* "subsystem name" of each thing that the walk comes to. */
static int note(void *data, const char *subsystem, const char *where, const char *name)
{
	assert_true(startswith(where, path));
	assert_true(endswith(where, name));
	return str_add(data, "%s %s;", subsystem, name);
}

static void assert_walk(const char *expected)
{
	_cleanup_str_ struct str seen = { 0 };

	assert_int_equal(below_walk(ctx, path, note, &seen), 0);
	assert_string_equal(nonnull(seen.s), expected);
}

static void nothing_hangs_below_a_bare_device(void **state)
{
	(void)state;
	assert_walk("");
}

static void parents_come_first(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "sda",
						      .partitions = 1 });
	assert_walk("ata_port ata1;scsi host0;scsi target0:0:0;scsi 0:0:0:0;"
		    "block sda;block sda1;");
}

static void nvme_and_virtio_are_found(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "nvme0n1",
						      .bus = "nvme" });
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "vda",
						      .bus = "virtio",
						      .dev = "254:0" });
	assert_walk("nvme nvme0;block nvme0n1;virtio virtio0;block vda;");
}

static void settings_and_links_are_not_walked_into(void **state)
{
	static const char *const folders[] = { "power", "msi_irqs", "queues", "queue",
					       "mq",    "holders",  "ep_81" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *folder = strf("%s/%s/trap", path, folders[i]);

		fixture_link_in(fixture, folder, "subsystem", "/sys/class/net");
	}
	fixture_link_in(fixture, path, "loop", path);
	assert_walk("");
}

static void depth_is_bounded(void **state)
{
	_cleanup_str_ struct str deep = { 0 }, seen = { 0 };

	(void)state;
	str_add(&deep, "%s", path);
	for (int i = 0; i < 200; i++)
		str_add(&deep, "/d");
	fixture_link_in(fixture, deep.s, "subsystem", "/sys/class/net");
	assert_walk("");
}

static int stop(void *data, const char *subsystem, const char *where, const char *name)
{
	(void)subsystem;
	(void)where;
	(void)name;
	++*(int *)data;
	return -ECANCELED;
}

static void a_negative_return_ends_the_walk(void **state)
{
	int calls = 0;

	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE, .name = "sda" });
	assert_int_equal(below_walk(ctx, path, stop, &calls), -ECANCELED);
	assert_int_equal(calls, 1);
}

/* -- disks --------------------------------------------------------------------------- */

static void assert_disks(const char *expected)
{
	_cleanup_strings_ char **nodes = NULL;
	_cleanup_str_ struct str text = { 0 };

	assert_int_equal(below_disks(ctx, path, &nodes), 0);
	for (char **n = nodes; *n; n++)
		str_add(&text, "%s ", *n);
	assert_string_equal(nonnull(text.s), expected);
}

static void disks_are_whole_disks(void **state)
{
	(void)state;
	assert_disks("");
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "sda",
						      .partitions = 2 });
	fixture_disk(fixture, &(struct fixture_disk){
				      .address = DEVICE, .name = "sdb", .dev = "8:16" });
	assert_disks("/dev/sda /dev/sdb ");
}

static void a_multipath_path_stands_for_its_head(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "nvme0c0n1",
						      .bus = "nvme" });
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "nvme0c1n1",
						      .bus = "nvme" });
	assert_disks("/dev/nvme0n1 ");
}

static void a_drive_without_a_medium_is_left_out(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE, .name = "sr0" });
	fixture_write(fixture, "/sys/class/block/sr0/size", "0\n");
	assert_disks("");
}

static void exclamation_marks_are_folders(void **state)
{
	_cleanup_free_ char *folder = strf("%s/block/cciss!c0d0", path);

	(void)state;
	fixture_link_in(fixture, folder, "subsystem", "/sys/class/block");
	assert_disks("/dev/cciss/c0d0 ");
}

/* -- identities ---------------------------------------------------------------------- */

static void assert_identities(const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(below_identities(ctx, path, &text), 0);
	assert_string_equal(text, expected);
}

static void identities_are_macs_and_wwids(void **state)
{
	(void)state;
	assert_identities("");
	fixture_disk(fixture, &(struct fixture_disk){
				      .address = DEVICE,
				      .name = "sda",
				      .partitions = 1,
				      .wwid = "t10.ATA     QEMU;HARDDISK   QM00001" });
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE,
						    .name = "eth0",
						    .mac = "52:54:00:12:34:56" });
	assert_identities(
		"disk t10.ATA     QEMU_HARDDISK   QM00001;net 52:54:00:12:34:56");
}

static void serials_serve_where_there_is_no_wwid(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "vda",
						      .bus = "virtio",
						      .dev = "254:0",
						      .serial = "root-disk" });
	assert_identities("disk root-disk");
}

static void what_has_no_identity_is_counted(void **state)
{
	(void)state;
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE, .name = "sda" });
	assert_identities("disk ");
}

static void a_chosen_mac_does_not_count(void **state)
{
	(void)state;
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE, .name = "eth0" });
	fixture_write(fixture, "/sys/class/net/eth0/addr_assign_type", "3\n");
	assert_identities("net ");
}

static void a_port_of_a_bond_has_its_own_mac(void **state)
{
	(void)state;
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE, .name = "eth0" });
	fixture_write(fixture, "/sys/class/net/eth0/addr_assign_type", "3\n");
	fixture_write(fixture, "/sys/class/net/eth0/bonding_slave/perm_hwaddr",
		      "52:54:00:aa:bb:cc\n");
	assert_identities("net 52:54:00:aa:bb:cc");
}

/* Their folder is there while there is any, in whatever namespace. */
static void an_interface_elsewhere_is_out_of_sight(void **state)
{
	_cleanup_free_ char *folder = fixture_device_path(fixture, DEVICE),
			    *net = strf("%s/net", folder);

	(void)state;
	fixture_mkdir(fixture, net);
	assert_identities("net *");
	fixture_remove(fixture, net);
	assert_identities("");
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE, .name = "eth0" });
	assert_identities("net 52:54:00:00:00:01");
}

static const struct {
	const char *wanted, *there, *missing;
} comparisons[] = {
	{ "", "", "" },
	{ "", "net a", "" },
	{ "net a", "", "net a" },
	{ "net a", "net a", "" },
	{ "net a;disk b", "disk b;net a", "" },
	{ "net a;disk b", "net a", "disk b" },
	{ "net a", "disk a", "net a" },
	{ "net a", "net ab", "net a" },
	{ "net a;net a", "net a", "net a" },
	{ "disk ", "disk x", "" },
	{ "disk", "disk x", "" },
	{ "disk ;disk ", "disk x", "disk " },
	{ "disk ;disk x", "disk x;disk y", "" },
	{ "disk ;disk x", "disk y;disk z", "disk x" },
	{ "disk ", "diskette x", "disk " },
	{ "disk x", "disk ", "disk x" },
	{ ";;net a;", "net a", "" },
	{ "net a;net b", "net *", "" },
	{ "net a;disk b", "net *", "disk b" },
	{ "net *", "net a", "" },
	{ "net *", "", "net *" },
	{ "net *", "disk a", "net *" },
};

static void what_is_missing_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		_cleanup_free_ char *missing = NULL;

		assert_int_equal(below_missing(comparisons[i].wanted,
					       comparisons[i].there, &missing),
				 0);
		assert_string_equal(missing, comparisons[i].missing);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_hangs_below_a_bare_device),
		TEST(parents_come_first),
		TEST(nvme_and_virtio_are_found),
		TEST(settings_and_links_are_not_walked_into),
		TEST(depth_is_bounded),
		TEST(a_negative_return_ends_the_walk),
		TEST(disks_are_whole_disks),
		TEST(a_multipath_path_stands_for_its_head),
		TEST(a_drive_without_a_medium_is_left_out),
		TEST(exclamation_marks_are_folders),
		TEST(identities_are_macs_and_wwids),
		TEST(serials_serve_where_there_is_no_wwid),
		TEST(what_has_no_identity_is_counted),
		TEST(a_chosen_mac_does_not_count),
		TEST(a_port_of_a_bond_has_its_own_mac),
		TEST(an_interface_elsewhere_is_out_of_sight),
		TEST(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
