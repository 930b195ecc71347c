/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of Cloud Hypervisor, with tests/ch-stub in its place: what it refuses by version,
 * what it forgets late or never, and all that can be wrong with an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SHORT 100
#define LONG  20000

extern char **environ;

static char folder[64], path[96], log_path[96];
static pid_t stub;
static const struct vfp_guest_ops *ops;
static void *data;
static char *why;
static struct vfp_ctx *ctx;
static struct fixture *host;

/* -- the other side -------------------------------------------------------------------- */

static void close_guest(void)
{
	if (ops)
		ops->close(data);
	ops = NULL;
	free(why);
	why = NULL;
}

static void end_stub(void)
{
	close_guest();
	if (stub) {
		kill(stub, SIGKILL);
		waitpid(stub, NULL, 0);
	}
	stub = 0;
	unlink(path);
	unlink(log_path);
}

/* A stub with these options; a device's folder, as it wants one, is in $folder. */
static void start_stub(const char *option, const char *value)
{
	const char *words[] = { "python3", "tests/ch-stub", path,  "--log",
				log_path,  option,          value, NULL };

	end_stub();
	assert_int_equal(
		posix_spawnp(&stub, words[0], NULL, NULL, (char *const *)words, environ),
		0);
	for (int i = 0; access(path, F_OK) < 0 && i < 1000; i++)
		usleep(10000);
	assert_int_equal(guest_ch_new(ctx, path, &ops, &data), 0);
}

/* The same stub with nothing in its guest, and to behave like @how. */
static void begin_anew(const char *how)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[128];

	if (!stub)
		start_stub("--version", "54");
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(text, sizeof(text), "STUB %s HTTP/1.1\r\nHost: it\r\n\r\n", how);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	/* It ends the connection when it has done so. */
	assert_int_equal(read(fd, text, 1), 0);
}

static struct vfp_hotplug *request(const char *kind, const char *id, const char *key,
				   const char *value)
{
	struct vfp_hotplug *hotplug;

	assert_int_equal(vfp_hotplug_new(kind, id, &hotplug), 0);
	assert_int_equal(vfp_hotplug_set(hotplug, key, value), 0);
	return hotplug;
}

static int attach(const char *kind, const char *id, const char *key, const char *value,
		  int timeout)
{
	struct vfp_hotplug *hotplug = request(kind, id, key, value);
	int r;

	free(why);
	why = NULL;
	r = ops->attach(data, hotplug, timeout, &why);
	vfp_hotplug_free(hotplug);
	return r;
}

static int detach(const char *id, int timeout)
{
	struct vfp_hotplug *hotplug = request("disk", id, "filename", "/x.raw");
	int r;

	free(why);
	why = NULL;
	r = ops->detach(data, hotplug, timeout, &why);
	vfp_hotplug_free(hotplug);
	return r;
}

static int attach_disk(const char *id, int timeout)
{
	return attach("disk", id, "filename", "/x.raw", timeout);
}

/* The kind of what has the id; "none". */
static const char *kind_of(const char *id)
{
	static char kind[32];
	char *found = NULL, *of = NULL;
	int r;

	free(why);
	why = NULL;
	r = ops->find(data, id, LONG, &found, &of, &why);
	assert_true(r == 0 || r == -ENOENT);
	snprintf(kind, sizeof(kind), "%s", r == 0 ? found : "none");
	free(found);
	free(of);
	return kind;
}

static void expect_why(const char *part)
{
	if (!why || !strstr(why, part))
		fail_msg("\"%s\" is not in: %s", part, nonnull(why));
}

/* -- what works ------------------------------------------------------------------------- */

static void what_is_added_is_there_and_goes(void **state)
{
	(void)state;
	start_stub("--forget", "0.4");
	assert_string_equal(kind_of("disk1"), "none");
	assert_int_equal(attach_disk("disk1", LONG), 0);
	assert_string_equal(kind_of("disk1"), "disk");
	assert_int_equal(attach_disk("disk1", LONG), 0);
	assert_int_equal(attach("disk", "disk1", "filename", "/y.raw", LONG), -EPERM);
	expect_why("something else by the id disk1");
	assert_int_equal(detach("disk1", LONG), 0);
	assert_string_equal(kind_of("disk1"), "none");
	assert_int_equal(detach("disk1", LONG), -ENOENT);
}

static void a_guest_that_has_not_begun_takes_devices_too(void **state)
{
	(void)state;
	start_stub("--created", NULL);
	assert_int_equal(attach_disk("disk1", LONG), 0);
	assert_string_equal(kind_of("disk1"), "disk");
	assert_int_equal(detach("disk1", LONG), 0);
	assert_string_equal(kind_of("disk1"), "none");
}

static void what_the_guest_keeps_is_still_there(void **state)
{
	(void)state;
	start_stub("--forget", "never");
	assert_int_equal(attach_disk("disk1", LONG), 0);
	assert_int_equal(detach("disk1", SHORT), -ETIMEDOUT);
	expect_why("has not yet");
	/* The configuration has lost it; the tree counts. */
	assert_string_equal(kind_of("disk1"), "");
	assert_int_equal(attach_disk("disk1", LONG), -EPERM);
}

static void sizes_are_seen_to(void **state)
{
	(void)state;
	start_stub("--version", "54");
	assert_int_equal(attach("cpu", NULL, "total", "4", LONG), 0);
	assert_int_equal(attach("cpu", NULL, "total", "4", LONG), 0);
	assert_int_equal(attach("cpu", NULL, "total", "99", LONG), -EREMOTEIO);
	expect_why("out of range");
	assert_int_equal(attach("memory", NULL, "total", "2G", LONG), 0);
	assert_int_equal(attach("memory", NULL, "total", "1G", LONG), -EREMOTEIO);
	expect_why("only virtio-mem shrinks");
}

static void a_host_device_is_told_by_its_path(void **state)
{
	(void)state;
	start_stub("--version", "54");
	/* There is no such device here, which the stub looks for as the real one does. */
	assert_int_equal(attach("pci", "nic0", "host", "ffff:1f:1f.7", LONG), -EREMOTEIO);
	expect_why("no iommu_group");
	assert_string_equal(kind_of("nic0"), "none");
}

/* -- refusals --------------------------------------------------------------------------- */

static void each_version_refuses_in_its_own_way(void **state)
{
	static const char *const versions[] = { "46", "51", "52", "53", "54" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		start_stub("--version", versions[i]);
		assert_int_equal(attach("cpu", NULL, "total", "99", LONG), -EREMOTEIO);
		assert_non_null(strstr(why, "resized"));
		assert_null(strstr(why, "[\""));
		assert_int_equal(detach("disk9", LONG), -ENOENT);
	}
}

static void nobody_there_is_said(void **state)
{
	(void)state;
	end_stub();
	assert_int_equal(guest_ch_new(ctx, path, &ops, &data), 0);
	assert_int_equal(attach_disk("disk1", LONG), -ENODEV);
	expect_why("nobody answers there");
	assert_int_equal(detach("disk1", LONG), -EPIPE);
	close_guest();
	assert_int_equal(guest_ch_new(ctx,
				      "/tmp/a-path-that-no-socket-can-have/"
				      "a-path-that-no-socket-can-have/"
				      "a-path-that-no-socket-can-have/"
				      "a-path-that-no-socket-can-have/api.sock",
				      &ops, &data),
			 -EINVAL);
}

/* -- misbehaviour ------------------------------------------------------------------------ */

static const char *const ways[] = { "silence",        "half-header",  "half-body",
				    "endless-header", "endless-body", "wrong-json",
				    "wrong-type",     "large",        "deep",
				    "disconnect",     "not-http",     "trickle",
				    "status-999",     "redirect",     "lost" };

static void in_time(int64_t begin)
{
	int64_t took = now_msec() - begin;

	if (took > SHORT + 3000)
		fail_msg("it took %d ms", (int)took);
}

/* Whatever the first answer is, nothing has been asked for. */
static void no_answer_to_a_look_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int64_t begin;

		begin_anew(ways[i]);
		begin = now_msec();
		assert_int_equal(attach_disk("disk1", SHORT), -EREMOTEIO);
		assert_non_null(why);
		in_time(begin);
		begin = now_msec();
		assert_int_equal(detach("disk1", SHORT), -EREMOTEIO);
		in_time(begin);
	}
}

/* Request 1 looks, 2 adds: from there on nobody knows. */
static void no_answer_to_a_request_settles_nothing(void **state)
{
	char how[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int64_t begin;
		int r;

		snprintf(how, sizeof(how), "%s:2", ways[i]);
		begin_anew(how);
		begin = now_msec();
		r = attach_disk("disk1", SHORT);
		in_time(begin);
		if (r != -ETIMEDOUT && r != -EPIPE && r != -EPROTO)
			fail_msg("%s: error %d, %s", how, r, nonnull(why));
	}
}

/* Requests 1 to 3 add, 4 looks, 5 removes; the answers from 5 on are none. */
static void a_device_whose_leaving_was_not_seen_is_not_gone(void **state)
{
	char how[64];

	(void)state;
	for (size_t first = 5; first <= (getenv("VFIOPREP_THOROUGH") ? 6 : 5); first++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			int64_t begin;
			int r;

			snprintf(how, sizeof(how), "%s:%zu", ways[i], first);
			begin_anew(how);
			assert_int_equal(attach_disk("disk1", LONG), 0);
			begin = now_msec();
			r = detach("disk1", SHORT);
			in_time(begin);
			if (r != -ETIMEDOUT && r != -EPIPE && r != -EPROTO)
				fail_msg("%s: error %d, %s", how, r, nonnull(why));
		}
	}
}

/* -- the test's own ------------------------------------------------------------------------ */

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/vfioprep-ch.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/api", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	signal(SIGPIPE, SIG_IGN);
	/* None of these may lead elsewhere. */
	setenv("http_proxy", "http://127.0.0.1:9/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9/", 1);
	host = fixture_new();
	return vfp_ctx_new(&ctx);
}

static int remove_folder(void **state)
{
	(void)state;
	end_stub();
	vfp_ctx_free(ctx);
	fixture_free(host);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_there_and_goes),
		cmocka_unit_test(a_guest_that_has_not_begun_takes_devices_too),
		cmocka_unit_test(what_the_guest_keeps_is_still_there),
		cmocka_unit_test(sizes_are_seen_to),
		cmocka_unit_test(a_host_device_is_told_by_its_path),
		cmocka_unit_test(each_version_refuses_in_its_own_way),
		cmocka_unit_test(nobody_there_is_said),
		cmocka_unit_test(no_answer_to_a_look_changes_nothing),
		cmocka_unit_test(no_answer_to_a_request_settles_nothing),
		cmocka_unit_test(a_device_whose_leaving_was_not_seen_is_not_gone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
