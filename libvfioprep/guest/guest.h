/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest: what a hypervisor is told. A request (hotplug.c) compiles to commands, which are
 * data (command.c), and a dialect (dialect.c) spells them. What is printed is so the very
 * list that is sent. Nothing here looks at the host or changes it.
 *
 * A new kind of device is a value in enum kind, its row in hotplug.c, and a row of cells
 * per dialect. A new dialect is a file of its own and a line in DIALECTS.
 */
#ifndef VFIOPREP_GUEST_H
#define VFIOPREP_GUEST_H

#include "model/model.h"

#include <jansson.h>

/* -- hotplug.c ----------------------------------------------------------------------- */

enum kind {
	KIND_PCI,
	_KIND_MAX,
};

#define ACTIONS (VFP_DETACH + 1)

enum kind hotplug_kind(const struct vfp_hotplug *hotplug);

/* "pci" */
const char *hotplug_kind_name(enum kind kind);

/* A property in its canonical form; NULL when it is not set. */
const char *hotplug_get(const struct vfp_hotplug *hotplug, const char *key);

/* The same, but -EINVAL with its sentence when it is not set. */
int hotplug_need(const struct vfp_hotplug *hotplug, const char *key,
		 const char **ret_value, char **why);

/* Copy a property, if set, to @args with the JSON type that QEMU wants. */
int hotplug_put(const struct vfp_hotplug *hotplug, const char *key, json_t *args);

/* -EINVAL with its sentence when a value was refused and has not been set right since. */
int hotplug_ready(const struct vfp_hotplug *hotplug, char **why);

/* A guest-side "SLOT[.FUNCTION]", in hex with or without "0x". -EINVAL otherwise. */
int slot_parse(const char *text, unsigned int *ret_slot, unsigned int *ret_function);

/* -- command.c ----------------------------------------------------------------------- */

struct command {
	const char
		*name;  /* static; in QEMU's QMP spelling, for other hypervisors theirs */
	json_t *args;   /* an object; the order of its members is the order of words */
	bool wait_gone; /* done only when the guest has let go, not with the reply */
};

struct commands {
	struct command *list;
	size_t n;
};

/*
 * Append a command with arguments as json_pack() takes them. Returns the arguments, which
 * still belong to the list; NULL without memory.
 */
json_t *commands_add(struct commands *commands, const char *name, const char *format,
		     ...);
void commands_done(struct commands *commands);
#define _cleanup_commands_ _cleanup_(commands_done)

/* json_object_set_new() with an errno: -ENOMEM, also for a NULL @value. */
int json_put(json_t *object, const char *key, json_t *value);

/* -- dialect.c ----------------------------------------------------------------------- */

/* How one dialect does one action with one kind; or why it cannot, as a sentence. */
struct cell {
	int (*compile)(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why);
	const char *why_not;
};

struct dialect {
	const char *help;
	const struct cell (*cells)[ACTIONS];
	int (*spell)(const struct commands *commands, struct str *out, char **why);
};

/* The symbol dialect_X, and its name for the user. */
#define DIALECTS(_)     \
	_(hmp, "hmp")   \
	_(qmp, "qmp")   \
	_(argv, "argv") \
	_(libvirt, "libvirt")

#define DECLARE_DIALECT(symbol, name) extern const struct dialect dialect_##symbol;
DIALECTS(DECLARE_DIALECT)
#undef DECLARE_DIALECT

/* -- qemu-commands.c ----------------------------------------------------------------- */

/* The commands for a running QEMU, and those that its command line can say. */
extern const struct cell qemu_running[_KIND_MAX][ACTIONS];
extern const struct cell qemu_starting[_KIND_MAX][ACTIONS];

#endif
