/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a guest: the connection ends a moment before the process does, which still closes
 * its devices then. And guests that have ended before anybody came: nothing is in them any
 * more, and what is recorded for them is to be given back.
 */
#include "handover.h"

#define LOOK_MSEC 100

bool guest_has_ended(const struct vfp_guest *guest, int error, const char *host,
		     int timeout)
{
	bool closed = error == -EPIPE || error == -ECONNRESET;
	int64_t end = deadline_in(timeout);
	_cleanup_waiting_ struct waiting waiting = { 0 };

	if (!guest->process || !error_is_open(error) || error == -ETIMEDOUT)
		return false;
	waiting = waiting_begin(guest->ctx);
	waiting_tell(&waiting, host, end, "until the guest, which has ended, closes it");
	/* It may have been a relay that has ended, and the guest has the device. */
	while (claim_process_runs(guest->ctx, guest->process) ||
	       (host && host_is_open(guest->ctx, host)))
		if (!closed || deadline_passed(end) ||
		    wait_readable(-1, guest->ctx->cancel_fd,
				  deadline_first(end, deadline_in(LOOK_MSEC))) < 0)
			return false;
	return true;
}

bool guest_lacks(struct vfp_guest *guest, const char *id)
{
	_cleanup_free_ char *kind = NULL, *device = NULL, *why = NULL;
	bool cancelled = ctx_uncancel(guest->ctx);
	int r = guest_look(guest, id, 3000, &kind, &device, &why);

	if (cancelled)
		vfp_ctx_cancel(guest->ctx);
	return r == -ENOENT;
}

/* -- one that is not there ----------------------------------------------------------------- */

static int find(void *data, const char *id, int timeout, char **ret_kind,
		char **ret_device, char **ret_why)
{
	(void)data, (void)id, (void)timeout, (void)ret_kind, (void)ret_device;
	(void)ret_why;
	return -ENOENT;
}

static int attach(void *data, struct vfp_hotplug *hotplug, int timeout, char **ret_why)
{
	(void)data, (void)hotplug, (void)timeout;
	return say_why(ret_why, -EREMOTEIO, "it has ended");
}

static int detach(void *data, const struct vfp_hotplug *hotplug, int timeout,
		  char **ret_why)
{
	(void)data, (void)hotplug, (void)timeout, (void)ret_why;
	return -ENOENT;
}

static int next_gone(void *data, int timeout, char **ret_id, char **ret_why)
{
	(void)data, (void)timeout, (void)ret_id, (void)ret_why;
	return -EPIPE;
}

static void nothing_to_close(void *data)
{
	(void)data;
}

const struct vfp_guest_ops ended_ops = { find,      attach, detach,
					 next_gone, NULL,   nothing_to_close };

int guest_is_recorded(const struct vfp_guest *guest)
{
	_cleanup_strings_ char **addresses = NULL;
	int r = record_list(guest->ctx, &addresses);

	for (char **a = addresses; r == 0 && *a; a++) {
		_cleanup_record_ struct record record = { 0 };

		if (record_load(guest->ctx, *a, &record) == 0 &&
		    guest_whose(guest, &record) != ELSEWHERE)
			return 0;
	}
	return r ?: -ENODEV;
}
