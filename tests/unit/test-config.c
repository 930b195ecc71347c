/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model/config.c and host/config-file.c: what devices.d wants, what is wrong with it, and
 * which files are not believed.
 */
#include "host/config.h"
#include "model.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define A_CONF DEVICES_DIR "/a.conf"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static struct vfp_wanted **wanted;
static struct vfp_finding **findings;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static void forget(void)
{
	vfp_wanted_free(wanted);
	vfp_findings_free(findings);
	wanted = NULL;
	findings = NULL;
}

static int clear(void **state)
{
	(void)state;
	forget();
	fixture_remove(fixture, CONFIG_DIR);
	return 0;
}

static void read_again(void)
{
	forget();
	assert_int_equal(vfp_wanted(ctx, &wanted, &findings), 0);
}

static void expect_wanted(size_t i, const char *key, const char *value)
{
	assert_string_equal(nonnull(vfp_wanted_get(wanted[i], key)), value);
}

/* One sentence, with so many devices that are good all the same. */
static void expect_objection(const char *text, size_t devices)
{
	read_again();
	if (list_length(findings) != 1)
		fail_msg("%zu findings, not one: %s", list_length(findings), text);
	assert_string_equal(findings[0]->text, text);
	assert_string_equal(findings[0]->kind, "config");
	assert_int_equal(findings[0]->severity, VFP_REFUSE);
	assert_int_equal(list_length(wanted), devices);
}

static void nothing_is_configured(void **state)
{
	(void)state;
	read_again();
	assert_int_equal(list_length(wanted) + list_length(findings), 0);
	fixture_write(fixture, DEVICES_DIR "/README", "[not read]\n");
	fixture_write(fixture, DEVICES_DIR "/.0000:01:00.0.conf.new", "[not read]\n");
	fixture_write(fixture, DEVICES_DIR "/.hidden.conf", "[not read]\n");
	fixture_write(fixture, DEVICES_DIR "/a.conf~", "[not read]\n");
	fixture_write(fixture, A_CONF, "%s", "");
	read_again();
	assert_int_equal(list_length(wanted) + list_length(findings), 0);
}

static void all_that_can_be_said(void **state)
{
	(void)state;
	fixture_write(fixture, DEVICES_DIR "/b.conf",
		      "# The card of the guests\n\n[05:00.1]\nexpect = 8086:10FB\n"
		      "subsystem=8086:7A11\ndriver=auto\nnode-owner=alice:kvm\n"
		      "group=yes\npower=on\nfor=web 1\n");
	fixture_write(fixture, A_CONF,
		      "[10000:e1:00.0]\nexpect=144d:a808\ngroup=no\n"
		      "[0000:05:00.0]\nexpect=8086:10fb");
	read_again();
	assert_int_equal(list_length(findings), 0);
	assert_int_equal(list_length(wanted), 3);
	expect_wanted(0, "device", "0000:05:00.0");
	expect_wanted(0, "line", "4");
	expect_wanted(0, "driver", "");
	expect_wanted(1, "device", "0000:05:00.1");
	expect_wanted(1, "expect", "8086:10fb");
	expect_wanted(1, "subsystem", "8086:7a11");
	expect_wanted(1, "driver", "auto");
	expect_wanted(1, "node-owner", "alice:kvm");
	expect_wanted(1, "group", "yes");
	expect_wanted(1, "power", "on");
	expect_wanted(1, "for", "web 1");
	expect_wanted(1, "file", DEVICES_DIR "/b.conf");
	expect_wanted(1, "line", "3");
	expect_wanted(1, "no-such-key", "");
	expect_wanted(2, "device", "10000:e1:00.0");
	expect_wanted(2, "group", "");
}

#define GOOD "[0000:06:00.0]\nexpect=8086:10fb\n"

static void what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *sentence;
		size_t devices;
	} rows[] = {
		{ GOOD "[05:00.0]\nexpect=8086:10fb\nexpct=1\n",
		  ":5: there is no key expct", 1 },
		{ GOOD "[05:00.0]\nexpect=8086:10fb\ndevice=x\n",
		  ":5: there is no key device", 1 },
		{ GOOD "\n[05:00]\nexpect=8086:10fb\n",
		  ":4: 05:00 is not the address of a PCI function", 1 },
		{ "[8086:10fb]\n" GOOD,
		  ":1: 8086:10fb is not the address of a PCI function", 1 },
		{ GOOD "[05:00.0]\n",
		  ":3: it does not say what device shall be at this address", 1 },
		{ GOOD "[05:00.0]\n[07:00.0]\nexpect=8086:10fb\n",
		  ":3: it does not say what device shall be at this address", 2 },
		{ GOOD "[06:00.0]\nexpect=8086:10fb\n",
		  ":3: 0000:06:00.0 is configured twice; the other is " A_CONF ":1", 1 },
		{ GOOD "expect=8086:10fb\n", ":3: expect is given twice", 0 },
		{ "expect=8086:10fb\n" GOOD, ":1: expect belongs to no device", 1 },
		{ GOOD "what\n", ":3: it is none of KEY=VALUE, [SECTION] and # COMMENT",
		  0 },
		{ GOOD "[05:00.0]\nwhat\nexpect=8086:10fb\n",
		  ":4: it is none of KEY=VALUE, [SECTION] and # COMMENT", 1 },
		{ "what\n" GOOD, ":1: it is none of KEY=VALUE, [SECTION] and # COMMENT",
		  1 },
		{ GOOD "power=on\r\n",
		  ":3: it ends in a carriage return; save the file with the line ends of "
		  "Unix",
		  0 },
		{ "\xef\xbb\xbf# x\n" GOOD,
		  ":1: it begins with a byte order mark; save the file without", 1 },
		{ "[06:00.0]\nexpect=8086\n",
		  ":2: expect=8086 makes no sense; give vendor and device, as 8086:10fb",
		  0 },
		{ "[06:00.0]\nexpect=8086:10fb0\n",
		  ":2: expect=8086:10fb0 makes no sense; give vendor and device, as 8086:10fb",
		  0 },
		{ GOOD "subsystem=x\n",
		  ":3: subsystem=x makes no sense; give vendor and device, as 8086:0003",
		  0 },
		{ GOOD "driver=a/b\n",
		  ":3: driver=a/b makes no sense; give a driver's name, or auto", 0 },
		{ GOOD "group=maybe\n", ":3: group=maybe makes no sense; give yes or no",
		  0 },
		{ GOOD "power=off\n", ":3: power=off makes no sense; give on", 0 },
		{ GOOD "for=\n", ":3: for= makes no sense; give a name", 0 },
		{ GOOD "node-owner=\n",
		  ":3: node-owner= makes no sense; give USER or USER:GROUP", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = strf(A_CONF "%s", rows[i].sentence);

		fixture_write(fixture, A_CONF, "%s", rows[i].text);
		expect_objection(text, rows[i].devices);
		assert_memory_equal(findings[0]->object, A_CONF ":", strlen(A_CONF) + 1);
	}
}

/* Two files that both speak of a device: the one that comes later is told of. */
static void twice_in_two_files(void **state)
{
	(void)state;
	fixture_write(fixture, A_CONF, GOOD);
	fixture_write(fixture, DEVICES_DIR "/b.conf", "\n\n" GOOD);
	expect_objection(DEVICES_DIR "/b.conf:3: 0000:06:00.0 is configured twice; the "
				     "other is " A_CONF ":1",
			 1);
}

/* -- what is not believed ------------------------------------------------------------------ */

#define DISTRUSTED \
	"it is not root's alone to write, or it is a link, so it is not believed"

static void set_mode(const char *path, mode_t mode)
{
	_cleanup_free_ char *full = fixture_path(fixture, "%s", path);

	assert_int_equal(chmod(full, mode), 0);
}

static void writable_by_others(void **state)
{
	(void)state;
	fixture_write(fixture, A_CONF, GOOD);
	fixture_write(fixture, DEVICES_DIR "/b.conf", "[07:00.0]\nexpect=8086:10fb\n");
	set_mode(A_CONF, 0664);
	expect_objection(A_CONF ": " DISTRUSTED, 1);
	set_mode(A_CONF, 0646);
	expect_objection(A_CONF ": " DISTRUSTED, 1);
	set_mode(A_CONF, 0600);
	read_again();
	assert_int_equal(list_length(findings), 0);
	set_mode(DEVICES_DIR, 0775);
	expect_objection(DEVICES_DIR ": " DISTRUSTED, 0);
	set_mode(DEVICES_DIR, 0755);
	set_mode(CONFIG_DIR, 0757);
	expect_objection(DEVICES_DIR ": " DISTRUSTED, 0);
	set_mode(CONFIG_DIR, 0755);
	read_again();
	assert_int_equal(list_length(wanted), 2);
}

/* Only root can give files away. */
static void of_another_user(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, A_CONF);

	(void)state;
	if (geteuid() != 0)
		skip();
	fixture_write(fixture, A_CONF, GOOD);
	assert_int_equal(chown(path, 12345, 0), 0);
	expect_objection(A_CONF ": " DISTRUSTED, 0);
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	_cleanup_free_ char *full = fixture_path(fixture, "%s", path);
	FILE *file = fopen(full, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void no_plain_files(void **state)
{
	_cleanup_free_ char *fifo = fixture_path(fixture, A_CONF);
	_cleanup_free_ char *large = calloc(1, 70000);

	(void)state;
	fixture_write(fixture, DEVICES_DIR "/elsewhere", GOOD);
	fixture_symlink(fixture, A_CONF, "elsewhere");
	expect_objection(A_CONF ": " DISTRUSTED, 0);
	fixture_remove(fixture, A_CONF);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	expect_objection(A_CONF ": it is no plain file of text", 0);
	fixture_remove(fixture, A_CONF);
	fixture_mkdir(fixture, A_CONF);
	expect_objection(A_CONF ": it is no plain file of text", 0);
	fixture_remove(fixture, A_CONF);
	assert_string_equal(findings[0]->remedy,
			    "put a text file in its place, or move it away");
	write_bytes(A_CONF, "a=1\0a=1", 7);
	expect_objection(A_CONF ": it is no plain file of text", 0);
	memset(large, '#', 69999);
	fixture_write(fixture, A_CONF, "%s", large);
	expect_objection(A_CONF ": it is too large", 0);
	fixture_remove(fixture, CONFIG_DIR);
	fixture_write(fixture, "/elsewhere/a.conf", GOOD);
	fixture_symlink(fixture, DEVICES_DIR, "/elsewhere");
	expect_objection(DEVICES_DIR ": " DISTRUSTED, 0);
	fixture_remove(fixture, DEVICES_DIR);
	fixture_write(fixture, DEVICES_DIR, "%s", "");
	expect_objection(DEVICES_DIR ": " DISTRUSTED, 0);
}

/* -- other files ----------------------------------------------------------------------------- */

static void a_file_by_its_name(void **state)
{
	_cleanup_free_ char *text = NULL, *why = NULL;

	(void)state;
	assert_int_equal(vfp_config_read(ctx, "hook.conf", &text, NULL), -ENOENT);
	fixture_write(fixture, CONFIG_DIR "/hook.conf", "enabled=yes\n");
	assert_int_equal(vfp_config_read(ctx, "hook.conf", &text, &why), 0);
	assert_string_equal(text, "enabled=yes\n");
	assert_null(why);
	set_mode(CONFIG_DIR "/hook.conf", 0666);
	assert_int_equal(vfp_config_read(ctx, "hook.conf", &text, &why), -EPERM);
	assert_string_equal(why, CONFIG_DIR "/hook.conf: " DISTRUSTED
					    "; put what a link leads to in its place, "
					    "chown that to root, chmod go-w");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_configured, clear),
		cmocka_unit_test_setup(all_that_can_be_said, clear),
		cmocka_unit_test_setup(what_is_wrong_is_told_with_its_line, clear),
		cmocka_unit_test_setup(twice_in_two_files, clear),
		cmocka_unit_test_setup(writable_by_others, clear),
		cmocka_unit_test_setup(of_another_user, clear),
		cmocka_unit_test_setup(no_plain_files, clear),
		cmocka_unit_test_setup_teardown(a_file_by_its_name, clear, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
