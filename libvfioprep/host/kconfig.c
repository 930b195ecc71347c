/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the running kernel was configured: the text that distributions put beside the kernel,
 * or the compressed one that the kernel keeps itself. Arch has only that, Debian only the
 * other.
 */
#include "host/host.h"

#include <zlib.h>

#define CONFIG_MAX (1 << 20)

/* The whole of a gzip file in memory. */
static char *inflate_text(const char *data, size_t size)
{
	z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)size };
	_cleanup_free_ char *text = malloc(CONFIG_MAX + 1);
	int r;

	if (!text || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return NULL;
	z.next_out = (Bytef *)text;
	z.avail_out = CONFIG_MAX;
	r = inflate(&z, Z_FINISH);
	text[z.total_out] = '\0';
	inflateEnd(&z);
	return r == Z_STREAM_END ? take(text) : NULL;
}

static char *read_text(struct vfp_ctx *ctx, const char *folder, const char *name)
{
	_cleanup_free_ char *release = NULL, *path = NULL;
	char *text = NULL;

	if (root_attr(ctx, &release, "/proc/sys/kernel/osrelease") < 0)
		return NULL;
	path = strf("%s%s%s", folder, release, name);
	if (!path || root_read(ctx, path, CONFIG_MAX, &text, NULL) < 0)
		return NULL;
	return text;
}

int kconfig_read(struct vfp_ctx *ctx, char **ret_text)
{
	_cleanup_free_ char *packed = NULL;
	char *text = read_text(ctx, "/boot/config-", "");
	size_t size;

	text = text ?: read_text(ctx, "/lib/modules/", "/config");
	if (!text && root_read(ctx, "/proc/config.gz", CONFIG_MAX, &packed, &size) == 0)
		text = inflate_text(packed, size);
	if (!text)
		return -ENOENT;
	*ret_text = text;
	return 0;
}

char kconfig_value(const char *text, const char *option)
{
	size_t len = strlen(option);

	for (const char *at = text; (at = strstr(at, option)); at += len)
		if (at - text >= 8 && strncmp(at - 7, "CONFIG_", 7) == 0 &&
		    at[-8] == '\n' && at[len] == '=')
			return at[len + 1];
	return 'n';
}
