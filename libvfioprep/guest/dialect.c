/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of dialects, and the one way through it: find the cell for the kind and the
 * action, let it compile the request, let the dialect spell the commands. Nothing is
 * written before all of it has succeeded, so that no half command reaches a hypervisor.
 * Commands that can be executed are printed from the very words that are executed.
 */
#include "guest/guest.h"

#define NAME(symbol, name) name,
static const char *const names[] = { DIALECTS(NAME) NULL };

#define DIALECT(symbol, name) &dialect_##symbol,
static const struct dialect *const dialects[] = { DIALECTS(DIALECT) };

static const struct dialect *find_dialect(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
		if (streq(names[i], name))
			return dialects[i];
	return NULL;
}

_public_ const char *const *vfp_dialects(void)
{
	return names;
}

_public_ const char *vfp_dialect_help(const char *dialect)
{
	const struct dialect *found = find_dialect(dialect);

	return found ? found->help : NULL;
}

static int no_such_dialect(const char *name, char **why)
{
	_cleanup_free_ char *shown = escape(name);
	_cleanup_str_ struct str known = { 0 };

	for (size_t i = 0; names[i]; i++)
		if (str_add(&known, "%s%s", i ? ", " : "", names[i]) < 0)
			return -ENOMEM;
	return say_why(why, -EINVAL, "there is no dialect '%s'; there are %s",
		       nonnull(shown), known.s);
}

static int no_way(const char *dialect, const char *kind, const struct cell *cell,
		  char **why)
{
	if (cell->why_not)
		return say_why(why, -EOPNOTSUPP, "%s", cell->why_not);
	return say_why(why, -EOPNOTSUPP,
		       "dialect %s cannot say this for kind %s; take another dialect",
		       dialect, kind);
}

_public_ int vfp_hotplug_can(const char *kind, const char *dialect,
			     enum vfp_action action, char **why)
{
	const struct dialect *found = find_dialect(dialect);
	const struct cell *cell;
	int k = 0;

	clear_why(why);
	if (!found)
		return no_such_dialect(dialect, why);
	while (k < _KIND_MAX && !streq(hotplug_kind_name(k), kind))
		k++;
	if (k == _KIND_MAX)
		return say_why(why, -EINVAL, "there is no such kind of device");
	cell = &found->cells[k][action];
	return cell->compile ? 0 : no_way(dialect, kind, cell, why);
}

static int write_out(const char *text, FILE *out, char **why)
{
	int error;

	errno = 0;
	if (fputs(text, out) >= 0)
		return 0;
	error = errno ? -errno : -EIO;
	return say_why(why, error, "the output could not be written: %s",
		       strerror(-error));
}

static int compile(const struct vfp_hotplug *hotplug, const char *dialect,
		   enum vfp_action action, const struct dialect **ret_dialect,
		   struct commands *commands, char **why)
{
	const struct dialect *found = find_dialect(dialect);
	enum kind kind = hotplug_kind(hotplug);
	const struct cell *cell;
	int r;

	if (!found)
		return no_such_dialect(dialect, why);
	r = hotplug_ready(hotplug, why);
	if (r < 0)
		return r;
	cell = &found->cells[kind][action];
	if (!cell->compile)
		return no_way(dialect, hotplug_kind_name(kind), cell, why);
	*ret_dialect = found;
	return cell->compile(hotplug, commands, why);
}

static void commands_freep(struct vfp_command ***commands)
{
	vfp_commands_free(*commands);
}

static int to_words(const struct vfp_hotplug *hotplug, const struct dialect *dialect,
		    const struct commands *commands, struct vfp_command ***ret,
		    char **why)
{
	_cleanup_(commands_freep) struct vfp_command **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < commands->n; i++) {
		struct vfp_command *command = calloc(1, sizeof(*command));
		int r = command ? list_add((void ***)&list, &n, command) : -ENOMEM;

		if (r < 0) {
			free(command);
			return r;
		}
		command->wait_gone = commands->list[i].wait_gone;
		r = dialect->words(hotplug, &commands->list[i], command, why);
		if (r < 0)
			return r;
	}
	*ret = take(list);
	return 0;
}

_public_ int vfp_hotplug_commands(const struct vfp_hotplug *hotplug, const char *dialect,
				  enum vfp_action action,
				  struct vfp_command ***ret_commands, char **why)
{
	_cleanup_commands_ struct commands commands = { 0 };
	const struct dialect *found = NULL;
	int r;

	clear_why(why);
	r = compile(hotplug, dialect, action, &found, &commands, why);
	if (r < 0)
		return r;
	if (!found->words)
		return say_why(why, -EOPNOTSUPP,
			       "dialect %s is not one of commands that could be executed",
			       dialect);
	return to_words(hotplug, found, &commands, ret_commands, why);
}

static int spell(const struct vfp_hotplug *hotplug, const struct dialect *dialect,
		 const struct commands *commands, struct str *out, char **why)
{
	_cleanup_(commands_freep) struct vfp_command **list = NULL;
	int r;

	if (dialect->spell)
		return dialect->spell(commands, out, why);
	r = to_words(hotplug, dialect, commands, &list, why);
	return r ?: dialect->print(list, out, why);
}

_public_ int vfp_hotplug_render(const struct vfp_hotplug *hotplug, const char *dialect,
				enum vfp_action action, FILE *out, char **why)
{
	_cleanup_commands_ struct commands commands = { 0 };
	_cleanup_str_ struct str text = { 0 };
	const struct dialect *found = NULL;
	int r;

	clear_why(why);
	r = compile(hotplug, dialect, action, &found, &commands, why)
		  ?: spell(hotplug, found, &commands, &text, why);
	return r ?: write_out(text.s, out, why);
}
