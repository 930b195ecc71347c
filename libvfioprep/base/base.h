/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base: what every layer and every tool may use: clean-up variables, strings, lists, the
 * key=value format, and the one clock.
 */
#ifndef VFIOPREP_BASE_H
#define VFIOPREP_BASE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	     (sizeof(a) / sizeof((a)[0]))
#define _cleanup_(fn)	     __attribute__((cleanup(fn)))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _public_	     __attribute__((visibility("default")))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_	_cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

/* Hand over what a _cleanup_ variable owns. */
#define take(p)                        \
	({                             \
		__typeof__(p) _p = (p); \
		(p) = NULL;            \
		_p;                    \
	})

static inline int take_fd(int *fd)
{
	int f = *fd;

	*fd = -1;
	return f;
}

/* -- str.c -------------------------------------------------------------------------- */

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* NULL counts as "". */
static inline const char *nonnull(const char *s)
{
	return s ? s : "";
}

bool startswith(const char *s, const char *prefix);
bool endswith(const char *s, const char *suffix);

/* printf into new memory; NULL when there is none. */
char *strf(const char *format, ...) _printf_(1, 2);
char *vstrf(const char *format, va_list args);

/*
 * Set the sentence *why in place of the one that is there, where one is wanted (@why not NULL), and
 * return @error.
 */
int say_why(char **why, int error, const char *format, ...) _printf_(3, 4);

/* What callers hand in has not been set to anything. */
static inline void clear_why(char **why)
{
	if (why)
		*why = NULL;
}

/* Cut trailing white space in place; returns @s. */
char *chomp(char *s);

/*
 * Whole unsigned number in @s of @base (10 or 16, no sign, no blanks, no prefix), at most @max.
 * -EINVAL otherwise.
 */
int parse_number(const char *s, int base, uint64_t max, uint64_t *ret);

/* Bytes, as "4096", "512M", "4G", "4GiB": powers of 1024, at most 2^60. -EINVAL otherwise. */
int parse_size(const char *s, uint64_t *ret);

/* Seconds with decimals ("0.5", "30"), at most a year, as milliseconds. -EINVAL otherwise. */
int parse_seconds(const char *s, int64_t *ret_msec);

/*
 * A copy in which control characters and invalid UTF-8 are written as \xNN, for everything
 * that comes from devices, processes or the command line and goes to a terminal or log.
 */
char *escape(const char *s);

/* A growing string; .s is "" or NULL when empty. On memory failure it stays as it was. */
struct str {
	char *s;
	size_t len, room;
};

int str_add(struct str *str, const char *format, ...) _printf_(2, 3);
int str_add_bytes(struct str *str, const void *bytes, size_t n);
static inline void str_done(struct str *str)
{
	free(str->s);
	*str = (struct str){ 0 };
}
#define _cleanup_str_ _cleanup_(str_done)

/* -- list.c: NULL-terminated arrays of pointers ---------------------------------------- */

/* Append @item to @list (of *n items); on -ENOMEM nothing changes. */
int list_add(void ***list, size_t *n, void *item);
size_t list_length(void *list);
void strings_free(char **strings);

/* Append a copy of @s; on -ENOMEM nothing changes. */
int strings_add(char ***strings, size_t *n, const char *s);

/* Drop those that @wanted does not want; returns how many are left. */
size_t strings_keep(char **strings, bool (*wanted)(const char *s));
static inline void strings_freep(char ***strings)
{
	strings_free(*strings);
}
#define _cleanup_strings_ _cleanup_(strings_freep)

/* -- keyfile.c: the one format of records and configuration ---------------------------- */

/*
 * A section itself is a pair as well, with the key "" and no value. Of a line that is spoilt, with
 * the key "", the value says what is wrong with it.
 */
struct pair {
	char *section, *key, *value;
	int line;
};

/*
 * "key=value" lines, "[section]" lines, "#" comments and blank lines. Values are what follows
 * the first "=", without outer blanks. @text is not changed.
 * -EINVAL, with the number of the offending line in *ret_line, when a line is none of these,
 * a key is empty or has blanks in it, or there is a control character.
 */
int keyfile_parse(const char *text, struct pair **ret_pairs, size_t *ret_n, int *ret_line);

/*
 * The same, but lines that are spoilt are pairs as well, in the section in which they stand. A
 * spoilt head is in the section "": nobody knows whose lines follow.
 */
int keyfile_read(const char *text, struct pair **ret_pairs, size_t *ret_n);
bool pair_is_head(const struct pair *pair);
bool pair_is_spoilt(const struct pair *pair);
void pairs_free(struct pair *pairs, size_t n);
const char *pairs_get(const struct pair *pairs, size_t n, const char *section,
		      const char *key);

/* -- wait.c: the one clock --------------------------------------------------------------- */

/* Milliseconds of CLOCK_MONOTONIC. A deadline is such a point of time; 0 means never. */
int64_t now_msec(void);

/* now + msec; never for a negative value. */
int64_t deadline_in(int64_t msec);
bool deadline_passed(int64_t deadline);

/* The earlier of two deadlines. */
int64_t deadline_first(int64_t a, int64_t b);

/* What poll(2) takes: milliseconds left (0 when passed), -1 for never; rounded up. */
int deadline_poll(int64_t deadline);

/*
 * Sleep until @fd is readable (1), @deadline passes (0), or @cancel_fd is readable
 * (-ECANCELED). An fd of -1 is left out.
 */
int wait_readable(int fd, int cancel_fd, int64_t deadline);

/* The same for any of poll(2)'s @events; returns those that came, also errors and hang-ups. */
int wait_ready(int fd, short events, int cancel_fd, int64_t deadline);

#endif
