/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the initramfs may claim before the host's drivers are there: a script does that, which knows
 * nothing but this list. So what the host needs to come up is left out here, as far as it can
 * be seen now; the script compares the identity again.
 */
#include "model/check.h"

struct boot_list {
	struct vfp_ctx *ctx;
	FILE *out;
	struct findings findings;
	struct facts facts;
};

static int leave_out(struct boot_list *list, const struct vfp_wanted *wanted,
		     const char *format, ...) _printf_(3, 4);
static int leave_out(struct boot_list *list, const struct vfp_wanted *wanted,
		     const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	if (!text)
		return -ENOMEM;
	return finding_add(&list->findings, VFP_WARN, "config",
			   vfp_wanted_get(wanted, "device"), "", "",
			   "it is not claimed before the host's drivers: %s", text);
}

/*
 * What the host may need to come up: any file system or swap, also one that /etc/fstab names and
 * nobody has mounted, and the way into the net, by which its root may come.
 */
static const char *needed_below(const struct findings *verdict)
{
	for (size_t i = 0; i < verdict->n; i++) {
		const struct vfp_finding *f = verdict->list[i];

		if ((streq(f->kind, "disk") && f->severity != VFP_NOTE) ||
		    (streq(f->kind, "net") && f->severity == VFP_REFUSE))
			return f->text;
	}
	return NULL;
}

/* 1: nothing speaks against it. */
static int is_safe(struct boot_list *list, const struct vfp_wanted *wanted,
		   const struct vfp_device *device)
{
	const char *subsystem = vfp_wanted_get(wanted, "subsystem");
	_cleanup_findings_ struct findings verdict = { 0 };
	const char *needed;
	int r;

	if (!streq(device->value[VFP_IDS], vfp_wanted_get(wanted, "expect")) ||
	    (subsystem && !streq(nonnull(device->value[VFP_SUBSYSTEM]), subsystem)))
		return leave_out(list, wanted,
				 "another device is at this address now (%s)",
				 device->value[VFP_IDS]);
	if (device->bridge)
		return leave_out(list, wanted, "it is a bridge");
	if (driver_hides(device_driver(device)))
		return 1;
	r = check_device(list->ctx, device, NULL, "vfio-pci", &list->facts, &verdict);
	if (r < 0)
		return r;
	needed = needed_below(&verdict);
	return needed ? leave_out(list, wanted, "%s", needed) : 1;
}

/* "8086:10fb" as two words. */
static void print_ids(FILE *out, const char *ids)
{
	fprintf(out, " %.4s %s", ids, ids + 5);
}

static int print_entry(struct boot_list *list, const struct vfp_wanted *wanted,
		       const struct vfp_device *device)
{
	const char *subsystem = device ? device->value[VFP_SUBSYSTEM]
				       : vfp_wanted_get(wanted, "subsystem");
	const char *driver = vfp_wanted_get(wanted, "driver") ?: "vfio-pci";
	_cleanup_free_ char *module = NULL;
	int r = 0;

	if (streq(driver, "auto") && device)
		r = module_vfio_variant(list->ctx, device->value[VFP_MODALIAS], &module);
	if (r < 0)
		return r;
	fputs(vfp_wanted_get(wanted, "device"), list->out);
	print_ids(list->out, vfp_wanted_get(wanted, "expect"));
	print_ids(list->out, subsystem ?: "0000:0000");
	fprintf(list->out, " %s\n",
		driver_of_module(module                  ? module
				 : streq(driver, "auto") ? "vfio-pci"
							 : driver));
	return 0;
}

static int add_entry(struct boot_list *list, const struct vfp_wanted *wanted)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	int r = device_load(list->ctx, vfp_wanted_get(wanted, "device"), &device);

	if (r == -ENODEV && vfp_wanted_get(wanted, "subsystem"))
		return print_entry(list, wanted, NULL);
	if (r == -ENODEV)
		return leave_out(
			list, wanted,
			"it is not there, and has no subsystem= by which to know "
			"it");
	r = r ?: is_safe(list, wanted, device);
	return r == 1 ? print_entry(list, wanted, device) : r;
}

_public_ int vfp_wanted_boot_list(struct vfp_ctx *ctx, FILE *out,
				  struct vfp_finding ***ret_findings)
{
	_cleanup_(wanted_listp) struct vfp_wanted **all = NULL;
	struct boot_list list = { .ctx = ctx, .out = out };
	int r = wanted_read_all(ctx, &all, &list.findings);
	bool wrong = list.findings.n > 0;

	for (struct vfp_wanted **w = all; r == 0 && *w; w++)
		r = add_entry(&list, *w);
	facts_done(&list.facts);
	r = r ?: findings_take(&list.findings, ret_findings);
	findings_done(&list.findings);
	return r < 0 ? r : wrong ? -EINVAL : 0;
}
