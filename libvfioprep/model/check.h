/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on the verdict: what each row of check.c is handed, and what the files
 * check-*.c share. A reason is one row; whoever only wants verdicts needs model.h.
 */
#ifndef VFIOPREP_CHECK_H
#define VFIOPREP_CHECK_H

#include "model/model.h"

void mounts_free(struct mounts *mounts);
void network_free(struct network *network);
void inputs_free(struct inputs *inputs);

/* Something that hangs below the device. */
struct thing {
	char *subsystem, *path, *name;
	struct stack *stack;	/* of a disk: what is on it; block.h */
	struct tower *tower;	/* of an interface: what is on top of it; check-net-tower.c */
};

void stack_free(struct stack *stack);
struct check;
void tower_free(struct tower *tower);

/* Each mount of the host, until @fn returns other than 0. */
typedef int mount_fn(void *data, const char *type, const char *source, const char *target);
int check_each_mount(struct check *c, mount_fn *fn, void *data);

/* What one verdict is about, handed to every row of the table. */
struct check {
	struct vfp_ctx *ctx;
	const struct vfp_device *device;
	struct vfp_device *const *with;	/* siblings that go along; NULL-terminated or NULL */
	struct findings *findings;
	const char *driver;	/* the driver it shall get: vfio-pci ... */
	struct facts *facts;
	struct thing **things;	/* what hangs below it, parents first */
	size_t n_things;
	bool walked;		/* things are complete */
	const char *kind;	/* of the row at work */
	/* For listings: only the use matters. */
	bool use_only;
	char *use;
	int use_rank;
	bool unknown;		/* something could not be looked at */
	bool disk_hangs;	/* opening one did not come back: no other is tried */
};

/* A finding of the row at work. */
int check_add(struct check *c, enum vfp_severity severity, const char *object,
	      const char *remedy, const char *format, ...) _printf_(5, 6);

/* A phrase on what uses the device; the first of the highest @rank stays. */
int check_use(struct check *c, int rank, const char *format, ...) _printf_(3, 4);
enum { USE_MINOR, USE_NORMAL, USE_VITAL };

/*
 * The processes that have @node open ("/dev/vfio/12", "/dev/dri/card0", "socket:[4711]"), by one
 * walk of /proc for all rows; free with holders_free(). ->facts->held->complete is false when
 * not all processes could be looked at.
 */
int check_holders(struct check *c, const char *node, struct holder **ret, size_t *ret_n);

/* Is the processor one that a hypervisor shows? (check-iommu.c) */
bool check_is_virtual(struct check *c);

/* Does @sibling go to the guest as well? */
bool check_goes_along(const struct check *c, const struct vfp_device *sibling);

/* See to it that ->facts->held is there. */
int check_need_held(struct check *c);

/* Does anything of @subsystem hang below? */
bool check_has(const struct check *c, const char *subsystem);

/* Is @thing the first of its subsystem? For rows that say one thing of all of them. */
bool check_first(const struct check *c, const struct thing *thing);

/* -- check-iommu.c: what doctor.c says of the whole host, too ------------------------------- */

/* Is @word (a whole word) on the kernel's command line @line? */
bool on_command_line(const char *line, const char *word);

/* Are interrupts seen not to be remapped? */
bool interrupts_are_open(struct vfp_ctx *ctx);
int check_open_interrupts(struct check *c);

/* -- check-open.c ------------------------------------------------------------------------- */

/* Processes that have one of several nodes open, each once, with the first of its nodes. */
struct openers {
	struct opener {
		struct holder *holder;
		char *node;
	} **list;
	size_t n;
};

int openers_add(struct check *c, struct openers *openers, const char *node);
bool openers_has(const struct openers *openers, pid_t pid);
void openers_done(struct openers *openers);
#define _cleanup_openers_ _cleanup_(openers_done)

/*
 * A finding for each of them, as for the nodes of @subsystem; one that it is unknown, with
 * @example as a node, when there is none and not all processes could be looked at.
 */
int openers_say(struct check *c, const struct openers *openers, const char *subsystem,
		const char *example);

/*
 * The rows, in check-*.c: one reason each. @thing is NULL for those about the device itself.
 * A positive return means that the rows after it do not matter.
 */
typedef int check_fn(struct check *c, struct thing *thing);
check_fn check_bridge, check_iommu, check_reserved, check_interrupts;
check_fn check_group, check_sriov, check_held, check_reset, check_power;
check_fn check_swap, check_mounted, check_mapping, check_mounts_known, check_zfs;
check_fn check_exclusive, check_opened, check_fstab, check_signature;
check_fn check_shared_folder;
check_fn check_ssh, check_sshd, check_default_route, check_only_route, check_master;
check_fn check_upper, check_addresses, check_routes, check_network_known;
check_fn check_away, check_no_interface;
check_fn check_console, check_framebuffer, check_text_console, check_nvidia;
check_fn check_open, check_keyboard, check_pointer;
check_fn check_tty_console, check_tpm, check_watchdog, check_watchdog_elsewhere;
check_fn check_bluetooth, check_usb_taken, check_sound_controls;

/* As check_device(), for all that is in @c; only rows on use when ->use_only. */
int check_run(struct check *c);
void check_done(struct check *c);

/*
 * What vfp_check() says besides. hide looks at these by itself, under the lock and with the
 * devices that go along, so that they are said once.
 */
typedef int check_more_fn(struct check *c, const struct vfp_check_options *options);
check_more_fn check_unsettled, check_claim, check_module, check_memory;

#endif
