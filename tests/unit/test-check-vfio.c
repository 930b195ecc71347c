/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What VFIO wants of the host, in the verdict: each situation in which a guest would not
 * start, and beside it the one that looks alike and does no harm.
 */
#include "verdict.h"

#define REGIONS "/sys/kernel/iommu_groups/12/reserved_regions"
#define DIRECT  "0x000000007b800000 0x000000007fffffff"
#define UNSAFE  "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

static void kernel(const char *release)
{
	fixture_write(fixture, "/proc/sys/kernel/osrelease", "%s\n", release);
}

/* -- memory that the firmware reserves ----------------------------------------------- */

static void regions(const char *text)
{
	fixture_write(fixture, REGIONS, "%s0x00000000fee00000 0x00000000feefffff msi\n",
		      text);
}

static void a_direct_region_is_refused(void **state)
{
	(void)state;
	nic();
	regions(DIRECT " direct\n");
	assert_says(
		"refuse iommu: the firmware keeps the memory from 0x7b800000 to "
		"0x7fffffff mapped for its group, so no guest with it starts [look for an "
		"option of the firmware that gives it up (RMRR, shared memory of the "
		"management controller), or take another device]\n");
}

static void other_regions_are_not(void **state)
{
	(void)state;
	nic();
	assert_says("");
	regions(DIRECT " direct-relaxable\n");
	assert_says("");
	regions(DIRECT " reserved\n");
	assert_says("");
	fixture_remove(fixture, REGIONS);
	assert_says("");
}

/* Before 6.6 only Intel's IOMMU refused it; before 5.3 it did so with exceptions. */
static const struct {
	const char *release, *unit, *class, *severity;
} direct_cases[] = {
	{ "6.12.0", "ivhd0", "020000", "refuse" },
	{ "6.6.0", "smmu3.0x1000", "020000", "refuse" },
	{ "6.5.0", "ivhd0", "020000", "warn" },
	{ "6.5.0", "dmar1", "020000", "refuse" },
	{ "6.1.0", "dmar1", "030000", "refuse" },
	{ "5.3.0", "dmar1", "0c0330", "refuse" },
	{ "5.2.0", "dmar1", "0c0330", "" },
	{ "5.2.0", "dmar1", "030200", "" },
	{ "5.2.0", "dmar1", "0c0500", "refuse" },
	{ "4.19.0", "dmar1", "020000", "refuse" },
};

static void who_refuses_direct_regions_depends_on_the_kernel(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(direct_cases); i++) {
		_cleanup_free_ char *text = NULL, *folder = NULL, *unit = NULL;

		set_up(NULL);
		fixture_device(fixture,
			       &(struct fixture_device){ .address = DEVICE,
							 .class = direct_cases[i].class,
							 .group = 12,
							 .reset = true });
		folder = fixture_device_path(fixture, DEVICE);
		unit = strf("/sys/devices/virtual/iommu/%s", direct_cases[i].unit);
		fixture_link_in(fixture, folder, "iommu", unit);
		kernel(direct_cases[i].release);
		regions(DIRECT " direct\n");
		text = say_of(DEVICE);
		if (!startswith(text, direct_cases[i].severity) ||
		    !*direct_cases[i].severity != !*text)
			fail_msg("%zu: %s", i, text);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void without_a_group_regions_do_not_matter(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	nic();
	regions(DIRECT " direct\n");
	fixture_write(fixture, "/sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
	text = say_of(DEVICE);
	assert_non_null(strstr(text, "without an IOMMU"));
	assert_null(strstr(text, "firmware keeps"));
}

/* -- interrupts ---------------------------------------------------------------------- */

static void chip(int number, const char *name)
{
	_cleanup_free_ char *path = strf("/sys/kernel/irq/%d/chip_name", number);

	fixture_write(fixture, path, "%s\n", name);
}

static void interrupts_that_are_not_remapped_are_refused(void **state)
{
	(void)state;
	nic();
	chip(0, "IO-APIC");
	chip(24, "DMAR-MSI");
	fixture_write(fixture, UNSAFE, "N\n");
	assert_says(
		"refuse iommu: interrupts are not remapped, so a guest could send the host "
		"any interrupt: VFIO lets no guest with it start [turn interrupt remapping "
		"on in the firmware (with VT-d or AMD-Vi, often as x2APIC), or trust the "
		"guest: options vfio_iommu_type1 allow_unsafe_interrupts=1 in modprobe.d]\n");
	fixture_write(fixture, "/proc/cmdline", "ro intremap=off\n");
	assert_includes("[take what turns interrupt remapping off");
	fixture_remove(fixture, "/sys/module/vfio_iommu_type1");
	assert_includes("refuse iommu: interrupts are not remapped");
}

static void remapped_ones_are_not(void **state)
{
	(void)state;
	nic();
	chip(0, "IR-IO-APIC");
	chip(1, "IR-IO-APIC");
	chip(2, "XT-PIC");
	chip(24, "DMAR-MSI");
	chip(25, "IR-PCI-MSI");
	assert_says("");
}

/* ARM and the like, Xen, hosts without these files. */
static void where_it_cannot_be_told_nothing_is_said(void **state)
{
	(void)state;
	nic();
	assert_says("");
	chip(2, "XT-PIC");
	chip(3, "GICv3");
	chip(40, "ITS-MSI");
	chip(41, "xen-pirq");
	assert_says("");
}

/* Hosts without the old timer begin to count elsewhere. */
static void the_chip_need_not_be_the_first(void **state)
{
	(void)state;
	nic();
	chip(2, "XT-PIC");
	chip(9, "IR-IO-APIC");
	assert_says("");
	chip(9, "IO-APIC");
	assert_includes("refuse iommu: interrupts");
}

static void allowing_unsafe_interrupts_makes_it_a_warning(void **state)
{
	(void)state;
	nic();
	chip(0, "IO-APIC");
	fixture_write(fixture, UNSAFE, "Y\n");
	assert_says(
		"warn iommu: interrupts are not remapped and allow_unsafe_interrupts is "
		"set: a guest can send the host any interrupt "
		"[modprobe --showconfig | grep allow_unsafe_interrupts]\n");
	fixture_write(fixture, UNSAFE, "N\n");
	fixture_write(fixture, "/sys/module/iommufd/parameters/allow_unsafe_interrupts",
		      "Y\n");
	assert_includes("warn iommu:");
}

/* A dump has no modprobe.d. */
static void in_a_dump_it_may_be_unknown(void **state)
{
	struct vfp_ctx *live = ctx;

	(void)state;
	nic();
	chip(0, "IO-APIC");
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	assert_int_equal(vfp_ctx_set_root(ctx, fixture->root), 0);
	assert_includes("unknown iommu: interrupts are not remapped, and whether");
	fixture_write(fixture, UNSAFE, "N\n");
	assert_includes("refuse iommu: interrupts");
	vfp_ctx_free(ctx);
	ctx = live;
}

/* -- reset --------------------------------------------------------------------------- */

static void reset_methods(const char *address, const char *methods)
{
	_cleanup_free_ char *folder = fixture_device_path(fixture, address);

	if (methods)
		fixture_attr(fixture, folder, "reset", "%s", "");
	fixture_attr(fixture, folder, "reset_method", "%s\n", nonnull(methods));
}

/* A second function of its slot, isolated in a group of its own. */
static void neighbour(int group)
{
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:05:00.1",
							  .driver = "snd_hda_intel",
							  .class = "040300",
							  .group = group,
							  .reset = true });
}

static void bus_reset(const char *methods)
{
	_cleanup_free_ char *folder = NULL, *path = NULL;

	nic();
	folder = fixture_device_path(fixture, DEVICE);
	path = strf("%s/reset", folder);
	fixture_remove(fixture, path);
	reset_methods(DEVICE, methods);
}

static void a_bus_that_others_share_is_noted(void **state)
{
	_cleanup_device_ struct vfp_device *other = NULL;

	(void)state;
	bus_reset("bus");
	assert_says("");
	neighbour(13);
	assert_says(
		"note reset:0000:05:00.1 only its whole bus can be reset, and 0000:05:00.1 "
		"stays with the host; a second guest may not start [--with 0000:05:00.1 "
		"takes it too]\n");
	assert_int_equal(device_load(ctx, "0000:05:00.1", &other), 0);
	how.with = (struct vfp_device *const[]){ other, NULL };
	assert_says("");
}

/* VFIO resets the bus of functions that are all the guest's, sysfs offers it to none. */
static void functions_that_go_together_are_reset_together(void **state)
{
	_cleanup_device_ struct vfp_device *other = NULL;

	(void)state;
	bus_reset(NULL);
	assert_includes("note reset: this device has no reset method");
	neighbour(12);
	assert_int_equal(device_load(ctx, "0000:05:00.1", &other), 0);
	how.with = (struct vfp_device *const[]){ other, NULL };
	assert_says("");
	/* One reason for one thing. */
	how.with = NULL;
	assert_says(
		"refuse group:0000:05:00.1 0000:05:00.1 (snd_hda_intel) is in the same "
		"group and keeps its host driver [--with 0000:05:00.1 takes it too]\n");
}

static void a_device_with_a_reset_of_its_own_needs_no_bus(void **state)
{
	(void)state;
	bus_reset("flr bus");
	neighbour(13);
	assert_says("");
}

static void nobody_resets_a_root_bus(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_device(fixture,
		       &(struct fixture_device){ .address = "0000:00:03.0", .group = 3 });
	fixture_device(fixture,
		       &(struct fixture_device){ .address = "0000:00:04.0", .group = 4 });
	text = say_of("0000:00:03.0");
	assert_string_equal(text,
			    "note reset: this device has no reset method; a second guest "
			    "may not start []\n");
}

static void resets_that_were_turned_off_are_noted(void **state)
{
	(void)state;
	bus_reset("");
	assert_says(
		"note reset: its resets have been turned off; a second guest may not start "
		"[write `default` into its reset_method]\n");
}

/* -- power --------------------------------------------------------------------------- */

/* The firmware can cut the power of the port above @address. */
static void power_switch(const char *address)
{
	_cleanup_free_ char *folder = fixture_device_path(fixture, address), *path = NULL;

	*strrchr(folder, '/') = '\0';
	path = strf("%s/firmware_node/power_resources_D3hot", folder);
	fixture_mkdir(fixture, path);
}

static void power_that_can_be_cut_is_noted(void **state)
{
	(void)state;
	nic();
	assert_says("");
	power_switch(DEVICE);
	assert_says(
		"note power: its power may be cut while no guest has it (D3cold), and not "
		"every device comes back from that [hide --power on keeps it on]\n");
}

static void power_that_is_kept_is_not(void **state)
{
	_cleanup_free_ char *folder = NULL;

	(void)state;
	nic();
	power_switch(DEVICE);
	fixture_write(fixture, "/sys/module/vfio_pci/parameters/disable_idle_d3", "Y\n");
	assert_says("");
	fixture_write(fixture, "/sys/module/vfio_pci/parameters/disable_idle_d3", "N\n");
	assert_includes("note power:");
	folder = fixture_device_path(fixture, DEVICE);
	fixture_attr(fixture, folder, "d3cold_allowed", "0\n");
	assert_says("");
}

/* Older kernels let only those sleep that somebody has allowed to. */
static void before_6_1_power_control_decides(void **state)
{
	_cleanup_free_ char *folder = NULL;

	(void)state;
	nic();
	power_switch(DEVICE);
	kernel("5.15.0");
	assert_says("");
	folder = fixture_device_path(fixture, DEVICE);
	fixture_attr(fixture, folder, "power/control", "auto\n");
	assert_includes("note power:");
}

/* -- virtual functions --------------------------------------------------------------- */

static void virtual_function(const char *driver)
{
	fixture_device(fixture, &(struct fixture_device){ .address = OTHER,
							  .driver = driver,
							  .group = 13,
							  .reset = true });
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .physfn = OTHER,
							  .group = 12,
							  .reset = true });
}

static void a_function_of_a_guest_wants_a_token(void **state)
{
	(void)state;
	virtual_function("vfio-pci");
	assert_says(
		"note sriov:" OTHER " its physical function " OTHER
		" is on vfio-pci: a guest gets either of them with a VF token only [give "
		"both the same one (QEMU: vf-token=UUID)]\n");
}

static void a_function_of_the_host_does_not(void **state)
{
	(void)state;
	virtual_function("igb");
	assert_says("");
}

/* -- the group ----------------------------------------------------------------------- */

static void platform_member(const char *driver)
{
	fixture_mkdir(fixture, "/sys/devices/platform/fe300000.mmc");
	fixture_link(fixture, "/sys/kernel/iommu_groups/12/devices/fe300000.mmc",
		     "/sys/devices/platform/fe300000.mmc");
	if (driver) {
		_cleanup_free_ char *path = strf("/sys/bus/platform/drivers/%s", driver);

		fixture_mkdir(fixture, path);
		fixture_link(fixture, "/sys/devices/platform/fe300000.mmc/driver", path);
	}
}

static void a_member_of_another_bus_is_refused(void **state)
{
	(void)state;
	nic();
	platform_member("sdhci");
	assert_says(
		"refuse group:fe300000.mmc (sdhci) fe300000.mmc (sdhci) is in the same "
		"group and keeps its host driver [unbind it by hand]\n");
}

static void one_that_vfio_has_is_not(void **state)
{
	(void)state;
	nic();
	platform_member(NULL);
	assert_says("");
	platform_member("vfio-platform");
	assert_says("");
}

static const struct {
	const char *driver, *class;
	unsigned int bus;
	bool refused_before, refused_since; /* Linux 5.19 */
} members[] = {
	{ "xe-vfio-pci", "030000", 0, false, false },
	{ "nvgrace_gpu_vfio_pci", "030200", 0, false, false },
	{ "pcieport", "060400", 9, false, false },
	{ "yenta_cardbus", "060700", 9, false, true },
	{ "lpc_ich", "060100", 0, true, true },
	{ NULL, "060100", 0, false, false },
	{ "pcieport", "060000", 0, true, false },
};

static void which_members_may_stay_depends_on_the_kernel(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(members); i++) {
		bool refused = i % 2 ? members[i / 2].refused_since
				     : members[i / 2].refused_before;
		_cleanup_free_ char *text = NULL;

		set_up(NULL);
		nic();
		fixture_device(fixture,
			       &(struct fixture_device){ .address = "0000:00:02.0",
							 .class = members[i / 2].class,
							 .driver = members[i / 2].driver,
							 .bus_below = members[i / 2].bus,
							 .group = 12 });
		kernel(i % 2 ? "5.19.0" : "5.18.19");
		text = say_of(DEVICE);
		if (!!strstr(text, "refuse group:0000:00:02.0") != refused)
			fail_msg("%zu, %s 5.19: %s", i / 2, i % 2 ? "since" : "before",
				 text);
		tear_down(NULL);
	}
	set_up(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_direct_region_is_refused),
		TEST(other_regions_are_not),
		TEST(who_refuses_direct_regions_depends_on_the_kernel),
		TEST(without_a_group_regions_do_not_matter),
		TEST(interrupts_that_are_not_remapped_are_refused),
		TEST(remapped_ones_are_not),
		TEST(where_it_cannot_be_told_nothing_is_said),
		TEST(the_chip_need_not_be_the_first),
		TEST(allowing_unsafe_interrupts_makes_it_a_warning),
		TEST(in_a_dump_it_may_be_unknown),
		TEST(a_bus_that_others_share_is_noted),
		TEST(functions_that_go_together_are_reset_together),
		TEST(a_device_with_a_reset_of_its_own_needs_no_bus),
		TEST(nobody_resets_a_root_bus),
		TEST(resets_that_were_turned_off_are_noted),
		TEST(power_that_can_be_cut_is_noted),
		TEST(power_that_is_kept_is_not),
		TEST(before_6_1_power_control_decides),
		TEST(a_function_of_a_guest_wants_a_token),
		TEST(a_function_of_the_host_does_not),
		TEST(a_member_of_another_bus_is_refused),
		TEST(one_that_vfio_has_is_not),
		TEST(which_members_may_stay_depends_on_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
