/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NULL-terminated arrays of pointers: the one form of lists in this library.
 */
#include "base/base.h"

int list_add(void ***list, size_t *n, void *item)
{
	void **grown;

	/* Room is doubled whenever the length is a power of two; the NULL is counted in. */
	if (!*list || ((*n + 1) & *n) == 0) {
		grown = reallocarray(*list, *n ? (*n + 1) * 2 : 2, sizeof(void *));
		if (!grown)
			return -ENOMEM;
		*list = grown;
	}
	(*list)[(*n)++] = item;
	(*list)[*n] = NULL;
	return 0;
}

size_t list_length(void *list)
{
	void **p = list;
	size_t n = 0;

	while (p && p[n])
		n++;
	return n;
}

void strings_free(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

int strings_add(char ***strings, size_t *n, const char *s)
{
	char *copy = strdup(s);
	int r = copy ? list_add((void ***)strings, n, copy) : -ENOMEM;

	if (r < 0)
		free(copy);
	return r;
}

size_t strings_keep(char **strings, bool (*wanted)(const char *s))
{
	size_t kept = 0;

	for (char **s = strings; *s; s++) {
		if (wanted(*s))
			strings[kept++] = *s;
		else
			free(*s);
	}
	strings[kept] = NULL;
	return kept;
}
