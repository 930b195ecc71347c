/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims in the verdict: who is told of one, and when it has ended; and the module that
 * would have to be loaded.
 */
#include "verdict.h"

#define PID "4711"

/* Hidden, and claimed for web1, with the process @pid ("": with none). */
static void recorded(const char *phase, const char *for_, const char *pid)
{
	_cleanup_record_ struct record record = {
		.device = strdup(DEVICE),
		.boot = strdup(ctx_boot_id(ctx)),
		.phase = strdup(phase),
		.since = strdup("1700000000"),
		.by = strdup("vfioprep-hide"),
		.for_ = strdup(for_),
		.pid = strdup(pid),
		.orig_driver = strdup("e1000e"),
		.orig[OVERRIDE] = strdup(""),
		.goal_driver = strdup("vfio-pci"),
		.goal[OVERRIDE] = strdup("vfio-pci"),
	};

	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .driver = "vfio-pci",
							  .group = 12,
							  .reset = true });
	assert_int_equal(
		root_attr(ctx, &record.identity, PCI_DEVICES "/%s/modalias", DEVICE), 0);
	assert_int_equal(record_save(ctx, &record), 0);
}

static void claimed(const char *pid)
{
	recorded("hidden", "web1", pid);
}

/* State and start time as /proc tells them, of a name that is meant to mislead. */
static void process(const char *state, unsigned int start)
{
	fixture_write(
		fixture, "/proc/" PID "/stat",
		PID
		" (a) Z 1 (b) %s 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n",
		state, start);
}

static void another_is_refused_with_the_name(void **state)
{
	(void)state;
	claimed("");
	how.claim = "web2";
	assert_says("refuse claim:web1 it is claimed for web1 [return it first]\n");
	how.claim = "web";
	assert_includes("refuse claim:");
}

static void its_owner_is_not(void **state)
{
	(void)state;
	claimed("");
	how.claim = "web1";
	assert_says("");
}

static void who_does_not_say_is_told(void **state)
{
	(void)state;
	claimed("");
	assert_says("note claim:web1 it is claimed for web1 []\n");
}

static void a_claim_ends_with_its_process(void **state)
{
	(void)state;
	claimed(PID " 1000");
	how.claim = "web2";
	process("S", 1000);
	assert_includes("refuse claim:");
	process("R", 1000);
	assert_includes("refuse claim:");
	/* Ended, but nobody has waited for it yet. */
	process("Z", 1000);
	assert_says("");
	/* The number is another process's by now. */
	process("S", 1001);
	assert_says("");
	fixture_remove(fixture, "/proc/" PID);
	assert_says("");
	how.claim = NULL;
	assert_says("");
}

/* It had gone before its start could be recorded. */
static void a_claim_of_a_process_without_start_has_ended(void **state)
{
	(void)state;
	claimed(PID);
	process("S", 1000);
	how.claim = "web2";
	assert_says("");
}

static void a_process_is_named_by_its_start(void **state)
{
	_cleanup_free_ char *alive = NULL, *dead = NULL;

	(void)state;
	process("S", 77);
	alive = claim_process(ctx, PID);
	assert_string_equal(alive, PID " 77");
	process("Z", 77);
	dead = claim_process(ctx, PID);
	assert_string_equal(dead, PID);
}

static void what_is_not_settled_is_refused(void **state)
{
	(void)state;
	recorded("stuck", "", "");
	assert_says(
		"refuse stuck: a kernel call on it had not come back [end what holds the "
		"device, then run vfioprep recover; or reboot]\n");
	assert_int_equal(record_drop(ctx, DEVICE), 0);
	recorded("returning", "", "");
	assert_says("refuse record:returning something broke off in the middle of a "
		    "change to it [run vfioprep recover]\n");
	assert_int_equal(record_drop(ctx, DEVICE), 0);
	recorded("hidden", "", "");
	assert_says("");
}

static void what_is_not_hidden_has_no_claim(void **state)
{
	(void)state;
	nic();
	how.claim = "web2";
	assert_says("");
}

/* Nothing is built upon a record that somebody else may have written. */
static void a_record_that_cannot_be_trusted_claims_nothing(void **state)
{
	(void)state;
	claimed("");
	fixture_append(fixture, RECORD_DIR "/" DEVICE, "for=web3\n");
	how.claim = "web2";
	assert_says("");
}

/* -- modules ------------------------------------------------------------------------- */

static void no_driver(void)
{
	nic();
	fixture_remove(fixture, "/sys/bus/pci/drivers/vfio-pci");
	fixture_remove(fixture, "/sys/module/vfio_pci");
}

static void a_kernel_without_vfio_is_refused(void **state)
{
	static const char *const modules[] = { "late", "late", NULL };

	(void)state;
	no_driver();
	fixture_modules(fixture, modules);
	assert_says(
		"refuse driver:vfio-pci there is no driver vfio-pci and no module that "
		"brings it [this kernel lacks it: install or build it]\n");
}

static void a_kernel_without_its_modules_was_upgraded(void **state)
{
	(void)state;
	no_driver();
	fixture_remove(fixture, "/lib/modules/6.12.0-fixture");
	assert_says("refuse driver:vfio-pci there is no driver vfio-pci and no module "
		    "that brings it [there is no folder with modules of the running "
		    "kernel: was the kernel upgraded? Then reboot]\n");
}

static void a_module_that_is_there_is_not(void **state)
{
	static const char *const modules[] = { "vfio_pci", "vfio-pci", NULL };

	(void)state;
	no_driver();
	fixture_modules(fixture, modules);
	assert_says("");
}

/* A variant brings all that it needs. */
static void a_device_that_vfio_has_needs_no_module(void **state)
{
	(void)state;
	no_driver();
	assert_includes("refuse driver:");
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .driver = "mlx5_vfio_pci",
							  .group = 12,
							  .reset = true });
	assert_says("");
}

/* As vfio-pci takes them: the class under its mask, whatever is not said matches. */
static const struct {
	const char *ids;
	bool match;
} id_cases[] = {
	{ "8086:10d3", true },
	{ "8086:10D3", true },
	{ "10de:1b80,8086:10d3", true },
	{ "10de:1b80,8086:10fb", false },
	{ "8086:10d3:1af4:1100", true },
	{ "8086:10d3:1af4:1101", false },
	{ "8086:10d3:1af4", true },
	{ "8086:10d3:1af5", false },
	{ "8086:ffffffff", true },
	{ "ffffffff:ffffffff:ffffffff:ffffffff:020000:ff0000", true },
	{ "ffffffff:ffffffff:ffffffff:ffffffff:030000:ff0000", false },
	{ "8086", false },
	{ "", false },
	{ "e1000e", false },
};

static void ids_match_as_the_kernel_has_it(void **state)
{
	_cleanup_device_ struct vfp_device *device = NULL;

	(void)state;
	nic();
	assert_int_equal(device_load(ctx, DEVICE, &device), 0);
	for (size_t i = 0; i < ARRAY_SIZE(id_cases); i++)
		if (ids_match(id_cases[i].ids, device) != id_cases[i].match)
			fail_msg("%s", id_cases[i].ids);
}

static void a_bridge_has_one_reason(void **state)
{
	(void)state;
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .class = "060400",
							  .driver = "pcieport",
							  .bus_below = 9 });
	fixture_remove(fixture, "/sys/bus/pci/drivers/vfio-pci");
	how.memory = 1 << 30;
	assert_says(
		"refuse bridge: it is a bridge; bridges are never given to a guest []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_is_refused_with_the_name),
		TEST(its_owner_is_not),
		TEST(who_does_not_say_is_told),
		TEST(a_claim_ends_with_its_process),
		TEST(a_claim_of_a_process_without_start_has_ended),
		TEST(a_process_is_named_by_its_start),
		TEST(what_is_not_settled_is_refused),
		TEST(what_is_not_hidden_has_no_claim),
		TEST(a_record_that_cannot_be_trusted_claims_nothing),
		TEST(a_kernel_without_vfio_is_refused),
		TEST(a_kernel_without_its_modules_was_upgraded),
		TEST(a_module_that_is_there_is_not),
		TEST(a_device_that_vfio_has_needs_no_module),
		TEST(ids_match_as_the_kernel_has_it),
		TEST(a_bridge_has_one_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
