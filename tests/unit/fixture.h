/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake host in a temporary folder, with the layout of the real sysfs: what hangs where
 * is said in declarative calls, and read back through the library as if it were the root.
 *
 * Paths are absolute below the fixture's root ("/sys/bus/pci/devices"). A call that fails
 * prints why and aborts: a test cannot go on without its host.
 */
#ifndef VFIOPREP_FIXTURE_H
#define VFIOPREP_FIXTURE_H

#include "base/base.h"

struct fixture {
	char root[96];
	/* Bridges by the bus behind them: where later devices are put. */
	struct fixture_bus {
		unsigned int domain, bus;
		char path[192];	/* the bridge's folder */
	} buses[64];
	size_t n_buses;
	unsigned int next_scsi, next_nvme, next_usb, next_vfio, next_mount;
};

/*
 * A host with nothing but the drivers vfio-pci, pci-stub and pcieport, no mounts and no
 * swap. It becomes the root of the contexts made afterwards (VFIOPREP_MODEL_ROOT in the
 * environment). The folder is in /dev/shm, or TMPDIR when that is set.
 */
struct fixture *fixture_new(void);
/* The same in the folder @root, which must exist; fixture_free() does not remove that. */
struct fixture *fixture_in(const char *root);
/* Removes the folder, unless VFIOPREP_KEEP is in the environment. */
void fixture_free(struct fixture *f);

/* -- files --------------------------------------------------------------------------- */

/* Where @path is outside of the root; to be freed. */
char *fixture_path(struct fixture *f, const char *path, ...) _printf_(2, 3);
/* Create or replace the file @path, and the folders above it. */
void fixture_write(struct fixture *f, const char *path, const char *format, ...)
	_printf_(3, 4);
void fixture_append(struct fixture *f, const char *path, const char *format, ...)
	_printf_(3, 4);
/* Contents; NULL when there is no such file. To be freed. */
char *fixture_read(struct fixture *f, const char *path, ...) _printf_(2, 3);
void fixture_mkdir(struct fixture *f, const char *path);
/* A link at @path to @target, both below the root, relative as sysfs has them. */
void fixture_link(struct fixture *f, const char *path, const char *target);
/* A link with exactly this text, for /proc/PID/fd and for links that point outside. */
void fixture_symlink(struct fixture *f, const char *path, const char *text);
/* The last component of where a link points; NULL when it is none. To be freed. */
char *fixture_link_name(struct fixture *f, const char *path, ...) _printf_(2, 3);
bool fixture_exists(struct fixture *f, const char *path, ...) _printf_(2, 3);
/* Remove a file or a whole folder; nothing when it is not there. */
void fixture_remove(struct fixture *f, const char *path);

/* The same for one file or link in @folder. */
void fixture_attr(struct fixture *f, const char *folder, const char *name,
		  const char *format, ...) _printf_(4, 5);
void fixture_link_in(struct fixture *f, const char *folder, const char *name,
		     const char *target);
/* Abort with a sentence when something is not @good. */
void fixture_need(bool good, const char *what, const char *on);

/* -- PCI (fixture-device.c) ---------------------------------------------------------- */

struct fixture_device {
	const char *address;	/* "0000:05:00.0" */
	const char *ids;	/* "8086:10d3" unless given */
	const char *subsystem;	/* "1af4:1100" unless given */
	const char *class;	/* "020000" unless given */
	const char *driver;	/* bound to; made, for these ids, when it is not there */
	const char *override;	/* driver_override; NULL: unset */
	const char *below;	/* bridge above; else that of its bus, made if missing */
	const char *physfn;	/* its physical function, which must be there */
	const char *numa_node;	/* "-1" unless given */
	int group;		/* IOMMU group; 0: none, as on a host without an IOMMU */
	unsigned int bus_below;	/* a bridge: its secondary bus number */
	bool boot_vga;		/* (class 03: the file is there in any case) */
	bool reset;		/* has a reset method */
};

void fixture_device(struct fixture *f, const struct fixture_device *d);

/*
 * A driver that is registered: its folder with bind and unbind, its module. @ids is what
 * it matches ("8086:10d3 8086:10fb", NULL for nothing). Called again, it adds ids.
 * @module NULL: the name of the driver with underscores; "": built in, no module.
 */
void fixture_driver(struct fixture *f, const char *name, const char *module,
		    const char *ids);

/*
 * Modules that are there to be loaded (fixture-module.c): pairs of a name and of what
 * comes of it, "DRIVER", "DRIVER IDS" (an alias as well; for one of them) or "fail
 * ERRNO", ended by NULL. The first letters of the names must differ.
 */
void fixture_modules(struct fixture *f, const char *const *modules);

/* The folder of a device ("/sys/devices/pci0000:00/..."); to be freed. */
char *fixture_device_path(struct fixture *f, const char *address);

/* -- USB (fixture-usb.c) ------------------------------------------------------------- */

struct fixture_usb {
	const char *controller;	/* address of the PCI function; needed for a port of a root hub */
	const char *name;	/* "3-1", "3-1.2" (then there must be a hub 3-1), "usb3" */
	unsigned int number;	/* on its bus */
	const char *ids;	/* "0951:1666" unless given */
	const char *class;	/* "000000" unless given: that of its interfaces */
	const char *interfaces;	/* class and driver of each: "030101 usbhid,080650" */
	const char *manufacturer, *product, *serial;
	const char *speed;	/* "480" unless given */
};

void fixture_usb(struct fixture *f, const struct fixture_usb *u);

/* The folder of a USB device; to be freed. */
char *fixture_usb_path(struct fixture *f, const char *name);

/* -- what hangs below (fixture-below.c) ---------------------------------------------- */

struct fixture_net {
	const char *address;	/* of the PCI function */
	const char *name;	/* "eth0" */
	const char *mac;	/* "52:54:00:00:00:01" unless given */
	const char *operstate;	/* "down" unless given */
	const char *master;	/* bridge or bond that it belongs to, made when missing */
	unsigned int ifindex;	/* 2 unless given */
};

void fixture_net(struct fixture *f, const struct fixture_net *n);

struct fixture_disk {
	const char *address;	/* of the PCI function */
	const char *name;	/* "sda", "nvme0n1", "vda"; "nvme0c0n1": a path */
	const char *bus;	/* "ata" unless given; "usb", "nvme", "virtio" */
	const char *dev;	/* "8:0"; partitions count on from it */
	const char *serial;	/* file of that name, where the kind of disk has one */
	const char *wwid;
	unsigned int partitions; /* sda1, sda2 ...; nvme0n1p1 ... */
};

/* Also makes the nodes /dev/sda, /dev/sda1 ... as regular files. */
void fixture_disk(struct fixture *f, const struct fixture_disk *d);

/* The multipath head /dev/nvme0n1 of path nodes such as nvme0c0n1. */
void fixture_nvme_head(struct fixture *f, const char *name, const char *dev);

/* A device-mapper or md volume (@name "dm-0") of @dev on top of the block device @on. */
void fixture_holder(struct fixture *f, const char *name, const char *dev,
		    const char *mapper_name, const char *on);

/*
 * A device of subsystem @subsystem below @address: "drm" "card0", "sound" "card1", "tty"
 * "ttyS4", "input" "input5" ...
 */
void fixture_below(struct fixture *f, const char *address, const char *subsystem,
		   const char *name);

/* A keyboard, a mouse, a button or a remote control with digits; its nodes are event@number and, of a mouse, mouse@number. */
struct fixture_input {
	const char *folder;	/* above it: a device's folder, "/sys/devices/platform/i8042" */
	unsigned int number;	/* input7 */
	const char *name;	/* "AT Translated Set 2 keyboard" */
	enum { BUTTON, REMOTE, KEYBOARD, MOUSE, TOUCHPAD } kind;
};

void fixture_input(struct fixture *f, const struct fixture_input *i);

/* Lines in mountinfo of pid 1, and in /proc/swaps. */
void fixture_mount(struct fixture *f, const char *dev, const char *source,
		   const char *where, const char *type);
void fixture_swap(struct fixture *f, const char *source);

/*
 * A process with @comm and one descriptor, open on @open (link text, for instance
 * "/dev/vfio/12"; NULL for none). @cmdline has its words separated by blanks.
 */
void fixture_process(struct fixture *f, int pid, const char *comm, const char *cmdline,
		     const char *open);

/*
 * A link in a class or bus folder to something below a PCI function. The driver core's
 * model takes it away with the driver and brings it back (tests/model.c).
 */
void fixture_class_link(struct fixture *f, const char *path, const char *target);

#endif
