/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tools print: completion, also as bash takes it, and listings as text, as a
 * tree, raw and as JSON, with whatever comes from devices made harmless for a terminal.
 */
#include "run-tool.h"

#include <jansson.h>

/* -- completion ---------------------------------------------------------------------- */

static void verbs_are_completed(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep", "--complete", "re", NULL), 0);
	expect_text(got.out, "return\tgive devices back");
	expect_text(got.out, "recover\t");
	expect_no_text(got.out, "list");
	assert_int_equal(run("vfioprep", "--complete", "--", NULL), 0);
	assert_string_equal(got.out,
			    "--help\tshow the verbs\n--version\tshow the version\n");
	assert_int_equal(run("vfioprep", "--complete", "help", "st", NULL), 0);
	expect_text(got.out, "status\t");
	assert_int_equal(run("vfioprep", "--complete", "hide", "--dr", NULL), 0);
	assert_int_equal(lines(got.out), 2);
	expect_text(got.out, "--driver\tbind to DRIVER");
	expect_text(got.out, "--dry-run\t");
}

/* What --complete says to the words of `vfioprep-hide --sysroot HOST`, and then these. */
static const char *candidates(const char *verb, const char *a, const char *b)
{
	assert_int_equal(run(verb, "--complete", "--sysroot", host->root, a, b, NULL), 0);
	assert_string_equal(got.err, "");
	return got.out;
}

static void devices_are_completed(void **state)
{
	(void)state;
	candidates("vfioprep-hide", "", NULL);
	expect_text(got.out, "05:00.0\te1000e ");
	expect_no_text(got.out, "00:1c.0"); /* a bridge */
	expect_no_text(got.out, "06:00.0"); /* on vfio-pci */
	candidates("vfioprep-check", "", NULL);
	expect_text(got.out, "06:00.0\tvfio-pci ");
	candidates("vfioprep-hide", "05:00", NULL);
	expect_text(got.out, "05:00.0\t");
	expect_no_text(got.out, "0000:05");
	candidates("vfioprep-hide", "0000:05", NULL);
	expect_text(got.out, "0000:05:00.0\t");
	candidates("vfioprep-hide", "0000:05:00.0", "");
	expect_no_text(got.out, "05:00.0");
	candidates("vfioprep-hide", "05:00.0", "");
	expect_no_text(got.out, "05:00.0");
	candidates("vfioprep-hide", "--with", "0000:05:00.1");
	assert_int_equal(lines(got.out), 1);
	candidates("vfioprep-return", "", NULL);
	assert_string_equal(got.out, "");
}

static void values_are_completed_by_their_kind(void **state)
{
	(void)state;
	assert_string_equal(candidates("vfioprep-hide", "--color=a", NULL),
			    "--color=auto\t\n--color=always\t\n");
	expect_text(candidates("vfioprep-hide", "--force", "di"), "disk\t");
	expect_text(candidates("vfioprep-hide", "--force=di", NULL), "--force=disk\t");
	expect_text(candidates("vfioprep-hide", "-d", "v"), "vfio-pci\t");
	expect_text(candidates("vfioprep-hide", "-d", "p"), "pci-stub\t");
	expect_text(candidates("vfioprep-list", "00:1c", NULL), "00:1c.0\t");
	assert_string_equal(candidates("vfioprep-plug", "00:1c", NULL), "");
	expect_text(candidates("vfioprep-return", "--driver", "e"), "e1000e\t");
	expect_text(candidates("vfioprep-list", "-o", "ADDRESS,DR"), "ADDRESS,DRIVER\t");
	expect_text(candidates("vfioprep-list", "-o", "+no"), "+NODE\t");
	expect_text(candidates("vfioprep-plug", "--to", "q"), "qmp\t");
	expect_text(candidates("vfioprep-dump", "/et", NULL), "/etc/\n");
	assert_string_equal(candidates("vfioprep-hide", "--power", ""), "on\t\n");
	assert_string_equal(candidates("vfioprep-hide", "--", "--dr"), "");
	assert_string_equal(candidates("vfioprep-hide", "--nothing=", NULL), "");
}

/* Bash splits "05:00.0" and "--force=disk" into three words each. */
static void bash_gets_what_comes_after_its_own_split(void **state)
{
	static const struct {
		const char *before, *word, *split, *reply;
	} table[] = {
		{ "", "rec", "rec", "recover" },
		{ "hide", "--force=dis", "--force = dis", "disk display" },
		{ "hide", "--color=", "--color =", "auto always never" },
		{ "check --sysroot $ROOT", "05:00.1", "05 : 00.1", "00.1" },
		{ "list --raw -o", "no", "no", "NODE" },
	};

	(void)state;
	if (access("/bin/bash", X_OK) < 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *script = strf(
			"PATH=%s:$PATH ROOT=%s; . completions/vfioprep.bash; "
			"COMP_LINE=\"vfioprep %s %s\" COMP_WORDS=(vfioprep %s %s); "
			"COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]}-1)); "
			"_vfioprep; echo \"${COMPREPLY[*]}\"",
			bin, host->root, table[i].before, table[i].word, table[i].before,
			table[i].split);
		_cleanup_free_ char *reply = strf("%s\n", table[i].reply);

		assert_int_equal(run("/bin/bash", "-c", script, NULL), 0);
		assert_string_equal(got.out, reply);
	}
}

static void completion_never_fails(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-hide", "--complete", NULL), 0);
	assert_int_equal(run("vfioprep-hide", "--complete", "--sysroot", "/nonexistent",
			     "x", NULL),
			 0);
	assert_int_equal(run("vfioprep-hide", "--complete", "-", "", "\xff", "--=", NULL),
			 0);
	assert_string_equal(got.err, "");
}

/* -- listings ------------------------------------------------------------------------ */

static const char *list(const char *a, const char *b, const char *c)
{
	if (run("vfioprep-list", "--sysroot", host->root, a, b, c, NULL) != 0)
		fail_msg("status %d: %s", got.status, got.err);
	return got.out;
}

static void columns_are_chosen(void **state)
{
	(void)state;
	assert_string_equal(list("-o", "driver,Address", "05:00.0"),
			    "DRIVER ADDRESS\ne1000e 0000:05:00.0\n");
	assert_string_equal(list("-no", "GROUP", "05:00.0"), "   12\n");
	assert_string_equal(list("-ro", "ADDRESS,GROUP,NODE,DRIVER", "06:00.0"),
			    "ADDRESS GROUP NODE DRIVER\n"
			    "0000:06:00.0 13 /dev/vfio/13 vfio-pci\n");
	expect_text(list("-o", "+NODE", "06:00.0"), " NODE\n");
	expect_text(got.out, "ADDRESS");
	expect_text(list("--output-all", NULL, NULL), "MODALIAS");
}

static json_t *parsed(void)
{
	json_t *json = json_loads(got.out, 0, NULL);

	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
	return json;
}

static void json_has_a_version_and_types(void **state)
{
	json_t *json, *device;

	(void)state;
	list("--json", "05:00.0", NULL);
	json = parsed();
	device = json_array_get(json_object_get(json, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(device, "address")),
			    "0000:05:00.0");
	assert_int_equal(json_integer_value(json_object_get(device, "group")), 12);
	assert_true(json_is_null(json_object_get(device, "node")));
	assert_non_null(json_object_get(device, "class_code"));
	json_decref(json);
	assert_true(run("vfioprep-check", "--json", "--sysroot", host->root, "00:1c.0",
			NULL) == 3);
	json = parsed();
	device = json_array_get(json_object_get(json, "devices"), 0);
	assert_true(json_is_false(json_object_get(device, "passable")));
	assert_true(json_array_size(json_object_get(device, "findings")) > 0);
	json_decref(json);
}

static void a_tree_has_devices_below_bridges(void **state)
{
	json_t *json, *bridge = NULL, *each;
	size_t i;

	(void)state;
	list("--tree", "--json", NULL);
	json = parsed();
	json_array_foreach(json_object_get(json, "devices"), i, each)
		if (streq(json_string_value(json_object_get(each, "address")),
			  "0000:00:1c.0"))
			bridge = each;
	assert_non_null(bridge);
	assert_int_equal(json_array_size(json_object_get(bridge, "children")), 2);
	json_decref(json);
	expect_text(list("-T", "-o", "ADDRESS"), "0000:05:00.1\n");
}

/* Names of drivers, like much else, come from who knows where. */
static void what_a_terminal_would_obey_is_escaped(void **state)
{
	(void)state;
	expect_text(list("-o", "DRIVER", "07:00.0"), "bad\\x1b[31m\\xff");
	expect_text(list("-ro", "DRIVER", "07:00.0"), "bad\\x1b[31m");
	list("--json", "07:00.0", NULL);
	json_decref(parsed());
	run("vfioprep-check", "--sysroot", host->root, "07:00.0", NULL);
	expect_no_text(got.out, "\033");
	assert_int_equal(
		run("vfioprep-hide", "--complete", "--sysroot", host->root, "07", NULL),
		0);
	expect_no_text(got.out, "\033");
}

static void color_is_as_wanted(void **state)
{
	(void)state;
	run("vfioprep-check", "--sysroot", host->root, "00:1c.0", NULL);
	expect_no_text(got.out, "\033[");
	run("vfioprep-check", "--color=always", "--sysroot", host->root, "00:1c.0", NULL);
	expect_text(got.out, "\033[1;31mrefuse");
	run("vfioprep-check", "--color=never", "--sysroot", host->root, "00:1c.0", NULL);
	expect_no_text(got.out, "\033[");
}

static void verdicts_end_with_3_for_no(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-check", "--sysroot", host->root, "00:1c.0", NULL),
			 3);
	expect_text(got.out, "  refuse  bridge ");
	expect_text(got.out, "not passable: ");
	assert_int_equal(run("vfioprep-groups", "--sysroot", host->root, "00:1c.0", NULL),
			 3);
	expect_text(got.out, "group 7\n");
	run("vfioprep-groups", "--sysroot", host->root, "-no", "GROUP,ADDRESS", "-r",
	    NULL);
	expect_text(got.out, "12 0000:05:00.0\n12 0000:05:00.1\n13 0000:06:00.0\n");
}

static void status_shows_what_others_have_hidden(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-status", "--sysroot", host->root, "-nro",
			     "ADDRESS,STATE,DRIVER,ORIGINAL", NULL),
			 0);
	assert_string_equal(got.out, "0000:06:00.0 unrecorded vfio-pci (unknown)\n");
}

static void status_shows_records(void **state)
{
	(void)state;
	fixture_write(
		host, "/run/vfioprep/records/0000:05:00.0",
		"vfioprep 1\ndevice=0000:05:00.0\nidentity=pci:other\nboot=earlier\n"
		"phase=hidden\nsince=1700000000\nby=vfioprep-hide\nfor=web1\n"
		"pid=17 4711\norig.driver=e1000e\norig.driver_override=\n"
		"goal.driver=vfio-pci\ngoal.driver_override=vfio-pci\nend\n");
	assert_int_equal(run("vfioprep-status", "--sysroot", host->root, "-nro",
			     "ADDRESS,STATE,ORIGINAL,DRIVER,SINCE,FOR,PID", NULL),
			 0);
	expect_text(got.out, "0000:05:00.0 hidden e1000e e1000e 1700000000 web1 17\n");
	run("vfioprep-status", "--sysroot", host->root, "-o", "+PROBLEM", NULL);
	expect_text(got.out, "an earlier boot");
	expect_text(candidates("vfioprep-return", "", NULL), "05:00.0\t");
	expect_no_text(candidates("vfioprep-hide", "", NULL), "0000:05:00.0\t");
	fixture_remove(host, "/run/vfioprep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_are_completed),
		cmocka_unit_test(devices_are_completed),
		cmocka_unit_test(values_are_completed_by_their_kind),
		cmocka_unit_test(bash_gets_what_comes_after_its_own_split),
		cmocka_unit_test(completion_never_fails),
		cmocka_unit_test(columns_are_chosen),
		cmocka_unit_test(json_has_a_version_and_types),
		cmocka_unit_test(a_tree_has_devices_below_bridges),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(color_is_as_wanted),
		cmocka_unit_test(verdicts_end_with_3_for_no),
		cmocka_unit_test(status_shows_what_others_have_hidden),
		cmocka_unit_test(status_shows_records),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
