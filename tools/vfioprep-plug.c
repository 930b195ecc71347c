/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep plug: the words with which a hypervisor takes a device, printed. Several
 * functions of one slot stay functions of one slot in the guest: there function 0 must
 * come last, because its arrival is what makes the guest look.
 */
#include "tool.h"

static struct {
	const char *id, *bus, *addr, *rombar, *romfile, *to;
	bool multifunction, detach, list;
} arg = { .to = "hmp" };

static const struct option_row options[] = {
	OPTION(0, "to", "DIALECT", &arg.to,
	       "in whose language: see --list (default hmp)"),
	OPTION(0, "list", NULL, &arg.list, "list the dialects"),
	OPTION(0, "detach", NULL, &arg.detach,
	       "print how to take it away again; the other words stay as they were"),
	OPTION(0, "id", "ID", &arg.id,
	       "what the hypervisor shall call it (default: from the address)"),
	OPTION(0, "bus", "BUS", &arg.bus,
	       "bus of the guest: the id of an empty root port, or pci.0 on i440fx"),
	OPTION(0, "addr", "SLOT[.FN]", &arg.addr,
	       "slot on that bus, and function, in hex"),
	OPTION(0, "multifunction", NULL, &arg.multifunction,
	       "let more functions come to the same slot"),
	OPTION(0, "rombar", "0|1", &arg.rombar, "0: hide the option ROM from the guest"),
	OPTION(0, "romfile", "FILE", &arg.romfile,
	       "show this option ROM instead of its own"),
	{ 0 }
};

static void hotplug_freep(struct vfp_hotplug **hotplug)
{
	vfp_hotplug_free(*hotplug);
}

static const char *address_of(const struct selection *devices, size_t i)
{
	return vfp_device_get(devices->device[i], VFP_ADDRESS);
}

static bool is_monitor(void)
{
	return streq(arg.to, "hmp") || streq(arg.to, "qmp");
}

/* Do several functions share a slot in the guest? libvirt finds a slot for each. */
static bool in_one_slot(const struct selection *devices)
{
	return devices->n > 1 && (arg.bus || arg.addr || !streq(arg.to, "libvirt"));
}

/* -- what was asked for ------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	return strcmp(vfp_device_get(*(struct vfp_device *const *)a, VFP_ADDRESS),
		      vfp_device_get(*(struct vfp_device *const *)b, VFP_ADDRESS));
}

static int check_devices(const struct selection *devices)
{
	const char *first = address_of(devices, 0);
	size_t slot = strcspn(first, ".");

	for (size_t i = 0; i < devices->n; i++) {
		const char *address = address_of(devices, i);

		if (vfp_device_is_bridge(devices->device[i]))
			return fail(-EPERM, address,
				    "a bridge; a guest gets what is behind it");
		if (strcspn(address, ".") != slot || strncmp(address, first, slot) != 0)
			return fail(-EINVAL, address,
				    "not in the slot of %s; plug them one by one", first);
	}
	return 0;
}

/* Functions of one slot have to be told which slot that is. */
static int check_place(const struct selection *devices)
{
	if (arg.detach || !in_one_slot(devices))
		return 0;
	if (!arg.bus && !arg.addr)
		return fail(-EINVAL, NULL,
			    "%zu functions need a slot in the guest; give --bus with "
			    "an empty root port, or --addr with a free slot",
			    devices->n);
	if (arg.addr && strchr(arg.addr, '.'))
		return fail(-EINVAL, "--addr", "for %zu functions give the slot alone",
			    devices->n);
	return 0;
}

/* -- from a device to its words ----------------------------------------------------- */

/* A guest finds nothing in a slot without function 0: the first becomes that. */
static int guest_function(const struct selection *devices, size_t i)
{
	return i == 0 ? 0 : strchr(address_of(devices, i), '.')[1] - '0';
}

/* What the library refuses it says when it renders; here only memory can fail. */
static int set(struct vfp_hotplug *hotplug, const char *key, const char *value)
{
	int r = value ? vfp_hotplug_set(hotplug, key, value) : 0;

	return r == -EINVAL ? 0 : r;
}

/* Of several functions the first has the id as given, the others with their number. */
static int new_hotplug(const struct selection *devices, size_t i,
		       struct vfp_hotplug **ret)
{
	_cleanup_free_ char *id = NULL;
	int r;

	if (arg.id) {
		id = i == 0 ? strdup(arg.id)
			    : strf("%s-%d", arg.id, guest_function(devices, i));
		if (!id)
			return fail_errno(-ENOMEM, NULL, "cannot go on");
	}
	r = vfp_hotplug_new("pci", id, ret);
	if (r == -EINVAL)
		return fail(r, arg.id,
			    "not an id; begin with a letter, go on with letters, digits, "
			    "'-', '_' or '.'");
	return r < 0 ? fail_errno(r, NULL, "cannot go on") : 0;
}

static int set_place(struct vfp_hotplug *hotplug, const struct selection *devices,
		     size_t i)
{
	bool shared = in_one_slot(devices);
	_cleanup_free_ char *addr = NULL;

	if (shared) {
		addr = strf("%s.%d", arg.addr ? arg.addr : "0",
			    guest_function(devices, i));
		if (!addr)
			return -ENOMEM;
	}
	return set(hotplug, "bus", arg.bus) ?:
	       set(hotplug, "addr", shared ? addr : arg.addr) ?:
	       set(hotplug, "multifunction",
		   i == 0 && (shared || arg.multifunction) ? "on" : NULL);
}

static int render(const struct selection *devices, size_t i, FILE *out)
{
	_cleanup_(hotplug_freep) struct vfp_hotplug *hotplug = NULL;
	_cleanup_free_ char *why = NULL;
	const char *address = address_of(devices, i);
	int r = new_hotplug(devices, i, &hotplug);

	if (r < 0)
		return r;
	r = set(hotplug, "host", address) ?:
	    set(hotplug, "rombar", arg.rombar) ?:
	    set(hotplug, "romfile", arg.romfile) ?:
	    set_place(hotplug, devices, i) ?:
	    vfp_hotplug_render(hotplug, arg.to, arg.detach ? VFP_DETACH : VFP_ATTACH, out,
			       &why);
	if (r < 0 && !why)
		return fail_errno(r, address, "cannot be described");
	/* Well-formed, and refused. */
	return r < 0 ? fail(r == -EOPNOTSUPP ? -EPERM : r, address, "%s", why) : 0;
}

/* Function 0 last, and first when they go: its leaving takes the whole slot along. */
static int render_all(const struct selection *devices, FILE *out)
{
	int r = 0;

	if (arg.detach)
		r = render(devices, 0, out);
	for (size_t i = 1; i < devices->n && r == 0; i++)
		r = render(devices, i, out);
	if (!arg.detach && r == 0)
		r = render(devices, 0, out);
	return r;
}

/* All or nothing reaches stdout: half of a slot is worse than none. */
static int print_all(const struct selection *devices)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = out ? render_all(devices, out) : fail_errno(-errno, NULL, "cannot go on");

	if (out && fclose(out) != 0 && r == 0)
		r = fail_errno(-errno, NULL, "cannot go on");
	if (r == 0)
		fputs(text, stdout);
	return r;
}

/* -- what to know about it ---------------------------------------------------------- */

static void tell_hidden(const struct vfp_device *device)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);
	const char *node = vfp_device_get(device, VFP_NODE);
	const char *driver = vfp_device_get(device, VFP_DRIVER);

	if (!node || !*node)
		complain(address,
			 "not hidden yet (driver: %s); run `vfioprep hide %s` before",
			 driver && *driver ? driver : "none", address);
}

static void tell_attach(const struct selection *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		tell_hidden(devices->device[i]);
	if (is_monitor() && (!arg.bus || streq(arg.bus, "pcie.0")))
		complain(NULL,
			 "a q35 guest refuses this: pcie.0, the bus taken when none is "
			 "named, has no hot-plug; give --bus with an empty root port");
	if (streq(arg.to, "libvirt") && in_one_slot(devices))
		complain(NULL,
			 "libvirt hot-plugs function 0 only; use attach-device --config, "
			 "or leave out --bus and --addr for a slot each");
}

static void tell(const struct selection *devices)
{
	if (!arg.detach)
		tell_attach(devices);
	if (devices->n > 1 && streq(arg.to, "libvirt"))
		complain(NULL, "virsh takes one element at a time; give it %zu files",
			 devices->n);
	if (devices->n > 1 && arg.detach && is_monitor())
		complain(NULL,
			 "the first command takes all functions of its slot; the ones "
			 "after it may be refused");
}

static int list_dialects(void)
{
	for (const char *const *name = vfp_dialects(); *name; name++)
		printf("%-8s %s\n", *name, vfp_dialect_help(*name));
	return 0;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 };
	int r;

	if (arg.list)
		return *operands
			     ? fail(-EINVAL, *operands, "--list goes without a device")
			     : list_dialects();
	if (!*operands)
		return fail(-EINVAL, NULL,
			    "expected DEVICE...; see vfioprep plug --help");
	r = selection_add_all(ctx, &devices, operands, false);
	if (r < 0)
		return r;
	qsort(devices.device, devices.n, sizeof(*devices.device), by_address);
	r = check_devices(&devices);
	if (r == 0)
		r = check_place(&devices);
	if (r == 0)
		r = print_all(&devices);
	if (r == 0 && !given.quiet)
		tell(&devices);
	return r;
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (!streq(metavar, "DIALECT"))
		return;
	for (const char *const *name = vfp_dialects(); *name; name++)
		offer(*name, vfp_dialect_help(*name));
}

const struct tool tool = {
	.name = "plug",
	.operands = "[DEVICE...]",
	.min = 0,
	.max = MANY,
	.usb = true,
	.help = "Print the command that plugs a device into a guest.",
	.details =
		"Several devices are functions of one slot, and become that in the guest: "
		"function 0 is printed last, which is the order that a guest needs.",
	.options = options,
	.run = run,
	.complete = complete,
};
