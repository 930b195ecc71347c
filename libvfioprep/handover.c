/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest that devices are handed to, and what plugging, unplugging and watching share. A
 * guest is known by the way that leads to it and, where that can be told, by its process:
 * several monitors of one QEMU are one guest, and two QEMUs that had one socket after another
 * are two, whose ids mean different things.
 */
#include "handover.h"

#include <syslog.h>

_public_ int vfp_guest_new(struct vfp_ctx *ctx, const char *name,
			   const struct vfp_guest_ops *ops, void *data,
			   struct vfp_guest **ret_guest)
{
	struct vfp_guest *guest = calloc(1, sizeof(*guest));
	bool ended = !ops;
	int process, r;
	_cleanup_free_ char *pid = NULL;

	ops = ops ?: &ended_ops;
	process = ops->process ? ops->process(data) : 0;
	pid = process > 0 ? strf("%d", process) : NULL;
	if (!guest) {
		ops->close(data);
		return -ENOMEM;
	}
	*guest = (struct vfp_guest){ .ctx = ctx,
				     .name = strdup(name),
				     .process = pid ? claim_process(ctx, pid) : NULL,
				     .ended = ended,
				     .ops = ops,
				     .data = data };
	r = guest->name ? 0 : -ENOMEM;
	if (r == 0 && ended)
		r = guest_is_recorded(guest);
	if (r < 0) {
		vfp_guest_free(guest);
		return r;
	}
	/* One that cannot be seen, or that has handed its socket on, tells nothing. */
	if (guest->process && !claim_process_runs(ctx, guest->process)) {
		free(guest->process);
		guest->process = NULL;
	}
	*ret_guest = guest;
	return 0;
}

_public_ void vfp_guest_free(struct vfp_guest *guest)
{
	if (!guest)
		return;
	guest->ops->close(guest->data);
	free(guest->name);
	free(guest->process);
	free(guest);
}

/* -- requests ---------------------------------------------------------------------------- */

const char *request_kind(const struct vfp_hotplug *request)
{
	return hotplug_kind_name(hotplug_kind(request));
}

const char *request_lacks(const struct vfp_hotplug *request,
			  const struct vfp_device *device)
{
	if (!streq(nonnull(hotplug_get(request, "iommufd")), "on") ||
	    vfp_device_get(device, VFP_CDEV))
		return NULL;
	return "it has no node of its own, which iommufd needs: this kernel lacks "
	       "VFIO_DEVICE_CDEV";
}

const char *request_host(const struct vfp_hotplug *request)
{
	return streq(request_kind(request), "pci") ? hotplug_get(request, "host") : NULL;
}

bool error_is_open(int error)
{
	return error == -ETIMEDOUT || error == -ECANCELED || error == -EPIPE ||
	       error == -ECONNRESET || error == -EPROTO;
}

int error_of_guest(int error)
{
	if (error_is_open(error))
		return -ETIMEDOUT;
	if (error == -EOPNOTSUPP)
		return -EPERM;
	if (error == -ENOMEM || error == -EREMOTEIO || error == -EINVAL ||
	    error == -EBUSY || error == -EPERM || error == -ENODEV)
		return error;
	return -ECANCELED;
}

/* -- what is where ----------------------------------------------------------------------- */

int guest_look(struct vfp_guest *guest, const char *id, int timeout, char **ret_kind,
	       char **ret_device, char **ret_why)
{
	if (!guest->ops->find)
		return -EOPNOTSUPP;
	return guest->ops->find(guest->data, id, timeout, ret_kind, ret_device, ret_why);
}

bool host_is_open(struct vfp_ctx *ctx, const char *address)
{
	_cleanup_device_ struct vfp_device *device = NULL;
	_cleanup_free_ char *who = NULL;

	return device_load(ctx, address, &device) == 0 &&
	       vfp_holders(ctx, device, &who) == 0;
}

enum whose guest_whose(const struct vfp_guest *guest, const struct record *record)
{
	const char *process = record->process;

	if (!record->device || record->problem || !record->guest || !record->id)
		return ELSEWHERE;
	if (process && guest->process && streq(process, guest->process))
		return HERE;
	if (!streq(record->guest, guest->name))
		return ELSEWHERE;
	if (guest->ended)
		return process && !claim_process_runs(guest->ctx, process) ? LEFT_HERE
									   : ELSEWHERE;
	if (!process || !guest->process)
		return HERE;
	/* It may have been the process of a relay before the guest, which is asked then. */
	return host_is_open(guest->ctx, record->device) ? HERE : LEFT_HERE;
}

bool guest_has_let_go(struct vfp_guest *guest, const struct record *record)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *why = NULL;
	int r;

	if (guest_whose(guest, record) == LEFT_HERE)
		return true;
	r = guest_look(guest, record->id, 5000, &kind, &device, &why);
	/* What has the id may be another device by now. */
	return r == -ENOENT || (r == 0 && (!streq(kind, "pci") ||
					   (device && !streq(device, record->device))));
}

/* The request for what has left already, by its record; -ENOENT: there is none. */
static int find_recorded(struct vfp_guest *guest, const char *id, char **ret_device)
{
	_cleanup_strings_ char **addresses = NULL, **usb = NULL;
	int r = record_list(guest->ctx, &addresses);

	for (char **a = addresses; r == 0 && *a; a++) {
		_cleanup_record_ struct record record = { 0 };

		if (record_load(guest->ctx, *a, &record) < 0 ||
		    guest_whose(guest, &record) == ELSEWHERE || !streq(record.id, id))
			continue;
		*ret_device = strdup(*a);
		return *ret_device ? 0 : -ENOMEM;
	}
	r = r ?: handover_usb_recorded(guest, id, &usb);
	if (r == 0 && usb && *usb) {
		*ret_device = strdup(*usb);
		return *ret_device ? 0 : -ENOMEM;
	}
	return r ?: -ENOENT;
}

/* "3-1.2" is bus 3, port 1.2; "003.007" bus 3, address 7. */
static int set_usb(struct vfp_hotplug *request, const char *device)
{
	size_t n = strspn(device, "0123456789");
	_cleanup_free_ char *bus = strf("%d", atoi(device));
	_cleanup_free_ char *address =
		device[n] ? strf("%d", atoi(device + n + 1)) : NULL;

	if (!bus || !address)
		return device[n] ? -ENOMEM : 0;
	return vfp_hotplug_set(request, "hostbus", bus)
		     ?: (device[n] == '-'
				 ? vfp_hotplug_set(request, "hostport", device + n + 1)
				 : vfp_hotplug_set(request, "hostaddr", address));
}

static int make_request(const char *kind, const char *id, const char *device,
			struct vfp_hotplug **ret_request)
{
	struct vfp_hotplug *request;
	int r = vfp_hotplug_new(kind, id, &request);

	if (r < 0)
		return r;
	if (device && streq(kind, "pci"))
		r = vfp_hotplug_set(request, "host", device);
	else if (device && streq(kind, "usb"))
		r = set_usb(request, device);
	if (r < 0)
		vfp_hotplug_free(request);
	else
		*ret_request = request;
	return r;
}

_public_ int vfp_guest_find(struct vfp_guest *guest, const char *id, int timeout,
			    struct vfp_hotplug **ret_request, char **why)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *text = NULL;
	int r;

	clear_why(why);
	r = guest_look(guest, id, timeout, &kind, &device, &text);
	if (r == 0 && !*kind)
		return say_why(why, -EPERM,
			       "what has this id in the guest is nothing that can be "
			       "taken out of it");
	if (r == 0)
		return make_request(kind, id, device, ret_request);
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		r = find_recorded(guest, id, &device);
		if (r == 0)
			return make_request(usb_is_name(device) ? "usb" : "pci", id,
					    device, ret_request);
	}
	if (r == -ENOENT)
		return say_why(
			why, -ENODEV,
			"nothing in the guest has this id, and no record names it");
	return say_why(why, error_of_guest(r), "%s",
		       text ?: "the guest could not be asked");
}

/* -- one call ---------------------------------------------------------------------------- */

int handover_begin(struct handover *h, struct vfp_guest *guest, struct vfp_plan *plan)
{
	*h = (struct handover){ .guest = guest,
				.plan = plan,
				.end = deadline_in(plan->wait) };
	if (plan->ctx != guest->ctx)
		return -EINVAL;
	return guest->ctx->seam ? 0 : -EROFS;
}

int handover_need_root(struct handover *h, const char *host)
{
	if (!host || h->guest->ctx->root_fd >= 0 || geteuid() == 0)
		return 0;
	return handover_say(h, -EPERM, "root", host, "", "run it as root",
			    "only root can hand over a device of the host");
}

int handover_lock(struct handover *h, int *ret_fd)
{
	struct vfp_guest *guest = h->guest;
	_cleanup_free_ char *name =
		guest->process ? strf("guest-%d", atoi(guest->process)) : NULL;
	int r;

	*ret_fd = -1;
	if (!guest->process || (guest->ctx->root_fd < 0 && geteuid() != 0))
		return 0;
	if (!name)
		return -ENOMEM;
	r = lock_take(guest->ctx, name, h->end, ret_fd);
	if (r == -EBUSY)
		return handover_say(h, r, "lock", "", guest->name, "try again later",
				    "another vfioprep is plugging something into this "
				    "guest");
	return r;
}

int handover_deliver(struct handover *h, int result, struct vfp_finding ***ret_findings)
{
	int r = 0;

	if (ret_findings)
		r = findings_take(&h->findings, ret_findings);
	else
		findings_done(&h->findings);
	return result ?: r;
}

int handover_ask_in(struct handover *h, struct vfp_hotplug *request, char **why)
{
	struct vfp_guest *guest = h->guest;
	int left = handover_left(h, 1000);
	_cleanup_waiting_ struct waiting waiting = waiting_begin(guest->ctx);

	waiting_tell(&waiting, request_host(request), deadline_in(left),
		     "until the guest has taken the %s", request_kind(request));
	return guest->ops->attach(guest->data, request, left, why);
}

int handover_left(const struct handover *h, int least)
{
	int left = deadline_poll(h->end);

	return left > least ? left : least;
}

int handover_say(struct handover *h, int error, const char *kind, const char *device,
		 const char *object, const char *remedy, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	enum vfp_severity severity = error == 0                         ? VFP_NOTE
				   : error == -EPERM || error == -EBUSY ? VFP_REFUSE
									: VFP_ERROR;
	va_list args;
	int r;

	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	if (!text)
		return -ENOMEM;
	r = finding_add(&h->findings, severity, kind, nonnull(device), object, remedy,
			"%s", text);
	return r ?: error;
}

int handover_run(struct handover *h, struct vfp_plan *plan)
{
	struct vfp_finding **list = NULL;
	int r = vfp_plan_run(plan, &list);

	for (size_t i = 0; list && list[i]; i++)
		if (list_add((void ***)&h->findings.list, &h->findings.n, list[i]) < 0)
			r = r ?: -ENOMEM;
	free(list);
	return r;
}

void handover_take(struct handover *h, struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct vfp_finding *f = findings->list[i];

		finding_add(&h->findings, f->severity, f->kind, f->device, f->object,
			    f->remedy, "%s", f->text);
	}
	findings_done(findings);
}

int handover_plan(struct handover *h, struct vfp_plan **ret_plan)
{
	struct vfp_plan *plan;
	int r = vfp_plan_new(h->guest->ctx, &plan);

	r = r ?: vfp_plan_set(plan, VFP_BY, nonnull(h->plan->by));
	if (r < 0) {
		vfp_plan_free(plan);
		return r;
	}
	plan->timeout = h->plan->timeout;
	plan->progress = h->plan->progress;
	plan->progress_data = h->plan->progress_data;
	*ret_plan = plan;
	return 0;
}

void handover_tell(struct handover *h, enum vfp_event event,
		   const struct vfp_hotplug *request)
{
	_cleanup_free_ char *usb = handover_usb_name(h, request);
	const char *what = request_host(request) ?: usb ?: request_kind(request);
	const char *id = vfp_hotplug_id(request), *guest = h->guest->name;
	const char *way = event == VFP_PLUGGED ? "plugged into" : "unplugged from";

	log_info(h->guest->ctx, "%s: %s %s as %s", what, way, guest, id);
	if (h->guest->ctx->root_fd < 0)
		syslog(LOG_DAEMON | LOG_NOTICE, "%s: %s %s as %s by %s", what, way, guest,
		       id, nonnull(h->plan->by));
	if (h->plan->progress)
		h->plan->progress(h->plan->progress_data, event, what, id);
}

int handover_mark(struct handover *h, const char *address, const struct mark *mark)
{
	_cleanup_(targets_forget) struct vfp_plan marks = { .ctx = h->guest->ctx,
							    .timeout = h->plan->timeout };
	int r = target_add(&marks, address, NULL, NULL);

	r = r ?: targets_open(&marks);
	r = r ?: target_mark(&marks, &marks.targets[0], mark);
	targets_unlock(&marks);
	handover_take(h, &marks.findings);
	return r;
}
