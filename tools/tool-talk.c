/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-talk: what goes to a person. A complaint is one line on stderr in one write,
 * whatever the words in it contain; colour is used where it is wanted; lost output is
 * noticed.
 */
#include "tool.h"

#include <fcntl.h>
#include <poll.h>

#define OBJECT_MAX 100
#define TEXT_MAX   2000

const char *program = "vfioprep";
struct common_options given;
void (*also_complain)(const char *text);

/* Where to cut @s so that at most @max bytes are left and no UTF-8 sequence is split. */
static size_t cut_at(const char *s, size_t max)
{
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

char *printable(const char *s, size_t max)
{
	_cleanup_free_ char *cut = NULL;
	size_t len = strnlen(s, max + 1);

	if (len <= max)
		return escape(s);
	cut = strf("%.*s...", (int)cut_at(s, max), s);
	return cut ? escape(cut) : NULL;
}

static void complain_args(const char *object, const char *format, va_list args)
{
	_cleanup_free_ char *raw = vstrf(format, args);
	_cleanup_free_ char *text = raw ? printable(raw, TEXT_MAX) : NULL;
	_cleanup_free_ char *where = object ? printable(object, OBJECT_MAX) : NULL;
	_cleanup_free_ char *line =
		strf("%s: %s%s%s\n", program, nonnull(where), where ? ": " : "",
		     text ? text : "out of memory");

	if (line && also_complain)
		also_complain(line + strlen(program) + 2);
	talk_begin();
	/* Nobody is left to be told when this is lost. */
	if (line && write(STDERR_FILENO, line, strlen(line)) < 0)
		errno = 0;
	talk_end();
}

void complain(const char *object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_args(object, format, args);
	va_end(args);
}

int fail(int error, const char *object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_args(object, format, args);
	va_end(args);
	return error;
}

int fail_errno(int error, const char *object, const char *what)
{
	return fail(error, object, "%s: %s", what, strerror(-error));
}

bool color_wanted(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (given.color && !streq(given.color, "auto"))
		return streq(given.color, "always");
	if (no_color && *no_color)
		return false;
	return isatty(fileno(out)) && term && !streq(term, "dumb");
}

void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A pipe whose other end is closed: a reader that has seen enough (head). */
static bool reader_gone(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLERR);
}

int flush_stdout(void)
{
	bool lost = ferror(stdout);

	if (fflush(stdout) == 0 && !lost)
		return 0;
	if (!reader_gone(STDOUT_FILENO))
		complain("stdout", "the output could not be written; is the disk full?");
	return -EIO;
}

int fail_records(int error)
{
	if (error == -EPERM)
		return fail(
			error, NULL,
			"the folder of the records is not root's alone, so they cannot be "
			"trusted; look at it, then remove it");
	return fail_errno(error, NULL, "the records of what is hidden cannot be read");
}
