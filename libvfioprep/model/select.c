/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selectors: from the words of a person to PCI functions and USB devices. An address goes
 * straight to the device's folder; only ids and "all" look at every device. An interface or a
 * disk stands for its PCI function only when nothing else hangs below that, since whoever says
 * "sdb" does not mean sda on the same controller.
 *
 * The text comes from command lines, hooks and configuration, so it is bounded and
 * checked before it becomes part of any path, and escaped and cut before it is quoted.
 */
#include "model/model.h"

#include <ctype.h>

#define SELECTOR_MAX 255
#define QUOTE_MAX    60
#define LIST_SHOWN   8

struct selection {
	struct vfp_ctx *ctx;
	bool many; /* ids may name several devices */
	char **why;
	struct vfp_device **list;
	size_t n;
};

/* @text fit to be quoted: short, and without control characters. */
static char *quote(const char *text)
{
	_cleanup_free_ char *start = strndup(text, QUOTE_MAX), *escaped = NULL;

	escaped = start ? escape(start) : NULL;
	if (!escaped)
		return NULL;
	return strf("%s%s", escaped, strlen(text) > QUOTE_MAX ? "..." : "");
}

static int refuse_text(struct selection *s, int error, const char *text,
		       const char *reason)
{
	_cleanup_free_ char *quoted = quote(text);

	return quoted ? say_why(s->why, error, "%s: %s", quoted, reason) : -ENOMEM;
}

static int no_device(struct selection *s, const char *text)
{
	return refuse_text(s, -ENODEV, text, "no such device");
}

/* -- PCI: addresses, ids, groups ----------------------------------------------------- */

/* Append the function at @address; -ENODEV when there is none, and nothing is said. */
static int add_device(struct selection *s, const char *address)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	int r = device_load(s->ctx, address, &device);

	r = r ?: list_add((void ***)&s->list, &s->n, device);
	if (r == 0)
		device = NULL;
	return r;
}

static int select_address(struct selection *s, const char *text, struct address address)
{
	unsigned int first = address.any_function ? 0 : address.function;
	unsigned int last = address.any_function ? 7 : address.function;
	char name[ADDRESS_MAX];

	for (unsigned int f = first; f <= last; f++) {
		int r;

		address.function = (uint8_t)f;
		address_format(&address, name);
		r = add_device(s, name);
		if (r < 0 && r != -ENODEV)
			return r;
	}
	return s->n ? 0 : no_device(s, text);
}

static int compare_devices(const void *a, const void *b)
{
	const struct vfp_device *const *m = a, *const *n = b;

	return address_compare(device_address(*m), device_address(*n));
}

/* Every function whose ids are @ids; NULL takes all. */
static int scan(struct selection *s, const char *ids)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list(s->ctx, PCI_DEVICES, &names);

	if (r == -ENOENT)
		return 0;
	for (char **name = names; r == 0 && *name; name++) {
		r = add_device(s, *name);
		if (r == -ENODEV) {
			r = 0;
		} else if (r == 0 && ids &&
			   !streq(ids, s->list[s->n - 1]->value[VFP_IDS])) {
			device_free(s->list[--s->n]);
			s->list[s->n] = NULL;
		}
	}
	if (r == 0 && s->n)
		qsort(s->list, s->n, sizeof(*s->list), compare_devices);
	return r;
}

/* "8086:10fb", in lower case in @ids. */
static bool parse_ids(const char *text, char ids[10])
{
	if (strlen(text) != 9 || text[4] != ':')
		return false;
	for (size_t i = 0; i < 9; i++)
		if (i != 4 && !isxdigit((unsigned char)text[i]))
			return false;
	for (size_t i = 0; i <= 9; i++)
		ids[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

/* "0000:05:00.0, 0000:06:00.0 and 3 more" */
static char *join_shown(char *const *list)
{
	_cleanup_str_ struct str text = { 0 };
	size_t n = list_length((void *)list);

	for (size_t i = 0; i < n && i < LIST_SHOWN; i++)
		if (str_add(&text, "%s%s", i ? ", " : "", list[i]) < 0)
			return NULL;
	if (n > LIST_SHOWN && str_add(&text, " and %zu more", n - LIST_SHOWN) < 0)
		return NULL;
	return take(text.s);
}

static int refuse_several(struct selection *s, const char *ids)
{
	_cleanup_free_ char **addresses = calloc(s->n + 1, sizeof(char *)), *text = NULL;

	for (size_t i = 0; addresses && i < s->n; i++)
		addresses[i] = s->list[i]->value[VFP_ADDRESS];
	text = addresses ? join_shown(addresses) : NULL;
	if (!text)
		return -ENOMEM;
	return say_why(
		s->why, -EINVAL,
		"%s is ambiguous: it is %s; name one by its address, or ask for all", ids,
		text);
}

/* Ids may be those of several devices, and of none. */
static int one_of(struct selection *s, const char *ids, const char *none)
{
	if (!s->n)
		return say_why(s->why, -ENODEV, "%s: %s", ids, none);
	return s->n > 1 && !s->many ? refuse_several(s, ids) : 0;
}

static int select_group(struct selection *s, const char *text)
{
	_cleanup_strings_ char **addresses = NULL;
	uint64_t number;
	int r;

	if (parse_number(text + strlen("group:"), 10, INT32_MAX, &number) < 0)
		return refuse_text(s, -EINVAL, text, "not the number of an IOMMU group");
	r = group_members(s->ctx, (int)number, &addresses);
	if (r == -ENOENT)
		return say_why(s->why, -ENODEV, "group:%u: no such IOMMU group",
			       (unsigned int)number);
	for (char **address = addresses; r == 0 && *address; address++) {
		r = add_device(s, *address);
		if (r == -ENODEV)
			r = 0;
	}
	if (r == 0 && s->n == 0)
		return say_why(s->why, -ENODEV, "group:%u: no PCI device is in it",
			       (unsigned int)number);
	return r;
}

/* -- USB ----------------------------------------------------------------------------- */

static int add_usb(struct selection *s, const char *name)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	int r = usb_load(s->ctx, name, &device);

	r = r ?: list_add((void ***)&s->list, &s->n, device);
	if (r == 0)
		device = NULL;
	return r;
}

static int compare_usb(const void *a, const void *b)
{
	const struct vfp_device *const *m = a, *const *n = b;

	return usb_compare(device_address(*m), device_address(*n));
}

static int add_all_usb(struct selection *s, char *const *names)
{
	int r = 0;

	for (; r == 0 && *names; names++) {
		r = add_usb(s, *names);
		if (r == -ENODEV)
			r = 0;
	}
	if (r == 0 && s->n)
		qsort(s->list, s->n, sizeof(*s->list), compare_usb);
	return r;
}

static int select_usb(struct selection *s, const char *text)
{
	_cleanup_free_ char *name = NULL;
	int r = usb_find(s->ctx, text, &name);

	r = r ?: add_usb(s, name);
	return r == -ENODEV ? no_device(s, text) : r;
}

/* What comes after "usb:". */
static int select_usb_form(struct selection *s, const char *text)
{
	_cleanup_strings_ char **names = NULL;
	char ids[10] = "";
	int r;

	if (usb_is_form(text, true))
		return select_usb(s, text);
	if (!parse_ids(text, ids) && !streq(text, "*"))
		return refuse_text(
			s, -EINVAL, *text ? text : "usb",
			"names no USB device; say 3-1.2 (a port), 003.007 (bus "
			"and device) or 03f0:8607 (ids)");
	r = usb_with_ids(s->ctx, *ids ? ids : NULL, &names) ?: add_all_usb(s, names);
	return r == 0 && *ids ? one_of(s, ids, "no USB device has these ids") : r;
}

/* -- ids, of whichever bus ----------------------------------------------------------- */

static int select_ids(struct selection *s, const char *ids)
{
	_cleanup_strings_ char **usb = NULL;
	int r = scan(s, ids);

	r = r ?: usb_with_ids(s->ctx, ids, &usb);
	if (r < 0)
		return r;
	if (*usb && s->n)
		return say_why(s->why, -EINVAL,
			       "%s is ambiguous: a PCI and a USB device have these ids; "
			       "say pci:%s or usb:%s",
			       ids, ids, ids);
	return add_all_usb(s, usb) ?: one_of(s, ids, "no device has these ids");
}

/* -- the forms ----------------------------------------------------------------------- */

static bool has_dot_component(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "/");

		if ((len == 1 && text[0] == '.') ||
		    (len == 2 && strncmp(text, "..", 2) == 0))
			return true;
		text += len + (text[len] == '/');
	}
	return false;
}

static int refuse_malformed(struct selection *s, const char *text)
{
	if (!*text)
		return say_why(s->why, -EINVAL, "an empty word names no device");
	if (strlen(text) > SELECTOR_MAX)
		return refuse_text(s, -EINVAL, text, "too long to name a device");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return refuse_text(
				s, -EINVAL, text,
				"blanks and control characters name no device");
	if (has_dot_component(text))
		return refuse_text(s, -EINVAL, text, "not a device");
	return 0;
}

static int select_named(struct selection *s, const char *text)
{
	_cleanup_free_ char *address = NULL, *quoted = quote(text);
	int r;

	if (!quoted)
		return -ENOMEM;
	r = name_to_function(s->ctx, text, quoted, s->why, &address);
	if (r < 0)
		return r;
	r = add_device(s, address);
	return r == -ENODEV ? no_device(s, text) : r;
}

static int select_form(struct selection *s, const char *text)
{
	bool pci = startswith(text, "pci:");
	struct address address;
	char ids[10];

	if (startswith(text, "usb:"))
		return select_usb_form(s, text + 4);
	if (pci)
		text += 4;
	if (parse_ids(text, ids) && !pci)
		return select_ids(s, ids);
	if (parse_ids(text, ids))
		return scan(s, ids) ?: one_of(s, ids, "no PCI device has these ids");
	if (address_parse(text, &address) == 0)
		return select_address(s, text, address);
	if (pci)
		return refuse_text(s, -EINVAL, text,
				   "neither a PCI address nor a pair of ids");
	if (startswith(text, "group:"))
		return select_group(s, text);
	if (usb_is_form(text, false))
		return select_usb(s, text);
	return select_named(s, text);
}

static int select_devices(struct vfp_ctx *ctx, const char *text, bool many, char **why,
			  struct vfp_device ***ret_devices)
{
	struct selection s = { .ctx = ctx, .many = many, .why = why };
	_cleanup_devices_ struct vfp_device **list = NULL;
	int r;

	clear_why(why);
	if (text)
		r = refuse_malformed(&s, text) ?: select_form(&s, text);
	else
		r = scan(&s, NULL);
	list = s.list ?: calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (r < 0 && why && !*why)
		*why = strf("%s", strerror(-r));
	if (r == 0)
		*ret_devices = take(list);
	return r;
}

_public_ int vfp_select(struct vfp_ctx *ctx, const char *selector, char **why,
			struct vfp_device ***ret_devices)
{
	return select_devices(ctx, selector, false, why, ret_devices);
}

_public_ int vfp_select_matching(struct vfp_ctx *ctx, const char *selector, char **why,
				 struct vfp_device ***ret_devices)
{
	return select_devices(ctx, selector, true, why, ret_devices);
}
