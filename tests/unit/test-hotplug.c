/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hotplug requests: every case is rendered in every dialect and compared with
 * golden/hotplug-DIALECT.txt; a refusal is part of that text. Then what a text cannot
 * show: JSON types, words as a shell reads them, what a monitor would cut.
 *
 * Runs from the top of the tree. With VFIOPREP_GOLDEN=write in the environment the
 * golden texts are written anew; read the difference before believing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/guest.h"

#include <wordexp.h>

#ifndef GOLDEN
#define GOLDEN "tests/unit/golden"
#endif

struct request {
	const char *name, *id;
	const char *settings[7]; /* "key=value" */
};

static const struct request requests[] = {
	{ "only the host", NULL, { "host=05:00.0" } },
	{ "id and bus", "nic0", { "host=0000:05:00.0", "bus=rp1" } },
	{ "everything",
	  "gpu-0",
	  { "romfile=/usr/share/roms/gpu.bin", "rombar=1", "multifunction=on",
	    "addr=1f.7", "bus=pci.10", "host=0000:65:00.1" } },
	{ "switches off",
	  "n",
	  { "host=00:1f.6", "bus=pci.3", "addr=0x0", "multifunction=off", "rombar=0" } },
	{ "long domain", NULL, { "host=10000:e1:00.0" } },
	{ "longest domain", NULL, { "host=ffffffff:ff:1f.7" } },
	{ "id with every character", "aZ0_-x", { "host=05:00.0" } },
	{ "id with a dot", "nic.0", { "host=05:00.0" } },
	{ "id that is an alias", "ua-nic0", { "host=05:00.0" } },
	{ "slot alone", "n", { "host=05:00.0", "addr=0A" } },
	{ "slot and function", "n", { "host=05:00.0", "addr=0x3.0x1" } },
	{ "multifunction alone", "n", { "host=05:00.0", "multifunction=on" } },
	{ "root bus", "n", { "host=05:00.0", "bus=pcie.0" } },
	{ "slot on the root bus", "n", { "host=05:00.0", "bus=pcie.0", "addr=4" } },
	{ "bus of libvirt", "n", { "host=05:00.0", "bus=pci.255" } },
	{ "bus above 255", "n", { "host=05:00.0", "bus=pci.256" } },
	{ "path of a bus", "n", { "host=05:00.0", "bus=/q35-pcihost/pcie.0/rp1" } },
	{ "commas", "n", { "host=05:00.0", "romfile=,a,,b," } },
	{ "blank", "n", { "host=05:00.0", "romfile=/roms/my card.rom" } },
	{ "quotes without a blank",
	  "n",
	  { "host=05:00.0", "romfile=/roms/\"it's\"\\.rom" } },
	{ "quotes and blank",
	  "n",
	  { "host=05:00.0", "romfile=/roms/a \"b\" \\ 'c'.rom" } },
	{ "markup", "n", { "host=05:00.0", "romfile=/roms/<a>&amp;'\".rom" } },
	{ "for a shell", "n", { "host=05:00.0", "romfile=/roms/$(id);`x`*~!#" } },
	{ "beyond ASCII", "n", { "host=05:00.0", "romfile=/roms/\u00e9.rom" } },
	{ "byte 9b", "n", { "host=05:00.0", "romfile=/roms/\u015b.rom" } },
	{ "relative file", "n", { "host=05:00.0", "romfile=card.rom" } },
	{ "file without its bar", "n", { "host=05:00.0", "romfile=/x.rom", "rombar=0" } },
	{ "the last value counts",
	  "n",
	  { "host=05:00.0", "bus=rp1", "host=06:00.0", "bus=rp2" } },
	{ "id without host", "nic0", { "bus=rp1" } },
	{ "nothing", NULL, { 0 } },
};

/* To detach, QEMU needs the id only, and libvirt the host only. */
static const struct request to_detach[] = {
	{ "only the host", NULL, { "host=05:00.0" } },
	{ "id and bus", "nic0", { "host=05:00.0", "bus=rp1" } },
	{ "long domain", NULL, { "host=10000:e1:00.0" } },
	{ "id with a dot", "nic.0", { "host=05:00.0" } },
	{ "id that is an alias", "ua-nic0", { "host=05:00.0" } },
	{ "id without host", "nic0", { "bus=rp1" } },
	{ "nothing", NULL, { 0 } },
};

static void set(struct vfp_hotplug *hotplug, const char *setting)
{
	const char *equals = strchr(setting, '=');
	_cleanup_free_ char *key = strndup(setting, (size_t)(equals - setting));

	assert_int_equal(vfp_hotplug_set(hotplug, key, equals + 1), 0);
}

static struct vfp_hotplug *make(const struct request *request)
{
	struct vfp_hotplug *hotplug = NULL;

	assert_int_equal(vfp_hotplug_new("pci", request->id, &hotplug), 0);
	for (const char *const *s = request->settings; *s; s++)
		set(hotplug, *s);
	return hotplug;
}

/* The text of a rendering; after a failure "" with *ret_why and *ret_error set. */
static char *render(const struct vfp_hotplug *hotplug, const char *dialect,
		    enum vfp_action action, char **ret_why, int *ret_error)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	*ret_why = NULL;
	*ret_error = vfp_hotplug_render(hotplug, dialect, action, out, ret_why);
	assert_int_equal(fclose(out), 0);
	if (*ret_error < 0)
		assert_string_equal(text, "");
	else
		assert_null(*ret_why);
	return text;
}

static char *render_well(const struct request *request, const char *dialect,
			 enum vfp_action action)
{
	struct vfp_hotplug *hotplug = make(request);
	char *why, *text;
	int error;

	text = render(hotplug, dialect, action, &why, &error);
	assert_int_equal(error, 0);
	vfp_hotplug_free(hotplug);
	return text;
}

/* -- golden texts ----------------------------------------------------------------- */

static void add_rendering(struct str *all, const struct request *request,
			  const char *dialect, enum vfp_action action)
{
	struct vfp_hotplug *hotplug = make(request);
	_cleanup_free_ char *text = NULL, *why = NULL;
	int error;

	text = render(hotplug, dialect, action, &why, &error);
	str_add(all, "# %s: %s\n%s", action == VFP_ATTACH ? "attach" : "detach",
		request->name, text);
	if (error < 0)
		str_add(all, "%s: %s\n", error == -EINVAL ? "EINVAL" : "EOPNOTSUPP", why);
	if (error < 0 && error != -EINVAL)
		assert_int_equal(error, -EOPNOTSUPP);
	vfp_hotplug_free(hotplug);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct str text = { 0 };
	char line[4096];

	str_add(&text, "%s", "");
	while (file && fgets(line, sizeof(line), file))
		str_add(&text, "%s", line);
	if (file)
		fclose(file);
	return text.s;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A line at a time, so that a failure shows the line and not two books. */
static void assert_same_text(char *is, char *wanted)
{
	char *is_rest = is, *wanted_rest = wanted, *a, *b;

	do {
		a = strsep(&is_rest, "\n");
		b = strsep(&wanted_rest, "\n");
		assert_string_equal(nonnull(a), nonnull(b));
	} while (a && b);
	assert_true(!a && !b);
}

static void golden(void **state)
{
	const char *mode = getenv("VFIOPREP_GOLDEN");

	(void)state;
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++) {
		_cleanup_free_ char *path = strf(GOLDEN "/hotplug-%s.txt", *dialect);
		_cleanup_free_ char *wanted = NULL;
		_cleanup_str_ struct str all = { 0 };

		for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
			add_rendering(&all, &requests[i], *dialect, VFP_ATTACH);
		for (size_t i = 0; i < ARRAY_SIZE(to_detach); i++)
			add_rendering(&all, &to_detach[i], *dialect, VFP_DETACH);
		if (mode && streq(mode, "write"))
			write_file(path, all.s);
		wanted = read_file(path);
		assert_same_text(all.s, wanted);
	}
}

/* -- what each dialect's reader makes of it --------------------------------------- */

/* QMP checks types since 9.2: "on" for a boolean or "1" for a number is an error. */
static void qmp_has_types(void **state)
{
	static const struct request request = {
		"", "n", { "host=05:00.0", "multifunction=on", "rombar=0", "addr=10" }
	};
	_cleanup_free_ char *text = render_well(&request, "qmp", VFP_ATTACH);
	json_t *line = json_loads(text, 0, NULL), *args;

	(void)state;
	assert_non_null(line);
	args = json_object_get(line, "arguments");
	assert_string_equal(json_string_value(json_object_get(line, "execute")),
			    "device_add");
	assert_true(json_is_true(json_object_get(args, "multifunction")));
	assert_true(json_is_integer(json_object_get(args, "rombar")));
	assert_int_equal(json_integer_value(json_object_get(args, "rombar")), 0);
	assert_string_equal(json_string_value(json_object_get(args, "addr")), "0x10");
	assert_int_equal(json_object_size(args), 6);
	json_decref(line);
}

/* The name, of the requests that are made for one. */
static const char *only_romfile(const struct request *request)
{
	const char *second = request->settings[1];

	if (!second || !startswith(second, "romfile=") || request->settings[2])
		return NULL;
	return second + strlen("romfile=");
}

static void qmp_keeps_any_file_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const char *romfile = only_romfile(&requests[i]);
		_cleanup_free_ char *text = NULL;
		json_t *line;

		if (!romfile)
			continue;
		text = render_well(&requests[i], "qmp", VFP_ATTACH);
		line = json_loads(text, 0, NULL);
		assert_string_equal(
			json_string_value(json_object_get(
				json_object_get(line, "arguments"), "romfile")),
			romfile);
		json_decref(line);
	}
}

/* X of "vfio-pci,...,romfile=X", with QEMU's doubled commas undone. */
static char *romfile_of(char *options)
{
	char *value = strstr(options, ",romfile=") + strlen(",romfile="), *to = value;

	for (const char *from = value; *from; from++) {
		if (from[0] == ',') {
			assert_int_equal(from[1], ',');
			from++;
		}
		*to++ = *from;
	}
	*to = '\0';
	return value;
}

static void argv_is_two_words_for_a_shell(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const char *romfile = only_romfile(&requests[i]);
		_cleanup_free_ char *text = NULL;
		wordexp_t words;

		if (!romfile)
			continue;
		text = render_well(&requests[i], "argv", VFP_ATTACH);
		*strchr(text, '\n') = '\0';
		assert_int_equal(wordexp(text, &words, WRDE_NOCMD | WRDE_UNDEF), 0);
		assert_int_equal(words.we_wordc, 2);
		assert_string_equal(words.we_wordv[0], "-device");
		assert_string_equal(romfile_of(words.we_wordv[1]), romfile);
		wordfree(&words);
	}
}

/* QEMU's monitor cuts a word after 1023 bytes and would lose what comes last. */
static void hmp_refuses_what_the_monitor_would_cut(void **state)
{
	static const char line[] = "device_add vfio-pci,host=0000:05:00.0,id=n,romfile=";
	size_t most = 1023 - (strlen(line) - strlen("device_add "));
	char setting[1100] = "romfile=";
	const struct request request = { "", "n", { "host=05:00.0", setting } };
	_cleanup_free_ char *fits = NULL, *cut = NULL, *qmp = NULL, *why = NULL;
	struct vfp_hotplug *hotplug;
	int error;

	(void)state;
	memset(setting + strlen(setting), 'x', most);
	fits = render_well(&request, "hmp", VFP_ATTACH);
	assert_int_equal(strlen(fits), strlen(line) + most + 1);
	setting[strlen(setting)] = 'x';
	hotplug = make(&request);
	cut = render(hotplug, "hmp", VFP_ATTACH, &why, &error);
	assert_int_equal(error, -EOPNOTSUPP);
	assert_non_null(strstr(why, "1023"));
	vfp_hotplug_free(hotplug);
	qmp = render_well(&request, "qmp", VFP_ATTACH);
}

/* Who sends the commands must know which of them are only requests to the guest. */
static void only_a_detach_waits_for_the_guest(void **state)
{
	struct vfp_hotplug *hotplug = make(&requests[1]);
	_cleanup_commands_ struct commands attach = { 0 }, detach = { 0 };

	(void)state;
	assert_int_equal(
		qemu_running[KIND_PCI][VFP_ATTACH].compile(hotplug, &attach, NULL), 0);
	assert_int_equal(
		qemu_running[KIND_PCI][VFP_DETACH].compile(hotplug, &detach, NULL), 0);
	assert_int_equal(attach.n, 1);
	assert_int_equal(detach.n, 1);
	assert_false(attach.list[0].wait_gone);
	assert_true(detach.list[0].wait_gone);
	vfp_hotplug_free(hotplug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(qmp_has_types),
		cmocka_unit_test(qmp_keeps_any_file_name),
		cmocka_unit_test(argv_is_two_words_for_a_shell),
		cmocka_unit_test(hmp_refuses_what_the_monitor_would_cut),
		cmocka_unit_test(only_a_detach_waits_for_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
