/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands behind a device of a running QEMU: objects, block nodes, network and character
 * devices. The commands that make them and those that remove them, which names they have,
 * and which of them are there.
 */
#include "guest/qemu.h"

static const struct {
	const char *add, *add_key; /* the argument that names it */
	const char *remove, *remove_key;
} pairs[] = {
	{ "object-add", "id", "object-del", "id" },
	{ "blockdev-add", "node-name", "blockdev-del", "node-name" },
	{ "netdev_add", "id", "netdev_del", "id" },
	{ "chardev-add", "id", "chardev-remove", "id" },
};

/* Properties of devices that name a backend, in the order in which those are removed. */
static const struct {
	const char *property, *remove, *key;
} links[] = {
	{ "memdev", "object-del", "id" },      { "drive", "blockdev-del", "node-name" },
	{ "netdev", "netdev_del", "id" },      { "iommufd", "object-del", "id" },
	{ "chardev", "chardev-remove", "id" },
};

void backends_done(struct backends *backends)
{
	for (size_t i = 0; i < backends->n; i++)
		free(backends->list[i].name);
	*backends = (struct backends){ 0 };
}

bool backend_of_command(const struct command *command, struct backend *ret_backend)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		json_t *name = json_object_get(command->args, pairs[i].add_key);

		if (!streq(pairs[i].add, command->name) || !json_is_string(name))
			continue;
		*ret_backend = (struct backend){ pairs[i].remove, pairs[i].remove_key,
						 (char *)json_string_value(name) };
		return true;
	}
	return false;
}

static int add_backend(struct backends *backends, const char *command, const char *key,
		       const char *name)
{
	char *copy;

	if (backends->n == ARRAY_SIZE(backends->list))
		return -EOVERFLOW;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	backends->list[backends->n++] = (struct backend){ command, key, copy };
	return 0;
}

/* An object is named by its path; others than those of /objects are not ours to remove. */
static const char *backend_name(const char *command, const char *value)
{
	if (!streq(command, "object-del"))
		return value;
	return startswith(value, "/objects/") ? value + strlen("/objects/") : "";
}

/* The context of the IOMMU may be shared by several devices: only a device's own goes. */
static bool is_shared(const char *property, const char *id, const char *name)
{
	return streq(property, "iommufd") &&
	       !(startswith(name, id) && streq(name + strlen(id), "-backend"));
}

int qemu_backends(struct qemu *qemu, const char *id, int64_t deadline,
		  struct backends *ret_backends, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL;
	_cleanup_backends_ struct backends backends = { 0 };
	int r = path ? qemu_list(qemu, path, deadline, &list, why) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++) {
		_cleanup_json_ json_t *value = NULL;
		const char *name;

		if (!list_type(list, links[i].property))
			continue;
		r = qemu_get(qemu, path, links[i].property, deadline, &value, why);
		if (r < 0 || !json_is_string(value))
			continue;
		name = backend_name(links[i].remove, json_string_value(value));
		if (*name && !is_shared(links[i].property, id, name))
			r = add_backend(&backends, links[i].remove, links[i].key, name);
	}
	if (r < 0)
		return r;
	*ret_backends = backends;
	backends = (struct backends){ 0 };
	return 0;
}

/* -- are they there? --------------------------------------------------------------------- */

/* Whether the array @list has an object with the string @name under @key. */
static int array_has(json_t *list, const char *key, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *found = json_string_value(json_object_get(entry, key));

		if (found && streq(found, name))
			return 1;
	}
	return 0;
}

/* 1 or 0. There is no question about network devices: -EOPNOTSUPP. */
static int is_there(struct qemu *qemu, const struct backend *backend, int64_t deadline,
		    char **why)
{
	_cleanup_json_ json_t *list = NULL;
	const char *key = "name";
	int r = -EOPNOTSUPP;

	if (streq(backend->command, "object-del")) {
		r = qemu_list(qemu, "/objects", deadline, &list, why);
	} else if (streq(backend->command, "blockdev-del")) {
		key = "node-name";
		r = qemu_ask(qemu, deadline, &list, why, "query-named-block-nodes",
			     "{s:b}", "flat", 1);
	} else if (streq(backend->command, "chardev-remove")) {
		key = "label";
		r = qemu_ask(qemu, deadline, &list, why, "query-chardev", "{}");
	}
	return r < 0 ? r : array_has(list, key, backend->name);
}

/* -- away with them ---------------------------------------------------------------------- */

#define RELEASE_MSEC \
	5000 /* what a device had may be let go of a moment after its event */
#define AGAIN_MSEC 100

static int cannot_remove(const struct backend *backend, int error, const char *reason,
			 char **why)
{
	_cleanup_free_ char *name = escape(backend->name);

	return say_why(why, error, "%s %s: %s", backend->command, nonnull(name),
		       nonnull(reason));
}

/* 1: removed. 0: it is not there. */
static int remove_backend(struct qemu *qemu, const struct backend *backend,
			  int64_t deadline, char **why)
{
	int64_t until = deadline_first(deadline, deadline_in(RELEASE_MSEC));

	for (;;) {
		_cleanup_free_ char *refusal = NULL;
		int r = qemu_ask(qemu, deadline, NULL, &refusal, backend->command,
				 "{s:s}", backend->key, backend->name);

		if (r == 0 || r == -ENOENT)
			return r == 0;
		if (r == -EREMOTEIO) {
			r = is_there(qemu, backend, deadline, NULL);
			if (r == 0)
				return 0;
			r = r == 1 ? qemu_pause(qemu, AGAIN_MSEC, until) : r;
			if (r == -ETIMEDOUT || r == -EOPNOTSUPP)
				r = -EREMOTEIO;
		}
		if (r < 0)
			return cannot_remove(backend, r, refusal, why);
	}
}

int qemu_remove_backends(struct qemu *qemu, const struct backends *backends,
			 int64_t deadline, char **why)
{
	int n = 0;

	for (size_t i = 0; i < backends->n; i++) {
		int r = remove_backend(qemu, &backends->list[i], deadline, why);

		if (r < 0)
			return r;
		n += r;
	}
	return n;
}

/* 1: the device at @path is a card on the network device @name. */
static int uses_netdev(struct qemu *qemu, const char *path, const char *name,
		       int64_t deadline, char **why)
{
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ char *netdev = NULL;
	int r = qemu_list(qemu, path, deadline, &list, why);

	if (r < 0 || !list_type(list, "netdev"))
		return r == -ENOENT ? 0 : r;
	r = qemu_get_text(qemu, path, "netdev", deadline, &netdev, why);
	return r < 0 ? r : streq(netdev, name);
}

static int used_below(struct qemu *qemu, const char *folder, const char *name,
		      int64_t deadline, char **why)
{
	_cleanup_json_ json_t *list = NULL;
	json_t *entry;
	size_t i;
	int r = qemu_list(qemu, folder, deadline, &list, why);

	json_array_foreach(list, i, entry) {
		const char *child = json_string_value(json_object_get(entry, "name"));
		const char *type = json_string_value(json_object_get(entry, "type"));
		_cleanup_free_ char *path = NULL;

		if (r != 0 || !child || !type || !startswith(type, "child<"))
			continue;
		path = strf("%s/%s", folder, child);
		r = path ? uses_netdev(qemu, path, name, deadline, why) : -ENOMEM;
	}
	return r;
}

/* QEMU removes a network device also from under the card that is on it. */
static int netdev_is_used(struct qemu *qemu, const char *name, int64_t deadline,
			  char **why)
{
	static const char *const folders[] = { "/machine/peripheral",
					       "/machine/peripheral-anon",
					       "/machine/unattached" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++)
		r = used_below(qemu, folders[i], name, deadline, why);
	return r;
}

/* 1: it is there, or may be, and nothing uses it; QEMU itself refuses that of the others. */
static int is_left(struct qemu *qemu, const struct backend *backend, int64_t deadline,
		   char **why)
{
	int r;

	if (!streq(backend->command, "netdev_del"))
		return is_there(qemu, backend, deadline, why);
	r = netdev_is_used(qemu, backend->name, deadline, why);
	return r < 0 ? r : !r;
}

int qemu_remove_leftovers(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *name = qemu_backend(id);
	int n = 0;

	for (size_t i = 0; name && i < ARRAY_SIZE(pairs); i++) {
		struct backend backend = { pairs[i].remove, pairs[i].remove_key, name };
		int r = is_left(qemu, &backend, deadline, why);

		if (r == 1)
			r = remove_backend(qemu, &backend, deadline, why);
		if (r < 0)
			return r;
		n += r;
	}
	return name ? n : -ENOMEM;
}
