/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Cloud Hypervisor's answers mean. Up to version 52 every refusal has the status 500,
 * later ones have one each, so a status settles little: what the guest has is told by vm.info
 * alone. There the tree of devices counts: what was asked to go leaves the configuration at
 * once, and the tree only when the guest has let go of it.
 */
#include "guest-ch.h"

#define DEPTH_MAX 64
#define WORDS_MAX 600

/* What vm.info has of a device, by the request that adds such a one. */
static const struct section {
	const char *name, *kind;
} sections[] = {
	{ "devices", "pci" }, { "disks", "disk" }, { "net", "nic" },
	{ "fs", "fs" },       { "pmem", "pmem" },  { "vsock", "vsock" },
};

/* -- reading ------------------------------------------------------------------------------ */

/* jansson goes down into what is nested, so what is nested too deeply is not given to it. */
static bool is_shallow(const char *text, size_t n)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr("[{", text[i]) && text[i])
			depth++;
		else if (!quoted && strchr("]}", text[i]) && text[i])
			depth--;
		if (depth > DEPTH_MAX)
			return false;
	}
	return true;
}

static json_t *parse(const char *text, size_t n)
{
	return n <= CH_ANSWER_MAX && is_shallow(text, n)
		     ? json_loadb(nonnull(text), n, JSON_REJECT_DUPLICATES, NULL)
		     : NULL;
}

/* -- refusals ----------------------------------------------------------------------------- */

/* Since version 47 a list, from what failed to why; before, and elsewhere, plain words. */
static int add_words(const char *body, size_t n, struct str *words)
{
	_cleanup_json_ json_t *json = parse(body, n);
	const json_t *item;
	size_t i;
	int r = 0;

	if (!json_is_array(json))
		return str_add_bytes(words, nonnull(body), strnlen(nonnull(body), n));
	json_array_foreach(json, i, item) {
		if (json_is_string(item) && r == 0)
			r = str_add(words, "%s%s", words->len ? ": " : "",
				    json_string_value(item));
	}
	return r;
}

static char *words_of(long status, const char *body, size_t n)
{
	_cleanup_str_ struct str words = { 0 };

	if (add_words(body, n, &words) < 0)
		return NULL;
	if (!words.len)
		return strf("status %ld of HTTP, without a word", status);
	if (words.len > WORDS_MAX)
		words.s[WORDS_MAX] = '\0';
	return escape(chomp(words.s));
}

static int error_of(long status)
{
	switch (status) {
	case 200:
	case 204:
		return 0;
	case 404:
		return -ENOENT;
	case 429:
		return -EAGAIN;
	}
	return status >= 400 && status < 600 ? -EREMOTEIO : -EPROTO;
}

int ch_outcome(long status, const char *body, size_t n, char **ret_why)
{
	int r = error_of(status);
	char *why = r < 0 ? words_of(status, body, n) : NULL;

	if (r < 0 && !why)
		return -ENOMEM;
	if (r < 0)
		*ret_why = why;
	return r;
}

/* -- vm.info ------------------------------------------------------------------------------ */

/* A guest that has not begun has no tree yet. */
int ch_info_parse(const char *text, size_t n, json_t **ret_info)
{
	_cleanup_json_ json_t *json = parse(text, n);
	const json_t *tree = json_object_get(json, "device_tree");

	if (!json_is_object(json_object_get(json, "config")) ||
	    !json_is_string(json_object_get(json, "state")) ||
	    (tree && !json_is_object(tree) && !json_is_null(tree)))
		return -EPROTO;
	if (!json_is_object(tree) &&
	    strcmp(json_string_value(json_object_get(json, "state")), "Created") != 0 &&
	    strcmp(json_string_value(json_object_get(json, "state")), "Shutdown") != 0)
		return -EPROTO;
	*ret_info = take(json);
	return 0;
}

/* The value @entry of a section when it has @id; sections are lists, vsock's is no list. */
static const json_t *entry_with_id(const json_t *entry, const char *id)
{
	const char *own = json_string_value(json_object_get(entry, "id"));

	return own && streq(own, id) ? entry : NULL;
}

static const json_t *find_in_section(const json_t *section, const char *id)
{
	const json_t *found = entry_with_id(section, id);
	json_t *entry;
	size_t i;

	json_array_foreach(section, i, entry) {
		if (!found)
			found = entry_with_id(entry, id);
	}
	return found;
}

static const json_t *find_entry(const json_t *info, const char *id, const char **ret_kind)
{
	const json_t *config = json_object_get(info, "config"), *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sections) && !found; i++) {
		found = find_in_section(json_object_get(config, sections[i].name), id);
		if (found)
			*ret_kind = sections[i].kind;
	}
	return found;
}

/* The virtio devices have a PCI device above them in the tree, with a name made from theirs. */
static bool tree_has(const json_t *tree, const char *id)
{
	_cleanup_free_ char *parent = strf("_virtio-pci-%s", id);

	return json_object_get(tree, id) || !parent || json_object_get(tree, parent);
}

bool ch_info_has(const json_t *info, const char *id)
{
	const json_t *tree = json_object_get(info, "device_tree");
	const char *kind;

	return json_is_object(tree) ? tree_has(tree, id)
				    : find_entry(info, id, &kind) != NULL;
}

/* -- what is there ------------------------------------------------------------------------ */

static size_t path_length(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

/* Does it have this form, where h is a hexadecimal digit? */
static bool has_form(const char *s, const char *form)
{
	for (; *form; s++, form++)
		if (*form == 'h' ? !*s || !strchr("0123456789abcdef", *s) : *s != *form)
			return false;
	return !*s;
}

/* "0000:05:00.0"; domains may be longer. */
static bool is_address(const char *s)
{
	size_t domain = strspn(s, "0123456789abcdef");

	return domain >= 4 && domain <= 8 && has_form(s + domain, ":hh:hh.h");
}

/* The last part of the device's folder in sysfs; NULL for what is no PCI device. */
static int address_of_path(const char *path, char **ret)
{
	_cleanup_free_ char *copy = strndup(path, path_length(path));
	const char *slash = copy ? strrchr(copy, '/') : NULL;
	char *address;

	if (!copy)
		return -ENOMEM;
	if (!slash || !is_address(slash + 1))
		return 0;
	address = strdup(slash + 1);
	if (!address)
		return -ENOMEM;
	*ret = address;
	return 0;
}

int ch_info_find(const json_t *info, const char *id, char **ret_kind, char **ret_device)
{
	_cleanup_free_ char *kind = NULL, *device = NULL;
	const char *name = "", *path;
	const json_t *entry;
	int r = 0;

	if (!ch_info_has(info, id))
		return -ENOENT;
	entry = find_entry(info, id, &name);
	path = json_string_value(json_object_get(entry, "path"));
	if (path && streq(name, "pci"))
		r = address_of_path(path, &device);
	kind = strdup(name);
	if (r < 0 || !kind)
		return -ENOMEM;
	*ret_kind = take(kind);
	*ret_device = take(device);
	return 0;
}

/* Are they the same text, but for slashes at the end? */
static bool same_text(const json_t *a, const json_t *b)
{
	size_t n = path_length(json_string_value(a));

	return n == path_length(json_string_value(b)) &&
	       strncmp(json_string_value(a), json_string_value(b), n) == 0;
}

/* Of what was asked for in words, all that the guest tells must agree; numbers may be its own. */
bool ch_info_is(const json_t *info, const char *id, const json_t *body)
{
	const char *kind, *key;
	const json_t *entry = find_entry(info, id, &kind), *wanted;
	bool same = entry && ch_info_has(info, id);

	/* The macro takes no const; nothing is changed. */
	json_object_foreach((json_t *)body, key, wanted) {
		const json_t *has = json_object_get(entry, key);

		if (json_is_string(wanted) && json_is_string(has))
			same = same && same_text(wanted, has);
		else if (json_is_string(wanted))
			same = false;
	}
	return same;
}

/* -- sizes -------------------------------------------------------------------------------- */

static json_int_t number_at(const json_t *object, const char *first, const char *second)
{
	const json_t *value = json_object_get(object, first);

	return json_integer_value(second ? json_object_get(value, second) : value);
}

static json_int_t vcpus_of(const json_t *info)
{
	return number_at(json_object_get(info, "config"), "cpus", "boot_vcpus");
}

bool ch_info_has_size(const json_t *info, const json_t *body)
{
	const json_t *vcpus = json_object_get(body, "desired_vcpus");
	const json_t *memory = json_object_get(body, "desired_ram");

	return (!vcpus || json_integer_value(vcpus) == vcpus_of(info)) &&
	       (!memory || json_integer_value(memory) ==
				   number_at(info, "memory_actual_size", NULL));
}

/* What ACPI has added it takes away at the next boot alone. */
int ch_info_can_have_size(const json_t *info, const json_t *body, char **ret_why)
{
	const json_t *memory = json_object_get(json_object_get(info, "config"), "memory");
	const char *method = json_string_value(json_object_get(memory, "hotplug_method"));
	json_int_t wanted = number_at(body, "desired_ram", NULL);

	if (!wanted || wanted >= number_at(info, "memory_actual_size", NULL) ||
	    (method && !streq(method, "Acpi")))
		return 0;
	*ret_why = strf("it has more, and memory that it got by ACPI leaves it when it "
			"boots again; only virtio-mem shrinks");
	return *ret_why ? -EREMOTEIO : -ENOMEM;
}
