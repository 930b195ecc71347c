/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands as data: a list of names with JSON arguments. The arguments keep the order in
 * which they were added (jansson sees to it), because they are spelled in that order.
 */
#include "guest/guest.h"

json_t *commands_add(struct commands *commands, const char *name, const char *format, ...)
{
	struct command *list;
	json_t *args;
	va_list ap;

	list = reallocarray(commands->list, commands->n + 1, sizeof(*list));
	if (!list)
		return NULL;
	commands->list = list;
	va_start(ap, format);
	args = json_vpack_ex(NULL, 0, format, ap);
	va_end(ap);
	if (!args)
		return NULL;
	list[commands->n++] = (struct command){ .name = name, .args = args };
	return args;
}

int json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

void commands_done(struct commands *commands)
{
	for (size_t i = 0; i < commands->n; i++)
		json_decref(commands->list[i].args);
	free(commands->list);
	*commands = (struct commands){ 0 };
}
