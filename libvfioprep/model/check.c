/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: what stands against giving a device to a guest, and what the host would
 * lose. A reason is one row of the table and one function. The device's subtree is walked
 * once, and only when a row asks for what hangs there; each row says of which subsystem,
 * so that mounts, routes and processes are read only where a disk, an interface or a vfio
 * node makes them matter. Findings come in the order of the rows.
 */
#include "model/check.h"

static const struct row {
	const char *kind; /* the word for --force */
	const char
		*subsystem; /* once for each of these below; NULL: once for the device */
	enum {
		USE = 1, /* says what the host uses the device for */
		PCI = 2, /* about what only PCI functions have */
	} about;
	check_fn *look;
} rows[] = {
	{ "bridge", NULL, USE, check_bridge },
	{ "iommu", NULL, PCI, check_iommu },
	{ "iommu", NULL, PCI, check_reserved },
	{ "iommu", NULL, PCI, check_interrupts },
	{ "sriov", NULL, PCI, check_sriov },
	{ "held", NULL, USE | PCI, check_held },
	{ "disk", "block", USE, check_mounted },
	{ "disk", "block", USE, check_swap },
	{ "disk", "block", USE, check_mapping },
	{ "disk", "block", USE, check_zfs },
	{ "disk", "block", 0, check_exclusive },
	{ "disk", "block", 0, check_opened },
	{ "disk", "block", 0, check_fstab },
	{ "disk", "block", 0, check_signature },
	{ "disk", "virtio", USE, check_shared_folder },
	{ "disk", NULL, USE, check_mounts_known },
	{ "net", "net", USE, check_ssh },
	{ "net", "net", 0, check_sshd },
	{ "net", "net", USE, check_default_route },
	{ "net", "net", USE, check_only_route },
	{ "net", "net", USE, check_master },
	{ "net", "net", USE, check_upper },
	{ "net", "net", USE, check_addresses },
	{ "net", "net", USE, check_routes },
	{ "net", NULL, USE, check_network_known },
	{ "net", BELOW_AWAY, USE, check_away },
	{ "net", NULL, USE | PCI, check_no_interface },
	{ "display", NULL, USE | PCI, check_console },
	{ "display", NULL, USE | PCI, check_framebuffer },
	{ "display", "graphics", USE, check_text_console },
	{ "display", "drm", USE, check_open },
	{ "display", "graphics", USE, check_open },
	{ "display", "accel", USE, check_open },
	{ "display", NULL, USE | PCI, check_nvidia },
	{ "input", "input", USE, check_keyboard },
	{ "input", "input", USE, check_pointer },
	{ "input", "bluetooth", USE, check_keyboard },
	{ "input", "bluetooth", USE, check_pointer },
	{ "usb", "usb", USE, check_usb_taken },
	{ "sound", "sound", USE, check_open },
	{ "sound", "sound", PCI, check_sound_controls },
	{ "video", "video4linux", USE, check_open },
	{ "disk", "scsi_generic", 0, check_open },
	{ "disk", "scsi_tape", 0, check_open },
	{ "disk", "nvme-generic", 0, check_open },
	{ "bluetooth", "bluetooth", USE, check_bluetooth },
	{ "tty", "tty", USE, check_tty_console },
	{ "tty", "tty", USE, check_open },
	{ "tpm", "tpm", USE, check_tpm },
	{ "tpm", "tpm", USE, check_open },
	{ "tpm", "tpmrm", USE, check_open },
	{ "watchdog", "watchdog", USE, check_watchdog },
	{ "watchdog", NULL, USE | PCI, check_watchdog_elsewhere },
	{ "watchdog", "watchdog", USE, check_open },
	{ "rdma", "infiniband_verbs", USE, check_open },
	{ "rdma", "infiniband_mad", USE, check_open },
	{ "group", NULL, PCI, check_group },
	{ "reset", NULL, PCI, check_reset },
	{ "power", NULL, PCI, check_power },
};

int check_add(struct check *c, enum vfp_severity severity, const char *object,
	      const char *remedy, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	if (severity == VFP_UNKNOWN)
		c->unknown = true;
	if (c->use_only)
		return 0;
	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	if (!text)
		return -ENOMEM;
	return finding_add(c->findings, severity, c->kind, device_address(c->device),
			   object, remedy, "%s", text);
}

int check_use(struct check *c, int rank, const char *format, ...)
{
	va_list args;
	char *use;

	if (!c->use_only || (c->use && rank <= c->use_rank))
		return 0;
	va_start(args, format);
	use = vstrf(format, args);
	va_end(args);
	if (!use)
		return -ENOMEM;
	free(c->use);
	c->use = use;
	c->use_rank = rank;
	return 0;
}

static void thing_free(struct thing *thing)
{
	if (!thing)
		return;
	stack_free(thing->stack);
	tower_free(thing->tower);
	free(thing->subsystem);
	free(thing->path);
	free(thing->name);
	free(thing);
}

static void thing_freep(struct thing **thing)
{
	thing_free(*thing);
}

void check_done(struct check *c)
{
	for (size_t i = 0; i < c->n_things; i++)
		thing_free(c->things[i]);
	free(c->things);
	c->things = NULL;
	c->n_things = 0;
	free(c->use);
	c->use = NULL;
}

void facts_done(struct facts *facts)
{
	mounts_free(facts->mounts);
	network_free(facts->network);
	inputs_free(facts->inputs);
	if (facts->held)
		held_done(facts->held);
	free(facts->held);
	free(facts->kconfig);
	*facts = (struct facts){ 0 };
}

bool check_has(const struct check *c, const char *subsystem)
{
	for (size_t i = 0; i < c->n_things; i++)
		if (streq(c->things[i]->subsystem, subsystem))
			return true;
	return false;
}

bool check_first(const struct check *c, const struct thing *thing)
{
	for (size_t i = 0; i < c->n_things; i++)
		if (streq(c->things[i]->subsystem, thing->subsystem))
			return c->things[i] == thing;
	return true;
}

int check_need_held(struct check *c)
{
	struct held_table *held;
	int r;

	if (c->facts->held)
		return 0;
	held = calloc(1, sizeof(*held));
	if (!held)
		return -ENOMEM;
	r = held_read(c->ctx, held);
	if (r < 0)
		free(held);
	else
		c->facts->held = held;
	return r;
}

int check_holders(struct check *c, const char *node, struct holder **ret, size_t *ret_n)
{
	return check_need_held(c) ?: held_find(c->ctx, c->facts->held, node, ret, ret_n);
}

/* Does any row ask for @subsystem? */
static bool is_wanted(const char *subsystem)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].subsystem && streq(rows[i].subsystem, subsystem))
			return true;
	return false;
}

static int add_thing(void *data, const char *subsystem, const char *path,
		     const char *name)
{
	_cleanup_(thing_freep) struct thing *thing = NULL;
	struct check *c = data;
	int r;

	if (!is_wanted(subsystem))
		return 0;
	thing = calloc(1, sizeof(*thing));
	if (!thing)
		return -ENOMEM;
	thing->subsystem = strdup(subsystem);
	thing->path = strdup(path);
	thing->name = strdup(name);
	if (!thing->subsystem || !thing->path || !thing->name)
		return -ENOMEM;
	r = list_add((void ***)&c->things, &c->n_things, thing);
	if (r == 0)
		thing = NULL;
	return r;
}

static int walk_once(struct check *c)
{
	if (c->walked)
		return 0;
	c->walked = true;
	/*
	 * In a listing: what no driver runs has nothing below that could be used. Of USB a guest
	 * may have it.
	 */
	if (c->use_only && !*device_driver(c->device) && !c->device->usb)
		return 0;
	return below_walk(c->ctx, c->device->path, add_thing, c);
}

static int run_row(struct check *c, const struct row *row)
{
	int r = 0;

	c->kind = row->kind;
	if (!row->subsystem)
		return row->look(c, NULL);
	r = walk_once(c);
	for (size_t i = 0; r == 0 && i < c->n_things; i++)
		if (streq(c->things[i]->subsystem, row->subsystem))
			r = row->look(c, c->things[i]);
	return r;
}

static bool is_asked(const struct check *c, const struct row *row)
{
	return (!c->use_only || (row->about & USE)) &&
	       (!c->device->usb || !(row->about & PCI));
}

int check_run(struct check *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (is_asked(c, &rows[i]))
			r = run_row(c, &rows[i]);
	return r < 0 ? r : 0;
}

int check_device(struct vfp_ctx *ctx, const struct vfp_device *device,
		 struct vfp_device *const *with, const char *driver, struct facts *facts,
		 struct findings *findings)
{
	struct check c = {
		.ctx = ctx,
		.device = device,
		.with = with,
		.findings = findings,
		.driver = driver,
		.facts = facts,
	};
	int r = check_run(&c);

	check_done(&c);
	return r;
}
