/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /etc/vfioprep/devices.d wants hidden: a section for each device, with the identity that it
 * must have. A device is never meant by its ids alone, nor by its address alone. Whatever is wrong
 * is told with file and line, and is not in the list: nobody shall act on half of what was meant.
 */
#include "model/model.h"

#include <fnmatch.h>

enum { DEVICE, EXPECT, SUBSYSTEM, DRIVER, NODE_OWNER, GROUP, AWAKE, FOR, FILE_, LINE };

static bool is_ids(const char *value)
{
	return fnmatch("[0-9a-f][0-9a-f][0-9a-f][0-9a-f]:"
		       "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
		       value, FNM_CASEFOLD) == 0;
}

static bool is_yes_no(const char *value)
{
	return streq(value, "yes") || streq(value, "no");
}

static bool is_on(const char *value)
{
	return streq(value, "on");
}

/* As the options of a plan have it: it goes into records and logs. */
static bool is_text(const char *value)
{
	_cleanup_free_ char *safe = escape(value);

	return *value && strlen(value) <= 255 && safe && streq(safe, value);
}

/* Those without a check are not written by people. */
static const struct {
	const char *key;
	bool (*is_good)(const char *value);
	const char *good; /* what would be */
} keys[] = {
	[DEVICE] = { "device", NULL, NULL },
	[EXPECT] = { "expect", is_ids, "vendor and device, as 8086:10fb" },
	[SUBSYSTEM] = { "subsystem", is_ids, "vendor and device, as 8086:0003" },
	[DRIVER] = { "driver", driver_name_is_sane, "a driver's name, or auto" },
	[NODE_OWNER] = { "node-owner", is_text, "USER or USER:GROUP" },
	[GROUP] = { "group", is_yes_no, "yes or no" },
	[AWAKE] = { "power", is_on, "on" },
	[FOR] = { "for", is_text, "a name" },
	[FILE_] = { "file", NULL, NULL },
	[LINE] = { "line", NULL, NULL },
};

struct vfp_wanted {
	char *value[ARRAY_SIZE(keys)];
};

static void wanted_free(struct vfp_wanted *wanted)
{
	for (size_t i = 0; wanted && i < ARRAY_SIZE(keys); i++)
		free(wanted->value[i]);
	free(wanted);
}

static void wanted_freep(struct vfp_wanted **wanted)
{
	wanted_free(*wanted);
}

_public_ void vfp_wanted_free(struct vfp_wanted **wanted)
{
	for (struct vfp_wanted **w = wanted; w && *w; w++)
		wanted_free(*w);
	free(wanted);
}

_public_ const char *vfp_wanted_get(const struct vfp_wanted *wanted, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (streq(keys[i].key, key))
			return wanted->value[i];
	return NULL;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* All files, and where in them it is read. */
struct reading {
	struct vfp_ctx *ctx;
	struct findings findings;
	struct vfp_wanted **list;
	size_t n;
	const char *name; /* of the file */
};

static char *path_of(const char *name)
{
	return strf(DEVICES_DIR "/%s", name);
}

/* Line 0: the file as a whole. */
static int object_to(struct reading *reading, int line, const char *remedy,
		     const char *format, ...) _printf_(4, 5);
static int object_to(struct reading *reading, int line, const char *remedy,
		     const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *place = NULL;
	va_list args;

	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	place = line ? strf(DEVICES_DIR "/%s:%d", reading->name, line)
		     : path_of(reading->name);
	if (!text || !place)
		return -ENOMEM;
	return finding_add(&reading->findings, VFP_REFUSE, "config", "", place, remedy,
			   "%s: %s", place, text);
}

static const struct vfp_wanted *find(const struct reading *reading, const char *address)
{
	for (size_t i = 0; i < reading->n; i++)
		if (streq(reading->list[i]->value[DEVICE], address))
			return reading->list[i];
	return NULL;
}

/* The number of the key; ARRAY_SIZE(keys) for what is none that people write. */
static size_t find_key(const char *key)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(keys) && (!keys[i].is_good || !streq(keys[i].key, key)))
		i++;
	return i;
}

static int take_pair(struct reading *reading, const struct pair *pair,
		     struct vfp_wanted *wanted)
{
	size_t key = find_key(pair->key);

	if (pair_is_spoilt(pair))
		return object_to(reading, pair->line, "", "%s", pair->value);
	if (key == ARRAY_SIZE(keys))
		return object_to(reading, pair->line,
				 "vfioprep.conf(5) has those that there are",
				 "there is no key %s", pair->key);
	if (!keys[key].is_good(pair->value))
		return object_to(reading, pair->line, "", "%s=%s makes no sense; give %s",
				 pair->key, pair->value, keys[key].good);
	if (wanted->value[key])
		return object_to(reading, pair->line, "remove one", "%s is given twice",
				 pair->key);
	wanted->value[key] = strdup(pair->value);
	if (!wanted->value[key])
		return -ENOMEM;
	if (key == EXPECT || key == SUBSYSTEM)
		for (char *c = wanted->value[key]; *c; c++)
			*c |= *c >= 'A' && *c <= 'F' ? 0x20 : 0;
	return 0;
}

/* Its address, and where it stands. */
static int take_header(struct reading *reading, const struct pair *header,
		       struct vfp_wanted *wanted)
{
	char full[ADDRESS_MAX];
	struct address address;
	const struct vfp_wanted *other;

	if (address_parse(header->section, &address) < 0 || address.any_function)
		return object_to(reading, header->line, "give one as [0000:05:00.0]",
				 "%s is not the address of a PCI function",
				 header->section);
	address_format(&address, full);
	other = find(reading, full);
	if (other)
		return object_to(reading, header->line, "remove one",
				 "%s is configured twice; the other is %s:%s", full,
				 other->value[FILE_], other->value[LINE]);
	wanted->value[DEVICE] = strdup(full);
	wanted->value[FILE_] = path_of(reading->name);
	wanted->value[LINE] = strf("%d", header->line);
	return wanted->value[DEVICE] && wanted->value[FILE_] && wanted->value[LINE]
		     ? 0
		     : -ENOMEM;
}

/* No consent is the same as none given. */
static void settle(struct vfp_wanted *wanted)
{
	if (wanted->value[GROUP] && streq(wanted->value[GROUP], "no")) {
		free(wanted->value[GROUP]);
		wanted->value[GROUP] = NULL;
	}
}

/* @pairs begins with the section itself, and has @n pairs of it. */
static int take_section(struct reading *reading, const struct pair *pairs, size_t n)
{
	_cleanup_(wanted_freep) struct vfp_wanted *wanted = calloc(1, sizeof(*wanted));
	size_t before = reading->findings.n;
	int r = wanted ? take_header(reading, pairs, wanted) : -ENOMEM;

	for (size_t i = 1; i < n && r == 0; i++)
		r = take_pair(reading, &pairs[i], wanted);
	if (r == 0 && !wanted->value[EXPECT] && reading->findings.n == before)
		r = object_to(reading, pairs->line,
			      "add expect=VENDOR:DEVICE, as vfioprep list shows them",
			      "it does not say what device shall be at this address");
	if (r < 0 || reading->findings.n > before)
		return r;
	settle(wanted);
	r = list_add((void ***)&reading->list, &reading->n, wanted);
	if (r == 0)
		wanted = NULL;
	return r;
}

/* Before any section. */
static int take_homeless(struct reading *reading, const struct pair *pairs, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = pair_is_spoilt(&pairs[i])
			  ? object_to(reading, pairs[i].line, "", "%s", pairs[i].value)
			  : object_to(reading, pairs[i].line,
				      "begin a section, as [0000:05:00.0]",
				      "%s belongs to no device", pairs[i].key);
	return r;
}

static int take_pairs(struct reading *reading, const struct pair *pairs, size_t n)
{
	int r = 0;

	for (size_t i = 0, end; i < n && r == 0; i = end) {
		for (end = i + 1; end < n && !pair_is_head(&pairs[end]);)
			end++;
		r = pair_is_head(&pairs[i]) ? take_section(reading, pairs + i, end - i)
					    : take_homeless(reading, pairs + i, end - i);
	}
	return r;
}

/* What keeps a file, or the folder, from being believed; NULL: that is not it. */
static const char *distrust(int error)
{
	switch (error) {
	case -EPERM:
		return "it is not root's alone to write, or it is a link, so it is not "
		       "believed";
	case -EINVAL:
		return "it is no plain file of text";
	case -EFBIG:
		return "it is too large";
	default:
		return NULL;
	}
}

#define DISTRUST_REMEDY \
	"put what a link leads to in its place, chown that to root, chmod go-w"

static const char *distrust_remedy(int error)
{
	switch (error) {
	case -EPERM:
		return DISTRUST_REMEDY;
	case -EINVAL:
		return "put a text file in its place, or move it away";
	case -EFBIG:
		return "64 KiB is the most; make several of it";
	default:
		return "";
	}
}

static int take_text(struct reading *reading, const char *text)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	int r = keyfile_read(text, &pairs, &n);

	r = r ?: take_pairs(reading, pairs, n);
	pairs_free(pairs, n);
	return r;
}

static int read_file(struct reading *reading, const char *name)
{
	_cleanup_free_ char *path = path_of(name), *text = NULL;
	int r = path ? config_read(reading->ctx, path, &text) : -ENOMEM;

	reading->name = name;
	/* Removed since the folder was read. */
	if (r == -ENOENT)
		return 0;
	if (distrust(r))
		return object_to(reading, 0, distrust_remedy(r), "%s", distrust(r));
	return r ?: take_text(reading, text);
}

static int compare(const void *a, const void *b)
{
	const struct vfp_wanted *const *m = a, *const *n = b;

	return address_compare((*m)->value[DEVICE], (*n)->value[DEVICE]);
}

static int read_all(struct reading *reading)
{
	_cleanup_strings_ char **names = NULL;
	int r = config_list(reading->ctx, &names);

	/* ENOTDIR: it is there, but no folder. */
	if (r == -EPERM || r == -ENOTDIR)
		return finding_add(&reading->findings, VFP_REFUSE, "config", "",
				   DEVICES_DIR, DISTRUST_REMEDY, DEVICES_DIR ": %s",
				   distrust(-EPERM));
	for (char **name = names; r == 0 && *name; name++)
		r = read_file(reading, *name);
	return r;
}

/* What was read, or nothing at all. */
static int deliver(struct reading *reading, int error, struct vfp_wanted ***ret_wanted,
		   struct findings *findings)
{
	if (error == 0 && !reading->list)
		error = (reading->list = calloc(1, sizeof(*reading->list))) ? 0 : -ENOMEM;
	if (error < 0) {
		findings_done(&reading->findings);
		vfp_wanted_free(reading->list);
		return error;
	}
	qsort(reading->list, reading->n, sizeof(*reading->list), compare);
	*findings = reading->findings;
	*ret_wanted = reading->list;
	return 0;
}

int wanted_read_all(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
		    struct findings *findings)
{
	struct reading reading = { .ctx = ctx };

	return deliver(&reading, read_all(&reading), ret_wanted, findings);
}

int wanted_parse(struct vfp_ctx *ctx, const char *name, const char *text,
		 struct vfp_wanted ***ret_wanted, struct findings *findings)
{
	struct reading reading = { .ctx = ctx, .name = name };

	return deliver(&reading, take_text(&reading, text), ret_wanted, findings);
}

_public_ int vfp_wanted(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
			struct vfp_finding ***ret_findings)
{
	_cleanup_findings_ struct findings findings = { 0 };
	struct vfp_wanted **wanted = NULL;
	int r = wanted_read_all(ctx, &wanted, &findings);

	r = r ?: findings_take(&findings, ret_findings);
	if (r < 0)
		vfp_wanted_free(wanted);
	else
		*ret_wanted = wanted;
	return r;
}

_public_ int vfp_config_read(struct vfp_ctx *ctx, const char *name, char **ret_text,
			     char **why)
{
	_cleanup_free_ char *path = strf(CONFIG_DIR "/%s", name);
	int r = path ? config_read(ctx, path, ret_text) : -ENOMEM;

	clear_why(why);
	if (r == 0 || r == -ENOMEM)
		return r;
	return say_why(why, r, "%s: %s%s%s", path, distrust(r) ?: strerror(-r),
		       *distrust_remedy(r) ? "; " : "", distrust_remedy(r));
}
