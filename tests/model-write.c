/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model-write PATH VALUE: one write through the model of the driver core, for scenarios
 * in shell. Like `echo VALUE > PATH` on a real host: a newline is added, and the errno
 * told.
 */
#include "model.h"

int main(int argc, char **argv)
{
	_cleanup_free_ char *value = NULL;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: model-write PATH VALUE\n");
		return 2;
	}
	value = strf("%s\n", argv[2]);
	r = value ? seam_default()->write(NULL, argv[1], value, NULL, 0) : -ENOMEM;
	if (r < 0)
		fprintf(stderr, "model-write: %s: %s\n", argv[1], strerror(-r));
	return r < 0;
}
