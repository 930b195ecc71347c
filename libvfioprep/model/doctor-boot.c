/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what /etc/vfioprep/devices.d names is hidden from the boot on: by the initramfs, which
 * alone is there before any driver, by the udev rule, by the unit. An image cannot be looked
 * into; its time tells whether it was made since the device was configured.
 */
#include "model/doctor.h"

#include <sys/stat.h>

#define RULE "70-vfioprep.rules"
#define UNIT "/etc/systemd/system/multi-user.target.wants/vfioprep.service"

enum image {
	CLAIMED,         /* in this boot */
	MADE_SINCE_BOOT, /* since the device was configured, too */
	NOT_CLAIMED,     /* although the image of this boot is younger than that */
	OLDER,           /* than what is configured */
	UNKNOWN,
};

static const char *const image_texts[] = {
	[CLAIMED] = "has claimed it",
	[MADE_SINCE_BOOT] = "will claim it from the next boot on",
	[NOT_CLAIMED] = "could not claim it",
	[OLDER] = "was made before it was configured",
	[UNKNOWN] = "not to be seen here",
};

static int64_t boot_time(struct check *c)
{
	_cleanup_free_ char *text = NULL;
	const char *line;
	long long seconds = 0;

	if (root_read(c->ctx, "/proc/stat", 1 << 20, &text, NULL) < 0)
		return 0;
	line = strstr(text, "\nbtime ");
	return line && sscanf(line, "\nbtime %lld", &seconds) == 1 ? seconds : 0;
}

/* The youngest image that this kernel may have been started with; 0: none. */
static int64_t image_time(struct check *c)
{
	static const char *const names[] = { "/boot/initrd.img-%s",
					     "/boot/initramfs-%s.img",
					     "/boot/initramfs-linux.img" };
	_cleanup_free_ char *release = NULL;
	int64_t youngest = 0;

	if (root_attr(c->ctx, &release, "/proc/sys/kernel/osrelease") < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), names[i], release);
		if (root_stat(c->ctx, path, &st) == 0 && st.st_mtime > youngest)
			youngest = st.st_mtime;
	}
	return youngest;
}

static enum image look_at_image(struct check *c, const struct vfp_wanted *wanted)
{
	_cleanup_free_ char *driver = NULL, *by = NULL;
	int64_t image = image_time(c);
	struct stat st;

	if (early_find(c->ctx, vfp_wanted_get(wanted, "device"), &driver, &by) == 0 &&
	    streq(by, "initramfs"))
		return CLAIMED;
	if (c->ctx->dump || root_stat(c->ctx, vfp_wanted_get(wanted, "file"), &st) < 0)
		return UNKNOWN;
	if (image <= st.st_mtime)
		return OLDER;
	return image > boot_time(c) ? MADE_SINCE_BOOT : NOT_CLAIMED;
}

static bool has_rule(struct check *c)
{
	return root_exists(c->ctx, "/etc/udev/rules.d/" RULE) ||
	       root_exists(c->ctx, "/usr/local/lib/udev/rules.d/" RULE) ||
	       root_exists(c->ctx, "/usr/lib/udev/rules.d/" RULE) ||
	       root_exists(c->ctx, "/lib/udev/rules.d/" RULE);
}

static const char *image_remedy(struct check *c)
{
	if (root_exists(c->ctx, "/usr/sbin/update-initramfs"))
		return "update-initramfs -u";
	if (root_exists(c->ctx, "/usr/bin/dracut"))
		return "dracut -f";
	if (root_exists(c->ctx, "/usr/bin/mkinitcpio"))
		return "mkinitcpio -P # with vfioprep before udev in HOOKS";
	return "make the initramfs again";
}

/* What nothing can hide at boot. 1: it is told. */
static int look_at_device(struct check *c, const struct vfp_wanted *wanted)
{
	const char *address = vfp_wanted_get(wanted, "device");
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_free_ char *remedy = NULL;
	int r = device_load(c->ctx, address, &device);

	if (r == -ENOMEM || (r < 0 && r != -ENODEV))
		return r == -ENOMEM ? r : 0;
	if (r == 0 && streq(device->value[VFP_IDS], vfp_wanted_get(wanted, "expect")))
		return 0;
	if (r == -ENODEV && vfp_wanted_get(wanted, "subsystem"))
		return 0;
	remedy = strf("correct it in %s, line %s", vfp_wanted_get(wanted, "file"),
		      vfp_wanted_get(wanted, "line"));
	if (!remedy)
		return -ENOMEM;
	if (r == 0)
		r = check_add(
			c, VFP_WARN, address, remedy,
			"%s is configured to be hidden as %s, but is %s: it is left "
			"alone",
			address, vfp_wanted_get(wanted, "expect"),
			device->value[VFP_IDS]);
	else
		r = check_add(c, VFP_WARN, address, remedy,
			      "%s is configured to be hidden, but is not there, and "
			      "without subsystem= the initramfs will not claim it",
			      address);
	return r ?: 1;
}

/* What is missing first is what is told to do. */
static int add_device(struct check *c, const struct vfp_wanted *wanted)
{
	const char *device = vfp_wanted_get(wanted, "device"), *remedy = NULL;
	enum image image = look_at_image(c, wanted);
	bool rule = has_rule(c), unit = root_exists(c->ctx, UNIT);

	if (image == OLDER)
		remedy = image_remedy(c);
	else if (!unit)
		remedy = "systemctl enable vfioprep.service";
	else if (!rule)
		remedy = "make install # brings " RULE;
	else if (image == NOT_CLAIMED)
		remedy = "dmesg | grep vfioprep # tells why";
	return check_add(
		c, image == OLDER || !unit || !rule ? VFP_WARN : VFP_NOTE, device, remedy,
		"%s is configured to be hidden: the initramfs %s, the udev rule is "
		"%s, the unit is %s",
		device, image_texts[image], rule ? "there" : "missing",
		unit ? "enabled" : "not enabled");
}

int doctor_boot(struct check *c, const struct vfp_doctor_options *options)
{
	struct vfp_finding **problems = NULL;
	struct vfp_wanted **list = NULL;
	int r;

	(void)options;
	if (doctor_in_container(c) || vfp_wanted(c->ctx, &list, &problems) < 0)
		return 0;
	r = 0;
	for (struct vfp_finding **p = problems; *p && r == 0; p++)
		r = check_add(c, VFP_WARN, (*p)->object, (*p)->remedy, "%s", (*p)->text);
	for (struct vfp_wanted **w = list; *w && r >= 0; w++)
		r = look_at_device(c, *w) ?: add_device(c, *w);
	vfp_findings_free(problems);
	vfp_wanted_free(list);
	return r < 0 ? r : 0;
}
