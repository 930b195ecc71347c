/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-progress: what is waited for, in a line at the bottom of a terminal that is drawn anew
 * each second and gone when the wait is over. A thread draws it, so that every wait is shown,
 * whatever it hangs in. The thread takes no memory and no lock but its own: the library makes
 * processes beside it. Whatever else is written goes between talk_begin() and talk_end().
 */
#include "tool.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#define LINE_MAX_COLUMNS 300

static struct {
	pthread_mutex_t lock;
	pthread_cond_t begun;
	bool waiting, drawn;
	int64_t since,
		limit; /* milliseconds; of the clock, and how long at most or negative */
	char device[64], text[LINE_MAX_COLUMNS];
} line = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* -- drawing, under the lock ----------------------------------------------------------- */

/*
 * Not while another program has the terminal, nor while it is stopped: what waits for
 * somebody to press a key must not keep a transaction waiting.
 */
static bool can_write(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	pid_t foreground = tcgetpgrp(STDERR_FILENO);

	return (foreground < 0 || foreground == getpgrp()) && poll(&out, 1, 0) > 0 &&
	       out.revents == POLLOUT;
}

static void put(const char *text, size_t n)
{
	if (can_write() && write(STDERR_FILENO, text, n) < 0)
		return; /* nobody is left to see it */
}

static void clear(void)
{
	if (line.drawn)
		put("\r\033[K", 4);
	line.drawn = false;
}

static size_t columns(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col < LINE_MAX_COLUMNS ? size.ws_col : LINE_MAX_COLUMNS;
}

/* The last column stays free: a line that fills it would go on in the next one. */
static void draw(void)
{
	long long passed = (now_msec() - line.since) / 1000,
		  limit = (line.limit + 500) / 1000;
	char text[LINE_MAX_COLUMNS + 200] = "\r", of[32] = "";
	int n;

	if (limit > 0)
		snprintf(of, sizeof(of), " of %lld", limit);
	n = snprintf(text + 1, columns(), "%s%swaiting %lld s%s %s", line.device,
		     *line.device ? ": " : "", passed, of, line.text);
	if (n < 0)
		return;
	strcat(text, "\033[K");
	put(text, strlen(text));
	line.drawn = true;
}

/* -- the thread ------------------------------------------------------------------------ */

/* The next full second of the wait; what is over before the first is not worth showing. */
static struct timespec next_second(void)
{
	int64_t at = line.since + ((now_msec() - line.since) / 1000 + 1) * 1000;

	return (struct timespec){ at / 1000, at % 1000 * 1000000 };
}

static void *run(void *data)
{
	(void)data;
	pthread_mutex_lock(&line.lock);
	for (;;) {
		struct timespec at = next_second();

		if (!line.waiting)
			pthread_cond_wait(&line.begun, &line.lock);
		else if (pthread_cond_timedwait(&line.begun, &line.lock, &at) ==
				 ETIMEDOUT &&
			 line.waiting)
			draw();
	}
	return NULL;
}

/* -- told by the library --------------------------------------------------------------- */

/* A byte is a column here, whatever the terminal makes of the rest. */
static void take_words(char *to, size_t size, const char *from)
{
	_cleanup_free_ char *plain = escape(from);

	snprintf(to, size, "%s", nonnull(plain));
	for (; *to; to++)
		if ((unsigned char)*to >= 0x80)
			*to = '?';
}

static void on_wait(void *data, const struct vfp_wait *wait)
{
	(void)data;
	pthread_mutex_lock(&line.lock);
	if (wait) {
		take_words(line.device, sizeof(line.device), wait->device);
		take_words(line.text, sizeof(line.text), wait->text);
		line.since = now_msec() - wait->waited;
		line.limit = wait->limit;
	} else {
		clear();
	}
	if (wait && !line.waiting)
		pthread_cond_signal(&line.begun);
	line.waiting = wait;
	pthread_mutex_unlock(&line.lock);
}

void talk_begin(void)
{
	pthread_mutex_lock(&line.lock);
	clear();
}

void talk_end(void)
{
	pthread_mutex_unlock(&line.lock);
}

/* Signals are for the thread that works. */
static int start_thread(void)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int r;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&line.begun, &attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		pthread_detach(thread);
	return -r;
}

void progress_start(struct vfp_ctx *ctx)
{
	const char *term = getenv("TERM");

	if (given.quiet || !isatty(STDERR_FILENO) || !term || streq(term, "dumb"))
		return;
	if (start_thread() == 0)
		vfp_ctx_set_wait(ctx, on_wait, NULL);
}
