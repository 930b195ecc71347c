/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files for which the kernel waits without a limit: those of other processes that it takes out
 * of their memory (/proc/PID/cmdline and environ), where it waits for whoever changes the map of
 * that memory, and the strings of USB devices, where it waits for a driver that comes or goes.
 * One that hangs would keep everybody who looks. So a child reads, one file a step; once one
 * does not come back in time nothing more is read.
 */
#include "host/host.h"

#include <fcntl.h>
#include <sys/mman.h>

#define WAIT_MSEC 1000

struct reading {
	struct vfp_ctx *ctx;
	char path[PATH_MAX];
	size_t size;
	char text[READER_MAX];
};

static int read_step(void *data, size_t index, char *text)
{
	struct reading *reading = data;
	int fd = root_open(reading->ctx, reading->path, O_RDONLY | O_NONBLOCK);
	ssize_t n;

	(void)index, (void)text;
	if (fd < 0)
		return fd;
	n = read(fd, reading->text, READER_MAX - 1);
	close(fd);
	if (n < 0)
		return -errno;
	reading->text[n] = '\0';
	reading->size = (size_t)n;
	return 0;
}

static int start(struct reader *reader, struct vfp_ctx *ctx)
{
	struct reading *reading = mmap(NULL, sizeof(*reading), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (reading == MAP_FAILED)
		return -ENOMEM;
	reading->ctx = ctx;
	r = child_start(ctx, read_step, reading, SIZE_MAX, -1, &reader->child);
	if (r < 0) {
		munmap(reading, sizeof(*reading));
		return r;
	}
	reader->reading = reading;
	return 0;
}

size_t reader_read(struct reader *reader, struct vfp_ctx *ctx, const char *path,
		   const char **ret_text)
{
	int r = reader->failed ? -EINPROGRESS : 0;

	*ret_text = "";
	if (r == 0 && !reader->reading)
		r = start(reader, ctx);
	if (r < 0) {
		reader->failed = true;
		return 0;
	}
	snprintf(reader->reading->path, sizeof(reader->reading->path), "%s", path);
	r = child_step(ctx, &reader->child, deadline_in(WAIT_MSEC));
	reader->failed = r == -EINPROGRESS || r == -ECANCELED || r == -EPIPE;
	if (r < 0)
		return 0;
	*ret_text = reader->reading->text;
	return reader->reading->size;
}

void reader_done(struct reader *reader)
{
	if (!reader->reading)
		return;
	child_end(&reader->child, !reader->failed);
	munmap(reader->reading, sizeof(*reader->reading));
	*reader = (struct reader){ 0 };
}

/* -- attributes ---------------------------------------------------------------------- */

void reader_free(struct reader *reader)
{
	if (reader)
		reader_done(reader);
	free(reader);
}

int reader_attr(struct vfp_ctx *ctx, const char *path, char **ret_value)
{
	const char *text;
	char *value;

	/* Files of a dump wait for nobody. */
	if (ctx->dump)
		return root_attr(ctx, ret_value, "%s", path);
	if (!ctx->reader)
		ctx->reader = calloc(1, sizeof(*ctx->reader));
	if (!ctx->reader)
		return -ENOMEM;
	if (!reader_read(ctx->reader, ctx, path, &text))
		return ctx->reader->failed ? -EINPROGRESS : -ENODATA;
	if (ctx->mirror)
		mirror_file(ctx, path, text, strlen(text));
	value = strdup(text);
	if (!value)
		return -ENOMEM;
	*ret_value = chomp(value);
	return 0;
}
