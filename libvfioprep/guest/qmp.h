/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on QMP's wire: one connection to one monitor of a running QEMU. It
 * knows commands, their answers and events, and no device.
 */
#ifndef VFIOPREP_QMP_H
#define VFIOPREP_QMP_H

#include "guest/guest.h"

/* -- qmp-stream.c ------------------------------------------------------------------------ */

struct stream {
	struct str text; /* what has arrived; a message begins at .s */
	size_t at;	 /* so many bytes of it have been looked at */
	int depth;
	bool string, escaped;
};

/*
 * The next message; NULL when none has arrived as a whole. *ret_size: of its text. -EPROTO:
 * it is none, and *ret_wrong, which must be NULL before, says what it is.
 */
int stream_next(struct stream *stream, json_t **ret_message, size_t *ret_size,
		const char **ret_wrong);

/* -- qmp.c, qmp-open.c ------------------------------------------------------------------- */

struct qmp;

/* Whether an event is worth keeping until somebody asks for it. */
typedef bool qmp_keep_fn(const char *event, json_t *data);

/*
 * Connect to the monitor at @path, wait up to 3 s for its greeting, and negotiate; events
 * that @keep wants are kept from then on.
 * -EINVAL: @path is too long for a socket; -ENODEV: nothing listens there; -EPERM: may not
 * be opened; -EBUSY: no greeting, so another client has it; -EPROTO: not QMP; -EPIPE: closed;
 * -ETIMEDOUT: greeted, and then silent; -ECANCELED.
 */
int qmp_open(struct vfp_ctx *ctx, const char *path, qmp_keep_fn *keep,
	     struct qmp **ret_qmp, char **why);
void qmp_close(struct qmp *qmp);

/* On a connected @fd, which belongs to it on success; and what qmp_open() waits for first. */
int qmp_new(struct vfp_ctx *ctx, int fd, qmp_keep_fn *keep, struct qmp **ret_qmp);
int qmp_greeting(struct qmp *qmp, int64_t deadline);

/* The process that listens at the other end; 0: not known. */
int qmp_process(const struct qmp *qmp);

/*
 * Send the command @name with @args (an object, or NULL) and wait for its answer.
 * *ret_answer, when asked for, belongs to the caller. Without an answer:
 * -ENOENT: refused with the class DeviceNotFound; -EOPNOTSUPP: CommandNotFound; -EREMOTEIO:
 * refused for another reason. *why is then QEMU's own sentence.
 * -ETIMEDOUT: none until @deadline; -ECANCELED; -EPROTO: what came is no QMP; -EPIPE: closed.
 * After these four it is not known whether the command was carried out, and after the last
 * two all further calls fail in the same way.
 */
int qmp_command(struct qmp *qmp, const char *name, json_t *args, int64_t deadline,
		json_t **ret_answer, char **why);

/* The sentence on @r, an error of a command for which none was wanted then; returns @r. */
int qmp_explain(struct qmp *qmp, int r, char **why);

/*
 * The next of the events that are kept, as the whole message: {"event": ..., "data": {...}}.
 * -ETIMEDOUT: none until @deadline; the others as above.
 */
int qmp_event(struct qmp *qmp, int64_t deadline, json_t **ret_event, char **why);

/* Forget the events that were kept so far. */
void qmp_forget_events(struct qmp *qmp);

/*
 * Whether the context's cancel ends a wait, as it does at first. A change that has begun is
 * waited for, and put back after that. Returns how it was.
 */
bool qmp_heed_cancel(struct qmp *qmp, bool heed);

/* For other waits meanwhile: the context's, or -1. */
int qmp_cancel_fd(const struct qmp *qmp);

#define _cleanup_json_ _cleanup_(json_decrefp)

#endif
