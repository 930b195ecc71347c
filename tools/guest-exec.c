/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest through the program that its users have: the words that are printed for it are run,
 * and what it reports is checked by asking it. Its success proves little: virsh reports one
 * for a device that the guest still has after five seconds.
 */
#include "guest-exec.h"

#include "guest-ch.h"
#include "guest.h"

#define POLL_MSEC 500

/* -- one command ----------------------------------------------------------------------------- */

/* "xl pci-attach: what it said" */
static int say_failed(char **why, char *const *words, const struct ran *ran)
{
	_cleanup_free_ char *complaint = ran_complaint(words[0], ran);

	return complaint ? say_why(why, -EREMOTEIO, "%s %s: %s", words[0],
				   nonnull(words[1]), complaint)
			 : -ENOMEM;
}

int exec_ask(const struct exec *exec, const char *const *words, int64_t deadline,
	     struct ran *ran, char **why)
{
	/* Programs are given words that they could write to. */
	char *const *argv = (char *const *)words;
	int r = run_words(exec->ctx, argv, NULL, deadline, ran, why);

	return r == 0 && ran->status != 0 ? say_failed(why, argv, ran) : r;
}

static int run_command(const struct exec *exec, const struct vfp_command *command,
		       int64_t deadline, char **why)
{
	_cleanup_ran_ struct ran ran = { 0 };
	int r = run_words(exec->ctx, command->words, command->input, deadline, &ran, why);

	return r == 0 && ran.status != 0 ? say_failed(why, command->words, &ran) : r;
}

/* Has the guest it, as far as can be told now? Without a sentence. */
static int look(const struct exec *exec, const struct vfp_hotplug *hotplug,
		int64_t deadline)
{
	_cleanup_free_ char *ignored = NULL;

	return exec->program->has(exec, hotplug, deadline, &ignored);
}

static bool was_prepared(const struct exec *exec, const struct vfp_hotplug *hotplug,
			 int64_t deadline)
{
	_cleanup_free_ char *ignored = NULL;

	return !exec->program->is_prepared ||
	       exec->program->is_prepared(exec, hotplug, deadline, &ignored) != 0;
}

/* -- attaching ------------------------------------------------------------------------------- */

/* Those commands that follow once the guest has let go. */
static int run_rest(const struct exec *exec, const struct vfp_hotplug *hotplug,
		    int64_t deadline, char **why)
{
	_cleanup_commands_ struct vfp_command **commands = NULL;
	bool gone = false;
	int r = vfp_hotplug_commands(hotplug, exec->program->name, VFP_DETACH, &commands,
				     why);

	for (size_t i = 0; r == 0 && commands[i]; i++) {
		if (gone)
			r = run_command(exec, commands[i], deadline, why);
		gone = gone || commands[i]->wait_gone;
	}
	return r;
}

/* The guest does not have it: what was prepared for it is put back, too. */
static int give_up(const struct exec *exec, const struct vfp_hotplug *hotplug, int error,
		   bool prepared, int64_t deadline, char **why)
{
	_cleanup_free_ char *also = NULL;

	if (look(exec, hotplug, deadline) == 1)
		return -ETIMEDOUT;
	if (!prepared && run_rest(exec, hotplug, deadline, &also) < 0)
		return say_why(why, -EREMOTEIO, "%s; and it could not be put back: %s",
			       nonnull(*why), nonnull(also));
	return error == -EOPNOTSUPP ? error : -EREMOTEIO;
}

static int confirm(const struct exec *exec, const struct vfp_hotplug *hotplug,
		   int64_t deadline, char **why)
{
	int r = exec->program->has(exec, hotplug, deadline, why);

	if (r == 0)
		return say_why(why, -ETIMEDOUT,
			       "%s said that it was done, but %s is not there",
			       exec->program->name, nonnull(vfp_hotplug_id(hotplug)));
	return r == 1 || r == -EOPNOTSUPP ? 0 : -ETIMEDOUT;
}

static int exec_attach(void *data, struct vfp_hotplug *hotplug, int timeout,
		       char **ret_why)
{
	_cleanup_commands_ struct vfp_command **commands = NULL;
	const struct exec *exec = data;
	int64_t deadline = deadline_in(timeout);
	bool prepared;
	int r = vfp_hotplug_commands(hotplug, exec->program->name, VFP_ATTACH, &commands,
				     ret_why);

	if (r < 0)
		return r;
	if (look(exec, hotplug, deadline) == 1)
		return 1;
	prepared = was_prepared(exec, hotplug, deadline);
	for (size_t i = 0; r == 0 && commands[i]; i++)
		r = run_command(exec, commands[i], deadline, ret_why);
	if (r == -EREMOTEIO || r == -EOPNOTSUPP)
		return give_up(exec, hotplug, r, prepared, deadline, ret_why);
	if (r == -ETIMEDOUT)
		return look(exec, hotplug, deadline_in(POLL_MSEC)) == 1 ? 0 : r;
	if (r == -ECANCELED)
		return -ETIMEDOUT;
	return r ?: confirm(exec, hotplug, deadline, ret_why);
}

/* -- detaching ------------------------------------------------------------------------------- */

/* What the program does not tell of is taken to be as it said. */
static int await_gone(const struct exec *exec, const struct vfp_hotplug *hotplug,
		      int64_t deadline, char **why)
{
	for (;;) {
		int r = exec->program->has(exec, hotplug, deadline, why);

		if (r == 0 || r == -EOPNOTSUPP || r == -ENOMEM)
			return r == -EOPNOTSUPP ? 0 : r;
		if (r == -ECANCELED || vfp_ctx_cancelled(exec->ctx))
			return -ECANCELED;
		if (deadline_passed(deadline))
			return r == 1
				     ? say_why(why, -ETIMEDOUT,
					       "the guest was asked to let go of it, and has "
					       "not yet")
				     : -ETIMEDOUT;
		wait_readable(-1, -1, deadline_first(deadline, deadline_in(POLL_MSEC)));
	}
}

static int let_go(const struct exec *exec, const struct vfp_hotplug *hotplug,
		  const struct vfp_command *command, int64_t deadline, char **why)
{
	int r = run_command(exec, command, deadline, why);

	if (!command->wait_gone || r == -EOPNOTSUPP || r == -ENOMEM)
		return r;
	if (r == -EREMOTEIO)
		return look(exec, hotplug, deadline) == 0 ? 0 : r;
	return await_gone(exec, hotplug, deadline, why);
}

static int exec_detach(void *data, const struct vfp_hotplug *hotplug, int timeout,
		       char **ret_why)
{
	_cleanup_commands_ struct vfp_command **commands = NULL;
	const struct exec *exec = data;
	int64_t deadline = deadline_in(timeout);
	int r = vfp_hotplug_commands(hotplug, exec->program->name, VFP_DETACH, &commands,
				     ret_why);

	if (r < 0)
		return r;
	r = exec->program->has(exec, hotplug, deadline, ret_why);
	if (r < 0 && r != -EOPNOTSUPP)
		return r == -ENOMEM || r == -ECANCELED ? r : -EREMOTEIO;
	if (r == 0 && !was_prepared(exec, hotplug, deadline))
		return -ENOENT;
	if (r == 0)
		return exec->program->is_prepared
			     ? run_rest(exec, hotplug, deadline, ret_why)
			     : -ENOENT;
	r = 0;
	for (size_t i = 0; r == 0 && commands[i]; i++)
		r = let_go(exec, hotplug, commands[i], deadline, ret_why);
	return r;
}

/* -- the operations ---------------------------------------------------------------------------- */

static int exec_find(void *data, const char *id, int timeout, char **ret_kind,
		     char **ret_device, char **ret_why)
{
	const struct exec *exec = data;
	int r;

	if (!exec->program->find)
		return say_why(ret_why, -EOPNOTSUPP, "nothing has an id for %s",
			       exec->program->name);
	r = exec->program->find(exec, id, deadline_in(timeout), ret_kind, ret_device,
				ret_why);
	/* The program itself is not there; it can tell of ids. */
	return r == -EOPNOTSUPP ? -ENODEV : r;
}

static void exec_close(void *data)
{
	struct exec *exec = data;

	free(exec->domain);
	free(exec);
}

static const struct vfp_guest_ops exec_ops = {
	.find = exec_find,
	.attach = exec_attach,
	.detach = exec_detach,
	.close = exec_close,
};

/* -- ch-remote: the API, asked by a program ---------------------------------------------------- */

static int ch_remote_ask(void *data, const struct ch_question *question, int64_t deadline,
			 struct ch_answer *answer, char **ret_why)
{
	const struct exec *exec = data;
	const char *info[] = { "ch-remote", "--api-socket", exec->domain, "info", NULL };
	_cleanup_ran_ struct ran ran = { 0 };
	int r = run_words(exec->ctx, question->words ?: (char *const *)info, NULL,
			  deadline, &ran, ret_why);

	if (r < 0)
		return r;
	answer->status = ran.status == 0 ? 200 : 500;
	answer->body = ran.status == 0 ? ran.out : ran.err;
	/* That one is the answer's now. */
	*(ran.status == 0 ? &ran.out : &ran.err) = (struct str){ 0 };
	return 0;
}

static const struct ch_way ch_remote = {
	.dialect = "ch-remote",
	.ask = ch_remote_ask,
	.close = exec_close,
};

int guest_exec_new(struct vfp_ctx *ctx, const char *dialect, const char *domain,
		   const struct vfp_guest_ops **ret_ops, void **ret_data)
{
	static const struct program *const programs[] = { &program_virsh, &program_xl };
	struct exec *exec = calloc(1, sizeof(*exec));

	if (!exec)
		return -ENOMEM;
	exec->ctx = ctx;
	exec->domain = strdup(domain);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (streq(programs[i]->name, dialect))
			exec->program = programs[i];
	if (exec->domain && streq(dialect, "ch-remote"))
		return ch_guest_new(ctx, &ch_remote, exec, ret_ops, ret_data);
	if (!exec->domain || !exec->program) {
		int r = exec->domain ? -EINVAL : -ENOMEM;

		exec_close(exec);
		return r;
	}
	*ret_ops = &exec_ops;
	*ret_data = exec;
	return 0;
}
