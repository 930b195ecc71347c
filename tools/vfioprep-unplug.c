/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep unplug: ask a guest to let go of something, wait until it has, and give devices of
 * the host back to their drivers; or print the words that ask.
 */
#include "report.h"
#include "tool-guest.h"
#include "tool-hotplug.h"

#include <ctype.h>

static struct {
	const char *to, *kind;
	bool keep;
} arg;

static const struct option_row options[] = {
	OPTION_QMP,
	OPTION_CH,
	OPTION_RUN,
	OPTION(0, "keep", NULL, &arg.keep,
	       "leave it hidden, not given back to its driver; not for USB devices, which "
	       "are not hidden"),
	OPTION_GUEST_WAIT,
	OPTION(0, "to", "DIALECT", &arg.to,
	       "print it in this language: see plug --list (default hmp)"),
	OPTION(0, "kind", "WORD", &arg.kind,
	       "what it is, when it is printed: pci, usb, cpu, memory ... (default pci)"),
	OPTION_DOMAIN,
	OPTION_API_SOCKET,
	{ 0 }
};

/* What shall go. */
struct leaving {
	struct vfp_hotplug **list; /* NULL-terminated; NULL when n is 0 */
	size_t n;
};

static int leaving_add(struct leaving *leaving, struct vfp_hotplug *request)
{
	int r = list_add((void ***)&leaving->list, &leaving->n, request);

	if (r < 0)
		vfp_hotplug_free(request);
	return r;
}

static void leaving_done(struct leaving *leaving)
{
	for (size_t i = 0; i < leaving->n; i++)
		vfp_hotplug_free(leaving->list[i]);
	free(leaving->list);
}
#define _cleanup_leaving_ _cleanup_(leaving_done)

/* -- what is meant ------------------------------------------------------------------ */

/* An id begins with a letter; what is no id is a device. */
static bool is_id(const char *word)
{
	return isalpha((unsigned char)*word) && !strpbrk(word, ":/");
}

/* Of PCI and of USB devices. */
struct known {
	struct vfp_record **pci, **usb;
};

static void known_done(struct known *known)
{
	vfp_records_free(known->pci);
	vfp_records_free(known->usb);
}

static int known_load(struct vfp_ctx *ctx, struct known *known)
{
	int r = vfp_records(ctx, &known->pci);

	return r ?: vfp_usb_records(ctx, &known->usb);
}

static const struct vfp_record *find_record(struct vfp_record *const *records,
					    const char *key, const char *value)
{
	for (; records && *records; records++)
		if (streq(nonnull(vfp_record_get(*records, key)), value))
			return *records;
	return NULL;
}

static const struct vfp_record *record_of(const struct known *known, const char *key,
					  const char *value)
{
	return find_record(known->pci, key, value) ?: find_record(known->usb, key, value);
}

/* "3-1.2": the bus 3, and the port 1.2 there. */
static int set_usb(struct vfp_hotplug *request, const char *address)
{
	size_t bus = strcspn(address, "-");
	_cleanup_free_ char *number = strndup(address, bus);

	if (!number)
		return -ENOMEM;
	return vfp_hotplug_set(request, "hostbus", number)
		     ?: vfp_hotplug_set(request, "hostport",
					address + bus + !!address[bus]);
}

/* The request for the device @address, with the id that its record has, or the derived one. */
static int request_for_device(const struct known *known, const char *address,
			      struct vfp_hotplug **ret_request)
{
	const struct vfp_record *record = record_of(known, "device", address);
	_cleanup_hotplug_ struct vfp_hotplug *request = NULL;
	bool usb = !strchr(address, ':');
	int r = vfp_hotplug_new(usb ? "usb" : "pci",
				record ? vfp_record_get(record, "id") : NULL, &request);

	if (r == 0)
		r = usb ? set_usb(request, address)
			: vfp_hotplug_set(request, "host", address);
	if (r < 0)
		return fail_errno(r, address, "cannot be described");
	*ret_request = take(request);
	return 0;
}

static bool is_carried_out(void)
{
	return (guest_given.qmp || guest_given.ch || guest_given.run) && !given.dry_run;
}

static bool is_xl(void)
{
	return guest_given.run && streq(nonnull(arg.to), "xl");
}

/* What has the id in a guest that can be asked the guest tells: other guests have the same ids. */
static int request_for_id(const struct known *known, const char *id,
			  struct vfp_hotplug **ret_request)
{
	const struct vfp_record *record = record_of(known, "id", id);
	bool asks = is_carried_out() && !is_xl();
	int r;

	if (record && !arg.kind && !asks)
		return request_for_device(known, vfp_record_get(record, "device"),
					  ret_request);
	r = vfp_hotplug_new(arg.kind ?: "pci", id, ret_request);
	return r < 0 ? fail(r, id, "not an id, or no kind %s; see plug --list",
			    arg.kind ?: "pci")
		     : 0;
}

static int add_devices(struct vfp_ctx *ctx, const struct known *known, const char *word,
		       struct leaving *requests)
{
	_cleanup_selection_ struct selection devices = { 0 };
	int r = selection_add(ctx, &devices, word, false);

	for (size_t i = 0; i < devices.n && r == 0; i++) {
		struct vfp_hotplug *request = NULL;

		r = request_for_device(
			known, vfp_device_get(devices.device[i], VFP_ADDRESS), &request);
		r = r ?: leaving_add(requests, request);
	}
	return r;
}

static int add_word(struct vfp_ctx *ctx, const struct known *known, const char *word,
		    struct leaving *requests)
{
	struct vfp_hotplug *request = NULL;
	int r;

	if (!is_id(word))
		return add_devices(ctx, known, word, requests);
	r = request_for_id(known, word, &request);
	return r ?: leaving_add(requests, request);
}

/* -- printed ------------------------------------------------------------------------ */

/* What is sent is what is printed. */
static const char *dialect(void)
{
	if (guest_given.qmp || guest_given.ch)
		return guest_given.qmp ? "qmp" : "ch-api";
	return arg.to ?: "hmp";
}

/* What is refused here is said when it is rendered. */
static int set(struct vfp_hotplug *request, const char *key, const char *value)
{
	int r = value ? vfp_hotplug_set(request, key, value) : 0;

	return r == -EINVAL ? 0 : r;
}

/* Whose it is. */
static int set_guest(struct vfp_hotplug *request)
{
	return set(request, "domain", guest_given.domain)
		     ?: set(request, "api-socket", guest_given.api_socket);
}

static int print(struct vfp_hotplug *request)
{
	_cleanup_free_ char *why = NULL;
	int r = set_guest(request);

	if (r == 0)
		r = vfp_hotplug_render(request, dialect(), VFP_DETACH, stdout, &why);
	return r < 0 ? hotplug_refused(r, vfp_hotplug_id(request), why) : 0;
}

static int print_all(const struct leaving *requests)
{
	int r = 0;

	for (size_t i = 0; i < requests->n && r == 0; i++)
		r = print(requests->list[i]);
	return r ?: flush_stdout();
}

/* -- carried out -------------------------------------------------------------------- */

/* Nothing has an id in Xen: what is meant is said by its address. */
static int take_by_address(const struct vfp_hotplug *said, struct leaving *requests)
{
	static const struct known nothing;
	const char *host = vfp_hotplug_get(said, "host");
	struct vfp_hotplug *request = NULL;
	int r;

	if (!host)
		return fail(-EINVAL, vfp_hotplug_id(said),
			    "xl knows a device by its address alone; name it so");
	r = request_for_device(&nothing, host, &request);
	return r ?: leaving_add(requests, request);
}

/*
 * What the guest knows of an id counts for more than a record. A device that is named stays
 * what is meant, whatever has its id in this guest.
 */
static int ask(struct vfp_guest *guest, struct vfp_hotplug **said,
	       struct leaving *requests)
{
	const char *id = vfp_hotplug_id(*said);
	_cleanup_free_ char *why = NULL;
	struct vfp_hotplug *request = NULL;
	int r;

	if (is_xl())
		return take_by_address(*said, requests);
	if (vfp_hotplug_get(*said, "host") || vfp_hotplug_get(*said, "hostbus"))
		return leaving_add(requests, take(*said));
	r = vfp_guest_find(guest, id, 5000, &request, &why);
	/* What stood behind something that has gone by itself may be left. */
	if (r == -ENODEV)
		r = vfp_hotplug_new("disk", id, &request);
	if (r < 0)
		return why ? fail(r, id, "%s", why)
			   : fail_errno(r, id, "the guest cannot be asked");
	return leaving_add(requests, request);
}

/* Of a guest that has ended since, what was in it is given back. */
static int open_guest(struct vfp_ctx *ctx, struct vfp_guest **ret_guest)
{
	_cleanup_free_ char *why = NULL;
	int r;

	if (!guest_given.qmp)
		return guest_open(ctx, arg.to, ret_guest, NULL);
	r = guest_open(ctx, arg.to, ret_guest, &why);
	if (r == -ENODEV && guest_open_ended(ctx, ret_guest) == 0)
		return 0;
	if (r == 0)
		return 0;
	return why ? fail(r, guest_given.qmp, "%s", why)
		   : fail_errno(r, guest_given.qmp, "the guest cannot be reached");
}

/* What is not there does not keep the rest from being unplugged. */
static int carry_out(struct vfp_ctx *ctx, struct leaving *said)
{
	_cleanup_leaving_ struct leaving requests = { 0 };
	_cleanup_guest_ struct vfp_guest *guest = NULL;
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	struct vfp_finding **findings = NULL;
	int r = open_guest(ctx, &guest), missing = 0;

	if (r == 0)
		r = guest_plan(ctx, &plan);
	for (size_t i = 0; i < said->n && r == 0; i++)
		missing = vfp_exit_worse(missing, ask(guest, &said->list[i], &requests));
	for (size_t i = 0; i < requests.n && r == 0; i++)
		r = set_guest(requests.list[i]);
	if (r < 0 || requests.n == 0)
		return r ?: missing;
	r = vfp_detach(guest, requests.list, arg.keep, plan, &findings);
	return vfp_exit_worse(guest_tell(findings, r), missing);
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_leaving_ struct leaving requests = { 0 };
	_cleanup_(known_done) struct known known = { 0 };
	int named = guest_is_named(arg.to), r;

	if (named < 0)
		return named;
	r = known_load(ctx, &known);
	if (r < 0)
		return fail_records(r);
	for (; *operands && r == 0; operands++)
		r = add_word(ctx, &known, *operands, &requests);
	if (r == 0)
		r = named && !given.dry_run ? carry_out(ctx, &requests)
					    : print_all(&requests);
	return r;
}

static void offer_ids(struct vfp_record *const *records)
{
	for (; records && *records; records++)
		if (vfp_record_get(*records, "id"))
			offer(vfp_record_get(*records, "id"),
			      vfp_record_get(*records, "device"));
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	_cleanup_(known_done) struct known known = { 0 };

	if (streq(metavar, "DIALECT"))
		for (const char *const *name = vfp_dialects(); *name; name++)
			offer(*name, vfp_dialect_help(*name));
	if (!streq(metavar, "ID") || known_load(ctx, &known) < 0)
		return;
	offer_ids(known.pci);
	offer_ids(known.usb);
}

const struct tool tool = {
	.name = "unplug",
	.operands = "ID|DEVICE...",
	.min = 1,
	.max = MANY,
	.help = "Take something out of a guest, and give it back to its driver.",
	.details =
		"Waits until the guest has let go. When it has not in time, that it was asked "
		"stays recorded: the same command again, or vfioprep watch, completes it. "
		"Without --qmp, --ch and --run the words are printed.",
	.sets = TOOL_CHANGING | TOOL_PRINTING,
	.devices = DEVICES_PLUGGED,
	.usb = true,
	.options = options,
	.run = run,
	.complete = complete,
};
