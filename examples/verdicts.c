/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each PCI device that could go to a guest, whether it may, and what keeps it:
 *
 *     cc -o verdicts verdicts.c $(pkg-config --cflags --libs vfioprep)
 *     ./verdicts [FOLDER]
 *
 * FOLDER is what `vfioprep dump` has written; without one, this host is looked at.
 */
#include <stdio.h>
#include <string.h>
#include <vfioprep.h>

static int verdict(struct vfp_ctx *ctx, const struct vfp_device *device)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);
	const char *driver = vfp_device_get(device, VFP_DRIVER);
	struct vfp_finding **findings;
	const char *says = "passable";
	int r = vfp_check(ctx, device, NULL, &findings);

	if (r < 0)
		return r;
	/* Each reason is in the list; the first that refuses, or was not to be seen, is shown. */
	for (struct vfp_finding **f = findings; *f; f++)
		if ((*f)->severity == VFP_REFUSE || (*f)->severity == VFP_UNKNOWN) {
			says = (*f)->text;
			break;
		}
	printf("%s %s: %s\n", address, driver && *driver ? driver : "-", says);
	vfp_findings_free(findings);
	return 0;
}

static int verdicts(struct vfp_ctx *ctx, const char *folder)
{
	struct vfp_device **devices;
	int r = folder ? vfp_ctx_set_root(ctx, folder) : 0;

	if (r == 0)
		r = vfp_select(ctx, NULL, NULL, &devices);
	if (r < 0)
		return r;
	for (struct vfp_device **d = devices; *d && r == 0; d++)
		if (!vfp_device_is_bridge(*d))
			r = verdict(ctx, *d);
	vfp_devices_free(devices);
	return r;
}

int main(int argc, char **argv)
{
	struct vfp_ctx *ctx;
	int r = vfp_ctx_new(&ctx);

	if (r == 0) {
		r = verdicts(ctx, argc > 1 ? argv[1] : NULL);
		vfp_ctx_free(ctx);
	}
	if (r < 0)
		fprintf(stderr, "verdicts: %s\n", strerror(-r));
	return vfp_exit_status(r);
}
