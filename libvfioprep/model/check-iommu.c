/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about the IOMMU: whether there is one for the device, whether the firmware
 * has a say in its memory, and whether it keeps a guest from sending the host interrupts. VFIO
 * binds in all of these cases but the first; it is the guest that does not start.
 */
#include "model/check.h"

#include <inttypes.h>

/* The kernel asks each device of the group for its regions since then, whoever made the IOMMU. */
#define DIRECT_REFUSED 6006
/* Before, the kernel did not tell which regions it would overlook. */
#define RELAXABLE_NAMED 5003
#define UNSAFE          "allow_unsafe_interrupts"

/* -- is there one -------------------------------------------------------------------- */

static bool is_filled(struct vfp_ctx *ctx, const char *folder)
{
	_cleanup_strings_ char **names = NULL;

	return root_list(ctx, folder, &names) == 0 && *names;
}

bool on_command_line(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = line; (at = strstr(at, word)); at += len)
		if ((at == line || at[-1] == ' ') && (!at[len] || strchr(" ,", at[len])))
			return true;
	return false;
}

/* The first domain of Xen: the IOMMU is the hypervisor's, whose own tools keep to it. */
static bool is_under_xen(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *type = NULL;

	return root_attr(ctx, &type, "/sys/hypervisor/type") == 0 && streq(type, "xen");
}

/* The flag of the first processor; one line of flags is longer than an attribute may be. */
bool check_is_virtual(struct check *c)
{
	_cleanup_free_ char *text = NULL;

	return root_read(c->ctx, "/proc/cpuinfo", 1 << 24, &text, NULL) == 0 &&
	       strstr(text, " hypervisor ");
}

/* As shown to this machine, virtual or not. */
static bool is_offered(struct vfp_ctx *ctx)
{
	return root_exists(ctx, "/sys/firmware/acpi/tables/DMAR") ||
	       root_exists(ctx, "/sys/firmware/acpi/tables/IVRS");
}

/* By the maker of the host bridge, which tells Intel's IOMMU from AMD's. */
static const char *iommu_remedy(struct check *c)
{
	struct vfp_ctx *ctx = c->ctx;
	_cleanup_free_ char *line = NULL, *vendor = NULL;

	if (is_filled(ctx, IOMMU_GROUPS))
		return "the IOMMU is on but leaves this device out: try another slot";
	if (is_under_xen(ctx))
		return "Xen has the IOMMU here: a guest of Xen gets the device with plug "
		       "--to xl, without hiding it";
	if (root_attr(ctx, &line, "/proc/cmdline") == 0 &&
	    (on_command_line(line, "iommu=off") ||
	     on_command_line(line, "intel_iommu=off") ||
	     on_command_line(line, "amd_iommu=off")))
		return "take what turns the IOMMU off from the kernel command line";
	if (check_is_virtual(c) && !is_offered(ctx))
		return "this is a virtual machine and has no IOMMU of its own: start its "
		       "QEMU with one, as vfioprep doctor says";
	if (root_attr(ctx, &vendor, PCI_DEVICES "/0000:00:00.0/vendor") < 0)
		return "turn the IOMMU on in the firmware; on Intel also put "
		       "intel_iommu=on on the kernel command line";
	if (streq(vendor, "0x8086") && line && on_command_line(line, "intel_iommu=on"))
		return "turn VT-d on in the firmware; intel_iommu=on is on the "
		       "kernel command line already";
	if (streq(vendor, "0x8086"))
		return "turn VT-d on in the firmware and put intel_iommu=on on the "
		       "kernel command line";
	return "turn the IOMMU (AMD-Vi, SMMU) on in the firmware; "
	       "the kernel command line needs no word for it";
}

int check_iommu(struct check *c, struct thing *thing)
{
	(void)thing;
	if (c->device->group < 0)
		return check_add(
			c, VFP_REFUSE, NULL, iommu_remedy(c),
			"it is in no IOMMU group: nothing would keep a guest from the "
			"host's memory");
	if (group_is_noiommu(c->ctx, c->device->group))
		return check_add(
			c, VFP_REFUSE, NULL, iommu_remedy(c),
			"its group %d was made without an IOMMU (vfio-noiommu) and "
			"isolates nothing",
			c->device->group);
	return 0;
}

/* Nothing more is to be said about a group that isolates nothing. */
static bool is_isolated(const struct check *c)
{
	return c->device->group >= 0 && driver_is_vfio(c->driver) &&
	       !group_is_noiommu(c->ctx, c->device->group);
}

/* -- memory that the firmware reserves ----------------------------------------------- */

/* Intel's before 5.3 said `direct` of displays and USB controllers and let them pass. */
static bool is_exempt(const struct check *c)
{
	const char *class = c->device->value[VFP_CLASS];
	int kernel = ctx_kernel(c->ctx);

	return kernel && kernel < RELAXABLE_NAMED &&
	       (startswith(class, "03") || startswith(class, "0c03"));
}

/* Does this kernel give no device of such a group away? Intel's IOMMU always did so. */
static bool direct_is_refused(const struct check *c)
{
	_cleanup_free_ char *unit = NULL;
	int kernel = ctx_kernel(c->ctx);

	return !kernel || kernel >= DIRECT_REFUSED ||
	       (root_link_name(c->ctx, &unit, "%s/iommu", c->device->path) == 0 &&
		startswith(unit, "dmar"));
}

static int add_direct(struct check *c, uint64_t start, uint64_t end)
{
	if (direct_is_refused(c))
		return check_add(
			c, VFP_REFUSE, NULL,
			"look for an option of the firmware that gives it up (RMRR, shared "
			"memory of the management controller), or take another device",
			"the firmware keeps the memory from %#" PRIx64 " to %#" PRIx64
			" mapped for its group, so no guest with it starts",
			start, end);
	return check_add(
		c, VFP_WARN, NULL, "Linux 6.6 and later would give it to no guest at all",
		"the firmware keeps the memory from %#" PRIx64 " to %#" PRIx64
		" mapped for its group; a guest that has memory there does not start",
		start, end);
}

/* One line for each region: "0x00000000e8000000 0x00000000e8ffffff direct" */
int check_reserved(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;

	(void)thing;
	if (!is_isolated(c) || is_exempt(c) ||
	    root_attr(c->ctx, &text, IOMMU_GROUPS "/%d/reserved_regions",
		      c->device->group) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		uint64_t start, end;
		char type[32];

		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &start, &end, type) ==
			    3 &&
		    streq(type, "direct"))
			return add_direct(c, start, end);
	}
	return 0;
}

/* -- interrupts ---------------------------------------------------------------------- */

/*
 * An x86 host that remaps interrupts shows it in the names of its interrupt chips, for all
 * devices alike: "IR-IO-APIC". Elsewhere there is no such sign, and nothing is said. The
 * timer has number 0 nearly everywhere, so one file is read.
 */
bool interrupts_are_open(struct vfp_ctx *ctx)
{
	for (int n = 0; n < 256; n++) {
		_cleanup_free_ char *chip = NULL;

		if (root_attr(ctx, &chip, "/sys/kernel/irq/%d/chip_name", n) < 0)
			continue;
		if (streq(chip, "IR-IO-APIC") || streq(chip, "IO-APIC"))
			return streq(chip, "IO-APIC");
	}
	return false;
}

/* "Y": the administrator takes the risk; "N"; NULL: it could not be found out. */
static int read_permission(struct vfp_ctx *ctx, const char *module, char **ret_value)
{
	int r = root_attr(ctx, ret_value, "/sys/module/%s/parameters/" UNSAFE, module);

	/* Not loaded yet: what it will be loaded with. */
	return r < 0 ? module_option(ctx, module, UNSAFE, ret_value) : 0;
}

static bool is_permitted(struct vfp_ctx *ctx, const char *module)
{
	_cleanup_free_ char *value = NULL;

	return read_permission(ctx, module, &value) == 0 && value &&
	       strchr("yYtT1", *value);
}

static const char *interrupt_remedy(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *line = NULL;

	if (is_under_xen(ctx))
		return "Xen has the IOMMU here: a guest of Xen gets the device with plug "
		       "--to xl, without hiding it";
	if (root_attr(ctx, &line, "/proc/cmdline") == 0 &&
	    (on_command_line(line, "intremap=off") ||
	     on_command_line(line, "nointremap")))
		return "take what turns interrupt remapping off from the kernel command line";
	return "turn interrupt remapping on in the firmware (with VT-d or AMD-Vi, often "
	       "as x2APIC), or trust the guest: options vfio_iommu_type1 " UNSAFE
	       "=1 in modprobe.d";
}

/* What becomes of interrupts that are not remapped, for one device as for the whole host. */
int check_open_interrupts(struct check *c)
{
	if (is_permitted(c->ctx, "vfio_iommu_type1") || is_permitted(c->ctx, "iommufd"))
		return check_add(c, VFP_WARN, NULL,
				 "modprobe --showconfig | grep " UNSAFE,
				 "interrupts are not remapped and " UNSAFE
				 " is set: a guest can send the host any interrupt");
	if (c->ctx->dump && !root_exists(c->ctx, "/sys/module/vfio_iommu_type1"))
		return check_add(c, VFP_UNKNOWN, NULL, NULL,
				 "interrupts are not remapped, and whether " UNSAFE
				 " would be set when VFIO is loaded is not in a dump");
	return check_add(
		c, VFP_REFUSE, NULL, interrupt_remedy(c->ctx),
		"interrupts are not remapped, so a guest could send the host any "
		"interrupt: VFIO lets no guest with it start");
}

int check_interrupts(struct check *c, struct thing *thing)
{
	(void)thing;
	if (!is_isolated(c) || !interrupts_are_open(c->ctx))
		return 0;
	return check_open_interrupts(c);
}
