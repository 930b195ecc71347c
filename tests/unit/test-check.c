/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict, row by row: each test has a host on which one reason stands against a
 * device, and fails when the row of that reason is not in the table. A device that
 * nothing stands against has no finding, so no row speaks without cause.
 */
#include "verdict.h"

static void nothing_stands_against_an_idle_device(void **state)
{
	(void)state;
	nic();
	assert_says("");
	assert_use("free");
}

/* -- the device itself --------------------------------------------------------------- */

static void a_bridge_is_refused(void **state)
{
	(void)state;
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .class = "060400",
							  .driver = "pcieport",
							  .bus_below = 9 });
	assert_says(
		"refuse bridge: it is a bridge; bridges are never given to a guest []\n");
	assert_use("bridge");
}

static void no_group_is_refused(void **state)
{
	(void)state;
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .class = "020000",
							  .reset = true });
	fixture_write(fixture, "/sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086\n");
	assert_says(
		"refuse iommu: it is in no IOMMU group: nothing would keep a guest from the "
		"host's memory [turn VT-d on in the firmware and put intel_iommu=on on the "
		"kernel command line]\n");
	fixture_write(fixture, "/proc/cpuinfo", "flags : fpu hypervisor lahf_lm\n");
	assert_includes("[this is a virtual machine and has no IOMMU of its own");
	fixture_write(fixture, "/sys/firmware/acpi/tables/DMAR", "x");
	assert_includes("[turn VT-d on in the firmware and put");
	fixture_write(fixture, "/proc/cmdline", "ro intel_iommu=on quiet\n");
	assert_includes("[turn VT-d on in the firmware; intel_iommu=on is on the");
	fixture_write(fixture, "/proc/cmdline", "ro iommu=off\n");
	assert_includes("[take what turns the IOMMU off");
	fixture_write(fixture, "/proc/cmdline", "ro\n");
	fixture_write(fixture, "/sys/bus/pci/devices/0000:00:00.0/vendor", "0x1022\n");
	assert_includes("[turn the IOMMU (AMD-Vi, SMMU) on in the firmware");
	fixture_write(fixture, "/sys/hypervisor/type", "xen\n");
	assert_includes("[Xen has the IOMMU here");
	fixture_mkdir(fixture, "/sys/kernel/iommu_groups/1");
	assert_includes("[the IOMMU is on but leaves this device out");
}

static void a_group_without_iommu_is_refused(void **state)
{
	(void)state;
	device("020000", NULL);
	fixture_write(fixture, "/sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
	assert_includes("refuse iommu: its group 12 was made without an IOMMU");
}

static void virtual_functions_are_refused(void **state)
{
	(void)state;
	nic();
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:05:10.0",
							  .physfn = DEVICE,
							  .group = 13 });
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:05:10.2",
							  .physfn = DEVICE,
							  .group = 14 });
	assert_includes("refuse sriov: 2 virtual functions of it would go with it");
}

static void no_reset_is_a_note(void **state)
{
	(void)state;
	fixture_device(fixture,
		       &(struct fixture_device){ .address = DEVICE, .group = 12 });
	assert_says(
		"note reset: this device has no reset method; a second guest may not start "
		"[]\n");
}

/* -- the group ----------------------------------------------------------------------- */

static void a_sibling_on_its_driver_is_refused(void **state)
{
	_cleanup_free_ char *together = NULL;

	(void)state;
	nic();
	sibling("i2c_i801");
	assert_says(
		"refuse group:" SIBLING " " SIBLING
		" (i2c_i801) is in the same group and keeps its host driver [--with " SIBLING
		" takes it too]\n");
	together = say(SIBLING);
	assert_string_equal(together, "");
}

static const struct {
	const char *driver, *class;
	bool refused_before, refused_since; /* Linux 5.19 */
} siblings[] = {
	{ NULL, "0c0500", false, false },
	{ "vfio-pci", "0c0500", false, false },
	{ "mlx5_vfio_pci", "0c0500", false, false },
	{ "pci-stub", "0c0500", false, false },
	{ "pciback", "0c0500", true, true },
	{ "uio_pci_generic", "0c0500", true, true },
	{ "pcieport", "060400", false, false },
	{ "shpchp", "060400", false, true },
};

static void which_siblings_may_stay_depends_on_the_kernel(void **state)
{
	tear_down(state);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(siblings); i++) {
		bool since = i % 2;
		bool refused = since ? siblings[i / 2].refused_since
				     : siblings[i / 2].refused_before;
		_cleanup_free_ char *text = NULL;

		set_up(NULL);
		nic();
		fixture_device(
			fixture,
			&(struct fixture_device){
				.address = "0000:00:02.0",
				.class = siblings[i / 2].class,
				.driver = siblings[i / 2].driver,
				.bus_below = siblings[i / 2].class[1] == '6' ? 9 : 0,
				.group = 12 });
		fixture_write(fixture, "/proc/sys/kernel/osrelease", "%s\n",
			      since ? "5.19.0" : "5.18.0-2-amd64");
		text = say(NULL);
		if (!!strstr(text, "refuse group:0000:00:02.0") != refused)
			fail_msg("%s, %s 5.19: %s", nonnull(siblings[i / 2].driver),
				 since ? "since" : "before", text);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void a_bridge_in_the_group_has_another_remedy(void **state)
{
	(void)state;
	nic();
	fixture_device(fixture, &(struct fixture_device){ .address = "0000:00:1f.0",
							  .class = "060100",
							  .driver = "lpc_ich",
							  .group = 12 });
	assert_includes("[a bridge is never taken; unbind it by hand from lpc_ich]");
}

/* -- who has it ---------------------------------------------------------------------- */

static void a_holder_is_named(void **state)
{
	(void)state;
	device("020000", "vfio-pci");
	fixture_process(
		fixture, 4711, "qemu-system-x86",
		"/usr/bin/qemu-system-x86_64 -name guest=web1,debug-threads=on -m 4G",
		"/dev/vfio/12");
	assert_says(
		"refuse held:guest web1 (qemu-system-x86, 4711) guest web1 (qemu-system-x86, "
		"4711) has it [unplug it from the guest, or end the process]\n");
	assert_use("guest web1 (qemu-system-x86, 4711)");
}

static void a_holder_of_the_group_is_named(void **state)
{
	(void)state;
	nic();
	sibling("vfio-pci");
	fixture_process(fixture, 99, "dpdk-testpmd", NULL, "/dev/vfio/12");
	assert_includes(
		"refuse held:dpdk-testpmd (99) dpdk-testpmd (99) has its IOMMU group 12");
	assert_use("free");
}

static void a_holder_of_another_group_is_not_ours(void **state)
{
	(void)state;
	device("020000", "vfio-pci");
	fixture_process(fixture, 99, "dpdk-testpmd", NULL, "/dev/vfio/1");
	fixture_process(fixture, 98, "qemu-system-x86", NULL, "/dev/vfio/vfio");
	assert_says("");
	assert_use("free");
}

static void processes_that_cannot_be_seen_are_unknown(void **state)
{
	(void)state;
	device("020000", "vfio-pci");
	fixture_remove(fixture, "/proc/1");
	assert_says("unknown held: not all processes could be looked at; one may have "
		    "/dev/vfio/12 open [ask again as root]\n");
	assert_use("unknown");
}

/* -- shared folders ------------------------------------------------------------------ */

/* The folder that a virtio device brings in, as a host that is a guest itself has it. */
static void share(const char *driver, const char *tag)
{
	device("018000", "virtio-pci");
	fixture_below(fixture, DEVICE, "virtio", "virtio4");
	fixture_mkdir(fixture, "/sys/bus/virtio/drivers");
	fixture_write(fixture, "/sys/class/virtio/virtio4/mount_tag", "%s\n", tag);
	fixture_symlink(fixture, "/sys/class/virtio/virtio4/driver", driver);
}

static void a_shared_folder_that_is_mounted_is_refused(void **state)
{
	(void)state;
	share("../../bus/virtio/drivers/9pnet_virtio", "host");
	fixture_mount(fixture, "0:30", "other", "/elsewhere", "9p");
	assert_says(
		"refuse disk:host the shared folder host (9p) comes in through it, and "
		"whether something lies on it cannot be seen []\n");
	assert_use("9p host");
	fixture_mount(fixture, "0:31", "host", "/", "9p");
	assert_says(
		"refuse disk:/ the host would lose /, which is mounted from the shared "
		"folder host (9p) []\n");
	assert_use("9p host: / is mounted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_stands_against_an_idle_device),
		TEST(a_bridge_is_refused),
		TEST(no_group_is_refused),
		TEST(a_group_without_iommu_is_refused),
		TEST(virtual_functions_are_refused),
		TEST(no_reset_is_a_note),
		TEST(a_shared_folder_that_is_mounted_is_refused),
		TEST(a_sibling_on_its_driver_is_refused),
		TEST(which_siblings_may_stay_depends_on_the_kernel),
		TEST(a_bridge_in_the_group_has_another_remedy),
		TEST(a_holder_is_named),
		TEST(a_holder_of_the_group_is_named),
		TEST(a_holder_of_another_group_is_not_ours),
		TEST(processes_that_cannot_be_seen_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
