/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules of the fake host that can be loaded: the indices that libkmod looks names and
 * aliases up in, written here for a handful of them, and what the model of the driver
 * core does when one is loaded.
 */
#include "fixture.h"

#include <fcntl.h>

#define MODULES_DIR "/lib/modules/6.12.0-fixture"
#define MODULES_MAX 16

/* A trie of one level: a root with a child per first character, big-endian throughout. */
#define INDEX_MAGIC   0xB007F457U
#define INDEX_VERSION 0x00020001U
#define HAS_PREFIX    0x80000000U
#define HAS_VALUES    0x40000000U
#define HAS_CHILDS    0x20000000U

static void add_number(struct str *out, uint32_t n)
{
	unsigned char bytes[] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
				  (unsigned char)(n >> 8), (unsigned char)n };

	str_add_bytes(out, bytes, sizeof(bytes));
}

/* A leaf: what is left of the key, and its one value. Returns where it is. */
static uint32_t add_leaf(struct str *out, const char *rest, const char *value)
{
	uint32_t where = (uint32_t)out->len;

	if (*rest)
		str_add_bytes(out, rest, strlen(rest) + 1);
	add_number(out, 1);
	add_number(out, 0);
	str_add_bytes(out, value, strlen(value) + 1);
	return where | HAS_VALUES | (*rest ? HAS_PREFIX : 0);
}

static void write_index(struct fixture *f, const char *file, char *const *keys,
			char *const *values)
{
	_cleanup_free_ char *path = fixture_path(f, MODULES_DIR "/%s", file);
	_cleanup_str_ struct str out = { 0 };
	uint32_t leaves[128] = { 0 }, root;
	_cleanup_close_ int fd = -1;

	add_number(&out, INDEX_MAGIC);
	add_number(&out, INDEX_VERSION);
	add_number(&out, 0);
	for (size_t i = 0; keys[i]; i++) {
		unsigned char first = (unsigned char)*keys[i];

		fixture_need(first < 128 && !leaves[first], "two with one letter",
			     keys[i]);
		leaves[first] = add_leaf(&out, keys[i] + 1, values[i]);
	}
	root = (uint32_t)out.len | HAS_CHILDS;
	str_add_bytes(&out, "\0\x7f", 2);
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++)
		add_number(&out, leaves[i]);
	for (int i = 0; i < 4; i++)
		out.s[8 + i] = (char)(root >> (24 - 8 * i));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	fixture_need(fd >= 0 && write(fd, out.s, out.len) == (ssize_t)out.len, "index",
		     path);
}

static char *alias_for(const char *ids)
{
	unsigned int vendor, device;

	if (!ids || sscanf(ids, "%x:%x", &vendor, &device) != 2)
		return NULL;
	return strf("pci:v%08Xd%08Xsv*sd*bc*sc*i*", vendor, device);
}

void fixture_modules(struct fixture *f, const char *const *modules)
{
	char *names[MODULES_MAX + 1] = { 0 }, *files[MODULES_MAX + 1] = { 0 };
	char *alias[2] = { 0 }, *module[2] = { 0 };
	size_t n = 0;

	for (; modules[0]; modules += 2) {
		_cleanup_free_ char *path = strf("/model/modules/%s", modules[0]);
		char *found = alias_for(strchr(modules[1], ' '));

		fixture_need(n < MODULES_MAX && (!found || !*alias), "too many",
			     modules[0]);
		fixture_write(f, path, "%s\n", modules[1]);
		files[n] = strf("kernel/%s.ko:", modules[0]);
		names[n++] = strdup(modules[0]);
		if (found) {
			*alias = found;
			*module = names[n - 1];
		}
	}
	write_index(f, "modules.dep.bin", names, files);
	write_index(f, "modules.alias.bin", alias, module);
	free(*alias);
	for (size_t i = 0; i < n; i++) {
		free(names[i]);
		free(files[i]);
	}
}
