/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/record.c: whole records that must not be trusted all the same: of another boot,
 * device or address, in the hands of others; and what a save that fails leaves behind.
 */
#include "record-bench.h"

/* -- of something else --------------------------------------------------------------- */

static void of_another_boot(void **state)
{
	_cleanup_record_ struct record record = make(DEVICE, "");
	bool stale = false;

	(void)state;
	free(record.boot);
	record.boot = strdup("00000000-0000-0000-0000-000000000000");
	assert_int_equal(record_save(ctx, &record), 0);
	assert_false(is_trusted(&stale));
	assert_true(stale);
}

static void of_another_device_at_the_address(void **state)
{
	_cleanup_record_ struct record record = make(OTHER, "");
	bool stale = false;

	(void)state;
	free(record.device);
	record.device = strdup(DEVICE);
	assert_int_equal(record_save(ctx, &record), 0);
	assert_false(is_trusted(&stale));
	assert_true(stale);
}

static void of_another_address(void **state)
{
	_cleanup_free_ char *text = NULL;
	bool stale = true;

	(void)state;
	save(OTHER, "");
	text = fixture_read(fixture, RECORD_DIR "/" OTHER);
	fixture_write(fixture, FILE_OF_DEVICE, "%s", text);
	assert_false(is_trusted(&stale));
	assert_false(stale);
}

static void of_a_device_that_is_gone(void **state)
{
	static const char *const link = "/sys/bus/pci/devices/" DEVICE;
	_cleanup_free_ char *path = fixture_device_path(fixture, DEVICE);
	bool stale = false;

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, link);
	assert_false(is_trusted(&stale));
	assert_true(stale);
	fixture_link(fixture, link, path);
	assert_true(is_trusted(NULL));
}

/* -- whose it is --------------------------------------------------------------------- */

static void set_mode(const char *path, mode_t mode)
{
	_cleanup_free_ char *full = fixture_path(fixture, "%s", path);

	assert_int_equal(chmod(full, mode), 0);
}

static void writable_by_others(void **state)
{
	static const char *const paths[] = { STATE_DIR, RECORD_DIR, FILE_OF_DEVICE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_record_ struct record record = { 0 };
		mode_t good = i < 2 ? 0755 : 0644;

		save(DEVICE, "");
		set_mode(paths[i], good | 020);
		assert_false(is_trusted(NULL));
		set_mode(paths[i], good | 02);
		assert_false(is_trusted(NULL));
		record = make(DEVICE, "");
		if (i < 2)
			assert_int_equal(record_save(ctx, &record), -EPERM);
		set_mode(paths[i], good);
		assert_true(is_trusted(NULL));
	}
}

/* Only root can give files away. */
static void of_another_user(void **state)
{
	static const char *const paths[] = { STATE_DIR, RECORD_DIR, FILE_OF_DEVICE };

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *path = fixture_path(fixture, "%s", paths[i]);

		save(DEVICE, "");
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_false(is_trusted(NULL));
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

static void links_are_not_followed(void **state)
{
	_cleanup_record_ struct record record = make(DEVICE, "");
	_cleanup_free_ char *text = NULL;
	int fd;

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, "/elsewhere");
	fixture_write(fixture, "/elsewhere/records/x", "%s", "");
	fixture_remove(fixture, RECORD_DIR);
	fixture_symlink(fixture, RECORD_DIR, "/elsewhere/records");
	assert_int_equal(record_save(ctx, &record), -EPERM);
	fixture_remove(fixture, STATE_DIR);
	fixture_symlink(fixture, STATE_DIR, "/elsewhere");
	assert_int_equal(record_save(ctx, &record), -EPERM);
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
	fixture_remove(fixture, STATE_DIR);
	save(DEVICE, "");
	fixture_remove(fixture, FILE_OF_DEVICE);
	fixture_write(fixture, "/elsewhere/record", "vfioprep 1\nend\n");
	fixture_symlink(fixture, FILE_OF_DEVICE, "/elsewhere/record");
	assert_false(is_trusted(NULL));
	/* Saving replaces the link, and leaves what it pointed to. */
	save(DEVICE, "");
	assert_true(is_trusted(NULL));
	text = fixture_read(fixture, "/elsewhere/record");
	assert_string_equal(text, "vfioprep 1\nend\n");
}

/* What is made is root's to write and everybody's to read, but for locks. */
static void modes_do_not_depend_on_the_umask(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
	} made[] = {
		{ STATE_DIR, 0755 },
		{ RECORD_DIR, 0755 },
		{ LOCK_DIR, 0755 },
		{ FILE_OF_DEVICE, 0644 },
		{ LOCK_DIR "/group-7", 0600 },
	};
	static const mode_t masks[] = { 0, 022, 077 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		mode_t old = umask(masks[i]);
		int fd = -1;

		fixture_remove(fixture, STATE_DIR);
		save(DEVICE, "");
		assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), 0);
		umask(old);
		close(fd);
		for (size_t k = 0; k < ARRAY_SIZE(made); k++) {
			_cleanup_free_ char *path =
				fixture_path(fixture, "%s", made[k].path);
			struct stat st;

			assert_int_equal(lstat(path, &st), 0);
			assert_int_equal(st.st_mode & 07777, made[k].mode);
			assert_int_equal(st.st_uid, geteuid());
		}
	}
}

/* A lock that others can open is one that they can keep. */
static void locks_of_others(void **state)
{
	_cleanup_free_ char *dir = fixture_path(fixture, LOCK_DIR);
	_cleanup_free_ char *path = fixture_path(fixture, LOCK_DIR "/group-7");
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), 0);
	close(fd);
	set_mode(LOCK_DIR "/group-7", 0660);
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
	set_mode(LOCK_DIR "/group-7", 0600);
	set_mode(LOCK_DIR, 0777);
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
	set_mode(LOCK_DIR, 0755);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
		assert_int_equal(chown(path, 0, 0), 0);
		assert_int_equal(chown(dir, 12345, 0), 0);
		assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
		assert_int_equal(chown(dir, 0, 0), 0);
	}
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), 0);
	close(fd);
	fixture_remove(fixture, LOCK_DIR "/group-7");
	fixture_write(fixture, "/elsewhere/lock", "%s", "");
	fixture_symlink(fixture, LOCK_DIR "/group-7", "/elsewhere/lock");
	assert_int_equal(lock_take(ctx, "group-7", now_msec(), &fd), -EPERM);
}

/* Listing and dropping go by the folder, too. */
static void nothing_is_listed_or_dropped_there(void **state)
{
	struct vfp_record **records = NULL;
	char **addresses = NULL;

	(void)state;
	save(DEVICE, "");
	set_mode(RECORD_DIR, 0777);
	assert_int_equal(record_list(ctx, &addresses), -EPERM);
	assert_int_equal(vfp_records(ctx, &records), -EPERM);
	assert_int_equal(record_drop(ctx, DEVICE), -EPERM);
	assert_true(fixture_exists(fixture, FILE_OF_DEVICE));
	set_mode(RECORD_DIR, 0755);
	assert_int_equal(record_drop(ctx, DEVICE), 0);
	assert_false(fixture_exists(fixture, FILE_OF_DEVICE));
}

static void not_even_a_file(void **state)
{
	_cleanup_free_ char *path = fixture_path(fixture, FILE_OF_DEVICE);

	(void)state;
	save(DEVICE, "");
	fixture_remove(fixture, FILE_OF_DEVICE);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_false(is_trusted(NULL));
	fixture_remove(fixture, FILE_OF_DEVICE);
	fixture_mkdir(fixture, FILE_OF_DEVICE);
	assert_false(is_trusted(NULL));
}

/* -- saving -------------------------------------------------------------------------- */

static void a_save_that_fails_leaves_the_old_one(void **state)
{
	_cleanup_record_ struct record record = { 0 }, next = make(DEVICE, "new");
	struct model_control *control = model_reset();

	(void)state;
	save(DEVICE, "old");
	control->points = 0;
	control->at = 1;
	control->action = MODEL_FAIL;
	control->error = ENOSPC;
	assert_int_equal(record_save(ctx, &next), -ENOSPC);
	assert_true(control->done);
	assert_int_equal(record_load(ctx, DEVICE, &record), 0);
	assert_null(record.problem);
	assert_string_equal(record.for_, "old");
	assert_false(fixture_exists(fixture, RECORD_DIR "/." DEVICE ".new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(of_another_boot, clear),
		cmocka_unit_test_setup(of_another_device_at_the_address, clear),
		cmocka_unit_test_setup(of_another_address, clear),
		cmocka_unit_test_setup(of_a_device_that_is_gone, clear),
		cmocka_unit_test_setup(writable_by_others, clear),
		cmocka_unit_test_setup(of_another_user, clear),
		cmocka_unit_test_setup(links_are_not_followed, clear),
		cmocka_unit_test_setup(modes_do_not_depend_on_the_umask, clear),
		cmocka_unit_test_setup(locks_of_others, clear),
		cmocka_unit_test_setup(nothing_is_listed_or_dropped_there, clear),
		cmocka_unit_test_setup(not_even_a_file, clear),
		cmocka_unit_test_setup(a_save_that_fails_leaves_the_old_one, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
