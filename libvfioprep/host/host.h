/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host: everything that touches the running system: files below a root, the write seam,
 * children with deadlines, locks, records, kernel modules, PCI names, netlink. Nothing here
 * knows what a device's state is or whether something is allowed.
 *
 * Paths are absolute as a person would write them ("/sys/bus/pci/devices"); root.c maps them
 * below the context's root.
 */
#ifndef VFIOPREP_HOST_H
#define VFIOPREP_HOST_H

#include "base/base.h"
#include "vfioprep.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <limits.h>
#include <syslog.h>

#define PCI_DEVICES  "/sys/bus/pci/devices"
#define PCI_DRIVERS  "/sys/bus/pci/drivers"
#define USB_DEVICES  "/sys/bus/usb/devices"
#define USB_DRIVERS  "/sys/bus/usb/drivers"
#define IOMMU_GROUPS "/sys/kernel/iommu_groups"
#define STATE_DIR    "/run/vfioprep"
#define RECORD_DIR   STATE_DIR "/records"
#define LOCK_DIR     STATE_DIR "/locks"
#define USB_DIR      STATE_DIR "/usb" /* records of USB devices */

/* -- ctx.c ------------------------------------------------------------------------------ */

/*
 * The only way in which the library changes a device. All three may block and so run in a
 * child only. A context whose root is a dump has none: it cannot write.
 */
struct seam {
	/*
	 * One write(2) of @value and one close(2); negative errno of either. -ENODEV when the
	 * folder @device (NULL: none) is not @inode by then, see root_inode().
	 */
	int (*write)(struct vfp_ctx *ctx, const char *path, const char *value,
		     const char *device, uint64_t inode);
	/* Insert a module by name with what it depends on. */
	int (*load)(struct vfp_ctx *ctx, const char *module);
	int (*chown)(struct vfp_ctx *ctx, const char *path, uid_t uid, gid_t gid);
};

/*
 * seam.c: the running system's writer and root ("/"). Tests link a model of the driver core
 * in place of seam.c, with a root of its own.
 */
const struct seam *seam_default(void);
const char *seam_root(void);

struct names;
struct mirror;
struct reader;

struct vfp_ctx {
	char *root;		  /* "" for /, else the folder that paths are mapped below */
	int root_fd;		  /* -1 for / */
	const struct seam *seam;  /* NULL: no writer */
	bool dump;		  /* the root is a dump: no netlink, no processes of ours */
	int cancel_fd;		  /* eventfd, readable once cancelled */
	int log_level;
	vfp_log_fn *log;
	vfp_wait_fn *wait;
	void *log_data, *wait_data;
	bool waiting;		  /* and it is being told what for */
	struct names *names;	  /* libpci, opened when first asked */
	struct mirror *mirror;	  /* where reads are copied to; NULL mostly */
	char *boot_id;		  /* read when first asked */
	struct reader *reader;	  /* for reader_attr(); NULL mostly */
};

#define log_at(ctx, level, ...)                            \
	do {                                               \
		if ((ctx)->log && (level) <= (ctx)->log_level) \
			log_message(ctx, level, __VA_ARGS__);  \
	} while (0)
#define log_debug(ctx, ...) log_at(ctx, LOG_DEBUG, __VA_ARGS__)
#define log_info(ctx, ...)  log_at(ctx, LOG_INFO, __VA_ARGS__)
#define log_warn(ctx, ...)  log_at(ctx, LOG_WARNING, __VA_ARGS__)

void log_message(struct vfp_ctx *ctx, int level, const char *format, ...) _printf_(3, 4);

/* The kernel's boot id; "" when it cannot be read. */
const char *ctx_boot_id(struct vfp_ctx *ctx);
bool ctx_cancelled(struct vfp_ctx *ctx);
/* For putting back: not cancelled any more, until it is anew. Returns whether it was. */
bool ctx_uncancel(struct vfp_ctx *ctx);

/* The version of the kernel, as major * 1000 + minor (5.19 is 5019); 0 when unknown. */
int ctx_kernel(struct vfp_ctx *ctx);

/* -- root.c: every open below the root ------------------------------------------------- */

/*
 * open(2) of @path below the root, which nothing leaves (openat2 with RESOLVE_IN_ROOT).
 * O_CLOEXEC is added. Returns the descriptor or a negative errno.
 */
int root_open(struct vfp_ctx *ctx, const char *path, int flags);

/* Open a regular file for reading, raw calls only; anything else is -EINVAL and not waited for. */
int root_open_file(struct vfp_ctx *ctx, const char *path);

/*
 * The contents of a regular file, up to @max bytes, with a '\0' after them. Everything else
 * is -EINVAL: no FIFO, no device is ever opened. -EFBIG when there is more.
 */
int root_read(struct vfp_ctx *ctx, const char *path, size_t max, char **ret_text,
	      size_t *ret_size);

/* One line of sysfs or proc: printf path, at most 4096 bytes, trailing white space cut. */
int root_attr(struct vfp_ctx *ctx, char **ret_value, const char *format, ...) _printf_(3, 4);

/* The target of a symbolic link, and the last component of it. */
int root_link(struct vfp_ctx *ctx, char **ret_target, const char *format, ...)
	_printf_(3, 4);
int root_link_name(struct vfp_ctx *ctx, char **ret_name, const char *format, ...)
	_printf_(3, 4);

/* The names in a directory except "." and "..", sorted as strcmp() sorts. */
int root_list(struct vfp_ctx *ctx, const char *path, char ***ret_names);

/*
 * The directories in a directory, no links, no files: what a walk below a device descends
 * into. Sorted.
 */
int root_list_dirs(struct vfp_ctx *ctx, const char *path, char ***ret_names);
bool root_exists(struct vfp_ctx *ctx, const char *format, ...) _printf_(2, 3);

/*
 * The number of a file or folder; 0: not there. Raw calls only. sysfs does not use one again,
 * so that a device which was removed and came back is told from the one that was there.
 */
uint64_t root_inode(struct vfp_ctx *ctx, const char *path);

/* What stat(2) says; of a dump nothing that matters. Opens nothing. */
int root_stat(struct vfp_ctx *ctx, const char *path, struct stat *ret);

/* The path with all symbolic links resolved, as seen below the root. */
int root_real(struct vfp_ctx *ctx, const char *path, char **ret_real);

/* For the mirror, which must not see its own reads: the same, and the target of a link. */
int root_place(struct vfp_ctx *ctx, const char *path, char **ret_place);
int root_readlink(struct vfp_ctx *ctx, const char *path, char target[PATH_MAX]);

/* -- mirror.c: for dump: a copy of what was read ----------------------------------------- */

int mirror_new(const char *dir, bool redact, struct mirror **ret_mirror);
void mirror_free(struct mirror *mirror);
void mirror_file(struct vfp_ctx *ctx, const char *path, const char *text, size_t size);
void mirror_link(struct vfp_ctx *ctx, const char *path, const char *target);
void mirror_list(struct vfp_ctx *ctx, const char *path, char *const *names);
void mirror_exists(struct vfp_ctx *ctx, const char *path);

/* -- child.c: a process for what may block ----------------------------------------------- */

/*
 * What a child does for step @index: returns 0 or a negative errno, and may leave up to
 * CHILD_TEXT - 1 bytes in @text. Only raw system calls and memory that existed before the
 * fork (callers may have threads), but for loading a module.
 */
#define CHILD_TEXT 4080 /* a report fits one packet of a pipe */
typedef int child_fn(void *data, size_t index, char *text);

struct child {
	pid_t pid;
	int go, report;
};

struct child_report {
	int error;
	char text[CHILD_TEXT];
};

/*
 * Start a child of @n steps that waits for the go of each. It leads a session of its own,
 * blocks all signals, is invisible to the program's SIGCHLD and wait(), has 0 to 2 on
 * /dev/null and no other descriptor but its two pipes, the root and @keep (-1 for none).
 */
int child_start(struct vfp_ctx *ctx, child_fn *fn, void *data, size_t n, int keep,
		struct child *ret_child);

/* Let it do the next step. -EPIPE: it has gone. */
int child_go(struct child *child);
/* Take one report once ->report is readable. -EPIPE: the child died. */
int child_take(struct child *child, struct child_report *ret_report);
/* Both, and the error of the step. -EINPROGRESS: not back by @deadline; -ECANCELED. */
int child_step(struct vfp_ctx *ctx, struct child *child, int64_t deadline);

/*
 * The functions of the kernel in which the child waits, innermost first: "vfio_unregister_
 * group_dev, vfio_pci_remove"; to others than root only the first. Does not block: the one lock
 * that the kernel takes for it is that of exec, which a child never calls. Any error: unknown.
 */
int child_where(struct vfp_ctx *ctx, const struct child *child, char **ret_where);

/*
 * Forget the child: it ends after the step that it is in. With @wait it is between steps and
 * is reaped; otherwise it may be blocked in the kernel and is left alone, never signalled, and
 * reaped by some later child_start().
 */
void child_end(struct child *child, bool wait);

/* -- reader.c ---------------------------------------------------------------------------- */

#define READER_MAX (128 * 1024)

/* Zeroed at first; reader_done() at the end. */
struct reader {
	struct child child;
	struct reading *reading;
	bool failed;	/* one did not come back in time: nothing more is read */
};

/*
 * What one read of @path gives, with a '\0' after it, until the next call; "" when it has gone
 * or does not answer. Returns the size.
 */
size_t reader_read(struct reader *reader, struct vfp_ctx *ctx, const char *path,
		   const char **ret_text);
void reader_done(struct reader *reader);

/*
 * As root_attr(), of a file of sysfs for which the kernel takes a lock of the device. The first
 * one that does not come back in time is the last that is tried: -EINPROGRESS from then on.
 * -ENODATA: nothing to be had.
 */
int reader_attr(struct vfp_ctx *ctx, const char *path, char **ret_value);
void reader_free(struct reader *reader);

/* -- usb.c ------------------------------------------------------------------------------- */

#define USB_NAME_MAX 64

/* Is @text the name of a USB device as the kernel writes it, "3-1.2" or, of a root hub, "usb3"? */
bool usb_is_name(const char *text);

/* "03f0:8607 SERIAL". -EINPROGRESS: the device does not answer. */
int usb_identity(struct vfp_ctx *ctx, const char *name, char **ret_identity);

/* -- usb-descriptors.c: libusb ------------------------------------------------------------ */

struct usb_place {
	int bus, number;
};

/*
 * Of each of @n devices "2.00 100 030101": the version of USB, milliamperes, the classes of its
 * interfaces; texts[i] stays NULL where nothing is known, of those after an error too.
 */
int usb_descriptors(struct vfp_ctx *ctx, const struct usb_place *places, size_t n,
		    char **texts);

/* -- lock.c ------------------------------------------------------------------------------ */

/*
 * Take the exclusive lock @name ("group-12", "device-0000:05:00.0"), waiting until @deadline.
 * Held until every copy of the descriptor is closed, those of children included.
 * -EBUSY not free in time; -ECANCELED; -EPERM the state directory cannot be trusted.
 */
int lock_take(struct vfp_ctx *ctx, const char *name, int64_t deadline, int *ret_fd);

/* -- state-dir.c ------------------------------------------------------------------------- */

/*
 * Open STATE_DIR or a folder of it, made when @create. -EPERM: a link, not root's, or writable
 * by others; -EROFS: the context has no writer.
 */
int state_dir_open(struct vfp_ctx *ctx, const char *path, bool create);

/* 0 when the open file is root's and nobody else can write it, -EPERM otherwise. */
int state_check_owner(struct vfp_ctx *ctx, int fd);

/* -- record.c ---------------------------------------------------------------------------- */

/*
 * What the kernel lets one set on a device, each a file in its folder: what is done with them
 * is in act.h. One row more is one preparation step more: saved, undone, printed and recovered
 * without another line of code, but for its two keys in the record.
 */
enum setting {
	OVERRIDE,	/* driver_override */
	D3COLD,		/* d3cold_allowed */
	POWER,		/* power/control */
	SETTINGS,
};

struct record {
	char *device, *identity, *boot, *phase, *since, *by, *for_, *pid;
	char *orig_driver, *orig_module, *orig[SETTINGS];
	char *orig_interfaces;	/* of USB, instead: "3-1:1.0 usbhid;3-1:1.1 ;" */
	char *goal_driver, *goal[SETTINGS]; /* NULL: no concern of this record; OVERRIDE always is */
	char *goal_node_owner;	/* "uid:gid" of the vfio node, -1 as it is; NULL: as it is */
	char *guest;	/* who has it or is asked for it: "qmp:/run/web1.qmp", "ch:", "virsh:", "xl:" */
	char *process;	/* that runs the guest, as ->pid; NULL: not known */
	char *id;	/* its id there */
	/* The guest was asked to let go: "pending", or "keep": it stays hidden. NULL: it was not */
	char *unplug;
	char *back;	/* what shall hang below again: see model.h, struct below_list */
	char *problem;	/* why it cannot be acted upon; NULL when it can */
	bool stale;	/* the problem: of another boot or another device; hide may replace it */
};

void record_done(struct record *record);
#define _cleanup_record_ _cleanup_(record_done)

/*
 * The record of @address, which may be the name of a USB device. -ENOENT: none. A record that cannot be trusted or understood, or is
 * of another boot or identity (modalias), comes with ->problem set, and 0.
 */
int record_load(struct vfp_ctx *ctx, const char *address, struct record *ret_record);

/* Written beside and renamed. -EPERM: the state directory cannot be trusted. */
int record_save(struct vfp_ctx *ctx, const struct record *record);
int record_drop(struct vfp_ctx *ctx, const char *address);

/* One value by its key, as in the file; NULL when it has none. */
const char *record_field(const struct record *record, const char *key);

/* -- records.c: all records ------------------------------------------------------------- */

/* The addresses that have a record. 0 and an empty list when there is no state directory. */
int record_list(struct vfp_ctx *ctx, char ***ret_addresses);

/* The same of USB devices, by their names. */
int record_list_usb(struct vfp_ctx *ctx, char ***ret_names);

/*
 * What record_save() leaves behind when it is killed has no effect. The addresses whose record
 * was broken off so, and its removal; the caller has the device's lock.
 */
int record_list_broken_off(struct vfp_ctx *ctx, char ***ret_addresses);
int record_sweep(struct vfp_ctx *ctx, const char *address);

/* -- module.c: libkmod ------------------------------------------------------------------- */

/*
 * The module to load for the PCI driver @driver, for which @hint (may be NULL) is the name
 * that was recorded. 0 and NULL: none, the driver is there. With a module *ret_objection may
 * be set to a sentence on why it should not be loaded: modprobe.d has an `install` line for
 * it. -ENOENT: no such driver or module.
 */
int module_for_driver(struct vfp_ctx *ctx, const char *driver, const char *hint,
		      char **ret_module, char **ret_objection);

/*
 * What the option @name of @module will be when it is loaded, by modprobe.d and the kernel's
 * command line; "Y" for one without a value. -ENOENT: not set, or it cannot be known.
 */
int module_option(struct vfp_ctx *ctx, const char *module, const char *name,
		  char **ret_value);

/* The PCI driver that a loaded module has registered (/sys/module/M/drivers/pci:D). */
int module_driver(struct vfp_ctx *ctx, const char *module, char **ret_driver);

/* The most specific vfio variant for @modalias, by the `vfio_pci:` aliases; "vfio_pci" if none. */
int module_vfio_variant(struct vfp_ctx *ctx, const char *modalias, char **ret_module);

/* The module that @modalias asks for; -ENOENT none, -ENOTUNIQ several. */
int module_for_modalias(struct vfp_ctx *ctx, const char *modalias, char **ret_module);

/* Is @module among those that @modalias asks for? */
bool module_matches(struct vfp_ctx *ctx, const char *module, const char *modalias);

/* What there is of a module. */
enum module_state {
	MODULE_MISSING,
	MODULE_UNKNOWN,	 /* a dump, or there are no modules of this kernel here at all */
	MODULE_BUILT_IN,
	MODULE_LOADED,
	MODULE_THERE,	 /* may be loaded */
};

/* *ret_objection as for module_for_driver(); *ret_blacklisted: no alias loads it. */
enum module_state module_look(struct vfp_ctx *ctx, const char *module, char **ret_objection,
			      bool *ret_blacklisted);

/* Insert, with dependencies; no command of modprobe.d is run. Blocks: in a child only. */
int module_load(struct vfp_ctx *ctx, const char *module);

/* -- kconfig.c -------------------------------------------------------------------------- */

/* The configuration of the running kernel as text. -ENOENT: it is nowhere to be read. */
int kconfig_read(struct vfp_ctx *ctx, char **ret_text);
/* Of such a text: 'y', 'm', or 'n' for an option ("IOMMUFD") that is not set. */
char kconfig_value(const char *text, const char *option);

/* -- names.c: libpci --------------------------------------------------------------------- */

/* Names from pci.ids; NULL when unknown. @what is VFP_VENDOR_NAME, _DEVICE_NAME, _CLASS_NAME. */
int names_lookup(struct vfp_ctx *ctx, enum vfp_field what, unsigned int a, unsigned int b,
		 char **ret_name);
void names_free(struct names *names);

#endif
