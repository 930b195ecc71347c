/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a running QEMU: its commands, and its tree of objects.
 */
#include "guest/qemu.h"

int qemu_ask(struct qemu *qemu, int64_t deadline, json_t **ret_answer, char **why,
	     const char *command, const char *format, ...)
{
	_cleanup_json_ json_t *args = NULL;
	va_list ap;

	va_start(ap, format);
	args = json_vpack_ex(NULL, 0, format, ap);
	va_end(ap);
	if (!args)
		return -ENOMEM;
	return qmp_command(qemu->qmp, command, json_object_size(args) ? args : NULL,
			   deadline, ret_answer, why);
}

int qemu_list(struct qemu *qemu, const char *path, int64_t deadline, json_t **ret_list,
	      char **why)
{
	return qemu_ask(qemu, deadline, ret_list, why, "qom-list", "{s:s}", "path", path);
}

const char *list_type(json_t *list, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *found = json_string_value(json_object_get(entry, "name"));

		if (found && streq(found, name))
			return json_string_value(json_object_get(entry, "type"));
	}
	return NULL;
}

int qemu_get(struct qemu *qemu, const char *path, const char *property, int64_t deadline,
	     json_t **ret_value, char **why)
{
	return qemu_ask(qemu, deadline, ret_value, why, "qom-get", "{s:s,s:s}", "path",
			path, "property", property);
}

int qemu_get_text(struct qemu *qemu, const char *path, const char *property,
		  int64_t deadline, char **ret_text, char **why)
{
	_cleanup_json_ json_t *value = NULL;
	char *text;
	int r = qemu_get(qemu, path, property, deadline, &value, why);

	if (r < 0)
		return r;
	if (!json_is_string(value))
		return say_why(why, -EPROTO, "QEMU's %s of %s is no text", property,
			       path);
	text = strdup(json_string_value(value));
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

char *qemu_path(const char *id)
{
	return strf("/machine/peripheral/%s", id);
}

int qemu_has(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_json_ json_t *list = NULL;
	int r = qemu_list(qemu, "/machine/peripheral", deadline, &list, why);
	const char *type;

	if (r < 0)
		return r;
	type = list_type(list, id);
	if (type && startswith(type, "child<"))
		return 0;
	return say_why(why, -ENOENT, "the guest has nothing with the id %s", id);
}

int qemu_pause(struct qemu *qemu, int64_t msec, int64_t deadline)
{
	int r = wait_readable(-1, qmp_cancel_fd(qemu->qmp),
			      deadline_first(deadline, deadline_in(msec)));

	if (r < 0)
		return r;
	return deadline_passed(deadline) ? -ETIMEDOUT : 0;
}
