/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a device out of a running QEMU: what stands behind it is asked for while it is
 * there, it is removed, and what stood behind it after it.
 */
#include "guest/qemu.h"

#define PUT_BACK_MSEC 2000

/* Memory that is resized goes at size 0 or not at all; if not at all, it stays as it was. */
static int remove_memory(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	json_int_t before = 0;
	int64_t extra;
	bool heeded;
	int r = qemu_request_size(qemu, id, 0, &before, deadline, why);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = qemu_await_size(qemu, id, deadline, why);
	if (r == 0)
		r = qemu_remove_device(qemu, id, deadline, why);
	if (r != -EREMOTEIO && r != -ETIMEDOUT && r != -ECANCELED)
		return r;
	extra = deadline_in(PUT_BACK_MSEC);
	heeded = qmp_heed_cancel(qemu->qmp, false);
	if (qemu_request_size(qemu, id, before, NULL, extra, NULL) < 0)
		log_warn(qemu->ctx, "%s: its size could not be set back", id);
	qmp_heed_cancel(qemu->qmp, heeded);
	return r;
}

static int remove_found(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL;
	int r = path ? qemu_list(qemu, path, deadline, &list, why) : -ENOMEM;

	if (r < 0)
		return r;
	return memory_resizes(list) ? remove_memory(qemu, id, deadline, why)
				    : qemu_remove_device(qemu, id, deadline, why);
}

/* The device itself is free by now, which is what its host is waiting for. */
static int remove_behind(struct qemu *qemu, const char *id,
			 const struct backends *backends, int64_t deadline, char **why)
{
	_cleanup_free_ char *reason = NULL;
	int r = qemu_remove_backends(qemu, backends, deadline, &reason);

	if (r >= 0)
		r = qemu_remove_leftovers(qemu, id, deadline, &reason);
	if (r >= 0)
		return 0;
	return say_why(why, -ENOTEMPTY,
		       "%s has gone, and QEMU keeps what was behind it: %s", id,
		       reason ? reason : strerror(-r));
}

/* An earlier detach may have ended between the device and what stood behind it. */
static int remove_rest(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	int r = qemu_remove_leftovers(qemu, id, deadline, NULL);

	if (r < 0)
		return r;
	return r ? 0 : say_why(why, -ENOENT, "the guest has nothing with the id %s", id);
}

int qemu_detach(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_backends_ struct backends backends = { 0 };
	int r = qemu_has(qemu, id, deadline, NULL);

	if (r == -ENOENT)
		return remove_rest(qemu, id, deadline, why);
	if (r == 0)
		r = qemu_backends(qemu, id, deadline, &backends, why);
	if (r == 0)
		r = remove_found(qemu, id, deadline, why);
	return r ?: remove_behind(qemu, id, &backends, deadline, why);
}
