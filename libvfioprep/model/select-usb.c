/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a person's words to the names of USB devices: a port path ("3-1.2"), a bus and the
 * number of a device on it ("003.003", "003/003"), and ids, which several may have.
 */
#include "model/model.h"

/* "003.003" or "003/003"; @loose: "3.3" as well. */
static bool parse_place(const char *text, bool loose, int *ret_bus, int *ret_number)
{
	size_t bus = strspn(text, "0123456789"), number;

	if (bus < (loose ? 1 : 3) || bus > 3 || (text[bus] != '.' && text[bus] != '/'))
		return false;
	number = strspn(text + bus + 1, "0123456789");
	if (number < (loose ? 1 : 3) || number > 3 || text[bus + 1 + number])
		return false;
	*ret_bus = atoi(text);
	*ret_number = atoi(text + bus + 1);
	return true;
}

bool usb_is_form(const char *text, bool loose)
{
	int bus, number;

	/* An interface may be called usb0. */
	return (usb_is_name(text) && (loose || !startswith(text, "usb"))) ||
	       parse_place(text, loose, &bus, &number);
}

/* The names of all USB devices, hubs too; interfaces ("3-1:1.0") are no devices. */
static int all_names(struct vfp_ctx *ctx, char ***ret_names)
{
	char **names = NULL;
	int r = root_list(ctx, USB_DEVICES, &names);

	if (r == -ENOENT)
		names = calloc(1, sizeof(*names));
	else if (r < 0)
		return r;
	if (!names)
		return -ENOMEM;
	strings_keep(names, usb_is_name);
	*ret_names = names;
	return 0;
}

static bool attr_is(struct vfp_ctx *ctx, const char *name, const char *file,
		    const char *value)
{
	_cleanup_free_ char *text = NULL;

	return root_attr(ctx, &text, USB_DEVICES "/%s/%s", name, file) == 0 &&
	       streq(text, value);
}

static bool has_ids(struct vfp_ctx *ctx, const char *name, const char *ids)
{
	char vendor[5];

	snprintf(vendor, sizeof(vendor), "%.4s", ids);
	return attr_is(ctx, name, "idVendor", vendor) &&
	       attr_is(ctx, name, "idProduct", ids + 5);
}

int usb_with_ids(struct vfp_ctx *ctx, const char *ids, char ***ret_names)
{
	char **names;
	size_t kept = 0;
	int r = all_names(ctx, &names);

	if (r < 0)
		return r;
	for (char **name = names; *name; name++) {
		if (!ids || has_ids(ctx, *name, ids))
			names[kept++] = *name;
		else
			free(*name);
	}
	names[kept] = NULL;
	*ret_names = names;
	return 0;
}

int usb_find(struct vfp_ctx *ctx, const char *text, char **ret_name)
{
	_cleanup_strings_ char **names = NULL;
	char busnum[16], devnum[16];
	int bus, number, r;

	if (!parse_place(text, true, &bus, &number)) {
		*ret_name = strdup(text);
		return *ret_name ? 0 : -ENOMEM;
	}
	snprintf(busnum, sizeof(busnum), "%d", bus);
	snprintf(devnum, sizeof(devnum), "%d", number);
	r = all_names(ctx, &names);
	for (char **name = names; r == 0 && *name; name++) {
		if (!attr_is(ctx, *name, "busnum", busnum) ||
		    !attr_is(ctx, *name, "devnum", devnum))
			continue;
		*ret_name = strdup(*name);
		return *ret_name ? 0 : -ENOMEM;
	}
	return r ?: -ENODEV;
}

/* By bus, and then port by port: usb1, 1-2, 1-10; a hub before what is behind it. */
int usb_compare(const char *a, const char *b)
{
	a += startswith(a, "usb") ? 3 : 0;
	b += startswith(b, "usb") ? 3 : 0;
	while (*a && *b) {
		size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");
		long x = m ? atol(a) : -1, y = n ? atol(b) : -1;

		if (x != y)
			return x < y ? -1 : 1;
		if (!m && *a != *b)
			return *a < *b ? -1 : 1;
		a += m ?: 1;
		b += n ?: 1;
	}
	return *a ? 1 : *b ? -1 : 0;
}
