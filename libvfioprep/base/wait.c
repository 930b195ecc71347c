/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one clock: deadlines on CLOCK_MONOTONIC, and waiting for a descriptor until one of them
 * or until cancelled. Nothing else in the library sleeps.
 */
#include "base/base.h"

#include <limits.h>
#include <poll.h>
#include <time.h>

int64_t now_msec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t deadline_in(int64_t msec)
{
	return msec < 0 ? 0 : now_msec() + msec;
}

bool deadline_passed(int64_t deadline)
{
	return deadline && now_msec() >= deadline;
}

int64_t deadline_first(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

int deadline_poll(int64_t deadline)
{
	int64_t left;

	if (!deadline)
		return -1;
	left = deadline - now_msec();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int wait_ready(int fd, short events, int cancel_fd, int64_t deadline)
{
	struct pollfd fds[] = { { fd, events, 0 }, { cancel_fd, POLLIN, 0 } };

	for (;;) {
		int n = poll(fds, ARRAY_SIZE(fds), deadline_poll(deadline));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[1].revents)
			return -ECANCELED;
		if (n > 0)
			return fds[0].revents;
		if (deadline_passed(deadline))
			return 0;
	}
}

int wait_readable(int fd, int cancel_fd, int64_t deadline)
{
	int r = wait_ready(fd, POLLIN, cancel_fd, deadline);

	return r > 0 ? 1 : r;
}
