/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB devices of the fake host as sysfs shows them: below the root hub of a controller, or
 * below a hub, with their interfaces and the drivers of those.
 */
#include "fixture.h"

char *fixture_usb_path(struct fixture *f, const char *name)
{
	_cleanup_free_ char *link = fixture_path(f, "/sys/bus/usb/devices/%s", name);
	char text[512];
	ssize_t n = readlink(link, text, sizeof(text) - 1);

	fixture_need(n > 9, "no such USB device", name);
	text[n] = '\0';
	return strf("/sys/%s", text + strlen("../../../"));
}

static void appear(struct fixture *f, const char *name, const char *folder)
{
	_cleanup_free_ char *link = strf("/sys/bus/usb/devices/%s", name);

	fixture_mkdir(f, folder);
	fixture_link_in(f, folder, "subsystem", "/sys/bus/usb");
	fixture_link(f, link, folder);
}

static void write_class(struct fixture *f, const char *folder, const char *kind,
			const char *class)
{
	static const char *const parts[] = { "Class", "SubClass", "Protocol" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *name = strf("b%s%s", kind, parts[i]);

		fixture_attr(f, folder, name, "%.2s\n", class + 2 * i);
	}
}

/* The folder above: the root hub, made when it is missing, or the hub that was declared. */
static char *place(struct fixture *f, const struct fixture_usb *u)
{
	_cleanup_free_ char *above = strdup(u->name), *hub = NULL, *folder = NULL;
	char *dot = strrchr(above, '.');

	if (dot) {
		*dot = '\0';
		hub = fixture_usb_path(f, above);
		return strf("%s/%s", hub, u->name);
	}
	*strchr(above, '-') = '\0';
	if (!fixture_exists(f, "/sys/bus/usb/devices/usb%s", above)) {
		_cleanup_free_ char *name = strf("usb%s", above);

		fixture_usb(f, &(struct fixture_usb){ .controller = u->controller,
						      .name = name,
						      .number = 1,
						      .ids = "1d6b:0002",
						      .class = "090001",
						      .product = "xHCI Host Controller",
						      .interfaces = "090000 hub" });
	}
	hub = strf("usb%s", above);
	folder = fixture_usb_path(f, hub);
	return strf("%s/%s", folder, u->name);
}

/* "080650 usb-storage": one without a driver is just "080650". */
static void make_interface(struct fixture *f, const struct fixture_usb *u,
			   const char *device, size_t i, const char *text)
{
	bool root = startswith(u->name, "usb");
	_cleanup_free_ char *name =
		strf("%s%s:1.%zu", root ? u->name + 3 : u->name, root ? "-0" : "", i);
	_cleanup_free_ char *folder = strf("%s/%s", device, name), *driver = NULL;

	appear(f, name, folder);
	write_class(f, folder, "Interface", text);
	if (!text[6])
		return;
	driver = strf("/sys/bus/usb/drivers/%s", text + 7);
	fixture_link_in(f, folder, "driver", driver);
	fixture_link_in(f, driver, name, folder);
	fixture_attr(f, driver, "bind", "%s", "");
}

void fixture_usb(struct fixture *f, const struct fixture_usb *u)
{
	_cleanup_free_ char *controller =
		u->controller ? fixture_device_path(f, u->controller) : NULL;
	bool root = startswith(u->name, "usb");
	_cleanup_free_ char *folder =
		root ? strf("%s/%s", controller, u->name) : place(f, u);
	_cleanup_free_ char *words = strdup(u->interfaces ?: "");
	char *rest = words, *word;
	size_t n = 0;

	appear(f, u->name, folder);
	fixture_attr(f, folder, "idVendor", "%.4s\n", u->ids ?: "0951:1666");
	fixture_attr(f, folder, "idProduct", "%s\n", (u->ids ?: "0951:1666") + 5);
	write_class(f, folder, "Device", u->class ?: "000000");
	fixture_attr(f, folder, "busnum", "%d\n", atoi(u->name + (root ? 3 : 0)));
	fixture_attr(f, folder, "devnum", "%u\n", u->number);
	fixture_attr(f, folder, "devpath", "%s\n", root ? "0" : strchr(u->name, '-') + 1);
	fixture_attr(f, folder, "speed", "%s\n", u->speed ?: "480");
	if (u->manufacturer)
		fixture_attr(f, folder, "manufacturer", "%s\n", u->manufacturer);
	if (u->product)
		fixture_attr(f, folder, "product", "%s\n", u->product);
	if (u->serial)
		fixture_attr(f, folder, "serial", "%s\n", u->serial);
	fixture_link_in(f, folder, "driver", "/sys/bus/usb/drivers/usb");
	while ((word = strsep(&rest, ",")))
		if (*word)
			make_interface(f, u, folder, n++, word);
}
