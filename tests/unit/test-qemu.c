/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library against the real QEMU: what it finds, chooses, adds, looks at, undoes and
 * removes. Nothing runs in these machines, so no guest answers: what needs one is the lab's.
 */
#include "unit/qemu-bench.h"

#define PORT(id, n) "-device", "pcie-root-port,id=" id ",chassis=" n

static int start_q35(void **state)
{
	static const char *const devices[] = {
		PORT("rp1", "1"),
		PORT("rp2", "2"),
		PORT("rp3", "3"),
		PORT("rp4", "4") ",hotplug=off",
		PORT("rp10", "5"),
		"-device",
		"e1000e,bus=rp1,id=n0",
		"-device",
		"qemu-xhci,id=xhci,bus=rp2",
		"-device",
		"virtio-scsi-pci,id=scsi,bus=rp3",
		NULL,
	};

	(void)state;
	set_up();
	start_machine("q35", devices);
	return 0;
}

/* A request with properties "key=value"; to be freed. */
static struct vfp_hotplug *request(const char *kind, const char *id,
				   const char *const *properties)
{
	struct vfp_hotplug *hotplug;

	assert_int_equal(vfp_hotplug_new(kind, id, &hotplug), 0);
	for (; *properties; properties++) {
		_cleanup_free_ char *key = strdup(*properties);
		char *value = strchr(key, '=');

		*value = '\0';
		assert_int_equal(vfp_hotplug_set(hotplug, key, value + 1), 0);
	}
	return hotplug;
}

#define REQUEST(kind, id, ...) \
	request(kind, id, (const char *const[]){ __VA_ARGS__, NULL })

static int attach(struct vfp_hotplug *hotplug, char **why)
{
	*why = NULL;
	return machine.ops->attach(machine.data, hotplug, SOON, why);
}

static int detach(const char *kind, const char *id, int timeout, char **why)
{
	struct vfp_hotplug *hotplug;
	int r;

	*why = NULL;
	assert_int_equal(vfp_hotplug_new(kind, id, &hotplug), 0);
	r = machine.ops->detach(machine.data, hotplug, timeout, why);
	vfp_hotplug_free(hotplug);
	return r;
}

static void expect_kind(const char *id, const char *kind)
{
	_cleanup_free_ char *found = NULL, *device = NULL, *why = NULL;

	assert_int_equal(machine.ops->find(machine.data, id, SOON, &found, &device, &why),
			 0);
	assert_string_equal(found, kind);
	assert_null(device);
	assert_null(why);
}

static void finds_by_what_it_has(void **state)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *why = NULL;

	(void)state;
	expect_kind("n0", "nic");
	expect_kind("xhci", "");
	assert_int_equal(
		machine.ops->find(machine.data, "nope", SOON, &kind, &device, &why),
		-ENOENT);
	assert_non_null(strstr(why, "nope"));
}

static void refusal_is_passed_on(void **state)
{
	struct vfp_hotplug *hotplug = REQUEST("pci", "hd0", "host=0000:ff:1f.7");
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(attach(hotplug, &why), -EREMOTEIO);
	assert_non_null(strstr(why, "QEMU refused device_add: vfio "));
	/* The others are occupied, or without hotplug. */
	assert_string_equal(vfp_hotplug_get(hotplug, "bus"), "rp10");
	assert_false(has_device("hd0"));
	vfp_hotplug_free(hotplug);
}

static void unknown_id_is_no_detach(void **state)
{
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(detach("pci", "nope", SOON, &why), -ENOENT);
	assert_non_null(strstr(why, "nope"));
}

static void create_file(const char *name)
{
	_cleanup_free_ char *path = in_folder(name);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && ftruncate(fd, 16 << 20) == 0);
}

static void add_node(const char *name)
{
	_cleanup_free_ char *path = in_folder("disk");
	_cleanup_free_ char *arguments =
		strf("{'node-name': '%s', 'driver': 'raw', "
		     "'file': {'driver': 'file', 'filename': '%s'}}",
		     name, path);

	create_file("disk");
	done("blockdev-add", arguments);
}

/* A SCSI disk goes without asking anybody. What is behind it has a name of its own. */
static void detach_takes_what_is_behind(void **state)
{
	_cleanup_free_ char *why = NULL;

	(void)state;
	add_node("n1");
	done("device_add", "{'driver': 'scsi-hd', 'drive': 'n1', 'id': 'sd1'}");
	expect_kind("sd1", "disk");
	assert_int_equal(detach("disk", "sd1", SOON, &why), 0);
	assert_null(why);
	assert_false(has_device("sd1"));
	assert_false(has_node("n1"));
}

static void detach_finds_what_an_earlier_one_left(void **state)
{
	_cleanup_free_ char *why = NULL, *again = NULL;

	(void)state;
	add_node("sd2-backend");
	done("object-add", "{'qom-type': 'memory-backend-ram', 'id': 'sd2-backend', "
			   "'size': 2097152}");
	done("netdev_add", "{'type': 'user', 'id': 'sd2-backend'}");
	assert_int_equal(detach("disk", "sd2", SOON, &why), 0);
	assert_false(has_node("sd2-backend"));
	assert_false(has_object("sd2-backend"));
	assert_int_equal(detach("disk", "sd2", SOON, &again), -ENOENT);
}

/* No guest answers: asked, asked again (QEMU refuses that as long as the first is new). */
static void silent_guest_is_a_time_out(void **state)
{
	_cleanup_free_ char *why = NULL, *again = NULL;
	int64_t begin = now_msec();

	(void)state;
	done("netdev_add", "{'type': 'user', 'id': 'nic9-backend'}");
	done("device_add", "{'driver': 'virtio-net-pci', 'netdev': 'nic9-backend', "
			   "'id': 'nic9', 'bus': 'rp10'}");
	assert_int_equal(detach("nic", "nic9", 300, &why), -ETIMEDOUT);
	assert_int_equal(detach("nic", "nic9", 300, &again), -ETIMEDOUT);
	assert_non_null(strstr(again, "still there"));
	assert_true(now_msec() - begin >= 600);
	/* Still there, and so is what is behind it. */
	assert_int_equal(tell("netdev_del", "{'id': 'nic9-backend'}", NULL), 0);
}

static void what_never_goes_is_refused_at_once(void **state)
{
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(detach("pci", "rp1", SOON, &why), -EREMOTEIO);
	assert_true(has_device("rp1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_what_it_has),
		cmocka_unit_test(refusal_is_passed_on),
		cmocka_unit_test(unknown_id_is_no_detach),
		cmocka_unit_test(detach_takes_what_is_behind),
		cmocka_unit_test(detach_finds_what_an_earlier_one_left),
		cmocka_unit_test(what_never_goes_is_refused_at_once),
		cmocka_unit_test(silent_guest_is_a_time_out),
	};

	return cmocka_run_group_tests(tests, start_q35, tear_down);
}
