/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handover: between the host and a guest. The one place that knows both what changes devices
 * (act) and what is said to a hypervisor (guest): plug is hide, record, ask; unplug is record,
 * ask, wait, return.
 *
 *   handover.c         the guest, what it is asked, and what all calls share
 *   handover-attach.c  plug
 *   handover-detach.c  unplug
 *   handover-ended.c   a guest that has ended
 *   handover-back.c    returning what has left a guest, by its records
 *   handover-usb.c     what is different with USB devices
 *   handover-watch.c   the same as it happens
 */
#ifndef VFIOPREP_HANDOVER_H
#define VFIOPREP_HANDOVER_H

#include "act/act.h"
#include "guest/guest.h"

struct vfp_guest {
	struct vfp_ctx *ctx;
	char *name;	/* "qmp:/run/web1.qmp" */
	char *process;	/* as in records; NULL: not known */
	bool ended;	/* it has ended before: only its records tell of it */
	const struct vfp_guest_ops *ops;
	void *data;
};

/* -- handover.c -------------------------------------------------------------------------- */

/* One call. */
struct handover {
	struct vfp_guest *guest;
	struct vfp_plan *plan;		/* of the caller: how, and what is hidden first */
	struct findings findings;
	int64_t end;			/* of the guest's time */
};

/* A handover with @plan's VFP_WAIT from now on; -EINVAL, -EROFS. */
int handover_begin(struct handover *h, struct vfp_guest *guest, struct vfp_plan *plan);

/*
 * What is free in the guest is chosen and taken by one at a time. Not for those who cannot
 * lock: without root, or without knowing the guest's process; *ret_fd is -1 then. -EBUSY: said.
 */
int handover_lock(struct handover *h, int *ret_fd);
int handover_deliver(struct handover *h, int result, struct vfp_finding ***ret_findings);

/* -EPERM and a finding when it takes root for the device @host (NULL: none). */
int handover_need_root(struct handover *h, const char *host);

/* Ask the guest to take what @request asks for; see vfp_guest_ops. */
int handover_ask_in(struct handover *h, struct vfp_hotplug *request, char **why);

/* Milliseconds that the guest still has, at least @least. */
int handover_left(const struct handover *h, int least);

/* A finding. Returns @error, or -ENOMEM. */
int handover_say(struct handover *h, int error, const char *kind, const char *device,
		 const char *object, const char *remedy, const char *format, ...)
	_printf_(7, 8);

/* Run @plan and take its findings. */
int handover_run(struct handover *h, struct vfp_plan *plan);

/* Findings of another plan; that is left with none. */
void handover_take(struct handover *h, struct findings *findings);

/* A plan with the options of the caller's, for other devices. */
int handover_plan(struct handover *h, struct vfp_plan **ret_plan);

/* It was done: to the caller's progress and the system's log. @host NULL: none of the host's. */
void handover_tell(struct handover *h, enum vfp_event event,
		   const struct vfp_hotplug *request);

/* The PCI function that @request is about; NULL: something else. */
const char *request_host(const struct vfp_hotplug *request);

/* What the kernel lacks to give @device, hidden, as asked for: a sentence; NULL: nothing. */
const char *request_lacks(const struct vfp_hotplug *request,
			  const struct vfp_device *device);
const char *request_kind(const struct vfp_hotplug *request);

/* After this error it is not known what became of what was asked for. */
bool error_is_open(int error);
/* -EPERM, and said, when the host would lose something with a device that xl takes. */
int handover_check_for_xl(struct handover *h, struct vfp_plan *marks, struct target *t);

/* What a refusal or failure of the hypervisor's side is to our caller. */
int error_of_guest(int error);

/*
 * Has the guest ended, by @error of a call, and closed the device @host (NULL: none)? What is
 * dying has @timeout milliseconds.
 */
bool guest_has_ended(const struct vfp_guest *guest, int error, const char *host, int timeout);

/* Nothing has @id there, also when the caller is interrupted. */
bool guest_lacks(struct vfp_guest *guest, const char *id);

/* Is the PCI function's node open, by the processes that can be seen? */
bool host_is_open(struct vfp_ctx *ctx, const char *address);

/* For a guest that has ended; and 0 when a record says that something was in it, or -ENODEV. */
extern const struct vfp_guest_ops ended_ops;
int guest_is_recorded(const struct vfp_guest *guest);

/* What has @id in the guest; errors as of find(). */
int guest_look(struct vfp_guest *guest, const char *id, int timeout, char **ret_kind,
	       char **ret_device, char **ret_why);

/* Whose device that of a record is. */
enum whose {
	ELSEWHERE,	/* in another guest, or in none */
	HERE,		/* in this guest */
	LEFT_HERE,	/* in one that was at the same place before, and has ended */
};
enum whose guest_whose(const struct vfp_guest *guest, const struct record *record);

/* Is the device of @record, which is HERE or LEFT_HERE, in the guest no more? */
bool guest_has_let_go(struct vfp_guest *guest, const struct record *record);

/* Write into the record of @address where it is; -EBUSY and the like are findings. */
int handover_mark(struct handover *h, const char *address, const struct mark *mark);

/* -- handover-detach.c ------------------------------------------------------------------- */

/* Ask the guest to let go of what @request names, and wait until it has; see vfp_guest_ops. */
int handover_ask_out(struct handover *h, const struct vfp_hotplug *request, int timeout,
		     char **why);

/* -- handover-usb.c ---------------------------------------------------------------------- */

/* The name of the host's USB device that @request is about ("3-1.2"), to be freed; NULL: none. */
char *handover_usb_name(struct handover *h, const struct vfp_hotplug *request);

/* Record what @request gives away; 0 when that is no USB device of the host. */
int handover_usb_record(struct handover *h, const struct vfp_hotplug *request);
/* Is @device, which the guest has ("3-1.2", "003.007"), another one than is asked for? */
bool handover_usb_differs(struct handover *h, const struct vfp_hotplug *request,
			  const char *device);

/* The names of those that are recorded for @guest, with the id @id (NULL: any). */
int handover_usb_recorded(const struct vfp_guest *guest, const char *id, char ***ret_names);

/* -EPERM, and said, when it is a USB device: that was never hidden, and cannot stay so. */
int handover_usb_check_keep(struct handover *h, const struct vfp_hotplug *request);

/* The guest was asked to let go of it; not @pending: it will not. */
void handover_usb_pending(struct handover *h, const struct vfp_hotplug *request, bool pending);
bool handover_usb_is_known(struct handover *h, const struct vfp_hotplug *request);

/* It is not in the guest any more: see usb_returned(). */
int handover_usb_back(struct handover *h, const struct vfp_hotplug *request, int timeout);

/* The same for @all that are recorded for the guest, or for those that have left it. */
int handover_usb_left(struct handover *h, bool all, int timeout);

/* -- handover-back.c --------------------------------------------------------------------- */

/*
 * Return @devices, which have left a guest, and whatever else of their groups has and waits for
 * that. Those of whose group nothing more is in a guest are waited for, @wait milliseconds.
 */
int give_back(struct handover *h, char *const *devices, int64_t wait);

#endif
