/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP's wire: commands with ids, answers, and the events that come before, between and
 * after them. What is at the other end is trusted with nothing: kept events have a largest
 * sum, and each wait has a deadline that no amount of talk prolongs.
 */
#include "guest/qmp.h"

#include <poll.h>
#include <sys/socket.h>

#define KEPT_MAX (256 << 10)

struct kept {
	struct kept *next;
	json_t *event;
	size_t size;
};

struct qmp {
	struct vfp_ctx *ctx;
	int fd;
	qmp_keep_fn *keep;
	json_int_t id; /* of the last command */
	bool deaf;     /* to the context's cancel */
	int broken;    /* the errno with which all calls fail from now on, and why */
	char *broken_why;
	struct stream in;
	struct kept *first, *last;
	size_t kept; /* the sum of their sizes */
};

int qmp_new(struct vfp_ctx *ctx, int fd, qmp_keep_fn *keep, struct qmp **ret_qmp)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		return -ENOMEM;
	*qmp = (struct qmp){ .ctx = ctx, .fd = fd, .keep = keep };
	*ret_qmp = qmp;
	return 0;
}

static void drop_first(struct qmp *qmp)
{
	struct kept *kept = qmp->first;

	qmp->first = kept->next;
	if (!qmp->first)
		qmp->last = NULL;
	qmp->kept -= kept->size;
	json_decref(kept->event);
	free(kept);
}

void qmp_forget_events(struct qmp *qmp)
{
	while (qmp->first)
		drop_first(qmp);
}

void qmp_close(struct qmp *qmp)
{
	if (!qmp)
		return;
	qmp_forget_events(qmp);
	closep(&qmp->fd);
	str_done(&qmp->in.text);
	free(qmp->broken_why);
	free(qmp);
}

int qmp_cancel_fd(const struct qmp *qmp)
{
	return qmp->deaf ? -1 : qmp->ctx->cancel_fd;
}

bool qmp_heed_cancel(struct qmp *qmp, bool heed)
{
	bool heeded = !qmp->deaf;

	qmp->deaf = !heed;
	return heeded;
}

int qmp_process(const struct qmp *qmp)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? 0
									      : peer.pid;
}

/* -- what has gone wrong for good ------------------------------------------------------- */

static int broken(struct qmp *qmp, char **why)
{
	return say_why(why, qmp->broken, "%s", nonnull(qmp->broken_why));
}

static int break_off(struct qmp *qmp, int error, const char *sentence)
{
	free(qmp->broken_why);
	qmp->broken_why = strdup(sentence);
	qmp->broken = error;
	return error;
}

static int no_qmp(struct qmp *qmp, const char *what)
{
	_cleanup_free_ char *sentence =
		strf("the monitor does not keep to QMP: it sent %s", what);

	return break_off(qmp, -EPROTO, nonnull(sentence));
}

static int closed(struct qmp *qmp)
{
	return break_off(qmp, -EPIPE, "QEMU has closed the connection");
}

/* -- messages ---------------------------------------------------------------------------- */

static void log_received(struct qmp *qmp, json_t *message)
{
	_cleanup_free_ char *text = NULL;

	if (!qmp->ctx->log || qmp->ctx->log_level < LOG_DEBUG)
		return;
	text = json_dumps(message, JSON_COMPACT | JSON_ENSURE_ASCII);
	log_debug(qmp->ctx, "QMP: received %s", nonnull(text));
}

static int next_message(struct qmp *qmp, json_t **ret_message, size_t *ret_size)
{
	const char *wrong = NULL;
	int r = stream_next(&qmp->in, ret_message, ret_size, &wrong);

	if (wrong)
		return no_qmp(qmp, wrong);
	if (r == 0 && *ret_message)
		log_received(qmp, *ret_message);
	return r;
}

static int receive(struct qmp *qmp)
{
	char bytes[16384];
	ssize_t n = recv(qmp->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		return str_add_bytes(&qmp->in.text, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return closed(qmp);
}

/* -- events ------------------------------------------------------------------------------ */

/* Whoever waits for what a dropped event told asks QEMU itself as well. */
static int keep_event(struct qmp *qmp, json_t *event, size_t size)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	*kept = (struct kept){ .event = json_incref(event), .size = size };
	if (qmp->last)
		qmp->last->next = kept;
	else
		qmp->first = kept;
	qmp->last = kept;
	qmp->kept += size;
	while (qmp->kept > KEPT_MAX) {
		log_warn(qmp->ctx, "QMP: more events than can be kept; one is dropped");
		drop_first(qmp);
	}
	return 0;
}

static int take_event(struct qmp *qmp, json_t *message, size_t size)
{
	const char *name = json_string_value(json_object_get(message, "event"));

	if (!name)
		return no_qmp(qmp, "an event without a name");
	if (!qmp->keep(name, json_object_get(message, "data")))
		return 0;
	return keep_event(qmp, message, size);
}

/* -- waiting ----------------------------------------------------------------------------- */

/*
 * The next message that is no event; events are kept. With @until_kept also when an event
 * has been kept: NULL then.
 */
static int await_message(struct qmp *qmp, int64_t deadline, bool until_kept,
			 json_t **ret_message)
{
	for (;;) {
		_cleanup_json_ json_t *message = NULL;
		size_t size;
		int r = next_message(qmp, &message, &size);

		if (r == 0 && message && !json_object_get(message, "event")) {
			*ret_message = take(message);
			return 0;
		}
		if (r == 0 && message)
			r = take_event(qmp, message, size);
		if (r < 0)
			return r;
		if (until_kept && qmp->first) {
			*ret_message = NULL;
			return 0;
		}
		if (message && !deadline_passed(deadline))
			continue;
		r = message ? 0 : wait_readable(qmp->fd, qmp_cancel_fd(qmp), deadline);
		if (r <= 0)
			return r < 0 ? r : -ETIMEDOUT;
		r = receive(qmp);
		if (r < 0)
			return r;
	}
}

/* A command of which a part was sent would be the beginning of the next one. */
static int send_text(struct qmp *qmp, const char *text, size_t n, int64_t deadline)
{
	while (n) {
		ssize_t sent = send(qmp->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (sent >= 0) {
			text += sent;
			n -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return closed(qmp);
		r = wait_ready(qmp->fd, POLLOUT, qmp_cancel_fd(qmp), deadline);
		if (r <= 0)
			return break_off(qmp, r < 0 ? r : -ETIMEDOUT,
					 "QEMU's monitor does not read what it is sent");
	}
	return 0;
}

/* -- commands ---------------------------------------------------------------------------- */

static int send_command(struct qmp *qmp, const char *name, json_t *args, int64_t deadline)
{
	json_t *object = args ? json_pack("{s:s,s:O,s:I}", "execute", name, "arguments",
					  args, "id", ++qmp->id)
			      : json_pack("{s:s,s:I}", "execute", name, "id", ++qmp->id);
	_cleanup_free_ char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
	_cleanup_free_ char *text = line ? strf("%s\n", line) : NULL;

	json_decref(object);
	if (!text)
		return -ENOMEM;
	log_debug(qmp->ctx, "QMP: sent %s", line);
	return send_text(qmp, text, strlen(text), deadline);
}

static int refused(json_t *error, char **why)
{
	const char *class = nonnull(json_string_value(json_object_get(error, "class")));
	const char *desc = json_string_value(json_object_get(error, "desc"));
	_cleanup_free_ char *shown = escape(desc ? desc : "no reason given");
	int r = -EREMOTEIO;

	if (streq(class, "DeviceNotFound"))
		r = -ENOENT;
	else if (streq(class, "CommandNotFound"))
		r = -EOPNOTSUPP;
	return say_why(why, r, "%s", nonnull(shown));
}

/* Errors on what QEMU could not even parse have no id, and nothing of ours is such. */
static int take_answer(struct qmp *qmp, json_t *message, json_t **ret_answer, char **why)
{
	json_t *answer = json_object_get(message, "return");
	json_t *error = json_object_get(message, "error");

	if (json_is_object(error) && !answer)
		return refused(error, why);
	if (!answer || error)
		return no_qmp(qmp, "neither an answer nor an event");
	if (ret_answer)
		*ret_answer = json_incref(answer);
	return 0;
}

/* Answers to commands for which nobody waits any more may still come. */
static int await_answer(struct qmp *qmp, int64_t deadline, json_t **ret_answer,
			char **why)
{
	for (;;) {
		_cleanup_json_ json_t *message = NULL;
		json_t *id;
		int r = await_message(qmp, deadline, false, &message);

		if (r < 0)
			return r;
		id = json_object_get(message, "id");
		if (!json_is_integer(id) || json_integer_value(id) < 1 ||
		    json_integer_value(id) > qmp->id)
			return no_qmp(qmp, "an answer to what it was not asked");
		if (json_integer_value(id) == qmp->id)
			return take_answer(qmp, message, ret_answer, why);
		if (deadline_passed(deadline))
			return -ETIMEDOUT;
	}
}

/* What no answer could be had for gets its sentence here. */
static int explain(struct qmp *qmp, int r, const char *name, char **why)
{
	if (qmp->broken)
		return broken(qmp, why);
	if (r == -ETIMEDOUT)
		return say_why(why, r, "QEMU did not answer %s in time", name);
	if (r == -ECANCELED)
		return say_why(why, r, "interrupted while QEMU was asked for %s", name);
	return r;
}

int qmp_explain(struct qmp *qmp, int r, char **why)
{
	return explain(qmp, r, "what it has", why);
}

int qmp_command(struct qmp *qmp, const char *name, json_t *args, int64_t deadline,
		json_t **ret_answer, char **why)
{
	int r;

	if (qmp->broken)
		return broken(qmp, why);
	r = send_command(qmp, name, args, deadline);
	if (r == 0)
		r = await_answer(qmp, deadline, ret_answer, why);
	return explain(qmp, r, name, why);
}

int qmp_event(struct qmp *qmp, int64_t deadline, json_t **ret_event, char **why)
{
	_cleanup_json_ json_t *message = NULL;

	/* What was kept before the connection broke off is still told. */
	while (!qmp->first) {
		int r = qmp->broken ?: await_message(qmp, deadline, true, &message);

		if (r < 0)
			return r == -ETIMEDOUT ? r : explain(qmp, r, "events", why);
		json_decref(take(message));
	}
	*ret_event = json_incref(qmp->first->event);
	drop_first(qmp);
	return 0;
}

int qmp_greeting(struct qmp *qmp, int64_t deadline)
{
	_cleanup_json_ json_t *message = NULL;
	int r = await_message(qmp, deadline, false, &message);

	if (r < 0)
		return qmp->broken ?: r;
	return json_is_object(json_object_get(message, "QMP"))
		     ? 0
		     : no_qmp(qmp, "no greeting");
}
