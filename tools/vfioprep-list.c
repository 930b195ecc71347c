/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep list: what is there, on which driver, in which group, and whether the host
 * uses it. A column is a field of the library; nothing is looked up for columns that are
 * not printed.
 */
#include "table.h"

enum { COLUMN_USE = _VFP_FIELD_MAX };

static const struct column columns[] = {
	{ "ADDRESS", VFP_ADDRESS, COLUMN_USUAL | COLUMN_TREE, "PCI address" },
	{ "GROUP", VFP_GROUP, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER,
	  "IOMMU group" },
	{ "DRIVER", VFP_DRIVER, COLUMN_USUAL, "driver that it is bound to" },
	{ "CLASS", VFP_CLASS_SHORT, COLUMN_USUAL, "what it is, in a word" },
	{ "NAME", VFP_NAME, COLUMN_USUAL | COLUMN_CUT, "vendor and device, short" },
	{ "USE", COLUMN_USE, COLUMN_USUAL, "what uses it now" },
	{ "IDS", VFP_IDS, 0, "vendor and device id" },
	{ "SUBSYSTEM", VFP_SUBSYSTEM, 0, "subsystem vendor and device id" },
	{ "CLASS-CODE", VFP_CLASS, 0, "class, subclass and programming interface" },
	{ "CLASS-NAME", VFP_CLASS_NAME, 0, "the class by its full name" },
	{ "VENDOR", VFP_VENDOR_NAME, 0, "vendor by its full name" },
	{ "DEVICE", VFP_DEVICE_NAME, 0, "device by its full name" },
	{ "NODE", VFP_NODE, 0, "device node while it is on a vfio driver" },
	{ "NUMA", VFP_NUMA_NODE, COLUMN_RIGHT | COLUMN_NUMBER, "NUMA node" },
	{ "PHYSFN", VFP_PHYSFN, 0, "of a virtual function: its physical function" },
	{ "PARENT", VFP_PARENT, 0, "bridge that it is behind" },
	{ "MODALIAS", VFP_MODALIAS, 0, "what drivers match on" },
	{ 0 }
};

static struct {
	bool pci, tree, all_matching;
} arg;

static const struct option_row options[] = {
	OPTION(0, "pci", NULL, &arg.pci, "only PCI devices"),
	OPTION('T', "tree", NULL, &arg.tree, "draw which bridge each device is behind"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

struct row {
	const struct vfp_device *device;
	const char *use;
};

static int cell(void *data, int id, char **ret_text)
{
	const struct row *row = data;
	const char *value;

	if (id == COLUMN_USE)
		value = row->use;
	else
		value = vfp_device_get(row->device, (enum vfp_field)id);
	if (!value || !*value)
		return 0;
	*ret_text = strdup(value);
	return *ret_text ? 0 : -ENOMEM;
}

/* Bridges come before what is behind them, and mostly shortly before. */
static int parent_line(struct vfp_device *const *devices, int n)
{
	const char *parent = vfp_device_get(devices[n], VFP_PARENT);

	if (!parent || !*parent)
		return -1;
	while (--n >= 0)
		if (streq(vfp_device_get(devices[n], VFP_ADDRESS), parent))
			break;
	return n;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection selection = { 0 };
	_cleanup_table_ struct table *table = NULL;
	_cleanup_free_ const char **uses = NULL;
	int r = table_new("devices", columns, cell, &table);

	if (r < 0)
		return r;
	r = *operands ? selection_add_all(ctx, &selection, operands, arg.all_matching)
		      : selection_add(ctx, &selection, NULL, false);
	if (r == 0 && selection.n && table_shows(table, COLUMN_USE))
		r = vfp_devices_use(ctx, selection.device, &uses);
	if (r < 0)
		return r;
	for (size_t i = 0; i < selection.n; i++) {
		struct row row = { selection.device[i], uses ? uses[i] : NULL };

		r = table_add(table, &row,
			      arg.tree ? parent_line(selection.device, (int)i) : -1);
		if (r < 0)
			return r;
	}
	return table_print(table);
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (streq(metavar, "COLUMNS"))
		table_offer(columns);
}

static void help_more(FILE *out)
{
	table_help(out, columns);
}

const struct tool tool = {
	.name = "list",
	.operands = "[DEVICE...]",
	.max = MANY,
	.usb = true,
	.help = "List PCI devices: driver, IOMMU group, and what uses them.",
	.details =
		"DEVICE narrows the list: an address (05:00.0, 05:00 for a whole slot), "
		"ids (8086:10fb), group:14, a network interface or a disk.",
	.sets = TOOL_LISTING,
	.options = options,
	.run = run,
	.complete = complete,
	.help_more = help_more,
};
