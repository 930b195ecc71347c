/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings: nothing in them can harm a terminal, and --force lifts what it names and no
 * more.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/model.h"

static void add(struct findings *findings, const char *kind, const char *object)
{
	assert_int_equal(finding_add(findings, VFP_REFUSE, kind, "0000:05:00.0", object,
				     NULL, "a sentence"),
			 0);
}

static void strings_are_copied_and_escaped(void **state)
{
	struct findings findings = { 0 };
	struct vfp_finding **list;
	char where[] = "/mnt/\033[2J";

	(void)state;
	assert_int_equal(finding_add(&findings, VFP_WARN, "disk", "0000:05:00.0", where,
				     NULL, "%s\nis mounted", where),
			 0);
	where[5] = 'x';
	assert_int_equal(findings_take(&findings, &list), 0);
	assert_string_equal(list[0]->object, "/mnt/\\x1b[2J");
	assert_string_equal(list[0]->text, "/mnt/\\x1b[2J\\x0ais mounted");
	assert_string_equal(list[0]->remedy, "");
	assert_null(list[1]);
	assert_int_equal(findings.n, 0);
	vfp_findings_free(list);
}

static void no_findings_are_an_empty_list(void **state)
{
	struct findings findings = { 0 };
	struct vfp_finding **list = NULL;

	(void)state;
	assert_int_equal(findings_take(&findings, &list), 0);
	assert_non_null(list);
	assert_null(list[0]);
	vfp_findings_free(list);
	vfp_findings_free(NULL);
}

static void severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(vfp_severity_name(VFP_NOTE), "note");
	assert_string_equal(vfp_severity_name(VFP_WARN), "warn");
	assert_string_equal(vfp_severity_name(VFP_UNKNOWN), "unknown");
	assert_string_equal(vfp_severity_name(VFP_REFUSE), "refuse");
	assert_string_equal(vfp_severity_name(VFP_ERROR), "error");
	assert_string_equal(vfp_severity_name((enum vfp_severity)77), "unknown");
}

/* What one word of --force does to one finding. */
static const struct {
	const char *kind, *object, *force;
	bool lifted;
} lifts[] = {
	{ "disk", "/data", "disk", true },
	{ "disk", "/data", "disk:/data", true },
	{ "disk", "/data", "disk:/dat", false },
	{ "disk", "/data", "disk:/data2", false },
	{ "disk", "/data", "disk:", false },
	{ "disk", "/data", "disks", false },
	{ "disk", "/data", "dis", false },
	{ "disk", "/data", "net", false },
	{ "disk", "/", "disk", false },
	{ "disk", "/", "disk:/", true },
	{ "disk", "/usr", "disk", false },
	{ "disk", "/usr", "disk:/usr", true },
	{ "disk", "/boot", "disk", false },
	{ "disk", "/boot", "disk:/boot", true },
	{ "disk", "swap", "disk", false },
	{ "disk", "swap", "disk:swap", true },
	{ "net", "eth0", "net", true },
	{ "net", "ssh", "net", false },
	{ "net", "ssh", "net:ssh", true },
	{ "net", "ssh", "net:eth0", false },
	{ "group", "0000:05:00.1", "group", true },
	{ "display", "", "display", true },
	{ "display", "", "display:", false },
	{ "input", "USB Keyboard", "input", true },
	{ "usb", "guest web1 (qemu, 7)", "usb:guest web1 (qemu, 7)", true },
	{ "bridge", "", "bridge", false },
	{ "iommu", "", "iommu", false },
	{ "identity", "x", "identity:x", false },
	{ "stuck", "x", "stuck:x", false },
};

static void force_lifts_what_it_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lifts); i++) {
		_cleanup_findings_ struct findings findings = { 0 };
		char *const force[] = { (char *)"other", (char *)lifts[i].force, NULL };

		add(&findings, lifts[i].kind, lifts[i].object);
		if (finding_lifted(findings.list[0], force) != lifts[i].lifted)
			fail_msg("--force=%s on %s:%s", lifts[i].force, lifts[i].kind,
				 lifts[i].object);
		assert_false(finding_lifted(findings.list[0], NULL));
	}
}

static void what_can_be_lifted_says_what_it_is(void **state)
{
	const char *const *kinds = vfp_force_kinds();
	size_t n = 0;

	(void)state;
	for (; kinds[n]; n++) {
		assert_true(strlen(vfp_force_help(kinds[n])) > 10);
		assert_true(finding_kind_known(kinds[n], strlen(kinds[n])));
	}
	assert_true(n >= 10);
	assert_string_equal(kinds[0], "disk");
	assert_null(vfp_force_help("bridge"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_copied_and_escaped),
		cmocka_unit_test(no_findings_are_an_empty_list),
		cmocka_unit_test(severities_have_names),
		cmocka_unit_test(force_lifts_what_it_names),
		cmocka_unit_test(what_can_be_lifted_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
