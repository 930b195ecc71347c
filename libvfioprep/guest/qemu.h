/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on a QEMU that runs: what it has, asked through its monitor. It is
 * asked for QEMU's own tree of objects (QOM), where that tells more than the query of that
 * name: query-pci does not see what is behind a port until the guest's firmware has numbered
 * the buses.
 *
 * Functions that ask return, besides their own errors, those of qmp_command().
 */
#ifndef VFIOPREP_QEMU_H
#define VFIOPREP_QEMU_H

#include "guest/qmp.h"

struct qemu {
	struct vfp_ctx *ctx;
	struct qmp *qmp;
};

/* -- qemu-ask.c -------------------------------------------------------------------------- */

/* Arguments as json_pack() takes them; "{}" for none. */
int qemu_ask(struct qemu *qemu, int64_t deadline, json_t **ret_answer, char **why,
	     const char *command, const char *format, ...);

/* The properties of an object: an array of {"name":, "type":}. -ENOENT: there is none. */
int qemu_list(struct qemu *qemu, const char *path, int64_t deadline, json_t **ret_list,
	      char **why);

/* The type of the property @name in such a list; NULL when it is not there. */
const char *list_type(json_t *list, const char *name);

/* One property; @path and the name of a property that does exist. */
int qemu_get(struct qemu *qemu, const char *path, const char *property, int64_t deadline,
	     json_t **ret_value, char **why);

/* The same as a string; *ret_text is to be freed. -EPROTO when it is none. */
int qemu_get_text(struct qemu *qemu, const char *path, const char *property,
		  int64_t deadline, char **ret_text, char **why);

/* "/machine/peripheral/ID", the place of what has an id; NULL without memory. */
char *qemu_path(const char *id);

/* 0: something has the id @id. -ENOENT: nothing has. */
int qemu_has(struct qemu *qemu, const char *id, int64_t deadline, char **why);

/* Sleep for a while. -ETIMEDOUT: @deadline has come; -ECANCELED. */
int qemu_pause(struct qemu *qemu, int64_t msec, int64_t deadline);

/* -- qemu-choose.c ----------------------------------------------------------------------- */

/*
 * Set what @hotplug leaves open. For a PCI device (what @driver is, QEMU tells): the bus, a
 * free root port. -EREMOTEIO: there are ports, and none is free, or the one named is not.
 */
int qemu_choose_port(struct qemu *qemu, struct vfp_hotplug *hotplug, const char *driver,
		     int64_t deadline, char **why);

/*
 * For a CPU: its place and model. -EREMOTEIO: there is no room for another; -EPERM: the one
 * asked for is there; -EINVAL: there can be no such CPU.
 */
int qemu_choose_cpu(struct qemu *qemu, struct vfp_hotplug *hotplug, int64_t deadline,
		    char **why);

/* -- qemu-find.c ------------------------------------------------------------------------- */

int qemu_find(struct qemu *qemu, const char *id, int64_t deadline, char **ret_kind,
	      char **ret_device, char **why);

/* -- qemu-same.c ------------------------------------------------------------------------- */

/* Whether what has the id is what @commands would bring: 0. -EPERM: something else. */
int qemu_same(struct qemu *qemu, const char *id, const struct commands *commands,
	      int64_t deadline, char **why);

/* -- qemu-backend.c ---------------------------------------------------------------------- */

/* What stands behind a device: the command that removes it, and its name. */
struct backend {
	const char *command; /* "object-del" */
	const char *key;     /* "id" */
	char *name;
};

struct backends {
	struct backend list[8];
	size_t n;
};

void backends_done(struct backends *backends);
#define _cleanup_backends_ _cleanup_(backends_done)

/* The backends of what has the id, in the order in which they are removed. */
int qemu_backends(struct qemu *qemu, const char *id, int64_t deadline,
		  struct backends *ret_backends, char **why);

/* Returns how many were removed; one that is not there any more is fine. */
int qemu_remove_backends(struct qemu *qemu, const struct backends *backends,
			 int64_t deadline, char **why);

/* The same with those that are named from @id, whose device has gone. */
int qemu_remove_leftovers(struct qemu *qemu, const char *id, int64_t deadline,
			  char **why);

/* The backend that @command has made; false when it makes none. */
bool backend_of_command(const struct command *command, struct backend *ret_backend);

/* -- qemu-attach.c, qemu-verify.c -------------------------------------------------------- */

int qemu_attach(struct qemu *qemu, struct vfp_hotplug *hotplug, int64_t deadline,
		char **why);

/* -EREMOTEIO, with the reason: it is not there as it should. */
int qemu_verify(struct qemu *qemu, const char *id, int64_t deadline, char **why);

/* -- qemu-detach.c, qemu-gone.c ---------------------------------------------------------- */

int qemu_detach(struct qemu *qemu, const char *id, int64_t deadline, char **why);

/*
 * Ask for the removal of what has the id, and wait until it is gone. -EREMOTEIO: refused;
 * -ETIMEDOUT: still there.
 */
int qemu_remove_device(struct qemu *qemu, const char *id, int64_t deadline, char **why);

/* For qmp_open(): the events that tell what becomes of a device. */
bool qemu_keep_event(const char *event, json_t *data);

/* The id of what an event says is gone; NULL when it says nothing of the kind. */
const char *event_gone(json_t *event);

/* -- qemu-memory.c ----------------------------------------------------------------------- */

/* Whether the properties in @list are those of memory that is resized (virtio-mem). */
bool memory_resizes(json_t *list);

/* Wait until the guest has taken or given what is requested of it, as it is now. */
int qemu_await_size(struct qemu *qemu, const char *id, int64_t deadline, char **why);

/* Request @size bytes; *ret_before, when not NULL, is what was requested before. */
int qemu_request_size(struct qemu *qemu, const char *id, json_int_t size,
		      json_int_t *ret_before, int64_t deadline, char **why);

#endif
