/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dialect xl: Xen's command line, as of Xen 4.17. It knows no ids: what goes away is
 * named as Xen names it, by its place or its address. CPUs and memory are not added but
 * resized, within what the guest was started with.
 */
#include "guest/guest.h"

#define WHO "Xen's xl"

static int added(const json_t *args)
{
	return args ? 0 : -ENOMEM;
}

/* -- devices of the host --------------------------------------------------------------- */

/* "0000:05:00.0@6": where the guest shall see it; xl has one bus and no functions. */
static int pci_spec(const struct vfp_hotplug *hotplug, const char *host, char **ret,
		    char **why)
{
	const char *addr = hotplug_get(hotplug, "addr");

	if (addr && strchr(addr, '.'))
		return say_why(why, -EOPNOTSUPP,
			       "xl gives a slot to each device; leave the function of "
			       "addr out");
	*ret = addr ? strf("%s@%s", host, addr + strlen("0x")) : strdup(host);
	return *ret ? 0 : -ENOMEM;
}

static int need_host(const struct vfp_hotplug *hotplug, const char **ret_host, char **why)
{
	int r = hotplug_need(hotplug, "host", ret_host, why);

	if (r == 0 && strlen(*ret_host) > strlen("0000:00:00.0"))
		return say_why(why, -EOPNOTSUPP,
			       "Xen's PCI domains end at ffff; it cannot pass %s",
			       *ret_host);
	return r;
}

/* Of a device that is with pciback, too: it has to belong to Xen before a guest gets it. */
static int pci_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	_cleanup_free_ char *spec = NULL;
	const char *domain, *host;
	int r = hotplug_only(hotplug, "host addr", WHO, why) ?:
		hotplug_need_domain(hotplug, &domain, why) ?:
		need_host(hotplug, &host, why) ?:
		pci_spec(hotplug, host, &spec, why);

	return r ?: added(command_line_add(commands, "xl", "pci-assignable-add", host,
					   NULL))
		 ?: added(command_line_add(commands, "xl", "pci-attach", domain, spec,
					   NULL));
}

static int pci_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *host;
	int r = hotplug_need_domain(hotplug, &domain, why) ?:
		need_host(hotplug, &host, why) ?:
		added(command_line_add(commands, "xl", "pci-detach", domain, host, NULL));

	if (r < 0)
		return r;
	commands->list[0].wait_gone = true;
	return added(command_line_add(commands, "xl", "pci-assignable-remove", "-r", host,
				      NULL));
}

static int usb_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *bus = hotplug_get(hotplug, "hostbus");
	const char *address = hotplug_get(hotplug, "hostaddr");
	_cleanup_free_ char *host_bus = NULL, *host_address = NULL;
	int r = hotplug_only(hotplug, "hostbus hostaddr hostport vendorid productid", WHO,
			     why)
		      ?: hotplug_need_domain(hotplug, &domain, why);

	if (r == 0 && (!bus || !address))
		r = say_why(why, -EINVAL,
			    "xl finds a USB device by its bus and address only; "
			    "give hostbus and hostaddr");
	if (r < 0)
		return r;
	host_bus = strf("hostbus=%s", bus);
	host_address = strf("hostaddr=%s", address);
	if (!host_bus || !host_address)
		return -ENOMEM;
	return added(command_line_add(commands, "xl", "usbdev-attach", domain, host_bus,
				      host_address, NULL));
}

/* The manual says controller=N port=N; what is read is two plain numbers. */
static int usb_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *bus = hotplug_get(hotplug, "bus");
	const char *port = hotplug_get(hotplug, "port");
	_cleanup_free_ char *controller = NULL;
	uint64_t number = 0;
	int r = hotplug_need_domain(hotplug, &domain, why);

	if (r == 0 &&
	    (!bus || usb_bus_number(bus, &number) < 0 || !port || strchr(port, '.')))
		r = say_why(why, -EINVAL,
			    "xl takes a USB device out of a port: see `xl usb-list`, and "
			    "give bus as usb0 for controller 0, and port");
	if (r < 0)
		return r;
	controller = strf("%u", (unsigned int)number);
	if (!controller || !command_line_add(commands, "xl", "usbdev-detach", domain,
					     controller, port, NULL))
		return -ENOMEM;
	return 0;
}

/* -- sizes ----------------------------------------------------------------------------- */

static int need_total(const struct vfp_hotplug *hotplug, const char **ret_domain,
		      const char **ret_total, char **why)
{
	*ret_total = hotplug_get(hotplug, "total");
	if (!*ret_total)
		return say_why(why, -EINVAL,
			       "xl resizes a guest; give total, what it shall have");
	return hotplug_only(hotplug, "total", WHO, why)
		     ?: hotplug_need_domain(hotplug, ret_domain, why);
}

static int cpu_resize(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *total;
	int r = need_total(hotplug, &domain, &total, why);

	return r
		     ?: added(command_line_add(commands, "xl", "vcpu-set", domain, total,
					       NULL));
}

static int memory_resize(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why)
{
	const char *domain, *total;
	_cleanup_free_ char *size = NULL;
	int r = need_total(hotplug, &domain, &total, why);

	if (r < 0)
		return r;
	size = strf("%llum", strtoull(total, NULL, 10) >> 20);
	if (!size)
		return -ENOMEM;
	return added(command_line_add(commands, "xl", "mem-set", domain, size, NULL));
}

/* -- disks and cards ------------------------------------------------------------------- */

static int need_target(const struct vfp_hotplug *hotplug, const char **ret, char **why)
{
	*ret = hotplug_get(hotplug, "target");
	return *ret ? 0
		    : say_why(why, -EINVAL,
			      "target is missing; give the disk's name in the "
			      "guest, as xvdb");
}

/* "target=" takes all that follows; of that it drops one comma at the end. */
static int need_image(const struct vfp_hotplug *hotplug, const char **ret, char **why)
{
	int r = hotplug_need_path(hotplug, "filename", ret, why);

	if (r == 0 && endswith(*ret, ","))
		return say_why(why, -EOPNOTSUPP,
			       "xl loses a comma at the end of a name; give '%s' another",
			       *ret);
	return r;
}

static int disk_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *domain, *target, *image, *format = hotplug_get(hotplug, "format");
	const char *read_only = hotplug_get(hotplug, "read-only");
	_cleanup_free_ char *spec = NULL;
	int r = hotplug_only(hotplug, "filename type format read-only target", WHO,
			     why) ?:
		hotplug_need_domain(hotplug, &domain, why) ?:
		need_image(hotplug, &image, why) ?:
		need_target(hotplug, &target, why);

	if (r < 0)
		return r;
	spec = strf("format=%s,vdev=%s,access=%s,target=%s", format ? format : "raw",
		    target, read_only && streq(read_only, "on") ? "ro" : "rw", image);
	if (!spec)
		return -ENOMEM;
	return added(
		command_line_add(commands, "xl", "block-attach", domain, spec, NULL));
}

static int disk_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *domain, *target;
	int r = hotplug_need_domain(hotplug, &domain, why)
		      ?: need_target(hotplug, &target, why);

	if (r < 0)
		return r;
	if (!command_line_add(commands, "xl", "block-detach", domain, target, NULL))
		return -ENOMEM;
	commands->list[0].wait_gone = true;
	return 0;
}

/* One word for each property: commas are for configuration files. */
static int nic_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *backend, *bridge = nic_backend(hotplug, "bridge");
	const char *mac = hotplug_get(hotplug, "mac");
	_cleanup_free_ char *bridge_word = NULL, *mac_word = NULL;
	int r = hotplug_only(hotplug, "backend mac", WHO, why) ?:
		hotplug_need_domain(hotplug, &domain, why) ?:
		hotplug_need(hotplug, "backend", &backend, why);

	if (r == 0 && !bridge)
		r = say_why(why, -EOPNOTSUPP,
			    "xl puts a guest's card into a bridge; take bridge=NAME "
			    "instead of '%s'",
			    backend);
	if (r < 0)
		return r;
	bridge_word = strf("bridge=%s", bridge);
	mac_word = strf("mac=%s", nonnull(mac));
	if (!bridge_word || !mac_word)
		return -ENOMEM;
	return added(command_line_add(commands, "xl", "network-attach", domain,
				      bridge_word, mac ? mac_word : NULL, NULL));
}

static int nic_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *domain, *mac = hotplug_get(hotplug, "mac");
	int r = hotplug_need_domain(hotplug, &domain, why);

	if (r == 0 && !mac)
		r = say_why(why, -EINVAL,
			    "xl finds a card by its address: see `xl network-list`, and "
			    "give mac");
	if (r < 0)
		return r;
	if (!command_line_add(commands, "xl", "network-detach", domain, mac, NULL))
		return -ENOMEM;
	commands->list[0].wait_gone = true;
	return 0;
}

#define NO_FS    "Xen's xl has no virtiofs; it can share a folder from the start, over 9p"
#define NO_PMEM  "Xen's xl has no persistent memory; give the file as a disk"
#define NO_VSOCK "Xen's xl has no vsock; give the guest a network card"

static const struct cell cells[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = { { .compile = pci_attach }, { .compile = pci_detach } },
	[KIND_USB] = { { .compile = usb_attach }, { .compile = usb_detach } },
	[KIND_CPU] = { { .compile = cpu_resize }, { .compile = cpu_resize } },
	[KIND_MEMORY] = { { .compile = memory_resize }, { .compile = memory_resize } },
	[KIND_DISK] = { { .compile = disk_attach }, { .compile = disk_detach } },
	[KIND_NIC] = { { .compile = nic_attach }, { .compile = nic_detach } },
	[KIND_FS] = { { .why_not = NO_FS }, { .why_not = NO_FS } },
	[KIND_PMEM] = { { .why_not = NO_PMEM }, { .why_not = NO_PMEM } },
	[KIND_VSOCK] = { { .why_not = NO_VSOCK }, { .why_not = NO_VSOCK } },
};

const struct dialect dialect_xl = {
	.help = "command lines of Xen's xl",
	.cells = cells,
	.words = command_line_words,
	.print = print_for_shell,
};
