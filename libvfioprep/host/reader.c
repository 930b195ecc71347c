/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of other processes that the kernel takes out of their memory (/proc/PID/cmdline and
 * environ). It waits for whoever changes the map of that memory, without a limit: a guest that
 * hangs would keep everybody who looks. So a child reads, one file a step; once one does not
 * come back in time nothing more is read.
 */
#include "host/host.h"

#include <fcntl.h>
#include <sys/mman.h>

#define WAIT_MSEC 1000

struct reading {
	struct vfp_ctx *ctx;
	char path[64];
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

size_t reader_read(struct reader *reader, struct vfp_ctx *ctx, const char *pid,
		   const char *name, const char **ret_text)
{
	int r = reader->failed ? -EINPROGRESS : 0;

	*ret_text = "";
	if (r == 0 && !reader->reading)
		r = start(reader, ctx);
	if (r < 0) {
		reader->failed = true;
		return 0;
	}
	snprintf(reader->reading->path, sizeof(reader->reading->path), "/proc/%s/%s", pid,
		 name);
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
