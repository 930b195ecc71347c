/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words: a line taken apart as its reader does it, a shell or QEMU's monitor, and the
 * options within a word.
 */
#ifndef FUZZ_WORDS_H
#define FUZZ_WORDS_H

#include "fuzz.h"

/* Takes the next word of @line off, unquoted in place; NULL at the end. */
static char *take_word(char **line, bool shell)
{
	char *from = *line + strspn(*line, " "), *to = from, *word = from;
	char quote = '\0';

	if (!*from)
		return NULL;
	/* The monitor knows quotes only where a word begins. */
	if (!shell && *from == '"')
		quote = *from++;
	for (; *from && (quote || *from != ' '); from++) {
		if (!shell && quote && *from == '"')
			break;
		if (shell && *from == '\'' && !(quote && *from != quote)) {
			quote = quote ? '\0' : '\'';
			continue;
		}
		if (*from == '\\' && ((shell && !quote) || (!shell && quote)))
			from++;
		expect(*from, "a backslash at the end");
		*to++ = *from;
	}
	if (!shell && quote) {
		expect(*from == '"', "an open quote");
		from++;
		expect(!*from || *from == ' ', "something after the quote: %s", from);
	}
	expect(!shell || !quote, "an open quote");
	*line = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

/* The value of @key in "first,key=value,..."; ",," is a comma. To be freed. */
static char *option(const char *words, const char *key)
{
	_cleanup_str_ struct str part = { 0 };
	size_t length = strlen(key);

	for (const char *c = words;; c++) {
		if (*c == ',' && c[1] == ',') {
			expect(str_add_bytes(&part, c++, 1) == 0, "out of memory");
			continue;
		}
		if (*c && *c != ',') {
			expect(str_add_bytes(&part, c, 1) == 0, "out of memory");
			continue;
		}
		if (part.s && strncmp(part.s, key, length) == 0 && part.s[length] == '=')
			return strdup(part.s + length + 1);
		str_done(&part);
		if (!*c)
			return NULL;
	}
}

#endif
