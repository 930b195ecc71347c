/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: what is there and what it means: addresses, device and group snapshots, selectors,
 * what hangs below a device, who holds it, and the verdict. Reads only; nothing here can
 * block on a device's lock, open a device node, or wake a device.
 */
#ifndef VFIOPREP_MODEL_H
#define VFIOPREP_MODEL_H

#include "host/config.h"
#include "host/waiting.h"

struct findings;

/* -- addr.c ------------------------------------------------------------------------------ */

#define ADDRESS_MAX 24 /* "ffffffff:ff:1f.7" and some */

struct address {
	uint32_t domain;
	uint8_t bus, slot, function;
	bool any_function;	/* "05:00" or "05:00.*" */
};

/* "05:00.0", "0000:05:00.0", "10000:05:00.0", "05:00", "05:00.*". -EINVAL otherwise. */
int address_parse(const char *text, struct address *ret_address);
void address_format(const struct address *address, char text[ADDRESS_MAX]);

/*
 * Is @text an address as the kernel writes it ("0000:05:00.0")? Names of folders and records,
 * which may be anything in a dump, become addresses by this alone.
 */
bool address_is_full(const char *text);

/* By domain, bus, slot and function, as qsort() wants it, of full addresses. */
int address_compare(const char *a, const char *b);

/*
 * The length of the path @place up to its last PCI function, whose address is put into
 * @address; 0: it is below none.
 */
size_t path_function(const char *place, char address[ADDRESS_MAX]);

/* -- config.c ---------------------------------------------------------------------------- */

/* vfp_wanted(), with the findings where others are. */
int wanted_read_all(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
		    struct findings *findings);

/* The same of one @text, that would be the file @name. */
int wanted_parse(struct vfp_ctx *ctx, const char *name, const char *text,
		 struct vfp_wanted ***ret_wanted, struct findings *findings);

static inline void wanted_listp(struct vfp_wanted ***wanted)
{
	vfp_wanted_free(*wanted);
}

/* -- device.c ---------------------------------------------------------------------------- */

struct vfp_device {
	struct vfp_ctx *ctx;
	char *value[_VFP_FIELD_MAX];	/* names are filled when first asked */
	bool named, placed;	/* names and NUMA node were looked up */
	char *path;	/* "/sys/devices/pci0000:00/..." */
	int group;	/* negative: none */
	bool bridge;
	bool header_bridge;	/* header type is not 0 */
	bool vfio;	/* bound to a vfio driver: it has a vfio-dev folder */
	bool usb;	/* a USB device; else a PCI function. A hub counts as a bridge */
};

/* Snapshot of one function by its full address. -ENODEV: not there. */
int device_load(struct vfp_ctx *ctx, const char *address, struct vfp_device **ret_device);
void device_free(struct vfp_device *device);
static inline void device_freep(struct vfp_device **device)
{
	device_free(*device);
}
#define _cleanup_device_ _cleanup_(device_freep)
static inline void devices_freep(struct vfp_device ***devices)
{
	vfp_devices_free(*devices);
}
#define _cleanup_devices_ _cleanup_(devices_freep)

static inline const char *device_address(const struct vfp_device *device)
{
	return device->value[VFP_ADDRESS];
}
/* The driver's name; "" for none. */
static inline const char *device_driver(const struct vfp_device *device)
{
	return nonnull(device->value[VFP_DRIVER]);
}

/*
 * The node by which a guest may have the device: that of a vfio driver, or of its group while it
 * has no driver; NULL: none.
 */
char *device_possible_node(const struct vfp_device *device);

/* May @name be that of a driver, or "auto"? */
bool driver_name_is_sane(const char *name);

/* What the vfio module @module calls its driver. */
const char *driver_of_module(const char *module);

/* Is @driver one that hides a device: vfio-pci, a vfio variant, pci-stub, pciback? */
bool driver_hides(const char *driver);

/* Is it one of vfio's, so that /dev/vfio has a node while it is bound? */
bool driver_is_vfio(const char *driver);

/* -- usb.c: the snapshot of a USB device ------------------------------------------------- */

/* Snapshot of one USB device by that name. -ENODEV: not there. */
int usb_load(struct vfp_ctx *ctx, const char *name, struct vfp_device **ret_device);

/* Its interfaces ("3-1.2:1.0"), and the driver of one; "" for none. */
int usb_interfaces(const struct vfp_device *device, char ***ret_names);
int usb_interface_driver(const struct vfp_device *device, const char *interface,
			 char **ret_driver);

/* "/dev/bus/usb/003/007", by which programs and guests have it. NULL: out of memory. */
char *usb_device_node(const struct vfp_device *device);
void usb_look_up_names(struct vfp_device *device);
void usb_look_up_interfaces(struct vfp_device *device);

/* "Keyboard" for "030101". */
const char *usb_class_word(const char *class);

/* -- select-usb.c: for select.c alone ---------------------------------------------------- */

/* "3-1.2", "003.003" or "003/003"; @loose: it was said that it is USB, so "usb3" and "3.3" too. */
bool usb_is_form(const char *text, bool loose);

/* The name of the device that such a form means. -ENODEV: no device has that number. */
int usb_find(struct vfp_ctx *ctx, const char *text, char **ret_name);

/* The names of the devices whose ids are @ids, in lower case; NULL: of all. */
int usb_with_ids(struct vfp_ctx *ctx, const char *ids, char ***ret_names);

/* As qsort() wants it, of two such names. */
int usb_compare(const char *a, const char *b);

/* -- acs-override.c ---------------------------------------------------------------------- */

/* Was the kernel told to take something for isolating that does not say so itself? */
bool acs_is_overridden(struct vfp_ctx *ctx);

/* By which word for a function of PCI_EXP_TYPE_@type without ACS: "downstream"; NULL: none. */
const char *acs_override(struct vfp_ctx *ctx, const char *ids, unsigned int type,
			 bool multifunction);

/* -- group.c ----------------------------------------------------------------------------- */

/* The addresses of all functions in a group. */
int group_members(struct vfp_ctx *ctx, int group, char ***ret_addresses);

/* "vfio-noiommu" and the like: a group that isolates nothing. */
bool group_is_noiommu(struct vfp_ctx *ctx, int group);

/*
 * May @member keep its driver while a guest has another function of its group? Depends on the
 * kernel's version.
 */
bool group_tolerates(const struct vfp_device *member);

/* The members that keep @group from being given to a guest as it is now. */
int group_obstacles(struct vfp_ctx *ctx, int group, struct vfp_device ***ret_devices);

/* The same of members that are no PCI functions, as "fe300000.mmc (sdhci)". */
int group_foreign(struct vfp_ctx *ctx, int group, char ***ret_members);

/* -- below.c: the walk of a device's own subtree ---------------------------------------- */

/*
 * Called for each device below (its directory has a `subsystem` link), parents first.
 * @subsystem: "block", "net", "usb"; @path: its directory; @name: the last part of it.
 * For interfaces that are in another network namespace once with BELOW_AWAY and their folder.
 * A negative return ends the walk and is returned.
 */
#define BELOW_AWAY "net elsewhere"
typedef int below_fn(void *data, const char *subsystem, const char *path, const char *name);

/* Other PCI functions below a bridge are walked into as well. */
int below_walk(struct vfp_ctx *ctx, const char *path, below_fn *fn, void *data);

/* A disk, and not a partition of one. */
bool below_is_disk(struct vfp_ctx *ctx, const char *subsystem, const char *path);

/* The disk that a block device @name is or leads to: "nvme0n1" for the path "nvme0c1n1". */
char *below_disk_name(const char *name);

/*
 * What the host should have again after a return: network interfaces and disks with what
 * identifies them (MAC, WWID, serial), as "net 52:54:00:12:34:56;disk t10.ATA QEMU ...".
 * An entry without identity is only counted ("disk "); "net *" is what is out of sight in
 * another network namespace, one or several. ';' and control characters in an
 * identity are replaced by '_'. "" when nothing hangs below.
 */
int below_identities(struct vfp_ctx *ctx, const char *path, char **ret_text);

/*
 * What of @wanted is not in @there (both as above); "" when nothing is missing. An entry
 * matches one of the same kind and identity, one without identity any left over of its kind.
 */
int below_missing(const char *wanted, const char *there, char **ret_missing);

/* Whole disks below as node paths ("/dev/sda"; of an NVMe multipath disk the head), for O_EXCL. */
int below_disks(struct vfp_ctx *ctx, const char *path, char ***ret_nodes);

/* -- select-name.c: for select.c alone --------------------------------------------------- */

/*
 * The PCI function of the network interface or disk @text ("enp5s0f0", "sdb2", "/dev/sdb").
 * @quoted is @text as sentences may say it. Errors as for vfp_select().
 */
int name_to_function(struct vfp_ctx *ctx, const char *text, const char *quoted, char **why,
		     char **ret_address);

/* -- holders.c --------------------------------------------------------------------------- */

struct holder {
	pid_t pid;
	char *name;	/* escaped comm */
	char *guest;	/* QEMU's -name; NULL */
};

/*
 * Who has which device node open: one walk of /proc, or the file /holders of a dump. Of sshd
 * also its sockets, as "socket:[INODE]".
 */
struct held_table {
	struct held {
		char *node;
		struct holder holder;
	} **list;
	size_t n;
	bool complete;	/* false: some processes could not be looked at (not root) */
};

int held_read(struct vfp_ctx *ctx, struct held_table *ret_table);
void held_done(struct held_table *table);
#define _cleanup_held_ _cleanup_(held_done)

/* As holders_find(), out of a table. */
int held_find(struct vfp_ctx *ctx, const struct held_table *table, const char *node,
	      struct holder **ret, size_t *ret_n);

/*
 * Processes with @node ("/dev/vfio/12") open, or a vfio device of it. Costs a walk of /proc.
 * *ret_complete is false when some processes could not be looked at (not root).
 */
int holders_find(struct vfp_ctx *ctx, const char *node, struct holder **ret, size_t *ret_n,
		 bool *ret_complete);
void holders_free(struct holder *holders, size_t n);

/* "guest web1 (qemu-system-x86, 4711)", "dpdk-testpmd (99)"; joined by ", ". */
int holders_text(const struct holder *holders, size_t n, char **ret_text);

/* -- claim.c ----------------------------------------------------------------------------- */

#define CLAIM_REMEDY "return it first"

/* "PID STARTTIME": a process number alone may be another process by now. To be freed. */
char *claim_process(struct vfp_ctx *ctx, const char *pid);

/* Is the process that claim_process() gave the text of still that, and alive? */
bool claim_process_runs(struct vfp_ctx *ctx, const char *process);

/* Is the device of @record claimed for anybody? Not when the process of the claim has gone. */
bool claim_holds(struct vfp_ctx *ctx, const struct record *record);

/* Is it claimed, and not for @claim (NULL: nobody in particular may have it as it is)? */
bool claim_is_of_another(struct vfp_ctx *ctx, const struct record *record,
			 const char *claim);

char *claim_text(const struct record *record);

/* -- account.c, limits.c: for check-memory.c ---------------------------------------------- */

struct account {
	char *name;
	uid_t uid;
	char **groups;	/* NULL-terminated; as many as numbers */
	gid_t *gids;
	size_t n_gids;
};

/* The account by the name or number @user. -ENOENT: there is none. */
int account_find(struct vfp_ctx *ctx, const char *user, struct account *ret_account);
void account_done(struct account *account);

#define MEMLOCK_NONE UINT64_MAX

/* Bytes that may be locked; MEMLOCK_NONE for no limit. */
struct memlock {
	uint64_t soft, hard;
};

/* Of a process that runs ("1", "self"), and of one that @account will start. */
int limits_of_process(struct vfp_ctx *ctx, const char *pid, struct memlock *ret);
int limits_of_account(struct vfp_ctx *ctx, const struct account *account,
		      struct memlock *ret);

/* -- finding.c --------------------------------------------------------------------------- */

struct findings {
	struct vfp_finding **list;
	size_t n;
};

/* @format is the sentence. Strings are copied and escaped. NULL object or remedy: "". */
int finding_add(struct findings *findings, enum vfp_severity severity, const char *kind,
		const char *device, const char *object, const char *remedy,
		const char *format, ...) _printf_(7, 8);

/* The list for a caller, NULL-terminated (also when empty); @findings is empty afterwards. */
int findings_take(struct findings *findings, struct vfp_finding ***ret);

/* Remove all findings of @kind about @device (NULL: any): something else is to be said now. */
void findings_forget(struct findings *findings, const char *kind, const char *device);
void findings_done(struct findings *findings);
#define _cleanup_findings_ _cleanup_(findings_done)

/*
 * Does the list of "KIND[:OBJECT]" in @force lift @finding? Bridges, missing groups, identity
 * and stuck are never lifted; the disk kind for /, /usr, /boot and swap, and the net kind for
 * the SSH path, only with their object.
 */
bool finding_lifted(const struct vfp_finding *finding, char *const *force);

/* Does it take the host, or the person at it, away? Then it is lifted only with its object. */
bool finding_needs_object(const struct vfp_finding *finding);

/* Is there a kind of finding by the name of the first @n characters of @kind? */
bool finding_kind_known(const char *kind, size_t n);

/* -- check.c ----------------------------------------------------------------------------- */

/*
 * What the host says beyond the device, read when a row first needs it. One check shares it
 * over all that hangs below the device; listings share it over all devices.
 */
struct facts {
	struct mounts *mounts;	   /* block.h */
	struct network *network;   /* check-net-tower.c */
	struct held_table *held;   /* check.c */
	struct inputs *inputs;	   /* check-input.c */
	char *kconfig;		   /* doctor.c; "" when it cannot be read */
};

void facts_done(struct facts *facts);

/*
 * The verdict on one device into @findings, in the order of the rows. Several devices judged at
 * the same moment share @facts, which is empty at first.
 */
int check_device(struct vfp_ctx *ctx, const struct vfp_device *device,
		 struct vfp_device *const *with, const char *driver, struct facts *facts,
		 struct findings *findings);

#define MODULE_REMEDY "load it by hand, or --force=module"

/*
 * The driverless functions that loading @module would take by its option `ids=`; empty when it
 * has none. Overrides, which would keep them, are not looked at: that could wait for a device.
 */
int ids_taken(struct vfp_ctx *ctx, const char *module, char ***ret_addresses);
bool ids_match(const char *ids, const struct vfp_device *device);

#endif
