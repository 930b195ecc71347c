/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of USB devices, by libusb: what sysfs tells only of the configuration that is
 * active, or only in binary. libusb has udev enumerate the bus, which reads files that wait for
 * a device (uevent, bConfigurationValue), and starts a thread: so it runs in a child, and once
 * that does not come back in time nothing more is asked. It opens no device.
 *
 * Nothing else in the library uses libusb, so that only `list` is linked with it.
 */
#include "host/host.h"

#include <libusb-1.0/libusb.h>

#define WAIT_MSEC 3000

struct asking {
	const struct usb_place *places;
	libusb_device **list; /* in the child */
};

static libusb_device *find(const struct asking *a, const struct usb_place *place)
{
	for (libusb_device **device = a->list; *device; device++)
		if (libusb_get_bus_number(*device) == place->bus &&
		    libusb_get_device_address(*device) == place->number)
			return *device;
	return NULL;
}

/* "2.00 100 030101 030000": version, milliamperes, class of each interface. */
static int describe(libusb_device *device, char *text)
{
	struct libusb_config_descriptor *config;
	struct libusb_device_descriptor d;
	size_t used;

	if (libusb_get_device_descriptor(device, &d) < 0 ||
	    libusb_get_config_descriptor(device, 0, &config) < 0)
		return -ENODATA;
	/* In units of 2 mA, of 8 mA from USB 3 on. */
	used = (size_t)snprintf(text, CHILD_TEXT, "%x.%02x %d", d.bcdUSB >> 8,
				d.bcdUSB & 0xff,
				config->MaxPower * (d.bcdUSB >= 0x0300 ? 8 : 2));
	for (int i = 0; i < config->bNumInterfaces && used < CHILD_TEXT; i++) {
		const struct libusb_interface_descriptor *one;

		if (config->interface[i].num_altsetting < 1)
			continue;
		one = &config->interface[i].altsetting[0];
		used += (size_t)snprintf(text + used, CHILD_TEXT - used, " %02x%02x%02x",
					 one->bInterfaceClass, one->bInterfaceSubClass,
					 one->bInterfaceProtocol);
	}
	libusb_free_config_descriptor(config);
	return 0;
}

static int ask_step(void *data, size_t index, char *text)
{
	struct asking *a = data;
	libusb_device *device;

	if (!a->list &&
	    (libusb_init(NULL) < 0 || libusb_get_device_list(NULL, &a->list) < 0))
		return -EIO;
	device = find(a, &a->places[index]);
	return device ? describe(device, text) : -ENODEV;
}

int usb_descriptors(struct vfp_ctx *ctx, const struct usb_place *places, size_t n,
		    char **texts)
{
	struct asking asking = { .places = places };
	struct child child;
	int r;

	/* What is not this machine is not libusb's. */
	if (ctx->root_fd >= 0 || n == 0)
		return 0;
	r = child_start(ctx, ask_step, &asking, n, -1, &child);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct child_report report;

		r = child_go(&child)
			  ?: wait_readable(child.report, ctx->cancel_fd,
					   deadline_in(WAIT_MSEC));
		r = r == 0 ? -EINPROGRESS : r < 0 ? r : child_take(&child, &report);
		if (r == 0 && report.error == 0) {
			texts[i] = strdup(report.text);
			r = texts[i] ? 0 : -ENOMEM;
		}
	}
	child_end(&child, r != -EINPROGRESS && r != -ECANCELED);
	return r;
}
