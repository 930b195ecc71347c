/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running the tools as processes on a fake host: what came out on stdout and stderr and
 * the exit status are in `got`. The binaries are those in the folder BIN (build/bin
 * unless set). To be included once, by a file of tests.
 */
#ifndef VFIOPREP_RUN_TOOL_H
#define VFIOPREP_RUN_TOOL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "vfioprep.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define WORDS_MAX 24

static struct fixture *host;
static char bin[PATH_MAX];

/* What a run left behind. */
static struct {
	int status; /* the exit status; 1000 and more: ended by that signal */
	char *out, *err;
} got;

/* How a run begins, when not as usual. */
static struct {
	bool close_all, as_nobody;
	int out; /* an open descriptor for stdout; 0: one that is read */
} how;

static inline char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	close(fd);
	return text;
}

static inline void become(int out, int err, const char *path, char *const *words)
{
	dup2(how.out ? how.out : out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (how.as_nobody && setuid(65534) < 0)
		_exit(99);
	if (how.close_all)
		close_range(0, UINT_MAX, 0);
	execv(path, words);
	_exit(98);
}

/* Run @words[0] of the folder BIN, or by its path; what came out is in `got`. */
static inline int run_words(char *const *words)
{
	char path[PATH_MAX + 64];
	int out = memfd_create("out", MFD_CLOEXEC),
	    err = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s%s", *words[0] == '/' ? "" : bin,
		 *words[0] == '/' ? "" : "/", words[0]);
	pid = fork();
	if (pid == 0)
		become(out, err, path, words);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(got.out);
	free(got.err);
	got.out = contents(out);
	got.err = contents(err);
	got.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	memset(&how, 0, sizeof(how));
	return got.status;
}

static inline int run_args(const char *first, va_list args)
{
	char *words[WORDS_MAX] = { (char *)first };

	for (size_t n = 1; n < WORDS_MAX - 1; n++) {
		words[n] = va_arg(args, char *);
		if (!words[n])
			break;
	}
	return run_words(words);
}

static inline int __attribute__((sentinel)) run(const char *first, ...)
{
	va_list args;

	va_start(args, first);
	run_args(first, args);
	va_end(args);
	return got.status;
}

static inline size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static inline void expect_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%.2000s", part, text);
}

static inline void expect_no_text(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%.2000s", part, text);
}

/* One line on stderr, nothing that a terminal would obey, nothing on stdout. */
static inline void expect_complaint(int status, const char *part)
{
	if (got.status != status || lines(got.err) != 1)
		fail_msg("status %d, expected %d, with:\n%.2000s", got.status, status,
			 got.err);
	expect_text(got.err, part);
	for (const char *c = got.err; c[1]; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	assert_true(strlen(got.err) < 4096);
	assert_string_equal(got.out, "");
}

/* -- the host ------------------------------------------------------------------------ */

static inline int set_up(void **state)
{
	const char *folder = getenv("BIN");

	(void)state;
	if (!realpath(folder ? folder : "build/bin", bin))
		return -1;
	unsetenv("NO_COLOR");
	setenv("LC_ALL", "C", 1);
	host = fixture_new();
	fixture_driver(host, "e1000e", NULL, "8086:10d3");
	fixture_device(host, &(struct fixture_device){ .address = "0000:00:1c.0",
						       .class = "060400",
						       .driver = "pcieport",
						       .group = 7,
						       .bus_below = 5 });
	fixture_device(host, &(struct fixture_device){ .address = "0000:05:00.0",
						       .driver = "e1000e",
						       .group = 12,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:05:00.1",
						       .driver = "e1000e",
						       .group = 12,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:06:00.0",
						       .driver = "vfio-pci",
						       .group = 13,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:07:00.0",
						       .driver = "bad\033[31m\xff",
						       .group = 14 });
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	free(got.out);
	free(got.err);
	fixture_free(host);
	return 0;
}

#endif
