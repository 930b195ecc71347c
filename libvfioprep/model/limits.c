/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory a process of somebody may lock. Nobody knows who will start it: a login
 * session gets what limits.conf(5) says, read here as pam_limits reads it, and otherwise what
 * the first process hands down.
 */
#include "model/model.h"

#include <ctype.h>

#define LIMITS_CONF "/etc/security/limits.conf"
#define LIMITS_D    "/etc/security/limits.d"
#define CONF_MAX    (1 << 20)

/* What a line is about; a smaller one wins over a greater, the later over the earlier. */
enum rank { RANK_USER, RANK_GROUP, RANK_DEFAULT, RANK_NONE };

struct reading {
	const struct account *account;
	struct memlock *limit;
	enum rank soft, hard;
	bool ended; /* a line "USER -": nothing is set for this one */
};

static bool in_group(const struct account *account, const char *name)
{
	for (char *const *g = account->groups; g && *g; g++)
		if (streq(*g, name))
			return true;
	return false;
}

/* "1000:2000", "1000:" and up, ":1000" that one; -EINVAL: it is not a range. */
static int parse_range(const char *text, uint64_t *ret_min, uint64_t *ret_max)
{
	_cleanup_free_ char *first = strdup(text);
	char *colon = first ? strchr(first, ':') : NULL;
	int r = 0;

	if (!colon)
		return -EINVAL;
	*colon++ = '\0';
	*ret_max = UINT32_MAX;
	if (*colon)
		r = parse_number(colon, 10, UINT32_MAX, ret_max);
	*ret_min = *ret_max;
	if (*first && r == 0)
		r = parse_number(first, 10, UINT32_MAX, ret_min);
	return *first || *colon ? r : -EINVAL;
}

static bool has_gid(const struct account *account, uint64_t min, uint64_t max)
{
	for (size_t i = 0; i < account->n_gids; i++)
		if (account->gids[i] >= min && account->gids[i] <= max)
			return true;
	return false;
}

/* `%` is about the number of logins, so it is not for us. */
static enum rank rank_of(const struct account *account, const char *domain)
{
	uint64_t min, max;

	if (streq(domain, account->name))
		return RANK_USER;
	if (streq(domain, "*"))
		return RANK_DEFAULT;
	if (*domain == '@' && parse_range(domain + 1, &min, &max) == 0)
		return has_gid(account, min, max) ? RANK_GROUP : RANK_NONE;
	if (*domain == '@')
		return in_group(account, domain + 1) ? RANK_GROUP : RANK_NONE;
	if (parse_range(domain, &min, &max) == 0 && account->uid >= min &&
	    account->uid <= max)
		return RANK_USER;
	return RANK_NONE;
}

/* In KiB; MEMLOCK_NONE for no limit. */
static int parse_value(const char *text, uint64_t *ret)
{
	uint64_t kib;

	if (strcasecmp(text, "unlimited") == 0 || strcasecmp(text, "infinity") == 0 ||
	    streq(text, "-1")) {
		*ret = MEMLOCK_NONE;
		return 0;
	}
	if (parse_number(text, 10, MEMLOCK_NONE / 1024 - 1, &kib) < 0)
		return -EINVAL;
	*ret = kib * 1024;
	return 0;
}

static void apply(struct reading *reading, enum rank rank, const char *type,
		  uint64_t value)
{
	bool both = streq(type, "-");

	if ((both || strcasecmp(type, "soft") == 0) && rank <= reading->soft) {
		reading->limit->soft = value;
		reading->soft = rank;
	}
	if ((both || strcasecmp(type, "hard") == 0) && rank <= reading->hard) {
		reading->limit->hard = value;
		reading->hard = rank;
	}
}

static void read_line(struct reading *reading, const char *line)
{
	char domain[256], type[16], item[32], value[32];
	int n = sscanf(line, "%255s %15s %31s %31s", domain, type, item, value);
	enum rank rank;
	uint64_t bytes;

	if (n < 2 || *domain == '#')
		return;
	rank = rank_of(reading->account, domain);
	if (n == 2 && streq(type, "-") && rank < RANK_DEFAULT)
		reading->ended = true;
	if (n == 4 && rank < RANK_NONE && strcasecmp(item, "memlock") == 0 &&
	    parse_value(value, &bytes) == 0)
		apply(reading, rank, type, bytes);
}

static int read_conf(struct vfp_ctx *ctx, struct reading *reading, const char *path)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;
	int r = root_read(ctx, path, CONF_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &rest); line && !reading->ended;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, "#")] = '\0';
		read_line(reading, line);
	}
	return 0;
}

/* *names: the files "*.conf" in @folder, in their order; none when it is not there. */
static int list_confs(struct vfp_ctx *ctx, const char *folder, char ***ret_paths)
{
	_cleanup_strings_ char **names = NULL, **paths = calloc(1, sizeof(*paths));
	size_t n = 0;
	int r = root_list(ctx, folder, &names);

	if (!paths)
		return -ENOMEM;
	for (char **name = names; r == 0 && *name; name++) {
		char *path;

		if (!endswith(*name, ".conf"))
			continue;
		path = strf("%s/%s", folder, *name);
		r = path ? list_add((void ***)&paths, &n, path) : -ENOMEM;
		if (r < 0)
			free(path);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_paths = take(paths);
	return 0;
}

static int read_pam(struct vfp_ctx *ctx, struct reading *reading)
{
	_cleanup_strings_ char **paths = NULL;
	int r = read_conf(ctx, reading, LIMITS_CONF);

	r = r ?: list_confs(ctx, LIMITS_D, &paths);
	for (char **path = paths; r == 0 && *path && !reading->ended; path++)
		r = read_conf(ctx, reading, *path);
	return r;
}

/* -- what is handed down ------------------------------------------------------------- */

/* "8M", "infinity" */
static int parse_systemd_value(const char *text, uint64_t *ret)
{
	if (streq(text, "infinity")) {
		*ret = MEMLOCK_NONE;
		return 0;
	}
	return parse_size(text, ret);
}

/* DefaultLimitMEMLOCK=SOFT[:HARD] */
static void take_default(const char *text, struct memlock *limit)
{
	_cleanup_free_ char *soft = strdup(text);
	char *hard = soft ? strchr(soft, ':') : NULL;
	struct memlock found;

	if (hard)
		*hard++ = '\0';
	if (soft && parse_systemd_value(soft, &found.soft) == 0 &&
	    parse_systemd_value(hard ? hard : soft, &found.hard) == 0)
		*limit = found;
}

static void read_systemd(struct vfp_ctx *ctx, const char *path, struct memlock *limit)
{
	static const char key[] = "DefaultLimitMEMLOCK=";
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;

	if (root_read(ctx, path, CONF_MAX, &text, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (startswith(line, key))
			take_default(chomp(line + strlen(key)), limit);
}

/* systemd raises its own limit, so that of the first process says nothing there. */
static int read_handed_down(struct vfp_ctx *ctx, struct memlock *limit)
{
	static const char *const folders[] = { "/usr/lib/systemd/system.conf.d",
					       "/etc/systemd/system.conf.d",
					       "/run/systemd/system.conf.d" };

	if (!root_exists(ctx, "/run/systemd/system"))
		return limits_of_process(ctx, "1", limit);
	limit->soft = limit->hard = 8 << 20;
	read_systemd(ctx, "/etc/systemd/system.conf", limit);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_strings_ char **paths = NULL;

		if (list_confs(ctx, folders[i], &paths) == -ENOMEM)
			return -ENOMEM;
		for (char **path = paths; path && *path; path++)
			read_systemd(ctx, *path, limit);
	}
	return 0;
}

/* "Max locked memory         8388608              8388608              bytes" */
int limits_of_process(struct vfp_ctx *ctx, const char *pid, struct memlock *ret)
{
	_cleanup_free_ char *text = NULL;
	char soft[32], hard[32];
	struct memlock limit;
	const char *line;
	int r = root_attr(ctx, &text, "/proc/%s/limits", pid);

	if (r < 0)
		return r;
	line = strstr(text, "Max locked memory");
	if (!line || sscanf(line, "Max locked memory %31s %31s", soft, hard) != 2)
		return -EINVAL;
	limit.soft = limit.hard = MEMLOCK_NONE;
	if (!streq(soft, "unlimited"))
		r = parse_number(soft, 10, UINT64_MAX, &limit.soft);
	if (!streq(hard, "unlimited") && r == 0)
		r = parse_number(hard, 10, UINT64_MAX, &limit.hard);
	if (r == 0)
		*ret = limit;
	return r;
}

int limits_of_account(struct vfp_ctx *ctx, const struct account *account,
		      struct memlock *ret)
{
	struct memlock base, limit;
	struct reading reading = {
		.account = account, .limit = &limit, .soft = RANK_NONE, .hard = RANK_NONE
	};
	int r = read_handed_down(ctx, &base);

	limit = base;
	r = r ?: read_pam(ctx, &reading);
	if (r < 0)
		return r;
	if (reading.ended)
		limit = base;
	if (limit.soft > limit.hard)
		limit.soft = limit.hard;
	*ret = limit;
	return 0;
}
