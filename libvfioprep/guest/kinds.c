/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of devices: for each its properties, which have QEMU's names where QEMU has
 * one, and how an id is derived from them. An id is made of what tells the device from
 * others, so that the same words twice mean the same device.
 */
#include "guest/guest.h"

#include <inttypes.h>

/* -- properties ----------------------------------------------------------------------- */

#define A_SWITCH    "is no switch; write on or off"
#define A_FILE_NAME "is not a file name in printable UTF-8; give the file another name"
#define A_NUMBER    "is not a number from 0 to 65535"
#define A_SIZE                                                                     \
	"is not a size; write a multiple of 2 MiB, from which memory is made, as " \
	"512M or 4G"

#define BUS                                                                                        \
	{                                                                                          \
		"bus", TEXT, value_bus,                                                            \
			"cannot be a bus of QEMU; write the id of a root port or a bus as rp1 or " \
			"pci.0"                                                                    \
	}
#define ADDR                                                                                         \
	{                                                                                            \
		"addr", TEXT, value_pci_slot,                                                        \
			"is not a slot of the guest; write SLOT or SLOT.FUNCTION in hex, up to 1f.7" \
	}
#define SWITCH_OF(name)                              \
	{                                            \
		name, SWITCH, value_switch, A_SWITCH \
	}
#define NUMBER_OF(name)                              \
	{                                            \
		name, NUMBER, value_number, A_NUMBER \
	}
#define CHOICE_OF(name, value, of)                     \
	{                                              \
		name, TEXT, value, "is not one of " of \
	}

/* Every kind has these; the dialects of command lines need them. */
#define GENERIC                                                                         \
	{ "domain", TEXT, value_domain,                                                 \
	  "is not the name of a guest in printable UTF-8 without a '-' in front" },     \
	{                                                                               \
		"api-socket", TEXT, value_absolute_path,                                \
			"is not a socket; write its path from / on, in printable UTF-8" \
	}

static const struct property pci_properties[] = {
	{ "host", TEXT, value_pci_host,
	  "is not the address of one PCI function; write it as 05:00.0 or 0000:05:00.0" },
	BUS,
	ADDR,
	SWITCH_OF("multifunction"),
	{ "rombar", NUMBER, value_zero_one, "is not 0 (hide the ROM) or 1 (show it)" },
	{ "romfile", TEXT, value_path,
	  "is not a file name in printable UTF-8; give the ROM image another name" },
	SWITCH_OF("iommufd"),
	{ "vf-token", TEXT, value_uuid,
	  "is no UUID; write it as 00112233-4455-6677-8899-aabbccddeeff" },
	GENERIC,
	{ 0 },
};

static const struct property usb_properties[] = {
	NUMBER_OF("hostbus"),
	{ "hostaddr", NUMBER, value_usb_address, "is not a number from 1 to 127" },
	{ "hostport", TEXT, value_usb_port,
	  "is not a port path; write the ports from the root hub down as 1.2" },
	{ "vendorid", NUMBER, value_usb_id, "is no id; write it in hex as 03f0" },
	{ "productid", NUMBER, value_usb_id, "is no id; write it in hex as 8607" },
	SWITCH_OF("guest-reset"),
	{ "bus", TEXT, value_bus,
	  "cannot be a bus of QEMU; write the id of a USB controller and .0, as xhci.0" },
	{ "port", TEXT, value_usb_port,
	  "is not a port of the guest; write the ports from the root hub down as 1.2" },
	GENERIC,
	{ 0 },
};

static const struct property cpu_properties[] = {
	NUMBER_OF("index"),
	{ "total", NUMBER, value_count, "is not a number of CPUs from 1 to 65535" },
	{ "model", TEXT, value_cpu_model,
	  "is no model of a CPU; write it as host or Skylake-Server" },
	NUMBER_OF("socket-id"),
	NUMBER_OF("die-id"),
	NUMBER_OF("cluster-id"),
	NUMBER_OF("module-id"),
	NUMBER_OF("core-id"),
	NUMBER_OF("thread-id"),
	NUMBER_OF("node-id"),
	GENERIC,
	{ 0 },
};

static const struct property memory_properties[] = {
	{ "size", NUMBER, value_size, A_SIZE },
	{ "total", NUMBER, value_size, A_SIZE },
	CHOICE_OF("backend", value_memory_backend, "ram, file, memfd"),
	{ "mem-path", TEXT, value_path, A_FILE_NAME },
	SWITCH_OF("hugetlb"),
	SWITCH_OF("share"),
	SWITCH_OF("prealloc"),
	CHOICE_OF("model", value_memory_model, "pc-dimm, virtio-mem-pci"),
	{ "requested-size", NUMBER, value_size_or_0, A_SIZE },
	{ "block-size", NUMBER, value_size, A_SIZE },
	NUMBER_OF("node"),
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

static const struct property disk_properties[] = {
	{ "filename", TEXT, value_path, A_FILE_NAME },
	CHOICE_OF("type", value_disk_type, "file, block"),
	CHOICE_OF("format", value_disk_format, "raw, qcow2"),
	SWITCH_OF("read-only"),
	CHOICE_OF("model", value_disk_model, "virtio-blk-pci, scsi-hd"),
	{ "target", TEXT, value_word, "is no name of a disk; write it as vdb or sdb" },
	{ "serial", TEXT, value_word,
	  "is no serial number of letters, digits, '_', '-' and '.'" },
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

static const struct property nic_properties[] = {
	{ "backend", TEXT, value_nic_backend,
	  "is nothing that a network card could be connected to; write user, tap=tap0, "
	  "bridge=br0, vhost-user=/run/vu.sock or macvtap=eth0" },
	{ "mac", TEXT, value_mac,
	  "is not the address of one card; write it as 52:54:00:12:34:56" },
	{ "model", TEXT, value_word,
	  "is no model of a card; write it as virtio-net-pci" },
	SWITCH_OF("vhost"),
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

static const struct property fs_properties[] = {
	{ "socket", TEXT, value_path, A_FILE_NAME },
	{ "tag", TEXT, value_tag,
	  "is no tag; write the name by which the guest mounts it, up to 36 bytes of "
	  "printable UTF-8" },
	{ "queue-size", NUMBER, value_queue_size, "is not a power of 2 up to 1024" },
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

static const struct property pmem_properties[] = {
	{ "mem-path", TEXT, value_path, A_FILE_NAME },
	{ "size", NUMBER, value_size, A_SIZE },
	SWITCH_OF("share"),
	SWITCH_OF("read-only"),
	CHOICE_OF("model", value_pmem_model, "virtio-pmem-pci, nvdimm"),
	NUMBER_OF("node"),
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

static const struct property vsock_properties[] = {
	{ "guest-cid", NUMBER, value_cid,
	  "is no context id of a guest; write a number from 3 to 4294967294" },
	{ "socket", TEXT, value_path, A_FILE_NAME },
	BUS,
	ADDR,
	GENERIC,
	{ 0 },
};

/* -- ids ------------------------------------------------------------------------------ */

static int set_id(char **ret, char *id)
{
	if (!id)
		return -ENOMEM;
	*ret = id;
	return 0;
}

/* Letters, digits, "_" and "-" stay; libvirt silently drops an alias with a dot. */
static int set_dashed(char **ret, char *id)
{
	for (char *p = id; p && *p; p++)
		if (strchr(":.=/", *p))
			*p = '-';
	return set_id(ret, id);
}

/*
 * "disk-web-811c9dc5": a bit of the name for the reader, and the whole path as a hash
 * (FNV-1a). Short, because QEMU's block nodes have names of at most 31 bytes, which are
 * made from the id.
 */
#define NAME_PART 9

static int id_from_path(const char *kind, const char *path, char **ret)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789");
	uint32_t hash = 0x811c9dc5;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x01000193;
	return set_id(ret,
		      strf("%s-%.*s%s%08x", kind, (int)(n < NAME_PART ? n : NAME_PART),
			   name, n ? "-" : "", hash));
}

static int pci_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *host = hotplug_get(hotplug, "host");

	return host ? set_dashed(ret, strf("vfio-%s", host)) : 0;
}

static int usb_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *bus = hotplug_get(hotplug, "hostbus");
	const char *port = hotplug_get(hotplug, "hostport");
	const char *address = hotplug_get(hotplug, "hostaddr");
	const char *vendor = hotplug_get(hotplug, "vendorid");
	const char *product = hotplug_get(hotplug, "productid");

	if (bus && port)
		return set_dashed(ret, strf("usb-%s-%s", bus, port));
	if (bus && address)
		return set_id(ret, strf("usb-%s-addr-%s", bus, address));
	if (vendor && product)
		return set_id(ret, strf("usb-%s-%s", vendor + 2, product + 2));
	return 0;
}

/* "cpu-3", the one after cpu-2; "cpu-s1-c0-t0" by its place. */
static int cpu_id(const struct vfp_hotplug *hotplug, char **ret)
{
	static const char *const places[] = { "socket-id", "die-id",  "cluster-id",
					      "module-id", "core-id", "thread-id" };
	static const char letters[] = "sdlmct";
	const char *index = hotplug_get(hotplug, "index");
	_cleanup_str_ struct str id = { 0 };
	int r = str_add(&id, "cpu");

	if (index)
		return r ?: str_add(&id, "-%s", index) ?: set_id(ret, take(id.s));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *place = hotplug_get(hotplug, places[i]);

		if (place)
			r = r ?: str_add(&id, "-%c%s", letters[i], place);
	}
	return r < 0 || streq(id.s, "cpu") ? r : set_id(ret, take(id.s));
}

static int memory_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *text = hotplug_get(hotplug, "size");
	uint64_t size;

	if (!text || parse_size(text, &size) < 0)
		return 0;
	if (size % (1 << 30) == 0)
		return set_id(ret, strf("memory-%" PRIu64 "G", size >> 30));
	return set_id(ret, strf("memory-%" PRIu64 "M", size >> 20));
}

static int disk_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *path = hotplug_get(hotplug, "filename");

	return path ? id_from_path("disk", path, ret) : 0;
}

static int nic_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *mac = hotplug_get(hotplug, "mac");
	const char *backend = hotplug_get(hotplug, "backend");
	const char *path = nic_backend(hotplug, "vhost-user");

	if (mac)
		return set_dashed(ret, strf("nic-%s", mac));
	if (path)
		return id_from_path("nic", path, ret);
	return backend ? set_dashed(ret, strf("nic-%s", backend)) : 0;
}

static int fs_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *path = hotplug_get(hotplug, "socket");

	return path ? id_from_path("fs", path, ret) : 0;
}

static int pmem_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *path = hotplug_get(hotplug, "mem-path");

	return path ? id_from_path("pmem", path, ret) : 0;
}

static int vsock_id(const struct vfp_hotplug *hotplug, char **ret)
{
	const char *cid = hotplug_get(hotplug, "guest-cid");

	return cid ? set_id(ret, strf("vsock-%s", cid)) : 0;
}

/* -- the table ------------------------------------------------------------------------ */

#define FITS(properties)                                         \
	_Static_assert(ARRAY_SIZE(properties) <= PROPERTIES_MAX, \
		       "more room for properties")
FITS(pci_properties);
FITS(usb_properties);
FITS(cpu_properties);
FITS(memory_properties);
FITS(disk_properties);
FITS(nic_properties);
FITS(fs_properties);
FITS(pmem_properties);
FITS(vsock_properties);

const struct kind_row kinds[_KIND_MAX] = {
	[KIND_PCI] = { "pci", pci_properties, pci_id },
	[KIND_USB] = { "usb", usb_properties, usb_id },
	[KIND_CPU] = { "cpu", cpu_properties, cpu_id },
	[KIND_MEMORY] = { "memory", memory_properties, memory_id },
	[KIND_DISK] = { "disk", disk_properties, disk_id },
	[KIND_NIC] = { "nic", nic_properties, nic_id },
	[KIND_FS] = { "fs", fs_properties, fs_id },
	[KIND_PMEM] = { "pmem", pmem_properties, pmem_id },
	[KIND_VSOCK] = { "vsock", vsock_properties, vsock_id },
};

_public_ const char *const *vfp_hotplug_kinds(void)
{
	static const char *names[_KIND_MAX + 1];

	for (size_t i = 0; i < _KIND_MAX; i++)
		names[i] = kinds[i].name;
	return names;
}

const char *nic_backend(const struct vfp_hotplug *hotplug, const char *type)
{
	const char *backend = hotplug_get(hotplug, "backend");
	size_t n = strlen(type);

	if (!backend || strncmp(backend, type, n) != 0)
		return NULL;
	if (backend[n] == '=')
		return backend + n + 1;
	return backend[n] ? NULL : "";
}
