/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devices.d as `hide --persist` and `return --persist` write it: a file for each device. What
 * people have written, with comments or several devices in one file, is never edited: it is
 * named, for them to do. A file is on the disk before the device is touched, and gets its place
 * when that is done, so that neither a full disk nor a refusal leaves half of it.
 */
#include "act/act.h"

/* -- what it shall say -------------------------------------------------------------------------- */

static int compose(const struct vfp_device *device, const char *const *settings,
		   struct str *text)
{
	const char *subsystem = device->value[VFP_SUBSYSTEM];
	int r = str_add(text, "[%s]\nexpect=%s\n", device_address(device),
			device->value[VFP_IDS]);

	if (r == 0 && subsystem && *subsystem)
		r = str_add(text, "subsystem=%s\n", subsystem);
	for (; r == 0 && settings && *settings; settings++)
		r = str_add(text, "%s\n", *settings);
	return r;
}

/* A value that would be read as another than was given, for its blanks. */
static bool survives(const struct vfp_wanted *wanted, const char *setting)
{
	_cleanup_free_ char *key = strndup(setting, strcspn(setting, "="));
	const char *value = key ? vfp_wanted_get(wanted, key) : NULL;

	return value && streq(value, setting + strlen(key) + 1);
}

/* By reading it as it will be read. */
static int check_text(struct vfp_ctx *ctx, const char *text, const char *const *settings,
		      struct vfp_wanted ***ret_wanted, char **why)
{
	_cleanup_(wanted_listp) struct vfp_wanted **wanted = NULL;
	_cleanup_findings_ struct findings findings = { 0 };
	int r = wanted_parse(ctx, "new", text, &wanted, &findings);

	if (r < 0)
		return r;
	if (findings.n)
		return say_why(why, -EINVAL, "it cannot be kept: %s",
			       findings.list[0]->text);
	for (; settings && *settings; settings++)
		if (!survives(*wanted, *settings))
			return say_why(why, -EINVAL,
				       "%s cannot be kept as it is; leave out its blanks",
				       *settings);
	*ret_wanted = take(wanted);
	return 0;
}

/* -- what is there ------------------------------------------------------------------------------ */

/* All that is configured, if it can be understood. */
static int read_all(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted, char **why)
{
	_cleanup_(wanted_listp) struct vfp_wanted **wanted = NULL;
	_cleanup_findings_ struct findings findings = { 0 };
	int r = wanted_read_all(ctx, &wanted, &findings);

	if (r < 0)
		return r == -ENOMEM ? r
				    : say_why(why, r, DEVICES_DIR " cannot be read: %s",
					      strerror(-r));
	if (findings.n)
		return say_why(why, -EPERM, "%s; correct that first",
			       findings.list[0]->text);
	*ret_wanted = take(wanted);
	return 0;
}

static const struct vfp_wanted *find(struct vfp_wanted *const *wanted, const char *device)
{
	for (; *wanted; wanted++)
		if (streq(vfp_wanted_get(*wanted, "device"), device))
			return *wanted;
	return NULL;
}

static bool stands_alone(struct vfp_wanted *const *all, const struct vfp_wanted *wanted)
{
	const char *file = vfp_wanted_get(wanted, "file");

	for (; *all; all++)
		if (*all != wanted && streq(vfp_wanted_get(*all, "file"), file))
			return false;
	return true;
}

static bool has_comments(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, " \t\n");
		if (*line == '#')
			return true;
	}
	return false;
}

/* May the file in which it stands be replaced or removed? */
static int check_file(struct vfp_ctx *ctx, struct vfp_wanted *const *all,
		      const struct vfp_wanted *wanted, const char *instead, char **why)
{
	const char *file = vfp_wanted_get(wanted, "file");
	_cleanup_free_ char *text = NULL;
	bool alone = stands_alone(all, wanted);
	int r = config_read(ctx, file, &text);

	if (r < 0)
		return say_why(why, r, "%s cannot be read: %s", file, strerror(-r));
	if (alone && !has_comments(text))
		return 0;
	return say_why(why, -EPERM,
		       "%s:%s: it is configured there, in a file with %s, which is not "
		       "edited; %s it there",
		       file, vfp_wanted_get(wanted, "line"),
		       alone ? "comments" : "other devices", instead);
}

static bool says_the_same(const struct vfp_wanted *is, const struct vfp_wanted *shall)
{
	static const char *const keys[] = { "expect", "driver", "node-owner",
					    "group",  "power",  "for" };
	const char *subsystem = vfp_wanted_get(is, "subsystem");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!streq(nonnull(vfp_wanted_get(is, keys[i])),
			   nonnull(vfp_wanted_get(shall, keys[i]))))
			return false;
	return !subsystem ||
	       streq(subsystem, nonnull(vfp_wanted_get(shall, "subsystem")));
}

/* A file of its name that says nothing of it. */
static int check_free(struct vfp_ctx *ctx, const char *name, char **why)
{
	_cleanup_free_ char *path = strf(DEVICES_DIR "/%s", name), *text = NULL;
	int r = path ? config_read(ctx, path, &text) : -ENOMEM;

	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOENT ? 0 : r;
	if (r == 0 && !text[strspn(text, " \t\n")])
		return 0;
	return say_why(why, -EPERM, "%s is there, and says something else; move it away",
		       path);
}

/* -- the calls ------------------------------------------------------------------------------------ */

static void print_file(FILE *out, const char *name, const char *text)
{
	_cleanup_free_ char *path = strf(DEVICES_DIR "/%s", name);

	fputs("mkdir -p " DEVICES_DIR "\ncat > ", out);
	print_word(out, nonnull(path));
	fprintf(out, " <<'END'\n%sEND\n", text);
}

/* The name of the file to be written; NULL: what is there says it already. */
static int choose_file(struct vfp_ctx *ctx, const struct vfp_wanted *shall,
		       char **ret_name, char **why)
{
	_cleanup_(wanted_listp) struct vfp_wanted **all = NULL;
	const char *device = vfp_wanted_get(shall, "device");
	_cleanup_free_ char *name = strf("%s.conf", device);
	const struct vfp_wanted *is;
	int r = name ? read_all(ctx, &all, why) : -ENOMEM;

	if (r < 0)
		return r;
	is = find(all, device);
	if (is && says_the_same(is, shall)) {
		*ret_name = NULL;
		return 0;
	}
	r = is ? check_file(ctx, all, is, "change", why) : check_free(ctx, name, why);
	if (r == 0 && is) {
		free(name);
		name = strdup(strrchr(vfp_wanted_get(is, "file"), '/') + 1);
		r = name ? 0 : -ENOMEM;
	}
	if (r == 0)
		*ret_name = take(name);
	return r;
}

static int cannot_write(int error, char **why)
{
	if (error == 0 || error == -ENOMEM)
		return error;
	if (error == -EPERM)
		return say_why(why, error,
			       DEVICES_DIR " is not root's alone, so nothing is "
					   "written there; chown it to root, chmod go-w");
	return say_why(why, error, "it cannot be written in " DEVICES_DIR ": %s",
		       strerror(-error));
}

_public_ int vfp_wanted_prepare(struct vfp_ctx *ctx, const char *device,
				const char *const *settings, FILE *print, char **ret_file,
				char **why)
{
	_cleanup_(wanted_listp) struct vfp_wanted **shall = NULL;
	_cleanup_device_ struct vfp_device *there = NULL;
	_cleanup_str_ struct str text = { 0 };
	_cleanup_free_ char *name = NULL;
	int r = device_load(ctx, device, &there);

	clear_why(why);
	if (r < 0)
		return say_why(why, r, "there is no PCI device at this address");
	r = compose(there, settings, &text);
	r = r ?: check_text(ctx, text.s, settings, &shall, why);
	r = r ?: choose_file(ctx, *shall, &name, why);
	if (r == 0 && name && print)
		print_file(print, name, text.s);
	else if (r == 0 && name)
		r = cannot_write(config_stage(ctx, name, text.s), why);
	if (r == 0)
		*ret_file = print ? NULL : take(name);
	return r;
}

_public_ int vfp_wanted_save(struct vfp_ctx *ctx, const char *file, bool keep, char **why)
{
	clear_why(why);
	if (!file)
		return 0;
	return keep ? cannot_write(config_keep(ctx, file), why)
		    : config_forget(ctx, file);
}

_public_ int vfp_wanted_drop(struct vfp_ctx *ctx, const char *device, FILE *print,
			     bool look, char **why)
{
	_cleanup_(wanted_listp) struct vfp_wanted **all = NULL;
	const struct vfp_wanted *is;
	const char *file;
	int r;

	clear_why(why);
	r = read_all(ctx, &all, why);
	is = r == 0 ? find(all, device) : NULL;
	if (!is)
		return r;
	file = vfp_wanted_get(is, "file");
	r = check_file(ctx, all, is, "remove", why);
	if (r < 0)
		return r;
	if (print) {
		fputs("rm -f ", print);
		print_word(print, file);
		fputc('\n', print);
		return 0;
	}
	r = config_drop(ctx, strrchr(file, '/') + 1, look);
	return r < 0 ? say_why(why, r, "%s cannot be removed: %s", file, strerror(-r))
		     : 0;
}
