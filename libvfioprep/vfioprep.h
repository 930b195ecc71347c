/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvfioprep: prepare host devices for passthrough to a virtual machine with VFIO.
 *
 * A device is taken from its host driver (hide), described to a hypervisor (hotplug) and
 * given back (return). Every change is a transaction: the state found is recorded before the
 * first write, success is read back, and a failure converges to the state found.
 *
 * Conventions, for every function that does not say otherwise:
 *  - Functions that can fail return 0 or a negative errno; vfp_exit_status() maps it to the
 *    exit status of the tools. -ENOMEM is possible wherever memory is allocated.
 *  - ret_ parameters come last and are untouched on failure, except that findings are also
 *    delivered with a failure, because they say what failed.
 *  - Lists are NULL-terminated arrays. Strings belong to the object they came from.
 *  - A context belongs to one thread. Only vfp_ctx_cancel() may be called from elsewhere.
 *  - The library never prints, never exits, installs no signal handler and runs no program.
 *  - Addresses are full and lower case: "0000:05:00.0".
 */
#ifndef VFIOPREP_H
#define VFIOPREP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VFP_VERSION "0.1.0"

/* -- errors ------------------------------------------------------------------------- */

/*
 * The exit statuses, and the errno of the library that each stands for. Several devices in
 * one command: the worst of them, in the order given by vfp_exit_worse().
 */
enum vfp_exit {
	VFP_EXIT_OK = 0,
	VFP_EXIT_FAILED = 1,	/* nothing changed, or everything put back; -ECANCELED and the rest */
	VFP_EXIT_USAGE = 2,	/* -EINVAL: the words are wrong */
	VFP_EXIT_REFUSED = 3,	/* -EPERM, -ENODEV: well-formed, but refused */
	VFP_EXIT_BUSY = 4,	/* -EBUSY: held by a process, or a lock was not free in time */
	VFP_EXIT_GUEST = 5,	/* -EREMOTEIO refused by the guest, -ETIMEDOUT silent */
	VFP_EXIT_STUCK = 6,	/* -EINPROGRESS: a kernel call did not come back in time */
	VFP_EXIT_BROKEN = 7,	/* -ENOTRECOVERABLE: changed and could not be put back */
	VFP_EXIT_PARTIAL = 8,	/* -EAGAIN: bound again, but what hung below is not back yet */
};

/* The exit status for a return value of this library (0 or a negative errno). */
enum vfp_exit vfp_exit_status(int error);

/* The more important of two return values, for commands over several devices. */
int vfp_exit_worse(int a, int b);

/* -- context ------------------------------------------------------------------------ */

struct vfp_ctx;

/*
 * A message of the library, levels as in syslog(3). The hook is called before any formatting
 * work only when the level is wanted.
 */
typedef void vfp_log_fn(void *data, int level, const char *format, va_list args);

/* A new context on the running system. Errors: -ENOMEM, -EMFILE, -ENFILE. */
int vfp_ctx_new(struct vfp_ctx **ret_ctx);
void vfp_ctx_free(struct vfp_ctx *ctx);

/*
 * Read from @dir, made by vfp_ctx_record_reads(), instead of from the running system. Such a
 * context has no writer: every change is -EROFS. Paths cannot leave @dir.
 * Errors: -ENOENT, -ENOTDIR, -EACCES from opening it.
 */
int vfp_ctx_set_root(struct vfp_ctx *ctx, const char *dir);

/*
 * Copy everything that this context reads from now on to the new directory @dir (mode 0700).
 * With @redact, serial numbers and MAC addresses are replaced.
 * Errors: -EEXIST when @dir exists, and those of mkdir(2).
 */
int vfp_ctx_record_reads(struct vfp_ctx *ctx, const char *dir, bool redact);

/* @fn receives messages up to @level (LOG_ERR 3 ... LOG_DEBUG 7); NULL for none. */
void vfp_ctx_set_log(struct vfp_ctx *ctx, int level, vfp_log_fn *fn, void *data);

/* What a call waits for. */
struct vfp_wait {
	const char *device;	/* address; "" when it is for none of the host's */
	const char *text;	/* "until qemu-system-x86 (4711) lets go of it", "for the module ..." */
	long long waited;	/* milliseconds so far */
	long long limit;	/* milliseconds in all; negative: as long as it takes */
};

/*
 * @wait says what is waited for from now on; NULL: nothing any more. Called in the caller's
 * thread when a wait begins, when it becomes one for something else, and when it ends; not as
 * time goes by, and for waits however short. Valid for the call.
 */
typedef void vfp_wait_fn(void *data, const struct vfp_wait *wait);

/* @fn is told of waits of this context: for locks, the kernel, guests, devices. NULL for none. */
void vfp_ctx_set_wait(struct vfp_ctx *ctx, vfp_wait_fn *fn, void *data);

/*
 * Ask the running transaction to end: no new step begins, the one in flight ends or times
 * out, then all is put back (-ECANCELED). Async-signal-safe; callable from any thread.
 */
void vfp_ctx_cancel(struct vfp_ctx *ctx);

/* Was it asked to? For those who wait in a struct vfp_guest_ops of theirs. */
bool vfp_ctx_cancelled(struct vfp_ctx *ctx);

/* -- devices ------------------------------------------------------------------------ */

/*
 * An immutable snapshot of one PCI function or USB device. Taking it opens no config space and no
 * device node and takes no device lock, so it neither wakes the device nor waits for it. (The
 * names of a USB device take its lock: a child of the library reads them when first asked.)
 */
struct vfp_device;

/* What vfp_device_get() can be asked. NULL or "" in an answer means "none". */
enum vfp_field {
	VFP_ADDRESS,		/* "0000:05:00.0"; of a USB device its bus and port path, "3-1.2" */
	VFP_DRIVER,		/* name of the bound driver; those of the interfaces of a USB
				   device: "usbhid, snd-usb-audio" */
	VFP_IDS,		/* "8086:10fb" */
	VFP_SUBSYSTEM,		/* "8086:0003" */
	VFP_CLASS,		/* "020000": base class, subclass, programming interface; of a
				   USB device class, subclass and protocol, its own or, where it
				   has none, those of its first interface */
	VFP_CLASS_NAME,		/* "Ethernet controller" */
	VFP_CLASS_SHORT,	/* "Ethernet" */
	VFP_VENDOR_NAME,	/* "Intel Corporation" */
	VFP_DEVICE_NAME,	/* "82599ES 10-Gigabit SFI/SFP+ Network Connection" */
	VFP_NAME,		/* vendor and device, as short as they are recognisable */
	VFP_GROUP,		/* IOMMU group number, decimal */
	VFP_NODE,		/* "/dev/vfio/12" while bound to a vfio driver */
	VFP_NUMA_NODE,		/* decimal; NULL when unknown */
	VFP_PHYSFN,		/* of a virtual function: the address of its physical function */
	VFP_MODALIAS,		/* "pci:v00008086d..." */
	VFP_PARENT,		/* address of the upstream bridge; NULL on a root bus; of a
				   USB device the PCI controller above it */
	VFP_USB_BUS,		/* of a USB device, decimal: 3; else NULL, as the next three */
	VFP_USB_ADDRESS,	/* its number on the bus, decimal, another after each replug */
	VFP_USB_PORT,		/* its port path on the bus: "1.2" */
	VFP_USB_SPEED,		/* "480": Mbit/s */
	VFP_USB_INTERFACES,	/* "Keyboard: usbhid; Video: no driver" */
	VFP_USB_VERSION,	/* "2.10", of USB; and */
	VFP_USB_POWER,		/* "100": mA that it may draw; both after vfp_usb_describe() */
	VFP_CDEV,		/* "/dev/vfio/devices/vfio3" while bound to a vfio driver, where the
				   kernel has such nodes, for iommufd (6.6); else NULL */
	_VFP_FIELD_MAX,
};

/*
 * The devices that @selector names, in the order of their addresses; NULL selects all of PCI.
 * Forms: "05:00.0", "0000:05:00.0", "05:00" or "05:00.*", "8086:10fb", "group:14", a network
 * interface, a disk ("/dev/sda", "sda"); of USB "3-1.2", "003.007" or "003/007", "03f0:8607",
 * and "usb:*", which selects all of USB. "pci:" or "usb:" in front settles an ambiguity.
 * @why, when not NULL, receives one sentence on failure, to be freed with free().
 * Errors: -EINVAL malformed or ambiguous; -ENODEV nothing there by that name; -EPERM an
 * interface or disk whose PCI function carries other things as well.
 */
int vfp_select(struct vfp_ctx *ctx, const char *selector, char **why,
	       struct vfp_device ***ret_devices);

/* As vfp_select(), but "8086:10fb" may name several devices. */
int vfp_select_matching(struct vfp_ctx *ctx, const char *selector, char **why,
			struct vfp_device ***ret_devices);
void vfp_devices_free(struct vfp_device **devices);

/* One property. The string lives as long as the device and its context. */
const char *vfp_device_get(const struct vfp_device *device, enum vfp_field field);

/* The IOMMU group's number; -ENODATA where the device has none. */
int vfp_device_get_group(const struct vfp_device *device);

/* True for bridges of any kind: header type 1 or 2, class 06xx with a bus below, USB hubs. */
bool vfp_device_is_bridge(const struct vfp_device *device);

/* Is it a USB device? Those are described to a hypervisor, but never hidden or returned. */
bool vfp_device_is_usb(const struct vfp_device *device);

/*
 * Fill in, by libusb, of the USB devices among @devices what sysfs does not tell. Opens no device;
 * what cannot be known (in a dump, or because a device does not answer) stays NULL, which is no
 * error. Errors: -ENOMEM, -ECANCELED.
 */
int vfp_usb_describe(struct vfp_ctx *ctx, struct vfp_device *const *devices);

/* -- findings ----------------------------------------------------------------------- */

enum vfp_severity {
	VFP_NOTE,	/* worth knowing */
	VFP_WARN,	/* the host loses something that it can do without */
	VFP_UNKNOWN,	/* could not be looked at */
	VFP_REFUSE,	/* hide refuses; may be lifted with force, except for a few kinds */
	VFP_ERROR,	/* a step failed; only from vfp_plan_run() */
};

struct vfp_finding {
	enum vfp_severity severity;
	const char *kind;	/* a word for --force: disk net display held group ... */
	const char *device;	/* address */
	const char *object;	/* mount point, interface, process; "" when there is none */
	const char *text;	/* one sentence: what the host would lose, or what failed */
	const char *remedy;	/* what to do; "" when there is nothing */
};

/* "note", "warn", "unknown", "refuse", "error" */
const char *vfp_severity_name(enum vfp_severity severity);

/* The kinds of refusals that VFP_FORCE can lift, NULL-terminated, static. */
const char *const *vfp_force_kinds(void);

/* A few words on what is given up with @kind, for a listing; NULL when there is none of that name. */
const char *vfp_force_help(const char *kind);

/*
 * What the host says beyond single devices (mounts, routes, open files), read when a verdict
 * first needs it. Verdicts that are made at the same moment share it; none later.
 */
struct vfp_facts;
int vfp_facts_new(struct vfp_facts **ret_facts);
void vfp_facts_free(struct vfp_facts *facts);

/* What a verdict is asked for. All of it may be left out. */
struct vfp_check_options {
	struct vfp_device *const *with;	/* siblings that go along; NULL-terminated */
	const char *claim;		/* for whom the device would be; NULL: nobody by name */
	unsigned long long memory;	/* of the guest, in bytes; 0: not looked at */
	const char *user;		/* who starts it, name or number; NULL: the caller */
	struct vfp_facts *facts;	/* shared with other verdicts; NULL: looked at anew */
};

/*
 * Why @device can or cannot be passed to a guest, and what the host would lose. @options may be
 * NULL. Reads mounts, addresses and processes only where something below the device makes them
 * matter. A disk that nothing is known to use is opened exclusively, in a child, and closed.
 * Errors: only those of memory and of the file system, and -ECANCELED; a verdict is none.
 */
int vfp_check(struct vfp_ctx *ctx, const struct vfp_device *device,
	      const struct vfp_check_options *options, struct vfp_finding ***ret_findings);

/*
 * What uses each of @devices now, in the same order, as a phrase for listings: "free", "disk sda:
 * / is mounted", "guest web1 (qemu-system-x86, 4711)"; "unknown" for what could not be looked
 * at. Mounts, routes and processes are read once for all. *ret_uses is one block of memory, to
 * be freed with free().
 */
int vfp_devices_use(struct vfp_ctx *ctx, struct vfp_device *const *devices,
		    const char ***ret_uses);

/*
 * Why the IOMMU group of @device is as large as it is: one finding (VFP_NOTE) per bridge or
 * function that does not isolate what is below or beside it, with the ACS bits it lacks, and one
 * (VFP_WARN) per bridge or function on the way up that pcie_acs_override= on the kernel command
 * line makes isolate in name only. Reads config space, which wakes the devices and needs root:
 * VFP_UNKNOWN otherwise.
 */
int vfp_explain_group(struct vfp_ctx *ctx, const struct vfp_device *device,
		      struct vfp_finding ***ret_findings);
void vfp_findings_free(struct vfp_finding **findings);

/* What vfp_doctor() looks at: a host that passes devices, or a guest that gets some. */
enum vfp_side { VFP_HOST, VFP_GUEST };

/* What it is asked for. All of it may be left out. */
struct vfp_doctor_options {
	unsigned long long memory;	/* of a guest, in bytes; 0: not looked at */
	const char *user;		/* who starts guests, name or number; NULL: the caller */
	/*
	 * The hypervisors that are there, as the caller found them, with their versions, NULL-
	 * terminated: "qemu 7.2.22", "libvirt 9.0.0", "cloud-hypervisor 38.0"; NULL: not asked.
	 */
	const char *const *hypervisors;
};

/*
 * Is this host, or this guest from within, ready? Findings on no device, with what to change:
 * VFP_REFUSE keeps guests from devices (devices, processors, memory from this guest), VFP_WARN
 * goes wrong later, VFP_NOTE is worth knowing. @options may be NULL. Opens no device node.
 * Errors: only those of memory and of the file system.
 */
int vfp_doctor(struct vfp_ctx *ctx, enum vfp_side side,
	       const struct vfp_doctor_options *options, struct vfp_finding ***ret_findings);

/* -- records ------------------------------------------------------------------------ */

/* What the state directory remembers of one device that vfioprep has hidden. */
struct vfp_record;

/* All records, by address. Unreadable ones are delivered with the key "problem" set. */
int vfp_records(struct vfp_ctx *ctx, struct vfp_record ***ret_records);

/*
 * One value; NULL when the record has none. Keys: device identity boot phase since by for pid
 * orig.driver orig.module orig.driver_override goal.driver goal.driver_override back problem;
 * where `hide --node-owner` named one goal.node_owner ("0:107", -1 as it is); and orig. of
 * d3cold_allowed and power/control where the kernel has them, with goal. where VFP_POWER
 * changed them. Of what was plugged: guest ("qmp:/run/web1.qmp"), id, guest.process, as pid, where
 * it is known, and unplug from when the guest was asked to let go: "pending", or "keep" when it
 * stays hidden afterwards.
 * "phase" is hiding, hidden, returning or stuck; "since" is seconds since 1970. orig.driver is
 * "(unknown)" where boot claimed the device before a driver had it.
 */
const char *vfp_record_get(const struct vfp_record *record, const char *key);
void vfp_records_free(struct vfp_record **records);

/*
 * The same of USB devices that guests were given, which are not hidden: they have the keys device
 * identity boot phase ("plugged") since by guest guest.process id unplug back problem, and orig.interfaces
 * ("3-1:1.0 usbhid;3-1:1.1 ;").
 */
int vfp_usb_records(struct vfp_ctx *ctx, struct vfp_record ***ret_records);

/*
 * Bring back what guests had whose process has ended: bind drivers, wait for what hung below, drop
 * the record. What was done is told by notes; with @look nothing is done but to tell what would be. What
 * somebody has open is left alone. Errors as of vfp_plan_run(); -EPERM without a finding: not root.
 */
int vfp_usb_recover(struct vfp_ctx *ctx, bool look, struct vfp_finding ***ret_findings);

/*
 * The processes that hold the vfio node of @device, or the node of a USB device, as "name (pid)" joined by ", ", for QEMU
 * with the guest's name in front. -ENOENT: none was found; -EACCES: not all could be looked at.
 */
int vfp_holders(struct vfp_ctx *ctx, const struct vfp_device *device, char **ret_text);

/* -- configuration ------------------------------------------------------------------ */

/*
 * The text of the file @name ("hook.conf") of /etc/vfioprep. -ENOENT: there is none; -EPERM: it is
 * not root's alone to write, so it is not believed, or it is a link; -EINVAL: it is no plain file,
 * or no text; -EFBIG: more than 64 KiB; -EACCES. @why as for vfp_select().
 */
int vfp_config_read(struct vfp_ctx *ctx, const char *name, char **ret_text, char **why);

/* A device that shall always be hidden: one section of a file in /etc/vfioprep/devices.d. */
struct vfp_wanted;

/*
 * All of them, by address. What is wrong there is a finding (VFP_REFUSE, kind "config", object
 * "FILE:LINE"; one sentence that begins with it) for each, in *ret_findings, and is not in the list,
 * which is good to look at then, but not to be acted upon. No file at all is an empty list.
 * Errors: -EACCES may not be read, and those of the file system.
 */
int vfp_wanted(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
	       struct vfp_finding ***ret_findings);

/*
 * One value; NULL when it is not set. Keys: device ("0000:05:00.0") expect ("8086:10fb") subsystem
 * driver ("auto" as it is) node-owner group ("yes") power ("on") for file line.
 */
const char *vfp_wanted_get(const struct vfp_wanted *wanted, const char *key);
void vfp_wanted_free(struct vfp_wanted **wanted);

/*
 * Prepare that @device is configured as it is now, with @settings ("KEY=VALUE", the keys from driver
 * to for; NULL-terminated or NULL): the file is written, and on the disk, but not in its place.
 * *ret_file is for vfp_wanted_save(), to be freed; NULL when it is configured so already. With
 * @print not NULL only the commands of a shell that write it are printed.
 * @why as for vfp_select(). -EPERM: it stands in a file with other devices or comments, which is not
 * edited, or what is there is wrong or not root's alone; -EINVAL a setting that makes no sense; -ENODEV;
 * -EROFS no writer; -ENOSPC and the like.
 */
int vfp_wanted_prepare(struct vfp_ctx *ctx, const char *device, const char *const *settings,
		       FILE *print, char **ret_file, char **why);

/* Put what was prepared in its place; or not @keep: forget it. NULL is nothing. */
int vfp_wanted_save(struct vfp_ctx *ctx, const char *file, bool keep, char **why);

/*
 * @device shall not be configured any more. With @look it is only said whether it could be removed, with
 * @print the command is printed. Errors as of vfp_wanted_prepare().
 */
int vfp_wanted_drop(struct vfp_ctx *ctx, const char *device, FILE *print, bool look, char **why);

/*
 * For udev, of a device that has just appeared: if it is configured, is what is expected there, and
 * has neither a driver nor an override, write driver_override and note it in /run/vfioprep/early
 * ("ADDRESS DRIVER udev"). Returns 1 when it is configured, also when there was nothing to be done; 0
 * when it is not. -EINVAL: no address, or something is wrong in the configuration; and those of
 * vfp_plan_run().
 */
int vfp_wanted_early(struct vfp_ctx *ctx, const char *address,
		     struct vfp_finding ***ret_findings);

/*
 * For an initramfs: print a line for each configured device that may be claimed there unseen,
 * "ADDRESS VENDOR DEVICE SUBVENDOR SUBDEVICE DRIVER". What holds /, /usr, /boot or swap now, and what is
 * not what it should be, is left out with a finding. -EINVAL: something is wrong in the
 * configuration; the rest was printed.
 */
int vfp_wanted_boot_list(struct vfp_ctx *ctx, FILE *out, struct vfp_finding ***ret_findings);

/* -- transactions ------------------------------------------------------------------- */

/* Devices, and where they shall be. One plan holds one kind of request. */
struct vfp_plan;

enum vfp_option {
	/* The claim: for whom it is hidden; return refuses what is not claimed for him. */
	VFP_FOR,
	VFP_PID,		/* the process that the claim lives with, and that runs; decimal */
	VFP_FORCE,		/* KIND[:OBJECT]; may be set several times */
	VFP_TIMEOUT,		/* seconds per step, 30 unless set; decimals allowed */
	VFP_DEADLINE,		/* seconds for the whole, unlimited unless set */
	VFP_WAIT,		/* seconds to wait until nobody holds a device, 0 unless set */
	VFP_NODE_OWNER,		/* USER[:GROUP] who may open the vfio node */
	VFP_GROUPS,		/* "1": consent to all siblings in the IOMMU groups */
	/*
	 * "8086:10fb", or with its subsystem "8086:10fb:8086:0003": what each device that is added
	 * from now on must be; "": anything
	 */
	VFP_EXPECT,
	/* "on": kept awake while it is hidden (power/control on, d3cold_allowed 0); restored */
	VFP_POWER,
	VFP_BY,			/* who asks, for the record and the log; the program's name */
	/*
	 * "1": return leaves what it may not give back with a note, which is no error: what is
	 * not claimed for VFP_FOR, or, when that is not set, what is claimed at all. A claim
	 * whose process has ended is none.
	 */
	VFP_KEEP_CLAIMS,
};

enum vfp_event {
	VFP_UNBOUND,	/* @device was taken from @driver and that was verified */
	VFP_BOUND,	/* @device was bound to @driver and that was verified */
	/*
	 * @device (an address; of what is none of the host's, the kind) is in the guest, and has
	 * left it. @driver is the id there.
	 */
	VFP_PLUGGED,
	VFP_UNPLUGGED,
};

/* Progress, in the order in which the devices were added. */
typedef void vfp_progress_fn(void *data, enum vfp_event event, const char *device,
			     const char *driver);

int vfp_plan_new(struct vfp_ctx *ctx, struct vfp_plan **ret_plan);
void vfp_plan_free(struct vfp_plan *plan);

/*
 * Hide @device (a full address): bind it to @driver; NULL for vfio-pci, "auto" for the most
 * specific vfio variant. A sibling of its IOMMU group is consented to by adding it as well.
 * All devices added are one transaction. -EINVAL: not an address, or a plan of another kind.
 */
int vfp_plan_hide(struct vfp_plan *plan, const char *device, const char *driver);

/*
 * Return @device: to the recorded state (@driver NULL), to @driver, or to the driver that its
 * modalias asks for ("auto"). Each device is a transaction of its own.
 */
int vfp_plan_return(struct vfp_plan *plan, const char *device, const char *driver);

/* Finish or undo what a crash left half done: every record that is not at rest. */
int vfp_plan_recover(struct vfp_plan *plan);

/* -EINVAL: the value makes no sense for the option. */
int vfp_plan_set(struct vfp_plan *plan, enum vfp_option option, const char *value);
void vfp_plan_set_progress(struct vfp_plan *plan, vfp_progress_fn *fn, void *data);

/* One thing that a plan would change. */
struct vfp_change {
	const char *device;	/* address */
	const char *what;	/* driver driver_override d3cold_allowed power/control record for node-owner */
	const char *from, *to;	/* ""; none */
};

/*
 * What vfp_plan_run() would change on the devices to be hidden; an empty list: they are as they shall
 * be. Needs no root, takes no lock and changes nothing. Returns what vfp_plan_run() would have begun
 * with; with a refusal, too, the changes are delivered as far as they are known.
 */
int vfp_plan_look(struct vfp_plan *plan, struct vfp_change ***ret_changes,
		  struct vfp_finding ***ret_findings);
void vfp_changes_free(struct vfp_change **changes);

/*
 * Print as a runnable POSIX shell script the very writes that vfp_plan_run() would begin
 * with. Needs no root, takes no lock and changes nothing. Returns what vfp_plan_run() would
 * have begun with: 0, or the errno of a refusal (then nothing is printed).
 */
int vfp_plan_print(struct vfp_plan *plan, FILE *out, struct vfp_finding ***ret_findings);

/*
 * Do it. *ret_findings (also with a failure) says what was refused, what failed, what was
 * undone and who holds a device.
 * Returns 0 done or nothing to do; -EPERM refused; -ENODEV no such device; -EBUSY held or
 * locked; -EINPROGRESS stuck; -ECANCELED failed and put back; -ENOTRECOVERABLE could not be
 * put back; -EAGAIN returned, but what hung below has not come back; -EROFS no writer.
 */
int vfp_plan_run(struct vfp_plan *plan, struct vfp_finding ***ret_findings);

/* -- hotplug ------------------------------------------------------------------------ */

/* What a guest shall gain or lose: a kind, an id, and properties. */
struct vfp_hotplug;

enum vfp_action { VFP_ATTACH, VFP_DETACH };

/* -EINVAL: no such kind, or an id that QEMU would not take. @id NULL: derived. */
int vfp_hotplug_new(const char *kind, const char *id, struct vfp_hotplug **ret_hotplug);
void vfp_hotplug_free(struct vfp_hotplug *hotplug);

/*
 * Set a property. Kinds and their properties; * is required where a device is added:
 *	pci	host* bus addr multifunction rombar romfile iommufd vf-token
 *	usb	hostbus hostaddr hostport vendorid productid guest-reset bus port
 *		(bus and address or port, or both ids)
 *	cpu	index, or socket-id die-id cluster-id module-id core-id thread-id; node-id
 *		model (QEMU's type; of "host" the x86_64 one); total: so many in all, instead
 *	memory	size* backend (ram, file, memfd) mem-path hugetlb share prealloc node
 *		model (pc-dimm, virtio-mem-pci) requested-size block-size bus addr;
 *		total: so much in all, instead; requested-size without size: resize
 *	disk	filename* type (file, block) format (raw, qcow2) read-only serial target
 *		model (virtio-blk-pci, scsi-hd) bus addr
 *	nic	backend* (user, tap=NAME, bridge=NAME, vhost-user=SOCKET, macvtap=NAME)
 *		mac model vhost bus addr
 *	fs	socket* tag* queue-size bus addr
 *	pmem	mem-path* size share read-only model (virtio-pmem-pci, nvdimm) node bus addr
 *	vsock	guest-cid* socket bus addr
 *	each	domain (the guest's name) api-socket (Cloud Hypervisor's)
 * Names are QEMU's where it has one. Switches are "on" or "off"; sizes in bytes, or as "512M",
 * "4G", multiples of 2 MiB; addresses of slots in hex; ids of vendors and products in hex.
 * -EINVAL: unknown key, or a value that makes no sense for it; vfp_hotplug_render() then fails
 * with the sentence on it until the key is set right.
 */
int vfp_hotplug_set(struct vfp_hotplug *hotplug, const char *key, const char *value);

/*
 * A property in its one form (0000:05:00.0; bytes and numbers in decimal, ids of USB devices
 * as 0x03f0), and the kind. NULL: not set, or there is none of that name.
 */
const char *vfp_hotplug_get(const struct vfp_hotplug *hotplug, const char *key);
const char *vfp_hotplug_kind(const struct vfp_hotplug *hotplug);

/* The id, given or derived; NULL while too little is known to derive one. */
const char *vfp_hotplug_id(const struct vfp_hotplug *hotplug);

/*
 * Print the request in the language of a hypervisor, one of vfp_dialects().
 * -EINVAL: no such dialect, or a property missing; -EOPNOTSUPP: the dialect has no way to say
 * it. @why, when not NULL, receives one sentence on failure, to be freed with free().
 */
int vfp_hotplug_render(const struct vfp_hotplug *hotplug, const char *dialect,
		       enum vfp_action action, FILE *out, char **why);

/* What is executed: words[0] is a program, the others what it is told. */
struct vfp_command {
	char **words;	/* NULL-terminated */
	char *input;	/* what it reads from standard input; NULL: nothing */
	bool wait_gone;	/* done only when the guest has let go, not with its success */
};

/*
 * The very commands that vfp_hotplug_render() prints for "virsh", "ch-remote" and "xl", to be
 * executed one after the other without a shell; for "ch-api" the words are the method and the
 * path, and the input is the body. -EOPNOTSUPP also for dialects that have no such commands.
 */
int vfp_hotplug_commands(const struct vfp_hotplug *hotplug, const char *dialect,
			 enum vfp_action action, struct vfp_command ***ret_commands,
			 char **why);
void vfp_commands_free(struct vfp_command **commands);

/* -EINVAL with its sentence in @why when a property was refused and not set right since. */
int vfp_hotplug_check(const struct vfp_hotplug *hotplug, char **why);

/*
 * Whether @dialect has a way to say it at all for @kind. -EOPNOTSUPP: it has none, *why says
 * why; -EINVAL: no such dialect or kind.
 */
int vfp_hotplug_can(const char *kind, const char *dialect, enum vfp_action action, char **why);

/* The names of the kinds, NULL-terminated, static. */
const char *const *vfp_hotplug_kinds(void);

/* The names of the dialects, NULL-terminated, static. */
const char *const *vfp_dialects(void);

/* One line on @dialect for a listing; NULL when there is none of that name. */
const char *vfp_dialect_help(const char *dialect);

/* -- a hypervisor that is there ------------------------------------------------------ */

/*
 * What a connection to a hypervisor can do. QEMU's monitor is built in (vfp_guest_qmp());
 * others are the caller's. Times are in milliseconds, a negative one is no limit; each call
 * comes back by then. All return 0 or a negative errno, and with one *ret_why may be set to a
 * sentence, to be freed with free().
 */
struct vfp_guest_ops {
	/*
	 * What has the id @id in the guest: *ret_kind one of the kinds of requests ("" when it is
	 * none of them), and of a host device *ret_device: the PCI address or the USB device's
	 * port path ("3-1.2"; its bus and address "003.007" where only those are known), else
	 * NULL. Both to be freed. -ENOENT: nothing has it.
	 */
	int (*find)(void *data, const char *id, int timeout, char **ret_kind,
		    char **ret_device, char **ret_why);
	/*
	 * Bring what is asked for into the guest and verify that it is there; 1 when it was.
	 * Properties that were left to the hypervisor's side (a free root port, the next CPU)
	 * are chosen, and set in @hotplug.
	 * -EREMOTEIO: refused, and nothing of it is left there; -ETIMEDOUT: it is not known
	 * what came of it; -EPERM: the guest has another device under this id; -EOPNOTSUPP,
	 * -EINVAL: cannot be said so; -ECANCELED: cancelled, nothing of it is left there.
	 */
	int (*attach)(void *data, struct vfp_hotplug *hotplug, int timeout, char **ret_why);
	/*
	 * Ask the guest to let go, wait until it has, and remove what stood behind it.
	 * -ENOENT: nothing has the id; -EREMOTEIO: refused, it stays there; -ETIMEDOUT: asked,
	 * and still there, as with -ECANCELED; -ENOTEMPTY: it has gone, what stood behind it
	 * has not; -EPIPE: the hypervisor has ended.
	 */
	int (*detach)(void *data, const struct vfp_hotplug *hotplug, int timeout,
		      char **ret_why);
	/*
	 * The next thing that the guest has let go of, whoever asked for it. NULL: cannot be
	 * followed. -ETIMEDOUT: none so far; -EPIPE: the hypervisor has ended.
	 */
	int (*next_gone)(void *data, int timeout, char **ret_id, char **ret_why);
	/* The process that runs the guest; 0: not known, as with NULL. */
	int (*process)(void *data);
	void (*close)(void *data);
};

/*
 * The running QEMU whose QMP monitor listens at the UNIX socket @socket. A monitor serves one
 * client at a time, for as long as that one stays; a guest that libvirt runs has none to
 * spare, unless it was given a second one. *ret_data goes to (*ret_ops)->close(), before @ctx
 * goes. vfp_ctx_cancel() ends every wait.
 * -EBUSY: no greeting within 3 s, so another client has it; -ENODEV: nothing listens there;
 * -EPERM: it may not be opened; -EINVAL: too long for the path of a socket; -EPROTO: what
 * answers there does not talk QMP; -EPIPE: closed; -ETIMEDOUT: greeted, and then silent;
 * -ECANCELED; -EROFS: the context is on a dump. @why as for vfp_hotplug_render().
 */
int vfp_guest_qmp(struct vfp_ctx *ctx, const char *socket,
		  const struct vfp_guest_ops **ret_ops, void **ret_data, char **why);

/* A guest that devices are handed to. */
struct vfp_guest;

/*
 * A guest that records call @name ("qmp:/run/web1.qmp", "ch:/run/web1.sock", "virsh:web1"), by
 * what @ops can do, which are handed @data. Both are the guest's from then on, also with an
 * error, and closed with it. @ops NULL: nothing answers there any more; the guest is one that
 * has ended, by the records of what was in it: vfp_detach() and vfp_watch() give that back.
 * -ENODEV: no record tells of a process that was this guest and has ended.
 */
int vfp_guest_new(struct vfp_ctx *ctx, const char *name, const struct vfp_guest_ops *ops,
		  void *data, struct vfp_guest **ret_guest);
void vfp_guest_free(struct vfp_guest *guest);

/*
 * What has the id @id in the guest, as a request by which it can be detached: its kind and, of a
 * host device, its host; by the records where it has left the guest already. Waits @timeout
 * milliseconds. @why as for vfp_select().
 * Errors: -ENODEV nothing has the id; -EPERM what has it is of no kind of request; those of the
 * connection.
 */
int vfp_guest_find(struct vfp_guest *guest, const char *id, int timeout,
		   struct vfp_hotplug **ret_request, char **why);

/*
 * Plug what @requests (NULL-terminated) ask for, in their order: all of them or none. @plan says
 * how: VFP_WAIT is the time that the guest has, VFP_BY who asks, and its progress is told
 * VFP_PLUGGED. The devices that were added to it by vfp_plan_hide() are hidden first, and given
 * back when the plug fails. A host device that is in the guest under its id already is done.
 * Where a device is is recorded before the guest is asked, and stays so until it is known that
 * the guest did not take it. Returns 0 or, with findings as vfp_plan_run():
 * -EREMOTEIO the guest refused, all is as it was; -ETIMEDOUT it did not say, and counts as
 * having it; -EPERM not hidden, or the id belongs to something else; -EBUSY another guest has
 * it; -ECANCELED failed or interrupted, all is as it was; -EINVAL, and those of
 * vfp_plan_run(); -EOPNOTSUPP: the hypervisor cannot.
 */
int vfp_attach(struct vfp_guest *guest, struct vfp_hotplug *const *requests,
	       struct vfp_plan *plan, struct vfp_finding ***ret_findings);

/*
 * Ask the guest to let go of what @requests name, wait (VFP_WAIT of @plan) until it has, and
 * return the host devices among them, as vfp_plan_return() does with the options of @plan; with
 * @keep they stay hidden. Each is told to its progress (VFP_UNPLUGGED) and is a transaction of
 * its own; the worst error is returned. What has left already is only returned, and with the last of
 * an IOMMU group what was unplugged of it before. That the guest is asked is recorded.
 * -EREMOTEIO the guest refused, the device stays there; -ETIMEDOUT it has not let go yet: another
 * call, or vfp_watch(), goes on; -EBUSY it has, but the group is still open; -ENODEV nothing has the
 * id; and those of vfp_plan_run().
 */
int vfp_detach(struct vfp_guest *guest, struct vfp_hotplug *const *requests, bool keep,
	       struct vfp_plan *plan, struct vfp_finding ***ret_findings);

/* What came of one step of a long call: its error, and its findings for as long as the call takes. */
typedef void vfp_report_fn(void *data, int error, struct vfp_finding *const *findings);

/*
 * Return devices as the guest lets go of them, whoever asked it to, and at first those that have
 * left it already; @plan has the options of the returns, and VFP_WAIT the time that the
 * hypervisor has to close a device that has left. Ends when the hypervisor does, with all that
 * is recorded for it returned: then the worst error of that. -ECANCELED: by vfp_ctx_cancel();
 * -EOPNOTSUPP: this connection cannot be followed; and those of the connection.
 */
int vfp_watch(struct vfp_guest *guest, struct vfp_plan *plan, vfp_report_fn *report,
	      void *data);

#ifdef __cplusplus
}
#endif

#endif
