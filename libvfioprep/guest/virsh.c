/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dialect virsh: libvirt's command line. Devices come as the XML of the dialect
 * libvirt, on standard input, and go by their alias, which says which one is meant where
 * two are alike. What no XML can say, CPUs and sizes of memory, has commands of its own.
 */
#include "guest/guest.h"

static int put_input(json_t *args, const char *input)
{
	return args ? json_put(args, "input", json_string(input)) : -ENOMEM;
}

/* "attach-device" and "detach-device" with the XML of the device. */
static int with_xml(const struct vfp_hotplug *hotplug, enum vfp_action action,
		    struct commands *commands, char **why)
{
	const char *verb = action == VFP_ATTACH ? "attach-device" : "detach-device";
	_cleanup_str_ struct str xml = { 0 };
	const char *domain;
	int r = hotplug_need_domain(hotplug, &domain, why)
		      ?: libvirt_xml(hotplug, action, &xml, why);

	return r
		     ?: put_input(command_line_add(commands, "virsh", verb, domain,
						   "/dev/stdin", "--live", NULL),
				  xml.s);
}

static int attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		  char **why)
{
	return with_xml(hotplug, VFP_ATTACH, commands, why);
}

static int waits(struct commands *commands)
{
	commands->list[commands->n - 1].wait_gone = true;
	return 0;
}

static int detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		  char **why)
{
	_cleanup_free_ char *alias = NULL;
	const char *domain;
	int r = hotplug_need_domain(hotplug, &domain, why)
		      ?: libvirt_alias(hotplug, &alias, why);

	if (r < 0)
		return r;
	if (!command_line_add(commands, "virsh", "detach-device-alias", domain, alias,
			      "--live", NULL))
		return -ENOMEM;
	return waits(commands);
}

/* Without an id of its own it may have come by other hands; its address finds it too. */
static int detach_host_device(const struct vfp_hotplug *hotplug,
			      struct commands *commands, char **why)
{
	if (hotplug_id_given(hotplug))
		return detach(hotplug, commands, why);
	return with_xml(hotplug, VFP_DETACH, commands, why) ?: waits(commands);
}

static int resize_cpus(const struct vfp_hotplug *hotplug, const char *how,
		       struct commands *commands, char **why)
{
	const char *domain, *total = hotplug_get(hotplug, "total");
	const char *index = hotplug_get(hotplug, "index");
	json_t *args;
	int r = hotplug_need_domain(hotplug, &domain, why);

	if (r == 0 && !total == !index)
		r = say_why(why, -EINVAL,
			    "virsh wants to know which CPU or how many; give index or "
			    "total, one of them");
	r = r ?: hotplug_only(hotplug, "total index", "virsh", why);
	if (r < 0)
		return r;
	args = total ? command_line_add(commands, "virsh", "setvcpus", domain, total,
					"--live", NULL)
		     : command_line_add(commands, "virsh", "setvcpu", domain, index, how,
					"--live", NULL);
	return args ? 0 : -ENOMEM;
}

static int cpu_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return resize_cpus(hotplug, "--enable", commands, why);
}

static int cpu_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return resize_cpus(hotplug, "--disable", commands, why);
}

/* -- memory ---------------------------------------------------------------------------- */

static char *in_kib(const char *bytes)
{
	return strf("%lluKiB", strtoull(bytes, NULL, 10) >> 10);
}

/* What the guest's balloon leaves it, of what it was started with. */
static int balloon(const struct vfp_hotplug *hotplug, struct commands *commands,
		   char **why)
{
	_cleanup_free_ char *total = in_kib(hotplug_get(hotplug, "total"));
	const char *domain;
	int r = hotplug_need_domain(hotplug, &domain, why)
		      ?: hotplug_only(hotplug, "total", "virsh setmem", why);

	if (r < 0)
		return r;
	if (!total ||
	    !command_line_add(commands, "virsh", "setmem", domain, total, "--live", NULL))
		return -ENOMEM;
	return 0;
}

static int resize(const struct vfp_hotplug *hotplug, const char *bytes,
		  struct commands *commands, char **why)
{
	_cleanup_free_ char *alias = NULL, *size = in_kib(bytes);
	const char *domain;
	int r = hotplug_need_domain(hotplug, &domain, why)
		      ?: libvirt_alias(hotplug, &alias, why);

	if (r < 0)
		return r;
	if (!size ||
	    !command_line_add(commands, "virsh", "update-memory-device", domain,
			      "--alias", alias, "--requested-size", size, "--live", NULL))
		return -ENOMEM;
	return 0;
}

static bool is_virtio_mem(const struct vfp_hotplug *hotplug)
{
	const char *model = hotplug_get(hotplug, "model");

	return model && streq(model, "virtio-mem-pci");
}

static int memory_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why)
{
	const char *requested = hotplug_get(hotplug, "requested-size");

	if (hotplug_get(hotplug, "total"))
		return balloon(hotplug, commands, why);
	if (!requested || hotplug_get(hotplug, "size"))
		return attach(hotplug, commands, why);
	return hotplug_only(hotplug, "model requested-size", "a resize", why)
		     ?: resize(hotplug, requested, commands, why);
}

/* A device of virtio-mem goes only once it is empty. */
static int memory_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why)
{
	int r;

	if (hotplug_get(hotplug, "total"))
		return balloon(hotplug, commands, why);
	if (!is_virtio_mem(hotplug))
		return detach(hotplug, commands, why);
	r = resize(hotplug, "0", commands, why);
	return r ?: waits(commands) ?: detach(hotplug, commands, why);
}

static const struct cell cells[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = { { .compile = attach }, { .compile = detach_host_device } },
	[KIND_USB] = { { .compile = attach }, { .compile = detach_host_device } },
	[KIND_CPU] = { { .compile = cpu_attach }, { .compile = cpu_detach } },
	[KIND_MEMORY] = { { .compile = memory_attach }, { .compile = memory_detach } },
	[KIND_DISK] = { { .compile = attach }, { .compile = detach } },
	[KIND_NIC] = { { .compile = attach }, { .compile = detach } },
	[KIND_FS] = { { .compile = attach }, { .compile = detach } },
	[KIND_PMEM] = { { .compile = attach }, { .compile = detach } },
	[KIND_VSOCK] = { { .compile = attach }, { .compile = detach } },
};

const struct dialect dialect_virsh = {
	.help = "command lines of libvirt's virsh, with the XML as their input",
	.cells = cells,
	.words = command_line_words,
	.print = print_for_shell,
};
