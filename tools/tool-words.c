/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-words: what a word of the command line says to the row of its option, and what no verb
 * could make sense of.
 */
#include "tool.h"

#include <limits.h>

#define PID_MAX 4194304 /* the kernel's PID_MAX_LIMIT */

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

int check_word(const char *name, const char *word)
{
	_cleanup_free_ char *option = name ? strf("--%s", name) : NULL;
	const char *about = option ? option : word;

	if (!*word)
		return fail(-EINVAL, name ? about : NULL, "an empty %s; %s",
			    name ? "value" : "word", "leave it out or fill it in");
	if (strlen(word) >= PATH_MAX)
		return fail(-EINVAL, about, "too long; at most %d characters",
			    PATH_MAX - 1);
	if (has_control(word))
		return fail(-EINVAL, about,
			    "has control characters in it; check the quoting");
	return 0;
}

static int check_value(const struct option_row *row, const char *value)
{
	_cleanup_free_ char *option = strf("--%s=%s", row->name, value);
	uint64_t number;
	int64_t msec;
	int r = check_word(row->name, value);

	if (r < 0)
		return r;
	if (streq(row->metavar, "SECONDS") && parse_seconds(value, &msec) < 0)
		return fail(-EINVAL, option, "not a time; give seconds, as 30 or 0.5");
	if (streq(row->metavar, "PID") &&
	    (parse_number(value, 10, PID_MAX, &number) < 0 || number == 0))
		return fail(-EINVAL, option,
			    "not a process id; give a number from 1 to %d", PID_MAX);
	if (streq(row->metavar, "WHEN") && !streq(value, "auto") &&
	    !streq(value, "always") && !streq(value, "never"))
		return fail(-EINVAL, option, "not known; give auto, always or never");
	return 0;
}

/* Kept until the process ends. */
static int words_add(struct words *words, const char *word)
{
	const char **grown = reallocarray(words->word, words->n + 2, sizeof(*grown));

	if (!grown)
		return fail(-ENOMEM, NULL, "out of memory");
	grown[words->n++] = word;
	grown[words->n] = NULL;
	words->word = grown;
	return 0;
}

int set_option(const struct option_row *row, const char *value)
{
	int r = row->metavar ? check_value(row, value) : 0;

	if (r < 0)
		return r;
	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)row->target = true;
		break;
	case OPTION_COUNT:
		++*(int *)row->target;
		break;
	case OPTION_VALUE:
		*(const char **)row->target = value;
		break;
	case OPTION_WORDS:
		return words_add(row->target, value);
	}
	return 0;
}
