/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hotplug requests: which ids, keys, values and dialects are refused, and with what
 * sentence. What good ones become is in test-hotplug.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "vfioprep.h"

static struct vfp_hotplug *new_request(void)
{
	struct vfp_hotplug *hotplug = NULL;

	assert_int_equal(vfp_hotplug_new("pci", "nic0", &hotplug), 0);
	assert_int_equal(vfp_hotplug_set(hotplug, "host", "05:00.0"), 0);
	return hotplug;
}

/* A failure writes nothing and has its sentence. */
static int render(const struct vfp_hotplug *hotplug, const char *dialect, char **why)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	assert_non_null(out);
	r = vfp_hotplug_render(hotplug, dialect, VFP_ATTACH, out, why);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(size == 0, r < 0);
	if (r < 0 && why)
		assert_non_null(*why);
	return r;
}

/* -- ids -------------------------------------------------------------------------- */

static void id_is_given_or_derived(void **state)
{
	struct vfp_hotplug *hotplug = NULL;

	(void)state;
	assert_int_equal(vfp_hotplug_new("pci", NULL, &hotplug), 0);
	assert_null(vfp_hotplug_id(hotplug));
	assert_int_equal(vfp_hotplug_set(hotplug, "host", "05:00.1"), 0);
	assert_string_equal(vfp_hotplug_id(hotplug), "vfio-0000-05-00-1");
	assert_int_equal(vfp_hotplug_set(hotplug, "host", "10000:05:00.1"), 0);
	assert_string_equal(vfp_hotplug_id(hotplug), "vfio-10000-05-00-1");
	assert_int_equal(vfp_hotplug_set(hotplug, "host", "nonsense"), -EINVAL);
	assert_string_equal(vfp_hotplug_id(hotplug), "vfio-10000-05-00-1");
	vfp_hotplug_free(hotplug);
	hotplug = new_request();
	assert_string_equal(vfp_hotplug_id(hotplug), "nic0");
	vfp_hotplug_free(hotplug);
}

static void bad_ids_and_kinds_are_refused(void **state)
{
	static const char *const bad[] = { "",     "0nic",  "-nic",   "_nic", ".nic",
					   "ni c", "nic,x", "n=x",    "n\n",  "n/x",
					   "n:0",  "n\"",   "n\u00e9" };
	struct vfp_hotplug *hotplug = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vfp_hotplug_new("pci", bad[i], &hotplug), -EINVAL);
	assert_int_equal(vfp_hotplug_new("floppy", NULL, &hotplug), -EINVAL);
	assert_int_equal(vfp_hotplug_new("", "n", &hotplug), -EINVAL);
	assert_null(hotplug);
	vfp_hotplug_free(NULL);
}

/* -- values ----------------------------------------------------------------------- */

static const char *const bad_values[] = {
	"host=",
	"host=05:00",
	"host=05:00.*",
	"host=05:00.8",
	"host=05:20.0",
	"host=105:00.0",
	"host=100000000:05:00.0",
	"host=0000:05:00.0 ",
	"host=0000:05:00.0,x-vga=on",
	"host=enp5s0",
	"bus=",
	"bus=0",
	"bus=/",
	"bus=//rp1",
	"bus=rp 1",
	"bus=rp1,addr=0",
	"bus=rp1=x",
	"bus=rp1\n",
	"bus=rp\x7f",
	"bus=rp\"",
	"bus=rp\xff",
	"addr=",
	"addr=0x",
	"addr=.",
	"addr=3.",
	"addr=.1",
	"addr=20",
	"addr=0x20",
	"addr=3.8",
	"addr=3.1.1",
	"addr=-1",
	"addr= 3",
	"addr=3x",
	"addr=0x0x3",
	"addr=00000000000000000000000000000020",
	"multifunction=",
	"multifunction=yes",
	"multifunction=On",
	"rombar=",
	"rombar=2",
	"rombar=-1",
	"rombar=01",
	"rombar=off",
	"romfile=",
	"romfile=/a\nb",
	"romfile=/a\033[2J",
	"romfile=/a\xff",
	"romfile=/a\xc3",
	"romfile=/a\uffff",
	"romfile=/a\ufffe",
};

/* A sentence: the key, the value made harmless, what is wrong, and what to do. */
static void assert_says(const char *why, const char *key, const char *value)
{
	_cleanup_free_ char *shown = escape(value), *again = escape(why);
	_cleanup_free_ char *begin = strf("%s '%s' ", key, shown);

	assert_true(startswith(why, begin));
	assert_non_null(strpbrk(why + strlen(begin), ";("));
	assert_string_equal(why, again);
}

static void bad_values_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++) {
		const char *value = strchr(bad_values[i], '=') + 1;
		_cleanup_free_ char *key =
			strndup(bad_values[i], value - bad_values[i] - 1);
		struct vfp_hotplug *hotplug = new_request();
		_cleanup_free_ char *why = NULL;

		if (vfp_hotplug_set(hotplug, key, value) != -EINVAL)
			fail_msg("%s was taken", bad_values[i]);
		assert_int_equal(render(hotplug, "qmp", &why), -EINVAL);
		assert_says(why, key, value);
		vfp_hotplug_free(hotplug);
	}
}

/* What was asked for and refused must not be left out in silence. */
static void a_refused_value_stays_until_it_is_set_right(void **state)
{
	struct vfp_hotplug *hotplug = new_request();
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(vfp_hotplug_set(hotplug, "bus", "rp1"), 0);
	assert_int_equal(render(hotplug, "hmp", NULL), 0);
	assert_int_equal(vfp_hotplug_set(hotplug, "bus", "r p"), -EINVAL);
	assert_int_equal(vfp_hotplug_set(hotplug, "addr", "3"), 0);
	assert_int_equal(render(hotplug, "hmp", NULL), -EINVAL);
	assert_int_equal(vfp_hotplug_set(hotplug, "bus", "rp2"), 0);
	assert_int_equal(render(hotplug, "hmp", &why), 0);
	assert_null(why);
	vfp_hotplug_free(hotplug);
}

static void unknown_keys_are_refused(void **state)
{
	struct vfp_hotplug *hotplug = new_request();
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(vfp_hotplug_set(hotplug, "x-vga\n", "on"), -EINVAL);
	assert_int_equal(render(hotplug, "qmp", &why), -EINVAL);
	assert_string_equal(why,
			    "kind pci has no property 'x-vga\\x0a'; it has host, bus, "
			    "addr, multifunction, rombar, romfile, iommufd, vf-token, "
			    "domain, api-socket");
	vfp_hotplug_free(hotplug);
}

/* -- dialects and output ----------------------------------------------------------- */

static void dialects_are_listed(void **state)
{
	static const char *const wanted[] = { "hmp",        "qmp",     "argv",
					      "hmp-legacy", "libvirt", "virsh",
					      "ch-remote",  "ch-api",  "xl" };
	const char *const *names = vfp_dialects();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_string_equal(names[i], wanted[i]);
		assert_true(strlen(vfp_dialect_help(names[i])) > 10);
	}
	assert_null(names[ARRAY_SIZE(wanted)]);
	assert_null(vfp_dialect_help("xm"));
}

static void unknown_dialect_is_refused(void **state)
{
	struct vfp_hotplug *hotplug = new_request();
	_cleanup_free_ char *why = NULL;

	(void)state;
	assert_int_equal(render(hotplug, "HMP", &why), -EINVAL);
	assert_true(
		startswith(why, "there is no dialect 'HMP'; there are hmp, qmp, argv, "));
	assert_true(endswith(why, ", xl"));
	vfp_hotplug_free(hotplug);
}

static void lost_output_is_an_error(void **state)
{
	struct vfp_hotplug *hotplug = new_request();
	_cleanup_free_ char *why = NULL;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(vfp_hotplug_render(hotplug, "hmp", VFP_ATTACH, full, &why),
			 -ENOSPC);
	assert_non_null(strstr(why, "written"));
	fclose(full);
	vfp_hotplug_free(hotplug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_is_given_or_derived),
		cmocka_unit_test(bad_ids_and_kinds_are_refused),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(a_refused_value_stays_until_it_is_set_right),
		cmocka_unit_test(unknown_keys_are_refused),
		cmocka_unit_test(dialects_are_listed),
		cmocka_unit_test(unknown_dialect_is_refused),
		cmocka_unit_test(lost_output_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
