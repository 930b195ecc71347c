/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about memory. VFIO locks all memory of a guest, since its devices may write
 * anywhere in it, and counts it as locked by the process.
 */
#include "model/check.h"

#include <inttypes.h>

/* What libvirt adds for firmware, video memory and the like; a guest gets by with less. */
#define OVERHEAD (1ULL << 30)

/* "4 GiB", "512 MiB", "8192 KiB": in the largest unit that is whole. */
static char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	return strf("%" PRIu64 " %s", bytes, units[unit]);
}

/* "MemTotal:       32615580 kB" */
static int check_host(struct check *c, uint64_t ram)
{
	_cleanup_free_ char *text = NULL, *wanted = NULL;
	unsigned long long kib;

	if (root_attr(c->ctx, &text, "/proc/meminfo") < 0 ||
	    sscanf(text, "MemTotal: %llu", &kib) != 1 || ram <= kib * 1024)
		return 0;
	wanted = size_text(ram);
	return wanted
		     ? check_add(
			       c, VFP_REFUSE, "host", "give the guest less",
			       "a guest with %s keeps all of it in memory, and this host "
			       "has %llu MiB",
			       wanted, kib / 1024)
		     : -ENOMEM;
}

/* -- who asks ------------------------------------------------------------------------ */

/* Somebody who starts a guest. */
struct starter {
	char *name; /* NULL: not known */
	bool self;
	bool exempt; /* locks what it likes */
	struct memlock limit;
};

/* The number after @key in the text of /proc/PID/status. */
static bool find_number(const char *text, const char *key, int base,
			unsigned long long *ret)
{
	const char *line = strstr(text, key);
	char *end = NULL;

	if (!line)
		return false;
	line += strlen(key);
	*ret = strtoull(line, &end, base);
	return end != line;
}

static int name_self(struct vfp_ctx *ctx, unsigned long long uid, struct starter *starter)
{
	_cleanup_free_ char *number = strf("%llu", uid);
	struct account account;
	int r = number ? account_find(ctx, number, &account) : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	starter->name = take(account.name);
	account_done(&account);
	return 0;
}

/* Whoever has CAP_IPC_LOCK (14) may lock what he likes. */
static int find_self(struct vfp_ctx *ctx, struct starter *starter)
{
	_cleanup_free_ char *text = NULL;
	unsigned long long capabilities, uid;
	int r = root_attr(ctx, &text, "/proc/self/status");

	starter->self = true;
	starter->exempt = r == 0 && find_number(text, "\nCapEff:", 16, &capabilities) &&
			  capabilities >> 14 & 1;
	if (starter->exempt)
		return 0;
	r = r == 0 && find_number(text, "\nUid:", 10, &uid) ? name_self(ctx, uid, starter)
							    : 0;
	return r ?: limits_of_process(ctx, "self", &starter->limit);
}

static int find_account(struct vfp_ctx *ctx, const char *user, struct starter *starter)
{
	struct account account;
	int r = account_find(ctx, user, &account);

	if (r < 0)
		return r;
	starter->exempt = account.uid == 0;
	starter->name = strdup(account.name);
	if (!starter->name)
		r = -ENOMEM;
	else if (!starter->exempt)
		r = limits_of_account(ctx, &account, &starter->limit);
	account_done(&account);
	return r;
}

/* -- the verdict --------------------------------------------------------------------- */

/* What to write, where, for the two ways in which a guest is started. */
static char *raise_remedy(const struct starter *starter, uint64_t needed)
{
	unsigned long long kib = (needed + 1023) / 1024;

	return strf(
		"put `%s - memlock %llu` into /etc/security/limits.d/vfio.conf and log "
		"in anew, or LimitMEMLOCK=%lluK into the unit of the service that starts "
		"the guest",
		starter->name ? starter->name : "USER", kib, kib);
}

/* The own limit can be raised as far as the hard one goes. */
static char *own_remedy(uint64_t needed)
{
	return strf("ulimit -l %llu before the guest starts",
		    (unsigned long long)(needed + 1023) / 1024);
}

static int add_limit(struct check *c, const struct starter *starter, uint64_t ram)
{
	const char *who = starter->self ? "you" : starter->name;
	uint64_t needed = ram + OVERHEAD;
	bool enough = starter->limit.soft >= ram,
	     raisable = starter->limit.hard >= needed;
	_cleanup_free_ char *wanted = size_text(ram);
	_cleanup_free_ char *limit = size_text(starter->limit.soft);
	_cleanup_free_ char *remedy =
		raisable ? own_remedy(needed) : raise_remedy(starter, needed);

	if (!wanted || !limit || !remedy)
		return -ENOMEM;
	if (enough)
		return check_add(
			c, VFP_WARN, starter->name, remedy,
			"a guest with %s locks all of it and what firmware and video "
			"take, and %s may lock %s: that may be too little",
			wanted, who, limit);
	return check_add(c, raisable ? VFP_WARN : VFP_REFUSE, starter->name, remedy,
			 "a guest with %s locks all of it, and %s may lock %s%s", wanted,
			 who, limit, raisable ? " unless the limit is raised" : "");
}

int check_memory(struct check *c, const struct vfp_check_options *options)
{
	struct starter starter = { 0 };
	const char *user = options->user;
	int r;

	if (!options->memory)
		return 0;
	r = check_host(c, options->memory);
	if (r < 0)
		return r;
	r = user ? find_account(c->ctx, user, &starter) : find_self(c->ctx, &starter);
	if (r == -ENOENT && user)
		r = check_add(c, VFP_UNKNOWN, user, NULL, "there is no user %s here",
			      user);
	else if (r < 0 && r != -ENOMEM)
		r = check_add(c, VFP_UNKNOWN, user, NULL,
			      "how much memory may be locked could not be read");
	else if (r == 0 && !starter.exempt &&
		 starter.limit.soft < options->memory + OVERHEAD)
		r = add_limit(c, &starter, options->memory);
	free(starter.name);
	return r;
}
