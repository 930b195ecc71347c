/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as QEMU's commands, in QMP's names and with the types that QMP checks
 * (device_add does since 9.2, and older ones take them too). The monitors and the command
 * line spell the same list; what only a running QEMU refuses is refused only there.
 *
 * Here are the tables and what has no backend; the others are in qemu-memory-commands.c
 * and qemu-backed-commands.c. The backend of an id X is always X-backend, so that it can
 * be found again by who knows nothing but the id.
 */
#include "guest/guest.h"

char *qemu_backend(const char *id)
{
	return strf("%s-backend", id);
}

int qemu_put_all(const struct vfp_hotplug *hotplug, const char *const *keys, json_t *args)
{
	int r = 0;

	for (; *keys && r == 0; keys++)
		r = hotplug_put(hotplug, *keys, args);
	return r;
}

/* Takes away the device and then, when the guest has let go of it, its backend. */
int qemu_detach_with(const struct vfp_hotplug *hotplug, struct commands *commands,
		     const char *remove, const char *key, char **why)
{
	_cleanup_free_ char *backend = NULL;
	const char *id;
	int r = qemu_detach_alone(hotplug, commands, why)
		      ?: hotplug_need_id(hotplug, &id, why);

	if (r < 0)
		return r;
	backend = qemu_backend(id);
	if (!backend || !commands_add(commands, remove, "{s:s}", key, backend))
		return -ENOMEM;
	return 0;
}

int qemu_detach_alone(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *id;
	int r = hotplug_need_id(hotplug, &id, why);

	if (r < 0)
		return r;
	if (!commands_add(commands, "device_del", "{s:s}", "id", id))
		return -ENOMEM;
	commands->list[commands->n - 1].wait_gone = true;
	return 0;
}

/* -- a PCI function of the host ------------------------------------------------------- */

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

static bool is_on(const struct vfp_hotplug *hotplug, const char *key)
{
	return streq(nonnull(hotplug_get(hotplug, key)), "on");
}

static int pci_add_iommufd(const char *backend, struct commands *commands)
{
	return backend && commands_add(commands, "object-add", "{s:s,s:s}", "qom-type",
				       "iommufd", "id", backend)
		     ? 0
		     : -ENOMEM;
}

static int pci_device(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	static const char *const passed[] = { "bus",    "addr",    "multifunction",
					      "rombar", "romfile", NULL };
	bool iommufd = is_on(hotplug, "iommufd");
	_cleanup_free_ char *backend = NULL;
	const char *host, *id;
	json_t *args;
	int r = hotplug_need(hotplug, "host", &host, why);

	if (r < 0)
		return r;
	id = vfp_hotplug_id(hotplug);
	backend = qemu_backend(id);
	if (iommufd && pci_add_iommufd(backend, commands) < 0)
		return -ENOMEM;
	args = commands_add(commands, "device_add", "{s:s}", "driver", "vfio-pci");
	if (!args || pci_put_host(host, args) < 0 ||
	    json_put(args, "id", json_string(id)) < 0)
		return -ENOMEM;
	r = qemu_put_all(hotplug, passed, args);
	if (r == 0 && iommufd)
		r = json_put(args, "iommufd", json_string(backend));
	return r ?: hotplug_put(hotplug, "vf-token", args);
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
	const char *host;

	if (!vfp_hotplug_id(hotplug))
		return hotplug_need(hotplug, "host", &host, why);
	return is_on(hotplug, "iommufd")
		     ? qemu_detach_with(hotplug, commands, "object-del", "id", why)
		     : qemu_detach_alone(hotplug, commands, why);
}

/* -- a USB device of the host --------------------------------------------------------- */

/*
 * Bus and address alone are an exact match, tried at once. Any more than that makes QEMU
 * look for devices that match, now and later; so they are what is said where known, and
 * ids are the last resort.
 */
static const char *const *usb_match(const struct vfp_hotplug *hotplug)
{
	static const char *const ways[][4] = {
		{ "hostbus", "hostaddr" },
		{ "hostbus", "hostport" },
		{ "hostbus", "vendorid", "productid" },
		{ "vendorid", "productid" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const char *const *key = ways[i];

		while (*key && hotplug_get(hotplug, *key))
			key++;
		if (!*key)
			return ways[i];
	}
	return NULL;
}

static int usb_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	static const char *const passed[] = { "guest-reset", "bus", "port", NULL };
	const char *const *match = usb_match(hotplug);
	json_t *args;

	if (!match)
		return say_why(
			why, -EINVAL,
			"QEMU would take any USB device; give hostbus and hostaddr, "
			"hostbus and hostport, or vendorid and productid");
	args = commands_add(commands, "device_add", "{s:s,s:s}", "driver", "usb-host",
			    "id", vfp_hotplug_id(hotplug));
	if (!args)
		return -ENOMEM;
	return qemu_put_all(hotplug, match, args) ?: qemu_put_all(hotplug, passed, args);
}

/* -- a CPU ---------------------------------------------------------------------------- */

static int cpu_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	static const char *const place[] = { "socket-id", "die-id",  "cluster-id",
					     "module-id", "core-id", "thread-id",
					     "node-id",   NULL };
	const char *model = hotplug_get(hotplug, "model"), *id;
	json_t *args;
	int r;

	if (hotplug_get(hotplug, "total"))
		return say_why(why, -EOPNOTSUPP,
			       "QEMU adds CPUs one by one; leave out total");
	if (!model ||
	    !(hotplug_get(hotplug, "socket-id") || hotplug_get(hotplug, "core-id") ||
	      hotplug_get(hotplug, "thread-id")))
		return say_why(
			why, -EINVAL,
			"which CPU is free only the running QEMU knows; give model, "
			"socket-id, core-id and thread-id as its command `info "
			"hotpluggable-cpus` has them");
	r = hotplug_need_id(hotplug, &id, why);
	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s}", "driver", model, "id",
			    id);
	return args ? qemu_put_all(hotplug, place, args) : -ENOMEM;
}

static int cpu_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	if (hotplug_get(hotplug, "total"))
		return say_why(
			why, -EOPNOTSUPP,
			"QEMU takes CPUs away one by one; leave out total and give "
			"the id of one");
	return qemu_detach_alone(hotplug, commands, why);
}

/* -- a socket between host and guest -------------------------------------------------- */

static int vsock_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
			char **why)
{
	static const char *const passed[] = { "guest-cid", "bus", "addr", NULL };
	const char *cid;
	json_t *args;
	int r = hotplug_need(hotplug, "guest-cid", &cid, why);

	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s}", "driver",
			    "vhost-vsock-pci", "id", vfp_hotplug_id(hotplug));
	return args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;
}

/* -- the tables ----------------------------------------------------------------------- */

#define RUNNING(attach, detach)                                          \
	{                                                                \
		[VFP_ATTACH] = { .compile = (attach) }, [VFP_DETACH] = { \
			.compile = (detach)                              \
		}                                                        \
	}
#define STAYS(attach)                                                                    \
	{                                                                                \
		[VFP_ATTACH] = { .compile = (attach) }, [VFP_DETACH] = {                 \
			.why_not =                                                       \
				"QEMU takes no persistent memory from a running guest; " \
				"shut the guest down"                                    \
		}                                                                        \
	}
#define STARTING(attach)                                                                 \
	{                                                                                \
		[VFP_ATTACH] = { .compile = (attach) }, [VFP_DETACH] = {                 \
			.why_not = "a command line cannot take a device from a running " \
				   "guest; use the dialect hmp or qmp"                   \
		}                                                                        \
	}

const struct cell qemu_running[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = RUNNING(pci_attach, pci_detach),
	[KIND_USB] = RUNNING(usb_attach, qemu_detach_alone),
	[KIND_CPU] = RUNNING(cpu_attach, cpu_detach),
	[KIND_MEMORY] = RUNNING(qemu_memory_attach, qemu_memory_detach),
	[KIND_DISK] = RUNNING(qemu_disk_attach, qemu_disk_detach),
	[KIND_NIC] = RUNNING(qemu_nic_attach, qemu_nic_detach),
	[KIND_FS] = RUNNING(qemu_fs_attach, qemu_fs_detach),
	[KIND_PMEM] = STAYS(qemu_pmem_attach),
	[KIND_VSOCK] = RUNNING(vsock_attach, qemu_detach_alone),
};

/* The human monitor has no blockdev-add: it has a command of its own for disks. */
const struct cell qemu_human[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = RUNNING(pci_attach, pci_detach),
	[KIND_USB] = RUNNING(usb_attach, qemu_detach_alone),
	[KIND_CPU] = RUNNING(cpu_attach, cpu_detach),
	[KIND_MEMORY] = RUNNING(qemu_memory_attach, qemu_memory_detach),
	[KIND_DISK] = RUNNING(qemu_drive_attach, qemu_detach_alone),
	[KIND_NIC] = RUNNING(qemu_nic_attach, qemu_nic_detach),
	[KIND_FS] = RUNNING(qemu_fs_attach, qemu_fs_detach),
	[KIND_PMEM] = STAYS(qemu_pmem_attach),
	[KIND_VSOCK] = RUNNING(vsock_attach, qemu_detach_alone),
};

const struct cell qemu_starting[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = STARTING(pci_device),
	[KIND_USB] = STARTING(usb_attach),
	[KIND_CPU] = STARTING(cpu_attach),
	[KIND_MEMORY] = STARTING(qemu_memory_start),
	[KIND_DISK] = STARTING(qemu_disk_attach),
	[KIND_NIC] = STARTING(qemu_nic_attach),
	[KIND_FS] = STARTING(qemu_fs_attach),
	[KIND_PMEM] = STARTING(qemu_pmem_attach),
	[KIND_VSOCK] = STARTING(vsock_attach),
};
