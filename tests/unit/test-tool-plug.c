/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of plug: kinds instead of devices, what is looked at before anything is
 * printed, what is said beside it, and the matrix. What each dialect makes of a request is
 * in test-hotplug-cells.c.
 */
#include "run-tool.h"

#define PLUG(...) run("vfioprep-plug", __VA_ARGS__, NULL)
#define HERE      "--sysroot", host->root

/* A file of that content, and then zeros, in the fixture's folder; its path. */
static char *file_of(const char *name, const char *begin, off_t size)
{
	_cleanup_free_ char *path = strf("/files/%s", name);
	char *outside;

	fixture_write(host, path, "%s", begin);
	outside = fixture_path(host, "%s", path);
	assert_int_equal(truncate(outside, size), 0);
	return outside;
}

/* -- disks ---------------------------------------------------------------------------- */

#define QCOW2 "QFI\xfb"

static void a_disk_is_raw_unless_its_name_says_more(void **state)
{
	_cleanup_free_ char *raw = file_of("disk.img", "", 1 << 20);
	_cleanup_free_ char *image = file_of("disk.qcow2", QCOW2, 1 << 20);

	(void)state;
	assert_int_equal(PLUG("disk", raw, "--to", "qmp"), 0);
	expect_text(got.out, "\"driver\":\"raw\"");
	expect_text(got.out, "\"driver\":\"file\"");
	assert_int_equal(PLUG("disk", image, "--to", "qmp"), 0);
	expect_text(got.out, "\"driver\":\"qcow2\"");
	assert_int_equal(PLUG("disk", image, "--to", "qmp", "--format", "raw"), 0);
	expect_text(got.out, "\"driver\":\"raw\"");
}

/* Else a guest would choose by what it writes which file of the host it gets. */
static void what_begins_like_an_image_has_to_be_named(void **state)
{
	_cleanup_free_ char *written = file_of("web1.img", QCOW2, 1 << 20);
	_cleanup_free_ char *not_one = file_of("web2.qcow2", "", 1 << 20);

	(void)state;
	PLUG("disk", written);
	expect_complaint(2, "say --format qcow2 or --format raw");
	assert_int_equal(PLUG("disk", written, "--format", "qcow2"), 0);
	assert_int_equal(PLUG("disk", written, "--format", "raw"), 0);
	PLUG("disk", not_one);
	expect_complaint(2, "is not in the format qcow2");
	PLUG("disk", not_one, "--format", "floppy");
	expect_complaint(2, "format 'floppy' is not one of raw, qcow2");
}

static void what_is_no_disk_is_refused(void **state)
{
	_cleanup_free_ char *empty = file_of("empty.img", "", 0);
	_cleanup_free_ char *odd = file_of("odd.img", "", 1000);

	(void)state;
	PLUG("disk", "/nowhere/disk.img");
	expect_complaint(3, "there is no such file");
	PLUG("disk", host->root);
	expect_complaint(2, "neither a file nor a block device");
	PLUG("disk", "/dev/null");
	expect_complaint(2, "neither a file nor a block device");
	PLUG("disk", empty);
	expect_complaint(2, "is empty");
	assert_int_equal(PLUG("disk", odd), 0);
	expect_text(got.err, "no whole sector");
	/* It is no longer there, or somewhere else; it is to go all the same. */
	assert_int_equal(PLUG("disk", "/nowhere/disk.img", "--detach"), 0);
}

static void persistent_memory_has_the_size_of_its_file(void **state)
{
	_cleanup_free_ char *file = file_of("pmem", "", 4 << 20);
	_cleanup_free_ char *odd = file_of("odd", "", 3 << 20);

	(void)state;
	assert_int_equal(PLUG("pmem", file, "--to", "qmp"), 0);
	expect_text(got.out, "\"size\":4194304");
	PLUG("pmem", odd);
	expect_complaint(2, "no multiple of 2 MiB");
	assert_int_equal(PLUG("pmem", odd, "--size", "2M", "--to", "qmp"), 0);
	expect_text(got.out, "\"size\":2097152");
}

/* -- words ---------------------------------------------------------------------------- */

static void a_kind_takes_its_own_word(void **state)
{
	static const struct {
		const char *words[4], *part;
	} wrong[] = {
		{ { "memory" }, "expected plug memory SIZE" },
		{ { "memory", "3M" }, "size '3M' is not a size" },
		{ { "memory", "1G", "2G" }, "one word too many" },
		{ { "cpu", "4" }, "one word too many; cpu is all" },
		{ { "nic" }, "expected plug nic BACKEND" },
		{ { "nic", "bridge=" }, "write user, tap=tap0" },
		{ { "nic", "user", "--tag=x" }, "kind nic has no property 'tag'" },
		{ { "nic", "user", "--set=x" }, "is not PROPERTY=VALUE" },
		{ { "fs", "/run/fs.sock" }, "fs: --tag is missing; give it" },
		{ { "vsock" }, "vsock: --cid is missing; give it" },
		{ { "vsock", "--cid=3", "--to=virsh" }, "vsock: --domain is missing" },
		{ { "vsock", "--cid", "2" }, "is no context id" },
		{ { "usb-controller" }, "expected plug usb-controller DEVICE" },
		{ { "cpu", "--id", "4cpu" }, "not an id" },
		{ { "cpu", "--id", "cpu4" },
		  "knows; give --model, --socket-id, "
		  "--core-id and --thread-id as" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		PLUG(wrong[i].words[0], wrong[i].words[1], wrong[i].words[2]);
		expect_complaint(2, wrong[i].part);
	}
	PLUG("memory", "--total", "8G");
	expect_complaint(3, "QEMU cannot be told how much memory in all");
}

static void options_reach_the_request(void **state)
{
	(void)state;
	PLUG("cpu", "--model", "host", "--socket-id", "1", "--node", "0", "--to", "qmp");
	expect_text(got.out, "\"host-x86_64-cpu\"");
	expect_text(got.out, "\"socket-id\":1");
	expect_text(got.out, "\"node-id\":0");
	PLUG("memory", "1G", "--memfd", "--hugetlb", "--node", "1", "--to", "qmp");
	expect_text(got.out, "memory-backend-memfd");
	expect_text(got.out, "\"hugetlb\":true");
	expect_text(got.out, "\"node\":1");
	PLUG("memory", "--virtio-mem", "--total", "512M", "--id", "v", "--to", "qmp");
	expect_text(got.out, "\"value\":536870912");
	PLUG("nic", "tap=tap0", "--set", "vhost=on", "--model", "e1000e", "--to", "qmp");
	expect_text(got.out, "\"vhost\":true");
	expect_text(got.out, "\"driver\":\"e1000e\"");
}

/* -- devices of the host -------------------------------------------------------------- */

static void controllers_are_of_their_class(void **state)
{
	(void)state;
	fixture_device(host, &(struct fixture_device){ .address = "0000:00:14.0",
						       .class = "0c0330",
						       .driver = "xhci_hcd",
						       .group = 21 });
	assert_int_equal(PLUG(HERE, "usb-controller", "00:14.0", "--bus", "rp1"), 0);
	expect_text(got.out, "host=0000:00:14.0");
	PLUG(HERE, "sata-controller", "00:14.0", "--bus", "rp1");
	expect_complaint(3, "not a sata-controller");
	PLUG(HERE, "usb-controller", "06:00.0");
	expect_complaint(3, "not a usb-controller");
}

static void a_usb_device_is_named_by_its_address(void **state)
{
	(void)state;
	fixture_device(host, &(struct fixture_device){ .address = "0000:00:15.0",
						       .class = "0c0330",
						       .driver = "xhci_hcd",
						       .group = 22 });
	fixture_usb(host, &(struct fixture_usb){ .name = "3-1",
						 .controller = "0000:00:15.0",
						 .number = 7,
						 .ids = "03f0:8607",
						 .interfaces = "030102 usbhid" });
	assert_int_equal(PLUG(HERE, "usb:03f0:8607", "--to", "qmp"), 0);
	expect_text(got.out, "\"id\":\"usb-3-1\"");
	expect_text(got.out, "\"hostbus\":3");
	expect_text(got.out, "\"hostaddr\":7");
	expect_no_text(got.out, "vendorid");
	fixture_usb(host, &(struct fixture_usb){ .name = "3-2",
						 .controller = "0000:00:15.0",
						 .number = 8,
						 .class = "090001",
						 .interfaces = "090000 hub" });
	PLUG(HERE, "3-2");
	expect_complaint(3, "a hub");
	PLUG(HERE, "3-1", "06:00.0");
	expect_complaint(2, "one by one");
}

static void iommufd_needs_a_node_of_its_own(void **state)
{
	_cleanup_free_ char *folder = fixture_device_path(host, "0000:06:00.0");
	_cleanup_free_ char *entries = strf("%s/vfio-dev", folder);
	_cleanup_free_ char *number = NULL;

	(void)state;
	PLUG(HERE, "06:00.0", "--bus", "rp1", "--iommufd");
	expect_complaint(3, "has no node in /dev/vfio/devices");
	number = strf("%s/vfio0/dev", entries);
	fixture_write(host, number, "511:0\n");
	assert_int_equal(PLUG(HERE, "06:00.0", "--bus", "rp1", "--iommufd", "--id", "g"),
			 0);
	assert_string_equal(got.out, "object_add iommufd,id=g-backend\n"
				     "device_add vfio-pci,host=0000:06:00.0,id=g,bus=rp1,"
				     "iommufd=g-backend\n");
	/* Not hidden yet: nothing can be told. */
	assert_int_equal(PLUG(HERE, "05:00.0", "--bus", "rp1", "--iommufd"), 0);
}

static void a_virtual_function_may_need_a_token(void **state)
{
	(void)state;
	fixture_device(host, &(struct fixture_device){ .address = "0000:06:10.0",
						       .driver = "vfio-pci",
						       .physfn = "0000:06:00.0",
						       .group = 23 });
	assert_int_equal(PLUG(HERE, "06:10.0", "--bus", "rp1"), 0);
	expect_text(got.err, "0000:06:00.0 is on a vfio driver, too");
	assert_int_equal(PLUG(HERE, "06:10.0", "--bus", "rp1", "--vf-token",
			      "00112233-4455-6677-8899-aabbccddeeff"),
			 0);
	assert_string_equal(got.err, "");
}

/* -- what is said beside it, and the matrix ------------------------------------------- */

static void what_has_to_wait_is_said(void **state)
{
	(void)state;
	assert_int_equal(PLUG("memory", "--detach", "--id", "dimm1"), 0);
	expect_text(got.err, "DEVICE_DELETED");
	assert_int_equal(PLUG("memory", "--detach", "--id", "v", "--virtio-mem"), 0);
	expect_text(got.err, "before 8.1 refuses");
	assert_int_equal(PLUG("memory", "64M", "--id", "dimm1"), 0);
	expect_text(got.err, "less than the 128 MiB");
	expect_text(got.err, "in this order");
	assert_int_equal(PLUG("memory", "64M", "--id", "dimm1", "--quiet"), 0);
	assert_string_equal(got.err, "");
	assert_int_equal(PLUG("vsock", "--cid", "3"), 0);
	expect_text(got.err, "give --bus with an empty root port");
	assert_int_equal(PLUG("cpu", "--index", "4", "--to", "hmp-legacy"), 0);
	assert_string_equal(got.out, "cpu-add 4\n");
	expect_text(got.err, "tried with none");
}

static void the_matrix_has_every_kind_and_dialect(void **state)
{
	(void)state;
	assert_int_equal(PLUG("--list"), 0);
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
		expect_text(got.out, *dialect);
	for (const char *const *kind = vfp_hotplug_kinds(); *kind; kind++)
		expect_text(got.out, *kind);
	expect_no_text(got.out, " ye\n");
	assert_int_equal(PLUG("--list", "pmem"), 0);
	expect_text(got.out, "QEMU takes no persistent memory from a running guest");
	for (const char *c = got.out, *end; (end = strchr(c, '\n')); c = end + 1)
		assert_true(end - c <= 80);
	PLUG("--list", "floppy");
	expect_complaint(2, "not a kind");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_is_raw_unless_its_name_says_more),
		cmocka_unit_test(what_begins_like_an_image_has_to_be_named),
		cmocka_unit_test(what_is_no_disk_is_refused),
		cmocka_unit_test(persistent_memory_has_the_size_of_its_file),
		cmocka_unit_test(a_kind_takes_its_own_word),
		cmocka_unit_test(options_reach_the_request),
		cmocka_unit_test(controllers_are_of_their_class),
		cmocka_unit_test(a_usb_device_is_named_by_its_address),
		cmocka_unit_test(iommufd_needs_a_node_of_its_own),
		cmocka_unit_test(a_virtual_function_may_need_a_token),
		cmocka_unit_test(what_has_to_wait_is_said),
		cmocka_unit_test(the_matrix_has_every_kind_and_dialect),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
