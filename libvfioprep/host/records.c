/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, all of them: which devices have one, for recover, status and callers of the library,
 * and which have only the beginning of one, from a save that was killed.
 */
#include "host/host.h"

static bool is_left_over(const char *name)
{
	return *name == '.';
}

static bool is_at_rest(const char *name)
{
	return *name != '.';
}

/* Names of records, or of those that were broken off before they had theirs. */
static int list_names(struct vfp_ctx *ctx, const char *folder, bool left_over,
		      char ***ret_names)
{
	_cleanup_close_ int dir = state_dir_open(ctx, folder, false);
	char **names = NULL;
	int r;

	if (dir < 0 && dir != -ENOENT)
		return dir;
	if (dir < 0) {
		names = calloc(1, sizeof(*names));
		if (!names)
			return -ENOMEM;
		*ret_names = names;
		return 0;
	}
	r = root_list(ctx, folder, &names);
	if (r < 0)
		return r;
	strings_keep(names, left_over ? is_left_over : is_at_rest);
	*ret_names = names;
	return 0;
}

int record_list(struct vfp_ctx *ctx, char ***ret_addresses)
{
	return list_names(ctx, RECORD_DIR, false, ret_addresses);
}

int record_list_usb(struct vfp_ctx *ctx, char ***ret_names)
{
	return list_names(ctx, USB_DIR, false, ret_names);
}

/* ".ADDRESS.new" is what write_new() was killed over. */
int record_list_broken_off(struct vfp_ctx *ctx, char ***ret_addresses)
{
	char **names;
	int r = list_names(ctx, RECORD_DIR, true, &names);

	if (r < 0)
		return r;
	for (char **name = names; *name; name++) {
		size_t n = strlen(*name + 1);

		memmove(*name, *name + 1, n + 1);
		if (endswith(*name, ".new"))
			(*name)[n - strlen(".new")] = '\0';
	}
	*ret_addresses = names;
	return 0;
}

int record_sweep(struct vfp_ctx *ctx, const char *address)
{
	_cleanup_close_ int dir = state_dir_open(ctx, RECORD_DIR, false);
	_cleanup_free_ char *new = strf(".%s.new", address);

	if (!ctx->seam)
		return -EROFS;
	if (!new)
		return -ENOMEM;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	return unlinkat(dir, new, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* -- for callers of the library ------------------------------------------------------------------ */

struct vfp_record {
	struct record record;
};

_public_ void vfp_records_free(struct vfp_record **records)
{
	for (struct vfp_record **r = records; r && *r; r++) {
		record_done(&(*r)->record);
		free(*r);
	}
	free(records);
}

static void records_freep(struct vfp_record ***records)
{
	vfp_records_free(*records);
}

static int load_all(struct vfp_ctx *ctx, char *const *addresses,
		    struct vfp_record ***ret_records)
{
	_cleanup_(records_freep) struct vfp_record **records =
		calloc(1, sizeof(*records));
	size_t n = 0;
	int r = records ? 0 : -ENOMEM;

	for (char *const *a = addresses; r == 0 && *a; a++) {
		struct vfp_record *record = calloc(1, sizeof(*record));

		if (!record)
			return -ENOMEM;
		r = record_load(ctx, *a, &record->record);
		if (r == 0)
			r = list_add((void ***)&records, &n, record);
		if (r < 0) {
			record_done(&record->record);
			free(record);
		}
		if (r == -ENOENT)
			r = 0;
	}
	if (r < 0)
		return r;
	*ret_records = take(records);
	return 0;
}

_public_ int vfp_records(struct vfp_ctx *ctx, struct vfp_record ***ret_records)
{
	_cleanup_strings_ char **addresses = NULL;

	return record_list(ctx, &addresses) ?: load_all(ctx, addresses, ret_records);
}

_public_ int vfp_usb_records(struct vfp_ctx *ctx, struct vfp_record ***ret_records)
{
	_cleanup_strings_ char **names = NULL;
	int r = record_list_usb(ctx, &names);

	if (r < 0)
		return r;
	strings_keep(names, usb_is_name);
	return load_all(ctx, names, ret_records);
}

_public_ const char *vfp_record_get(const struct vfp_record *record, const char *key)
{
	return record_field(&record->record, key);
}
