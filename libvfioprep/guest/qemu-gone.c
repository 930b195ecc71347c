/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking a running QEMU to remove a device, and waiting until it has. device_del only asks
 * the guest; what comes of it is told by events, or by nothing at all, so that QEMU is asked
 * once a second whether the device is still there.
 *
 * A refusal may be one for the moment: an earlier request is under way, the guest blinks the
 * port's light, a migration runs. Its words are not looked at: what can be removed at all and
 * is still there is asked for again.
 */
#include "guest/qemu.h"

#include <ctype.h>

#define LOOK_MSEC 1000

/* Linux waits 5 s after a press of the port's button, in which a second one takes it back. */
#define AGAIN_MSEC 6000

/* -- events ------------------------------------------------------------------------------ */

/* ACPI's _OST: of a request to eject (3), success or under way (0x84); all else failed. */
static const char *eject_refused(json_t *data)
{
	json_t *info = json_object_get(data, "info");
	json_int_t status = json_integer_value(json_object_get(info, "status"));

	if (json_integer_value(json_object_get(info, "source")) != 3 || status == 0 ||
	    status == 0x84)
		return NULL;
	return json_string_value(json_object_get(info, "device"));
}

static const char *event_refused(json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	json_t *data = json_object_get(event, "data");

	if (streq(name, "ACPI_DEVICE_OST"))
		return eject_refused(data);
	if (streq(name, "DEVICE_UNPLUG_GUEST_ERROR") || streq(name, "MEM_UNPLUG_ERROR"))
		return json_string_value(json_object_get(data, "device"));
	return NULL;
}

const char *event_gone(json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	json_t *data = json_object_get(event, "data");
	const char *id = json_string_value(json_object_get(data, "device"));

	if (!id || !streq(name, "DEVICE_DELETED"))
		return NULL;
	for (const char *c = id; *c; c++)
		if (!isgraph((unsigned char)*c))
			return NULL; /* no id of QEMU's */
	return id;
}

bool qemu_keep_event(const char *event, json_t *data)
{
	if (streq(event, "ACPI_DEVICE_OST"))
		return eject_refused(data) != NULL;
	return (streq(event, "DEVICE_DELETED") ||
		streq(event, "DEVICE_UNPLUG_GUEST_ERROR") ||
		streq(event, "MEM_UNPLUG_ERROR")) &&
	       json_object_get(data, "device");
}

static bool is_id(const char *told, const char *id)
{
	return told && streq(told, id);
}

/* -- waiting ----------------------------------------------------------------------------- */

/* 0: gone. -EREMOTEIO: the guest has refused. -ETIMEDOUT: none of both by then. */
static int next_sign(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	for (;;) {
		_cleanup_json_ json_t *event = NULL;
		int r = qmp_event(qemu->qmp, deadline, &event, NULL);

		if (r < 0)
			return r;
		if (is_id(event_gone(event), id))
			return 0;
		if (is_id(event_refused(event), id))
			return say_why(why, -EREMOTEIO,
				       "the guest has refused to let go of %s", id);
		if (deadline_passed(deadline))
			return -ETIMEDOUT;
	}
}

static int await_gone(struct qemu *qemu, const char *id, int64_t until, int64_t deadline,
		      char **why)
{
	for (;;) {
		int64_t look = deadline_first(until, deadline_in(LOOK_MSEC));
		int r = next_sign(qemu, id, look, why);

		if (r != -ETIMEDOUT)
			return r;
		r = qemu_has(qemu, id, deadline, NULL);
		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
		if (deadline_passed(until))
			return -ETIMEDOUT;
	}
}

/* -- asking ------------------------------------------------------------------------------ */

/*
 * 1: what cannot be removed at all: its bus has no hotplug, or it is memory that a machine
 * takes for ever (virtio-mem before 8.1, virtio-pmem, NVDIMMs), of which QEMU tells nothing
 * but its refusal.
 */
static int is_fixed(struct qemu *qemu, const char *id, int64_t deadline)
{
	_cleanup_free_ char *path = qemu_path(id);
	_cleanup_json_ json_t *list = NULL, *hotpluggable = NULL;
	int r = path ? qemu_list(qemu, path, deadline, &list, NULL) : -ENOMEM;

	if (r == 0 && list_type(list, "memdev") &&
	    (list_type(list, "virtio-backend") || list_type(list, "unarmed")))
		return 1;
	if (r == 0)
		r = qemu_get(qemu, path, "hotpluggable", deadline, &hotpluggable, NULL);
	return r < 0 ? r : json_is_false(hotpluggable);
}

/* 0: asked, or refused for the moment with *ret_refusal. -ENOENT: gone by itself. */
static int ask_to_remove(struct qemu *qemu, const char *id, int64_t deadline, bool again,
			 char **ret_refusal)
{
	bool heeded = qmp_heed_cancel(qemu->qmp, false);
	int r = qemu_ask(qemu, deadline, NULL, ret_refusal, "device_del", "{s:s}", "id",
			 id);

	qmp_heed_cancel(qemu->qmp, heeded);
	if (r != -EREMOTEIO)
		return r;
	if (again)
		return 0;
	r = is_fixed(qemu, id, deadline);
	return r == 1 ? -EREMOTEIO : r;
}

static int still_there(const char *id, const char *refusal, char **why)
{
	if (refusal)
		return say_why(why, -ETIMEDOUT,
			       "%s is still there; what QEMU says of it: %s", id,
			       refusal);
	return say_why(why, -ETIMEDOUT,
		       "%s is still there: the guest was asked, and has not let go of it "
		       "so far",
		       id);
}

int qemu_remove_device(struct qemu *qemu, const char *id, int64_t deadline, char **why)
{
	bool asked = false;

	qmp_forget_events(qemu->qmp);
	for (;;) {
		int64_t until = deadline_first(deadline, deadline_in(AGAIN_MSEC));
		_cleanup_free_ char *refusal = NULL;
		int r = ask_to_remove(qemu, id, deadline, asked, &refusal);

		if (r == -ENOENT)
			return 0;
		if (r < 0 && r != -ETIMEDOUT)
			return refusal ? say_why(why, r, "%s", refusal) : r;
		asked = asked || (r == 0 && !refusal);
		if (r == 0)
			r = await_gone(qemu, id, until, deadline, why);
		if (r != -ETIMEDOUT)
			return r;
		if (deadline_passed(deadline))
			return still_there(id, refusal, why);
	}
}
