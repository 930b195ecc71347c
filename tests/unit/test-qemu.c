/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library against the real QEMU: what it finds, chooses, adds, looks at, undoes and
 * removes. Nothing runs in these machines, so no guest answers: what needs one is the lab's.
 */
#include "unit/qemu-bench.h"

#include <sys/socket.h>

#define PORT(id, n) "-device", "pcie-root-port,id=" id ",chassis=" n

static int start_q35(void **state)
{
	static const char *const devices[] = {
		PORT("rp1", "1"),
		PORT("rp2", "2"),
		PORT("rp3", "3"),
		PORT("rp4", "4") ",hotplug=off",
		PORT("rp10", "5"),
		PORT("rp11", "6"),
		PORT("rp12", "7"),
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

static int attach_within(struct vfp_hotplug *hotplug, int timeout, char **why)
{
	*why = NULL;
	return machine.ops->attach(machine.data, hotplug, timeout, why);
}

#define REQUEST(kind, id, ...) \
	request(kind, id, (const char *const[]){ __VA_ARGS__, NULL })

static int attach(struct vfp_hotplug *hotplug, char **why)
{
	return attach_within(hotplug, SOON, why);
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

/* What has such a name and is in use belongs to another device. */
static void detach_leaves_what_another_uses(void **state)
{
	_cleanup_free_ char *why = NULL, *again = NULL;

	(void)state;
	done("netdev_add", "{'type': 'user', 'id': 'sd3-backend'}");
	done("device_add",
	     "{'driver': 'usb-net', 'netdev': 'sd3-backend', 'id': 'card'}");
	assert_int_equal(detach("disk", "sd3", SOON, &why), -ENOENT);
	assert_int_equal(
		tell("netdev_add", "{'type': 'user', 'id': 'sd3-backend'}", NULL),
		-EREMOTEIO);
	assert_int_equal(detach("nic", "card", SOON, &again), 0);
	done("netdev_add", "{'type': 'user', 'id': 'sd3-backend'}");
	done("netdev_del", "{'id': 'sd3-backend'}");
}

/* No guest answers: asked, asked again (QEMU refuses that as long as the first is new). */
static void silent_guest_is_a_time_out(void **state)
{
	_cleanup_free_ char *why = NULL, *again = NULL;
	int64_t begin = now_msec();

	(void)state;
	done("netdev_add", "{'type': 'user', 'id': 'nic9-backend'}");
	done("device_add", "{'driver': 'virtio-net-pci', 'netdev': 'nic9-backend', "
			   "'id': 'nic9', 'bus': 'rp12'}");
	assert_int_equal(detach("nic", "nic9", 600, &why), -ETIMEDOUT);
	assert_int_equal(detach("nic", "nic9", 600, &again), -ETIMEDOUT);
	assert_non_null(strstr(again, "still there"));
	assert_true(now_msec() - begin >= 1200);
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

/* Attach what is asked for, expect @error and @sentence (NULL: none). */
static void expect_attach(struct vfp_hotplug *hotplug, int timeout, int error,
			  const char *sentence)
{
	_cleanup_free_ char *why = NULL;
	int r = attach_within(hotplug, timeout, &why);

	if (r != error)
		fail_msg("%d instead of %d: %s", r, error, nonnull(why));
	if (sentence && !strstr(nonnull(why), sentence))
		fail_msg("'%s' is not in: %s", sentence, nonnull(why));
	if (!sentence)
		assert_null(why);
	vfp_hotplug_free(hotplug);
}

static void expect_detach(const char *id, int timeout, int error, const char *sentence)
{
	_cleanup_free_ char *why = NULL;
	int r = detach("disk", id, timeout, &why);

	if (r != error)
		fail_msg("%d instead of %d: %s", r, error, nonnull(why));
	if (sentence && !strstr(nonnull(why), sentence))
		fail_msg("'%s' is not in: %s", sentence, nonnull(why));
}

static struct vfp_hotplug *disk(const char *id, const char *file)
{
	_cleanup_free_ char *path = in_folder(file);
	_cleanup_free_ char *word = strf("filename=%s", path);

	create_file(file);
	return REQUEST("disk", id, word, "model=scsi-hd");
}

static void disk_in_and_out(void **state)
{
	(void)state;
	expect_attach(disk("disk1", "disk"), SOON, 0, NULL);
	expect_kind("disk1", "disk");
	assert_true(has_node("disk1-backend"));
	/* The same once more is done; another file under its name is not. */
	expect_attach(disk("disk1", "disk"), SOON, 1, NULL);
	expect_attach(disk("disk1", "other"), SOON, -EPERM, "another device as disk1");
	expect_attach(REQUEST("nic", "disk1", "backend=user"), SOON, -EPERM,
		      "its type is \"scsi-hd\"");
	expect_detach("disk1", SOON, 0, NULL);
	assert_false(has_device("disk1"));
	assert_false(has_node("disk1-backend"));
	expect_detach("disk1", SOON, -ENOENT, "nothing with the id disk1");
}

/* 1: there was such a network device, and it has gone now. */
static bool remove_netdev(const char *id)
{
	_cleanup_free_ char *arguments = strf("{'id': '%s'}", id);

	return tell("netdev_del", arguments, NULL) == 0;
}

static void refused_device_takes_its_backend_along(void **state)
{
	(void)state;
	expect_attach(REQUEST("nic", "nic1", "backend=user", "model=nosuch"), SOON,
		      -EREMOTEIO, "QEMU refused device_add: 'nosuch'");
	assert_false(remove_netdev("nic1-backend"));
	expect_attach(REQUEST("memory", "dimm9", "size=2M", "node=7"), SOON, -EREMOTEIO,
		      "QEMU refused device_add");
	assert_false(has_object("dimm9-backend"));
	expect_attach(REQUEST("disk", "disk9", "filename=/dev/null/none"), SOON,
		      -EREMOTEIO, "QEMU refused blockdev-add");
}

static void nic_gets_a_free_port(void **state)
{
	struct vfp_hotplug *nic = REQUEST("nic", "nic2", "backend=user");
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(attach(nic, &why), 0);
	assert_string_equal(vfp_hotplug_get(nic, "bus"), "rp10");
	expect_kind("nic2", "nic");
	vfp_hotplug_free(nic);
	expect_attach(REQUEST("nic", "nic3", "backend=user", "bus=rp10"), SOON,
		      -EREMOTEIO, "rp10 has a device already");
	assert_false(remove_netdev("nic3-backend"));
	expect_attach(REQUEST("nic", "nic3", "backend=user", "bus=rp4"), SOON, -EREMOTEIO,
		      "QEMU refused device_add");
	/* What QEMU 7.2 accepts there, no guest would see. */
	expect_attach(REQUEST("nic", "nic3", "backend=user", "bus=rp11", "addr=1"), SOON,
		      -EREMOTEIO, "one slot");
}

static void next_cpu_and_a_certain_one(void **state)
{
	struct vfp_hotplug *next = REQUEST("cpu", NULL, "domain=x");
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(attach(next, &why), 0);
	assert_string_equal(vfp_hotplug_id(next), "cpu-s0-c1-t0");
	assert_true(has_device("cpu-s0-c1-t0"));
	expect_kind("cpu-s0-c1-t0", "cpu");
	vfp_hotplug_free(next);
	expect_attach(REQUEST("cpu", "cpu3", "index=3"), SOON, 0, NULL);
	expect_attach(REQUEST("cpu", "cpu3", "index=3"), SOON, 1, NULL);
	expect_attach(REQUEST("cpu", "cpu3", "domain=x"), SOON, 1, NULL);
	expect_attach(REQUEST("cpu", "cpu3", "index=2"), SOON, -EPERM, "another device");
	expect_attach(REQUEST("cpu", "cpu0", "index=0"), SOON, -EPERM,
		      "the guest has CPU 0 already");
	expect_attach(REQUEST("cpu", "cpu9", "index=4"), SOON, -EINVAL,
		      "room for 4 CPUs: index 0 to 3");
	expect_attach(REQUEST("cpu", "cpu2", "domain=x"), SOON, 0, NULL);
	expect_attach(REQUEST("cpu", "cpu4", "domain=x"), SOON, -EREMOTEIO, "maxcpus");
}

static void memory_stays_without_a_guest(void **state)
{
	(void)state;
	expect_attach(REQUEST("memory", "dimm1", "size=128M"), SOON, 0, NULL);
	expect_kind("dimm1", "memory");
	expect_attach(REQUEST("memory", "dimm1", "size=128M"), SOON, 1, NULL);
	expect_attach(REQUEST("memory", "dimm1", "size=256M"), SOON, -EPERM,
		      "something else behind it than dimm1-backend");
	expect_detach("dimm1", 600, -ETIMEDOUT, "dimm1 is still there");
	assert_true(has_object("dimm1-backend"));
}

static json_int_t requested(void)
{
	_cleanup_json_ json_t *size = NULL;

	assert_int_equal(tell("qom-get",
			      "{'path': '/machine/peripheral/vmem1', "
			      "'property': 'requested-size'}",
			      &size),
			 0);
	return json_integer_value(size);
}

/* This version does not let it go even at size 0; it is as it was after that. */
static void resized_memory(void **state)
{
	(void)state;
	expect_attach(REQUEST("memory", "vmem1", "size=256M", "model=virtio-mem-pci",
			      "requested-size=0"),
		      SOON, 0, NULL);
	expect_kind("vmem1", "memory");
	expect_detach("vmem1", SOON, -EREMOTEIO, "cannot be unplugged");
	assert_true(has_device("vmem1") && has_object("vmem1-backend"));
	expect_attach(
		REQUEST("memory", "vmem1", "model=virtio-mem-pci", "requested-size=64M"),
		800, -ETIMEDOUT, "has 0 bytes of the 67108864");
	assert_int_equal(requested(), 64 << 20);
	expect_detach("vmem1", SOON, -EREMOTEIO, "cannot be unplugged");
	assert_int_equal(requested(), 64 << 20);
}

/* QEMU takes what does not exist, and would wait for it for ever. */
static void usb_device_that_is_not_there(void **state)
{
	(void)state;
	expect_attach(REQUEST("usb", "usb1", "vendorid=ffff", "productid=fffe"), 1500,
		      -EREMOTEIO, "found no USB device");
	assert_false(has_device("usb1"));
	expect_attach(REQUEST("usb", "usb1", "hostbus=99", "hostaddr=99"), SOON,
		      -EREMOTEIO, "QEMU refused device_add");
}

static void next_gone_follows_others(void **state)
{
	_cleanup_free_ char *id = NULL, *none = NULL, *why = NULL;

	(void)state;
	add_node("n3");
	done("device_add", "{'driver': 'scsi-hd', 'drive': 'n3', 'id': 'sd3'}");
	done("device_del", "{'id': 'sd3'}");
	done_soon("blockdev-del", "{'node-name': 'n3'}");
	assert_int_equal(machine.ops->next_gone(machine.data, SOON, &id, &why), 0);
	assert_string_equal(id, "sd3");
	assert_int_equal(machine.ops->next_gone(machine.data, 50, &none, &why),
			 -ETIMEDOUT);
}

/* -- a conversation that breaks off ------------------------------------------------------- */

static int replay_end;
static struct str heard; /* all that QEMU said */

static _printf_(3, 0) void hear(void *data, int level, const char *format, va_list args)
{
	_cleanup_free_ char *text = vstrf(format, args);

	(void)data, (void)level;
	assert_non_null(text);
	if (startswith(text, "QMP: received "))
		assert_int_equal(str_add(&heard, "%s\n", strchr(text, '{')), 0);
}

/* A disk in and out on a connection of its own; *ret_attached: what was heard by then. */
static void record(size_t *ret_attached)
{
	_cleanup_free_ char *path = in_folder("library"), *why = NULL;

	machine.ops->close(machine.data);
	vfp_ctx_set_log(ctx, LOG_DEBUG, hear, NULL);
	assert_int_equal(vfp_guest_qmp(ctx, path, &machine.ops, &machine.data, &why), 0);
	expect_attach(disk("cut", "disk"), SOON, 0, NULL);
	*ret_attached = heard.len;
	expect_detach("cut", SOON, 0, NULL);
	vfp_ctx_set_log(ctx, 0, NULL, NULL);
}

/* The first @n bytes of it, and then the end. */
static struct qemu *replay(size_t n)
{
	static struct qemu qemu;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], heard.s, n), n);
	shutdown(fds[1], SHUT_WR);
	qemu.ctx = ctx;
	assert_int_equal(qmp_new(ctx, fds[0], qemu_keep_event, &qemu.qmp), 0);
	replay_end = fds[1];
	return &qemu;
}

/*
 * Whatever QEMU did not say to its end is not known, and never counts as refused, as not
 * there or as done. Usually the cuts have a distance that no message has; thorough, none.
 */
static void cut_at_every_byte(void **state)
{
	struct vfp_hotplug *hotplug = disk("cut", "disk");
	size_t attached = 0, step = getenv("VFIOPREP_THOROUGH") ? 1 : 23;

	(void)state;
	record(&attached);
	assert_true(heard.len > 1000);
	for (size_t n = 0; n < heard.len - 1; n += step) {
		struct qemu *qemu = replay(n);
		int64_t deadline = deadline_in(SOON);
		int r = qmp_greeting(qemu->qmp, deadline) ?:
			qmp_command(qemu->qmp, "qmp_capabilities", NULL, deadline, NULL,
				    NULL) ?:
			qemu_attach(qemu, hotplug, deadline, NULL);

		assert_true(n >= attached - 1 ? r == 0 : r == -EPIPE || r == -ETIMEDOUT);
		r = qemu_detach(qemu, "cut", deadline, NULL);
		if (r != -EPIPE && r != -ETIMEDOUT && r != -ENOTEMPTY)
			fail_msg("%d after %zu bytes", r, n);
		qmp_close(qemu->qmp);
		close(replay_end);
		assert_false(deadline_passed(deadline));
	}
	vfp_hotplug_free(hotplug);
	str_done(&heard);
}

/* A second client of a monitor is connected, and then hears nothing. */
static void second_client_is_told(void **state)
{
	_cleanup_free_ char *path = in_folder("library"), *why = NULL;
	const struct vfp_guest_ops *ops;
	void *data;

	(void)state;
	assert_int_equal(vfp_guest_qmp(ctx, path, &ops, &data, &why), -EBUSY);
	assert_non_null(strstr(why, "another client has this monitor"));
}

static void the_end_of_qemu_is_told(void **state)
{
	_cleanup_free_ char *id = NULL, *why = NULL;

	(void)state;
	assert_int_equal(machine.ops->process(machine.data), machine.pid);
	kill(machine.pid, SIGKILL);
	assert_int_equal(machine.ops->next_gone(machine.data, SOON, &id, &why), -EPIPE);
	expect_detach("rp1", SOON, -EPIPE, "closed the connection");
	stop_machine();
}

/* -- another machine ---------------------------------------------------------------------- */

static int start_i440fx(void **state)
{
	static const char *const devices[] = { NULL };

	(void)state;
	set_up();
	start_machine("pc", devices);
	return 0;
}

/* Its one bus takes devices; the next one is not put where there is one. */
static void conventional_bus_is_left_to_qemu(void **state)
{
	struct vfp_hotplug *nic = REQUEST("nic", "nic1", "backend=user");
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(attach(nic, &why), 0);
	assert_null(vfp_hotplug_get(nic, "bus"));
	vfp_hotplug_free(nic);
	expect_attach(REQUEST("nic", "nic2", "backend=user"), SOON, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_what_it_has),
		cmocka_unit_test(refusal_is_passed_on),
		cmocka_unit_test(unknown_id_is_no_detach),
		cmocka_unit_test(detach_takes_what_is_behind),
		cmocka_unit_test(detach_finds_what_an_earlier_one_left),
		cmocka_unit_test(detach_leaves_what_another_uses),
		cmocka_unit_test(what_never_goes_is_refused_at_once),
		cmocka_unit_test(disk_in_and_out),
		cmocka_unit_test(refused_device_takes_its_backend_along),
		cmocka_unit_test(nic_gets_a_free_port),
		cmocka_unit_test(next_cpu_and_a_certain_one),
		cmocka_unit_test(memory_stays_without_a_guest),
		cmocka_unit_test(resized_memory),
		cmocka_unit_test(usb_device_that_is_not_there),
		cmocka_unit_test(next_gone_follows_others),
		cmocka_unit_test(silent_guest_is_a_time_out),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(second_client_is_told),
		cmocka_unit_test(the_end_of_qemu_is_told),
	};
	const struct CMUnitTest on_i440fx[] = {
		cmocka_unit_test(conventional_bus_is_left_to_qemu),
	};

	return cmocka_run_group_tests(tests, start_q35, tear_down) +
	       cmocka_run_group_tests(on_i440fx, start_i440fx, tear_down);
}
