/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the driver core for PCI, with their errnos, as Linux 6.1 to 7.2 have them:
 * driver_override, bind, unbind, DMA ownership of IOMMU groups, and what a driver that
 * registers takes for itself. How sysfs looks afterwards is in model-sysfs.c.
 */
#include "model-sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/* -- what is known of a device ------------------------------------------------------- */

/* Drivers that manage DMA themselves may sit beside an open group. */
static bool manages_dma(const char *driver)
{
	return is_vfio(driver) || streq(driver, "pci-stub") || streq(driver, "pcieport");
}

/* The driver that the core has it bound to: the link goes first when it is unbound. */
static bool bound_to(const char *root, const char *address, char driver[PAGE])
{
	char target[PATH_MAX];

	if (get_link(at(device_place(root, address).path, "/driver"), target))
		snprintf(driver, PAGE, "%s", last_part(target));
	else
		get(at(root, "/model/leaving/%s", address), driver);
	return *driver;
}

static bool override_of(const char *root, const char *address, char value[PAGE])
{
	get(at(device_place(root, address).path, "/driver_override"), value);
	if (streq(value, "(null)"))
		*value = '\0';
	return *value;
}

/* Do the ids that @driver registered name the device? */
static bool ids_match(const char *root, const char *driver, const char *address)
{
	char vendor[PAGE], id[PAGE], wanted[PAGE * 2], table[PAGE];
	int fd = open(at(root, "/model/match/%s", driver).path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, table, sizeof(table) - 1);

	closep(&fd);
	table[n < 0 ? 0 : n] = '\0';
	get(at(device_place(root, address).path, "/vendor"), vendor);
	get(at(device_place(root, address).path, "/device"), id);
	if (strlen(vendor) < 3 || strlen(id) < 3)
		return false;
	snprintf(wanted, sizeof(wanted), "%s:%s", vendor + 2, id + 2);
	return strstr(table, wanted);
}

static bool matches(const char *root, const char *driver, const char *address)
{
	char override[PAGE];

	if (override_of(root, address, override))
		return streq(override, driver);
	return !is_vfio(driver) && !streq(driver, "pci-stub") &&
	       ids_match(root, driver, address);
}

/* Why vfio_pci_core_register_device() would not have it; 0 when it would. */
static int vfio_refuses(const char *root, const char *address)
{
	struct place d = device_place(root, address);

	if (there(at(d.path, "/secondary_bus_number")) ||
	    !there(at(d.path, "/iommu_group")))
		return -EINVAL;
	return there(at(d.path, "/virtfn0")) ? -EBUSY : 0;
}

/* vfio_pci_core allows runtime power management while it has a device. */
static void set_power(const char *root, const char *driver, const char *address,
		      const char *value)
{
	struct place file = at(device_place(root, address).path, "/power/control");

	if (is_vfio(driver) && there(file))
		put(file, value);
}

/* -- bind and unbind ----------------------------------------------------------------- */

static int core_bind(const char *root, const char *driver, const char *address)
{
	char group[PATH_MAX] = "", now[PAGE];
	bool grouped;
	int r;

	if (!there(device_place(root, address)) || !matches(root, driver, address))
		return -ENODEV;
	if (bound_to(root, address, now))
		return -EBUSY;
	grouped = group_of(root, address, group);
	if (grouped && !manages_dma(driver) && model_has(root, "open/%s", group))
		return -EBUSY;
	r = is_vfio(driver) ? vfio_refuses(root, address) : 0;
	if (r < 0)
		return r;
	set_power(root, driver, address, "auto\n");
	show_bound(root, address, driver);
	return 0;
}

/* ->remove() of a held device: the links are gone long before the driver is. */
void model_core_leave(const char *root, const char *address)
{
	char driver[PAGE];

	if (!bound_to(root, address, driver))
		return;
	mkdir(at(root, "/model/leaving").path, 0755);
	put(at(root, "/model/leaving/%s", address), driver);
	remove_driver_links(root, address, driver);
}

static int core_unbind(const char *root, const char *driver, const char *address)
{
	char now[PAGE];

	if (!there(device_place(root, address)) || !bound_to(root, address, now) ||
	    !streq(now, driver))
		return -ENODEV;
	unlink(at(root, "/model/leaving/%s", address).path);
	set_power(root, driver, address, "on\n");
	show_unbound(root, address, driver);
	return 0;
}

/* The first driver that takes it. */
static void core_probe(const char *root, const char *address)
{
	DIR *drivers = opendir(at(root, "/model/match").path);
	struct dirent *entry;
	char text[PAGE];

	while (drivers && !bound_to(root, address, text) && (entry = readdir(drivers)))
		if (*entry->d_name != '.')
			core_bind(root, entry->d_name, address);
	if (drivers)
		closedir(drivers);
}

/*
 * A driver that registers is offered whatever has none; with @others the rest are, too.
 */
static void attach_all(const char *root, const char *driver, bool others)
{
	DIR *devices = opendir(at(root, "/sys/bus/pci/devices").path);
	struct dirent *entry;
	char text[PAGE];

	while (devices && (entry = readdir(devices)))
		if (*entry->d_name != '.' && !bound_to(root, entry->d_name, text) &&
		    !override_of(root, entry->d_name, text) &&
		    core_bind(root, driver, entry->d_name) < 0 && others)
			core_probe(root, entry->d_name);
	if (devices)
		closedir(devices);
}

void model_core_probe_all(const char *root, const char *rival)
{
	attach_all(root, rival, true);
}

/* -- the files ----------------------------------------------------------------------- */

/* Everything from the first newline on is dropped; nothing left clears it. */
static int set_override(struct place file, const char *value)
{
	char text[PAGE + 1];

	if (strlen(value) >= PAGE - 1)
		return -EINVAL;
	snprintf(text, sizeof(text), "%.*s\n", (int)strcspn(value, "\n"), value);
	put(file, *text == '\n' ? "(null)\n" : text);
	return 0;
}

/* A device's name with at most one newline after it, as sysfs_streq() compares. */
static int bind_file(const char *root, const char *path, const char *value)
{
	char driver[PATH_MAX], address[64];
	size_t len = strcspn(value, "\n");

	if (len >= sizeof(address) || (value[len] && value[len + 1]))
		return -ENODEV;
	snprintf(address, sizeof(address), "%.*s", (int)len, value);
	snprintf(driver, sizeof(driver), "%s",
		 path + strlen(PCI_DRIVERS) + startswith(path, PCI_DRIVERS "/"));
	*strchrnul(driver, '/') = '\0';
	if (!*address || strchr(address, '/') || *address == '.')
		return -ENODEV;
	if (endswith(path, "/drivers_probe")) {
		/*
		 * Success says nothing: not that it was bound, nor that probing worked.
		 */
		core_probe(root, address);
		return there(device_place(root, address)) ? 0 : -ENODEV;
	}
	return endswith(path, "/bind") ? core_bind(root, driver, address)
				       : core_unbind(root, driver, address);
}

/* One of a few words, as the kernel parses it. */
static int set_word(struct place file, const char *value, const char *a, const char *b)
{
	char text[PAGE];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(value, "\n"), value);
	if (!streq(text, a) && !streq(text, b))
		return -EINVAL;
	put(file, streq(text, a) ? at(a, "\n").path : at(b, "\n").path);
	return 0;
}

int model_core_write(const char *root, const char *path, const char *value)
{
	if (!there(at(root, "%s", path)))
		return -ENOENT;
	if (!*value)
		return 0; /* a write of no bytes never reaches the attribute */
	if (endswith(path, "/driver_override"))
		return set_override(at(root, "%s", path), value);
	if (endswith(path, "/power/control"))
		return set_word(at(root, "%s", path), value, "on", "auto");
	if (endswith(path, "/d3cold_allowed"))
		return set_word(at(root, "%s", path), value, "0", "1");
	if (startswith(path, "/sys/bus/usb/drivers/"))
		return model_usb_write(root, path, value);
	if (streq(path, "/sys/bus/pci/drivers_probe") ||
	    (startswith(path, PCI_DRIVERS "/") &&
	     (endswith(path, "/bind") || endswith(path, "/unbind"))))
		return bind_file(root, path, value);
	return -EACCES;
}

static int register_driver(const char *root, const char *module, const char *name,
			   const char *ids)
{
	struct place folder = at(root, "/sys/bus/pci/drivers/%s", name);

	if (there(folder))
		return 0;
	if (mkdir(folder.path, 0755) < 0)
		return -errno;
	put(at(folder.path, "/bind"), "");
	put(at(folder.path, "/unbind"), "");
	put(at(root, "/model/match/%s", name), ids);
	mkdir(at(root, "/sys/module/%s", module).path, 0755);
	mkdir(at(root, "/sys/module/%s/drivers", module).path, 0755);
	put(at(root, "/sys/module/%s/initstate", module), "live\n");
	make_link(at(root, "/sys/module/%s/drivers/pci:%s", module, name),
		  at("", "../../../bus/pci/drivers/%s", name).path);
	make_link(at(folder.path, "/module"),
		  at("", "../../../../module/%s", module).path);
	attach_all(root, name, false);
	return 0;
}

int model_core_load(const char *root, const char *module)
{
	char text[PAGE], *ids;

	if (!model_has(root, "modules/%s", module))
		return -ENOENT;
	get(at(root, "/model/modules/%s", module), text);
	if (startswith(text, "fail "))
		return -atoi(text + strlen("fail "));
	ids = strchr(text, ' ');
	if (ids)
		*ids++ = '\0';
	return register_driver(root, module, text, nonnull(ids));
}
