/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has a vfio node open: by the text of links, with the name that QEMU gave its guest,
 * and in a dump without anything else of the processes.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

#define DEVICE "0000:05:00.0"
#define NODE   "/dev/vfio/12"

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .driver = "vfio-pci",
							  .group = 12 });
	return vfp_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static char *holders_of(struct vfp_ctx *c)
{
	_cleanup_device_ struct vfp_device *d = NULL;
	char *text = NULL;
	int r;

	assert_int_equal(device_load(c, DEVICE, &d), 0);
	r = vfp_holders(c, d, &text);
	return r == 0 ? text : strf("%s", strerror(-r));
}

static void assert_holders(const char *expected)
{
	_cleanup_free_ char *text = holders_of(ctx);

	assert_string_equal(text, expected);
}

static void nobody_has_it(void **state)
{
	(void)state;
	fixture_process(fixture, 7, "sshd", NULL, "/dev/null");
	fixture_process(fixture, 8, "qemu", NULL, "/dev/vfio/vfio");
	fixture_process(fixture, 9, "qemu", NULL, "/dev/vfio/1");
	fixture_process(fixture, 10, "qemu", NULL, "/dev/vfio/123");
	fixture_process(fixture, 11, "cat", NULL, "/var/vfio/12");
	assert_holders(strerror(ENOENT));
	fixture_remove(fixture, "/proc/1");
	assert_holders(strerror(EACCES));
}

static const struct {
	const char *words, *name;
} guests[] = {
	{ "qemu -name web1", "guest web1 (x, 42)" },
	{ "qemu -name web1,process=q", "guest web1 (x, 42)" },
	{ "qemu --name guest=web1,debug-threads=on", "guest web1 (x, 42)" },
	{ "qemu -name debug-threads=on,guest=web1", "guest web1 (x, 42)" },
	{ "qemu -name guest=a,,b", "guest a,b (x, 42)" },
	{ "qemu -name guest=a\033b", "guest a\\x1bb (x, 42)" },
	{ "qemu -name process=q", "x (42)" },
	{ "qemu -name", "x (42)" },
	{ "qemu", "x (42)" },
	{ "dpdk-testpmd -name web1", "x (42)" },
};

static void qemu_says_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		fixture_remove(fixture, "/proc/42");
		fixture_process(fixture, 42, "x", guests[i].words, NODE);
		assert_holders(guests[i].name);
	}
}

static void every_process_is_named_once(void **state)
{
	(void)state;
	fixture_process(fixture, 42, "one two", NULL, NODE);
	fixture_symlink(fixture, "/proc/42/fd/6", NODE);
	fixture_process(fixture, 43, "three", NULL, NODE " (deleted)");
	assert_holders("one two (42), three (43)");
}

static void a_device_node_of_the_group_counts(void **state)
{
	(void)state;
	fixture_process(fixture, 42, "ch", NULL, "/dev/vfio/devices/vfio0");
	fixture_process(fixture, 43, "other", NULL, "/dev/vfio/devices/vfio9");
	assert_holders("ch (42)");
}

/* Linux 7 says in fdinfo of which device a descriptor without a path is. */
static void a_device_without_a_node_counts(void **state)
{
	_cleanup_free_ char *place = fixture_device_path(fixture, DEVICE);

	(void)state;
	fixture_process(fixture, 42, "ch", NULL, "anon_inode:[vfio-device]");
	assert_holders(strerror(ENOENT));
	fixture_write(fixture, "/proc/42/fdinfo/5", "pos:\t0\nvfio-device-syspath: %s\n",
		      place);
	assert_holders("ch (42)");
}

/* A dump has the table and nothing of /proc/PID, and says the same. */
static void a_dump_has_the_table_alone(void **state)
{
	_cleanup_free_ char *dir = fixture_path(fixture, "/dump"), *before = NULL,
			    *after = NULL;
	struct vfp_ctx *replay;

	(void)state;
	fixture_process(fixture, 42, "one two", "qemu -name my guest", NODE);
	assert_int_equal(vfp_ctx_record_reads(ctx, dir, false), 0);
	before = holders_of(ctx);
	assert_string_equal(before, "guest my (one two, 42)");
	assert_true(fixture_exists(fixture, "/dump/holders"));
	assert_false(fixture_exists(fixture, "/dump/proc/42"));
	assert_int_equal(vfp_ctx_new(&replay), 0);
	assert_int_equal(vfp_ctx_set_root(replay, dir), 0);
	after = holders_of(replay);
	assert_string_equal(after, before);
	vfp_ctx_free(replay);
}

static void a_table_by_hand_is_read(void **state)
{
	(void)state;
	assert_int_equal(vfp_ctx_set_root(ctx, fixture->root), 0);
	assert_holders(strerror(EACCES));
	fixture_write(fixture, "/holders",
		      NODE " 4711 qemu-system-x86 web1\n"
			   "nonsense\n" NODE " -1 x\n\n" NODE " 99999999999 x\n" NODE
			   " 5 dpdk\033\n/dev/vfio/9 6 x\n");
	assert_holders("dpdk\\x1b (5), guest web1 (qemu-system-x86, 4711)");
	fixture_write(fixture, "/holders", "incomplete\n");
	assert_holders(strerror(EACCES));
	fixture_write(fixture, "/holders", "%s", "");
	assert_holders(strerror(ENOENT));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Of other device nodes, too; of nodes that everybody has open, and of sockets, not. */
static void any_device_node_counts(void **state)
{
	_cleanup_held_ struct held_table table = { 0 };

	(void)state;
	fixture_process(fixture, 50, "Xorg", NULL, "/dev/dri/card0");
	fixture_process(fixture, 51, "sshd", NULL, "socket:[4711]");
	fixture_process(fixture, 52, "nginx", NULL, "socket:[4712]");
	fixture_process(fixture, 53, "bash", NULL, "/dev/pts/3");
	fixture_process(fixture, 54, "bash", NULL, "/dev/null");
	assert_int_equal(held_read(ctx, &table), 0);
	assert_int_equal(table.n, 2);
	assert_string_equal(table.list[0]->node, "/dev/dri/card0");
	assert_string_equal(table.list[0]->holder.name, "Xorg");
	assert_string_equal(table.list[1]->node, "socket:[4711]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_has_it),
		TEST(qemu_says_its_name),
		TEST(every_process_is_named_once),
		TEST(a_device_node_of_the_group_counts),
		TEST(a_device_without_a_node_counts),
		TEST(a_dump_has_the_table_alone),
		TEST(a_table_by_hand_is_read),
		TEST(any_device_node_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
