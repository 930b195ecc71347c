/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a running QEMU that is resized (virtio-mem): the guest is told a size, and comes
 * as near to it as it can, in its own time.
 */
#include "guest/qemu.h"

#define LOOK_MSEC 200

bool memory_resizes(json_t *list)
{
	return list_type(list, "requested-size") && list_type(list, "memdev");
}

static int get_size(struct qemu *qemu, const char *path, const char *property,
		    int64_t deadline, json_int_t *ret_size, char **why)
{
	_cleanup_json_ json_t *value = NULL;
	int r = qemu_get(qemu, path, property, deadline, &value, why);

	if (r < 0)
		return r;
	*ret_size = json_integer_value(value);
	return 0;
}

int qemu_await_size(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	int r = path ? 0 : -ENOMEM;

	while (r == 0) {
		json_int_t wanted = 0, size = 0;

		r = get_size(qemu, path, "requested-size", deadline, &wanted, why)
			  ?: get_size(qemu, path, "size", deadline, &size, why);
		if (r < 0 || size == wanted)
			return r;
		r = qemu_pause(qemu, LOOK_MSEC, deadline);
		if (r == -ETIMEDOUT)
			return say_why(why, r,
				       "%s has %lld bytes of the %lld that the guest was "
				       "asked for; it may still get there",
				       id, (long long)size, (long long)wanted);
	}
	return r;
}

int qemu_request_size(struct qemu *qemu, const char *id, json_int_t size,
		      json_int_t *ret_before, int64_t deadline, char **why)
{
	_cleanup_free_ char *path = qemu_path(id);
	json_int_t before;
	int r = path ? get_size(qemu, path, "requested-size", deadline, &before, why)
		     : -ENOMEM;

	if (r == 0)
		r = qemu_ask(qemu, deadline, NULL, why, "qom-set", "{s:s,s:s,s:I}",
			     "path", path, "property", "requested-size", "value", size);
	if (r == 0 && ret_before)
		*ret_before = before;
	return r;
}
