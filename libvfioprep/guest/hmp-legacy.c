/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of old human monitors: qemu-kvm, and QEMU up to 2.x. They come from the
 * documentation and the sources of those versions; none of them runs where this is
 * tested. What such a QEMU says as today's does is compiled by the same functions.
 *
 *	usb_add, usb_del	up to 2.11; usb_del host:... up to 1.x
 *	cpu-add			1.5 to 5.1, and no way back
 *	cpu_set			qemu-kvm up to 1.2
 *	pci-assign		qemu-kvm, and QEMU 1.3 to 2.11; the host's driver is pci-stub
 */
#include "guest/guest.h"

static int check_pci(const struct vfp_hotplug *hotplug, const char *host, char **why)
{
	static const char *const keys[] = { "iommufd", "vf-token" };

	if (strlen(host) > strlen("0000:00:00.0"))
		return say_why(
			why, -EOPNOTSUPP,
			"pci-assign takes domains up to ffff; use the dialect hmp");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (hotplug_get(hotplug, keys[i]))
			return say_why(why, -EOPNOTSUPP,
				       "pci-assign has no %s; leave it out, or use the "
				       "dialect hmp",
				       keys[i]);
	return 0;
}

static int pci_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	static const char *const passed[] = { "bus",    "addr",    "multifunction",
					      "rombar", "romfile", NULL };
	const char *host;
	json_t *args;
	int r = hotplug_need(hotplug, "host", &host, why)
		      ?: check_pci(hotplug, host, why);

	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
			    "pci-assign", "host", host, "id", vfp_hotplug_id(hotplug));
	return args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;
}

/* "host:3.7" or "host:03f0:8607" */
static int usb_name(const struct vfp_hotplug *hotplug, char **ret, char **why)
{
	const char *bus = hotplug_get(hotplug, "hostbus");
	const char *address = hotplug_get(hotplug, "hostaddr");
	const char *vendor = hotplug_get(hotplug, "vendorid");
	const char *product = hotplug_get(hotplug, "productid");

	if (bus && address)
		*ret = strf("host:%s.%s", bus, address);
	else if (vendor && product)
		*ret = strf("host:%s:%s", vendor + strlen("0x"), product + strlen("0x"));
	else
		return say_why(why, -EINVAL,
			       "usb_add takes bus and address, or two ids; give hostbus "
			       "and hostaddr, or vendorid and productid");
	return *ret ? 0 : -ENOMEM;
}

static int say_usb(const struct vfp_hotplug *hotplug, struct commands *commands,
		   const char *command, char **why)
{
	_cleanup_free_ char *name = NULL;
	int r = usb_name(hotplug, &name, why);

	if (r < 0)
		return r;
	return commands_add(commands, command, "{s:s}", "devname", name) ? 0 : -ENOMEM;
}

static int usb_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return say_usb(hotplug, commands, "usb_add", why);
}

static int usb_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return say_usb(hotplug, commands, "usb_del", why);
}

static int cpu_index(const struct vfp_hotplug *hotplug, json_int_t *ret, char **why)
{
	const char *index;

	if (hotplug_get(hotplug, "total"))
		return say_why(
			why, -EOPNOTSUPP,
			"old monitors take CPUs one by one; give index, not total");
	if (hotplug_need(hotplug, "index", &index, why) < 0)
		return -EINVAL;
	*ret = strtoll(index, NULL, 10);
	return 0;
}

static int cpu_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	json_int_t index;
	int r = cpu_index(hotplug, &index, why);

	if (r < 0)
		return r;
	return commands_add(commands, "cpu-add", "{s:I}", "id", index) ? 0 : -ENOMEM;
}

static int cpu_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	json_int_t index;
	int r = cpu_index(hotplug, &index, why);

	if (r < 0)
		return r;
	if (!commands_add(commands, "cpu_set", "{s:I,s:s}", "cpu", index, "state",
			  "offline"))
		return -ENOMEM;
	commands->list[commands->n - 1].wait_gone = true;
	return 0;
}

static int memory_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why)
{
	if (streq(nonnull(hotplug_get(hotplug, "model")), "virtio-mem-pci") ||
	    streq(nonnull(hotplug_get(hotplug, "backend")), "memfd") ||
	    (hotplug_get(hotplug, "hugetlb") && !hotplug_get(hotplug, "mem-path")))
		return say_why(why, -EOPNOTSUPP,
			       "QEMU up to 2.x has DIMMs of ram and file only; use the "
			       "dialect hmp");
	return qemu_memory_attach(hotplug, commands, why);
}

#define CELL(way, function)  [way] = { .compile = (function) }
#define NONE(way, sentence)  [way] = { .why_not = (sentence) }
#define LATER(what, version) what " came with QEMU " version "; use the dialect hmp"

static const struct cell cells[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = { CELL(VFP_ATTACH, pci_attach),
		       CELL(VFP_DETACH, qemu_detach_alone) },
	[KIND_USB] = { CELL(VFP_ATTACH, usb_attach), CELL(VFP_DETACH, usb_detach) },
	[KIND_CPU] = { CELL(VFP_ATTACH, cpu_attach), CELL(VFP_DETACH, cpu_detach) },
	[KIND_MEMORY] = { CELL(VFP_ATTACH, memory_attach),
			  CELL(VFP_DETACH, qemu_memory_detach) },
	[KIND_DISK] = { CELL(VFP_ATTACH, qemu_drive_attach),
			CELL(VFP_DETACH, qemu_detach_alone) },
	[KIND_NIC] = { CELL(VFP_ATTACH, qemu_nic_attach),
		       CELL(VFP_DETACH, qemu_nic_detach) },
	[KIND_FS] = { NONE(VFP_ATTACH, LATER("virtiofs", "5.0")),
		      NONE(VFP_DETACH, LATER("virtiofs", "5.0")) },
	[KIND_PMEM] = { NONE(VFP_ATTACH, LATER("virtio-pmem", "4.1")),
			NONE(VFP_DETACH, LATER("virtio-pmem", "4.1")) },
	[KIND_VSOCK] = { NONE(VFP_ATTACH, LATER("vhost-vsock", "2.8")),
			 NONE(VFP_DETACH, LATER("vhost-vsock", "2.8")) },
};

const struct dialect dialect_hmp_legacy = {
	.help = "the same for qemu-kvm and QEMU up to 2.x; not tested with any",
	.cells = cells,
	.spell = spell_hmp,
};
