/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells one USB device from another: the name by its port, and what it says of itself.
 */
#include "host/host.h"

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

bool usb_is_name(const char *text)
{
	size_t n;

	if (strlen(text) >= USB_NAME_MAX)
		return false;
	if (startswith(text, "usb"))
		return digits(text + 3) && !text[3 + digits(text + 3)];
	n = digits(text);
	if (!n || text[n] != '-')
		return false;
	do {
		text += n + 1;
		n = digits(text);
	} while (n && text[n] == '.');
	return n && !text[n];
}

/* Another stick of the same make in the same port is another device, if it has a serial. */
int usb_identity(struct vfp_ctx *ctx, const char *name, char **ret_identity)
{
	_cleanup_free_ char *vendor = NULL, *product = NULL, *serial = NULL;
	_cleanup_free_ char *path = strf(USB_DEVICES "/%s/serial", name);
	int r = root_attr(ctx, &vendor, USB_DEVICES "/%s/idVendor", name);

	r = r ?: root_attr(ctx, &product, USB_DEVICES "/%s/idProduct", name);
	if (r < 0)
		return r;
	r = path ? reader_attr(ctx, path, &serial) : -ENOMEM;
	if (r == -ENOMEM || r == -EINPROGRESS)
		return r;
	*ret_identity = strf("%s:%s %s", vendor, product, nonnull(serial));
	return *ret_identity ? 0 : -ENOMEM;
}
