/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of the kernel's driver core behind the library's write seam, on a host made of
 * files (unit/fixture.h). All that it knows is in those files, because the writes are
 * made by children: sysfs itself, and below the root
 *
 *	/model/match/DRIVER	ids that a driver matches by itself; registration
 *	/model/modules/MODULE	"DRIVER IDS..." that loading it registers, or "fail ERRNO"
 *	/model/held/ADDRESS	somebody has the device open: unbind blocks meanwhile
 *	/model/open/GROUP	somebody has the IOMMU group open
 *	/model/blocked		a write that MODEL_BLOCK stopped waits for its end
 *	/model/mounted/DISK	an exclusive open of /dev/DISK fails with EBUSY
 *	/model/rename		"sda sdb": what comes back does so renamed
 *	/model/below/ADDRESS	what hung below, while its driver is away
 *	/model/control		struct model_control: what shall go wrong, what happened
 *
 * A test that links with --wrap=renameat,--wrap=unlinkat has the writes of records
 * counted (and killed at) as well; with --wrap=root_open the vfio nodes and disks can be
 * busy.
 */
#ifndef VFIOPREP_TESTS_MODEL_H
#define VFIOPREP_TESTS_MODEL_H

#include "host/host.h"

enum model_action {
	MODEL_NOTHING,
	MODEL_FAIL,	/* with .error, without effect */
	MODEL_KILL,	/* .victims, before the effect or .after it */
	MODEL_BLOCK,	/* for .msec, then go on */
	MODEL_OTHER,	/* somebody else writes .other_value to .other_path first */
	MODEL_CANCEL,	/* vfp_ctx_cancel() of the calling process, by SIGUSR1 to it */
};

enum { MODEL_CHILD = 1, MODEL_PARENT = 2, MODEL_BOTH = 3 };

/*
 * Points are writes of the seam, and of records (which have the caller as only victim).
 */
struct model_control {
	enum model_action action;
	unsigned int at;	/* the point at which it goes wrong, from 1; 0: never */
	bool onwards;		/* and at every later one */
	unsigned int points;	/* counted so far */
	char only[64];		/* only writes with this in path or value count; "" all */
	int error;
	int victims;
	bool after;
	int msec;		/* 0: until /model/blocked is removed */
	pid_t caller;		/* the process that runs the transaction */
	char other_path[128], other_value[64];
	bool udev;		/* binds what is driverless without override ... */
	char rival[32];		/* ... to this one where it matches, else to the first */
	char slow[64];		/* writes with this in their path take 0.1 s */
	bool done;		/* it went wrong as ordered */
	unsigned int forbidden;	/* writes that this project promises never to make */
	char log[16384];	/* "PATH<-VALUE\n" of every effect */
};

/*
 * The control page of the host at seam_root(); mapped once per root, shared with
 * children.
 */
struct model_control *model_control(void);

/* Everything of it as new: nothing goes wrong, nothing is counted. */
struct model_control *model_reset(void);

/* One write as the kernel would take it, without control; 0 or a negative errno. */
int model_core_write(const char *root, const char *path, const char *value);
/* The links are gone, the driver is not yet: model_core_write() of `unbind` ends it. */
void model_core_leave(const char *root, const char *address);
int model_usb_write(const char *root, const char *path, const char *value);
int model_core_load(const char *root, const char *module);

/* As udev would: bind what is driverless, has no override, and matches. */
void model_core_probe_all(const char *root, const char *rival);

/* Is there a file of the model (printf path below /model)? */
bool model_has(const char *root, const char *format, ...) _printf_(2, 3);

#endif
