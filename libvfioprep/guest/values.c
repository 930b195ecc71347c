/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of properties: each function brings the ways in which a value may be written
 * to one canonical form, or refuses it with -EINVAL. What is behind them has not to check
 * or to guess again; what two values mean for each other is for the cells to judge.
 */
#include "guest/guest.h"

#include <ctype.h>
#include <inttypes.h>

#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS     "0123456789"
#define WORD       LETTERS DIGITS "_.-"

#define IFNAME_MAX 15
#define TAG_MAX    36 /* of virtiofs, in bytes */

static int set_text(char **ret, char *text)
{
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

/* -- text ---------------------------------------------------------------------------- */

static bool has_form(const char *value, const char *form)
{
	size_t i = 0;

	for (; form[i] && value[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)value[i])
				   : value[i] != form[i])
			return false;
	return !form[i] && !value[i];
}

static int set_lower(char **ret, const char *value)
{
	char *text = strdup(value);

	for (char *p = text; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return set_text(ret, text);
}

/* JSON and XML hold text: no invalid UTF-8, no control characters, no U+FFFE, U+FFFF. */
int value_path(const char *value, char **ret)
{
	_cleanup_free_ char *shown = escape(value);

	if (!shown)
		return -ENOMEM;
	if (!*value || !streq(shown, value) || strstr(value, "\xef\xbf\xbe") ||
	    strstr(value, "\xef\xbf\xbf"))
		return -EINVAL;
	return set_text(ret, take(shown));
}

int value_absolute_path(const char *value, char **ret)
{
	return *value == '/' ? value_path(value, ret) : -EINVAL;
}

/* A program must not take it for an option. */
int value_domain(const char *value, char **ret)
{
	return *value == '-' ? -EINVAL : value_path(value, ret);
}

int value_tag(const char *value, char **ret)
{
	return strlen(value) > TAG_MAX ? -EINVAL : value_path(value, ret);
}

int value_word(const char *value, char **ret)
{
	if (!*value || !strchr(LETTERS DIGITS, *value) || value[strspn(value, WORD)])
		return -EINVAL;
	return set_text(ret, strdup(value));
}

/* A bus is named after its controller: "rp1", "pci.0"; "/" leads through the tree. */
int value_bus(const char *value, char **ret)
{
	const char *p = value + (*value == '/');

	if (!*p || !strchr(LETTERS, *p) || p[strspn(p, WORD "/")])
		return -EINVAL;
	return set_text(ret, strdup(value));
}

/* The type behind a model is named after its target, unless it was given as a type. */
int value_cpu_model(const char *value, char **ret)
{
	_cleanup_free_ char *word = NULL;
	int r = value_word(value, &word);

	if (r < 0)
		return r;
	return set_text(ret,
			strstr(word, "-cpu") ? take(word) : strf("%s-x86_64-cpu", word));
}

int value_uuid(const char *value, char **ret)
{
	if (!has_form(value, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
		return -EINVAL;
	return set_lower(ret, value);
}

/* -- switches and choices ------------------------------------------------------------- */

static int one_of(const char *value, const char *const *choices, char **ret)
{
	for (; *choices; choices++)
		if (streq(*choices, value))
			return set_text(ret, strdup(value));
	return -EINVAL;
}

#define CHOICE(name, ...)                                                              \
	int value_##name(const char *value, char **ret)                                \
	{                                                                              \
		return one_of(value, (const char *const[]){ __VA_ARGS__, NULL }, ret); \
	}

CHOICE(switch, "on", "off")
CHOICE(zero_one, "0", "1")
CHOICE(memory_backend, "ram", "file", "memfd")
CHOICE(memory_model, "pc-dimm", "virtio-mem-pci")
CHOICE(pmem_model, "virtio-pmem-pci", "nvdimm")
CHOICE(disk_model, "virtio-blk-pci", "scsi-hd")
CHOICE(disk_type, "file", "block")
CHOICE(disk_format, "raw", "qcow2")

/* -- numbers -------------------------------------------------------------------------- */

static int number_between(const char *value, uint64_t min, uint64_t max, char **ret)
{
	uint64_t number;

	if (parse_number(value, 10, max, &number) < 0 || number < min)
		return -EINVAL;
	return set_text(ret, strf("%" PRIu64, number));
}

int value_number(const char *value, char **ret)
{
	return number_between(value, 0, UINT16_MAX, ret);
}

int value_count(const char *value, char **ret)
{
	return number_between(value, 1, UINT16_MAX, ret);
}

int value_usb_address(const char *value, char **ret)
{
	return number_between(value, 1, 127, ret);
}

/* 0 to 2 are the hypervisor's, the local one and the host's; the last one is "any". */
int value_cid(const char *value, char **ret)
{
	return number_between(value, 3, UINT32_MAX - 1, ret);
}

int value_queue_size(const char *value, char **ret)
{
	uint64_t size;

	if (parse_number(value, 10, 1024, &size) < 0 || !size || (size & (size - 1)))
		return -EINVAL;
	return set_text(ret, strf("%" PRIu64, size));
}

static int size_from(const char *value, uint64_t min, char **ret)
{
	uint64_t size;

	if (parse_size(value, &size) < 0 || size < min || size > INT64_MAX ||
	    size % MEMORY_STEP)
		return -EINVAL;
	return set_text(ret, strf("%" PRIu64, size));
}

int value_size(const char *value, char **ret)
{
	return size_from(value, MEMORY_STEP, ret);
}

int value_size_or_0(const char *value, char **ret)
{
	return size_from(value, 0, ret);
}

/* -- addresses ------------------------------------------------------------------------ */

int value_pci_host(const char *value, char **ret)
{
	char text[ADDRESS_MAX];
	struct address address;

	if (address_parse(value, &address) < 0 || address.any_function)
		return -EINVAL;
	address_format(&address, text);
	return set_text(ret, strdup(text));
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

int value_pci_slot(const char *value, char **ret)
{
	unsigned int slot, function;
	int r = slot_parse(value, &slot, &function);

	if (r < 0)
		return r;
	return set_text(ret, function ? strf("0x%x.0x%x", slot, function)
				      : strf("0x%x", slot));
}

/* "1.2": the ports from the root hub down. */
int value_usb_port(const char *value, char **ret)
{
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *part;
	uint64_t port;

	if (!copy)
		return -ENOMEM;
	while ((part = strsep(&rest, ".")))
		if (parse_number(part, 10, 255, &port) < 0 || !port || *part == '0')
			return -EINVAL;
	return set_text(ret, strdup(value));
}

int usb_bus_number(const char *bus, uint64_t *ret)
{
	_cleanup_free_ char *number = startswith(bus, "usb") ? strdup(bus + 3) : NULL;

	if (!number)
		return -EINVAL;
	if (endswith(number, ".0"))
		number[strlen(number) - 2] = '\0';
	*ret = 0;
	return *number ? parse_number(number, 10, UINT16_MAX, ret) : 0;
}

int value_usb_id(const char *value, char **ret)
{
	uint64_t id;

	if (parse_number(without_0x(value), 16, 0xffff, &id) < 0)
		return -EINVAL;
	return set_text(ret, strf("0x%04x", (unsigned int)id));
}

/* The lowest bit of the first byte is that of a group; a device has an address of its own. */
int value_mac(const char *value, char **ret)
{
	if (!has_form(value, "xx:xx:xx:xx:xx:xx") || strchr("13579bdfBDF", value[1]))
		return -EINVAL;
	return set_lower(ret, value);
}

static bool ifname_valid(const char *name)
{
	return *name && strlen(name) <= IFNAME_MAX && strchr(LETTERS DIGITS, *name) &&
	       !name[strspn(name, WORD)];
}

int value_nic_backend(const char *value, char **ret)
{
	static const char *const interfaces[] = { "tap=", "bridge=", "macvtap=" };
	_cleanup_free_ char *path = NULL;
	int r = streq(value, "user") ? 0 : -EINVAL;

	if (startswith(value, "vhost-user="))
		r = value_path(value + strlen("vhost-user="), &path);
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		if (startswith(value, interfaces[i]) &&
		    ifname_valid(value + strlen(interfaces[i])))
			r = 0;
	return r ?: set_text(ret, strdup(value));
}
