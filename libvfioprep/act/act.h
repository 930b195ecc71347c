/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * act: the transaction. A device is in a state; a plan is the difference of two states; hide,
 * return, roll-back and recovery differ only in the state that they want. There is no undo
 * code: undoing is wanting the state found, computed from what is really there.
 *
 *   plan.c      the public calls: what is asked, of which devices; option.c how
 *   target.c    one device under its lock: snapshot, record, state; locks.c the locks
 *   hide.c      what hide wants, and whether it may; finish.c what is left when it is bound
 *   return.c    what return and recover want, and whether they may
 *   origin.c    the original: recording it, wanting it again; what boot took has none
 *   mark.c      in which guest a device is, for what hands it over
 *   others.c    who else would be taken by loading a module
 *   transact.c  load, record, run, read again
 *   fail.c      what failed, and back to the state found
 *   state.c diff.c run.c   a state, the steps between two, and the children that do them
 *   back.c      waiting for what hung below
 *   usb.c       records of USB devices that a guest is given; usb-back.c their coming back
 *   print.c     the steps as a shell script; look.c what would change, as words
 */
#ifndef VFIOPREP_ACT_H
#define VFIOPREP_ACT_H

#include "model/model.h"

/* -- state.c ----------------------------------------------------------------------------- */

extern const struct setting_row {
	const char *name;	/* "driver_override" */
	enum {
		SET_LAST,	/* when the driver is as it shall be */
		SET_FIRST,	/* before anything else: it takes effect when a driver binds */
		SET_TWICE,	/* first, and again after a driver that sets it itself was bound */
	} when;
	const char *awake;	/* what keeps a device from falling asleep; NULL: unrelated */
} setting_rows[SETTINGS];

/* The strings are owned. */
struct state {
	char *driver;		/* "": none */
	char *value[SETTINGS];	/* "": unset; NULL: not asked for, not looked at */
};

/* Set driver and override of *state; what else is in it stays. */
int state_set(struct state *state, const char *driver, const char *override);
int state_set_value(struct state *state, enum setting setting, const char *value);
void state_done(struct state *state);
int state_copy(const struct state *from, struct state *ret_state);

/* Is @now what @want asks for? */
bool state_reached(const struct state *now, const struct state *want);

/* Copies of settings, NULL where there is none; *to is owned by whoever has it, also on failure. */
int values_copy(char *const from[SETTINGS], char *to[SETTINGS]);

/* -- diff.c ------------------------------------------------------------------------------ */

enum op {
	LOAD,		/* value: module */
	HOLD_DISK,	/* path: a disk, opened O_EXCL so that nobody can mount it; value: "" or
			   why it does not matter if that cannot be */
	HOLD_NODE,	/* path: a vfio node, opened so that no guest can take it */
	DROP_DISKS,	/* close the disks again */
	WRITE,		/* path, value */
	EXPECT_SETTING,	/* path, value: what it holds, or somebody else has changed it */
	EXPECT_DRIVER,	/* path: the device's folder; value: driver, "" for none */
	READ,		/* path; the answer goes into the job */
	CHOWN,		/* path; uid, gid */
};

struct step {
	enum op op;
	char *path, *value;
	uid_t uid;
	gid_t gid;
};

struct steps {
	struct step *list;
	size_t n;
};

int step_add(struct steps *steps, enum op op, const char *path, const char *value);
void steps_done(struct steps *steps);

/* Pure: what leads @address from @now to @want, appended to @steps. */
int diff(struct steps *steps, const char *address, const struct state *now,
	 const struct state *want);

/* -- run.c ------------------------------------------------------------------------------- */

/* Steps that one child does one after another, and what came of it. */
struct job {
	struct vfp_ctx *ctx;
	struct steps steps;
	char device[64];	/* its folder; "": writes are not checked */
	uint64_t inode;		/* of the folder: nothing is written to another device */
	int lock_fd;		/* kept by the child; -1: none */

	size_t done;		/* steps that succeeded */
	int error;		/* of step `done`: 0 none, -EINPROGRESS it did not come back */
	char **text;		/* the answer of each READ, by step */
	char *where;		/* in the kernel it waits, when it did not come back; or NULL */

	struct child child;	/* while running */
	int64_t deadline;
	bool running;
};

void job_done(struct job *job);

/* What run_jobs() does with the others when one fails, or when the context is cancelled. */
enum on_error {
	STOP_ALL,	/* no further step is begun anywhere */
	STOP_ONE,	/* the others go on; cancelling stops all */
	GO_ON,		/* the others go on, and nothing cancels them: putting back */
};

/*
 * Run @n jobs side by side, 16 at a time. A step that takes longer than @timeout milliseconds
 * is given up: its job gets -EINPROGRESS and its child is forgotten. Returns 0 when every step
 * of every job was done, the first error otherwise, -ECANCELED when cancelled.
 */
int run_jobs(struct vfp_ctx *ctx, struct job *jobs, size_t n, int64_t timeout,
	     enum on_error on_error);

/* -- target.c ---------------------------------------------------------------------------- */

/* One device of a plan. */
struct target {
	char *address;
	char *driver;			/* as asked for: NULL, "auto", or a name */
	char *expect;			/* ids it must have; NULL: any */

	char *lock_name;
	int lock_fd;			/* of the first target with this name; not owned */
	struct vfp_device *device;	/* taken under the lock */
	uint64_t inode;			/* of its folder then */
	struct record record;		/* as found; ->device NULL when there is none */
	struct record next;		/* as it shall be while the change is under way */
	struct state found, want;
	struct state now;		/* where the steps begin: found, or after a load */
	unsigned int settings;		/* bits of those that it has and that matter here */
	char *module;			/* to be loaded for want.driver */
	char *objection;		/* to loading it */
	bool lift_disks;		/* force: disks in use are not held against it */
	char **disks;			/* of NVMe: what another may be a path to as well */

	bool gone;			/* recorded, but no longer there */
	bool complete;			/* hidden as recorded; the record is to say so */
	bool finished;			/* nothing more is done with it in this run */
	bool todo;			/* something is to be done, if only to the record */
	int error;			/* what came of it */
	int step_error;			/* what the kernel said to the step that failed */
	struct step failed;		/* that step; its strings are owned */
	char *where;			/* in the kernel it waits, if it did not come back */
	bool foreign;			/* somebody else has changed it in between */
	bool saved;			/* the record of the change was written */
	bool written;			/* some step may have had an effect */
};

struct locks {
	char **names;
	int *fds;
	size_t n;
};

struct vfp_plan {
	struct vfp_ctx *ctx;
	enum request { NOTHING, HIDE, RETURN, RECOVER } request;
	struct target *targets;
	size_t n;
	struct locks locks;
	struct findings findings;
	vfp_progress_fn *progress;
	void *progress_data;

	char *claim, *pid, *by, *expect;
	char **force;
	size_t n_force;
	int64_t timeout, wait;		/* milliseconds */
	int64_t deadline;		/* of the whole, as a period; 0: none */
	int64_t end;			/* the same as a point of time */
	bool groups, node_owner, awake, keep_claims;
	uid_t uid;
	gid_t gid;
};

/* What a step may take now, in milliseconds. */
int64_t plan_step_timeout(const struct vfp_plan *plan);

int target_add(struct vfp_plan *plan, const char *address, const char *driver,
	       struct target **ret_target);
void target_done(struct target *target);
struct target *target_find(struct vfp_plan *plan, const char *address);

/* What is at @address now; 0: nothing. */
uint64_t device_inode(struct vfp_ctx *ctx, const char *address);

/* Whatever came of it stays; later attempts leave it alone. */
void target_finish(struct target *target);

/* As it was added, for another attempt. */
void target_reset(struct target *target);

/* No targets, no findings: the plan has nothing but its options, for other devices. */
void targets_forget(struct vfp_plan *plan);

/* A finding about @target. */
int target_say(struct vfp_plan *plan, const struct target *target, enum vfp_severity severity,
	       const char *kind, const char *object, const char *remedy, const char *format, ...)
	_printf_(7, 8);

/*
 * Lock all targets, in one order for everybody. A lock that is not free in time leaves its
 * error in the target; returns only errors that concern all.
 */
int targets_lock(struct vfp_plan *plan);
void targets_unlock(struct vfp_plan *plan);

/* A READ of each of the @settings of @address, and what came of those that end @job. */
int steps_add_reads(struct steps *steps, const char *address, unsigned int settings);
int job_take_settings(const struct job *job, unsigned int settings, struct state *state);

/* Snapshot and record of each target without error; errors are left in the target. */
void targets_load(struct vfp_plan *plan);

/* Are they what was expected at their addresses? */
void targets_expect(struct vfp_plan *plan);

/* The state of each target in *state (offset @offset in it), in children, side by side. */
void targets_read(struct vfp_plan *plan, size_t offset, enum on_error on_error);

/* Which of those that shall leave a vfio driver are held? These get -EBUSY and are not begun. */
void targets_probe(struct vfp_plan *plan);

/* -- hide.c, return.c: wants and verdicts ------------------------------------------------ */

/* Fill want, next, module and todo of each target; refusals are findings and ->error. */
int hide_prepare(struct vfp_plan *plan);

int return_prepare(struct vfp_plan *plan);

/* Leave out what stays hidden by VFP_KEEP_CLAIMS, before its lock is waited for. */
int return_keep_claims(struct vfp_plan *plan);
int recover_prepare(struct vfp_plan *plan);

/*
 * Records of devices with which nothing else is to be done, those that have gone among them; not
 * @run: what would become of them.
 */
void recover_records(struct vfp_plan *plan, bool run);

/* The driver that @target shall get, and the module it takes. */
int target_resolve_driver(struct vfp_plan *plan, struct target *target, const char *name,
			  const char *hint);

/* By name, the one that it shall have: in want, and in ->module for "auto". */
int target_choose_driver(struct vfp_plan *plan, struct target *target);

/* Does @value or driver stand somewhere in @record, so that it was not set by others? */
bool record_knows(const struct record *record, const struct state *state);

/* -- origin.c ---------------------------------------------------------------------------- */

/* 1 when boot has claimed @target, which is as that left it: nobody knows what it was before. */
int origin_is_hidden(struct vfp_plan *plan, const struct target *target);

/* Fill what the next record says of the original: as recorded already, or as found. */
int origin_record(struct vfp_plan *plan, struct target *target);

/* Want the recorded original; the driver that was named; the one that the modalias asks for. */
int origin_want(struct vfp_plan *plan, struct target *target);
int origin_want_named(struct vfp_plan *plan, struct target *target);
int origin_want_fitting(struct vfp_plan *plan, struct target *target);

/* -- mark.c ------------------------------------------------------------------------------ */

/* Where a device is; all NULL: in no guest. See struct record. */
struct mark {
	const char *guest, *process, *id, *unplug;
};

/* Write it into the record of @target, if there is one, under its lock. Failure is a finding. */
int target_mark(struct vfp_plan *plan, struct target *target, const struct mark *mark);

/* The marks of one record in another that has none. */
int mark_copy(const struct record *from, struct record *to);

/* Lock and load all targets: until targets_unlock() nobody else changes them or their records. */
int targets_open(struct vfp_plan *plan);

/* -- finish.c ---------------------------------------------------------------------------- */

/* After the devices are bound: node owners, and records that say so. */
void hide_finish(struct vfp_plan *plan);

/* -- others.c ---------------------------------------------------------------------------- */

/*
 * Driverless devices outside of @plan that loading @module would take, by `ids=` in modprobe.d
 * when it brings a driver that @hides; NULL: none.
 */
int others_taken(struct vfp_plan *plan, const char *module, bool hides, char **ret_others);

/* -- transact.c -------------------------------------------------------------------------- */

/*
 * Carry out what the targets want; the outcome is left in each of them, and returned as
 * plan_error() has it.
 */
int transact(struct vfp_plan *plan, enum on_error on_error);

/* Bring every target that has something to do from now to want. */
int reach(struct vfp_plan *plan, enum on_error on_error);

/* The steps that lead @target from now to want, with what is held meanwhile. */
int target_steps(struct vfp_plan *plan, const struct target *target, struct steps *steps);

/* The worst that came of any target. */
int plan_error(const struct vfp_plan *plan);

/* -- look.c ------------------------------------------------------------------------------- */

/* What the targets would be changed in, after a look. */
int changes_take(struct vfp_plan *plan, struct vfp_change ***ret_changes);

/* -- fail.c ------------------------------------------------------------------------------ */

/* The finding that somebody has the vfio node of @target open. */
void target_say_held(struct vfp_plan *plan, struct target *target);

/* What is waited for until @end, by the findings of the attempt that has just failed. */
void plan_tell_held(const struct vfp_plan *plan, const struct waiting *waiting, int64_t end);

/* After an error in any target: report, put back, and restore the records. */
void give_up(struct vfp_plan *plan, enum on_error on_error);

/* Save the record of a change under way with another phase. */
int target_set_phase(struct vfp_plan *plan, struct target *target, const char *phase);

/* -- back.c ------------------------------------------------------------------------------ */

/* Wait until what hung below the returned targets is there again; -EAGAIN in those where not. */
void await_back(struct vfp_plan *plan);

/* -- usb.c, usb-back.c: USB devices that a guest is given --------------------------------------------- */

/*
 * A USB device is not hidden: the hypervisor takes its interfaces from their drivers, and should
 * give them back. A record says which those were, from before the plug until all of it is back.
 *
 * Record that the guest of @mark ("qmp:/run/web1.qmp") is about to get @device. The same again
 * changes nothing. -EBUSY: a record says that another guest has it, and somebody does;
 * -EPERM: the host uses it, or it is a hub, and @force (NULL-terminated, or NULL) does not lift
 * that; or the record that is there cannot be trusted.
 */
int usb_record(struct vfp_ctx *ctx, const struct vfp_device *device,
	       const struct mark *mark, const char *by, char *const *force,
	       struct findings *findings);

/* The guest was asked to let go of it; or @pending is false, and it will not. */
int usb_set_pending(struct vfp_ctx *ctx, const char *address, bool pending);

/*
 * After the guest has let go of @address (or the plug has failed): wait up to @timeout
 * milliseconds until nobody has it, and then, as long as the host's drivers take, until the
 * interfaces have the recorded ones and what hung below is there. Interfaces that stay without a driver are bound, and in the end the whole device is bound
 * anew; nothing is written while somebody has it. The record is dropped with 0.
 * 0 also when there is no record; -EBUSY somebody still has it; -EAGAIN not all has come back;
 * -EINPROGRESS a write did not come back; -ENODEV it has been unplugged (the record is dropped).
 */
int usb_returned(struct vfp_ctx *ctx, const char *address, int64_t timeout,
		 struct findings *findings);

/*
 * How long QEMU has to bind drivers itself, and then each attempt until what hangs below is there
 * (usb-storage alone waits a second before it looks for a disk). Tests have less patience.
 */
extern int usb_grace_msec, usb_settle_msec;

/* What the two files on this share: what hangs below, inputs too; who has the node, NULL: nobody. */
int usb_lock(struct vfp_ctx *ctx, const char *address, int *ret_fd);
int usb_below(struct vfp_ctx *ctx, const char *path, char **ret_text);
char *usb_holders(struct vfp_ctx *ctx, const struct vfp_device *device, bool *ret_complete);

/* -- print.c ----------------------------------------------------------------------------- */

int print_script(const struct vfp_plan *plan, FILE *out);

/* A word as the shell takes it, quoted where it has to be. */
void print_word(FILE *out, const char *word);

#endif
