/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of Cloud Hypervisor, through its API. An answer to a change is believed in one
 * thing alone, that it was refused; that something is there or gone is seen in vm.info,
 * which is asked before and after. 204 for a removal says that the guest was asked.
 */
#include "guest-ch.h"
#include "guest.h"

#define INFO      "/api/v1/vm.info"
#define REMOVE    "/api/v1/vm.remove-device"
#define RESIZE    "/api/v1/vm.resize"
#define POLL_MSEC 200

struct ch {
	struct vfp_ctx *ctx;
	const struct ch_way *way;
	void *data;
};

/* One command, taken apart. */
struct request {
	struct ch_question question;
	json_t *body;
	const char *id; /* NULL: it is about no device */
};

static void request_done(struct request *request)
{
	json_decref(request->body);
}
#define _cleanup_request_ _cleanup_(request_done)

/* -- asking ---------------------------------------------------------------------------------- */

static int wait_a_bit(struct ch *ch, int64_t deadline)
{
	if (deadline_passed(deadline))
		return -ETIMEDOUT;
	wait_readable(-1, -1, deadline_first(deadline, deadline_in(POLL_MSEC)));
	return vfp_ctx_cancelled(ch->ctx) ? -ECANCELED : 0;
}

static int ask_info(struct ch *ch, int64_t deadline, json_t **ret_info, char **why)
{
	_cleanup_answer_ struct ch_answer answer = { 0 };
	const struct ch_question question = { .method = "GET", .path = INFO };
	_cleanup_free_ char *words = NULL;
	int r = ch->way->ask(ch->data, &question, deadline, &answer, why);

	if (r < 0)
		return r;
	r = ch_outcome(answer.status, answer.body.s, answer.body.len, &words);
	if (r == -EPROTO)
		return say_why(why, -EPROTO, "vm.info has an answer that cannot be read");
	if (r < 0)
		return say_why(why, r == -ENOMEM ? r : -EREMOTEIO,
			       "there is no guest: %s", nonnull(words));
	r = ch_info_parse(answer.body.s, answer.body.len, ret_info);
	return r < 0 ? say_why(why, r, "the answer of vm.info is not one") : 0;
}

static int request_read(const struct vfp_command *command,
			const struct vfp_command *as_words, struct request *ret)
{
	if (list_length(command->words) < 2)
		return -EINVAL;
	ret->question =
		(struct ch_question){ .method = command->words[0],
				      .path = command->words[1],
				      .body = command->input,
				      .words = as_words ? as_words->words : NULL };
	ret->body = json_loads(nonnull(command->input), 0, NULL);
	ret->id = json_string_value(json_object_get(ret->body, "id"));
	return ret->body ? 0 : -EINVAL;
}

/* What was refused for now is asked for again. */
static int send(struct ch *ch, const struct request *request, int64_t deadline,
		char **why)
{
	int r;

	for (;;) {
		_cleanup_answer_ struct ch_answer answer = { 0 };
		_cleanup_free_ char *words = NULL;

		r = ch->way->ask(ch->data, &request->question, deadline, &answer, why);
		if (r < 0)
			return r;
		r = ch_outcome(answer.status, answer.body.s, answer.body.len, &words);
		if (r < 0 && words)
			say_why(why, r, "%s", words);
		if (r != -EAGAIN)
			return r;
		if (wait_a_bit(ch, deadline) < 0)
			return -EREMOTEIO;
	}
}

/* -- waiting until it is so ------------------------------------------------------------------ */

typedef bool holds_fn(const json_t *info, const struct request *request);

static bool is_there(const json_t *info, const struct request *request)
{
	return ch_info_has(info, request->id);
}

static bool is_gone(const json_t *info, const struct request *request)
{
	return !ch_info_has(info, request->id);
}

static bool has_size(const json_t *info, const struct request *request)
{
	return ch_info_has_size(info, request->body);
}

/* An answer that does not come does not settle anything: it is asked for until the end. */
static int await(struct ch *ch, const struct request *request, holds_fn *holds,
		 int64_t deadline, char **why)
{
	for (;;) {
		_cleanup_json_ json_t *info = NULL;
		int waited, r = ask_info(ch, deadline, &info, why);

		if (r == -ENOMEM || r == -ECANCELED || (r == 0 && holds(info, request)))
			return r;
		/* Nobody is there any more. */
		if (r == -ENODEV)
			return -EPIPE;
		waited = wait_a_bit(ch, deadline);
		if (waited < 0)
			return waited == -ETIMEDOUT && r < 0 ? r : waited;
	}
}

/* -- changing -------------------------------------------------------------------------------- */

static bool was_refused(int error)
{
	return error == -EREMOTEIO || error == -ENOENT;
}

/* Asked, and no answer that tells what came of it. */
static bool may_have_come(int error)
{
	return error == -ETIMEDOUT || error == -EPIPE || error == -EPROTO ||
	       error == -ECANCELED;
}

/* What could not be looked at is not begun: it stays as it is. */
static int look_first(struct ch *ch, int64_t deadline, json_t **ret_info, char **why)
{
	int r = ask_info(ch, deadline, ret_info, why);

	if (r == -ETIMEDOUT || r == -EPIPE || r == -EPROTO)
		return -EREMOTEIO;
	return r;
}

/* Refused, and so it is as it was, unless the guest turns out to be otherwise. */
static int look_again(struct ch *ch, const struct request *request, bool there,
		      int64_t deadline)
{
	_cleanup_json_ json_t *info = NULL;
	_cleanup_free_ char *ignored = NULL;
	int r = ask_info(ch, deadline, &info, &ignored);

	return r == 0 && ch_info_has(info, request->id) == there ? -EREMOTEIO
	     : r == 0 && there                                   ? 0
								 : -ETIMEDOUT;
}

static int add(struct ch *ch, const struct request *request, int64_t deadline, char **why)
{
	_cleanup_json_ json_t *info = NULL;
	int sent, r = look_first(ch, deadline, &info, why);

	if (r < 0 || ch_info_is(info, request->id, request->body))
		return r;
	if (ch_info_has(info, request->id))
		return say_why(
			why, -EPERM,
			"the guest has something else by the id %s, or has not let go "
			"of it yet; give another with --id",
			request->id);
	sent = send(ch, request, deadline, why);
	if (was_refused(sent))
		return look_again(ch, request, false, deadline);
	if (sent < 0 && !may_have_come(sent))
		return sent;
	/* Said to be done, or the answer was lost: what is there tells. */
	r = await(ch, request, is_there, deadline, why);
	return r == -ETIMEDOUT && sent == 0
		     ? say_why(why, r, "said to be done, but the guest does not have %s",
			       request->id)
		     : r;
}

static int drop(struct ch *ch, const struct request *request, int64_t deadline,
		char **why)
{
	_cleanup_json_ json_t *info = NULL;
	int sent, r = look_first(ch, deadline, &info, why);

	if (r < 0)
		return r == -ENODEV ? -EPIPE : r;
	if (!ch_info_has(info, request->id))
		return -ENOENT;
	sent = send(ch, request, deadline, why);
	if (was_refused(sent))
		return look_again(ch, request, true, deadline);
	if (sent < 0 && !may_have_come(sent))
		return sent == -ENODEV ? -EPIPE : sent;
	r = await(ch, request, is_gone, deadline, why);
	return r == -ETIMEDOUT && sent == 0
		     ? say_why(why, r,
			       "the guest was asked to let go of %s, and has not yet",
			       request->id)
		     : r;
}

static int resize(struct ch *ch, const struct request *request, int64_t deadline,
		  char **why)
{
	_cleanup_json_ json_t *info = NULL;
	int sent, r = look_first(ch, deadline, &info, why);

	if (r < 0 || ch_info_has_size(info, request->body))
		return r;
	r = ch_info_can_have_size(info, request->body, why);
	if (r < 0)
		return r;
	sent = send(ch, request, deadline, why);
	if (sent < 0 && !may_have_come(sent))
		return sent == -ENOENT ? -EREMOTEIO : sent;
	r = await(ch, request, has_size, deadline, why);
	return r == -ETIMEDOUT && sent == 0
		     ? say_why(why, r,
			       "the guest was asked for it, and does not have it yet")
		     : r;
}

static int carry_out(struct ch *ch, const struct vfp_command *command,
		     const struct vfp_command *as_words, int64_t deadline, char **why)
{
	_cleanup_request_ struct request request = { 0 };
	int r = request_read(command, as_words, &request);

	if (r < 0)
		return say_why(why, r, "no command of Cloud Hypervisor's API");
	if (streq(request.question.path, RESIZE))
		return resize(ch, &request, deadline, why);
	if (!request.id)
		return say_why(why, -EINVAL, "%s without an id", request.question.path);
	if (streq(request.question.path, REMOVE))
		return drop(ch, &request, deadline, why);
	return add(ch, &request, deadline, why);
}

/* Both dialects have the same commands, in the same order. */
static int carry_out_all(struct ch *ch, const struct vfp_hotplug *hotplug,
			 enum vfp_action action, int timeout, char **why)
{
	_cleanup_commands_ struct vfp_command **commands = NULL, **words = NULL;
	const char *dialect = ch->way->dialect;
	int64_t deadline = deadline_in(timeout);
	int r = vfp_hotplug_commands(hotplug, "ch-api", action, &commands, why);

	if (r == 0 && dialect)
		r = vfp_hotplug_commands(hotplug, dialect, action, &words, why);
	for (size_t i = 0; r == 0 && commands[i]; i++)
		r = carry_out(ch, commands[i], words ? words[i] : NULL, deadline, why);
	return r;
}

/* -- the operations ---------------------------------------------------------------------------- */

static int ch_find(void *data, const char *id, int timeout, char **ret_kind,
		   char **ret_device, char **ret_why)
{
	_cleanup_json_ json_t *info = NULL;
	int r = ask_info(data, deadline_in(timeout), &info, ret_why);

	return r ?: ch_info_find(info, id, ret_kind, ret_device);
}

static int ch_attach(void *data, struct vfp_hotplug *hotplug, int timeout, char **ret_why)
{
	return carry_out_all(data, hotplug, VFP_ATTACH, timeout, ret_why);
}

static int ch_detach(void *data, const struct vfp_hotplug *hotplug, int timeout,
		     char **ret_why)
{
	return carry_out_all(data, hotplug, VFP_DETACH, timeout, ret_why);
}

static int ch_process(void *data)
{
	struct ch *ch = data;

	return ch->way->process ? ch->way->process(ch->data) : 0;
}

static void ch_close(void *data)
{
	struct ch *ch = data;

	ch->way->close(ch->data);
	free(ch);
}

static const struct vfp_guest_ops ch_ops = {
	.find = ch_find,
	.attach = ch_attach,
	.detach = ch_detach,
	.process = ch_process,
	.close = ch_close,
};

int ch_guest_new(struct vfp_ctx *ctx, const struct ch_way *way, void *data,
		 const struct vfp_guest_ops **ret_ops, void **ret_data)
{
	struct ch *ch = malloc(sizeof(*ch));

	if (!ch) {
		way->close(data);
		return -ENOMEM;
	}
	*ch = (struct ch){ ctx, way, data };
	*ret_ops = &ch_ops;
	*ret_data = ch;
	return 0;
}
