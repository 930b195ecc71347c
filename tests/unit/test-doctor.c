/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as a whole: each row of the doctor's table, where it has something to say and where
 * it has nothing, with what it tells to do.
 */
#include "verdict.h"

#include <sys/stat.h>

static struct vfp_finding **found;
static struct vfp_doctor_options what;

static void look(enum vfp_side side)
{
	if (found)
		vfp_findings_free(found);
	found = NULL;
	assert_int_equal(vfp_doctor(ctx, side, &what, &found), 0);
}

static const struct vfp_finding *find(const char *part)
{
	for (struct vfp_finding **f = found; *f; f++)
		if (strstr((*f)->text, part))
			return *f;
	return NULL;
}

static void says(enum vfp_severity severity, const char *part, const char *remedy)
{
	const struct vfp_finding *f = find(part);

	if (!f) {
		for (struct vfp_finding **g = found; *g; g++)
			print_message("%s %s\n", vfp_severity_name((*g)->severity),
				      (*g)->text);
		fail_msg("nothing says \"%s\"", part);
	}
	assert_int_equal(f->severity, severity);
	if (!strstr(f->remedy, remedy))
		fail_msg("\"%s\" is not in the remedy \"%s\"", remedy, f->remedy);
	assert_string_equal(f->device, "");
}

static void silent(const char *part)
{
	const struct vfp_finding *f = find(part);

	if (f)
		fail_msg("unexpected: %s", f->text);
}

static void host(enum vfp_severity severity, const char *part, const char *remedy)
{
	look(VFP_HOST);
	says(severity, part, remedy);
}

static void no_host(const char *part)
{
	look(VFP_HOST);
	silent(part);
}

static void guest(enum vfp_severity severity, const char *part, const char *remedy)
{
	look(VFP_GUEST);
	says(severity, part, remedy);
}

static void no_guest(const char *part)
{
	look(VFP_GUEST);
	silent(part);
}

static void put(const char *path, const char *text)
{
	fixture_write(fixture, path, "%s\n", text);
}

static void cpu(const char *vendor, const char *flags)
{
	fixture_write(fixture, "/proc/cpuinfo",
		      "processor\t: 0\nvendor_id\t: %s\nflags\t\t: fpu%s pni\n", vendor,
		      flags);
}

static void kconfig(const char *lines)
{
	fixture_write(fixture, "/boot/config-6.12.0-fixture",
		      "#\n# Linux/x86 6.12.0 Kernel Configuration\n#\n%s", lines);
}

static void command_line(const char *words)
{
	fixture_write(fixture, "/proc/cmdline", "root=/dev/sda2 %s quiet\n", words);
}

static int start(void **state)
{
	int r = set_up(state);

	found = NULL;
	what = (struct vfp_doctor_options){ 0 };
	return r;
}

static int end(void **state)
{
	vfp_findings_free(found);
	return tear_down(state);
}

/* -- where --------------------------------------------------------------------------- */

static void a_container_sees_only_itself(void **state)
{
	(void)state;
	fixture_mkdir(fixture, "/proc/self/ns");
	fixture_symlink(fixture, "/proc/self/ns/pid", "pid:[4026531836]");
	no_host("container");
	fixture_symlink(fixture, "/proc/self/ns/pid", "pid:[4026532210]");
	host(VFP_UNKNOWN, "this is a container", "on the host");
	guest(VFP_UNKNOWN, "this is a container", "on the host");
	fixture_remove(fixture, "/proc/self/ns/pid");
	no_host("container");
	put("/run/systemd/container", "lxc");
	host(VFP_UNKNOWN, "this is a container", "on the host");
}

static void under_xen_vfio_does_not_matter(void **state)
{
	(void)state;
	put("/sys/hypervisor/type", "xen");
	put("/proc/xen/capabilities", "");
	host(VFP_REFUSE, "no IOMMU", "");
	put("/proc/xen/capabilities", "control_d");
	no_host("no IOMMU");
	says(VFP_NOTE, "pciback and xl", "xl pci-assignable-list");
	/* The fixture has modules, and this is none of them. */
	says(VFP_REFUSE, "no pciback", "CONFIG_XEN_PCIDEV_BACKEND");
	fixture_modules(fixture, (const char *const[]){ "xen_pciback", "pciback", NULL });
	host(VFP_WARN, "not loaded", "modprobe xen-pciback");
	fixture_driver(fixture, "pciback", NULL, NULL);
	host(VFP_NOTE, "pciback is there", "--driver pciback");
}

static void xen_tells_its_version(void **state)
{
	(void)state;
	no_host("xen");
	put("/sys/hypervisor/version/major", "4");
	put("/sys/hypervisor/version/minor", "17");
	host(VFP_NOTE, "xen 4.17 is there", "plug --list");
}

/* -- IOMMU --------------------------------------------------------------------------- */

static void the_iommu_is_on(void **state)
{
	(void)state;
	nic();
	fixture_mkdir(fixture, "/sys/class/iommu/dmar0");
	host(VFP_NOTE, "the IOMMU is on: 1 unit, 2 groups", "vfioprep groups");
	silent("firmware");
}

static void firmware_keeps_it_off(void **state)
{
	(void)state;
	host(VFP_REFUSE, "without ACPI", "dmesg");
	fixture_mkdir(fixture, "/sys/firmware/acpi/tables");
	host(VFP_REFUSE, "the firmware offers no IOMMU: turn it on", "firmware-setup");
	cpu("GenuineIntel", "");
	host(VFP_REFUSE, "no table DMAR): turn VT-d on", "firmware-setup");
	cpu("AuthenticAMD", "");
	host(VFP_REFUSE, "no table IVRS): turn AMD-Vi", "firmware-setup");
	cpu("AuthenticAMD", " hypervisor");
	host(VFP_REFUSE, "virtual machine", "-device intel-iommu");
}

static void the_command_line_keeps_it_off(void **state)
{
	static const char *const off[] = { "intel_iommu=off", "amd_iommu=off",
					   "iommu=off", "intel_iommu=off,sm_on" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		command_line(off[i]);
		host(VFP_REFUSE, "is off: the kernel command line says", "take ");
	}
	command_line("xiommu=off iommu=offset");
	no_host("is off: the kernel command line");
}

static void intel_wants_a_word(void **state)
{
	(void)state;
	put("/sys/firmware/acpi/tables/DMAR", "");
	host(VFP_REFUSE, "unless intel_iommu=on is said",
	     "put intel_iommu=on on the kernel command line");
	put("/etc/default/grub", "");
	put("/usr/sbin/update-grub", "");
	host(VFP_REFUSE, "unless intel_iommu=on is said",
	     "GRUB_CMDLINE_LINUX=\"/&intel_iommu=on /'");
	put("/usr/sbin/grubby", "");
	host(VFP_REFUSE, "unless intel_iommu=on is said", "--args='intel_iommu=on'");
	command_line("intel_iommu=on");
	host(VFP_REFUSE, "its log says why", "dmesg");
	kconfig("CONFIG_IOMMU_SUPPORT=y\n# CONFIG_INTEL_IOMMU is not set\n");
	host(VFP_REFUSE, "without CONFIG_INTEL_IOMMU", "CONFIG_INTEL_IOMMU=y");
	kconfig("CONFIG_IOMMU_SUPPORT=y\nCONFIG_INTEL_IOMMU=y\n");
	no_host("built without CONFIG_INTEL_IOMMU");
}

static void amd_wants_none(void **state)
{
	(void)state;
	put("/sys/firmware/acpi/tables/IVRS", "");
	host(VFP_REFUSE, "its log says why", "dmesg");
	kconfig("CONFIG_IOMMU_SUPPORT=y\n");
	host(VFP_REFUSE, "without CONFIG_AMD_IOMMU", "CONFIG_AMD_IOMMU=y");
	no_host("means nothing");
	command_line("amd_iommu=on");
	host(VFP_NOTE, "amd_iommu=on on the kernel command line means nothing", "take");
}

static void faked_groups(void **state)
{
	(void)state;
	no_host("pcie_acs_override");
	command_line("pcie_acs_override=downstream");
	host(VFP_WARN, "pcie_acs_override= makes groups smaller", "take");
}

static void interrupts(void **state)
{
	(void)state;
	nic();
	put("/sys/kernel/irq/0/chip_name", "IR-IO-APIC");
	no_host("interrupts are not remapped");
	put("/sys/kernel/irq/0/chip_name", "IO-APIC");
	host(VFP_REFUSE, "interrupts are not remapped", "firmware");
	command_line("intremap=off");
	host(VFP_REFUSE, "interrupts are not remapped", "command line");
	put("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y");
	host(VFP_WARN, "interrupts are not remapped", "modprobe --showconfig");
}

static void groups_with_several(void **state)
{
	(void)state;
	nic();
	no_host("together or not at all");
	sibling("i801_smbus");
	host(VFP_NOTE, "group 12 go to a guest together", "groups --explain");
}

/* -- VFIO ---------------------------------------------------------------------------- */

static void modules(void **state)
{
	(void)state;
	/* The fixture has vfio-pci registered by a module. */
	put("/sys/module/vfio_pci/initstate", "live");
	host(VFP_NOTE, "vfio_pci is loaded", "");
	says(VFP_REFUSE, "there is no module vfio_iommu_type1", "depmod");
	kconfig("CONFIG_VFIO=m\n");
	host(VFP_REFUSE, "without CONFIG_VFIO_IOMMU_TYPE1", "CONFIG_VFIO_IOMMU_TYPE1=m");
	fixture_mkdir(fixture, "/sys/module/vfio_iommu_type1");
	host(VFP_NOTE, "vfio_iommu_type1 is built in", "");
	fixture_remove(fixture, "/sys/module/vfio_iommu_type1");
	fixture_modules(fixture, (const char *const[]){ "vfio_iommu_type1", "x", NULL });
	host(VFP_NOTE, "vfio_iommu_type1 is there and not loaded", "modprobe vfio");
	command_line("module_blacklist=nouveau,vfio_iommu_type1");
	host(VFP_REFUSE, "forbids vfio_iommu_type1", "module_blacklist=");
	command_line("module_blacklist=nouveau,vfio_iommu_type");
	no_host("forbids");
}

static void modules_went_with_an_upgrade(void **state)
{
	(void)state;
	fixture_remove(fixture, "/lib/modules/6.12.0-fixture");
	host(VFP_REFUSE, "was the kernel upgraded", "reboot");
	put("/run/systemd/container", "lxc");
	host(VFP_UNKNOWN, "vfio_iommu_type1 is not to be seen here", "");
}

static void parameters(void **state)
{
	(void)state;
	put("/sys/module/vfio_pci/parameters/ids", "");
	put("/sys/module/vfio_pci/parameters/disable_idle_d3", "N");
	put("/sys/module/vfio_pci/parameters/enable_sriov", "N");
	put("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N");
	look(VFP_HOST);
	silent("vfio_pci takes every device");
	silent("disable_idle_d3 is set");
	silent("enable_sriov is set");
	silent("no-IOMMU mode");
	put("/sys/module/vfio_pci/parameters/ids", "8086:10d3");
	put("/sys/module/vfio_pci/parameters/disable_idle_d3", "Y");
	put("/sys/module/vfio_pci/parameters/enable_sriov", "Y");
	put("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
	host(VFP_NOTE, "vfio_pci takes every device of 8086:10d3", "modprobe");
	says(VFP_NOTE, "disable_idle_d3 is set", "modprobe");
	says(VFP_NOTE, "enable_sriov is set", "modprobe");
	says(VFP_WARN, "no-IOMMU mode of VFIO is on", "echo N > /sys/module/vfio/");
}

static void single_nodes(void **state)
{
	(void)state;
	no_host("iommufd");
	kconfig("CONFIG_VFIO=m\n");
	host(VFP_NOTE, "this kernel has no iommufd", "CONFIG_VFIO_DEVICE_CDEV=y");
	kconfig("CONFIG_VFIO=m\nCONFIG_IOMMUFD=m\n");
	host(VFP_NOTE, "has no nodes for single devices", "CONFIG_VFIO_DEVICE_CDEV=y");
	kconfig("CONFIG_VFIO=m\nCONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n");
	host(VFP_NOTE, "has iommufd and a node", "plug --iommufd");
	fixture_remove(fixture, "/boot/config-6.12.0-fixture");
	fixture_mkdir(fixture, "/dev/vfio/devices");
	host(VFP_NOTE, "has iommufd and a node", "plug --iommufd");
}

static void set_mode(const char *path, unsigned int mode)
{
	_cleanup_free_ char *full = fixture_path(fixture, "%s", path);

	assert_int_equal(chmod(full, mode), 0);
}

static void nodes(void **state)
{
	(void)state;
	set_mode("/dev/vfio/vfio", 0666);
	no_host("/dev/vfio/vfio");
	set_mode("/dev/vfio/vfio", 0600);
	host(VFP_WARN, "/dev/vfio/vfio is not open to all (mode 0600)", "chmod 0666");
	fixture_remove(fixture, "/dev/vfio/vfio");
	no_host("/dev/vfio/vfio");
	fixture_mkdir(fixture, "/sys/module/vfio_iommu_type1");
	host(VFP_WARN, "/dev/vfio/vfio is not there", "modprobe vfio");
}

static void nodes_of_a_user(void **state)
{
	(void)state;
	put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/:/bin/sh");
	put("/etc/group", "root:x:0:\nusers:x:100:");
	put("/dev/vfio/12", "");
	put("/dev/vfio/13", "");
	set_mode("/dev/vfio/12", 0600);
	set_mode("/dev/vfio/13", 0666);
	what.user = "root";
	no_host("may not open");
	what.user = "alice";
	host(VFP_WARN, "alice may not open /dev/vfio/12", "chown alice /dev/vfio/12");
	silent("/dev/vfio/13");
	what.user = "mallory";
	host(VFP_UNKNOWN, "no user mallory", "getent");
	/* What is said of memory says so already. */
	what.memory = 1 << 20;
	host(VFP_UNKNOWN, "no user mallory", "");
}

static void memory_of_a_guest(void **state)
{
	(void)state;
	put("/proc/meminfo", "MemTotal:       1048576 kB");
	no_host("guest with");
	what.memory = 2ULL << 30;
	host(VFP_REFUSE, "this host has 1024 MiB", "give the guest less");
}

/* -- hypervisors --------------------------------------------------------------------- */

static void hypervisors(void **state)
{
	(void)state;
	no_host("no hypervisor was found");
	what.hypervisors = (const char *const[]){ NULL };
	host(VFP_WARN, "no hypervisor was found", "install");
	what.hypervisors = (const char *const[]){ "qemu 7.2.22", "libvirt 9.0.0",
						  "cloud-hypervisor 50.0", NULL };
	host(VFP_NOTE, "qemu 7.2.22 knows no iommufd", "upgrade to qemu 9.0");
	says(VFP_NOTE, "qemu 7.2.22: a guest of machine q35", "-device pcie-root-port");
	says(VFP_NOTE, "qemu 7.2.22 knows no VF token", "upgrade to qemu 8.1");
	says(VFP_NOTE, "libvirt 9.0.0 binds no vfio variants", "10.0");
	says(VFP_NOTE, "libvirt 9.0.0 knows no iommufd", "12.1");
	says(VFP_WARN, "cloud-hypervisor 50.0 keeps a device open", "51.0");
	says(VFP_WARN, "cloud-hypervisor 50.0 keeps a file", "53.0");
	silent("no hypervisor was found");
	what.hypervisors = (const char *const[]){ "qemu 9.0.0", "libvirt 12.1.0",
						  "cloud-hypervisor 53.1", NULL };
	look(VFP_HOST);
	silent("qemu 9.0.0 knows");
	silent("libvirt 12.1.0 knows");
	silent("keeps a");
	what.hypervisors = (const char *const[]){ "qemu", NULL };
	host(VFP_UNKNOWN, "qemu did not tell its version", "");
}

/* -- the guest ----------------------------------------------------------------------- */

static void a_guest_is_virtual(void **state)
{
	(void)state;
	cpu("GenuineIntel", "");
	guest(VFP_WARN, "does not look like a virtual machine", "vfioprep doctor");
	cpu("GenuineIntel", " hypervisor");
	no_guest("virtual machine");
}

static void pci_in_the_guest(void **state)
{
	static const char express[] = "/sys/bus/pci_express/drivers/pciehp";

	(void)state;
	guest(VFP_UNKNOWN, "CONFIG_HOTPLUG_PCI_PCIE could not be read", "");
	kconfig("CONFIG_PCI=y\n");
	guest(VFP_REFUSE, "no PCI device can be plugged", "CONFIG_HOTPLUG_PCI_PCIE=y");
	kconfig("CONFIG_PCI=y\nCONFIG_HOTPLUG_PCI_ACPI=y\n");
	guest(VFP_WARN, "by ACPI only", "CONFIG_HOTPLUG_PCI_PCIE=y");
	kconfig("CONFIG_PCI=y\nCONFIG_HOTPLUG_PCI_PCIE=y\n");
	guest(VFP_WARN, "i440fx cannot plug", "CONFIG_HOTPLUG_PCI_ACPI=y");
	kconfig("CONFIG_HOTPLUG_PCI_PCIE=y\nCONFIG_HOTPLUG_PCI_PCIE=y\n"
		"CONFIG_HOTPLUG_PCI_ACPI=m\n");
	guest(VFP_REFUSE, "acpiphp is a module", "modprobe acpiphp");
	fixture_mkdir(fixture, "/sys/module/acpiphp");
	fixture_mkdir(fixture, express);
	no_guest("acpiphp");
	silent("pciehp");
	command_line("pcie_ports=compat");
	guest(VFP_WARN, "pcie_ports=compat", "take");
	put("/sys/module/acpiphp/parameters/disable", "Y");
	guest(VFP_WARN, "acpiphp.disable", "take");
}

static void slots_in_the_guest(void **state)
{
	(void)state;
	no_guest("slot");
	nic();
	guest(VFP_WARN, "no slot", "-device pcie-root-port");
	put("/sys/bus/pci/slots/0/address", "0000:05:00");
	guest(VFP_WARN, "0 of 1 slots are free", "-device pcie-root-port");
	put("/sys/bus/pci/slots/0-1/address", "0000:06:00");
	guest(VFP_NOTE, "1 of 2 slots is free", "-device pcie-root-port");
}

static void processors_in_the_guest(void **state)
{
	(void)state;
	kconfig("CONFIG_SMP=y\n");
	guest(VFP_REFUSE, "processors cannot come or go", "CONFIG_HOTPLUG_CPU=y");
	fixture_mkdir(fixture, "/sys/devices/system/cpu/hotplug");
	no_guest("processors cannot come or go");
	fixture_mkdir(fixture, "/sys/firmware/acpi");
	guest(VFP_REFUSE, "processors that are plugged are not seen",
	      "CONFIG_ACPI_HOTPLUG_CPU=y");
	fixture_mkdir(fixture, "/sys/firmware/acpi/hotplug/processor");
	no_guest("processors that are plugged are not seen");
	put("/sys/devices/system/cpu/possible", "0-3");
	put("/sys/devices/system/cpu/present", "0-1");
	no_guest("no processor can be added");
	put("/sys/devices/system/cpu/present", "0-3");
	guest(VFP_WARN, "no processor can be added", "maxcpus");
}

static void memory_in_the_guest(void **state)
{
	(void)state;
	kconfig("CONFIG_SMP=y\n");
	guest(VFP_REFUSE, "memory cannot be added", "CONFIG_MEMORY_HOTPLUG=y");
	says(VFP_WARN, "memory that was added stays", "CONFIG_MEMORY_HOTREMOVE=y");
	says(VFP_NOTE, "CONFIG_VIRTIO_MEM", "CONFIG_VIRTIO_MEM=m");
	kconfig("#\nCONFIG_MEMORY_HOTPLUG=y\nCONFIG_MEMORY_HOTREMOVE=y\n"
		"CONFIG_VIRTIO_MEM=m\n");
	no_guest("memory");
	silent("VIRTIO_MEM");
	fixture_mkdir(fixture, "/sys/firmware/acpi");
	guest(VFP_REFUSE, "memory modules that are plugged",
	      "CONFIG_ACPI_HOTPLUG_MEMORY=y");
	fixture_mkdir(fixture, "/sys/firmware/acpi/hotplug/memory");
	no_guest("memory modules");
}

static void memory_goes_on(void **state)
{
	static const char policy[] = "/sys/devices/system/memory/auto_online_blocks";

	(void)state;
	put(policy, "online_movable");
	guest(VFP_NOTE, "can be taken again", "");
	put(policy, "online");
	guest(VFP_NOTE, "may not come out again", "echo online_movable >");
	put(policy, "offline");
	guest(VFP_REFUSE, "memory that is plugged stays offline",
	      "memhp_default_state=online_movable");
	put("/etc/udev/rules.d/80-x.rules",
	    "#SUBSYSTEM==\"memory\", ATTR{state}=\"online\"");
	guest(VFP_REFUSE, "memory that is plugged stays offline", "");
	put("/etc/udev/rules.d/80-x.rules",
	    "SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}==\"offline\", "
	    "ATTR{state}=\"online\"");
	guest(VFP_NOTE, "turned on by /etc/udev/rules.d/80-x.rules", "echo");
}

static void processors_go_on(void **state)
{
	static const char rule[] =
		"ATTR{[dmi/id]sys_vendor}!=\"Xen\", GOTO=\"end\"\n"
		"SUBSYSTEM==\"cpu\", ACTION==\"add\", ATTR{online}=\"1\"\nLABEL=\"end\"";

	(void)state;
	no_guest("processors that are plugged");
	fixture_mkdir(fixture, "/sys/devices/system/cpu/hotplug");
	guest(VFP_REFUSE, "processors that are plugged stay offline", "--udev-rules >");
	put("/lib/udev/rules.d/40-vm.rules", rule);
	guest(VFP_REFUSE, "processors that are plugged stay offline", "--udev-rules >");
	put("/sys/class/dmi/id/sys_vendor", "Xen");
	guest(VFP_NOTE, "turned on by /lib/udev/rules.d/40-vm.rules", "");
}

/* -- the configuration of the kernel -------------------------------------------------- */

/* The kernel's own copy is compressed: made here by the program that distributions have. */
static void compressed_configuration(void **state)
{
	_cleanup_free_ char *folder = fixture_path(fixture, "/proc");
	_cleanup_free_ char *run =
		strf("printf '#\\nCONFIG_VFIO=m\\n' | gzip > %s/config.gz", folder);

	(void)state;
	no_host("this kernel has no iommufd");
	assert_int_equal(system(run), 0);
	host(VFP_NOTE, "this kernel has no iommufd", "");
	put("/proc/config.gz", "this is not compressed");
	no_host("this kernel has no iommufd");
	put("/lib/modules/6.12.0-fixture/config", "#\nCONFIG_VFIO=m");
	host(VFP_NOTE, "this kernel has no iommufd", "");
}

static void values_of_options(void **state)
{
	static const char text[] = "#\nCONFIG_VFIO=m\n# CONFIG_VFIO_X is not set\n"
				   "CONFIG_VFIO_PCI_CORE=y\nX_CONFIG_IOMMUFD=y\n";

	(void)state;
	assert_int_equal(kconfig_value(text, "VFIO"), 'm');
	assert_int_equal(kconfig_value(text, "VFIO_PCI_CORE"), 'y');
	assert_int_equal(kconfig_value(text, "VFIO_PCI"), 'n');
	assert_int_equal(kconfig_value(text, "VFIO_X"), 'n');
	assert_int_equal(kconfig_value(text, "IOMMUFD"), 'n');
	assert_int_equal(kconfig_value("", "VFIO"), 'n');
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_container_sees_only_itself),
		T(under_xen_vfio_does_not_matter),
		T(xen_tells_its_version),
		T(the_iommu_is_on),
		T(firmware_keeps_it_off),
		T(the_command_line_keeps_it_off),
		T(intel_wants_a_word),
		T(amd_wants_none),
		T(faked_groups),
		T(interrupts),
		T(groups_with_several),
		T(modules),
		T(modules_went_with_an_upgrade),
		T(parameters),
		T(single_nodes),
		T(nodes),
		T(nodes_of_a_user),
		T(memory_of_a_guest),
		T(hypervisors),
		T(a_guest_is_virtual),
		T(pci_in_the_guest),
		T(slots_in_the_guest),
		T(processors_in_the_guest),
		T(memory_in_the_guest),
		T(memory_goes_on),
		T(processors_go_on),
		T(compressed_configuration),
		T(values_of_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
