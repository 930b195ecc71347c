/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of records: a host with two devices, and a record to save. To be included
 * once, by a file of tests.
 */
#ifndef VFIOPREP_RECORD_BENCH_H
#define VFIOPREP_RECORD_BENCH_H

#include "model.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define DEVICE         "0000:01:00.0"
#define OTHER          "0000:02:00.0"
#define FILE_OF_DEVICE RECORD_DIR "/" DEVICE

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	fixture_device(fixture,
		       &(struct fixture_device){ .address = DEVICE, .group = 7 });
	fixture_device(fixture, &(struct fixture_device){ .address = OTHER,
							  .ids = "8086:10fb",
							  .group = 8 });
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	fixture_remove(fixture, STATE_DIR);
	model_reset();
	return 0;
}

static struct record make(const char *device, const char *claim)
{
	_cleanup_free_ char *identity = NULL;
	struct record record = {
		.device = strdup(device),
		.boot = strdup(ctx_boot_id(ctx)),
		.phase = strdup("hidden"),
		.since = strdup("1700000000"),
		.by = strdup("vfioprep-hide"),
		.for_ = strdup(claim),
		.orig_driver = strdup("host"),
		.orig_module = strdup("host"),
		.orig[OVERRIDE] = strdup(""),
		.goal_driver = strdup("vfio-pci"),
		.goal[OVERRIDE] = strdup("vfio-pci"),
	};

	assert_int_equal(root_attr(ctx, &identity, PCI_DEVICES "/%s/modalias", device),
			 0);
	record.identity = take(identity);
	return record;
}

static void save(const char *device, const char *claim)
{
	_cleanup_record_ struct record record = make(device, claim);

	assert_int_equal(record_save(ctx, &record), 0);
}

/* Whether the record of DEVICE could be acted upon; why not is printed with a failure. */
static bool is_trusted(bool *stale)
{
	_cleanup_record_ struct record record = { 0 };
	int r = record_load(ctx, DEVICE, &record);

	if (r < 0)
		return false;
	if (stale)
		*stale = record.stale;
	assert_non_null(record.device);
	return !record.problem;
}

#endif
