/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a device into a running QEMU: choose what was left open, send the commands that
 * the dialect qmp prints, look whether it is there. What is refused on the way takes with it
 * what was sent before, backwards.
 *
 * From the first command on, a cancel is heeded only between two: what came of a command
 * has to be known before it can be put back.
 */
#include "guest/qemu.h"

#define UNDO_MSEC 2000 /* at least, when the deadline is near */

static int compile(const struct vfp_hotplug *hotplug, struct commands *commands,
		   char **why)
{
	const struct cell *cell = &qemu_running[hotplug_kind(hotplug)][VFP_ATTACH];
	int r = hotplug_ready(hotplug, why);

	commands_done(commands);
	if (r < 0)
		return r;
	if (!cell->compile)
		return say_why(why, -EOPNOTSUPP, "%s",
			       cell->why_not ? cell->why_not
					     : "a running QEMU cannot be told this");
	return cell->compile(hotplug, commands, why);
}

static const char *driver_of(const struct commands *commands)
{
	for (size_t i = 0; i < commands->n; i++)
		if (streq(commands->list[i].name, "device_add"))
			return json_string_value(
				json_object_get(commands->list[i].args, "driver"));
	return NULL;
}

/* -- back -------------------------------------------------------------------------------- */

static int undo_one(struct qemu *qemu, const struct command *command, int64_t deadline)
{
	struct backends backends = { .n = 1 };
	const char *id;

	if (streq(command->name, "device_add")) {
		id = json_string_value(json_object_get(command->args, "id"));
		return id ? qemu_remove_device(qemu, id, deadline, NULL) : 0;
	}
	if (!backend_of_command(command, &backends.list[0]))
		return 0;
	return qemu_remove_backends(qemu, &backends, deadline, NULL);
}

/* The first @n of @commands, backwards. @r: why; -ETIMEDOUT when something of it stays. */
static int undo(struct qemu *qemu, const struct commands *commands, size_t n, int r,
		int64_t deadline, char **why)
{
	int64_t least = deadline_in(UNDO_MSEC);

	if (deadline && deadline < least)
		deadline = least;
	while (n--) {
		const struct command *command = &commands->list[n];

		if (undo_one(qemu, command, deadline) < 0) {
			const char *reason = why ? *why : NULL;

			return say_why(why, -ETIMEDOUT,
				       "%s; and what %s had added could not be removed "
				       "again",
				       nonnull(reason), command->name);
		}
	}
	return r;
}

/* -- forth ------------------------------------------------------------------------------- */

static bool is_refusal(int r)
{
	return r == -EREMOTEIO || r == -ENOENT || r == -EOPNOTSUPP;
}

static int refused(const char *command, char **why)
{
	const char *reason = why ? *why : NULL;

	return say_why(why, -EREMOTEIO, "QEMU refused %s: %s", command, nonnull(reason));
}

/* Whatever went wrong with an answer: the command may have been carried out. */
static int unknown(const char *command, char **why)
{
	const char *reason = why ? *why : NULL;

	return say_why(why, -ETIMEDOUT, "it is not known what came of %s: %s", command,
		       nonnull(reason));
}

static int send_all(struct qemu *qemu, const struct commands *commands, int64_t deadline,
		    char **why)
{
	for (size_t i = 0; i < commands->n; i++) {
		const struct command *command = &commands->list[i];
		int r = ctx_cancelled(qemu->ctx) ? -ECANCELED : 0;

		if (r == 0)
			r = qmp_command(qemu->qmp, command->name, command->args, deadline,
					NULL, why);
		if (is_refusal(r))
			r = refused(command->name, why);
		else if (r < 0 && r != -ECANCELED)
			return unknown(command->name, why);
		if (r < 0)
			return undo(qemu, commands, i, r, deadline, why);
	}
	return 0;
}

static int verify(struct qemu *qemu, const struct commands *commands, const char *id,
		  int64_t deadline, char **why)
{
	int r = qemu_verify(qemu, id, deadline, why);

	if (r == 0 && ctx_cancelled(qemu->ctx))
		r = -ECANCELED;
	if (is_refusal(r))
		r = -EREMOTEIO;
	if (r == -EREMOTEIO || r == -ECANCELED)
		return undo(qemu, commands, commands->n, r, deadline, why);
	return r < 0 ? unknown("the plug", why) : 0;
}

/* Memory that is resized is done when the guest has it; the others have no such size. */
static int await_size(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL;
	int r = path ? qemu_list(qemu, path, deadline, &list, why) : -ENOMEM;

	if (r < 0 || !memory_resizes(list))
		return r;
	return qemu_await_size(qemu, id, deadline, why);
}

static int carry_out(struct qemu *qemu, const struct commands *commands, const char *id,
		     int64_t deadline, char **why)
{
	bool heeded = qmp_heed_cancel(qemu->qmp, false);
	int r = send_all(qemu, commands, deadline, why);

	if (r == 0 && driver_of(commands))
		r = verify(qemu, commands, id, deadline, why);
	qmp_heed_cancel(qemu->qmp, heeded);
	return r ?: await_size(qemu, id, deadline, why);
}

/* 1: it is there already. */
static int is_there(struct qemu *qemu, const struct vfp_hotplug *hotplug,
		    struct commands *commands, int64_t deadline, char **why)
{
	const char *id = vfp_hotplug_id(hotplug);
	int r = id ? qemu_has(qemu, id, deadline, NULL) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = compile(hotplug, commands, why);
	if (r < 0 || !driver_of(commands))
		return r;
	return qemu_same(qemu, id, commands, deadline, why) ?: 1;
}

int qemu_attach(struct qemu *qemu, struct vfp_hotplug *hotplug, int64_t deadline,
		char **why)
{
	_cleanup_commands_ struct commands commands = { 0 };
	const char *driver;
	int r = qemu_choose_cpu(qemu, hotplug, deadline, why)
		      ?: is_there(qemu, hotplug, &commands, deadline, why);

	if (r != 0)
		return r;
	r = compile(hotplug, &commands, why);
	if (r < 0)
		return r;
	driver = driver_of(&commands);
	if (driver)
		r = qemu_choose_port(qemu, hotplug, driver, deadline, why)
			  ?: compile(hotplug, &commands, why);
	return r ?: carry_out(qemu, &commands, vfp_hotplug_id(hotplug), deadline, why);
}
