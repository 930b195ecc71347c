/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest from within: whether its kernel can take devices, processors and memory while it runs,
 * and let go of them. What the kernel shows of itself counts more than how it was configured:
 * many guests have no file that tells.
 */
#include "model/doctor.h"

#define MEMORY "/sys/devices/system/memory"
#define CPUS   "/sys/devices/system/cpu"
#define SLOTS  "/sys/bus/pci/slots"

int doctor_virtual(struct check *c, const struct vfp_doctor_options *options)
{
	(void)options;
	if (check_is_virtual(c) || !root_exists(c->ctx, "/proc/cpuinfo"))
		return 0;
	return check_add(c, VFP_WARN, NULL, "vfioprep doctor",
			 "this does not look like a virtual machine; for the host leave "
			 "--guest out");
}

/* -- features of the kernel ----------------------------------------------------------- */

/* 'y' there, 'm' a module that is not loaded, 'n' not built, '?' unknown. */
static char feature(struct check *c, const char *option, const char *sign)
{
	return root_exists(c->ctx, "%s", sign) ? 'y' : doctor_kconfig(c, option);
}

static int add_unknown(struct check *c, const char *option)
{
	return check_add(c, VFP_UNKNOWN, option, "modprobe configs",
			 "whether this kernel has CONFIG_%s could not be read: there is "
			 "neither /boot/config-* nor /proc/config.gz",
			 option);
}

static int add_lacking(struct check *c, const char *option, const char *what)
{
	_cleanup_free_ char *words = strf("CONFIG_%s=y", option);

	return words ? check_add(c, VFP_REFUSE, option, words,
				 "this kernel was built without CONFIG_%s: %s", option,
				 what)
		     : -ENOMEM;
}

/* One that has to be built in: said only when it is lacking or not known. */
static int need(struct check *c, const char *option, const char *sign, const char *what)
{
	switch (feature(c, option, sign)) {
	case 'n':
		return add_lacking(c, option, what);
	case '?':
		return add_unknown(c, option);
	default:
		return 0;
	}
}

/* -- PCI ----------------------------------------------------------------------------- */

/* A driver of slots that old kernels have as a module, which nobody loads. */
static int add_module(struct check *c, const char *module)
{
	_cleanup_free_ char *remedy =
		strf("modprobe %s && echo %s > /etc/modules-load.d/%s.conf", module,
		     module, module);

	return remedy ? check_add(c, VFP_REFUSE, module, remedy,
				  "%s is a module of this kernel and not loaded: devices "
				  "that are plugged are not seen",
				  module)
		      : -ENOMEM;
}

static bool is_disabled(struct check *c)
{
	_cleanup_free_ char *value = NULL;

	return root_attr(c->ctx, &value, "/sys/module/acpiphp/parameters/disable") == 0 &&
	       streq(value, "Y");
}

static int add_turned_off(struct check *c)
{
	_cleanup_free_ char *line = doctor_command_line(c);
	int r = line ? 0 : -ENOMEM;

	if (r == 0 && on_command_line(line, "pcie_ports=compat"))
		r = check_add(c, VFP_WARN, "pciehp",
			      "take pcie_ports=compat from the kernel command line",
			      "pcie_ports=compat on the kernel command line turns "
			      "hot-plug of PCI Express off");
	if (r == 0 && is_disabled(c))
		r = check_add(c, VFP_WARN, "acpiphp",
			      "take acpiphp.disable from the kernel command line",
			      "acpiphp.disable on the kernel command line turns hot-plug "
			      "by ACPI off");
	return r;
}

/* Machine q35 plugs by PCI Express or by ACPI, i440fx by ACPI. */
int doctor_pci(struct check *c, const struct vfp_doctor_options *options)
{
	char express =
		feature(c, "HOTPLUG_PCI_PCIE", "/sys/bus/pci_express/drivers/pciehp");
	char acpi = feature(c, "HOTPLUG_PCI_ACPI", "/sys/module/acpiphp");

	(void)options;
	if (express == 'y' && acpi == 'y')
		return add_turned_off(c);
	if (acpi == 'm')
		return add_module(c, "acpiphp");
	if (express == 'm')
		return add_module(c, "pciehp");
	if (express == 'n' && acpi == 'n')
		return add_lacking(c, "HOTPLUG_PCI_PCIE",
				   "no PCI device can be plugged while it runs");
	if (express == 'n')
		return check_add(c, VFP_WARN, "HOTPLUG_PCI_PCIE",
				 "CONFIG_HOTPLUG_PCI_PCIE=y",
				 "this kernel was built without CONFIG_HOTPLUG_PCI_PCIE: "
				 "root ports take devices by ACPI only");
	if (acpi == 'n')
		return check_add(c, VFP_WARN, "HOTPLUG_PCI_ACPI",
				 "CONFIG_HOTPLUG_PCI_ACPI=y",
				 "this kernel was built without CONFIG_HOTPLUG_PCI_ACPI: "
				 "machine i440fx cannot plug, nor q35 where QEMU does it "
				 "by ACPI");
	return add_unknown(c, express == '?' ? "HOTPLUG_PCI_PCIE" : "HOTPLUG_PCI_ACPI");
}

/* A slot is free when nothing has its address, "0000:05:00" without a function. */
static bool is_free(struct check *c, const char *slot, char *const *functions)
{
	_cleanup_free_ char *address = NULL;

	if (root_attr(c->ctx, &address, SLOTS "/%s/address", slot) < 0)
		return false;
	for (; *functions; functions++)
		if (startswith(*functions, address))
			return false;
	return true;
}

int doctor_slots(struct check *c, const struct vfp_doctor_options *options)
{
	static const char port[] = "-device pcie-root-port,id=port1,chassis=1,slot=1";
	_cleanup_strings_ char **slots = NULL, **functions = NULL;
	size_t n, n_free = 0;

	(void)options;
	if (root_list(c->ctx, PCI_DEVICES, &functions) < 0 || !*functions)
		return 0;
	if (root_list(c->ctx, SLOTS, &slots) < 0 || !*slots)
		return check_add(c, VFP_WARN, NULL, port,
				 "there is no slot that a device could be plugged into: "
				 "start the guest with an empty root port for each");
	n = list_length(slots);
	for (char **slot = slots; *slot; slot++)
		n_free += is_free(c, *slot, functions);
	return check_add(c, n_free ? VFP_NOTE : VFP_WARN, NULL, port,
			 "%zu of %zu slots %s free; more need root ports that the guest "
			 "is started with",
			 n_free, n, n_free == 1 ? "is" : "are");
}

/* -- processors ---------------------------------------------------------------------- */

int doctor_cpus(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *possible = NULL, *present = NULL;
	int r = need(c, "HOTPLUG_CPU", CPUS "/hotplug",
		     "processors cannot come or go while it runs");

	(void)options;
	/* Before 3.8 (and on machines without ACPI) there is no such option. */
	if (r == 0 && root_exists(c->ctx, "/sys/firmware/acpi"))
		r = need(c, "ACPI_HOTPLUG_CPU", "/sys/firmware/acpi/hotplug/processor",
			 "processors that are plugged are not seen");
	if (r < 0 || root_attr(c->ctx, &possible, CPUS "/possible") < 0 ||
	    root_attr(c->ctx, &present, CPUS "/present") < 0 || !streq(possible, present))
		return r;
	return check_add(c, VFP_WARN, NULL, "-smp 2,maxcpus=8",
			 "no processor can be added: all that are possible (%s) are "
			 "there; start the guest with more",
			 possible);
}

/* -- memory -------------------------------------------------------------------------- */

int doctor_guest_memory(struct check *c, const struct vfp_doctor_options *options)
{
	int r = need(c, "MEMORY_HOTPLUG", MEMORY "/auto_online_blocks",
		     "memory cannot be added while it runs");

	(void)options;
	if (r == 0 && root_exists(c->ctx, "/sys/firmware/acpi"))
		r = need(c, "ACPI_HOTPLUG_MEMORY", "/sys/firmware/acpi/hotplug/memory",
			 "memory modules that are plugged are not seen");
	if (r == 0 && doctor_kconfig(c, "MEMORY_HOTREMOVE") == 'n')
		r = check_add(c, VFP_WARN, "MEMORY_HOTREMOVE",
			      "CONFIG_MEMORY_HOTREMOVE=y",
			      "this kernel was built without CONFIG_MEMORY_HOTREMOVE: "
			      "memory that was added stays");
	return r;
}

/* virtio-mem came with Linux 5.8; the device asks for its module by itself. */
int doctor_virtio_mem(struct check *c, const struct vfp_doctor_options *options)
{
	(void)options;
	if (root_exists(c->ctx, "/sys/bus/virtio/drivers/virtio_mem") ||
	    doctor_kconfig(c, "VIRTIO_MEM") != 'n')
		return 0;
	return check_add(c, VFP_NOTE, "VIRTIO_MEM", "CONFIG_VIRTIO_MEM=m",
			 "this kernel was built without CONFIG_VIRTIO_MEM: plug memory "
			 "--virtio-mem is not for it");
}
