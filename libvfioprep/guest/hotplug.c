/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request: what a guest shall gain or lose, as properties with checked values. Each
 * kind is a row and a list of properties; a value is brought to one canonical form when
 * it is set, so that nothing behind this file has to check or to guess again.
 *
 * A refused value leaves its sentence in the request. A request that was asked for what
 * it could not take must not go out without it, and whoever renders it learns why.
 */
#include "guest/guest.h"

enum type { TEXT, SWITCH, NUMBER };

struct property {
	const char *name;
	enum type type;
	int (*canonical)(const char *value, char **ret);
	const char *wrong; /* after "NAME 'VALUE'": what is wrong and what to write */
};

struct kind_row {
	const char *name;
	const struct property *properties; /* the first identifies the device */
	char *(*derive_id)(const char *identity);
};

#define PROPERTIES_MAX 8
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct vfp_hotplug {
	enum kind kind;
	char *id, *derived_id;
	char *value[PROPERTIES_MAX];
	char *refused[PROPERTIES_MAX]; /* the sentence, until the property is set right */
	char *unknown; /* the sentence on a key that the kind does not have */
};

static int set_text(char **ret, char *text)
{
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

static int pci_host(const char *value, char **ret)
{
	char text[ADDRESS_MAX];
	struct address address;

	if (address_parse(value, &address) < 0 || address.any_function)
		return -EINVAL;
	address_format(&address, text);
	return set_text(ret, strdup(text));
}

/* A bus is named after its controller: "rp1", "pci.0"; "/" leads through the tree. */
static int bus_name(const char *value, char **ret)
{
	const char *p = value + (*value == '/');

	if (!*p || !strchr(LETTERS, *p) || p[strspn(p, LETTERS "0123456789_.-/")])
		return -EINVAL;
	return set_text(ret, strdup(value));
}

static const char *without_0x(const char *s)
{
	return startswith(s, "0x") ? s + 2 : s;
}

int slot_parse(const char *text, unsigned int *ret_slot, unsigned int *ret_function)
{
	const char *dot = strchr(text, '.');
	_cleanup_free_ char *slot_text =
		strndup(text, dot ? (size_t)(dot - text) : strlen(text));
	uint64_t slot, function = 0;

	if (!slot_text)
		return -ENOMEM;
	if (parse_number(without_0x(slot_text), 16, 0x1f, &slot) < 0)
		return -EINVAL;
	if (dot && parse_number(without_0x(dot + 1), 16, 7, &function) < 0)
		return -EINVAL;
	*ret_slot = slot;
	*ret_function = function;
	return 0;
}

static int pci_slot(const char *value, char **ret)
{
	unsigned int slot, function;
	int r = slot_parse(value, &slot, &function);

	if (r < 0)
		return r;
	return set_text(ret, function ? strf("0x%x.0x%x", slot, function)
				      : strf("0x%x", slot));
}

static int on_off(const char *value, char **ret)
{
	if (!streq(value, "on") && !streq(value, "off"))
		return -EINVAL;
	return set_text(ret, strdup(value));
}

static int zero_one(const char *value, char **ret)
{
	if (!streq(value, "0") && !streq(value, "1"))
		return -EINVAL;
	return set_text(ret, strdup(value));
}

/* JSON and XML hold text: no invalid UTF-8, no control characters, no U+FFFE, U+FFFF. */
static int file_path(const char *value, char **ret)
{
	_cleanup_free_ char *shown = escape(value);

	if (!shown)
		return -ENOMEM;
	if (!*value || !streq(shown, value) || strstr(value, "\xef\xbf\xbe") ||
	    strstr(value, "\xef\xbf\xbf"))
		return -EINVAL;
	return set_text(ret, take(shown));
}

/* Without dots, although QEMU takes them: libvirt silently drops an alias with a dot. */
static char *pci_id(const char *host)
{
	char *id = strf("vfio-%s", host);

	for (char *p = id; p && *p; p++)
		if (*p == ':' || *p == '.')
			*p = '-';
	return id;
}

static const struct property pci_properties[] = {
	{ "host", TEXT, pci_host,
	  "is not the address of one PCI function; write it as 05:00.0 or 0000:05:00.0" },
	{ "bus", TEXT, bus_name,
	  "cannot be a bus of QEMU; write the id of a root port or a bus as rp1 or pci.0" },
	{ "addr", TEXT, pci_slot,
	  "is not a slot of the guest; write SLOT or SLOT.FUNCTION in hex, up to 1f.7" },
	{ "multifunction", SWITCH, on_off, "is no switch; write on or off" },
	{ "rombar", NUMBER, zero_one, "is not 0 (hide the ROM) or 1 (show it)" },
	{ "romfile", TEXT, file_path,
	  "is not a file name in printable UTF-8; give the ROM image another name" },
	{ 0 },
};

_Static_assert(ARRAY_SIZE(pci_properties) <= PROPERTIES_MAX, "more room for properties");

static const struct kind_row kinds[_KIND_MAX] = {
	[KIND_PCI] = { "pci", pci_properties, pci_id },
};

const char *hotplug_kind_name(enum kind kind)
{
	return kinds[kind].name;
}

enum kind hotplug_kind(const struct vfp_hotplug *hotplug)
{
	return hotplug->kind;
}

/* QEMU's rule, util/id.c; it has no limit of length. */
static bool id_valid(const char *id)
{
	return *id && strchr(LETTERS, *id) && !id[strspn(id, LETTERS "0123456789_.-")];
}

static int property_index(const struct vfp_hotplug *hotplug, const char *key)
{
	const struct property *properties = kinds[hotplug->kind].properties;

	for (int i = 0; properties[i].name; i++)
		if (streq(properties[i].name, key))
			return i;
	return -EINVAL;
}

_public_ int vfp_hotplug_new(const char *kind, const char *id,
			     struct vfp_hotplug **ret_hotplug)
{
	struct vfp_hotplug *hotplug;
	int k = 0;

	while (k < _KIND_MAX && !streq(kinds[k].name, kind))
		k++;
	if (k == _KIND_MAX || (id && !id_valid(id)))
		return -EINVAL;
	hotplug = calloc(1, sizeof(*hotplug));
	if (!hotplug)
		return -ENOMEM;
	hotplug->kind = k;
	if (id && !(hotplug->id = strdup(id))) {
		free(hotplug);
		return -ENOMEM;
	}
	*ret_hotplug = hotplug;
	return 0;
}

_public_ void vfp_hotplug_free(struct vfp_hotplug *hotplug)
{
	if (!hotplug)
		return;
	for (size_t i = 0; i < PROPERTIES_MAX; i++) {
		free(hotplug->value[i]);
		free(hotplug->refused[i]);
	}
	free(hotplug->unknown);
	free(hotplug->derived_id);
	free(hotplug->id);
	free(hotplug);
}

static void replace(char **where, char *text)
{
	free(*where);
	*where = text;
}

static int keep_sentence(char **where, int error, char *sentence)
{
	replace(where, sentence);
	return sentence ? error : -ENOMEM;
}

static int refuse_key(struct vfp_hotplug *hotplug, const char *key)
{
	const struct property *p = kinds[hotplug->kind].properties;
	_cleanup_free_ char *shown = escape(key);
	_cleanup_str_ struct str known = { 0 };

	for (; p->name; p++)
		if (str_add(&known, "%s%s", known.len ? ", " : "", p->name) < 0)
			return -ENOMEM;
	return keep_sentence(&hotplug->unknown, -EINVAL,
			     strf("kind %s has no property '%s'; it has %s",
				  hotplug_kind_name(hotplug->kind), nonnull(shown),
				  known.s));
}

_public_ int vfp_hotplug_set(struct vfp_hotplug *hotplug, const char *key,
			     const char *value)
{
	const struct kind_row *kind = &kinds[hotplug->kind];
	_cleanup_free_ char *canonical = NULL, *shown = NULL, *derived = NULL;
	int i = property_index(hotplug, key), r;

	if (i < 0)
		return refuse_key(hotplug, key);
	r = kind->properties[i].canonical(value, &canonical);
	if (r == -EINVAL) {
		shown = escape(value);
		return keep_sentence(&hotplug->refused[i], r,
				     strf("%s '%s' %s", key, nonnull(shown),
					  kind->properties[i].wrong));
	}
	if (r < 0)
		return r;
	if (i == 0) {
		derived = kind->derive_id(canonical);
		if (!derived)
			return -ENOMEM;
		replace(&hotplug->derived_id, take(derived));
	}
	replace(&hotplug->value[i], take(canonical));
	replace(&hotplug->refused[i], NULL);
	return 0;
}

_public_ const char *vfp_hotplug_id(const struct vfp_hotplug *hotplug)
{
	return hotplug->id ? hotplug->id : hotplug->derived_id;
}

const char *hotplug_get(const struct vfp_hotplug *hotplug, const char *key)
{
	int i = property_index(hotplug, key);

	return i < 0 ? NULL : hotplug->value[i];
}

int hotplug_need(const struct vfp_hotplug *hotplug, const char *key,
		 const char **ret_value, char **why)
{
	const char *value = hotplug_get(hotplug, key);

	if (!value)
		return say_why(why, -EINVAL, "%s is missing; set it", key);
	*ret_value = value;
	return 0;
}

int hotplug_put(const struct vfp_hotplug *hotplug, const char *key, json_t *args)
{
	int i = property_index(hotplug, key);
	const char *value = i < 0 ? NULL : hotplug->value[i];
	json_t *json = NULL;

	if (!value)
		return 0;
	switch (kinds[hotplug->kind].properties[i].type) {
	case TEXT:
		json = json_string(value);
		break;
	case SWITCH:
		json = json_boolean(streq(value, "on"));
		break;
	case NUMBER:
		json = json_integer(atoll(value));
		break;
	}
	return json_put(args, key, json);
}

int hotplug_ready(const struct vfp_hotplug *hotplug, char **why)
{
	if (hotplug->unknown)
		return say_why(why, -EINVAL, "%s", hotplug->unknown);
	for (size_t i = 0; i < PROPERTIES_MAX; i++)
		if (hotplug->refused[i])
			return say_why(why, -EINVAL, "%s", hotplug->refused[i]);
	return 0;
}
