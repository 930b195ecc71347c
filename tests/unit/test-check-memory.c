/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory a guest locks and how much its starter may: what limits.conf, systemd and
 * the process itself say, and the verdict that comes of it.
 */
#include "verdict.h"

#include <inttypes.h>

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static void conf(const char *text)
{
	fixture_write(fixture, "/etc/security/limits.conf", "# <domain> <type> ...\n%s",
		      text);
}

static void process(const char *pid, const char *soft, const char *hard)
{
	_cleanup_free_ char *path = strf("/proc/%s/limits", pid);

	fixture_write(
		fixture, path,
		"Limit                     Soft Limit           Hard Limit           "
		"Units     \n"
		"Max cpu time              unlimited            unlimited            "
		"seconds   \n"
		"Max locked memory         %-20s %-20s bytes     \n"
		"Max address space         unlimited            unlimited            "
		"bytes     \n",
		soft, hard);
}

/* alice, of the groups users (100) and kvm (106) */
static void accounts(void)
{
	fixture_write(fixture, "/etc/passwd",
		      "root:x:0:0::/root:/bin/bash\nqemu:x:64055:106::/:/sbin/nologin\n"
		      "alice:x:1000:100::/home/alice:/bin/bash\n");
	fixture_write(fixture, "/etc/group",
		      "root:x:0:\nusers:x:100:\nkvm:x:106:qemu,alice\naudio:x:29:bob\n");
	process("1", "65536", "65536");
}

static struct memlock limit_of(const char *user)
{
	struct account account;
	struct memlock limit;

	assert_int_equal(account_find(ctx, user, &account), 0);
	assert_int_equal(limits_of_account(ctx, &account, &limit), 0);
	account_done(&account);
	return limit;
}

/* -- accounts ------------------------------------------------------------------------ */

static void an_account_has_its_groups(void **state)
{
	struct account account;

	(void)state;
	accounts();
	assert_int_equal(account_find(ctx, "alice", &account), 0);
	assert_int_equal(account.uid, 1000);
	assert_int_equal(account.n_gids, 2);
	assert_string_equal(account.groups[0], "users");
	assert_string_equal(account.groups[1], "kvm");
	assert_null(account.groups[2]);
	assert_int_equal(account.gids[1], 106);
	account_done(&account);
	assert_int_equal(account_find(ctx, "64055", &account), 0);
	assert_string_equal(account.name, "qemu");
	account_done(&account);
	assert_int_equal(account_find(ctx, "mallory", &account), -ENOENT);
	assert_int_equal(account_find(ctx, "1001", &account), -ENOENT);
}

/* -- limits.conf --------------------------------------------------------------------- */

/* KiB; 64 is what the first process hands down, 0 for no limit. */
static const struct {
	const char *text;
	unsigned int soft, hard;
} conf_cases[] = {
	{ "", 64, 64 },
	{ "alice - memlock 1000\n", 1000, 1000 },
	{ "alice\t-\tmemlock\t1000 # so that guests start\n", 1000, 1000 },
	{ "  alice - MEMLOCK 1000\n", 1000, 1000 },
	{ "#alice - memlock 1000\n", 64, 64 },
	{ "bob - memlock 1000\n", 64, 64 },
	{ "alice - nofile 1000\n", 64, 64 },
	{ "alice - memlock\n", 64, 64 },
	{ "alice - memlock lots\n", 64, 64 },
	{ "alice - memlock unlimited\n", 0, 0 },
	{ "alice - memlock infinity\n", 0, 0 },
	{ "alice - memlock -1\n", 0, 0 },
	{ "alice soft memlock 1000\n", 64, 64 },
	{ "alice hard memlock 1000\n", 64, 1000 },
	{ "alice hard memlock 32\n", 32, 32 },
	{ "alice soft memlock 500\nalice hard memlock 1000\n", 500, 1000 },
	{ "* - memlock 1000\n", 1000, 1000 },
	{ "alice - memlock 1000\n* - memlock 2000\n", 1000, 1000 },
	{ "alice - memlock 1000\n@kvm - memlock 2000\n", 1000, 1000 },
	{ "@kvm - memlock 2000\n* - memlock 3000\n", 2000, 2000 },
	{ "* - memlock 3000\n@kvm - memlock 2000\n", 2000, 2000 },
	{ "@users - memlock 2000\n@kvm - memlock 4000\n", 4000, 4000 },
	{ "@audio - memlock 2000\n", 64, 64 },
	{ "%kvm - memlock 2000\n% - memlock 2000\n", 64, 64 },
	{ "1000: - memlock 2000\n", 2000, 2000 },
	{ "500:1000 - memlock 2000\n", 2000, 2000 },
	{ "500:999 - memlock 2000\n", 64, 64 },
	{ ":1000 - memlock 2000\n", 2000, 2000 },
	{ ":1001 - memlock 2000\n", 64, 64 },
	{ ": - memlock 2000\n", 64, 64 },
	{ "@100:110 - memlock 2000\n", 2000, 2000 },
	{ "@200: - memlock 2000\n", 64, 64 },
	{ "* - memlock 2000\nalice -\n", 64, 64 },
	{ "@kvm -\n* - memlock 2000\n", 64, 64 },
	{ "bob -\n* - memlock 2000\n", 2000, 2000 },
	{ "alice - memlock 18446744073709551615\n", 64, 64 },
};

static void limits_are_read_as_pam_does(void **state)
{
	(void)state;
	accounts();
	for (size_t i = 0; i < ARRAY_SIZE(conf_cases); i++) {
		uint64_t soft = conf_cases[i].soft, hard = conf_cases[i].hard;
		struct memlock limit;

		conf(conf_cases[i].text);
		limit = limit_of("alice");
		if (limit.soft != (soft ? soft * 1024 : MEMLOCK_NONE) ||
		    limit.hard != (hard ? hard * 1024 : MEMLOCK_NONE))
			fail_msg("%s: %" PRIu64 " %" PRIu64, conf_cases[i].text,
				 limit.soft, limit.hard);
	}
}

static void later_files_come_later(void **state)
{
	(void)state;
	accounts();
	conf("alice - memlock 1000\n");
	fixture_write(fixture, "/etc/security/limits.d/20-b.conf",
		      "alice - memlock 3000\n");
	fixture_write(fixture, "/etc/security/limits.d/10-a.conf",
		      "alice - memlock 2000\n");
	fixture_write(fixture, "/etc/security/limits.d/30-c.disabled",
		      "alice - memlock 4000\n");
	assert_int_equal(limit_of("alice").soft, 3000 * 1024);
	assert_int_equal(limit_of("qemu").soft, 65536);
}

/* -- what is handed down ------------------------------------------------------------- */

/* systemd raises its own limit, and hands another one down. */
static void systemd_has_a_default(void **state)
{
	(void)state;
	accounts();
	process("1", "67108864", "67108864");
	assert_int_equal(limit_of("alice").soft, 64 * MIB);
	fixture_mkdir(fixture, "/run/systemd/system");
	assert_int_equal(limit_of("alice").soft, 8 * MIB);
	fixture_write(fixture, "/etc/systemd/system.conf",
		      "[Manager]\n#DefaultLimitMEMLOCK=1G\nDefaultLimitMEMLOCK=16M\n");
	assert_int_equal(limit_of("alice").hard, 16 * MIB);
	fixture_write(fixture, "/etc/systemd/system.conf.d/vm.conf",
		      "[Manager]\nDefaultLimitMEMLOCK=32M:infinity\n");
	assert_int_equal(limit_of("alice").soft, 32 * MIB);
	assert_true(limit_of("alice").hard == MEMLOCK_NONE);
	conf("alice - memlock 1000\n");
	assert_int_equal(limit_of("alice").hard, 1000 * 1024);
}

/* -- sizes --------------------------------------------------------------------------- */

static void sizes_are_as_people_write_them(void **state)
{
	static const char *const wrong[] = {
		"",    "G",     "-1",   "4 G",          "4X",  "4GB",
		"4Gi", "4GiBx", "1.5G", "99999999999T", "0x10"
	};
	uint64_t size;

	(void)state;
	assert_int_equal(parse_size("4096", &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(parse_size("512M", &size), 0);
	assert_int_equal(size, 512 * MIB);
	assert_int_equal(parse_size("4g", &size), 0);
	assert_int_equal(size, 4 * GIB);
	assert_int_equal(parse_size("1TiB", &size), 0);
	assert_int_equal(size, 1024 * GIB);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse_size(wrong[i], &size), -EINVAL);
}

/* -- the verdict --------------------------------------------------------------------- */

static void guest(const char *user, uint64_t memory)
{
	nic();
	accounts();
	how.user = user;
	how.memory = memory;
}

static void too_little_is_refused_with_the_lines_that_help(void **state)
{
	(void)state;
	guest("alice", 4 * GIB);
	assert_says(
		"refuse memory:alice a guest with 4 GiB locks all of it, and alice may lock "
		"64 KiB [put `alice - memlock 5242880` into "
		"/etc/security/limits.d/vfio.conf and log in anew, or "
		"LimitMEMLOCK=5242880K into the unit of the service that starts the "
		"guest]\n");
	/* And they do help. */
	conf("alice - memlock 5242880\n");
	assert_says("");
}

static void enough_is_not(void **state)
{
	(void)state;
	guest("alice", 4 * GIB);
	conf("@kvm - memlock unlimited\n");
	assert_says("");
	how.user = "root";
	conf("* - memlock 1\n");
	assert_says("");
	how.memory = 0;
	how.user = NULL;
	assert_says("");
}

/* It starts with what its memory takes, until its devices take more. */
static void barely_enough_is_a_warning(void **state)
{
	(void)state;
	guest("alice", 4 * GIB);
	conf("alice - memlock 4194304\n");
	assert_includes(
		"warn memory:alice a guest with 4 GiB locks all of it and what firmware "
		"and video take, and alice may lock 4 GiB");
	conf("alice - memlock 4194303\n");
	assert_includes("refuse memory:alice");
}

static void what_one_can_raise_oneself_is_a_warning(void **state)
{
	(void)state;
	guest("alice", 4 * GIB);
	conf("alice hard memlock unlimited\n");
	assert_says(
		"warn memory:alice a guest with 4 GiB locks all of it, and alice may lock "
		"64 KiB unless the limit is raised [ulimit -l 5242880 before the guest "
		"starts]\n");
}

static void without_a_user_it_is_the_caller(void **state)
{
	(void)state;
	guest(NULL, GIB);
	process("self", "8388608", "8388608");
	assert_includes(
		"refuse memory: a guest with 1 GiB locks all of it, and you may lock 8 "
		"MiB [put `USER - memlock 2097152`");
	fixture_write(fixture, "/proc/self/status",
		      "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n"
		      "CapPrm:\t0000000000004000\nCapEff:\t0000000000000000\n");
	assert_includes(
		"refuse memory:alice a guest with 1 GiB locks all of it, and you may "
		"lock 8 MiB [put `alice - memlock 2097152`");
	fixture_write(fixture, "/proc/self/status",
		      "Name:\tx\nCapPrm:\t0000000000004000\nCapEff:\t0000000000004000\n");
	assert_says("");
	fixture_remove(fixture, "/proc/self/status");
	process("self", "unlimited", "unlimited");
	assert_says("");
}

static void what_cannot_be_known_is_said(void **state)
{
	(void)state;
	guest("mallory", GIB);
	assert_says("unknown memory:mallory there is no user mallory here []\n");
	how.user = NULL;
	assert_says(
		"unknown memory: how much memory may be locked could not be read []\n");
}

static void a_guest_fits_the_host(void **state)
{
	(void)state;
	guest("root", 16 * GIB);
	fixture_write(fixture, "/proc/meminfo",
		      "MemTotal:       16384000 kB\nMemFree: 1 kB\n");
	assert_says(
		"refuse memory:host a guest with 16 GiB keeps all of it in memory, and this "
		"host has 16000 MiB [give the guest less]\n");
	how.memory = 15 * GIB;
	assert_says("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_account_has_its_groups),
		TEST(limits_are_read_as_pam_does),
		TEST(later_files_come_later),
		TEST(systemd_has_a_default),
		TEST(sizes_are_as_people_write_them),
		TEST(too_little_is_refused_with_the_lines_that_help),
		TEST(enough_is_not),
		TEST(barely_enough_is_a_warning),
		TEST(what_one_can_raise_oneself_is_a_warning),
		TEST(without_a_user_it_is_the_caller),
		TEST(what_cannot_be_known_is_said),
		TEST(a_guest_fits_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
