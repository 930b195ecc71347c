/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of processors and memory that a guest is given: unless the kernel or a rule of
 * udev turns them on they lie there unused. For memory the kernel has a policy, for processors
 * only rules help.
 */
#include "model/doctor.h"

#define POLICY "/sys/devices/system/memory/auto_online_blocks"
#define RULES  "/etc/udev/rules.d/80-hotplug-online.rules"
#define WRITE \
	"vfioprep doctor --guest --udev-rules > " RULES " && udevadm control --reload"
#define MAX (1 << 20)

static const char *const folders[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
				       "/usr/local/lib/udev/rules.d",
				       "/usr/lib/udev/rules.d", "/lib/udev/rules.d" };

/* Does a line of a rules file set @attribute of @subsystem? */
static bool sets(const char *line, const char *subsystem, const char *attribute)
{
	_cleanup_free_ char *match = strf("SUBSYSTEM==\"%s\"", subsystem);
	_cleanup_free_ char *key = strf("ATTR{%s}=\"", attribute);

	line += strspn(line, " \t");
	return match && key && *line != '#' && strstr(line, match) && strstr(line, key);
}

/*
 * Rules for certain hypervisors only (as Debian's for Hyper-V and Xen) begin with their names and
 * jump to the end on others.
 */
static bool is_for_others(struct check *c, const char *text)
{
	_cleanup_free_ char *vendor = NULL;

	if (!strstr(text, "sys_vendor"))
		return false;
	return root_attr(c->ctx, &vendor, "/sys/class/dmi/id/sys_vendor") < 0 ||
	       !strstr(text, vendor);
}

static bool file_sets(struct check *c, const char *path, const char *subsystem,
		      const char *attribute)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;
	bool found = false;

	if (root_read(c->ctx, path, MAX, &text, NULL) < 0 || is_for_others(c, text))
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line && !found;
	     line = strtok_r(NULL, "\n", &rest))
		found = sets(line, subsystem, attribute);
	return found;
}

/* The file by which udev turns on what comes of @subsystem; NULL: none. To be freed. */
static char *find_rule(struct check *c, const char *subsystem, const char *attribute)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_strings_ char **names = NULL;

		if (root_list(c->ctx, folders[i], &names) < 0)
			continue;
		for (char **name = names; *name; name++) {
			_cleanup_free_ char *path = strf("%s/%s", folders[i], *name);

			if (path && endswith(*name, ".rules") &&
			    file_sets(c, path, subsystem, attribute))
				return take(path);
		}
	}
	return NULL;
}

/* -- memory -------------------------------------------------------------------------- */

static int add_offline(struct check *c)
{
	_cleanup_free_ char *rule = find_rule(c, "memory", "state");
	_cleanup_free_ char *boot =
		doctor_boot_remedy(c, "memhp_default_state=online_movable");
	_cleanup_free_ char *remedy =
		boot ? strf("echo online_movable > " POLICY " # and for good: %s", boot)
		     : NULL;

	if (!remedy)
		return -ENOMEM;
	if (rule)
		return check_add(c, VFP_NOTE, "auto_online_blocks", remedy,
				 "memory that is plugged is turned on by %s; the kernel "
				 "itself does it sooner",
				 rule);
	return check_add(c, VFP_REFUSE, "auto_online_blocks", remedy,
			 "memory that is plugged stays offline, unused: neither the "
			 "kernel nor udev turns it on");
}

int doctor_online_memory(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *policy = NULL;

	(void)options;
	if (root_attr(c->ctx, &policy, POLICY) < 0)
		return 0;
	if (streq(policy, "offline"))
		return add_offline(c);
	if (streq(policy, "online_movable"))
		return check_add(c, VFP_NOTE, "auto_online_blocks", NULL,
				 "memory that is plugged is turned on (%s) and can be "
				 "taken again",
				 policy);
	return check_add(c, VFP_NOTE, "auto_online_blocks",
			 "echo online_movable > " POLICY,
			 "memory that is plugged is turned on (%s), and the kernel may "
			 "use it for what cannot move, so it may not come out again",
			 policy);
}

/* -- processors ---------------------------------------------------------------------- */

int doctor_online_cpus(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *rule = NULL;

	(void)options;
	if (!root_exists(c->ctx, "/sys/devices/system/cpu/hotplug"))
		return 0;
	rule = find_rule(c, "cpu", "online");
	if (rule)
		return check_add(c, VFP_NOTE, "udev", NULL,
				 "processors that are plugged are turned on by %s", rule);
	return check_add(c, VFP_REFUSE, "udev", WRITE,
			 "processors that are plugged stay offline, unused: no rule of "
			 "udev turns them on");
}
