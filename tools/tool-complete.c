/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-complete: the hidden --complete, which the completion files of the shells call.
 * The words before the last tell what may stand there; candidates come from the option
 * rows and, by metavar, from the machine. Nothing here says what went wrong: a shell that
 * completes must not talk.
 */
#include "tool.h"

#include <strings.h>

static const char *const times[] = { "auto", "always", "never" };

/* What is completed: candidates begin with @prefix, and are printed after @lead. */
static struct {
	char *lead;
	const char *prefix;
	char **words;
} now;

/* What the words before the last have said. */
struct said {
	const struct option_row *awaits; /* the option whose value comes next */
	const char *sysroot;
	const char *first; /* of the operands */
	int operands;
	bool ended; /* "--" was there */
};

void offer(const char *word, const char *help)
{
	_cleanup_free_ char *text = escape(word), *why = escape(nonnull(help));

	if (text && strncasecmp(text, now.prefix, strlen(now.prefix)) == 0)
		printf("%s%s\t%s\n", nonnull(now.lead), text, nonnull(why));
}

/* -- candidates by metavar ---------------------------------------------------------- */

static bool named_already(const char *word)
{
	for (char **w = now.words; *w && w[1]; w++)
		if (streq(*w, word))
			return true;
	return false;
}

/* Domain 0 is rarely typed. */
static const char *without_domain(const char *address)
{
	return startswith(address, "0000:") ? address + strlen("0000:") : address;
}

static void offer_address(const struct vfp_device *device)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);
	const char *driver = vfp_device_get(device, VFP_DRIVER);
	_cleanup_free_ char *help = strf("%s %s", driver && *driver ? driver : "-",
					 nonnull(vfp_device_get(device, VFP_NAME)));

	if (named_already(address) || named_already(without_domain(address)))
		return;
	if (startswith(without_domain(address), now.prefix))
		address = without_domain(address);
	offer(address, help);
}

/* What is known of devices besides what they are now. */
struct known {
	struct vfp_record **records;
	struct vfp_wanted **wanted;
};

static void known_load(struct vfp_ctx *ctx, struct known *known)
{
	struct vfp_finding **findings = NULL;

	if (tool.devices == DEVICES_CONFIGURED)
		vfp_wanted(ctx, &known->wanted, &findings);
	else if (tool.devices != DEVICES_ALL)
		vfp_records(ctx, &known->records);
	vfp_findings_free(findings);
}

static void known_done(struct known *known)
{
	vfp_records_free(known->records);
	vfp_wanted_free(known->wanted);
}

static const struct vfp_record *record_of(const struct known *known, const char *address)
{
	for (struct vfp_record **r = known->records; r && *r; r++)
		if (streq(nonnull(vfp_record_get(*r, "device")), address))
			return *r;
	return NULL;
}

static bool is_configured(const struct known *known, const char *address)
{
	for (struct vfp_wanted **w = known->wanted; w && *w; w++)
		if (streq(nonnull(vfp_wanted_get(*w, "device")), address))
			return true;
	return false;
}

static bool makes_sense(const struct vfp_device *device, const struct known *known)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);
	const struct vfp_record *record = record_of(known, address);

	switch (tool.devices) {
	case DEVICES_RECORDED:
		return record != NULL;
	case DEVICES_PLUGGED:
		return record && vfp_record_get(record, "id");
	case DEVICES_CONFIGURED:
		return is_configured(known, address);
	case DEVICES_UNHIDDEN:
		return !record && !vfp_device_is_bridge(device) &&
		       !vfp_device_get(device, VFP_NODE);
	default:
		/* A guest can have no bridge, but those can be looked at. */
		return !(tool.sets & TOOL_CHANGING) || !vfp_device_is_bridge(device);
	}
}

static void offer_devices(struct vfp_ctx *ctx, struct vfp_device **devices)
{
	_cleanup_(known_done) struct known known = { 0 };

	known_load(ctx, &known);
	for (; *devices; devices++)
		if (makes_sense(*devices, &known))
			offer_address(*devices);
}

/* The different values of a property, in the order of the devices. */
static void offer_values(struct vfp_device **devices, enum vfp_field field)
{
	for (size_t i = 0; devices[i]; i++) {
		const char *value = vfp_device_get(devices[i], field);
		bool seen = !value || !*value;

		for (size_t j = 0; j < i && !seen; j++)
			seen = streq(nonnull(vfp_device_get(devices[j], field)), value);
		if (!seen)
			offer(value, NULL);
	}
}

static void offer_drivers(struct vfp_device **devices)
{
	offer("auto", "the driver that fits best");
	if (tool.devices == DEVICES_UNHIDDEN) {
		offer("vfio-pci", "the usual one");
		offer("pci-stub", "keeps it from all others, for a guest of old QEMU");
	} else {
		offer_values(devices, VFP_DRIVER);
	}
}

/* Hubs are in no one's way, but nothing can be done with them. */
static void offer_usb(struct vfp_ctx *ctx)
{
	struct vfp_device **devices = NULL;

	if (vfp_select(ctx, "usb:*", NULL, &devices) < 0)
		return;
	for (struct vfp_device **d = devices; *d; d++)
		if (!vfp_device_is_bridge(*d))
			offer_address(*d);
	vfp_devices_free(devices);
}

static void offer_from_devices(struct vfp_ctx *ctx, const char *type)
{
	struct vfp_device **devices = NULL;

	if (vfp_select(ctx, NULL, NULL, &devices) < 0)
		return;
	if (streq(type, "DRIVER"))
		offer_drivers(devices);
	else if (streq(type, "GROUP"))
		offer_values(devices, VFP_GROUP);
	else if (streq(type, "VENDOR"))
		offer_values(devices, VFP_IDS);
	else
		offer_devices(ctx, devices);
	vfp_devices_free(devices);
	if (tool.usb && streq(type, "DEVICE"))
		offer_usb(ctx);
}

/* Of "ADDRESS,DRI" only the last word is to be completed. */
static void complete_last_of_list(void)
{
	const char *last = now.prefix + strlen(now.prefix);
	char *lead;

	while (last > now.prefix && last[-1] != ',' && last[-1] != '+')
		last--;
	lead = strf("%s%.*s", nonnull(now.lead), (int)(last - now.prefix), now.prefix);
	free(now.lead);
	now.lead = lead;
	now.prefix = last;
}

static void offer_type(struct vfp_ctx *ctx, const char *type)
{
	if (streq(type, "DEVICE") || streq(type, "ADDRESS") || streq(type, "DRIVER") ||
	    streq(type, "GROUP") || streq(type, "VENDOR")) {
		offer_from_devices(ctx, type);
		if (tool.complete)
			tool.complete(ctx, type);
	} else if (streq(type, "FILE") || streq(type, "SOCKET") || streq(type, "DIR"))
		offer_files(nonnull(now.lead), now.prefix, streq(type, "DIR"));
	else if (streq(type, "KIND"))
		for (const char *const *k = vfp_force_kinds(); *k; k++)
			offer(*k, vfp_force_help(*k));
	else if (streq(type, "WHEN"))
		for (size_t i = 0; i < ARRAY_SIZE(times); i++)
			offer(times[i], NULL);
	else if (tool.complete) {
		if (streq(type, "COLUMNS"))
			complete_last_of_list();
		tool.complete(ctx, type);
	}
}

/* "raw|qcow2" */
static void offer_alternatives(const char *words)
{
	for (size_t n; *words; words += n + (words[n] == '|')) {
		_cleanup_free_ char *word = NULL;

		n = strcspn(words, "|");
		word = strndup(words, n);
		if (word)
			offer(word, NULL);
	}
}

static void offer_from_root(const struct said *said, const char *type)
{
	_cleanup_free_ char *root = said->sysroot ? expand_home(said->sysroot) : NULL;
	struct vfp_ctx *ctx = NULL;

	if (vfp_ctx_new(&ctx) < 0)
		return;
	if (!said->sysroot || (root && vfp_ctx_set_root(ctx, root) == 0))
		offer_type(ctx, type);
	vfp_ctx_free(ctx);
}

/*
 * The types are the first capitals of "[DEVICE...]", "KIND[:OBJECT]", and of each part of
 * "ID|DEVICE..."; "on" is all there is.
 */
static void offer_metavar(const struct said *said, const char *metavar)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!strpbrk(metavar, capitals)) {
		offer_alternatives(metavar);
		return;
	}
	while (metavar) {
		const char *begin = metavar + strcspn(metavar, capitals);
		_cleanup_free_ char *type = strndup(begin, strspn(begin, capitals));

		if (type && *type)
			offer_from_root(said, type);
		metavar = strchr(metavar, '|');
		metavar += !!metavar;
	}
}

/* -- what the words say ------------------------------------------------------------- */

/* The row of "--name", "--name=...", or of a letter. */
static const struct option_row *find_row(const char *name, int letter)
{
	struct option_set sets[OPTION_SETS];
	size_t n = tool_option_sets(sets), len = name ? strcspn(name, "=") : 0;

	for (size_t i = 0; i < n; i++)
		for (const struct option_row *row = sets[i].rows; row->name; row++)
			if (name ? strlen(row->name) == len &&
					    !strncmp(row->name, name, len)
				 : row->letter == letter)
				return row;
	return NULL;
}

static void read_word(struct said *said, const char *word)
{
	const struct option_row *row = said->awaits;
	const char *value = NULL;

	said->awaits = NULL;
	if (row) {
		value = word;
	} else if (said->ended || *word != '-' || streq(word, "-")) {
		if (!said->operands++)
			said->first = word;
	} else if (streq(word, "--")) {
		said->ended = true;
	} else {
		row = startswith(word, "--") ? find_row(word + 2, 0)
					     : find_row(NULL, word[strlen(word) - 1]);
		value = strchr(word, '=');
		if (value)
			value++;
		else if (row && row->metavar)
			said->awaits = row;
	}
	if (row && value && streq(row->name, "sysroot"))
		said->sysroot = value;
}

static void offer_options(void)
{
	struct option_set sets[OPTION_SETS];
	size_t n = tool_option_sets(sets);

	for (size_t i = 0; i < n; i++) {
		for (const struct option_row *row = sets[i].rows; row->name; row++) {
			_cleanup_free_ char *word = strf("--%s", row->name);

			if (word && row->help && !named_already(word))
				offer(word, row->help);
		}
	}
}

static void complete_last(const struct said *said, char *word)
{
	char *value = strchr(word, '=');
	const struct option_row *row = said->awaits;

	now.prefix = word;
	if (!row && !said->ended && startswith(word, "--") && value) {
		now.lead = strf("%.*s", (int)(value + 1 - word), word);
		now.prefix = value + 1;
		row = find_row(word + 2, 0);
		if (!row || !row->metavar)
			return;
	}
	if (row)
		offer_metavar(said, row->metavar);
	else if (!said->ended && *word == '-')
		offer_options();
	else if (tool.operands && said->operands < tool.max)
		offer_metavar(said, tool.more && said->first ? tool.more(said->first)
							     : tool.operands);
}

int complete_words(char **words)
{
	struct said said = { 0 };
	char nothing[] = "";

	now.words = words;
	for (; *words && words[1]; words++)
		read_word(&said, *words);
	complete_last(&said, *words ? *words : nothing);
	free(now.lead);
	now.lead = NULL;
	return fflush(stdout) == 0 ? 0 : -EIO;
}
