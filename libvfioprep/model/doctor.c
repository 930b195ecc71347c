/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a host, or a guest, is ready as a whole. A finding is one row of a table and one
 * function, as in check.c; what several rows ask is here.
 */
#include "model/doctor.h"

static const struct row {
	const char *kind;
	bool vfio; /* does not matter where VFIO does not */
	doctor_fn *look;
} host_rows[] = {
	{ "place", false, doctor_place },       { "xen", false, doctor_xen },
	{ "iommu", true, doctor_iommu },        { "iommu", true, doctor_words },
	{ "iommu", true, doctor_interrupts },   { "group", true, doctor_groups },
	{ "module", true, doctor_modules },     { "module", true, doctor_parameters },
	{ "noiommu", true, doctor_noiommu },    { "iommufd", true, doctor_cdev },
	{ "node", true, doctor_nodes },         { "memory", true, doctor_memory },
	{ "guest", false, doctor_hypervisors }, { "boot", false, doctor_boot },
};

static const struct row guest_rows[] = {
	{ "place", false, doctor_place },
	{ "place", false, doctor_virtual },
	{ "pci", false, doctor_pci },
	{ "pci", false, doctor_slots },
	{ "cpu", false, doctor_cpus },
	{ "cpu", false, doctor_online_cpus },
	{ "memory", false, doctor_guest_memory },
	{ "memory", false, doctor_online_memory },
	{ "memory", false, doctor_virtio_mem },
};

static int run_rows(struct check *c, const struct row *rows, size_t n,
		    const struct vfp_doctor_options *options)
{
	bool vfio = true;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (rows[i].vfio && !vfio)
			continue;
		c->kind = rows[i].kind;
		r = rows[i].look(c, options);
		vfio = vfio && r <= 0;
	}
	return r < 0 ? r : 0;
}

_public_ int vfp_doctor(struct vfp_ctx *ctx, enum vfp_side side,
			const struct vfp_doctor_options *options,
			struct vfp_finding ***ret_findings)
{
	static const struct vfp_doctor_options nothing;
	_cleanup_findings_ struct findings findings = { 0 };
	/* The rows of check.c are about a device: this one is the host. */
	struct vfp_device whole = { .ctx = ctx,
				    .value = { [VFP_ADDRESS] = (char[]){ "" } } };
	struct facts facts = { 0 };
	struct check c = { .ctx = ctx,
			   .device = &whole,
			   .findings = &findings,
			   .driver = "vfio-pci",
			   .facts = &facts };
	int r = side == VFP_HOST ? run_rows(&c, host_rows, ARRAY_SIZE(host_rows),
					    options ?: &nothing)
				 : run_rows(&c, guest_rows, ARRAY_SIZE(guest_rows),
					    options ?: &nothing);

	facts_done(&facts);
	return r < 0 ? r : findings_take(&findings, ret_findings);
}

/* -- what rows share ----------------------------------------------------------------- */

char doctor_kconfig(struct check *c, const char *option)
{
	if (!c->facts->kconfig && kconfig_read(c->ctx, &c->facts->kconfig) < 0)
		c->facts->kconfig = strdup("");
	return *nonnull(c->facts->kconfig) ? kconfig_value(c->facts->kconfig, option)
					   : '?';
}

char *doctor_command_line(struct check *c)
{
	char *line = NULL;

	return root_attr(c->ctx, &line, "/proc/cmdline") == 0 ? line : strdup("");
}

char *doctor_boot_remedy(struct check *c, const char *words)
{
	if (root_exists(c->ctx, "/usr/sbin/grubby"))
		return strf("grubby --update-kernel=ALL --args='%s' # and reboot", words);
	if (root_exists(c->ctx, "/usr/sbin/update-grub") &&
	    root_exists(c->ctx, "/etc/default/grub"))
		return strf(
			"sed -i 's/^GRUB_CMDLINE_LINUX=\"/&%s /' /etc/default/grub && "
			"update-grub # and reboot",
			words);
	return strf("put %s on the kernel command line and reboot", words);
}

/* The first pid namespace has this number on every kernel; what images leave lying about may lie. */
bool doctor_in_container(struct check *c)
{
	_cleanup_free_ char *space = NULL;

	if (root_link(c->ctx, &space, "/proc/self/ns/pid") == 0 &&
	    !streq(space, "pid:[4026531836]"))
		return true;
	return root_exists(c->ctx, "/run/systemd/container") ||
	       root_exists(c->ctx, "/run/.containerenv");
}
