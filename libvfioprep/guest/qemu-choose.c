/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request left open, chosen from what the running machine has: the root port for a
 * PCI device, the place of a CPU. Nothing that would be taken by two is ever chosen: QEMU
 * 7.2 puts a second device into another slot of a port and says nothing, where the guest
 * does not see it.
 */
#include "guest/qemu.h"

/* -- ports ------------------------------------------------------------------------------- */

/* Whether the bus of the port @id, which has the port's name, has nothing on it. */
static int bus_is_empty(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = strf("/machine/peripheral/%s/%s", id, id);
	_cleanup_json_ json_t *list = NULL;
	json_t *entry;
	size_t i;
	int r = path ? qemu_list(qemu, path, deadline, &list, why) : -ENOMEM;

	if (r < 0)
		return r;
	json_array_foreach(list, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (name && startswith(name, "child["))
			return 0;
	}
	return 1;
}

enum port { PORT_NONE, PORT_TAKEN, PORT_FREE };

/* A port has a bus of PCI Express with its own name, and a switch for hotplug. */
static int look_at_port(struct qemu *qemu, const char *id, int64_t deadline,
			enum port *ret_port, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL, *hotplug = NULL;
	const char *bus;
	int r = path ? qemu_list(qemu, path, deadline, &list, why) : -ENOMEM;

	if (r < 0)
		return r;
	*ret_port = PORT_NONE;
	bus = list_type(list, id);
	if (!bus || !streq(bus, "child<PCIE>") || !list_type(list, "hotplug"))
		return 0;
	r = qemu_get(qemu, path, "hotplug", deadline, &hotplug, why);
	if (r < 0)
		return r;
	*ret_port = PORT_TAKEN;
	if (!json_is_true(hotplug))
		return 0;
	r = bus_is_empty(qemu, id, deadline, why);
	if (r > 0)
		*ret_port = PORT_FREE;
	return r < 0 ? r : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of all that has one, in their order; they belong to @list. */
static int sorted_ids(json_t *list, const char ***ret_ids, size_t *ret_n)
{
	const char **ids = calloc(json_array_size(list) + 1, sizeof(*ids));
	size_t i, n = 0;
	json_t *entry;

	if (!ids)
		return -ENOMEM;
	json_array_foreach(list, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *type = json_string_value(json_object_get(entry, "type"));

		if (name && type && startswith(type, "child<"))
			ids[n++] = name;
	}
	qsort(ids, n, sizeof(*ids), compare_names);
	*ret_ids = ids;
	*ret_n = n;
	return 0;
}

/*
 * A machine without any such port is one whose only bus is conventional PCI and takes
 * devices, or QEMU's own answer will say that it does not.
 */
static int choose_port(struct qemu *qemu, struct vfp_hotplug *hotplug, int64_t deadline,
		       char **why)
{
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ const char **ids = NULL;
	bool ports = false;
	size_t n = 0;
	int r = qemu_list(qemu, "/machine/peripheral", deadline, &list, why)
		      ?: sorted_ids(list, &ids, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		enum port port = PORT_NONE;

		r = look_at_port(qemu, ids[i], deadline, &port, why);
		if (r == 0 && port == PORT_FREE)
			return vfp_hotplug_set(hotplug, "bus", ids[i]);
		ports = ports || port == PORT_TAKEN;
	}
	if (r == 0 && ports)
		return say_why(why, -EREMOTEIO,
			       "no root port of the guest is free; unplug something, or "
			       "start it with one more -device pcie-root-port");
	return r;
}

/* All PCI devices have this property, and no others. */
static int is_pci(struct qemu *qemu, const char *driver, int64_t deadline)
{
	_cleanup_json_ json_t *list = NULL;
	int r = qemu_ask(qemu, deadline, &list, NULL, "device-list-properties", "{s:s}",
			 "typename", driver);

	/* A driver that QEMU does not have: device_add says so. */
	if (r == -ENOENT || r == -EREMOTEIO)
		return 0;
	return r < 0 ? r : list_type(list, "multifunction") != NULL;
}

/* Behind a port there is slot 0 and no other; several functions of it may come in turn. */
static int check_port(struct qemu *qemu, const char *bus, const char *addr,
		      int64_t deadline, char **why)
{
	unsigned int slot = 0, function = 0;
	enum port port = PORT_NONE;
	int r = look_at_port(qemu, bus, deadline, &port, NULL);

	/* What is no port, or is not there, is QEMU's to judge. */
	if (r < 0 || port == PORT_NONE)
		return r == -ENOENT ? 0 : r;
	if (addr && slot_parse(addr, &slot, &function) < 0)
		return -EINVAL;
	if (slot)
		return say_why(why, -EREMOTEIO,
			       "%s has one slot, 0, and a guest sees nothing in another; "
			       "leave out --addr",
			       bus);
	if (addr || port == PORT_FREE)
		return 0;
	r = bus_is_empty(qemu, bus, deadline, why);
	if (r != 0)
		return r < 0 ? r : 0;
	return say_why(why, -EREMOTEIO,
		       "%s has a device already, and a guest sees no second one there; "
		       "name another --bus, or none",
		       bus);
}

int qemu_choose_port(struct qemu *qemu, struct vfp_hotplug *hotplug, const char *driver,
		     int64_t deadline, char **why)
{
	const char *bus = hotplug_get(hotplug, "bus");
	int r = is_pci(qemu, driver, deadline);

	if (r != 1)
		return r;
	if (!bus)
		return choose_port(qemu, hotplug, deadline, why);
	return check_port(qemu, bus, hotplug_get(hotplug, "addr"), deadline, why);
}

/* -- CPUs -------------------------------------------------------------------------------- */

/* Outermost first, so that entries are in the order in which QEMU itself counts CPUs. */
static const char *const places[] = { "node-id",   "socket-id", "die-id",   "cluster-id",
				      "module-id", "core-id",   "thread-id" };

static int compare_cpus(const void *a, const void *b)
{
	json_t *x = json_object_get(*(json_t *const *)a, "props");
	json_t *y = json_object_get(*(json_t *const *)b, "props");

	/* A socket may lie in any node: the node is no part of the order. */
	for (size_t i = 1; i < ARRAY_SIZE(places); i++) {
		json_int_t p = json_integer_value(json_object_get(x, places[i]));
		json_int_t q = json_integer_value(json_object_get(y, places[i]));

		if (p != q)
			return p < q ? -1 : 1;
	}
	return 0;
}

static int set_place(struct vfp_hotplug *hotplug, json_t *cpu)
{
	json_t *props = json_object_get(cpu, "props");
	const char *type = json_string_value(json_object_get(cpu, "type"));
	int r = type ? vfp_hotplug_set(hotplug, "model", type) : -EPROTO;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++) {
		json_t *value = json_object_get(props, places[i]);
		_cleanup_free_ char *text =
			strf("%lld", (long long)json_integer_value(value));

		if (value)
			r = text ? vfp_hotplug_set(hotplug, places[i], text) : -ENOMEM;
	}
	return r;
}

static const char *path_of(json_t *cpu)
{
	return nonnull(json_string_value(json_object_get(cpu, "qom-path")));
}

/* The first that is at @path, "" for one that is not there yet; @n: none. */
static size_t find_cpu(json_t **cpus, size_t n, const char *path)
{
	size_t i = 0;

	while (i < n && !streq(path_of(cpus[i]), path))
		i++;
	return i;
}

/* The @index-th of @n; -1: the one that is at @own already, or the first that is free. */
static int pick_cpu(json_t **cpus, size_t n, int64_t index, const char *own,
		    json_t **ret_cpu, char **why)
{
	const char *taken;
	size_t i;

	if (index >= (int64_t)n)
		return say_why(why, -EINVAL,
			       "the guest has room for %zu CPUs: index 0 to %zu", n,
			       n ? n - 1 : 0);
	i = index < 0 ? find_cpu(cpus, n, own) : (size_t)index;
	if (i == n)
		i = find_cpu(cpus, n, "");
	if (i == n)
		return say_why(why, -EREMOTEIO,
			       "the guest has all CPUs that it has room for (%zu); start "
			       "it with a larger maxcpus",
			       n);
	taken = path_of(cpus[i]);
	if (*taken && !streq(taken, own)) {
		_cleanup_free_ char *shown = escape(taken);

		return say_why(why, -EPERM, "the guest has CPU %zu already, as %s", i,
			       nonnull(shown));
	}
	*ret_cpu = cpus[i];
	return 0;
}

static bool place_given(const struct vfp_hotplug *hotplug)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (hotplug_get(hotplug, places[i]))
			return true;
	return hotplug_get(hotplug, "total") != NULL;
}

int qemu_choose_cpu(struct qemu *qemu, struct vfp_hotplug *hotplug, int64_t deadline,
		    char **why)
{
	const char *index = hotplug_get(hotplug, "index"), *id = vfp_hotplug_id(hotplug);
	_cleanup_free_ char *own = qemu_path(nonnull(id));
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ json_t **cpus = NULL;
	json_t *entry, *cpu = NULL;
	size_t i, n = 0;
	int r;

	if (hotplug_kind(hotplug) != KIND_CPU || place_given(hotplug))
		return 0;
	r = qemu_ask(qemu, deadline, &list, why, "query-hotpluggable-cpus", "{}");
	if (r < 0)
		return r;
	cpus = calloc(json_array_size(list) + 1, sizeof(*cpus));
	if (!cpus || !own)
		return -ENOMEM;
	json_array_foreach(list, i, entry)
		cpus[n++] = entry;
	qsort(cpus, n, sizeof(*cpus), compare_cpus);
	r = pick_cpu(cpus, n, index ? atoll(index) : -1, own, &cpu, why);
	return r ?: set_place(hotplug, cpu);
}
