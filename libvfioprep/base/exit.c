/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table from errors to exit statuses, worst first: what a command over several devices
 * ends with is the first of these rows that applies to any of them.
 */
#include "base/base.h"
#include "vfioprep.h"

static const struct {
	int error;
	enum vfp_exit status;
} rows[] = {
	{ -ENOTRECOVERABLE, VFP_EXIT_BROKEN }, { -EINPROGRESS, VFP_EXIT_STUCK },
	{ -EAGAIN, VFP_EXIT_PARTIAL },         { -EREMOTEIO, VFP_EXIT_GUEST },
	{ -ETIMEDOUT, VFP_EXIT_GUEST },        { -EBUSY, VFP_EXIT_BUSY },
	{ -EPERM, VFP_EXIT_REFUSED },          { -ENODEV, VFP_EXIT_REFUSED },
	{ -EROFS, VFP_EXIT_REFUSED },          { -EINVAL, VFP_EXIT_USAGE },
};

/* What is in no row is a failure that left nothing changed; 0 comes last. */
static size_t row_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].error == error)
			return i;
	return ARRAY_SIZE(rows) + (error == 0);
}

_public_ enum vfp_exit vfp_exit_status(int error)
{
	size_t row = row_of(error);

	if (row < ARRAY_SIZE(rows))
		return rows[row].status;
	return error == 0 ? VFP_EXIT_OK : VFP_EXIT_FAILED;
}

_public_ int vfp_exit_worse(int a, int b)
{
	return row_of(b) < row_of(a) ? b : a;
}
