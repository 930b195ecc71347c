/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions of the fake host as sysfs shows them, their drivers and IOMMU groups. A
 * function on a bus other than 0 is put behind a root port, which is made when it was not
 * declared.
 */
#include "fixture.h"

/* -- drivers ------------------------------------------------------------------------- */

static void make_module(struct fixture *f, const char *module, const char *driver)
{
	_cleanup_free_ char *folder = strf("/sys/module/%s", module);
	_cleanup_free_ char *state = strf("%s/initstate", folder);
	_cleanup_free_ char *link = strf("%s/drivers/pci:%s", folder, driver);
	_cleanup_free_ char *back = strf("/sys/bus/pci/drivers/%s/module", driver);
	_cleanup_free_ char *target = strf("/sys/bus/pci/drivers/%s", driver);

	fixture_write(f, state, "live\n");
	fixture_link(f, link, target);
	fixture_link(f, back, folder);
}

void fixture_driver(struct fixture *f, const char *name, const char *module,
		    const char *ids)
{
	static const char *const files[] = { "bind", "unbind", "new_id", "remove_id",
					     "uevent" };
	_cleanup_free_ char *match = strf("/model/match/%s", name);
	_cleanup_free_ char *own = strdup(name);

	fixture_append(f, match, "%s%s", nonnull(ids), ids ? "\n" : "");
	if (fixture_exists(f, "/sys/bus/pci/drivers/%s", name))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path =
			strf("/sys/bus/pci/drivers/%s/%s", name, files[i]);

		fixture_write(f, path, "%s", "");
	}
	for (char *c = own; *c; c++)
		if (*c == '-')
			*c = '_';
	if (!module)
		module = own;
	if (*module)
		make_module(f, module, name);
}

/* -- devices ------------------------------------------------------------------------- */

char *fixture_device_path(struct fixture *f, const char *address)
{
	_cleanup_free_ char *link = fixture_path(f, "/sys/bus/pci/devices/%s", address);
	char text[512];
	ssize_t n = readlink(link, text, sizeof(text) - 1);

	fixture_need(n > 9, "no such device", address);
	text[n] = '\0';
	return strf("/sys/%s", text + strlen("../../../"));
}

static void split(const char *address, unsigned int *domain, unsigned int *bus)
{
	fixture_need(sscanf(address, "%x:%x:", domain, bus) == 2, "address", address);
}

static struct fixture_bus *find_bus(struct fixture *f, unsigned int domain,
				    unsigned int bus)
{
	for (size_t i = 0; i < f->n_buses; i++)
		if (f->buses[i].domain == domain && f->buses[i].bus == bus)
			return &f->buses[i];
	return NULL;
}

/* A root port of its own for a bus that no bridge was declared for. */
static struct fixture_bus *make_bus(struct fixture *f, const struct fixture_device *d,
				    unsigned int domain, unsigned int bus)
{
	_cleanup_free_ char *port =
		strf("%04x:00:%02x.%x", domain, 0x10 + bus / 8 % 15, bus % 8);

	fixture_device(f, &(struct fixture_device){
				  .address = port,
				  .ids = "1b36:000c",
				  .class = "060400",
				  .driver = "pcieport",
				  .group = d->group ? 1000 + (int)bus : 0,
				  .bus_below = bus,
			  });
	return find_bus(f, domain, bus);
}

static char *place(struct fixture *f, const struct fixture_device *d)
{
	unsigned int domain, bus;
	struct fixture_bus *above;

	split(d->address, &domain, &bus);
	if (d->below) {
		_cleanup_free_ char *bridge = fixture_device_path(f, d->below);

		return strf("%s/%s", bridge, d->address);
	}
	if (bus == 0)
		return strf("/sys/devices/pci%04x:00/%s", domain, d->address);
	above = find_bus(f, domain, bus);
	if (!above)
		above = make_bus(f, d, domain, bus);
	return strf("%s/%s", above->path, d->address);
}

static void write_ids(struct fixture *f, const struct fixture_device *d,
		      const char *folder)
{
	unsigned int vendor = 0, device = 0, subvendor = 0, subdevice = 0, class = 0;

	fixture_need(sscanf(d->ids ?: "8086:10d3", "%x:%x", &vendor, &device) == 2 &&
			     sscanf(d->subsystem ?: "1af4:1100", "%x:%x", &subvendor,
				    &subdevice) == 2 &&
			     sscanf(d->class ?: "020000", "%x", &class) == 1,
		     "ids", d->address);
	fixture_attr(f, folder, "vendor", "0x%04x\n", vendor);
	fixture_attr(f, folder, "device", "0x%04x\n", device);
	fixture_attr(f, folder, "subsystem_vendor", "0x%04x\n", subvendor);
	fixture_attr(f, folder, "subsystem_device", "0x%04x\n", subdevice);
	fixture_attr(f, folder, "class", "0x%06x\n", class);
	fixture_attr(f, folder, "revision", "0x00\n");
	fixture_attr(f, folder, "modalias",
		     "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", vendor, device,
		     subvendor, subdevice, class >> 16, class >> 8 & 0xff, class & 0xff);
	if (class >> 16 == 3)
		fixture_attr(f, folder, "boot_vga", "%d\n", d->boot_vga);
}

static void write_attributes(struct fixture *f, const struct fixture_device *d,
			     const char *folder)
{
	write_ids(f, d, folder);
	fixture_attr(f, folder, "numa_node", "%s\n", d->numa_node ?: "-1");
	fixture_attr(f, folder, "d3cold_allowed", "1\n");
	fixture_attr(f, folder, "power/control", "on\n");
	fixture_attr(f, folder, "driver_override", "%s\n", d->override ?: "(null)");
	fixture_attr(f, folder, "uevent", "PCI_SLOT_NAME=%s\n", d->address);
	fixture_attr(f, folder, "enable", "%d\n", d->driver != NULL);
	fixture_attr(f, folder, "d3cold_allowed", "1\n");
	fixture_attr(f, folder, "power/control", "on\n");
	fixture_attr(f, folder, "power/runtime_status", "active\n");
	if (d->reset) {
		fixture_attr(f, folder, "reset", "%s", "");
		fixture_attr(f, folder, "reset_method", "flr\n");
	}
}

static void join_group(struct fixture *f, const struct fixture_device *d,
		       const char *folder)
{
	_cleanup_free_ char *group = strf("/sys/kernel/iommu_groups/%d", d->group);
	_cleanup_free_ char *member = strf("%s/devices/%s", group, d->address);

	fixture_link(f, member, folder);
	fixture_link_in(f, folder, "iommu_group", group);
	fixture_attr(f, group, "type", "DMA-FQ\n");
	fixture_attr(f, group, "reserved_regions",
		     "0x00000000fee00000 0x00000000feefffff msi\n");
}

/* What a vfio driver shows: a folder in the device, and the group's node. */
static void show_vfio(struct fixture *f, const struct fixture_device *d,
		      const char *folder)
{
	_cleanup_free_ char *number = strf("vfio-dev/vfio%u", f->next_vfio++);
	_cleanup_free_ char *node = strf("/dev/vfio/%d", d->group);
	_cleanup_free_ char *uevent = strf("%s/uevent", number);

	fixture_attr(f, folder, uevent, "%s", "");
	if (d->group)
		fixture_write(f, node, "%s", "");
}

static void bind_driver(struct fixture *f, const struct fixture_device *d,
			const char *folder)
{
	_cleanup_free_ char *driver = strf("/sys/bus/pci/drivers/%s", d->driver);
	bool vfio = endswith(d->driver, "vfio-pci") || endswith(d->driver, "vfio_pci");
	bool by_override = vfio || streq(d->driver, "pci-stub");
	const char *ids = d->ids ?: "8086:10d3";

	fixture_driver(f, d->driver, NULL, by_override ? NULL : ids);
	fixture_link_in(f, folder, "driver", driver);
	fixture_link_in(f, driver, d->address, folder);
	if (vfio)
		show_vfio(f, d, folder);
}

static void join_physfn(struct fixture *f, const struct fixture_device *d,
			const char *folder)
{
	_cleanup_free_ char *physfn = fixture_device_path(f, d->physfn);
	_cleanup_free_ char *name = NULL;
	unsigned int n = 0;

	while (fixture_exists(f, "%s/virtfn%u", physfn, n))
		n++;
	name = strf("virtfn%u", n);
	fixture_link_in(f, physfn, name, folder);
	fixture_link_in(f, folder, "physfn", physfn);
	fixture_attr(f, physfn, "sriov_numvfs", "%u\n", n + 1);
	fixture_attr(f, physfn, "sriov_totalvfs", "8\n");
}

static void become_bridge(struct fixture *f, const struct fixture_device *d,
			  const char *folder)
{
	struct fixture_bus *bus = &f->buses[f->n_buses++];
	unsigned int domain, above;

	fixture_need(f->n_buses <= ARRAY_SIZE(f->buses) &&
			     strlen(folder) < sizeof(bus->path),
		     "too many bridges", d->address);
	split(d->address, &domain, &above);
	bus->domain = domain;
	bus->bus = d->bus_below;
	strcpy(bus->path, folder);
	fixture_attr(f, folder, "secondary_bus_number", "%u\n", d->bus_below);
	fixture_attr(f, folder, "subordinate_bus_number", "%u\n", d->bus_below);
}

void fixture_device(struct fixture *f, const struct fixture_device *d)
{
	_cleanup_free_ char *folder = place(f, d);

	write_attributes(f, d, folder);
	fixture_link_in(f, folder, "subsystem", "/sys/bus/pci");
	fixture_link_in(f, "/sys/bus/pci/devices", d->address, folder);
	if (d->group)
		join_group(f, d, folder);
	if (d->driver)
		bind_driver(f, d, folder);
	if (d->physfn)
		join_physfn(f, d, folder);
	if (d->bus_below)
		become_bridge(f, d, folder);
}
