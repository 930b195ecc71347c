/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The established TCP connections of the host, as /proc/net has them. Asking by netlink
 * would make the kernel load a module for it, and looking is to change nothing. They are
 * looked at as they come: a busy server has very many. They are read past the mirror: whom
 * the host talks to is nobody's business in a dump.
 */
#include "model/check-net.h"

#include <arpa/inet.h>
#include <fcntl.h>

#define ESTABLISHED 1u

/* "0100007F": words as they lie in memory, one of IPv4 or four of IPv6. */
static bool parse_address(const char *hex, char text[64])
{
	uint32_t words[4] = { 0 };
	size_t n = strlen(hex) / 8;
	struct in6_addr six;

	if (n != 1 && n != 4)
		return false;
	for (size_t i = 0; i < n; i++)
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	if (n == 1)
		return inet_ntop(AF_INET, words, text, 64);
	memcpy(&six, words, sizeof(six));
	/* An IPv4 connection of a server that listens for both. */
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, &words[3], text, 64);
	return inet_ntop(AF_INET6, &six, text, 64);
}

static bool parse_line(const char *line, struct tcp *tcp)
{
	char here[40], there[40];
	unsigned int state;
	unsigned long long inode;

	if (sscanf(line,
		   " %*d: %39[0-9A-F]:%x %39[0-9A-F]:%x %x %*s %*s %*s %*s %*s %llu",
		   here, &tcp->here_port, there, &tcp->there_port, &state, &inode) != 6)
		return false;
	tcp->inode = inode;
	return state == ESTABLISHED && parse_address(here, tcp->here) &&
	       parse_address(there, tcp->there);
}

static int each_line(struct vfp_ctx *ctx, const char *path, tcp_fn *fn, void *data)
{
	int fd = root_open_file(ctx, path), r = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];
	struct tcp tcp;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (r == 0 && fgets(line, sizeof(line), file))
		if (parse_line(line, &tcp))
			r = fn(data, &tcp);
	fclose(file);
	return r;
}

int net_each_tcp(struct vfp_ctx *ctx, tcp_fn *fn, void *data)
{
	return each_line(ctx, "/proc/net/tcp", fn, data)
		     ?: each_line(ctx, "/proc/net/tcp6", fn, data);
}
