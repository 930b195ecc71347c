/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the doctor is called: in a container, which sees the host only in part; under Xen, where
 * VFIO is of no use; and what a guest's memory takes here.
 */
#include "model/doctor.h"

int doctor_place(struct check *c, const struct vfp_doctor_options *options)
{
	(void)options;
	if (!doctor_in_container(c))
		return 0;
	return check_add(c, VFP_UNKNOWN, NULL, "vfioprep doctor, on the host itself",
			 "this is a container: nodes, modules, boot files and limits are "
			 "its own, and those of the host could not be looked at");
}

/* -- xen ----------------------------------------------------------------------------- */

/* The one domain that gives devices away. */
static bool is_dom0(struct check *c)
{
	_cleanup_free_ char *type = NULL, *text = NULL;

	return root_attr(c->ctx, &type, "/sys/hypervisor/type") == 0 &&
	       streq(type, "xen") &&
	       root_attr(c->ctx, &text, "/proc/xen/capabilities") == 0 &&
	       strstr(text, "control_d");
}

static int add_pciback(struct check *c)
{
	bool blacklisted;
	_cleanup_free_ char *objection = NULL;

	if (root_exists(c->ctx, PCI_DRIVERS "/pciback"))
		return check_add(c, VFP_NOTE, "pciback",
				 "vfioprep hide --driver pciback DEVICE",
				 "pciback is there to hide devices");
	switch (module_look(c->ctx, "xen_pciback", &objection, &blacklisted)) {
	case MODULE_MISSING:
		return check_add(
			c, VFP_REFUSE, "pciback",
			"install a kernel with CONFIG_XEN_PCIDEV_BACKEND=m",
			"this kernel has no pciback, which hides devices under Xen");
	case MODULE_UNKNOWN:
		return check_add(c, VFP_UNKNOWN, "pciback", "modprobe xen-pciback",
				 "whether this kernel has pciback could not be looked "
				 "at");
	default:
		return check_add(c, VFP_WARN, "pciback", "modprobe xen-pciback",
				 "pciback, which hides devices under Xen, is not loaded");
	}
}

int doctor_xen(struct check *c, const struct vfp_doctor_options *options)
{
	int r;

	(void)options;
	if (!is_dom0(c))
		return 0;
	r = check_add(
		c, VFP_NOTE, NULL, "xl pci-assignable-list",
		"Xen has the IOMMU, so VFIO is not looked at: devices go to guests by "
		"pciback and xl");
	r = r ?: add_pciback(c);
	return r < 0 ? r : 1;
}

/* -- memory -------------------------------------------------------------------------- */

int doctor_memory(struct check *c, const struct vfp_doctor_options *options)
{
	return check_memory(c, &(struct vfp_check_options){ .memory = options->memory,
							    .user = options->user });
}
