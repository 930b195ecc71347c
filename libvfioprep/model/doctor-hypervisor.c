/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisors of a host, and what the version that is there cannot do. Which ones there are
 * is asked by the caller: the library runs no program.
 */
#include "model/doctor.h"

/* What came with a version: before it, @text holds. */
static const struct limit {
	const char *name;
	unsigned int major, minor;
	enum vfp_severity severity;
	const char *text;
} limits[] = {
	{ "qemu", 8, 1, VFP_NOTE,
	  "knows no VF token (plug --vf-token), and a virtio-mem device that was plugged "
	  "stays until the guest ends" },
	{ "qemu", 9, 0, VFP_NOTE, "knows no iommufd (plug --iommufd)" },
	{ "libvirt", 10, 0, VFP_NOTE,
	  "binds no vfio variants: hide the device with --driver auto and plug it "
	  "unmanaged" },
	{ "libvirt", 12, 1, VFP_NOTE, "knows no iommufd" },
	{ "cloud-hypervisor", 51, 0, VFP_WARN,
	  "keeps a device open that was removed: it cannot be returned before the guest "
	  "ends" },
	{ "cloud-hypervisor", 52, 0, VFP_NOTE, "knows no iommufd" },
	{ "cloud-hypervisor", 53, 0, VFP_WARN,
	  "keeps a file of a removed device open: it may not be returnable before the "
	  "guest ends" },
};

/* "qemu 7.2.22" */
struct version {
	char name[32];
	unsigned int major, minor;
};

static int add_limits(struct check *c, const struct version *version, const char *text)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits) && r == 0; i++) {
		const struct limit *limit = &limits[i];
		_cleanup_free_ char *remedy = strf("upgrade to %s %u.%u", limit->name,
						   limit->major, limit->minor);

		if (!streq(limit->name, version->name) || version->major > limit->major ||
		    (version->major == limit->major && version->minor >= limit->minor))
			continue;
		r = remedy ? check_add(c, limit->severity, limit->name, remedy, "%s %s",
				       text, limit->text)
			   : -ENOMEM;
	}
	return r;
}

/* A guest has the slots that it was started with, on a machine with PCI Express. */
static int add_ports(struct check *c, const struct version *version, const char *text)
{
	if (streq(version->name, "qemu"))
		return check_add(c, VFP_NOTE, version->name,
				 "-device pcie-root-port,id=port1,chassis=1,slot=1",
				 "%s: a guest of machine q35 takes a device only on an "
				 "empty root port that it was started with, one for each",
				 text);
	if (streq(version->name, "libvirt"))
		return check_add(c, VFP_NOTE, version->name,
				 "<controller type='pci' model='pcie-root-port'/>",
				 "%s: a guest of machine q35 has one spare root port "
				 "unless its domain says more",
				 text);
	return check_add(c, VFP_NOTE, version->name, "vfioprep plug --list",
			 "%s is there", text);
}

static int add_hypervisor(struct check *c, const char *text)
{
	struct version version;

	if (sscanf(text, "%31s %u.%u", version.name, &version.major, &version.minor) != 3)
		return check_add(c, VFP_UNKNOWN, text, NULL,
				 "%s did not tell its version", text);
	return add_ports(c, &version, text) ?: add_limits(c, &version, text);
}

/* Xen says its version itself. */
static int add_xen(struct check *c, bool *found)
{
	_cleanup_free_ char *major = NULL, *minor = NULL, *text = NULL;

	if (root_attr(c->ctx, &major, "/sys/hypervisor/version/major") < 0 ||
	    root_attr(c->ctx, &minor, "/sys/hypervisor/version/minor") < 0)
		return 0;
	*found = true;
	text = strf("xen %s.%s", major, minor);
	return text ? add_hypervisor(c, text) : -ENOMEM;
}

int doctor_hypervisors(struct check *c, const struct vfp_doctor_options *options)
{
	bool found = false;
	int r = add_xen(c, &found);

	if (!options->hypervisors)
		return r;
	for (const char *const *h = options->hypervisors; *h && r == 0; h++) {
		found = true;
		r = add_hypervisor(c, *h);
	}
	if (r < 0 || found)
		return r;
	return check_add(c, VFP_WARN, NULL,
			 "install qemu-system-x86_64, libvirt or cloud-hypervisor",
			 "no hypervisor was found");
}
