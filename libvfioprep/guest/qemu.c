/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running QEMU as a guest: the connection, and the calls of struct vfp_guest_ops.
 */
#include "guest/qemu.h"

/* Where a question was one of several, only the last word on it is the caller's. */
static int told(struct qemu *qemu, int r, char **why)
{
	if (r == 0 || !why || *why)
		return r;
	return qmp_explain(qemu->qmp, r, why);
}

static int find(void *data, const char *id, int timeout, char **ret_kind,
		char **ret_device, char **why)
{
	clear_why(why);
	return told(data,
		    qemu_find(data, id, deadline_in(timeout), ret_kind, ret_device, why),
		    why);
}

static int attach(void *data, struct vfp_hotplug *hotplug, int timeout, char **why)
{
	clear_why(why);
	return told(data, qemu_attach(data, hotplug, deadline_in(timeout), why), why);
}

static int detach(void *data, const struct vfp_hotplug *hotplug, int timeout, char **why)
{
	const char *id;
	int r;

	clear_why(why);
	r = hotplug_need_id(hotplug, &id, why);
	return told(data, r ?: qemu_detach(data, id, deadline_in(timeout), why), why);
}

static int next_gone(void *data, int timeout, char **ret_id, char **why)
{
	int64_t deadline = deadline_in(timeout);
	struct qemu *qemu = data;

	for (;;) {
		_cleanup_json_ json_t *event = NULL;
		int r = qmp_event(qemu->qmp, deadline, &event, why);
		const char *gone;

		if (r < 0)
			return r;
		gone = event_gone(event);
		if (gone) {
			char *id = strdup(gone);

			if (!id)
				return -ENOMEM;
			*ret_id = id;
			return 0;
		}
		if (deadline_passed(deadline))
			return -ETIMEDOUT;
	}
}

static int process(void *data)
{
	return qmp_process(((struct qemu *)data)->qmp);
}

static void close_qemu(void *data)
{
	struct qemu *qemu = data;

	qmp_close(qemu->qmp);
	free(qemu);
}

static const struct vfp_guest_ops operations = {
	.find = find,
	.attach = attach,
	.detach = detach,
	.next_gone = next_gone,
	.process = process,
	.close = close_qemu,
};

_public_ int vfp_guest_qmp(struct vfp_ctx *ctx, const char *socket,
			   const struct vfp_guest_ops **ret_ops, void **ret_data,
			   char **why)
{
	struct qemu *qemu;
	int r;

	clear_why(why);
	if (ctx->dump)
		return say_why(why, -EROFS,
			       "a dump of a host has no running guest; leave out "
			       "--sysroot");
	/* Whoever waits for a guest to start calls again and again. */
	if (ctx_cancelled(ctx))
		return -ECANCELED;
	qemu = calloc(1, sizeof(*qemu));
	if (!qemu)
		return -ENOMEM;
	qemu->ctx = ctx;
	r = qmp_open(ctx, socket, qemu_keep_event, &qemu->qmp, why);
	if (r < 0) {
		free(qemu);
		return r;
	}
	*ret_ops = &operations;
	*ret_data = qemu;
	return 0;
}
