/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on disks, row by row: each test has a host that uses a disk in one way, and
 * fails when the row of that reason is not in the table.
 */
#include "verdict.h"

static void nothing_stands_against_an_idle_disk(void **state)
{
	(void)state;
	storage();
	assert_says("");
	assert_use("free");
}

static void the_root_file_system_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:2", "/dev/sda2", "/", "ext4");
	assert_says(
		"refuse disk:/ the host would lose its root file system: / is on sda2 []\n");
	assert_use("disk sda: / is mounted");
}

static void other_mounts_are_refused(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:17", "/dev/sdb1", "/elsewhere", "ext4");
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda1 "
		"[unmount it]\n");
	assert_use("disk sda: /data is mounted");
}

static void one_file_system_is_said_once(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	fixture_mount(fixture, "8:1", "/dev/sda1", "/srv", "ext4");
	fixture_mount(fixture, "8:1", "/dev/sda1", "/usr", "ext4");
	fixture_mount(fixture, "8:2", "/dev/sda2", "/home", "ext4");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda1; "
		"also at /srv [unmount it]\n"
		"refuse disk:/usr the host would lose /usr, which is mounted from sda1 []\n"
		"refuse disk:/home the host would lose /home, which is mounted from sda2 "
		"[unmount it]\n");
	assert_use("disk sda: /usr is mounted");
}

/* LVM on LUKS on a partition. */
static void mounts_are_found_at_any_depth(void **state)
{
	(void)state;
	storage();
	fixture_holder(fixture, "dm-0", "253:0", "crypt", "sda3");
	fixture_holder(fixture, "dm-1", "253:1", "vg0-my--root", "dm-0");
	fixture_write(fixture, "/sys/class/block/dm-0/dm/uuid",
		      "CRYPT-LUKS2-1234-crypt\n");
	fixture_write(fixture, "/sys/class/block/dm-1/dm/uuid", "LVM-abcd\n");
	fixture_mount(fixture, "253:1", "/dev/mapper/vg0-my--root", "/", "xfs");
	assert_says(
		"refuse disk:/ the host would lose its root file system: / is on sda3 (LVM "
		"vg0/my-root) []\n");
}

static void btrfs_is_found_by_its_members(void **state)
{
	(void)state;
	storage();
	fixture_mkdir(fixture, "/sys/fs/btrfs/features");
	fixture_write(fixture, "/sys/fs/btrfs/0f1e/devices/sda2", "%s", "");
	fixture_write(fixture, "/sys/fs/btrfs/0f1e/devices/sdb1", "%s", "");
	fixture_mount(fixture, "0:31", "/dev/sdb1", "/data", "btrfs");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda2 "
		"[unmount it]\n");
}

static void a_loop_on_the_disk_itself_is_found(void **state)
{
	(void)state;
	storage();
	fixture_write(fixture, "/sys/dev/block/7:0/loop/backing_file", "/dev/sda3\n");
	fixture_mount(fixture, "7:0", "/dev/loop0", "/image", "ext4");
	assert_includes("refuse disk:/image ");
}

static void a_multipath_disk_is_found_by_its_head(void **state)
{
	(void)state;
	device("010802", "nvme");
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "nvme0c0n1",
						      .bus = "nvme" });
	fixture_nvme_head(fixture, "nvme0n1", "259:0");
	fixture_mount(fixture, "259:0", "/dev/nvme0n1", "/data", "xfs");
	assert_includes("refuse disk:/data ");
	assert_use("disk nvme0n1: /data is mounted");
}

static void swap_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_swap(fixture, "/dev/sda3");
	assert_says(
		"refuse disk:swap the host would lose what it has swapped out: it swaps to "
		"sda3 [swapoff]\n");
	assert_use("disk sda: swap");
}

static void a_swap_file_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:17", "/dev/sdb1", "/", "ext4");
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	fixture_append(fixture, "/proc/swaps", "/data/swap file\t8191996\t\t0\t\t-2\n");
	assert_includes(
		"refuse disk:swap the host would lose what it has swapped out: it swaps "
		"to sda1 (file /data/swap) [swapoff]\n");
	fixture_write(fixture, "/proc/swaps",
		      "Filename\tType\t\tSize\t\tUsed\t\tPriority\n"
		      "/database/swap file\t8191996\t\t0\t\t-2\n");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda1 "
		"[unmount it]\n");
}

static void an_active_mapping_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_holder(fixture, "md0", "9:0", NULL, "sda1");
	fixture_holder(fixture, "dm-0", "253:0", "vg0-data", "md0");
	assert_says(
		"refuse disk:vg0-data vg0-data is active on sda1 (vg0-data), though nothing "
		"of it is mounted [deactivate it]\n");
	assert_use("disk sda: vg0-data is active");
}

static void a_mapping_in_use_is_said_once(void **state)
{
	(void)state;
	storage();
	fixture_holder(fixture, "dm-0", "253:0", "vg0-swap", "sda1");
	fixture_holder(fixture, "md0", "9:0", NULL, "sda2");
	fixture_swap(fixture, "/dev/dm-0");
	fixture_mount(fixture, "9:0", "/dev/md0", "/data", "ext4");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda2 "
		"(md0) [unmount it]\n"
		"refuse disk:swap the host would lose what it has swapped out: it swaps to "
		"sda1 (vg0-swap) [swapoff]\n");
}

static void mounts_of_another_process_are_not_all(void **state)
{
	(void)state;
	storage();
	fixture_remove(fixture, "/proc/1/mountinfo");
	fixture_write(fixture, "/proc/self/mountinfo",
		      "20 1 8:1 / /data rw - ext4 /dev/sda1 rw\n");
	assert_says(
		"refuse disk:/data the host would lose /data, which is mounted from sda1 "
		"[unmount it]\n"
		"unknown disk: the mounts of pid 1 could not be read, only those that this "
		"process sees [ask again as root]\n");
	fixture_remove(fixture, "/proc/self/mountinfo");
	fixture_remove(fixture, "/proc/swaps");
	assert_says("unknown disk: the mounts could not be read [ask again as root]\n"
		    "unknown disk:swap the swaps could not be read []\n");
	assert_use("unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_stands_against_an_idle_disk),
		TEST(the_root_file_system_is_refused),
		TEST(other_mounts_are_refused),
		TEST(one_file_system_is_said_once),
		TEST(mounts_are_found_at_any_depth),
		TEST(btrfs_is_found_by_its_members),
		TEST(a_loop_on_the_disk_itself_is_found),
		TEST(a_multipath_disk_is_found_by_its_head),
		TEST(swap_is_refused),
		TEST(a_swap_file_is_refused),
		TEST(an_active_mapping_is_refused),
		TEST(a_mapping_in_use_is_said_once),
		TEST(mounts_of_another_process_are_not_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
