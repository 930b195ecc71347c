/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep list: what is there, on which driver, in which group, and whether the host
 * uses it. A column is a field of the library; nothing is looked up for columns that are
 * not printed. USB devices have a table of their own.
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
	{ "CDEV", VFP_CDEV, 0, "its own node then, where the kernel has iommufd" },
	{ "NUMA", VFP_NUMA_NODE, COLUMN_RIGHT | COLUMN_NUMBER, "NUMA node" },
	{ "PHYSFN", VFP_PHYSFN, 0, "of a virtual function: its physical function" },
	{ "PARENT", VFP_PARENT, 0, "bridge that it is behind" },
	{ "MODALIAS", VFP_MODALIAS, 0, "what drivers match on" },
	{ 0 }
};

static const struct column usb_columns[] = {
	{ "ADDRESS", VFP_ADDRESS, COLUMN_USUAL | COLUMN_TREE, "bus and port path" },
	{ "BUS", VFP_USB_BUS, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER, "its bus" },
	{ "NUMBER", VFP_USB_ADDRESS, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER,
	  "its address on the bus, another one after each replug" },
	{ "IDS", VFP_IDS, COLUMN_USUAL, "vendor and product id" },
	{ "DRIVER", VFP_DRIVER, COLUMN_USUAL, "drivers of its interfaces" },
	{ "SPEED", VFP_USB_SPEED, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER,
	  "in Mbit/s" },
	{ "CONTROLLER", VFP_PARENT, COLUMN_USUAL, "PCI address of the controller" },
	{ "CLASS", VFP_CLASS_SHORT, COLUMN_USUAL, "what it is, in a word" },
	{ "NAME", VFP_NAME, COLUMN_USUAL | COLUMN_CUT, "what it says that it is" },
	{ "USE", COLUMN_USE, COLUMN_USUAL, "what uses it now" },
	{ "PORT", VFP_USB_PORT, 0, "port path on its bus" },
	{ "INTERFACES", VFP_USB_INTERFACES, 0, "each interface and its driver" },
	{ "CLASS-CODE", VFP_CLASS, 0, "class, subclass and protocol" },
	{ "CLASS-NAME", VFP_CLASS_NAME, 0, "the class by its full name" },
	{ "VENDOR", VFP_VENDOR_NAME, 0, "manufacturer, as the device says" },
	{ "DEVICE", VFP_DEVICE_NAME, 0, "product, as the device says" },
	{ "VERSION", VFP_USB_VERSION, 0, "version of USB that it is made for" },
	{ "POWER", VFP_USB_POWER, COLUMN_RIGHT | COLUMN_NUMBER, "mA that it may draw" },
	{ 0 }
};

static struct {
	bool pci, usb, tree, all_matching;
} arg;

static const struct option_row options[] = {
	OPTION(0, "pci", NULL, &arg.pci, "PCI devices, as without it"),
	OPTION(0, "usb", NULL, &arg.usb, "USB devices, in a table of their own"),
	OPTION('T', "tree", NULL, &arg.tree,
	       "draw which bridge or hub each device is behind"),
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

/* What a USB device is plugged in: 3-1.2 in 3-1, 3-1 in usb3. */
static char *hub_of(const char *address)
{
	const char *dot = strrchr(address, '.'), *dash = strchr(address, '-');

	if (dot)
		return strndup(address, (size_t)(dot - address));
	return dash ? strf("usb%.*s", (int)(dash - address), address) : NULL;
}

/* Bridges come before what is behind them, and mostly shortly before. */
static int parent_line(struct vfp_device *const *devices, int n)
{
	_cleanup_free_ char *hub = NULL;
	const char *parent;

	if (vfp_device_is_usb(devices[n]))
		parent = hub = hub_of(vfp_device_get(devices[n], VFP_ADDRESS));
	else
		parent = vfp_device_get(devices[n], VFP_PARENT);
	if (!parent || !*parent)
		return -1;
	while (--n >= 0)
		if (streq(vfp_device_get(devices[n], VFP_ADDRESS), parent))
			break;
	return n;
}

/* Who names only USB devices need not say --usb. */
static int select_devices(struct vfp_ctx *ctx, char **operands,
			  struct selection *selection, bool *ret_usb)
{
	size_t n = 0;
	int r;

	if (arg.pci && arg.usb)
		return fail(-EINVAL, "--usb", "they are two tables; leave --pci out");
	r = *operands ? selection_add_all(ctx, selection, operands, arg.all_matching)
		      : selection_add(ctx, selection, arg.usb ? "usb:*" : NULL, false);
	if (r < 0)
		return r;
	for (size_t i = 0; i < selection->n; i++)
		n += vfp_device_is_usb(selection->device[i]);
	*ret_usb = arg.usb || n;
	for (size_t i = 0; i < selection->n; i++)
		if (vfp_device_is_usb(selection->device[i]) != *ret_usb ||
		    (arg.pci && *ret_usb))
			return fail(-EINVAL,
				    vfp_device_get(selection->device[i], VFP_ADDRESS),
				    "PCI and USB devices are two tables; list them one "
				    "after the other");
	return 0;
}

/* What is looked up for all devices together, where a column asks for it. */
static int look_up(struct vfp_ctx *ctx, const struct table *table,
		   const struct selection *selection, const char ***ret_uses)
{
	int r = 0;

	if (selection->n &&
	    (table_shows(table, VFP_USB_VERSION) || table_shows(table, VFP_USB_POWER) ||
	     table_shows(table, VFP_USB_INTERFACES)))
		r = vfp_usb_describe(ctx, selection->device);
	if (r == 0 && selection->n && table_shows(table, COLUMN_USE))
		r = vfp_devices_use(ctx, selection->device, ret_uses);
	return r;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection selection = { 0 };
	_cleanup_table_ struct table *table = NULL;
	_cleanup_free_ const char **uses = NULL;
	bool usb = arg.usb;
	int r = select_devices(ctx, operands, &selection, &usb);

	r = r ?: table_new("devices", usb ? usb_columns : columns, cell, &table);
	r = r ?: look_up(ctx, table, &selection, &uses);
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

static bool is_column_of_pci(const char *name)
{
	for (const struct column *c = columns; c->name; c++)
		if (streq(c->name, name))
			return true;
	return false;
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (!streq(metavar, "COLUMNS"))
		return;
	table_offer(columns);
	for (const struct column *c = usb_columns; c->name; c++)
		if (!is_column_of_pci(c->name))
			offer(c->name, c->help);
}

static void help_more(FILE *out)
{
	table_help(out, columns);
	fputs("\nWith --usb:\n", out);
	table_help(out, usb_columns);
}

const struct tool tool = {
	.name = "list",
	.operands = "[DEVICE...]",
	.max = MANY,
	.usb = true,
	.help = "List PCI or USB devices: drivers, and what uses them.",
	.details =
		"DEVICE narrows the list: an address (05:00.0, 05:00 for a whole slot), "
		"ids (8086:10fb), group:14, a network interface or a disk; of USB a port "
		"(3-1.2), bus and address (003.007) or ids (03f0:8607).",
	.sets = TOOL_LISTING,
	.options = options,
	.run = run,
	.complete = complete,
	.help_more = help_more,
};
