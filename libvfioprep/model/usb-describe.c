/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libusb adds to the snapshots of USB devices: the version of USB that each was made for,
 * the power that it may draw, and the interfaces of one that no configuration was chosen for.
 */
#include "model/model.h"

/* Of a device that is not configured sysfs shows no interface. */
static int set_interfaces(struct vfp_device *d, const char *classes)
{
	_cleanup_str_ struct str text = { 0 };
	char class[7];
	int used, r = 0;

	while (r == 0 && sscanf(classes, " %6s%n", class, &used) == 1) {
		classes += used;
		r = str_add(&text, "%s%s: not configured", text.len ? "; " : "",
			    usb_class_word(class));
	}
	if (r < 0 || !text.len)
		return r;
	free(d->value[VFP_USB_INTERFACES]);
	d->value[VFP_USB_INTERFACES] = take(text.s);
	return 0;
}

static int describe(struct vfp_device *d, const char *text)
{
	char version[8], power[8];
	int used;

	if (sscanf(text, "%7s %7s%n", version, power, &used) != 2)
		return 0;
	free(d->value[VFP_USB_VERSION]);
	free(d->value[VFP_USB_POWER]);
	d->value[VFP_USB_VERSION] = strdup(version);
	d->value[VFP_USB_POWER] = strdup(power);
	if (!d->value[VFP_USB_VERSION] || !d->value[VFP_USB_POWER])
		return -ENOMEM;
	return *nonnull(vfp_device_get(d, VFP_USB_INTERFACES))
		     ? 0
		     : set_interfaces(d, text + used);
}

_public_ int vfp_usb_describe(struct vfp_ctx *ctx, struct vfp_device *const *devices)
{
	size_t n = list_length((void *)devices), asked = 0;
	_cleanup_free_ struct usb_place *places = calloc(n + 1, sizeof(*places));
	_cleanup_free_ struct vfp_device **of = calloc(n + 1, sizeof(*of));
	char **texts = calloc(n + 1, sizeof(*texts));
	int r = places && of && texts ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!devices[i]->usb)
			continue;
		of[asked] = devices[i];
		places[asked].bus = atoi(devices[i]->value[VFP_USB_BUS]);
		places[asked++].number = atoi(devices[i]->value[VFP_USB_ADDRESS]);
	}
	r = r ?: usb_descriptors(ctx, places, asked, texts);
	for (size_t i = 0; texts && i < asked; i++) {
		if (texts[i] && describe(of[i], texts[i]) < 0)
			r = -ENOMEM;
		free(texts[i]);
	}
	free(texts);
	/* That libusb has nothing to say is no reason not to list. */
	return r == -ENOMEM || r == -ECANCELED ? r : 0;
}
