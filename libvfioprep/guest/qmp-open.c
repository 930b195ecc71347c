/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to a monitor: its socket, the greeting, the negotiation. A monitor serves one
 * client at a time; the connection of a second one succeeds, and then nothing comes.
 */
#include "guest/qmp.h"

#include <sys/socket.h>
#include <sys/un.h>

#define GREETING_MSEC 3000
#define ANSWER_MSEC   10000

static int no_socket(int error, const char *shown, char **why)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return say_why(why, -ENODEV,
			       "there is no socket %s; is QEMU running, with -qmp "
			       "unix:%s,server=on,wait=off?",
			       shown, shown);
	case ECONNREFUSED:
		return say_why(
			why, -ENODEV,
			"nothing listens at %s: the QEMU that made it has ended, or it "
			"is no socket",
			shown);
	case EACCES:
	case EPERM:
		return say_why(why, -EPERM, "%s may not be opened; try as root", shown);
	case EAGAIN:
		return say_why(why, -EBUSY,
			       "other clients already queue at %s; give QEMU a second "
			       "-qmp and name its socket",
			       shown);
	}
	return say_why(why, -error, "%s cannot be connected to: %s", shown,
		       strerror(error));
}

static int connect_to(const char *path, const char *shown, int *ret_fd, char **why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return say_why(why, -EINVAL,
			       "%s cannot be a socket: its path has to be shorter than "
			       "%zu bytes",
			       *path ? shown : "''", sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return no_socket(errno, shown, why);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int no_greeting(int error, const char *shown, char **why)
{
	switch (error) {
	case -ETIMEDOUT:
		return say_why(
			why, -EBUSY,
			"no greeting from %s: another client has this monitor, or QEMU is "
			"stopped; end that one, or give QEMU a second -qmp and name its "
			"socket",
			shown);
	case -EPROTO:
		return say_why(
			why, error,
			"what answers at %s does not greet as QMP does; name the "
			"socket of -qmp, not the one of the human monitor or a console",
			shown);
	case -EPIPE:
		return say_why(why, error, "%s was closed before it greeted", shown);
	case -ECANCELED:
		return say_why(why, error, "interrupted while waiting for %s", shown);
	}
	return error;
}

int qmp_open(struct vfp_ctx *ctx, const char *path, qmp_keep_fn *keep,
	     struct qmp **ret_qmp, char **why)
{
	_cleanup_free_ char *shown = escape(path);
	_cleanup_close_ int fd = -1;
	struct qmp *qmp;
	int r = shown ? connect_to(path, shown, &fd, why) : -ENOMEM;

	if (r < 0)
		return r;
	r = qmp_new(ctx, fd, keep, &qmp);
	if (r < 0)
		return r;
	take_fd(&fd);
	r = qmp_greeting(qmp, deadline_in(GREETING_MSEC));
	if (r < 0)
		r = no_greeting(r, shown, why);
	else
		r = qmp_command(qmp, "qmp_capabilities", NULL, deadline_in(ANSWER_MSEC),
				NULL, why);
	if (r < 0)
		qmp_close(qmp);
	else
		*ret_qmp = qmp;
	return r;
}
