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

/* Verdicts that share what is known of the host look at it once. */
static void facts_are_read_once(void **state)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	struct vfp_facts *facts = NULL;

	(void)state;
	storage();
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	assert_int_equal(vfp_facts_new(&facts), 0);
	how.facts = facts;
	before = say(NULL);
	fixture_write(fixture, "/proc/1/mountinfo", "%s", "");
	after = say(NULL);
	assert_non_null(strstr(before, "disk:/data"));
	assert_string_equal(before, after);
	vfp_facts_free(facts);
	how.facts = NULL;
	assert_says("");
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

/* A loop device with @file behind it. */
static void loop(const char *name, const char *dev, const char *file)
{
	_cleanup_free_ char *folder = strf("/sys/devices/virtual/block/%s", name);
	_cleanup_free_ char *link = strf("/sys/class/block/%s", name);
	_cleanup_free_ char *behind = strf("%s/loop/backing_file", folder);
	_cleanup_free_ char *number = strf("%s/dev", folder);
	_cleanup_free_ char *holders = strf("%s/holders", folder);

	fixture_link(fixture, link, folder);
	fixture_write(fixture, number, "%s\n", dev);
	fixture_write(fixture, behind, "%s\n", file);
	fixture_mkdir(fixture, holders);
}

static void a_loop_on_the_disk_itself_is_found(void **state)
{
	(void)state;
	storage();
	loop("loop0", "7:0", "/dev/sda3");
	assert_says(
		"refuse disk:loop0 loop0 is active on sda3 (loop0), though nothing of "
		"it is mounted [losetup -d /dev/loop0]\n");
	assert_use("disk sda: loop0 is active");
	fixture_mount(fixture, "7:0", "/dev/loop0", "/image", "ext4");
	assert_says(
		"refuse disk:/image the host would lose /image, which is mounted from "
		"sda3 (loop0) [unmount it]\n");
	assert_use("disk sda: /image is mounted");
}

static void a_loop_on_another_disk_is_not_ours(void **state)
{
	(void)state;
	storage();
	loop("loop0", "7:0", "/dev/sdb");
	loop("loop1", "7:1", "/srv/image");
	fixture_mount(fixture, "8:17", "/dev/sdb1", "/", "ext4");
	fixture_mount(fixture, "7:0", "/dev/loop0", "/image", "ext4");
	fixture_mount(fixture, "7:1", "/dev/loop1", "/other", "ext4");
	assert_says("");
	assert_use("free");
}

/* Swap, and a mapping, on a loop device over the disk. */
static void what_lies_on_a_loop_is_found(void **state)
{
	(void)state;
	storage();
	loop("loop7", "7:7", "/dev/sda");
	fixture_swap(fixture, "/dev/loop7");
	assert_says("refuse disk:swap the host would lose what it has swapped out: it "
		    "swaps to sda (loop7) [swapoff]\n");
	fixture_holder(fixture, "dm-0", "253:0", "vg0-data", "loop7");
	fixture_mount(fixture, "253:0", "/dev/mapper/vg0-data", "/data", "ext4");
	assert_includes("refuse disk:/data the host would lose /data, which is mounted "
			"from sda (vg0-data)");
}

/* They go with the file system that the image is on, and there may be dozens. */
static void images_on_a_file_system_are_said_with_it(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	for (unsigned int i = 0; i < 5; i++) {
		_cleanup_free_ char *name = strf("loop%u", i), *dev = strf("7:%u", i);
		_cleanup_free_ char *where = strf("/snap/%u", i);

		loop(name, dev, "/data/image");
		fixture_mount(fixture, dev, "/dev/loop0", where, "squashfs");
	}
	loop("loop9", "7:9", "/data/unused");
	assert_says("refuse disk:/data the host would lose /data, which is mounted from "
		    "sda1; also at /snap/0, /snap/1, /snap/2 and 2 more [unmount it]\n");
}

/* As a live system has it. */
static void a_vital_image_is_said_by_itself(void **state)
{
	(void)state;
	storage();
	fixture_mount(fixture, "8:1", "/dev/sda1", "/medium", "vfat");
	loop("loop0", "7:0", "/medium/root.img");
	loop("loop1", "7:1", "/medium/inner/usr.img");
	fixture_mount(fixture, "7:0", "/dev/loop0", "/", "ext4");
	fixture_mount(fixture, "7:1", "/dev/loop1", "/usr", "ext4");
	assert_includes("refuse disk:/ the host would lose its root file system: / is on "
			"sda1 (loop0) []\n");
	assert_includes(
		"refuse disk:/usr the host would lose /usr, which is mounted from "
		"sda1 (loop1) []\n");
	assert_use("disk sda: / is mounted");
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
		"of it is mounted [dmsetup remove vg0-data]\n");
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

/* -- open by somebody ---------------------------------------------------------------- */

static void a_disk_that_somebody_has_for_himself_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_write(fixture, "/model/mounted/sda", "%s", "");
	assert_says(
		"refuse disk:/dev/sda /dev/sda is in use: something has opened it for "
		"itself alone [stop what uses it]\n");
	/* Listings open nothing. */
	assert_use("free");
	fixture_process(fixture, 77, "mkfs.ext4", NULL, "/dev/sda");
	assert_says(
		"refuse disk:/dev/sda /dev/sda is in use: something has opened it for "
		"itself alone; mkfs.ext4 (77) has it open [stop what uses it]\n");
	/* Where the reason is known, nothing is opened. */
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	assert_says("refuse disk:/data the host would lose /data, which is mounted from "
		    "sda1 [unmount it]\n");
}

static void a_disk_that_cannot_be_opened_is_unknown(void **state)
{
	(void)state;
	storage();
	fixture_remove(fixture, "/dev/sda");
	assert_says("unknown disk:/dev/sda whether /dev/sda is in use cannot be seen: No "
		    "such file or directory []\n");
}

/* The caller comes back, and does not try the next disk of a controller that is stuck. */
static void a_disk_that_hangs_is_unknown(void **state)
{
	int64_t begin = now_msec();

	(void)state;
	storage();
	fixture_disk(fixture, &(struct fixture_disk){
				      .address = DEVICE, .name = "sdb", .dev = "8:16" });
	fixture_write(fixture, "/model/hangs/sda", "%s", "");
	fixture_write(fixture, "/model/hangs/sdb", "%s", "");
	assert_says("unknown disk:/dev/sda whether /dev/sda is in use cannot be seen: "
		    "opening it does not come back [dmesg may say more]\n"
		    "unknown disk:/dev/sdb whether /dev/sdb is in use cannot be seen: "
		    "opening it does not come back [dmesg may say more]\n");
	assert_in_range(now_msec() - begin, 1900, 3900);
	assert_use("free");
}

static void without_a_medium_nothing_is_opened(void **state)
{
	(void)state;
	storage();
	fixture_write(fixture, "/model/mounted/sda", "%s", "");
	fixture_write(fixture, "/sys/class/block/sda/size", "0\n");
	assert_says("");
}

/* Every disk of the device is looked at, and only those. */
static void each_disk_is_opened(void **state)
{
	(void)state;
	storage();
	fixture_disk(fixture, &(struct fixture_disk){
				      .address = DEVICE, .name = "sdb", .dev = "8:16" });
	fixture_write(fixture, "/model/mounted/sdb", "%s", "");
	fixture_write(fixture, "/model/mounted/sdc", "%s", "");
	assert_says(
		"refuse disk:/dev/sdb /dev/sdb is in use: something has opened it for "
		"itself alone [stop what uses it]\n");
}

static void a_process_that_has_it_open_is_told(void **state)
{
	(void)state;
	storage();
	fixture_process(fixture, 77, "qemu-system-x86", "qemu-system-x86_64 -name web1",
			"/dev/sda");
	fixture_process(fixture, 78, "dd", NULL, "/dev/sda2");
	fixture_process(fixture, 79, "dd", NULL, "/dev/sdb");
	assert_says(
		"refuse disk:guest web1 (qemu-system-x86, 77) /dev/sda is open in guest "
		"web1 (qemu-system-x86, 77) [unplug it from the guest]\n"
		"warn disk:dd (78) /dev/sda2 is open in dd (78) [end that process]\n");
	assert_use("free");
}

/* -- on the disk, though not in use -------------------------------------------------- */

static void a_signature_is_a_note(void **state)
{
	(void)state;
	storage();
	fixture_write(fixture, "/run/udev/data/b8:0",
		      "S:disk/by-id/ata-QEMU\nE:ID_PART_TABLE_TYPE=gpt\n");
	assert_says("note disk:sda the guest can read and overwrite sda, which has a "
		    "partition table (gpt) []\n");
	fixture_write(
		fixture, "/run/udev/data/b8:1",
		"E:ID_PART_TABLE_TYPE=gpt\nE:ID_FS_TYPE=ext4\nE:ID_FS_LABEL=data\n");
	fixture_write(fixture, "/run/udev/data/b8:3", "E:ID_FS_TYPE=LVM2_member\n");
	assert_says("note disk:sda the guest can read and overwrite what is on sda: ext4 "
		    "\"data\" (sda1), LVM2_member (sda3) []\n");
	assert_use("free");
	fixture_mount(fixture, "8:1", "/dev/sda1", "/data", "ext4");
	assert_says("refuse disk:/data the host would lose /data, which is mounted from "
		    "sda1 [unmount it]\n");
}

static const char *const lines[] = {
	"/dev/sda2 /data ext4 noauto 0 2\n",
	"/dev/disk/by-id/ata-QEMU-part2\t/data\text4\tdefaults\n",
	"UUID=0aBc /data ext4 defaults 0 2\n",
	"UUID=\"0abc\" /data ext4 defaults 0 2\n",
	"PARTUUID=77-02 /data ext4\n",
	"LABEL=my\\040disk /data ext4 nofail\n",
	"/dev/disk/by-label/my\\x20disk /data ext4 nofail\n",
	"PARTLABEL=second /data auto x-systemd.automount\n",
};

static void part_two_is(const char *dev)
{
	_cleanup_free_ char *path = strf("/run/udev/data/b%s", dev);

	fixture_write(fixture, path,
		      "S:disk/by-id/ata-QEMU-part2\nS:disk/by-uuid/0abc\n"
		      "S:disk/by-partuuid/77-02\nS:disk/by-label/my\\x20disk\n"
		      "S:disk/by-partlabel/second\nS:vg0/data\n");
}

static void a_line_in_fstab_is_a_warning(void **state)
{
	(void)state;
	storage();
	part_two_is("8:2");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		fixture_write(fixture, "/etc/fstab", "# sda2\n/srv/x /srv none bind\n%s",
			      lines[i]);
		assert_says("warn disk:/data /etc/fstab has sda2 for /data, though it is "
			    "not mounted now [take it out of /etc/fstab]\n");
	}
	assert_use("free");
	fixture_write(fixture, "/etc/fstab", "UUID=0abc none swap sw 0 0\n");
	assert_says("warn disk:swap /etc/fstab has sda2 as swap, though it is not in use "
		    "now [take it out of /etc/fstab]\n");
}

static void a_line_on_something_else_is_none(void **state)
{
	(void)state;
	storage();
	part_two_is("8:18");
	for (size_t i = 1; i < ARRAY_SIZE(lines); i++) {
		fixture_write(fixture, "/etc/fstab", "%s%s", lines[i],
			      "#/dev/sda2 /data ext4\n"
			      "proc /proc proc defaults 0 0\n"
			      "//server/sda2 /data cifs password=x 0 0\n"
			      "server:/dev/sda2 /data nfs defaults\n/dev/sda2\n");
		assert_says("");
	}
}

static void a_line_that_is_mounted_is_said_once(void **state)
{
	(void)state;
	storage();
	part_two_is("8:2");
	part_two_is("8:1");
	fixture_write(fixture, "/etc/fstab",
		      "UUID=0abc /data btrfs\nUUID=0abc /x btrfs\n");
	fixture_mount(fixture, "0:31", "/dev/sda2", "/data", "btrfs");
	assert_says("refuse disk:/data the host would lose /data, which is mounted from "
		    "sda2 [unmount it]\n");
}

static void a_member_of_a_pool_is_refused(void **state)
{
	(void)state;
	storage();
	fixture_write(fixture, "/run/udev/data/b8:1",
		      "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n");
	fixture_write(fixture, "/proc/spl/kstat/zfs/arcstats", "%s", "");
	assert_says("note disk:sda the guest can read and overwrite what is on sda: "
		    "zfs_member \"tank\" (sda1) []\n");
	fixture_mkdir(fixture, "/proc/spl/kstat/zfs/other");
	assert_includes("note disk:sda ");
	assert_use("free");
	fixture_mkdir(fixture, "/proc/spl/kstat/zfs/tank");
	assert_says(
		"refuse disk:tank the host would lose the ZFS pool tank, or a part of "
		"it: sda1 is a member [zpool export tank]\n");
	assert_use("disk sda: ZFS pool tank");
	/* A spare does not say whose. */
	fixture_write(fixture, "/run/udev/data/b8:1", "E:ID_FS_TYPE=zfs_member\n");
	assert_says("refuse disk:sda1 sda1 belongs to ZFS, and may be in use by a pool "
		    "that is imported [zpool export POOL]\n");
}

/* A disk that is busy, in fstab with a password, and has a name of its own. */
static void replay(bool redact, const char *expected)
{
	_cleanup_free_ char *dump = fixture_path(fixture, "/dump");
	_cleanup_free_ char *fstab = NULL, *udev = NULL;

	storage();
	fixture_write(fixture, "/model/mounted/sda", "%s", "");
	fixture_write(fixture, "/etc/fstab",
		      "UUID=0abc /data ext4 password=secret 0 0\n");
	part_two_is("8:2");
	assert_int_equal(vfp_ctx_record_reads(ctx, dump, redact), 0);
	free(say(NULL));
	vfp_ctx_free(ctx);
	fstab = fixture_read(fixture, "/dump/etc/fstab");
	assert_string_equal(fstab, "UUID=0abc /data ext4\n");
	udev = fixture_read(fixture, "/dump/run/udev/data/b8:2");
	assert_int_equal(!strstr(udev, "ata-QEMU"), redact);
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_ctx_set_root(ctx, dump), 0);
	fixture_remove(fixture, "/model/mounted/sda");
	assert_says(expected);
}

static void a_dump_tells_of_an_open_disk(void **state)
{
	(void)state;
	replay(false, "refuse disk:/dev/sda /dev/sda is in use: something has opened it "
		      "for itself alone [stop what uses it]\n"
		      "warn disk:/data /etc/fstab has sda2 for /data, though it is not "
		      "mounted now [take it out of /etc/fstab]\n");
}

static void a_redacted_dump_has_no_names(void **state)
{
	(void)state;
	replay(true, "refuse disk:/dev/sda /dev/sda is in use: something has opened it "
		     "for itself alone [stop what uses it]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_stands_against_an_idle_disk),
		TEST(the_root_file_system_is_refused),
		TEST(other_mounts_are_refused),
		TEST(facts_are_read_once),
		TEST(one_file_system_is_said_once),
		TEST(mounts_are_found_at_any_depth),
		TEST(btrfs_is_found_by_its_members),
		TEST(a_loop_on_the_disk_itself_is_found),
		TEST(a_loop_on_another_disk_is_not_ours),
		TEST(what_lies_on_a_loop_is_found),
		TEST(images_on_a_file_system_are_said_with_it),
		TEST(a_vital_image_is_said_by_itself),
		TEST(a_multipath_disk_is_found_by_its_head),
		TEST(swap_is_refused),
		TEST(a_swap_file_is_refused),
		TEST(an_active_mapping_is_refused),
		TEST(a_mapping_in_use_is_said_once),
		TEST(mounts_of_another_process_are_not_all),
		TEST(a_disk_that_somebody_has_for_himself_is_refused),
		TEST(a_disk_that_cannot_be_opened_is_unknown),
		TEST(a_disk_that_hangs_is_unknown),
		TEST(without_a_medium_nothing_is_opened),
		TEST(each_disk_is_opened),
		TEST(a_process_that_has_it_open_is_told),
		TEST(a_signature_is_a_note),
		TEST(a_line_in_fstab_is_a_warning),
		TEST(a_line_on_something_else_is_none),
		TEST(a_line_that_is_mounted_is_said_once),
		TEST(a_member_of_a_pool_is_refused),
		TEST(a_dump_tells_of_an_open_disk),
		TEST(a_redacted_dump_has_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
