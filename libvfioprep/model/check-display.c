/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reason that is about displays: the console. The kernel marks the display that the
 * firmware used (boot_vga); with it the host goes dark, whether a driver is bound or the
 * framebuffer is the firmware's.
 */
#include "model/model.h"

int check_console(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *boot = NULL;

	(void)thing;
	if (!startswith(c->device->value[VFP_CLASS], "03") ||
	    driver_hides(device_driver(c->device)) ||
	    root_attr(c->ctx, &boot, "%s/boot_vga", c->device->path) < 0 ||
	    !streq(boot, "1"))
		return 0;
	return check_use(c, USE_NORMAL, "console")
		     ?: check_add(c, VFP_REFUSE, "console", NULL,
				  "the host would lose its console: this is the "
				  "display that the firmware started with");
}
