/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-hotplug-tell: what to know about a printed command, which cannot be printed with
 * it: a monitor would take it for a command. And the matrix of kinds and dialects.
 */
#include "tool-hotplug.h"

#define USUAL_BLOCK (128ULL << 20)

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (streq(*list, word))
			return true;
	return false;
}

static bool is_monitor(const char *dialect)
{
	return is_one_of(dialect, (const char *const[]){ "hmp", "qmp", NULL });
}

static bool is_qemu(const char *dialect)
{
	return is_monitor(dialect) || streq(dialect, "argv") ||
	       streq(dialect, "hmp-legacy");
}

static const char *get(const struct vfp_hotplug *hotplug, const char *key)
{
	return nonnull(vfp_hotplug_get(hotplug, key));
}

/* -- a device of the host ------------------------------------------------------------- */

static void tell_hidden(const struct vfp_device *device, const char *dialect)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);
	const char *node = vfp_device_get(device, VFP_NODE);
	const char *driver = nonnull(vfp_device_get(device, VFP_DRIVER));
	bool legacy = streq(dialect, "hmp-legacy");

	if (legacy ? streq(driver, "pci-stub") : node && *node)
		return;
	complain(address, "not %s (driver: %s); run `vfioprep hide %s%s` before",
		 legacy ? "on pci-stub, which this dialect needs" : "hidden yet",
		 *driver ? driver : "none", legacy ? "--driver pci-stub " : "", address);
}

static void tell_devices(const struct requests *requests,
			 const struct hotplug_words *words, const char *dialect)
{
	const struct selection *devices = &requests->devices;
	bool element = streq(dialect, "libvirt");
	bool libvirt = element || streq(dialect, "virsh");
	bool xen = streq(dialect, "xl"); /* it takes the device from its driver itself */

	for (size_t i = 0; !words->detach && !xen && i < devices->n; i++)
		if (!vfp_device_is_usb(devices->device[i]))
			tell_hidden(devices->device[i], dialect);
	if (libvirt && !words->detach && requests_share_slot(requests, words))
		complain(NULL,
			 "libvirt hot-plugs function 0 only; use attach-device --config, "
			 "or leave out --bus and --addr for a slot each");
	if (element && devices->n > 1)
		complain(NULL, "virsh takes one element at a time; give it %zu files",
			 devices->n);
	if (libvirt && !words->detach && words->iommufd)
		complain(NULL,
			 "libvirt before 12.1 does not read iommufd, and passes the "
			 "device without it");
	if (devices->n > 1 && words->detach && is_monitor(dialect) &&
	    !vfp_device_is_usb(devices->device[0]))
		complain(NULL,
			 "the first command takes all functions of its slot; the ones "
			 "after it may be refused");
}

/* -- where it goes -------------------------------------------------------------------- */

/* Is it a PCI device for the guest? */
static bool needs_port(const struct vfp_hotplug *hotplug)
{
	static const char *const always[] = { "pci", "nic", "fs", "vsock", NULL };
	const char *kind = vfp_hotplug_kind(hotplug), *model = get(hotplug, "model");

	if (is_one_of(kind, always))
		return true;
	if (streq(kind, "memory"))
		return streq(model, "virtio-mem-pci") && vfp_hotplug_get(hotplug, "size");
	return (streq(kind, "disk") && !streq(model, "scsi-hd")) ||
	       (streq(kind, "pmem") && !streq(model, "nvdimm"));
}

static void tell_bus(const struct vfp_hotplug *hotplug, const char *dialect)
{
	const char *bus = vfp_hotplug_get(hotplug, "bus");

	if (is_monitor(dialect) && needs_port(hotplug) && (!bus || streq(bus, "pcie.0")))
		complain(NULL,
			 "a q35 guest refuses this: pcie.0, the bus taken when none is "
			 "named, has no hot-plug; give --bus with an empty root port");
	if (is_monitor(dialect) && streq(get(hotplug, "model"), "scsi-hd") && !bus)
		complain(NULL, "QEMU takes the first SCSI bus that it has; give --bus as "
			       "scsi0.0 for a certain one");
}

/* -- what a kind needs ---------------------------------------------------------------- */

static void tell_memory(const struct vfp_hotplug *hotplug, const char *dialect)
{
	const char *size = vfp_hotplug_get(hotplug, "size");
	bool virtio = streq(get(hotplug, "model"), "virtio-mem-pci");

	if (size && strtoull(size, NULL, 10) < USUAL_BLOCK)
		complain("memory",
			 "%llu MiB is less than the 128 MiB in which most guests take "
			 "memory; they may not use it",
			 strtoull(size, NULL, 10) >> 20);
	if (size && is_qemu(dialect))
		complain("memory",
			 "QEMU has to be started with -m ...,maxmem=SIZE%s for that",
			 virtio ? "" : ",slots=N");
}

static void tell_shared(const struct vfp_hotplug *hotplug, const char *dialect)
{
	const char *kind = vfp_hotplug_kind(hotplug);

	if (is_qemu(dialect) &&
	    (streq(kind, "fs") || startswith(get(hotplug, "backend"), "vhost-user=")))
		complain(kind, "the guest's memory has to be shared: -object "
			       "memory-backend-memfd,share=on,... at QEMU's start");
}

static void tell_attach(const struct vfp_hotplug *hotplug, const char *dialect)
{
	tell_bus(hotplug, dialect);
	if (streq(vfp_hotplug_kind(hotplug), "memory"))
		tell_memory(hotplug, dialect);
	tell_shared(hotplug, dialect);
}

/* -- one after the other -------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Each is safe to be sent too early: it is refused, or cuts off what is leaving anyway. */
static void tell_order(const struct requests *requests, const struct hotplug_words *words,
		       const char *dialect, const char *text)
{
	const struct vfp_hotplug *first = requests->list[0];
	bool shrinks = words->detach && streq(vfp_hotplug_kind(first), "memory") &&
		       streq(get(first, "model"), "virtio-mem-pci");

	if (!is_qemu(dialect) || streq(dialect, "argv") ||
	    count_lines(text) <= requests->n)
		return;
	if (!words->detach)
		complain(NULL, "send the commands in this order; leave out the rest when "
			       "one is refused");
	else if (shrinks)
		complain(
			NULL,
			"wait after the first command until `info memory-devices` has "
			"size 0, after device_del until the guest has let go; QEMU before "
			"8.1 refuses device_del, and the empty device stays");
	else
		complain(NULL,
			 "after device_del wait until the guest has let go of it (QMP's "
			 "event DEVICE_DELETED) before the next command");
}

void hotplug_tell(const struct requests *requests, const struct hotplug_words *words,
		  const char *dialect, const char *text)
{
	if (!requests->n)
		return;
	if (requests->devices.n)
		tell_devices(requests, words, dialect);
	if (!words->detach)
		tell_attach(requests->list[0], dialect);
	tell_order(requests, words, dialect, text);
	if (streq(dialect, "hmp-legacy"))
		complain(NULL, "written after the documentation of QEMU up to 2.x, and "
			       "tried with none");
}

/* -- what is refused ------------------------------------------------------------------ */

/* The option that sets the property @key; NULL: this verb has none. */
static const char *option_for(const char *key)
{
	static const struct {
		const char *key, *option;
	} others[] = {
		{ "guest-cid", "cid" },
		{ "mem-path", "file" },
		{ "node-id", "node" },
		{ "requested-size", "total" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (streq(others[i].key, key))
			key = others[i].option;
	for (const struct option_row *row = tool.options; row->name; row++)
		if (streq(row->name, key))
			return row->name;
	return NULL;
}

static bool begins_list(const char *word)
{
	return is_one_of(word, (const char *const[]){ "give", "leave", "no", NULL });
}

static bool goes_on(const char *word)
{
	return is_one_of(word, (const char *const[]){ "out", "and", "or", "not", NULL });
}

/*
 * The library names its properties at the beginning ("tag is missing"), and in lists ("give
 * index or total"); elsewhere the same words are plain English.
 */
static char *in_options(const char *why)
{
	_cleanup_str_ struct str text = { 0 };
	bool in_list = strstr(why, " is missing");

	for (size_t n; *why; why += n) {
		_cleanup_free_ char *word = strndup(why, strcspn(why, " ,;:"));
		const char *option = word && in_list ? option_for(word) : NULL;

		if (!word)
			return NULL;
		n = strlen(word) + strspn(why + strlen(word), " ,;:");
		if (str_add(&text, "%s%s%.*s", option ? "--" : "", option ?: word,
			    (int)(n - strlen(word)), why + strlen(word)) < 0)
			return NULL;
		in_list = begins_list(word) || (in_list && (option || goes_on(word)));
	}
	return take(text.s);
}

int hotplug_refused(int error, const char *object, const char *why)
{
	_cleanup_free_ char *text = why ? in_options(why) : NULL;

	if (!why)
		return fail_errno(error, object, "cannot be described");
	/* Well-formed, and refused. */
	return fail(error == -EOPNOTSUPP ? -EPERM : error, object, "%s", text ?: why);
}

/* -- the matrix ----------------------------------------------------------------------- */

static const char *cell(const char *kind, const char *dialect)
{
	if (vfp_hotplug_can(kind, dialect, VFP_ATTACH, NULL) < 0)
		return "-";
	return vfp_hotplug_can(kind, dialect, VFP_DETACH, NULL) < 0 ? "in" : "yes";
}

static int width(const char *dialect)
{
	size_t n = strlen(dialect), least = strlen("yes");

	return (int)(n > least ? n : least);
}

static void print_table(void)
{
	printf("%-7s", "");
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
		printf(" %-*s", dialect[1] ? width(*dialect) : 0, *dialect);
	printf("\n");
	for (const char *const *kind = vfp_hotplug_kinds(); *kind; kind++) {
		printf("%-7s", *kind);
		for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
			printf(" %-*s", dialect[1] ? width(*dialect) : 0,
			       cell(*kind, *dialect));
		printf("\n");
	}
	printf("\nyes: in and out again; in: not out again; -: not at all. Why: "
	       "vfioprep plug --list KIND\n"
	       "usb-controller and sata-controller are of kind pci.\n\n");
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
		printf("%-10s %s\n", *dialect, vfp_dialect_help(*dialect));
}

static void print_ways(const char *kind, const char *dialect)
{
	static const char *const ways[] = { "in", "out" };

	for (int action = VFP_ATTACH; action <= VFP_DETACH; action++) {
		_cleanup_free_ char *why = NULL;
		int r = vfp_hotplug_can(kind, dialect, action, &why);

		printf("%-10s %-3s  ", action == VFP_ATTACH ? dialect : "", ways[action]);
		print_wrapped(stdout, r < 0 ? nonnull(why) : "yes", 16);
	}
}

int print_matrix(char **operands)
{
	if (!*operands) {
		print_table();
		return 0;
	}
	if (operands[1])
		return fail(-EINVAL, operands[1], "--list is of one kind, or of all");
	if (!is_one_of(*operands, vfp_hotplug_kinds()))
		return fail(-EINVAL, *operands, "not a kind; --list alone names them");
	for (const char *const *dialect = vfp_dialects(); *dialect; dialect++)
		print_ways(*operands, *dialect);
	return 0;
}
