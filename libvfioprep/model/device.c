/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot of one PCI function, taken from files and links that take no lock of the device
 * and wake nothing: modalias and links. `uevent` and `driver_override` are left
 * alone, since on Linux 6.1 they wait for a device whose unbind hangs.
 */
#include "model/model.h"

#define CLASS_BRIDGE 0x06

/* "pci:v00008086d000010FBsv00008086sd00000003bc02sc00i00" into the fields made of it. */
static int parse_modalias(struct vfp_device *d)
{
	unsigned int vendor, id, subvendor, subdevice, base, sub, interface;

	if (sscanf(d->value[VFP_MODALIAS], "pci:v%8xd%8xsv%8xsd%8xbc%2xsc%2xi%2x",
		   &vendor, &id, &subvendor, &subdevice, &base, &sub, &interface) != 7)
		return -ENODEV;
	d->value[VFP_IDS] = strf("%04x:%04x", vendor, id);
	d->value[VFP_SUBSYSTEM] = strf("%04x:%04x", subvendor, subdevice);
	d->value[VFP_CLASS] = strf("%02x%02x%02x", base, sub, interface);
	d->bridge = base == CLASS_BRIDGE;
	return d->value[VFP_IDS] && d->value[VFP_SUBSYSTEM] && d->value[VFP_CLASS]
		     ? 0
		     : -ENOMEM;
}

/* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0": place and upstream bridge. */
static int load_path(struct vfp_device *d)
{
	_cleanup_free_ char *target = NULL, *copy = NULL;
	char *devices, *slash;
	int r = root_link(d->ctx, &target, PCI_DEVICES "/%s", device_address(d));

	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	devices = strstr(target, "/devices/");
	if (!devices)
		return -ENODEV;
	d->path = strf("/sys%s", devices);
	copy = strdup(devices);
	slash = copy ? strrchr(copy, '/') : NULL;
	if (!d->path || !slash)
		return -ENOMEM;
	*slash = '\0';
	slash = strrchr(copy, '/');
	if (slash && address_is_full(slash + 1)) {
		d->value[VFP_PARENT] = strdup(slash + 1);
		return d->value[VFP_PARENT] ? 0 : -ENOMEM;
	}
	return 0;
}

/* A missing link is an answer; anything else is an error. */
static int load_link(struct vfp_device *d, enum vfp_field field, const char *name)
{
	int r = root_link_name(d->ctx, &d->value[field], "%s/%s", d->path, name);

	return r == -ENOENT || r == -EINVAL ? 0 : r;
}

static int load_group(struct vfp_device *d)
{
	uint64_t number;
	int r = load_link(d, VFP_GROUP, "iommu_group");

	d->group = -1;
	if (r == 0 && d->value[VFP_GROUP] &&
	    parse_number(d->value[VFP_GROUP], 10, INT_MAX, &number) == 0)
		d->group = (int)number;
	return r;
}

/* The folder vfio-dev is there while any vfio driver is bound, since Linux 6.1. */
static int load_vfio(struct vfp_device *d)
{
	d->vfio = *device_driver(d) && (driver_is_vfio(device_driver(d)) ||
					root_exists(d->ctx, "%s/vfio-dev", d->path));
	if (!d->vfio || d->group < 0)
		return 0;
	d->value[VFP_NODE] =
		strf("/dev/vfio/%s%d",
		     group_is_noiommu(d->ctx, d->group) ? "noiommu-" : "", d->group);
	return d->value[VFP_NODE] ? 0 : -ENOMEM;
}

int device_load(struct vfp_ctx *ctx, const char *address, struct vfp_device **ret_device)
{
	_cleanup_device_ struct vfp_device *d = NULL;
	int r;

	if (!address_is_full(address))
		return -ENODEV;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->ctx = ctx;
	d->value[VFP_ADDRESS] = strdup(address);
	if (!d->value[VFP_ADDRESS])
		return -ENOMEM;
	r = load_path(d);
	if (r == 0)
		r = root_attr(ctx, &d->value[VFP_MODALIAS], "%s/modalias", d->path);
	r = r ?: parse_modalias(d);
	r = r ?: load_link(d, VFP_DRIVER, "driver");
	r = r ?: load_link(d, VFP_PHYSFN, "physfn");
	r = r ?: load_group(d);
	r = r ?: load_vfio(d);
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	d->header_bridge =
		d->bridge && root_exists(ctx, "%s/secondary_bus_number", d->path);
	*ret_device = take(d);
	return 0;
}

void device_free(struct vfp_device *device)
{
	if (!device)
		return;
	for (size_t i = 0; i < _VFP_FIELD_MAX; i++)
		free(device->value[i]);
	free(device->path);
	free(device);
}

_public_ void vfp_devices_free(struct vfp_device **devices)
{
	for (struct vfp_device **d = devices; d && *d; d++)
		device_free(*d);
	free(devices);
}

/*
 * A missing link to a driver does not mean that nobody has the device: the link goes first,
 * while the unbind waits for the guest.
 */
char *device_possible_node(const struct vfp_device *d)
{
	if (d->value[VFP_NODE])
		return strdup(d->value[VFP_NODE]);
	return d->group < 0 || *device_driver(d) ? NULL : strf("/dev/vfio/%d", d->group);
}

/* -- what does not change, looked up when first asked --------------------------------- */

/* A table of short words for listings, most specific first. */
static const struct {
	const char *class, *name;
} short_classes[] = {
	{ "0101", "IDE" },        { "0104", "RAID" },       { "0106", "SATA" },
	{ "0107", "SAS" },        { "0108", "NVMe" },       { "01", "Storage" },
	{ "0200", "Ethernet" },   { "0207", "InfiniBand" }, { "0280", "Wireless" },
	{ "02", "Network" },      { "0300", "VGA" },        { "0302", "3D" },
	{ "03", "Display" },      { "0401", "Audio" },      { "0403", "Audio" },
	{ "04", "Multimedia" },   { "05", "Memory" },       { "0600", "Host bridge" },
	{ "0601", "ISA bridge" }, { "0604", "PCI bridge" }, { "06", "Bridge" },
	{ "07", "Serial" },       { "08", "System" },       { "09", "Input" },
	{ "0c03", "USB" },        { "0c05", "SMBus" },      { "0c", "Bus" },
	{ "0d", "Wireless" },     { "10", "Crypto" },       { "12", "Accelerator" },
};

static const char *short_class(const char *class)
{
	for (size_t i = 0; i < ARRAY_SIZE(short_classes); i++)
		if (startswith(class, short_classes[i].class))
			return short_classes[i].name;
	return "Other";
}

/* "Intel Corporation" is "Intel" beside a device's name. */
static char *short_name(const char *vendor, const char *device, const char *ids)
{
	static const char *const endings[] = { " Corporation", " Inc.", " Inc",
					       " Co., Ltd.",   " Ltd.", ", Ltd.",
					       " Corp.",       "," };
	_cleanup_free_ char *who = strdup(nonnull(vendor));
	bool cut = true;

	if (!who)
		return NULL;
	if (strchr(who, '['))
		*strchr(who, '[') = '\0';
	while (cut) {
		cut = false;
		chomp(who);
		for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
			if (endswith(who, endings[i])) {
				who[strlen(who) - strlen(endings[i])] = '\0';
				cut = true;
			}
	}
	if (!*who)
		return strf("Device %s", ids);
	return device ? strf("%s %s", who, device) : strf("%s device %.4s", who, ids + 5);
}

static void look_up_names(struct vfp_device *d)
{
	unsigned int vendor = 0, id = 0, class = 0;
	char **v = d->value;

	d->named = true;
	sscanf(v[VFP_IDS], "%x:%x", &vendor, &id);
	sscanf(v[VFP_CLASS], "%x", &class);
	names_lookup(d->ctx, VFP_VENDOR_NAME, vendor, 0, &v[VFP_VENDOR_NAME]);
	names_lookup(d->ctx, VFP_DEVICE_NAME, vendor, id, &v[VFP_DEVICE_NAME]);
	names_lookup(d->ctx, VFP_CLASS_NAME, class >> 8, class & 0xff,
		     &v[VFP_CLASS_NAME]);
	v[VFP_CLASS_SHORT] = strdup(short_class(v[VFP_CLASS]));
	v[VFP_NAME] = short_name(v[VFP_VENDOR_NAME], v[VFP_DEVICE_NAME], v[VFP_IDS]);
}

/* A negative node: the firmware does not tell. */
static void look_up_numa_node(struct vfp_device *d)
{
	char **node = &d->value[VFP_NUMA_NODE];

	d->placed = true;
	if (root_attr(d->ctx, node, "%s/numa_node", d->path) == 0 && **node == '-') {
		free(*node);
		*node = NULL;
	}
}

/* The kernel has a node for one device alone where its entry has a device number. */
static void look_up_cdev(struct vfp_device *d)
{
	_cleanup_free_ char *folder = strf("%s/vfio-dev", d->path);
	_cleanup_strings_ char **names = NULL;

	if (!d->vfio || !folder || root_list(d->ctx, folder, &names) < 0 || !*names ||
	    !root_exists(d->ctx, "%s/%s/dev", folder, *names))
		return;
	d->value[VFP_CDEV] = strf("/dev/vfio/devices/%s", *names);
}

_public_ const char *vfp_device_get(const struct vfp_device *device, enum vfp_field field)
{
	if (field < 0 || field >= _VFP_FIELD_MAX)
		return NULL;
	if (!device->named &&
	    (field == VFP_CLASS_NAME || field == VFP_CLASS_SHORT ||
	     field == VFP_VENDOR_NAME || field == VFP_DEVICE_NAME || field == VFP_NAME))
		(device->usb ? usb_look_up_names
			     : look_up_names)((struct vfp_device *)device);
	if (device->usb && field == VFP_USB_INTERFACES && !device->value[field])
		usb_look_up_interfaces((struct vfp_device *)device);
	if (!device->placed && field == VFP_NUMA_NODE)
		look_up_numa_node((struct vfp_device *)device);
	if (field == VFP_CDEV && !device->value[field])
		look_up_cdev((struct vfp_device *)device);
	return device->value[field];
}

_public_ int vfp_device_get_group(const struct vfp_device *device)
{
	return device->group < 0 ? -ENODATA : device->group;
}

_public_ bool vfp_device_is_bridge(const struct vfp_device *device)
{
	return device->bridge;
}

_public_ bool vfp_device_is_usb(const struct vfp_device *device)
{
	return device->usb;
}

/* Variants are called mlx5_vfio_pci, xe-vfio-pci and so on; all end alike. */
bool driver_is_vfio(const char *driver)
{
	return endswith(driver, "vfio-pci") || endswith(driver, "vfio_pci");
}

bool driver_hides(const char *driver)
{
	return driver_is_vfio(driver) || streq(driver, "pci-stub") ||
	       streq(driver, "pciback");
}

/* Names end up in paths. */
bool driver_name_is_sane(const char *name)
{
	size_t n = strspn(
		name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return n > 0 && n < 64 && name[n] == '\0' && name[0] != '.';
}

/* vfio_pci registers its driver as vfio-pci; the variants call theirs like the module. */
const char *driver_of_module(const char *module)
{
	return streq(module, "vfio_pci") ? "vfio-pci" : module;
}
