/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what a running QEMU has under an id what would be added? The arguments of the commands
 * that would be sent are compared with what can be asked: properties of the device and of
 * the objects behind it, and the file of a block node.
 */
#include "guest/qemu.h"

/* Links are told by the path of what they lead to. */
static bool same_value(json_t *wanted, json_t *found)
{
	const char *name = json_string_value(wanted), *path = json_string_value(found);

	if (!name || !path)
		return json_typeof(wanted) != json_typeof(found) ||
		       json_equal(wanted, found);
	return streq(name, path) ||
	       (endswith(path, name) && path[strlen(path) - strlen(name) - 1] == '/');
}

static bool is_argument_only(const char *key)
{
	static const char *const keys[] = { "id", "driver", "qom-type", "bus", "addr" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (streq(key, keys[i]))
			return true;
	return false;
}

static int differs(const char *id, const char *key, json_t *found, char **why)
{
	_cleanup_free_ char *text = found ? json_dumps(found, JSON_ENCODE_ANY) : NULL;
	_cleanup_free_ char *shown = escape(nonnull(text));

	return say_why(why, -EPERM,
		       "the guest has another device as %s: its %s is %s; take another "
		       "--id, or unplug that one",
		       id, key, nonnull(shown));
}

/* The arguments against the properties of the object at @path. */
static int compare_object(struct qemu *qemu, const char *id, const char *path,
			  json_t *args, int64_t deadline, char **why)
{
	_cleanup_json_ json_t *list = NULL;
	const char *key;
	json_t *wanted;
	int r = qemu_list(qemu, path, deadline, &list, why);

	if (r < 0)
		return r;
	json_object_foreach(args, key, wanted) {
		_cleanup_json_ json_t *found = NULL;

		if (is_argument_only(key) || !list_type(list, key))
			continue;
		r = qemu_get(qemu, path, key, deadline, &found, why);
		if (r < 0)
			return r;
		if (!same_value(wanted, found))
			return differs(id, key, found, why);
	}
	return 0;
}

static int compare_device(struct qemu *qemu, const char *id, json_t *args,
			  int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *type = NULL;
	int r = path ? qemu_get(qemu, path, "type", deadline, &type, why) : -ENOMEM;

	if (r < 0)
		return r;
	if (!same_value(json_object_get(args, "driver"), type))
		return differs(id, "type", type, why);
	return compare_object(qemu, id, path, args, deadline, why);
}

static int compare_backend(struct qemu *qemu, const char *id, json_t *args,
			   int64_t deadline, char **why)
{
	const char *name = json_string_value(json_object_get(args, "id"));
	_cleanup_free_ char *path = strf("/objects/%s", nonnull(name));
	int r = path ? compare_object(qemu, id, path, args, deadline, NULL) : -ENOMEM;

	if (r != -ENOENT && r != -EPERM)
		return r;
	return say_why(why, -EPERM,
		       "what the guest has as %s has something else behind it than %s; "
		       "take another --id, or unplug that one",
		       id, nonnull(name));
}

static const char *file_of(json_t *args)
{
	json_t *file = json_object_get(args, "file");
	const char *name = json_string_value(json_object_get(args, "filename"));

	return json_is_object(file) ? file_of(file) : name;
}

static int compare_node(struct qemu *qemu, const char *id, json_t *args, int64_t deadline,
			char **why)
{
	json_t *node_name = json_object_get(args, "node-name");
	const char *wanted = file_of(args);
	_cleanup_json_ json_t *list = NULL;
	json_t *node;
	size_t i;
	int r = qemu_ask(qemu, deadline, &list, why, "query-named-block-nodes", "{s:b}",
			 "flat", 1);

	if (r < 0 || !wanted)
		return r;
	json_array_foreach(list, i, node) {
		json_t *file = json_object_get(node, "file");

		if (!json_equal(json_object_get(node, "node-name"), node_name))
			continue;
		return json_is_string(file) && streq(json_string_value(file), wanted)
			     ? 0
			     : differs(id, "file", file, why);
	}
	return differs(id, "file", NULL, why);
}

int qemu_same(struct qemu *qemu, const char *id, const struct commands *commands,
	      int64_t deadline, char **why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < commands->n; i++) {
		const struct command *command = &commands->list[i];

		if (streq(command->name, "device_add"))
			r = compare_device(qemu, id, command->args, deadline, why);
		else if (streq(command->name, "object-add"))
			r = compare_backend(qemu, id, command->args, deadline, why);
		else if (streq(command->name, "blockdev-add"))
			r = compare_node(qemu, id, command->args, deadline, why);
	}
	return r;
}
