/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest: what a hypervisor is told. A request (hotplug.c) compiles to commands, which are
 * data (command.c), and a dialect (dialect.c) spells them. What is printed is so the very
 * list that is sent. Nothing here looks at the host or changes it.
 *
 * A new kind of device is a value in enum kind, its row in kinds.c, and a row of cells
 * per dialect. A new dialect is a file of its own and a line in DIALECTS.
 */
#ifndef VFIOPREP_GUEST_H
#define VFIOPREP_GUEST_H

#include "model/model.h"

#include <jansson.h>

/* -- values.c, kinds.c --------------------------------------------------------------- */

enum kind {
	KIND_PCI,
	KIND_USB,
	KIND_CPU,
	KIND_MEMORY,
	KIND_DISK,
	KIND_NIC,
	KIND_FS,
	KIND_PMEM,
	KIND_VSOCK,
	_KIND_MAX,
};

#define ACTIONS (VFP_DETACH + 1)

/* Which JSON type QEMU wants for it. */
enum type { TEXT, SWITCH, NUMBER };

struct property {
	const char *name;
	enum type type;
	int (*canonical)(const char *value, char **ret);
	const char *wrong; /* after "NAME 'VALUE'": what is wrong and what to write */
};

#define PROPERTIES_MAX 20

struct kind_row {
	const char *name;
	const struct property *properties;
	/* *ret stays NULL while too little is set. */
	int (*derive_id)(const struct vfp_hotplug *hotplug, char **ret);
};

extern const struct kind_row kinds[_KIND_MAX];

/* Memory comes in multiples of this, the size of a huge page. */
#define MEMORY_STEP (2ULL << 20)

/* Of the property "backend": "tap0" for @type "tap"; NULL when it is of another type. */
const char *nic_backend(const struct vfp_hotplug *hotplug, const char *type);

/* Each brings a value to its canonical form, in new memory; -EINVAL refuses it. */
int value_path(const char *value, char **ret);
int value_absolute_path(const char *value, char **ret);
int value_domain(const char *value, char **ret);
int value_tag(const char *value, char **ret);
int value_word(const char *value, char **ret);
int value_bus(const char *value, char **ret);
int value_cpu_model(const char *value, char **ret);
int value_uuid(const char *value, char **ret);
int value_switch(const char *value, char **ret);
int value_zero_one(const char *value, char **ret);
int value_memory_backend(const char *value, char **ret);
int value_memory_model(const char *value, char **ret);
int value_pmem_model(const char *value, char **ret);
int value_disk_model(const char *value, char **ret);
int value_disk_type(const char *value, char **ret);
int value_disk_format(const char *value, char **ret);
int value_number(const char *value, char **ret);
int value_count(const char *value, char **ret);
int value_usb_address(const char *value, char **ret);
int value_cid(const char *value, char **ret);
int value_queue_size(const char *value, char **ret);
int value_size(const char *value, char **ret);
int value_size_or_0(const char *value, char **ret);
int value_pci_host(const char *value, char **ret);
int value_pci_slot(const char *value, char **ret);
int value_usb_port(const char *value, char **ret);
int value_usb_id(const char *value, char **ret);
int value_mac(const char *value, char **ret);
int value_nic_backend(const char *value, char **ret);

/* N of a guest's USB bus "usbN.0"; "usb.0" is the first one. -EINVAL otherwise. */
int usb_bus_number(const char *bus, uint64_t *ret);

/* A guest-side "SLOT[.FUNCTION]", in hex with or without "0x". -EINVAL otherwise. */
int slot_parse(const char *text, unsigned int *ret_slot, unsigned int *ret_function);

/* -- hotplug.c ----------------------------------------------------------------------- */

enum kind hotplug_kind(const struct vfp_hotplug *hotplug);

/* "pci" */
const char *hotplug_kind_name(enum kind kind);

/* A property in its canonical form; NULL when it is not set. */
const char *hotplug_get(const struct vfp_hotplug *hotplug, const char *key);

/* The same, but -EINVAL with its sentence when it is not set. */
int hotplug_need(const struct vfp_hotplug *hotplug, const char *key,
		 const char **ret_value, char **why);
int hotplug_need_domain(const struct vfp_hotplug *hotplug, const char **ret_domain,
			char **why);

/* Whether the id was given and not derived. */
bool hotplug_id_given(const struct vfp_hotplug *hotplug);

/* A file that the hypervisor opens, wherever it was started: -EINVAL when it is relative. */
int hotplug_need_path(const struct vfp_hotplug *hotplug, const char *key,
		      const char **ret_path, char **why);
int not_absolute(const char *key, const char *path, char **why);
int hotplug_need_id(const struct vfp_hotplug *hotplug, const char **ret_id, char **why);

/*
 * -EOPNOTSUPP with its sentence when something is set that is not among @words ("host bus")
 * and not generic: nothing must go out without what was asked for.
 */
int hotplug_only(const struct vfp_hotplug *hotplug, const char *words, const char *who,
		 char **why);

/* Copy a property, if set, to @args with the JSON type that QEMU wants. */
int hotplug_put(const struct vfp_hotplug *hotplug, const char *key, json_t *args);

/* -EINVAL with its sentence when a value was refused and has not been set right since. */
int hotplug_ready(const struct vfp_hotplug *hotplug, char **why);

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
typedef int compile_cell(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why);

struct cell {
	compile_cell *compile;
	const char *why_not;
};

/* A dialect spells all commands as one text, or makes words of each and prints those. */
struct dialect {
	const char *help;
	const struct cell (*cells)[ACTIONS];
	int (*spell)(const struct commands *commands, struct str *out, char **why);
	int (*words)(const struct vfp_hotplug *hotplug, const struct command *command,
		     struct vfp_command *ret, char **why);
	int (*print)(struct vfp_command *const *commands, struct str *out, char **why);
};

/* The symbol dialect_X, and its name for the user. */
#define DIALECTS(_)                 \
	_(hmp, "hmp")               \
	_(qmp, "qmp")               \
	_(argv, "argv")             \
	_(hmp_legacy, "hmp-legacy") \
	_(libvirt, "libvirt")       \
	_(virsh, "virsh")           \
	_(ch_remote, "ch-remote")   \
	_(ch_api, "ch-api")         \
	_(xl, "xl")

#define DECLARE_DIALECT(symbol, name) extern const struct dialect dialect_##symbol;
DIALECTS(DECLARE_DIALECT)
#undef DECLARE_DIALECT

/* -- command-line.c ------------------------------------------------------------------ */

/*
 * Append a command whose arguments are words, up to a NULL; the program goes before them.
 * Returns its arguments; "input" among them is what it reads from standard input.
 */
json_t *command_line_add(struct commands *commands, const char *program, ...)
	__attribute__((sentinel));
int command_line_words(const struct vfp_hotplug *hotplug, const struct command *command,
		       struct vfp_command *ret, char **why);
int print_for_shell(struct vfp_command *const *commands, struct str *out, char **why);

/* @word as a shell reads it, in quotes where it needs them. */
int add_shell_word(const char *word, struct str *out, char **why);

/* -- libvirt.c ------------------------------------------------------------------------ */

/* Device XML, of every kind but cpu; and the name of the device in it, "ua-ID". */
int libvirt_xml(const struct vfp_hotplug *hotplug, enum vfp_action action,
		struct str *out, char **why);
int libvirt_alias(const struct vfp_hotplug *hotplug, char **ret, char **why);

/* -- qemu-spell.c -------------------------------------------------------------------- */

int spell_hmp(const struct commands *commands, struct str *out, char **why);

/* -- qemu-commands.c, qemu-memory-commands.c, qemu-backed-commands.c ----------------- */

/* For a running QEMU, for its human monitor, and for a command line. */
extern const struct cell qemu_running[_KIND_MAX][ACTIONS];
extern const struct cell qemu_human[_KIND_MAX][ACTIONS];
extern const struct cell qemu_starting[_KIND_MAX][ACTIONS];

/* "disk1-backend": what stands behind the device of that id; to be freed. */
char *qemu_backend(const char *id);

/* hotplug_put() of each of the NULL-terminated @keys. */
int qemu_put_all(const struct vfp_hotplug *hotplug, const char *const *keys,
		 json_t *args);

/* device_del, and device_del with the command @remove for the backend after it. */
int qemu_detach_alone(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why);
int qemu_detach_with(const struct vfp_hotplug *hotplug, struct commands *commands,
		     const char *remove, const char *key, char **why);

/* Cells of kinds with a backend. */
compile_cell qemu_memory_attach, qemu_memory_detach, qemu_memory_start;
compile_cell qemu_pmem_attach, qemu_disk_attach, qemu_disk_detach, qemu_drive_attach;
compile_cell qemu_nic_attach, qemu_nic_detach, qemu_fs_attach, qemu_fs_detach;

#endif
