/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's elements for what is not a PCI device of the host. Backends are libvirt's own
 * business; it names them after the alias. What goes away has to be described as fully as
 * it was when it came.
 */
#include "guest/libvirt.h"

const char *libvirt_get(const struct vfp_hotplug *hotplug, const char *key,
			const char *otherwise)
{
	const char *value = hotplug_get(hotplug, key);

	return value ? value : otherwise;
}

bool libvirt_is(const struct vfp_hotplug *hotplug, const char *key, const char *value)
{
	return streq(libvirt_get(hotplug, key, ""), value);
}

/* -- USB devices of the host ----------------------------------------------------------- */

static int usb_source(const struct vfp_hotplug *hotplug, json_t **ret, char **why)
{
	const char *bus = hotplug_get(hotplug, "hostbus");
	const char *address = hotplug_get(hotplug, "hostaddr");
	const char *vendor = hotplug_get(hotplug, "vendorid");
	const char *product = hotplug_get(hotplug, "productid");

	if (bus && address)
		*ret = json_pack("{s:{s:s,s:s}}", "address", "bus", bus, "device",
				 address);
	else if (!bus && !address && !hotplug_get(hotplug, "hostport") && vendor &&
		 product)
		*ret = json_pack("{s:{s:s},s:{s:s}}", "vendor", "id", vendor, "product",
				 "id", product);
	else
		return say_why(why, -EINVAL,
			       "libvirt finds a USB device by its bus and address, or by "
			       "its ids alone; give hostbus and hostaddr");
	return *ret ? 0 : -ENOMEM;
}

static int add_usb(const struct vfp_hotplug *hotplug, struct commands *commands,
		   json_t **ret_hostdev, char **why)
{
	const char *reset = hotplug_get(hotplug, "guest-reset");
	json_t *source = NULL;
	int r = usb_source(hotplug, &source, why);

	if (r < 0)
		return r;
	*ret_hostdev = commands_add(commands, "hostdev", "{s:s,s:s,s:o}", "mode",
				    "subsystem", "type", "usb", "source", source);
	if (!*ret_hostdev)
		return -ENOMEM;
	return reset ? json_put(source, "guestReset", json_string(reset)) : 0;
}

static int put_usb_address(const struct vfp_hotplug *hotplug, json_t *hostdev, char **why)
{
	const char *bus = hotplug_get(hotplug, "bus");
	const char *port = hotplug_get(hotplug, "port");
	_cleanup_free_ char *text = NULL;
	uint64_t number = 0;

	if (!bus && !port)
		return 0;
	if (bus && usb_bus_number(bus, &number) < 0)
		return say_why(why, -EOPNOTSUPP,
			       "libvirt counts its USB controllers; write the bus of the "
			       "first one as usb.0, of the next as usb1.0, not '%s'",
			       bus);
	text = strf("%u", (unsigned int)number);
	return json_put(
		hostdev, "address",
		json_pack("{s:s,s:s*,s:s*}", "type", "usb", "bus", text, "port", port));
}

int libvirt_usb_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	json_t *hostdev;
	int r = add_usb(hotplug, commands, &hostdev, why);

	return r ?: libvirt_put_alias(hotplug, hostdev, why)
		 ?: put_usb_address(hotplug, hostdev, why);
}

/* As a PCI device: libvirt finds it by its source. */
int libvirt_usb_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	json_t *hostdev;

	return add_usb(hotplug, commands, &hostdev, why);
}

/* -- disks ----------------------------------------------------------------------------- */

static int put_disk_names(const struct vfp_hotplug *hotplug, bool scsi, json_t *disk)
{
	const char *serial = hotplug_get(hotplug, "serial");
	int r = json_put(disk, "target",
			 json_pack("{s:s,s:s}", "dev", hotplug_get(hotplug, "target"),
				   "bus", scsi ? "scsi" : "virtio"));

	if (r == 0 && libvirt_is(hotplug, "read-only", "on"))
		r = json_put(disk, "readonly", json_object());
	if (r == 0 && serial)
		r = json_put(disk, "serial", json_pack("{s:s}", "", serial));
	return r;
}

int libvirt_disk(const struct vfp_hotplug *hotplug, struct commands *commands, char **why)
{
	bool scsi = libvirt_is(hotplug, "model", "scsi-hd");
	const char *path, *type = libvirt_get(hotplug, "type", "file");
	json_t *element;
	int r = hotplug_need_path(hotplug, "filename", &path, why);

	if (r == 0 && !hotplug_get(hotplug, "target"))
		r = say_why(why, -EINVAL,
			    "target is missing: libvirt tells disks apart by it; "
			    "give a free name, as vdb");
	if (r == 0 && scsi &&
	    (hotplug_get(hotplug, "bus") || hotplug_get(hotplug, "addr")))
		r = say_why(why, -EOPNOTSUPP,
			    "libvirt finds a place on a SCSI bus itself; leave bus and "
			    "addr out");
	if (r < 0)
		return r;
	element = commands_add(commands, "disk", "{s:s,s:s,s:{s:s,s:s},s:{s:s}}", "type",
			       type, "device", "disk", "driver", "name", "qemu", "type",
			       libvirt_get(hotplug, "format", "raw"), "source",
			       streq(type, "block") ? "dev" : "file", path);
	if (!element || put_disk_names(hotplug, scsi, element) < 0)
		return -ENOMEM;
	return libvirt_put_alias(hotplug, element, why)
		     ?: libvirt_put_address(hotplug, element, why);
}

/* -- network cards --------------------------------------------------------------------- */

/* A tap is the one that is there; libvirt neither makes nor removes it. */
static json_t *connection(const struct vfp_hotplug *hotplug)
{
	const char *name = nic_backend(hotplug, "tap");

	if (name)
		return json_pack("{s:s,s:{s:s,s:s}}", "type", "ethernet", "target", "dev",
				 name, "managed", "no");
	if ((name = nic_backend(hotplug, "bridge")))
		return json_pack("{s:s,s:{s:s}}", "type", "bridge", "source", "bridge",
				 name);
	if ((name = nic_backend(hotplug, "macvtap")))
		return json_pack("{s:s,s:{s:s,s:s}}", "type", "direct", "source", "dev",
				 name, "mode", "bridge");
	if ((name = nic_backend(hotplug, "vhost-user")))
		return json_pack("{s:s,s:{s:s,s:s,s:s}}", "type", "vhostuser", "source",
				 "type", "unix", "path", name, "mode", "client");
	return json_pack("{s:s}", "type", "user");
}

static int add_interface(const struct vfp_hotplug *hotplug, struct commands *commands,
			 json_t **ret, char **why)
{
	const char *backend, *socket = nic_backend(hotplug, "vhost-user");
	int r = hotplug_need(hotplug, "backend", &backend, why);

	if (r == 0 && socket && *socket != '/')
		r = not_absolute("backend", socket, why);
	if (r < 0)
		return r;
	*ret = commands_add(commands, "interface", "{}");
	return *ret && json_object_update_new(*ret, connection(hotplug)) == 0 ? 0
									      : -ENOMEM;
}

static int put_card(const struct vfp_hotplug *hotplug, json_t *interface)
{
	const char *model = libvirt_get(hotplug, "model", "virtio-net-pci");
	const char *mac = hotplug_get(hotplug, "mac");
	const char *vhost = hotplug_get(hotplug, "vhost");
	int r = json_put(interface, "model",
			 json_pack("{s:s}", "type",
				   streq(model, "virtio-net-pci") ? "virtio" : model));

	if (r == 0 && mac)
		r = json_put(interface, "mac", json_pack("{s:s}", "address", mac));
	if (r == 0 && vhost)
		r = json_put(interface, "driver",
			     json_pack("{s:s}", "name",
				       streq(vhost, "on") ? "vhost" : "qemu"));
	return r;
}

int libvirt_nic(const struct vfp_hotplug *hotplug, struct commands *commands, char **why)
{
	json_t *interface;
	int r = add_interface(hotplug, commands, &interface, why);

	return r ?: put_card(hotplug, interface)
		 ?: libvirt_put_alias(hotplug, interface, why)
		 ?: libvirt_put_address(hotplug, interface, why);
}

/* -- folders, vsock -------------------------------------------------------------------- */

/* The virtiofsd is one that runs already; libvirt would start its own for a folder. */
int libvirt_fs(const struct vfp_hotplug *hotplug, struct commands *commands, char **why)
{
	const char *socket, *tag, *queue = hotplug_get(hotplug, "queue-size");
	json_t *element;
	int r = hotplug_need_path(hotplug, "socket", &socket, why)
		      ?: hotplug_need(hotplug, "tag", &tag, why);

	if (r < 0)
		return r;
	element =
		commands_add(commands, "filesystem", "{s:s,s:{s:s,s:s*},s:{s:s},s:{s:s}}",
			     "type", "mount", "driver", "type", "virtiofs", "queue",
			     queue, "source", "socket", socket, "target", "dir", tag);
	if (!element)
		return -ENOMEM;
	return libvirt_put_alias(hotplug, element, why)
		     ?: libvirt_put_address(hotplug, element, why);
}

int libvirt_vsock(const struct vfp_hotplug *hotplug, struct commands *commands,
		  char **why)
{
	const char *cid;
	json_t *element;
	int r = hotplug_need(hotplug, "guest-cid", &cid, why);

	if (r < 0)
		return r;
	element = commands_add(commands, "vsock", "{s:s,s:{s:s,s:s}}", "model", "virtio",
			       "cid", "auto", "no", "address", cid);
	if (!element)
		return -ENOMEM;
	return libvirt_put_alias(hotplug, element, why)
		     ?: libvirt_put_address(hotplug, element, why);
}
