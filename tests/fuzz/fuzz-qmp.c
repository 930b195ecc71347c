/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a QMP monitor may say: the first byte is what is asked of the guest, the second
 * whether there is a greeting; the rest is all that the monitor says, whatever it is asked.
 * Then it closes, so that nothing has to be waited for long.
 */
#include "fuzz.h"

#include "guest/qemu.h"

#include <sys/socket.h>

#define WAIT_MSEC 20

static const struct {
	const char *kind;
	const char *properties[4];
} requests[] = {
	{ "pci", { "host=0000:01:00.0", "iommufd=on" } },
	{ "pci", { "host=0000:01:00.0", "bus=rp1" } },
	{ "usb", { "hostbus=3", "hostport=1.2" } },
	{ "cpu", { "domain=x" } },
	{ "cpu", { "index=1" } },
	{ "memory", { "size=128M" } },
	{ "memory", { "model=virtio-mem-pci", "requested-size=2M" } },
	{ "disk", { "filename=/disk", "model=scsi-hd" } },
	{ "nic", { "backend=vhost-user=/socket" } },
};

static struct vfp_hotplug *request(size_t i)
{
	struct vfp_hotplug *hotplug;

	expect(vfp_hotplug_new(requests[i].kind, "x", &hotplug) == 0, "no request");
	for (const char *const *p = requests[i].properties; *p; p++) {
		_cleanup_free_ char *key = strdup(*p);
		char *value = strchr(key, '=');

		*value++ = '\0';
		expect(vfp_hotplug_set(hotplug, key, value) == 0, "not set: %s", *p);
	}
	return hotplug;
}

static struct qmp *connect_to(struct vfp_ctx *ctx, const char *text, size_t n,
			      int *ret_other)
{
	struct qmp *qmp;
	int fds[2];

	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "no socket");
	expect(n == 0 || send(fds[1], text, n, MSG_DONTWAIT) == (ssize_t)n,
	       "not written");
	shutdown(fds[1], SHUT_WR);
	expect(qmp_new(ctx, fds[0], qemu_keep_event, &qmp) == 0, "out of memory");
	*ret_other = fds[1];
	return qmp;
}

static void expect_known(int r)
{
	static const int known[] = { 0,          -ENOENT,    -EREMOTEIO, -ETIMEDOUT,
				     -EPIPE,     -EPROTO,    -EPERM,     -EOPNOTSUPP,
				     -ENOTEMPTY, -ECANCELED, -EINVAL,    -EOVERFLOW };
	size_t i = 0;

	while (i < ARRAY_SIZE(known) && known[i] != r)
		i++;
	expect(i < ARRAY_SIZE(known), "error %d", r);
}

static int find(struct qemu *qemu, char **why)
{
	_cleanup_free_ char *kind = NULL, *device = NULL;
	int r = qemu_find(qemu, "x", deadline_in(WAIT_MSEC), &kind, &device, why);

	expect(r < 0 || kind, "no kind");
	expect_harmless(kind, false);
	expect_harmless(device, false);
	return r;
}

static int ask(struct qemu *qemu, unsigned char choice, char **why)
{
	struct vfp_hotplug *hotplug;
	int r;

	if (choice == 0)
		return find(qemu, why);
	if (choice == 1)
		return qemu_detach(qemu, "x", deadline_in(WAIT_MSEC), why);
	hotplug = request((choice - 2u) % ARRAY_SIZE(requests));
	r = qemu_attach(qemu, hotplug, deadline_in(WAIT_MSEC), why);
	vfp_hotplug_free(hotplug);
	return r == 1 ? 0 : r; /* it was there */
}

static void drain_events(struct qemu *qemu)
{
	json_t *event;

	while (qmp_event(qemu->qmp, deadline_in(WAIT_MSEC), &event, NULL) == 0) {
		event_gone(event);
		json_decref(event);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	unsigned char choice = input_byte(&in);
	bool greets = input_byte(&in) & 1;
	_cleanup_free_ char *why = NULL;
	static struct vfp_ctx *ctx;
	struct qemu qemu;
	int other, r = 0;

	if (in.left > 1 << 16)
		return 0;
	if (!ctx)
		ctx = fuzz_ctx(false);
	qemu = (struct qemu){ ctx, connect_to(ctx, in.at, in.left, &other) };
	if (greets)
		r = qmp_greeting(qemu.qmp, deadline_in(WAIT_MSEC));
	if (r == 0)
		r = ask(&qemu, choice, &why);
	expect_known(r);
	expect_harmless(why, false);
	drain_events(&qemu);
	qmp_close(qemu.qmp);
	close(other);
	return 0;
}
