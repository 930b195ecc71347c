/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's own node, for iommufd: what tells that there is one, and plug without it.
 */
#include "run-tool.h"

#define HIDDEN "0000:06:00.0"
#define FREE   "0000:05:00.0"
#define HERE   "--sysroot", host->root

/* What the kernel shows of a node; without the number there is a folder and no node. */
static void node_of_its_own(void)
{
	_cleanup_free_ char *folder = fixture_device_path(host, HIDDEN);

	fixture_attr(host, folder, "vfio-dev/vfio0/dev", "511:7\n");
}

static void only_a_number_makes_a_node(void **state)
{
	(void)state;
	run("vfioprep-list", HERE, "-n", "-r", "-o", "CDEV", HIDDEN, NULL);
	assert_string_equal(got.out, "\n");
	node_of_its_own();
	run("vfioprep-list", HERE, "-n", "-r", "-o", "CDEV", HIDDEN, NULL);
	assert_string_equal(got.out, "/dev/vfio/devices/vfio0\n");
	run("vfioprep-list", HERE, "-n", "-r", "-o", "CDEV", FREE, NULL);
	assert_string_equal(got.out, "\n");
}

static void without_one_iommufd_is_refused(void **state)
{
	(void)state;
	run("vfioprep-plug", HERE, "--iommufd", "--to", "qmp", HIDDEN, NULL);
	expect_complaint(VFP_EXIT_REFUSED, "no node in /dev/vfio/devices");
	assert_int_equal(run("vfioprep-plug", HERE, "--to", "qmp", HIDDEN, NULL), 0);
	expect_no_text(got.out, "iommufd");
}

static void with_one_it_is_printed(void **state)
{
	(void)state;
	assert_int_equal(
		run("vfioprep-plug", HERE, "--iommufd", "--to", "qmp", HIDDEN, NULL), 0);
	expect_text(got.out, "\"qom-type\":\"iommufd\"");
}

/* It has none before it is hidden, on any kernel. */
static void what_is_not_hidden_yet_may_get_one(void **state)
{
	(void)state;
	assert_int_equal(
		run("vfioprep-plug", HERE, "--iommufd", "--to", "qmp", FREE, NULL), 0);
	expect_text(got.err, "not hidden yet");
}

static void letting_go_needs_none(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-plug", HERE, "--detach", "--iommufd", "--to",
			     "qmp", HIDDEN, NULL),
			 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_one_iommufd_is_refused),
		cmocka_unit_test(what_is_not_hidden_yet_may_get_one),
		cmocka_unit_test(letting_go_needs_none),
		cmocka_unit_test(only_a_number_makes_a_node),
		cmocka_unit_test(with_one_it_is_printed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
