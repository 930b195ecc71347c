/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A USB device comes back from a guest. QEMU binds the interfaces to their drivers again when
 * the guest lets go, unless it was killed; and a stick whose driver is bound again may still
 * lack its disk. So this waits for what the record says, binds by hand what stays without a
 * driver, and as the last resort has the kernel look at the whole device anew.
 *
 * As long as somebody has an interface or the device's node open, nothing is written.
 */
#include "act/act.h"

#include <syslog.h>

#define LOOK_MSEC 25
#define STEP_MSEC 10000

int usb_grace_msec = 1000, usb_settle_msec = 5000;

struct coming_back {
	struct vfp_ctx *ctx;
	const char *address;
	struct record record;
	struct vfp_device *device;
	uint64_t inode;
	int lock_fd;
	struct findings *findings;
	int64_t end;  /* of waiting for those who have it */
	int64_t next; /* attempt */
	enum { WAITING, BOUND, BOUND_ANEW } tried;
	/* by the last look */
	char *missing;      /* "3-1:1.0 (usbhid), disk 4C530..."; NULL: nothing */
	char *claimed;      /* an interface that some program or guest has; NULL: none */
	struct steps binds; /* of the interfaces that have no driver */
};

static void forget_look(struct coming_back *b)
{
	free(b->missing);
	free(b->claimed);
	b->missing = b->claimed = NULL;
	steps_done(&b->binds);
}

static void coming_back_done(struct coming_back *b)
{
	forget_look(b);
	record_done(&b->record);
	device_free(b->device);
	closep(&b->lock_fd);
}

static int say(struct coming_back *b, enum vfp_severity severity, const char *kind,
	       const char *object, const char *remedy, const char *text)
{
	return finding_add(b->findings, severity, kind, b->address, object, remedy, "%s",
			   text);
}

/* -- what is missing ----------------------------------------------------------------------- */

static int add_bind(struct coming_back *b, const char *interface, const char *driver)
{
	_cleanup_free_ char *path = streq(driver, "?")
					  ? strdup("/sys/bus/usb/drivers_probe")
					  : strf(USB_DRIVERS "/%s/bind", driver);

	return path ? step_add(&b->binds, WRITE, path, interface) : -ENOMEM;
}

/*
 * One interface that had @driver. Another driver than that is somebody's wish: left alone, and
 * it counts as back. Of which it is not known what it had ("?") gets what the kernel finds for it,
 * which may be none.
 */
static int look_at(struct coming_back *b, const char *interface, const char *driver,
		   struct str *missing)
{
	_cleanup_free_ char *now = NULL;
	int r = usb_interface_driver(b->device, interface, &now);

	if (r < 0 || !*driver || (*now && !streq(now, "usbfs")) ||
	    (!*now && streq(driver, "?") && b->tried != WAITING))
		return r;
	r = str_add(missing, "%s%s (%s)", missing->len ? ", " : "", interface, driver);
	if (r == 0 && *now && !b->claimed) {
		b->claimed = strdup(interface);
		r = b->claimed ? 0 : -ENOMEM;
	}
	if (r == 0 && !*now && root_exists(b->ctx, "%s/%s", b->device->path, interface))
		r = add_bind(b, interface, driver);
	return r;
}

static int look_at_interfaces(struct coming_back *b, struct str *missing)
{
	_cleanup_free_ char *copy = strdup(b->record.orig_interfaces);
	char *rest = copy, *entry;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && (entry = strsep(&rest, ";"))) {
		char *interface = strsep(&entry, " ");

		/* They become parts of paths. */
		if (*interface && entry && !strchr(interface, '/') && !strchr(entry, '/'))
			r = look_at(b, interface, entry, missing);
	}
	return r;
}

static int look_below(struct coming_back *b, struct str *missing)
{
	_cleanup_free_ char *there = NULL, *lacks = NULL;
	int r = usb_below(b->ctx, b->device->path, &there);

	r = r ?: below_missing(nonnull(b->record.back), there, &lacks);
	if (r == 0 && *lacks)
		r = str_add(missing, "%s%s", missing->len ? ", " : "", lacks);
	return r;
}

static int look(struct coming_back *b)
{
	_cleanup_str_ struct str missing = { 0 };
	int r;

	forget_look(b);
	r = look_at_interfaces(b, &missing);
	r = r ?: look_below(b, &missing);
	if (r == 0 && missing.len)
		b->missing = take(missing.s);
	return r;
}

/* -- what is done about it ----------------------------------------------------------------- */

/* The steps of one child; only one that does not come back is an error. */
static int run(struct coming_back *b, struct steps *steps, const char *what)
{
	struct job job = { .lock_fd = b->lock_fd, .inode = b->inode, .steps = *steps };
	int r;

	*steps = (struct steps){ 0 };
	snprintf(job.device, sizeof(job.device), USB_DEVICES "/%s", b->address);
	r = run_jobs(b->ctx, &job, 1, STEP_MSEC, GO_ON);
	log_info(b->ctx, "%s: %s: %s", b->address, what, r < 0 ? strerror(-r) : "done");
	if (job.done && b->ctx->root_fd < 0)
		syslog(LOG_DAEMON | LOG_NOTICE, "%s: %s, after %s has let go of it",
		       b->address, what, b->record.guest);
	if (r == -EINPROGRESS)
		say(b, VFP_ERROR, "stuck", NULL, "dmesg may say more",
		    "the kernel did not come back from binding its driver");
	job_done(&job);
	return r == -EINPROGRESS || r == -ENOMEM ? r : 0;
}

/* One driver that refuses does not keep the others from binding. */
static int bind_interfaces(struct coming_back *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->binds.n; i++) {
		_cleanup_(steps_done) struct steps one = { 0 };

		r = step_add(&one, WRITE, b->binds.list[i].path, b->binds.list[i].value);
		r = r ?: run(b, &one, "driver bound by hand");
	}
	return r;
}

/* What is back already may be in use: then the rest has to wait for a person. */
static bool is_unused(struct coming_back *b)
{
	_cleanup_findings_ struct findings findings = { 0 };
	struct facts facts = { 0 };
	bool unused = check_device(b->ctx, b->device, NULL, "", &facts, &findings) == 0;

	for (size_t i = 0; i < findings.n; i++)
		unused = unused && findings.list[i]->severity < VFP_UNKNOWN;
	facts_done(&facts);
	return unused;
}

/* Disks that are back are held, so that nobody mounts one now. */
static int rebind_device(struct coming_back *b)
{
	_cleanup_(steps_done) struct steps steps = { 0 };
	_cleanup_strings_ char **disks = NULL;
	int r = 0;

	if (!is_unused(b))
		return 0;
	if (root_exists(b->ctx, "%s/driver", b->device->path)) {
		r = below_disks(b->ctx, b->device->path, &disks);
		for (char **disk = disks; r == 0 && *disk; disk++)
			r = step_add(&steps, HOLD_DISK, *disk, "");
		r = r ?: step_add(&steps, WRITE, USB_DRIVERS "/usb/unbind", b->address);
		r = r ?: step_add(&steps, DROP_DISKS, "", "");
	}
	r = r ?: step_add(&steps, WRITE, USB_DRIVERS "/usb/bind", b->address);
	return r ?: run(b, &steps, "bound anew as a whole");
}

static int say_held(struct coming_back *b)
{
	_cleanup_free_ char *who = NULL, *text = NULL;
	bool complete;

	who = usb_holders(b->ctx, b->device, &complete);
	text = strf("%s still has it", who ? who : "somebody");
	if (!text || say(b, VFP_REFUSE, "held", nonnull(who),
			 "unplug it from the guest, or end the process", text) < 0)
		return -ENOMEM;
	return -EBUSY;
}

static int say_missing(struct coming_back *b)
{
	_cleanup_free_ char *text = strf(
		"the guest has let go of it, but this has not come back: %s", b->missing);

	if (!text || say(b, VFP_ERROR, "back", b->missing,
			 "plug it out and in again; dmesg may say more", text) < 0)
		return -ENOMEM;
	return -EAGAIN;
}

/* Does nobody have it, as far as can be seen? */
static bool is_free(struct coming_back *b)
{
	_cleanup_free_ char *who = NULL;
	bool complete;

	who = b->claimed ? NULL : usb_holders(b->ctx, b->device, &complete);
	return !b->claimed && !who && complete;
}

/* The next attempt, once nobody has it; with none left, that is the end of it. */
static int go_on(struct coming_back *b)
{
	if (!is_free(b))
		return deadline_passed(b->end) ? say_held(b) : 0;
	b->next = deadline_in(usb_settle_msec);
	switch (b->tried++) {
	case WAITING:
		return bind_interfaces(b);
	case BOUND:
		return rebind_device(b);
	default:
		return say_missing(b);
	}
}

/*
 * The caller's patience is for those who have it. What the host's drivers take then is their
 * own, and has an end: all attempts are made, however short that patience was.
 */
static int await(struct coming_back *b)
{
	_cleanup_waiting_ struct waiting waiting = waiting_begin(b->ctx);

	b->next = deadline_in(usb_grace_msec);
	for (;;) {
		int r = look(b);

		if (r < 0 || !b->missing)
			return r;
		waiting_tell(&waiting, b->address, b->end,
			     "for its drivers to come back");
		/* The clock starts when the last one has let go. */
		if (b->claimed && deadline_passed(b->end))
			return say_held(b);
		if (b->claimed)
			b->next = deadline_in(usb_grace_msec);
		if (deadline_passed(b->next))
			r = go_on(b);
		r = r ?: wait_readable(-1, b->ctx->cancel_fd, deadline_in(LOOK_MSEC));
		if (r < 0)
			return r;
	}
}

/* -- the record ----------------------------------------------------------------------------- */

/* The record is of another device, or of another boot: there is nothing to come back. */
static int drop_stale(struct coming_back *b)
{
	_cleanup_free_ char *text =
		strf("it is not what was given to the guest: %s", b->record.problem);
	int r;

	if (!b->record.stale)
		return say(b, VFP_ERROR, "record", NULL,
			   "look at it, and remove it by hand", b->record.problem)
			     ?: -EPERM;
	r = text ? say(b, VFP_NOTE, "gone", NULL, NULL, text) : -ENOMEM;
	return r ?: record_drop(b->ctx, b->address) ?: -ENODEV;
}

static int begin(struct coming_back *b)
{
	_cleanup_free_ char *folder = strf(USB_DEVICES "/%s", b->address);
	int r = usb_lock(b->ctx, b->address, &b->lock_fd);

	r = r ?: record_load(b->ctx, b->address, &b->record);
	if (r < 0)
		return r;
	if (b->record.problem)
		return drop_stale(b);
	b->inode = folder ? root_inode(b->ctx, folder) : 0;
	return usb_load(b->ctx, b->address, &b->device);
}

int usb_returned(struct vfp_ctx *ctx, const char *address, int64_t timeout,
		 struct findings *findings)
{
	_cleanup_(coming_back_done) struct coming_back b = {
		.ctx = ctx,
		.address = address,
		.lock_fd = -1,
		.findings = findings,
		.end = deadline_in(timeout),
	};
	int r = begin(&b);

	if (r == -ENOENT)
		return 0;
	return r ?: await(&b) ?: record_drop(ctx, address);
}
