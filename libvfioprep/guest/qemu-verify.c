/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what was added there, as the guest will see it? An empty answer of QEMU is no proof: it
 * puts a PCI device into a slot where no guest looks, and a USB device that does not exist
 * into the tree.
 */
#include "guest/qemu.h"

#define USB_MSEC  5000 /* QEMU looks for devices that it is to find itself every 2 s */
#define LOOK_MSEC 200

struct question {
	struct qemu *qemu;
	const char *id, *path;
	json_t *list; /* the properties at @path */
	int64_t deadline;
	char **why;
};

static int get(const struct question *q, const char *property, json_t **ret)
{
	return qemu_get(q->qemu, q->path, property, q->deadline, ret, q->why);
}

static int verify_realized(const struct question *q)
{
	_cleanup_json_ json_t *realized = NULL;
	int r = get(q, "realized", &realized);

	if (r < 0 || json_is_true(realized))
		return r;
	return say_why(q->why, -EREMOTEIO, "QEMU has %s, but did not bring it to life",
		       q->id);
}

/* Behind a port of PCI Express there is slot 0 and no other. */
static int verify_slot(const struct question *q)
{
	_cleanup_json_ json_t *addr = NULL, *bus = NULL, *on_bus = NULL;
	_cleanup_free_ char *port = NULL, *shown = NULL;
	const char *end;
	int r = get(q, "addr", &addr) ?: get(q, "parent_bus", &bus);

	if (r < 0 || !json_is_string(bus))
		return r;
	end = strrchr(json_string_value(bus), '/');
	port = strndup(json_string_value(bus),
		       end ? (size_t)(end - json_string_value(bus)) : 0);
	if (!port)
		return -ENOMEM;
	r = qemu_list(q->qemu, port, q->deadline, &on_bus, NULL);
	if (r == -ENOENT || r == -EREMOTEIO)
		return 0;
	if (r < 0 || !list_type(on_bus, "hotplug") || json_integer_value(addr) < 8)
		return r;
	shown = escape(end + 1);
	return say_why(
		q->why, -EREMOTEIO,
		"%s has something in its one slot already: a guest would not see %s; "
		"name another --bus",
		nonnull(shown), q->id);
}

/* A usb-host without a device of the host is there, and empty. */
static int verify_usb(const struct question *q)
{
	int64_t until = deadline_first(q->deadline, deadline_in(USB_MSEC));
	int r;

	do {
		_cleanup_json_ json_t *attached = NULL;

		r = get(q, "attached", &attached);
		if (r < 0 || json_is_true(attached))
			return r;
		r = qemu_pause(q->qemu, LOOK_MSEC, until);
	} while (r == 0);
	if (r != -ETIMEDOUT)
		return r;
	return say_why(q->why, -EREMOTEIO,
		       "QEMU found no USB device of the host for %s, or may not open it",
		       q->id);
}

/* Whether a member of what @command answers is @wanted by @id. */
static int verify_listed(const struct question *q, const char *command,
			 const char *wanted, const char *(*id)(json_t *member),
			 const char *where)
{
	_cleanup_json_ json_t *members = NULL;
	json_t *member;
	size_t i;
	int r = qemu_ask(q->qemu, q->deadline, &members, q->why, command, "{}");

	if (r < 0)
		return r;
	json_array_foreach(members, i, member)
		if (streq(nonnull(id(member)), wanted))
			return 0;
	return say_why(q->why, -EREMOTEIO, "%s is not %s", q->id, where);
}

static const char *cpu_path(json_t *cpu)
{
	return json_string_value(json_object_get(cpu, "qom-path"));
}

static int verify_cpu(const struct question *q)
{
	return verify_listed(q, "query-hotpluggable-cpus", q->path, cpu_path,
			     "among the guest's CPUs");
}

static const char *memory_id(json_t *memory)
{
	return json_string_value(json_object_get(json_object_get(memory, "data"), "id"));
}

static int verify_memory(const struct question *q)
{
	return verify_listed(q, "query-memory-devices", q->id, memory_id,
			     "in the guest's memory");
}

/* The property that tells what is to be asked. */
static const struct {
	const char *property;
	int (*verify)(const struct question *q);
} rows[] = {
	{ "realized", verify_realized }, { "multifunction", verify_slot },
	{ "hostaddr", verify_usb },      { "core-id", verify_cpu },
	{ "memdev", verify_memory },
};

int qemu_verify(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL;
	struct question q = { qemu, id, path, NULL, deadline, why };
	int r = path ? qemu_list(qemu, path, deadline, &list, NULL) : -ENOMEM;

	if (r == -ENOENT)
		return say_why(why, -EREMOTEIO, "QEMU accepted %s, and it is not there",
			       id);
	q.list = list;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (list_type(list, rows[i].property))
			r = rows[i].verify(&q);
	return r;
}
