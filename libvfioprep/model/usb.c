/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot of one USB device. What it is, where it is plugged in and which drivers its
 * interfaces have is read from files that take no lock of the device. The strings by which
 * it introduces itself do take it, so they are read when first asked for, by a child.
 *
 * A device is known by its port path ("3-1.2": bus 3, port 1, and port 2 of the hub there),
 * which stays when it is plugged in anew; its number on the bus does not.
 */
#include "model/model.h"

#define CLASS_OF_INTERFACES 0x00
#define CLASS_HUB           0x09
#define CLASS_MISC          0xef /* also where interfaces are grouped: look at the first */

/* -- files that take no lock --------------------------------------------------------- */

static int attr(const struct vfp_device *d, const char *name, char **ret_value)
{
	return root_attr(d->ctx, ret_value, "%s/%s", d->path, name);
}

/* A number of two or four hexadecimal digits. */
static int hex_attr(struct vfp_ctx *ctx, const char *path, const char *name,
		    unsigned int *ret)
{
	_cleanup_free_ char *text = NULL;
	uint64_t number;
	int r = root_attr(ctx, &text, "%s/%s", path, name);

	if (r == 0 && parse_number(text, 16, 0xffff, &number) < 0)
		r = -ENODEV;
	if (r == 0)
		*ret = (unsigned int)number;
	return r;
}

static int load_ids(struct vfp_device *d)
{
	unsigned int vendor, product;
	int r = hex_attr(d->ctx, d->path, "idVendor", &vendor);

	r = r ?: hex_attr(d->ctx, d->path, "idProduct", &product);
	if (r < 0)
		return r;
	d->value[VFP_IDS] = strf("%04x:%04x", vendor, product);
	return d->value[VFP_IDS] ? 0 : -ENOMEM;
}

/* @kind is "Device" or "Interface". */
static int read_class(struct vfp_ctx *ctx, const char *path, const char *kind,
		      unsigned int class[3])
{
	static const char *const parts[] = { "Class", "SubClass", "Protocol" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char name[24];
		int r;

		snprintf(name, sizeof(name), "b%s%s", kind, parts[i]);
		r = hex_attr(ctx, path, name, &class[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_class(struct vfp_device *d, const char *first)
{
	unsigned int class[3], of_first[3];
	int r = read_class(d->ctx, d->path, "Device", class);

	if (r < 0)
		return r;
	d->bridge = class[0] == CLASS_HUB;
	if (first && (class[0] == CLASS_OF_INTERFACES || class[0] == CLASS_MISC) &&
	    read_class(d->ctx, first, "Interface", of_first) == 0)
		memcpy(class, of_first, sizeof(class));
	d->value[VFP_CLASS] =
		strf("%02x%02x%02x", class[0] & 0xff, class[1] & 0xff, class[2] & 0xff);
	return d->value[VFP_CLASS] ? 0 : -ENOMEM;
}

static int load_place(struct vfp_device *d)
{
	char controller[ADDRESS_MAX];
	int r = attr(d, "busnum", &d->value[VFP_USB_BUS]);

	r = r ?: attr(d, "devnum", &d->value[VFP_USB_ADDRESS]);
	if (r < 0)
		return r;
	/* Of a root hub it is "0", which is no port. */
	if (strchr(device_address(d), '-'))
		d->value[VFP_USB_PORT] = strdup(strchr(device_address(d), '-') + 1);
	r = attr(d, "speed", &d->value[VFP_USB_SPEED]);
	if (r == 0 && path_function(d->path, controller))
		d->value[VFP_PARENT] = strdup(controller);
	return r == -ENOENT ? 0 : r;
}

/* -- interfaces ---------------------------------------------------------------------- */

int usb_interfaces(const struct vfp_device *d, char ***ret_names)
{
	bool root = startswith(device_address(d), "usb");
	_cleanup_free_ char *prefix = root ? strf("%s-0:", device_address(d) + 3)
					   : strf("%s:", device_address(d));
	_cleanup_strings_ char **names = NULL;
	size_t kept = 0;
	int r = prefix ? root_list_dirs(d->ctx, d->path, &names) : -ENOMEM;

	if (r < 0)
		return r;
	for (char **name = names; *name; name++) {
		if (startswith(*name, prefix))
			names[kept++] = *name;
		else
			free(*name);
	}
	names[kept] = NULL;
	*ret_names = take(names);
	return 0;
}

int usb_interface_driver(const struct vfp_device *d, const char *interface,
			 char **ret_driver)
{
	int r = root_link_name(d->ctx, ret_driver, "%s/%s/driver", d->path, interface);

	if (r != -ENOENT && r != -EINVAL)
		return r;
	*ret_driver = strdup("");
	return *ret_driver ? 0 : -ENOMEM;
}

/* Is @driver one of those in "usbhid, usb-storage"? */
static bool is_listed(const char *list, const char *driver)
{
	size_t n = strlen(driver);

	for (; *list; list += strspn(list, ", ")) {
		size_t length = strcspn(list, ",");

		if (length == n && strncmp(list, driver, n) == 0)
			return true;
		list += length;
	}
	return false;
}

/* Each driver of its interfaces once. */
static int load_drivers(struct vfp_device *d, char *const *interfaces)
{
	_cleanup_str_ struct str text = { 0 };
	int r = str_add(&text, "%s", "");

	for (; r == 0 && *interfaces; interfaces++) {
		_cleanup_free_ char *driver = NULL;

		r = usb_interface_driver(d, *interfaces, &driver);
		if (r == 0 && *driver && !is_listed(text.s, driver))
			r = str_add(&text, "%s%s", text.len ? ", " : "", driver);
	}
	if (r == 0)
		d->value[VFP_DRIVER] = take(text.s);
	return r;
}

int usb_load(struct vfp_ctx *ctx, const char *name, struct vfp_device **ret_device)
{
	_cleanup_device_ struct vfp_device *d = calloc(1, sizeof(*d));
	_cleanup_free_ char *link = strf(USB_DEVICES "/%s", name), *first = NULL;
	_cleanup_strings_ char **interfaces = NULL;
	int r;

	if (!usb_is_name(name))
		return -ENODEV;
	if (!d || !link)
		return -ENOMEM;
	d->ctx = ctx;
	d->usb = true;
	d->group = -1;
	d->value[VFP_ADDRESS] = strdup(name);
	if (!d->value[VFP_ADDRESS])
		return -ENOMEM;
	r = root_real(ctx, link, &d->path);
	r = r ?: usb_interfaces(d, &interfaces);
	if (r == 0 && *interfaces) {
		first = strf("%s/%s", d->path, *interfaces);
		r = first ? 0 : -ENOMEM;
	}
	r = r ?: load_ids(d);
	r = r ?: load_class(d, first);
	r = r ?: load_place(d);
	r = r ?: load_drivers(d, interfaces);
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	*ret_device = take(d);
	return 0;
}

char *usb_device_node(const struct vfp_device *d)
{
	return strf("/dev/bus/usb/%03d/%03d", atoi(d->value[VFP_USB_BUS]),
		    atoi(d->value[VFP_USB_ADDRESS]));
}

/* -- names, looked up when first asked ------------------------------------------------ */

/* By class, subclass and protocol, the most specific first; a word and a phrase. */
static const struct {
	const char *class, *word, *phrase;
} classes[] = {
	{ "01", "Audio", "Audio device" },
	{ "0202", "Modem", "Modem or serial line" },
	{ "02", "Network", "Communication device" },
	{ "030101", "Keyboard", "Keyboard" },
	{ "030102", "Mouse", "Mouse" },
	{ "03", "Input", "Human interface device" },
	{ "06", "Camera", "Still image device" },
	{ "07", "Printer", "Printer" },
	{ "08", "Storage", "Mass storage" },
	{ "09", "Hub", "Hub" },
	{ "0a", "Data", "Communication data" },
	{ "0b", "Card reader", "Smart card reader" },
	{ "0e", "Video", "Video device" },
	{ "e00101", "Bluetooth", "Bluetooth adapter" },
	{ "e00103", "Network", "Network adapter (RNDIS)" },
	{ "e0", "Wireless", "Wireless controller" },
	{ "ff", "Vendor", "Vendor-specific device" },
};

static size_t class_row(const char *class)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(classes) && !startswith(class, classes[i].class))
		i++;
	return i;
}

const char *usb_class_word(const char *class)
{
	size_t i = class_row(class);

	return i < ARRAY_SIZE(classes) ? classes[i].word : "Other";
}

static const char *class_phrase(const char *class)
{
	size_t i = class_row(class);

	return i < ARRAY_SIZE(classes) ? classes[i].phrase : "Device of another class";
}

/* "Keyboard: usbhid; Video: no driver" */
void usb_look_up_interfaces(struct vfp_device *d)
{
	_cleanup_strings_ char **names = NULL;
	_cleanup_str_ struct str text = { 0 };
	int r = usb_interfaces(d, &names) ?: str_add(&text, "%s", "");

	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *path = strf("%s/%s", d->path, *name), *driver = NULL;
		unsigned int class[3];
		char code[8];

		if (!path || read_class(d->ctx, path, "Interface", class) < 0 ||
		    usb_interface_driver(d, *name, &driver) < 0)
			continue;
		snprintf(code, sizeof(code), "%02x%02x%02x", class[0] & 0xff,
			 class[1] & 0xff, class[2] & 0xff);
		r = str_add(&text, "%s%s: %s", text.len ? "; " : "", usb_class_word(code),
			    *driver ? driver : "no driver");
	}
	if (r == 0)
		d->value[VFP_USB_INTERFACES] = take(text.s);
}

/* A string of the device, fit to be shown; NULL where it has none or does not answer. */
static char *look_up_string(struct vfp_device *d, const char *name)
{
	_cleanup_free_ char *path = strf("%s/%s", d->path, name), *value = NULL;

	if (!path || reader_attr(d->ctx, path, &value) < 0 || !*value)
		return NULL;
	return escape(value);
}

void usb_look_up_names(struct vfp_device *d)
{
	char **v = d->value;

	d->named = true;
	v[VFP_CLASS_SHORT] = strdup(usb_class_word(v[VFP_CLASS]));
	v[VFP_CLASS_NAME] = strdup(class_phrase(v[VFP_CLASS]));
	v[VFP_VENDOR_NAME] = look_up_string(d, "manufacturer");
	v[VFP_DEVICE_NAME] = look_up_string(d, "product");
	if (v[VFP_DEVICE_NAME] && v[VFP_VENDOR_NAME] &&
	    !startswith(v[VFP_DEVICE_NAME], v[VFP_VENDOR_NAME]))
		v[VFP_NAME] = strf("%s %s", v[VFP_VENDOR_NAME], v[VFP_DEVICE_NAME]);
	else if (v[VFP_DEVICE_NAME] || v[VFP_VENDOR_NAME])
		v[VFP_NAME] = strdup(v[VFP_DEVICE_NAME] ?: v[VFP_VENDOR_NAME]);
	else
		v[VFP_NAME] = strf("Device %s", v[VFP_IDS]);
}
