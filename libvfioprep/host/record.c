/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: what a device was before it was hidden, one small text file each, from before the
 * first write until the device is back. They are the only memory there is, so nothing else is
 * needed after a crash, and a record that cannot be fully trusted is never acted upon: not
 * root's, writable by others, cut short, of another boot, another device or a later format.
 */
#include "host/host.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FIRST_LINE "vfioprep 1"
#define LAST_LINE  "end"
#define RECORD_MAX 65536

static const struct {
	const char *key;
	size_t offset;
} fields[] = {
	{ "device", offsetof(struct record, device) },
	{ "identity", offsetof(struct record, identity) },
	{ "boot", offsetof(struct record, boot) },
	{ "phase", offsetof(struct record, phase) },
	{ "since", offsetof(struct record, since) },
	{ "by", offsetof(struct record, by) },
	{ "for", offsetof(struct record, for_) },
	{ "pid", offsetof(struct record, pid) },
	{ "orig.driver", offsetof(struct record, orig_driver) },
	{ "orig.module", offsetof(struct record, orig_module) },
	{ "orig.interfaces", offsetof(struct record, orig_interfaces) },
	{ "orig.driver_override", offsetof(struct record, orig[OVERRIDE]) },
	{ "orig.d3cold_allowed", offsetof(struct record, orig[D3COLD]) },
	{ "orig.power/control", offsetof(struct record, orig[POWER]) },
	{ "goal.driver", offsetof(struct record, goal_driver) },
	{ "goal.driver_override", offsetof(struct record, goal[OVERRIDE]) },
	{ "goal.d3cold_allowed", offsetof(struct record, goal[D3COLD]) },
	{ "goal.power/control", offsetof(struct record, goal[POWER]) },
	{ "goal.node_owner", offsetof(struct record, goal_node_owner) },
	{ "guest", offsetof(struct record, guest) },
	{ "guest.process", offsetof(struct record, process) },
	{ "id", offsetof(struct record, id) },
	{ "unplug", offsetof(struct record, unplug) },
	{ "back", offsetof(struct record, back) },
	{ "problem", offsetof(struct record, problem) },
};

static char **field(const struct record *record, size_t i)
{
	return (char **)((char *)record + fields[i].offset);
}

void record_done(struct record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		free(*field(record, i));
	*record = (struct record){ 0 };
}

/* -- text ------------------------------------------------------------------------------------ */

/* Any byte that a line cannot carry, and outer blanks, become \xNN. */
static int add_encoded(struct str *text, const char *value)
{
	size_t last = strlen(value) - 1;
	int r = 0;

	for (const char *p = value; *p && r == 0; p++) {
		bool outer = p == value || (size_t)(p - value) == last;

		if (iscntrl((unsigned char)*p) || *p == '\\' || (*p == ' ' && outer))
			r = str_add(text, "\\x%02x", (unsigned char)*p);
		else
			r = str_add_bytes(text, p, 1);
	}
	return r;
}

static int decode(const char *value, char **ret)
{
	char *out = strdup(value), *to = out;

	if (!out)
		return -ENOMEM;
	for (const char *p = value; *p; p++) {
		char hex[3] = { 0 };
		uint64_t byte;

		*to++ = *p;
		if (*p != '\\')
			continue;
		if (p[1] == 'x' && p[2])
			memcpy(hex, p + 2, 2);
		if (strlen(hex) != 2 || parse_number(hex, 16, 255, &byte) < 0 ||
		    byte == 0) {
			free(out);
			return -EINVAL;
		}
		to[-1] = (char)byte;
		p += 3;
	}
	*to = '\0';
	*ret = out;
	return 0;
}

static int compose(const struct record *record, struct str *text)
{
	int r = str_add(text, FIRST_LINE "\n");

	for (size_t i = 0; i < ARRAY_SIZE(fields) && r == 0; i++) {
		const char *value = *field(record, i);

		if (!value || streq(fields[i].key, "problem"))
			continue;
		r = str_add(text, "%s=", fields[i].key);
		r = r ?: add_encoded(text, value);
		r = r ?: str_add(text, "\n");
	}
	return r ?: str_add(text, LAST_LINE "\n");
}

static int take_pairs(const struct pair *pairs, size_t n, struct record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = pairs_get(pairs, n, "", fields[i].key);
		int r = value ? decode(value, field(record, i)) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The body between the first and the last line; NULL when either is not as it must be. */
static char *body(char *text)
{
	char *newline = strchr(text, '\n'), *last;
	size_t n = strlen(text);

	if (!newline || n < strlen(LAST_LINE "\n") ||
	    !endswith(text, "\n" LAST_LINE "\n"))
		return NULL;
	last = text + n - strlen(LAST_LINE "\n");
	*last = '\0';
	return newline + 1;
}

/* The name of a driver or module: it becomes a part of paths. "" and NULL are none. */
static bool is_name(const char *s)
{
	for (const char *c = nonnull(s); *c; c++)
		if (iscntrl((unsigned char)*c) || *c == '/')
			return false;
	return !s || (!streq(s, ".") && !streq(s, ".."));
}

/* Has it all that is needed to act upon it? */
static bool is_complete(const struct record *record)
{
	if (!record->device || !record->identity || !record->boot || !record->phase)
		return false;
	if (usb_is_name(record->device))
		return record->orig_interfaces && record->guest && record->id;
	return record->orig_driver && record->orig[OVERRIDE] && record->goal_driver &&
	       record->goal[OVERRIDE] && is_name(record->orig_driver) &&
	       is_name(record->orig_module) && is_name(record->goal_driver);
}

/* Returns -EINVAL for what is not a whole record of this format, with *why. */
static int parse(char *text, struct record *record, const char **why)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	char *middle;
	int line, r;

	*why = "it is torn: a line is missing or spoilt";
	if (startswith(text, "vfioprep ") && !startswith(text, FIRST_LINE "\n")) {
		*why = "it was written by another version of vfioprep";
		return -EINVAL;
	}
	middle = startswith(text, FIRST_LINE "\n") ? body(text) : NULL;
	if (!middle)
		return -EINVAL;
	r = keyfile_parse(middle, &pairs, &n, &line);
	if (r < 0)
		return r;
	r = take_pairs(pairs, n, record);
	pairs_free(pairs, n);
	return r == 0 && !is_complete(record) ? -EINVAL : r;
}

/* -- load, save, drop ------------------------------------------------------------------------- */

static const char *folder_of(const char *address)
{
	return usb_is_name(address) ? USB_DIR : RECORD_DIR;
}

static int read_file(struct vfp_ctx *ctx, const char *address, char **ret_text,
		     bool *ret_trusted)
{
	_cleanup_close_ int dir = state_dir_open(ctx, folder_of(address), false), fd = -1;
	char path[PATH_MAX];
	size_t size;
	struct stat st;
	int r;

	if (dir < 0) {
		*ret_trusted = dir != -EPERM;
		return dir;
	}
	snprintf(path, sizeof(path), "%s/%s", folder_of(address), address);
	fd = root_open(ctx, path, O_PATH | O_NOFOLLOW);
	*ret_trusted = true;
	if (fd < 0)
		return fd;
	*ret_trusted = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		       state_check_owner(ctx, fd) == 0;
	r = *ret_trusted ? root_read(ctx, path, RECORD_MAX, ret_text, &size) : -EPERM;
	/* What is behind a zero byte would go unseen: such a file is no record. */
	if (r == 0 && strlen(*ret_text) < size)
		**ret_text = '\0';
	return r;
}

static int set_problem(struct record *record, const char *address, bool stale,
		       const char *why)
{
	free(record->problem);
	record->problem = strdup(why);
	record->stale = stale;
	if (!record->device)
		record->device = strdup(address);
	return record->problem && record->device ? 0 : -ENOMEM;
}

/* Is it about this device, since this boot? */
static int check_subject(struct vfp_ctx *ctx, const char *address, struct record *record)
{
	_cleanup_free_ char *identity = NULL;
	int r = usb_is_name(address)
		      ? usb_identity(ctx, address, &identity)
		      : root_attr(ctx, &identity, PCI_DEVICES "/%s/modalias", address);

	if (!streq(record->device, address))
		return set_problem(record, address, false, "it names another device");
	if (!*ctx_boot_id(ctx))
		return set_problem(record, address, false,
				   "of which boot it is cannot be told");
	if (!streq(record->boot, ctx_boot_id(ctx)))
		return set_problem(record, address, true, "it is of an earlier boot");
	/* What could not be read for want of memory or descriptors has not gone. */
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return r;
	if (r == -EINPROGRESS)
		return set_problem(record, address, false, "the device does not answer");
	if (r < 0)
		return set_problem(record, address, true, "the device is gone");
	if (!streq(record->identity, identity))
		return set_problem(record, address, true,
				   "another device has this address now");
	return 0;
}

static int take_text(struct vfp_ctx *ctx, const char *address, char *text,
		     struct record *record)
{
	const char *why;
	int r = parse(text, record, &why);

	if (r == -ENOMEM)
		return r;
	if (r == 0)
		return check_subject(ctx, address, record);
	record_done(record);
	return set_problem(record, address, false, why);
}

int record_load(struct vfp_ctx *ctx, const char *address, struct record *ret_record)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_record_ struct record record = { 0 };
	bool trusted;
	int r;

	r = read_file(ctx, address, &text, &trusted);
	if (r == -ENOENT)
		return r;
	if (r < 0 && trusted && r != -EFBIG)
		return r;
	if (r < 0)
		r = set_problem(&record, address, false,
				trusted ? "it is too large"
					: "it is not root's alone to write");
	else
		r = take_text(ctx, address, text, &record);
	if (r < 0)
		return r;
	*ret_record = record;
	record = (struct record){ 0 };
	return 0;
}

static int write_new(int dir, const char *name, const struct str *text)
{
	_cleanup_close_ int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	ssize_t n;

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	n = write(fd, text->s, text->len);
	if (n < 0)
		return -errno;
	return (size_t)n == text->len ? 0 : -ENOSPC;
}

int record_save(struct vfp_ctx *ctx, const struct record *record)
{
	_cleanup_close_ int dir = state_dir_open(ctx, folder_of(record->device), true);
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *new = strf(".%s.new", record->device);
	int r;

	if (dir < 0)
		return dir;
	if (!new)
		return -ENOMEM;
	r = compose(record, &text);
	r = r ?: write_new(dir, new, &text);
	if (r == 0 && renameat(dir, new, dir, record->device) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, new, 0);
	return r;
}

int record_drop(struct vfp_ctx *ctx, const char *address)
{
	_cleanup_close_ int dir = state_dir_open(ctx, folder_of(address), false);

	if (!ctx->seam)
		return -EROFS;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	return unlinkat(dir, address, 0) < 0 && errno != ENOENT ? -errno : 0;
}

const char *record_field(const struct record *record, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (streq(fields[i].key, key))
			return *field(record, i);
	return NULL;
}
