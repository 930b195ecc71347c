/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What udev has found out about a block device, as its database says: the signature on it
 * and the links that lead to it. So nobody has to open the device to know.
 */
#include "model/block.h"

#include <sys/sysmacros.h>

#define DATABASE  "/run/udev/data"
#define ENTRY_MAX (1 << 20)

const char *block_udev(struct vfp_ctx *ctx, struct block *block)
{
	char path[64];

	if (block->udev || !block->dev)
		return nonnull(block->udev);
	snprintf(path, sizeof(path), DATABASE "/b%u:%u", major(block->dev),
		 minor(block->dev));
	if (root_read(ctx, path, ENTRY_MAX, &block->udev, NULL) < 0)
		block->udev = strdup("");
	return nonnull(block->udev);
}

/* The next line of @text that begins with @prefix; *ret_len is that of what follows. */
static const char *next_line(const char **text, const char *prefix, size_t *ret_len)
{
	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text += len + (line[len] == '\n');
		if (!startswith(line, prefix))
			continue;
		*ret_len = len - strlen(prefix);
		return line + strlen(prefix);
	}
	return NULL;
}

char *udev_value(const char *text, const char *name)
{
	char prefix[64];
	const char *value;
	size_t len;

	snprintf(prefix, sizeof(prefix), "E:%s=", name);
	value = next_line(&text, prefix, &len);
	return value && len ? strndup(value, len) : NULL;
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* "my\x20disk" is "my disk": links cannot have all that labels can. */
static void decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		int high = -1, low = -1;

		if (from[0] == '\\' && from[1] == 'x' && from[2]) {
			high = hex(from[2]);
			low = hex(from[3]);
		}
		if (high < 0 || low < 0) {
			*to++ = *from++;
			continue;
		}
		*to++ = (char)(high << 4 | low);
		from += 4;
	}
	*to = '\0';
}

bool udev_has_link(const char *text, const char *folder, const char *name)
{
	bool uuid = endswith(folder, "uuid/");
	const char *link;
	size_t len;

	while ((link = next_line(&text, "S:", &len))) {
		_cleanup_free_ char *copy = strndup(link, len);
		char *rest = NULL;

		if (copy && startswith(copy, folder))
			rest = copy + strlen(folder);
		if (!rest)
			continue;
		if (streq(rest, name) || (uuid && strcasecmp(rest, name) == 0))
			return true;
		decode(rest);
		if (streq(rest, name))
			return true;
	}
	return false;
}
