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

int keyfile_parse(const char *text, struct pair **ret_pairs, size_t *ret_n, int *ret_line)
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
		number++;
		line += strspn(line, " \t");
		r = has_control(line)
			  ? -EINVAL
			  : parse_line(chomp(line), number, &section, &pairs, &n);
	}
	if (r < 0) {
		*ret_line = number;
		pairs_free(pairs, n);
		return r;
	}
	*ret_pairs = pairs;
	*ret_n = n;
	return 0;
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
