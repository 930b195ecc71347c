/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plug, unplug and watch as tools: words that contradict each other, what is printed without a
 * guest, and what is said when there is none. With a guest: tests/lab/scenarios/plug-outcomes.sc.
 */
#include "run-tool.h"

#define SYSROOT "--sysroot", host->root

/* A record that 06:00.0 is in a guest that was asked to let go of it. */
static void record_plugged(void)
{
	fixture_write(
		host, "/run/vfioprep/records/0000:06:00.0",
		"vfioprep 1\ndevice=0000:06:00.0\nidentity=x\nboot=y\nphase=hidden\n"
		"since=1\norig.driver=e1000e\norig.driver_override=\n"
		"goal.driver=vfio-pci\ngoal.driver_override=vfio-pci\n"
		"guest=qmp:/run/web1.qmp\nid=nic0\nunplug=pending\nend\n");
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		const char *verb, *words[5], *text;
	} table[] = {
		{ "vfioprep-plug", { "05:00.0", "--hide" }, "goes with --qmp" },
		{ "vfioprep-plug", { "05:00.0", "--qmp=/x", "--ch=/y" }, "one of --qmp" },
		{ "vfioprep-plug", { "05:00.0", "--qmp=/x", "--to=hmp" }, "--to" },
		{ "vfioprep-plug", { "05:00.0", "--qmp=/x", "--detach" }, "unplug" },
		{ "vfioprep-plug", { "05:00.0", "--run", "--to=hmp" }, "--to virsh" },
		{ "vfioprep-unplug", { "nic0", "--run", "--to=virsh" }, "--domain" },
		{ "vfioprep-unplug",
		  { "nic0", "--run", "--to=ch-remote" },
		  "--api-socket" },
		{ "vfioprep-unplug", { "nic0", "--kind", "cow" }, "no kind cow" },
		{ "vfioprep-unplug", { "nic0", "--wait", "soon" }, "not a time" },
		{ "vfioprep-watch", { "--follow" }, "--qmp" },
		{ "vfioprep-watch", { "--qmp=/x", "--dry-run" }, "--dry-run" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *const *w = table[i].words;

		run(table[i].verb, "--sysroot", host->root, w[0], w[1], w[2], w[3], NULL);
		/* A dump cannot be changed, whatever the words are. */
		if (got.status != 2)
			fail_msg("%s %s: status %d: %s", table[i].verb, w[0], got.status,
				 got.err);
	}
}

static void a_detach_is_printed(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-unplug", SYSROOT, "nic0", NULL), 0);
	assert_string_equal(got.out, "device_del nic0\n");
	assert_int_equal(run("vfioprep-unplug", SYSROOT, "nic0", "--to", "qmp", NULL), 0);
	expect_text(got.out,
		    "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"nic0\"}}");
	assert_int_equal(
		run("vfioprep-unplug", SYSROOT, "dimm1", "--kind", "memory", NULL), 0);
	expect_text(got.out, "device_del dimm1\n");
	expect_text(got.out, "object_del");
	/* A device by its address has the id that it would have got. */
	assert_int_equal(run("vfioprep-unplug", SYSROOT, "05:00.0", NULL), 0);
	assert_string_equal(got.out, "device_del vfio-0000-05-00-0\n");
}

/* What a record says of a device counts: its id, and whose it is. */
static void a_record_tells_the_id(void **state)
{
	(void)state;
	record_plugged();
	assert_int_equal(run("vfioprep-unplug", SYSROOT, "06:00.0", NULL), 0);
	assert_string_equal(got.out, "device_del nic0\n");
	assert_int_equal(run("vfioprep-status", SYSROOT, "--raw", "-o",
			     "ADDRESS,STATE,GUEST,ID", NULL),
			 0);
	expect_text(got.out, "0000:06:00.0 unplugging qmp:/run/web1.qmp nic0");
	assert_int_equal(
		run("vfioprep-unplug", "--complete", "--sysroot", host->root, "n", NULL),
		0);
	expect_text(got.out, "nic0\t0000:06:00.0");
	fixture_remove(host, "/run/vfioprep");
}

static void a_dry_run_prints_what_would_be_sent(void **state)
{
	(void)state;
	assert_int_equal(
		run("vfioprep-plug", SYSROOT, "06:00.0", "--qmp=/x", "--dry-run", NULL),
		0);
	expect_text(got.out, "{\"execute\":\"device_add\"");
	assert_int_equal(
		run("vfioprep-unplug", SYSROOT, "nic0", "--qmp=/x", "--dry-run", NULL),
		0);
	expect_text(got.out, "{\"execute\":\"device_del\"");
}

static void nobody_there_is_said(void **state)
{
	(void)state;
	run("vfioprep-unplug", "--qmp=/nonexistent/qmp", "nic0", NULL);
	expect_complaint(3, "/nonexistent/qmp: ");
	run("vfioprep-watch", "--qmp=/nonexistent/qmp", NULL);
	expect_complaint(3, "/nonexistent/qmp: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_detach_is_printed),
		cmocka_unit_test(a_record_tells_the_id),
		cmocka_unit_test(a_dry_run_prints_what_would_be_sent),
		cmocka_unit_test(nobody_there_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
