/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has an id in a running QEMU: its kind, told from the properties that it has rather
 * than from a list of QEMU's device models, and which device of the host it is.
 */
#include "guest/qemu.h"

/* The first row that fits. Without a property the type decides, else the property. */
static const struct {
	const char *kind, *type, *property;
} rows[] = {
	{ "pci", "vfio-pci", NULL },         { "usb", "usb-host", NULL },
	{ "pmem", "virtio-pmem-pci", NULL }, { "pmem", "nvdimm", NULL },
	{ "memory", NULL, "memdev" },        { "disk", NULL, "drive" },
	{ "nic", NULL, "netdev" },           { "cpu", NULL, "core-id" },
	{ "vsock", NULL, "guest-cid" },      { "fs", "vhost-user-fs-pci", NULL },
};

static const char *kind_of(const char *type, json_t *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type ? streq(type, rows[i].type)
				 : list_type(list, rows[i].property) != NULL)
			return rows[i].kind;
	return "";
}

/* The address stands in host, or behind the last slash of sysfsdev. */
static int pci_device(struct qemu *qemu, const char *path, int64_t deadline,
		      char **ret_device, char **why)
{
	_cleanup_free_ char *host = NULL, *folder = NULL;
	char text[ADDRESS_MAX];
	struct address address;
	const char *name;
	int r = qemu_get_text(qemu, path, "host", deadline, &host, why)
		      ?: qemu_get_text(qemu, path, "sysfsdev", deadline, &folder, why);

	if (r < 0)
		return r;
	name = strrchr(folder, '/') ? strrchr(folder, '/') + 1 : host;
	if (address_parse(name, &address) < 0 || address.any_function)
		return 0;
	address_format(&address, text);
	*ret_device = strdup(text);
	return *ret_device ? 0 : -ENOMEM;
}

/* "3-1.2"; "003.007" when it was named by its number on the bus. */
static int usb_device(struct qemu *qemu, const char *path, int64_t deadline,
		      char **ret_device, char **why)
{
	_cleanup_json_ json_t *bus = NULL, *address = NULL;
	_cleanup_free_ char *port = NULL;
	int number;
	int r = qemu_get(qemu, path, "hostbus", deadline, &bus, why) ?:
		qemu_get(qemu, path, "hostaddr", deadline, &address, why) ?:
		qemu_get_text(qemu, path, "hostport", deadline, &port, why);

	if (r < 0)
		return r;
	number = (int)json_integer_value(bus);
	if (number && *port && !port[strspn(port, "0123456789.")])
		*ret_device = strf("%d-%s", number, port);
	else if (number && json_integer_value(address))
		*ret_device = strf("%03d.%03d", number, (int)json_integer_value(address));
	else
		return 0;
	return *ret_device ? 0 : -ENOMEM;
}

int qemu_find(struct qemu *qemu, const char *id, int64_t deadline, char **ret_kind,
	      char **ret_device, char **why)
{
	_cleanup_free_ char *path = qemu_path(id), *type = NULL, *kind = NULL;
	_cleanup_free_ char *device = NULL;
	_cleanup_json_ json_t *list = NULL;
	int r = path ? qemu_has(qemu, id, deadline, why) : -ENOMEM;

	if (r == 0)
		r = qemu_list(qemu, path, deadline, &list, why)
			  ?: qemu_get_text(qemu, path, "type", deadline, &type, why);
	if (r < 0)
		return r;
	kind = strdup(kind_of(type, list));
	if (!kind)
		return -ENOMEM;
	if (streq(kind, "pci"))
		r = pci_device(qemu, path, deadline, &device, why);
	else if (streq(kind, "usb"))
		r = usb_device(qemu, path, deadline, &device, why);
	if (r < 0)
		return r;
	*ret_kind = take(kind);
	*ret_device = take(device);
	return 0;
}
