/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done with devices.d: act/persist.c writes it, act/early.c and model/boot-list.c are
 * for the time before the host's drivers.
 */
#include "host/config.h"
#include "model.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define CARD  "0000:01:00.0"
#define OTHER "0000:02:00.0"
#define DISK  "0000:03:00.0"
#define DATA  "0000:07:00.0"
#define CONF  DEVICES_DIR "/" CARD ".conf"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static char *why;

/* Each process has its own. */
static const char *staged(void)
{
	static char path[128];

	snprintf(path, sizeof(path), DEVICES_DIR "/." CARD ".conf.%d.new", (int)getpid());
	return path;
}

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture, &(struct fixture_device){ .address = CARD, .group = 7 });
	fixture_device(fixture, &(struct fixture_device){
					.address = OTHER, .driver = "host", .group = 8 });
	fixture_device(fixture, &(struct fixture_device){ .address = DISK,
							  .class = "010601",
							  .driver = "ahci",
							  .group = 9 });
	fixture_disk(fixture, &(struct fixture_disk){ .address = DISK,
						      .name = "sda",
						      .dev = "8:0",
						      .partitions = 2 });
	fixture_mount(fixture, "8:2", "/dev/sda2", "/", "ext4");
	fixture_device(fixture, &(struct fixture_device){ .address = DATA,
							  .class = "010601",
							  .driver = "ahci",
							  .group = 10 });
	fixture_disk(fixture, &(struct fixture_disk){
				      .address = DATA, .name = "sdb", .dev = "8:16" });
	fixture_mount(fixture, "8:16", "/dev/sdb", "/mnt", "ext4");
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(why);
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	fixture_remove(fixture, CONFIG_DIR);
	fixture_remove(fixture, STATE_DIR);
	fixture_write(fixture, PCI_DEVICES "/" CARD "/driver_override", "(null)\n");
	model_reset();
	return 0;
}

static void expect_text(const char *path, const char *text)
{
	_cleanup_free_ char *is = fixture_read(fixture, "%s", path);

	assert_string_equal(nonnull(is), text);
}

static int prepare(const char *const *settings, char **ret_file)
{
	free(why);
	why = NULL;
	return vfp_wanted_prepare(ctx, CARD, settings, NULL, ret_file, &why);
}

static void expect_refused(const char *const *settings, int error, const char *sentence)
{
	char *file = NULL;

	assert_int_equal(prepare(settings, &file), error);
	assert_null(file);
	if (!strstr(nonnull(why), sentence))
		fail_msg("not said: %s; but: %s", sentence, nonnull(why));
	assert_false(fixture_exists(fixture, "%s", staged()));
}

/* -- writing ------------------------------------------------------------------------- */

#define PLAIN "[" CARD "]\nexpect=8086:10d3\nsubsystem=1af4:1100\n"

static void in_its_place_last(void **state)
{
	static const char *const settings[] = { "driver=auto", "for=web 1", NULL };
	_cleanup_free_ char *file = NULL, *same = NULL, *forgotten = NULL;

	(void)state;
	assert_int_equal(prepare(settings, &file), 0);
	assert_non_null(file);
	assert_false(fixture_exists(fixture, CONF));
	expect_text(staged(), PLAIN "driver=auto\nfor=web 1\n");
	assert_int_equal(vfp_wanted_save(ctx, file, true, NULL), 0);
	assert_false(fixture_exists(fixture, "%s", staged()));
	expect_text(CONF, PLAIN "driver=auto\nfor=web 1\n");
	assert_int_equal(prepare(settings, &same), 0);
	assert_null(same);
	assert_int_equal(vfp_wanted_save(ctx, same, true, NULL), 0);
	/* Something else is asked for, and then it does not come to that. */
	assert_int_equal(prepare(NULL, &forgotten), 0);
	expect_text(staged(), PLAIN);
	assert_int_equal(vfp_wanted_save(ctx, forgotten, false, NULL), 0);
	assert_false(fixture_exists(fixture, "%s", staged()));
	expect_text(CONF, PLAIN "driver=auto\nfor=web 1\n");
}

static void what_people_wrote_stays(void **state)
{
	static const char *const settings[] = { "group=yes", NULL };
	char *file = NULL;

	(void)state;
	fixture_write(fixture, DEVICES_DIR "/a.conf", "# mine\n" PLAIN);
	expect_refused(settings, -EPERM, "a.conf:2: it is configured there");
	assert_int_equal(vfp_wanted_drop(ctx, CARD, NULL, true, NULL), -EPERM);
	fixture_write(fixture, DEVICES_DIR "/a.conf",
		      PLAIN "[" OTHER "]\nexpect=8086:10d3\n");
	expect_refused(settings, -EPERM, "a.conf:1: it is configured there");
	/* It says the same, with or without the subsystem. */
	assert_int_equal(prepare(NULL, &file), 0);
	assert_null(file);
	fixture_write(fixture, DEVICES_DIR "/a.conf",
		      "# mine\n[01:00.0]\nexpect=8086:10D3");
	assert_int_equal(prepare(NULL, &file), 0);
	assert_null(file);
	/* A file of its name that is about something else. */
	fixture_remove(fixture, DEVICES_DIR "/a.conf");
	fixture_write(fixture, CONF, "[" OTHER "]\nexpect=8086:10d3\n");
	expect_refused(NULL, -EPERM, "says something else");
	fixture_write(fixture, CONF, "[" OTHER "]\n");
	expect_refused(NULL, -EPERM, "correct that first");
}

static void alone_in_its_file_it_is_ours(void **state)
{
	static const char *const settings[] = { "power=on", NULL };
	_cleanup_free_ char *file = NULL;

	(void)state;
	fixture_write(fixture, DEVICES_DIR "/a.conf", "\n" PLAIN);
	assert_int_equal(prepare(settings, &file), 0);
	assert_string_equal(file, "a.conf");
	assert_int_equal(vfp_wanted_save(ctx, file, true, NULL), 0);
	expect_text(DEVICES_DIR "/a.conf", PLAIN "power=on\n");
	assert_int_equal(vfp_wanted_drop(ctx, CARD, NULL, true, NULL), 0);
	assert_true(fixture_exists(fixture, DEVICES_DIR "/a.conf"));
	assert_int_equal(vfp_wanted_drop(ctx, CARD, NULL, false, NULL), 0);
	assert_false(fixture_exists(fixture, DEVICES_DIR "/a.conf"));
	assert_int_equal(vfp_wanted_drop(ctx, CARD, NULL, false, NULL), 0);
}

static void what_makes_no_sense_is_not_written(void **state)
{
	static const char *const settings[][2] = { { "for= x", NULL },
						   { "driver=a/b", NULL },
						   { "what=x", NULL } };
	char *file = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		expect_refused(settings[i], -EINVAL, "cannot be kept");
	assert_int_equal(vfp_wanted_prepare(ctx, "0000:7f:00.0", NULL, NULL, &file, NULL),
			 -ENODEV);
}

static void not_where_others_write(void **state)
{
	_cleanup_free_ char *folder = fixture_path(fixture, DEVICES_DIR);

	(void)state;
	fixture_mkdir(fixture, DEVICES_DIR);
	assert_int_equal(chmod(folder, 0777), 0);
	expect_refused(NULL, -EPERM, "not believed");
}

/* -- before there is a driver ---------------------------------------------------------------- */

static int early(const char *address)
{
	struct vfp_finding **findings = NULL;
	int r = vfp_wanted_early(ctx, address, &findings);

	vfp_findings_free(findings);
	return r;
}

static void expect_override(const char *address, const char *value)
{
	_cleanup_free_ char *is =
		fixture_read(fixture, PCI_DEVICES "/%s/driver_override", address);

	assert_string_equal(chomp(is), value);
}

static void only_what_is_configured_and_free(void **state)
{
	(void)state;
	assert_int_equal(early(CARD), 0);
	fixture_write(fixture, CONF, "[" CARD "]\nexpect=8086:ffff\n");
	assert_int_equal(early(CARD), -EPERM);
	fixture_write(fixture, CONF, PLAIN "[" OTHER "]\nexpect=8086:10d3\n");
	assert_int_equal(early(OTHER), 1);
	assert_false(fixture_exists(fixture, EARLY_FILE));
	expect_override(OTHER, "(null)");
	expect_override(CARD, "(null)");
	assert_int_equal(early("01:00.0"), 1);
	expect_override(CARD, "vfio-pci");
	expect_text(EARLY_FILE, CARD " vfio-pci udev\n");
	/* Once is enough. */
	assert_int_equal(early(CARD), 1);
	expect_text(EARLY_FILE, CARD " vfio-pci udev\n");
	assert_int_equal(early("01:00"), -EINVAL);
	fixture_write(fixture, DEVICES_DIR "/z.conf", "what\n");
	assert_int_equal(early(CARD), -EINVAL);
}

static void the_list_has_what_is_safe(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct vfp_finding **findings = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fixture_write(fixture, CONF,
		      "[" CARD "]\nexpect=8086:10d3\ndriver=pci-stub\n"
		      "[" OTHER "]\nexpect=8086:ffff\n"
		      "[03:00.0]\nexpect=8086:10d3\n"
		      "[05:00.0]\nexpect=8086:1234\n"
		      "[06:00.0]\nexpect=8086:1234\nsubsystem=8086:0003\n"
		      "[07:00.0]\nexpect=8086:10d3\n");
	assert_int_equal(vfp_wanted_boot_list(ctx, out, &findings), 0);
	fclose(out);
	assert_string_equal(text, CARD " 8086 10d3 1af4 1100 pci-stub\n"
				       "0000:06:00.0 8086 1234 8086 0003 vfio-pci\n");
	assert_int_equal(list_length(findings), 4);
	assert_string_equal(findings[0]->device, OTHER);
	assert_string_equal(findings[1]->device, DISK);
	assert_non_null(strstr(findings[1]->text, "root file system"));
	assert_string_equal(findings[2]->device, "0000:05:00.0");
	assert_string_equal(findings[3]->device, DATA);
	assert_non_null(strstr(findings[3]->text, "/mnt"));
	vfp_findings_free(findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(in_its_place_last, clear),
		cmocka_unit_test_setup(what_people_wrote_stays, clear),
		cmocka_unit_test_setup(alone_in_its_file_it_is_ours, clear),
		cmocka_unit_test_setup(what_makes_no_sense_is_not_written, clear),
		cmocka_unit_test_setup(not_where_others_write, clear),
		cmocka_unit_test_setup(only_what_is_configured_and_free, clear),
		cmocka_unit_test_setup(the_list_has_what_is_safe, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
