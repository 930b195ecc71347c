/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one format of records and configuration: key=value lines in [sections], with # comments.
 */
#include "base/base.h"

#include <ctype.h>

static int add_pair(struct pair **pairs, size_t *n, const char *section, const char *key,
		    const char *value, int line)
{
	struct pair *grown = reallocarray(*pairs, *n + 1, sizeof(**pairs));
	struct pair *p;

	if (!grown)
		return -ENOMEM;
	*pairs = grown;
	p = &grown[(*n)++];
	*p = (struct pair){ strdup(section), strdup(key), strdup(value), line };
	return p->section && p->key && p->value ? 0 : -ENOMEM;
}

static bool is_key(const char *s)
{
	for (const char *p = s; *p; p++)
		if (isspace((unsigned char)*p) || *p == '[' || *p == '#')
			return false;
	return *s;
}

/* One line, already without its newline and outer blanks. *section is replaced by a header. */
static int parse_line(char *line, int number, char **section, struct pair **pairs,
		      size_t *n)
{
	char *eq;

	if (!*line || *line == '#')
		return 0;
	if (*line == '[') {
		size_t len = strlen(line);

		if (len < 3 || line[len - 1] != ']')
			return -EINVAL;
		line[len - 1] = '\0';
		free(*section);
		*section = strdup(line + 1);
		return *section ? add_pair(pairs, n, *section, "", "", number) : -ENOMEM;
	}
	eq = strchr(line, '=');
	if (!eq)
		return -EINVAL;
	*eq = '\0';
	if (!is_key(chomp(line)))
		return -EINVAL;
	return add_pair(pairs, n, *section, line, eq + 1 + strspn(eq + 1, " \t"), number);
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

/* What no editor shows; NULL: nothing. */
static const char *unseen(const char *line)
{
	if (startswith(line, "\xef\xbb\xbf"))
		return "it begins with a byte order mark; save the file without";
	if (!has_control(line))
		return NULL;
	return strchr(line, '\r')
		     ? "it ends in a carriage return; save the file with the "
		       "line ends of Unix"
		     : "there is a control character in it";
}

static int read_line(char *line, int number, char **section, struct pair **pairs,
		     size_t *n)
{
	const char *why;
	bool is_head;
	int r = -EINVAL;

	line += strspn(line, " \t");
	is_head = *line == '[';
	why = unseen(line);
	if (!why)
		r = parse_line(chomp(line), number, section, pairs, n);
	if (r != -EINVAL)
		return r;
	return add_pair(pairs, n, is_head ? "" : *section, "",
			why ?: "it is none of KEY=VALUE, [SECTION] and # COMMENT",
			number);
}

int keyfile_read(const char *text, struct pair **ret_pairs, size_t *ret_n)
{
	_cleanup_free_ char *copy = strdup(text), *section = strdup("");
	struct pair *pairs = NULL;
	size_t n = 0;
	int number = 0, r = 0;

	if (!copy || !section)
		return -ENOMEM;
	for (char *line = copy, *next; line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = read_line(line, ++number, &section, &pairs, &n);
	}
	if (r < 0) {
		pairs_free(pairs, n);
		return r;
	}
	*ret_pairs = pairs;
	*ret_n = n;
	return 0;
}

int keyfile_parse(const char *text, struct pair **ret_pairs, size_t *ret_n, int *ret_line)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	int r = keyfile_read(text, &pairs, &n);

	for (size_t i = 0; i < n && r == 0; i++) {
		*ret_line = pairs[i].line;
		r = pair_is_spoilt(&pairs[i]) ? -EINVAL : 0;
	}
	if (r < 0) {
		pairs_free(pairs, n);
		return r;
	}
	*ret_pairs = pairs;
	*ret_n = n;
	return 0;
}

bool pair_is_head(const struct pair *pair)
{
	return !*pair->key && !*pair->value;
}

bool pair_is_spoilt(const struct pair *pair)
{
	return !*pair->key && *pair->value;
}

void pairs_free(struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].section);
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

const char *pairs_get(const struct pair *pairs, size_t n, const char *section,
		      const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (streq(pairs[i].section, section) && streq(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}
