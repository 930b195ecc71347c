/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB in the model: interfaces and whole devices are bound by hand, and what hung below comes
 * back with that. Besides sysfs it knows, below the root
 *
 *	/model/usb/refuse/NAME	the driver does not take this interface or device
 *	/model/usb/stash/NAME	"FROM TO": what comes back with it, and where
 */
#include "model-sysfs.h"

static void unstash(const char *root, const char *name)
{
	char text[PAGE], *to;

	get(at(root, "/model/usb/stash/%s", name), text);
	to = strchr(text, ' ');
	if (!to)
		return;
	*to++ = '\0';
	if (rename(at(root, "%s", text).path, at(root, "%s", to).path) == 0)
		unlink(at(root, "/model/usb/stash/%s", name).path);
}

int model_usb_write(const char *root, const char *path, const char *value)
{
	const char *driver = path + strlen("/sys/bus/usb/drivers/");
	int length = (int)strcspn(driver, "/");
	char name[64], target[PATH_MAX];
	struct place link;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(value, "\n"), value);
	link = at(root, "/sys/bus/usb/devices/%s/driver", name);
	if (!there(at(root, "/sys/bus/usb/devices/%s", name)))
		return -ENODEV;
	if (endswith(path, "/unbind")) {
		if (!get_link(link, target) ||
		    strlen(last_part(target)) != (size_t)length ||
		    strncmp(last_part(target), driver, (size_t)length) != 0)
			return -ENODEV;
		return unlink(link.path) < 0 ? -errno : 0;
	}
	if (get_link(link, target))
		return -EBUSY;
	if (model_has(root, "usb/refuse/%s", name))
		return -EIO;
	make_link(link, at("", "/sys/bus/usb/drivers/%.*s", length, driver).path);
	unstash(root, name);
	return 0;
}
