/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's IOMMU: whether it is on, and if not, which of firmware, kernel and command line
 * keeps it off; whether it remaps interrupts; how finely it tells devices apart.
 */
#include "model/doctor.h"

#define TABLES "/sys/firmware/acpi/tables"

/* A maker's IOMMU: the firmware's table that offers it, and what Linux needs for it. */
static const struct maker {
	const char *vendor; /* as /proc/cpuinfo says it */
	const char *name, *table, *option;
	const char *off; /* the word that turns it off */
} makers[] = {
	{ "GenuineIntel", "VT-d", "DMAR", "INTEL_IOMMU", "intel_iommu=off" },
	{ "AuthenticAMD", "AMD-Vi (IOMMU)", "IVRS", "AMD_IOMMU", "amd_iommu=off" },
	{ "HygonGenuine", "AMD-Vi (IOMMU)", "IVRS", "AMD_IOMMU", "amd_iommu=off" },
};

/* By the firmware's table, which counts, or else by the processor; NULL: of neither. */
static const struct maker *find_maker(struct check *c)
{
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (root_exists(c->ctx, TABLES "/%s", makers[i].table))
			return &makers[i];
	if (root_read(c->ctx, "/proc/cpuinfo", 1 << 24, &text, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (strstr(text, makers[i].vendor))
			return &makers[i];
	return NULL;
}

static int count_entries(struct check *c, const char *folder)
{
	_cleanup_strings_ char **names = NULL;

	return root_list(c->ctx, folder, &names) == 0 ? (int)list_length(names) : 0;
}

static int add_firmware(struct check *c, const struct maker *maker)
{
	if (check_is_virtual(c))
		return check_add(
			c, VFP_REFUSE, "firmware",
			"-machine q35,kernel-irqchip=split -device "
			"intel-iommu,intremap=on,caching-mode=on",
			"this is a virtual machine and has no IOMMU of its own: start "
			"its QEMU with one, before all other devices");
	if (maker)
		return check_add(c, VFP_REFUSE, "firmware",
				 "systemctl reboot --firmware-setup",
				 "the firmware offers no IOMMU (there is no table %s): "
				 "turn %s on in its setup",
				 maker->table, maker->name);
	return check_add(c, VFP_REFUSE, "firmware", "systemctl reboot --firmware-setup",
			 "the firmware offers no IOMMU: turn it on in its setup");
}

/* A word that turns it off; NULL: none. */
static const char *find_off(const char *line)
{
	static const char *const words[] = { "intel_iommu=off", "amd_iommu=off",
					     "iommu=off", "noiommu" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (on_command_line(line, words[i]))
			return words[i];
	return NULL;
}

/* The table is there, and the kernel does nothing with it. */
static int add_kernel(struct check *c, const struct maker *maker, const char *line)
{
	char built = doctor_kconfig(c, maker->option);
	bool intel = streq(maker->table, "DMAR");
	_cleanup_free_ char *remedy = doctor_boot_remedy(c, "intel_iommu=on");

	if (!remedy)
		return -ENOMEM;
	if (built == 'n')
		return check_add(c, VFP_REFUSE, "kernel",
				 intel ? "CONFIG_INTEL_IOMMU=y" : "CONFIG_AMD_IOMMU=y",
				 "this kernel was built without CONFIG_%s",
				 maker->option);
	if (intel && !on_command_line(line, "intel_iommu=on"))
		return check_add(c, VFP_REFUSE, "command line", remedy,
				 "%s is there, and this kernel leaves it off unless "
				 "intel_iommu=on is said%s",
				 maker->name,
				 doctor_kconfig(c, "INTEL_IOMMU_DEFAULT_ON") == 'y'
					 ? " (though it was built to turn it on)"
					 : "");
	return check_add(c, VFP_REFUSE, "kernel",
			 "dmesg | grep -e DMAR -e AMD-Vi -e IOMMU",
			 "%s is there and nothing turns it off, but the kernel does not "
			 "use it; its log says why",
			 maker->name);
}

static int add_missing(struct check *c)
{
	_cleanup_free_ char *line = doctor_command_line(c);
	const struct maker *maker = find_maker(c);
	const char *off = line ? find_off(line) : NULL;
	_cleanup_free_ char *remedy =
		off ? strf("take %s from the kernel command line and reboot", off) : NULL;

	if (!line || (off && !remedy))
		return -ENOMEM;
	if (off)
		return check_add(c, VFP_REFUSE, "command line", remedy,
				 "the IOMMU is off: the kernel command line says %s",
				 off);
	if (!root_exists(c->ctx, TABLES))
		return check_add(c, VFP_REFUSE, NULL, "dmesg | grep -i -e iommu -e smmu",
				 "there is no IOMMU, and without ACPI the firmware does "
				 "not tell whether it has one");
	if (!maker || !root_exists(c->ctx, TABLES "/%s", maker->table))
		return add_firmware(c, maker);
	return add_kernel(c, maker, line);
}

/* A group that VFIO made up for a device without an IOMMU is none. */
static int count_groups(struct check *c)
{
	_cleanup_strings_ char **names = NULL;
	int n = 0;

	if (root_list(c->ctx, IOMMU_GROUPS, &names) < 0)
		return 0;
	for (char **name = names; *name; name++)
		n += !group_is_noiommu(c->ctx, atoi(*name));
	return n;
}

int doctor_iommu(struct check *c, const struct vfp_doctor_options *options)
{
	int groups = count_groups(c);

	(void)options;
	if (!groups)
		return add_missing(c);
	return check_add(c, VFP_NOTE, NULL, "vfioprep groups",
			 "the IOMMU is on: %d unit%s, %d group%s",
			 count_entries(c, "/sys/class/iommu"),
			 count_entries(c, "/sys/class/iommu") == 1 ? "" : "s", groups,
			 groups == 1 ? "" : "s");
}

/* -- words that do not do what they seem to ------------------------------------------ */

int doctor_words(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *line = doctor_command_line(c);
	int r = line ? 0 : -ENOMEM;

	(void)options;
	if (r == 0 && on_command_line(line, "amd_iommu=on"))
		r = check_add(c, VFP_NOTE, "command line",
			      "take amd_iommu=on from the kernel command line",
			      "amd_iommu=on on the kernel command line means nothing: "
			      "AMD's IOMMU is on unless it is turned off");
	if (r == 0 && strstr(line, "pcie_acs_override="))
		r = check_add(
			c, VFP_WARN, "command line",
			"take pcie_acs_override= from the kernel command line",
			"pcie_acs_override= makes groups smaller than the hardware keeps "
			"them apart, on kernels that were patched for it; others ignore "
			"it");
	return r;
}

int doctor_interrupts(struct check *c, const struct vfp_doctor_options *options)
{
	(void)options;
	if (!count_groups(c) || !interrupts_are_open(c->ctx))
		return 0;
	return check_open_interrupts(c);
}

/* -- groups -------------------------------------------------------------------------- */

static int count_functions(struct check *c, int group)
{
	_cleanup_strings_ char **members = NULL;
	int n = 0;

	if (group_members(c->ctx, group, &members) < 0)
		return 0;
	for (char **m = members; *m; m++) {
		_cleanup_free_ char *class = NULL;

		n += root_attr(c->ctx, &class, PCI_DEVICES "/%s/class", *m) == 0 &&
		     !startswith(class, "0x06");
	}
	return n;
}

int doctor_groups(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_strings_ char **names = NULL;
	_cleanup_str_ struct str shared = { 0 };
	int r = 0, n = 0;

	(void)options;
	if (root_list(c->ctx, IOMMU_GROUPS, &names) < 0)
		return 0;
	for (char **name = names; *name && r == 0; name++)
		if (count_functions(c, atoi(*name)) > 1)
			r = str_add(&shared, "%s%s", n++ ? ", " : "", *name);
	if (r < 0 || !n)
		return r;
	return check_add(c, VFP_NOTE, NULL, "vfioprep groups --explain",
			 "devices of group%s %s go to a guest together or not at all: "
			 "ports above them do not keep them apart, or they are functions "
			 "of one",
			 n == 1 ? "" : "s", shared.s);
}
