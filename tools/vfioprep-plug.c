/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep plug: what a guest shall gain, in the words with which a hypervisor takes it, or
 * handed to a running one.
 */
#include "tool-guest.h"
#include "tool-hotplug.h"

static struct hotplug_words words;

static struct {
	const char *to;
	bool list;
} arg;

static const struct option_row options[] = {
	OPTION(0, "to", "DIALECT", &arg.to,
	       "in whose language: see --list (default hmp)"),
	OPTION(0, "list", NULL, &arg.list,
	       "list kinds and dialects; of one kind, with what cannot be said and why"),
	OPTION(0, "detach", NULL, &words.detach,
	       "print how to take it away again; the other words stay as they were"),
	OPTION(0, "id", "ID", &words.id,
	       "what the hypervisor shall call it (default: from what it is)"),
	OPTION(0, "domain", "GUEST", &words.domain, "the guest's name, for virsh and xl"),
	OPTION(0, "api-socket", "FILE", &words.api_socket,
	       "socket of Cloud Hypervisor, for ch-remote"),
	OPTION(0, "bus", "BUS", &words.bus,
	       "bus of the guest: the id of an empty root port, or pci.0 on i440fx"),
	OPTION(0, "addr", "SLOT[.FN]", &words.addr,
	       "slot on that bus, and function, in hex"),
	OPTION(0, "multifunction", NULL, &words.multifunction,
	       "let more functions come to the same slot"),
	OPTION(0, "rombar", "0|1", &words.rombar,
	       "0: hide the option ROM from the guest"),
	OPTION(0, "romfile", "FILE", &words.romfile,
	       "show this option ROM instead of its own"),
	OPTION(0, "iommufd", NULL, &words.iommufd,
	       "hand the device over by iommufd (QEMU 9.0, a kernel with /dev/iommu)"),
	OPTION(0, "vf-token", "UUID", &words.vf_token,
	       "token of the physical function's user, for a virtual function"),
	OPTION(0, "model", "NAME", &words.model,
	       "QEMU's: of a cpu host, of a disk scsi-hd, of a nic e1000e, ..."),
	OPTION(0, "index", "N", &words.index, "the CPU of that number"),
	OPTION(0, "socket-id", "N", &words.socket_id,
	       "place of a CPU, as QEMU's `info hotpluggable-cpus` has it"),
	OPTION(0, "core-id", "N", &words.core_id, "the same"),
	OPTION(0, "thread-id", "N", &words.thread_id, "the same"),
	OPTION(0, "total", "N|SIZE", &words.total,
	       "resize to so many CPUs, so much memory; see above"),
	OPTION(0, "node", "N", &words.node, "NUMA node of the guest, for cpu and memory"),
	OPTION(0, "file", "FILE", &words.file,
	       "take memory from this file, or from files in a folder of hugetlbfs"),
	OPTION(0, "memfd", NULL, &words.memfd, "take memory from a memfd"),
	OPTION(0, "hugetlb", NULL, &words.hugetlb, "take memory in huge pages"),
	OPTION(0, "virtio-mem", NULL, &words.virtio_mem,
	       "memory that can be resized, instead of a DIMM"),
	OPTION(0, "size", "SIZE", &words.size, "of pmem (default: the file's)"),
	OPTION(0, "format", "raw|qcow2", &words.format,
	       "of a disk (default: raw; qcow2 when its name ends so)"),
	OPTION(0, "read-only", NULL, &words.read_only, "the guest cannot write to it"),
	OPTION(0, "target", "NAME", &words.target,
	       "name of a disk, for libvirt, virsh and xl: vdb, xvdb"),
	OPTION(0, "mac", "MAC", &words.mac, "of a nic"),
	OPTION(0, "tag", "TAG", &words.tag, "by which the guest mounts an fs"),
	OPTION(0, "cid", "N", &words.cid, "of a vsock, from 3 on"),
	OPTION(0, "socket", "FILE", &words.socket, "of a vsock in Cloud Hypervisor"),
	OPTION(0, "set", "PROPERTY=VALUE", &words.set,
	       "what has no option (repeatable): serial=X of a disk, guest-reset=off of USB, ..."),
	OPTION_QMP,
	OPTION_CH,
	OPTION_RUN,
	OPTION_HIDE,
	OPTION_GUEST_WAIT,
	{ 0 }
};

/* What is sent is what is printed. */
static const char *dialect(void)
{
	if (guest_given.qmp || guest_given.ch)
		return guest_given.qmp ? "qmp" : "ch-api";
	return arg.to ?: "hmp";
}

static bool is_monitor(void)
{
	return streq(dialect(), "hmp") || streq(dialect(), "qmp");
}

/* -- printed -------------------------------------------------------------------------- */

/* What it is about, for a message: the address, or the kind. */
static const char *object_of(const struct requests *requests, size_t i)
{
	return requests->devices.n
		     ? vfp_device_get(requests->devices.device[i], VFP_ADDRESS)
		     : vfp_hotplug_kind(requests->list[i]);
}

static int render_all(const struct requests *requests, FILE *out)
{
	enum vfp_action action = words.detach ? VFP_DETACH : VFP_ATTACH;
	int r = 0;

	for (size_t i = 0; i < requests->n && r == 0; i++) {
		_cleanup_free_ char *why = NULL;
		const char *object = object_of(requests, i);

		r = vfp_hotplug_render(requests->list[i], dialect(), action, out, &why);
		if (r < 0)
			r = hotplug_refused(r, object, why);
	}
	return r;
}

/* Below the script of what is written to the host, what is sent is a comment. */
static void print_text(const char *text)
{
	if (!guest_given.hide) {
		fputs(text, stdout);
		return;
	}
	for (size_t n; *text; text += n) {
		n = strcspn(text, "\n");
		n += text[n] == '\n';
		printf("# %.*s", (int)n, text);
	}
}

/* All or nothing reaches stdout: half of it is worse than none. */
static int print_all(const struct requests *requests, char **ret_text)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = out ? render_all(requests, out)
		    : fail_errno(-errno, NULL, "cannot go on");

	if (out && fclose(out) != 0 && r == 0)
		r = fail_errno(-errno, NULL, "cannot go on");
	if (r == 0)
		print_text(text);
	*ret_text = text;
	return r;
}

static int print_requests(const struct requests *requests)
{
	_cleanup_free_ char *text = NULL;
	int r = print_all(requests, &text);

	if (r == 0 && !given.quiet)
		hotplug_tell(requests, &words, dialect(), text);
	return r ?: flush_stdout();
}

/* -- carried out ---------------------------------------------------------------------- */

/*
 * Addresses of what is to be hidden. USB devices are not: the hypervisor takes them from their
 * drivers.
 */
static int list_hidden(const struct requests *requests, const char ***ret)
{
	const struct selection *devices = &requests->devices;
	const char **hidden = calloc(devices->n + 1, sizeof(*hidden));
	size_t n = 0;

	if (!hidden)
		return fail_errno(-ENOMEM, NULL, "cannot go on");
	for (size_t i = 0; i < devices->n; i++)
		if (!vfp_device_get(devices->device[i], VFP_USB_BUS))
			hidden[n++] = vfp_device_get(devices->device[i], VFP_ADDRESS);
	*ret = hidden;
	return guest_given.hide && n == 0
		     ? fail(-EINVAL, "--hide", "is for PCI devices of the host")
		     : 0;
}

static int print_hide(struct vfp_ctx *ctx, const char *const *hidden)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = plan_new(ctx, &plan);

	for (; *hidden && r == 0; hidden++)
		r = vfp_plan_hide(plan, *hidden, NULL);
	return r ?: plan_carry_out(plan, false);
}

static int carry_out(struct vfp_ctx *ctx, const struct requests *requests)
{
	_cleanup_free_ const char **hidden = NULL;
	int r = list_hidden(requests, &hidden);

	if (r < 0)
		return r;
	if (!given.dry_run)
		return guest_attach(ctx, arg.to, requests->list, hidden);
	if (guest_given.hide)
		r = print_hide(ctx, hidden);
	return r ?: print_requests(requests);
}

/* -- the verb ------------------------------------------------------------------------- */

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_requests_ struct requests requests = { 0 };
	int named, r;

	guest_given.domain = words.domain;
	guest_given.api_socket = words.api_socket;
	named = guest_is_named(arg.to);
	if (named < 0)
		return named;
	if (named && words.detach)
		return fail(-EINVAL, "--detach",
			    "is for printing; vfioprep unplug takes it out of a guest");
	if (arg.list)
		return print_matrix(operands);
	if (!*operands)
		return fail(-EINVAL, NULL,
			    "expected DEVICE... or a kind; see vfioprep plug --help");
	words.own_slots = !is_monitor() && !streq(dialect(), "argv") &&
			  !streq(dialect(), "hmp-legacy");
	r = requests_make(ctx, &words, operands, &requests);
	if (r < 0)
		return r;
	return named ? carry_out(ctx, &requests) : print_requests(&requests);
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (streq(metavar, "DIALECT"))
		for (const char *const *name = vfp_dialects(); *name; name++)
			offer(*name, vfp_dialect_help(*name));
	if (streq(metavar, "DEVICE"))
		for (const char *const *word = hotplug_kind_words; *word; word++)
			offer(*word, NULL);
}

/* After a kind comes what it needs; a device is followed by others of its slot. */
static const char *more(const char *first)
{
	if (streq(first, "disk") || streq(first, "pmem") || streq(first, "fs"))
		return "FILE";
	if (streq(first, "nic"))
		return "user|tap=|bridge=|vhost-user=|macvtap=";
	if (streq(first, "cpu") || streq(first, "memory") || streq(first, "vsock"))
		return "";
	return "ADDRESS";
}

const struct tool tool = {
	.name = "plug",
	.operands = "[DEVICE...]",
	.min = 0,
	.max = MANY,
	.usb = true,
	.help = "Plug a device into a guest, or print the command that does.",
	.details =
		"Instead of DEVICE: cpu | memory SIZE | disk FILE | nic BACKEND | "
		"fs SOCKET | pmem FILE | vsock | usb-controller DEVICE | sata-controller "
		"DEVICE. BACKEND is user, tap=tap0, bridge=br0, vhost-user=/run/vu.sock or "
		"macvtap=eth0.\n"
		"Several PCI devices are functions of one slot, and become that in the "
		"guest: function 0 is printed last, which is the order that a guest "
		"needs.\n"
		"Which CPU is the next only a running hypervisor knows: QEMU's printed "
		"command needs --model, --socket-id, --core-id and --thread-id, old QEMU's "
		"--index. --total N and --total SIZE are for hypervisors that count all "
		"CPUs and all memory (virsh, ch-remote, ch-api, xl); with --virtio-mem "
		"and --id, "
		"--total SIZE resizes that device.\n"
		"A disk is raw unless its name ends in .qcow2 or --format says otherwise: "
		"what is in a file was perhaps written by a guest, and decides nothing.",
	.sets = TOOL_CHANGING | TOOL_PRINTING,
	.options = options,
	.run = run,
	.complete = complete,
	.more = more,
};
