/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on one device of a fake host: what tests of its rows share. Included once by
 * each of the files test-check*.c.
 */
#ifndef VFIOPREP_VERDICT_H
#define VFIOPREP_VERDICT_H

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/model.h"

#define DEVICE  "0000:05:00.0"
#define SIBLING "0000:05:00.1"
#define OTHER   "0000:06:00.0"

static struct fixture *fixture;
static struct vfp_ctx *ctx;
static char *device_folder; /* of DEVICE, once device() has made it */

/* What the verdicts that follow are asked for; empty again for each test. */
static struct vfp_check_options how;

static inline int set_up(void **state)
{
	(void)state;
	how = (struct vfp_check_options){ 0 };
	device_folder = NULL;
	fixture = fixture_new();
	return vfp_ctx_new(&ctx);
}

static inline int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	free(device_folder);
	return 0;
}

/* The device that is asked about: of @class, on @driver, in group 12 and with a reset. */
static inline void device(const char *class, const char *driver)
{
	fixture_device(fixture, &(struct fixture_device){ .address = DEVICE,
							  .class = class,
							  .driver = driver,
							  .group = 12,
							  .reset = true });
	free(device_folder);
	device_folder = fixture_device_path(fixture, DEVICE);
}

static inline void storage(void)
{
	device("010601", "ahci");
	fixture_disk(fixture, &(struct fixture_disk){ .address = DEVICE,
						      .name = "sda",
						      .partitions = 3 });
}

static inline void nic(void)
{
	device("020000", "e1000e");
	fixture_net(fixture, &(struct fixture_net){ .address = DEVICE, .name = "eth0" });
}

static inline void sibling(const char *driver)
{
	fixture_device(fixture, &(struct fixture_device){ .address = SIBLING,
							  .class = "0c0500",
							  .driver = driver,
							  .group = 12,
							  .reset = true });
}

/* -- what is said -------------------------------------------------------------------- */

static inline struct vfp_finding **check_with(const char *address, const char *with)
{
	_cleanup_device_ struct vfp_device *d = NULL, *other = NULL;
	struct vfp_device *along[2] = { NULL, NULL };
	struct vfp_check_options options = how;
	struct vfp_finding **findings = NULL;

	assert_int_equal(device_load(ctx, address, &d), 0);
	if (with)
		assert_int_equal(device_load(ctx, with, &other), 0);
	along[0] = other;
	if (!how.with)
		options.with = along;
	assert_int_equal(vfp_check(ctx, d, &options, &findings), 0);
	return findings;
}

/* "refuse disk:/ TEXT [REMEDY]" a line. */
static inline char *say_with(const char *address, const char *with)
{
	struct vfp_finding **findings = check_with(address, with);
	_cleanup_str_ struct str text = { 0 };

	str_add(&text, "%s", "");
	for (struct vfp_finding **f = findings; *f; f++) {
		assert_string_equal((*f)->device, address);
		str_add(&text, "%s %s:%s %s [%s]\n", vfp_severity_name((*f)->severity),
			(*f)->kind, (*f)->object, (*f)->text, (*f)->remedy);
	}
	vfp_findings_free(findings);
	return take(text.s);
}

static inline char *say_of(const char *address)
{
	return say_with(address, NULL);
}

static inline char *say(const char *with)
{
	return say_with(DEVICE, with);
}

/* All that is said, and nothing else. */
static inline void assert_says(const char *expected)
{
	_cleanup_free_ char *text = say(NULL);

	assert_string_equal(text, expected);
}

/* Among what is said. */
static inline void assert_includes(const char *expected)
{
	_cleanup_free_ char *text = say(NULL);

	if (!strstr(text, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, text);
}

static inline void assert_use(const char *expected)
{
	_cleanup_device_ struct vfp_device *d = NULL;
	_cleanup_free_ const char **uses = NULL;

	assert_int_equal(device_load(ctx, DEVICE, &d), 0);
	assert_int_equal(vfp_devices_use(ctx, (struct vfp_device *[]){ d, NULL }, &uses),
			 0);
	assert_string_equal(uses[0], expected);
	assert_null(uses[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
