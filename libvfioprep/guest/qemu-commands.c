/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as QEMU's commands, in QMP's names and with the types that QMP checks
 * (device_add does since 9.2, and older ones take them too). The monitors and the command
 * line spell the same list; what only a running QEMU refuses is refused only there.
 */
#include "guest/guest.h"

/*
 * QEMU's property host ends at domain ffff, and longer ones are real (VMD has 10000). The
 * other name of the device, its folder in sysfs, has no such limit.
 */
static int pci_put_host(const char *host, json_t *args)
{
	_cleanup_free_ char *path = NULL;
	const char *key = "host";

	if (strlen(host) > strlen("0000:00:00.0")) {
		path = strf(PCI_DEVICES "/%s", host);
		if (!path)
			return -ENOMEM;
		key = "sysfsdev";
		host = path;
	}
	return json_put(args, key, json_string(host));
}

static int pci_device(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	static const char *const passed[] = { "bus", "addr", "multifunction", "rombar",
					      "romfile" };
	const char *host;
	json_t *args;
	int r = hotplug_need(hotplug, "host", &host, why);

	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s}", "driver", "vfio-pci");
	if (!args || pci_put_host(host, args) < 0 ||
	    json_put(args, "id", json_string(vfp_hotplug_id(hotplug))) < 0)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(passed); i++)
		r = hotplug_put(hotplug, passed[i], args);
	return r;
}

/* At start QEMU loads the file without a ROM bar, through fw_cfg; later it cannot. */
static int pci_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *rombar = hotplug_get(hotplug, "rombar");

	if (rombar && streq(rombar, "0") && hotplug_get(hotplug, "romfile"))
		return say_why(why, -EINVAL,
			       "romfile needs the ROM bar in a running guest; leave out "
			       "romfile or rombar=0");
	return pci_device(hotplug, commands, why);
}

static int pci_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *id = vfp_hotplug_id(hotplug), *host;

	if (!id)
		return hotplug_need(hotplug, "host", &host, why);
	if (!commands_add(commands, "device_del", "{s:s}", "id", id))
		return -ENOMEM;
	commands->list[commands->n - 1].wait_gone = true;
	return 0;
}

const struct cell qemu_running[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = {
		[VFP_ATTACH] = { .compile = pci_attach },
		[VFP_DETACH] = { .compile = pci_detach },
	},
};

const struct cell qemu_starting[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = {
		[VFP_ATTACH] = { .compile = pci_device },
		[VFP_DETACH] = { .why_not = "a command line cannot take a device from a "
					    "running guest; use the dialect hmp or qmp" },
	},
};
