/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An account of the host: its number and its groups. On the running system the name service is
 * asked; of another root the two files are read.
 */
#include "model/model.h"

#include <grp.h>
#include <pwd.h>

void account_done(struct account *account)
{
	free(account->name);
	strings_free(account->groups);
	free(account->gids);
	*account = (struct account){ 0 };
}

static bool is_wanted(const struct passwd *entry, const char *user)
{
	uint64_t uid;

	return streq(entry->pw_name, user) ||
	       (parse_number(user, 10, UINT32_MAX, &uid) == 0 && entry->pw_uid == uid);
}

static int add_group(struct account *account, const char *name, gid_t gid)
{
	gid_t *gids = reallocarray(account->gids, account->n_gids + 1, sizeof(*gids));
	char *copy = strdup(name);
	size_t n = account->n_gids;
	int r;

	if (gids)
		account->gids = gids;
	r = gids && copy ? list_add((void ***)&account->groups, &n, copy) : -ENOMEM;
	if (r < 0) {
		free(copy);
		return r;
	}
	account->gids[account->n_gids++] = gid;
	return 0;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char *const *member = group->gr_mem; *member; member++)
		if (streq(*member, name))
			return true;
	return false;
}

static int take_entry(struct account *account, const struct passwd *entry, gid_t *ret_gid)
{
	account->name = strdup(entry->pw_name);
	account->uid = entry->pw_uid;
	*ret_gid = entry->pw_gid;
	return account->name ? 0 : -ENOMEM;
}

/* -- by the files -------------------------------------------------------------------- */

static FILE *open_text(struct vfp_ctx *ctx, const char *path, char **text)
{
	size_t size;

	if (root_read(ctx, path, 1 << 24, text, &size) < 0 || size == 0)
		return NULL;
	return fmemopen(*text, size, "r");
}

static int find_in_file(struct vfp_ctx *ctx, const char *user, struct account *account,
			gid_t *ret_gid)
{
	_cleanup_free_ char *text = NULL;
	FILE *file = open_text(ctx, "/etc/passwd", &text);
	const struct passwd *entry;
	int r = -ENOENT;

	if (!file)
		return r;
	while (r == -ENOENT && (entry = fgetpwent(file)))
		if (is_wanted(entry, user))
			r = take_entry(account, entry, ret_gid);
	fclose(file);
	return r;
}

static int add_groups_of_file(struct vfp_ctx *ctx, struct account *account, gid_t gid)
{
	_cleanup_free_ char *text = NULL;
	FILE *file = open_text(ctx, "/etc/group", &text);
	const struct group *group;
	int r = 0;

	while (file && r == 0 && (group = fgetgrent(file)))
		if (group->gr_gid == gid || has_member(group, account->name))
			r = add_group(account, group->gr_name, group->gr_gid);
	if (file)
		fclose(file);
	return r;
}

/* -- by the name service --------------------------------------------------------------- */

static int find_here(const char *user, struct account *account, gid_t *ret_gid)
{
	const struct passwd *entry = getpwnam(user);
	uint64_t uid;

	if (!entry && parse_number(user, 10, UINT32_MAX, &uid) == 0)
		entry = getpwuid((uid_t)uid);
	return entry ? take_entry(account, entry, ret_gid) : -ENOENT;
}

static int add_groups_here(struct account *account, gid_t gid)
{
	_cleanup_free_ gid_t *gids = NULL;
	int n = 0, r = 0;

	getgrouplist(account->name, gid, NULL, &n);
	gids = calloc((size_t)n + 1, sizeof(*gids));
	if (!gids)
		return -ENOMEM;
	if (getgrouplist(account->name, gid, gids, &n) < 0)
		return 0;
	for (int i = 0; i < n && r == 0; i++) {
		const struct group *group = getgrgid(gids[i]);

		r = add_group(account, group ? group->gr_name : "", gids[i]);
	}
	return r;
}

int account_find(struct vfp_ctx *ctx, const char *user, struct account *ret_account)
{
	struct account account = { 0 };
	gid_t gid = 0;
	int r;

	if (ctx->root_fd < 0)
		r = find_here(user, &account, &gid) ?: add_groups_here(&account, gid);
	else
		r = find_in_file(ctx, user, &account, &gid)
			  ?: add_groups_of_file(ctx, &account, gid);
	if (r < 0) {
		account_done(&account);
		return r;
	}
	*ret_account = account;
	return 0;
}
