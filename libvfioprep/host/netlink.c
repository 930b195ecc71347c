/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the kernel about its network, asked with libmnl; and the addresses. For
 * `dump` the messages that mattered are kept as the bytes that came, in files below
 * /netlink, and any root but the running system's is answered from these files: its
 * interfaces are not ours.
 *
 * The kernel answers from within the call that asks, and may wait there for whoever changes
 * an interface (rtnl): a driver that hangs while it removes one would keep everybody who asks.
 * So a child asks, step by step. A table that changed while it was read is read again.
 */
#include "host/netlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#define WAIT_MSEC  3000
#define TRIES      4
#define REPLAY_MAX (64 << 20)

static void dump_done(struct netlink_dump *t)
{
	free(t->list);
	str_done(&t->raw);
}

void *netlink_grow(struct netlink_dump *t, size_t size)
{
	char *list = t->list;

	/* Doubled whenever the length is a power of two. */
	if ((t->n & (t->n - 1)) == 0) {
		list = reallocarray(list, t->n ? t->n * 2 : 1, size);
		if (!list)
			return NULL;
		t->list = list;
	}
	return memset(list + t->n++ * size, 0, size);
}

/* -- messages ------------------------------------------------------------------------ */

static int add_address(struct netlink_dump *t, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr, *address = NULL;
	char text[INET6_ADDRSTRLEN];
	struct net_address *entry;
	size_t size;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	size = header->ifa_family == AF_INET ? sizeof(struct in_addr)
					     : sizeof(struct in6_addr);
	/*
	 * Of a point-to-point link IFA_ADDRESS is the other end, and IFA_LOCAL is ours.
	 */
	mnl_attr_for_each(attr, message, sizeof(*header))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (mnl_attr_get_payload_len(attr) == size &&
		    (type == IFA_LOCAL || (type == IFA_ADDRESS && !address)))
			address = attr;
	}
	if (!address || !inet_ntop(header->ifa_family, mnl_attr_get_payload(address),
				   text, sizeof(text)))
		return 0;
	entry = netlink_grow(t, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->ifindex = header->ifa_index;
	entry->link_local = header->ifa_scope == RT_SCOPE_LINK;
	snprintf(entry->text, sizeof(entry->text), "%s/%u", text, header->ifa_prefixlen);
	return 1;
}

/* -- asking the kernel --------------------------------------------------------------- */

/* libmnl takes a length above INT_MAX for one below zero, and reads to the next boundary. */
static bool is_whole(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left &&
	       MNL_ALIGN(message->nlmsg_len) <= (uint32_t)left;
}

/*
 * All messages in @buffer. 1: the last one was among them; 0: more to come; -EINTR: the
 * table changed, ask again. In a replay (@live false) there are several answers in a row.
 */
static int take_messages(struct netlink_dump *t, const char *buffer, size_t size,
			 bool live, bool keep)
{
	const struct nlmsghdr *message = (const void *)buffer;
	int left = (int)size, r;

	for (; is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (live && message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE && live)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

			if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
				return -EBADMSG;
			return error->error < 0 ? error->error : -EBADMSG;
		}
		if (message->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		r = t->add(t, message);
		if (r > 0 && keep)
			r = str_add_bytes(&t->raw, (const char *)message,
					  message->nlmsg_len);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the child that asks and the one who waits for it share. */
struct exchange {
	const struct netlink_dump *dump;
	int fd; /* of the child */
	unsigned char family;
	bool ask; /* this step is to send the request, not to take an answer */
	size_t size;
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* -- in the child -------------------------------------------------------------------- */

static int open_socket(void)
{
	struct timeval limit = { .tv_sec = WAIT_MSEC / 1000 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	/* Whoever waits for the child may be gone by then. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int send_request(const struct exchange *exchange)
{
	char buffer[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	unsigned char *header;

	message->nlmsg_type = exchange->dump->request;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* The family is the first byte of every header. */
	header = mnl_nlmsg_put_extra_header(message, exchange->dump->header);
	*header = exchange->family;
	return send(exchange->fd, message, message->nlmsg_len, 0) < 0 ? -errno : 0;
}

static int ask_step(void *data, size_t index, char *text)
{
	struct exchange *exchange = data;
	ssize_t n;

	(void)text;
	if (index == 0)
		exchange->fd = open_socket();
	if (exchange->fd < 0)
		return exchange->fd;
	if (exchange->ask)
		return send_request(exchange);
	/* With this flag it is the length that it would have had. */
	n = recv(exchange->fd, exchange->buffer, sizeof(exchange->buffer), MSG_TRUNC);
	if (n < 0)
		return -errno;
	exchange->size = (size_t)n;
	return exchange->size <= sizeof(exchange->buffer) ? 0 : -ENOSPC;
}

/* -- in the parent ------------------------------------------------------------------- */

/* One family. As long as something comes, however much it is. */
static int ask_family(struct vfp_ctx *ctx, struct netlink_dump *t, struct child *child,
		      struct exchange *exchange)
{
	int r;

	exchange->ask = true;
	r = child_step(ctx, child, deadline_in(WAIT_MSEC));
	exchange->ask = false;
	while (r == 0) {
		r = child_step(ctx, child, deadline_in(WAIT_MSEC));
		if (r == 0)
			r = take_messages(t, exchange->buffer, exchange->size, true,
					  ctx->mirror != NULL);
	}
	/* A kernel without IPv6 or without nexthops has nothing to say. */
	return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 1 : r;
}

static int ask_families(struct vfp_ctx *ctx, struct netlink_dump *t, struct child *child,
			struct exchange *exchange)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	int r = 1;

	if (!t->of_families)
		return ask_family(ctx, t, child, exchange);
	for (size_t i = 0; r == 1 && i < ARRAY_SIZE(families); i++) {
		exchange->family = families[i];
		r = ask_family(ctx, t, child, exchange);
	}
	return r;
}

static int ask_once(struct vfp_ctx *ctx, struct netlink_dump *t)
{
	struct exchange *exchange = mmap(NULL, sizeof(*exchange), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child child;
	int r;

	if (exchange == MAP_FAILED)
		return -ENOMEM;
	exchange->dump = t;
	r = child_start(ctx, ask_step, exchange, SIZE_MAX, -1, &child);
	if (r == 0) {
		r = ask_families(ctx, t, &child, exchange);
		child_end(&child, r != -EINPROGRESS && r != -ECANCELED);
	}
	munmap(exchange, sizeof(*exchange));
	if (r == -EINPROGRESS)
		return -ETIMEDOUT;
	return r < 0 ? r : 0;
}

static int ask(struct vfp_ctx *ctx, struct netlink_dump *t)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		t->n = 0;
		str_done(&t->raw);
		r = ask_once(ctx, t);
	}
	if (r == 0 && ctx->mirror)
		mirror_file(ctx, t->file, nonnull(t->raw.s), t->raw.len);
	return r;
}

/*
 * What the model of a host does not say is nothing; what a dump does not say is not
 * known.
 */
static int replay(struct vfp_ctx *ctx, struct netlink_dump *t)
{
	_cleanup_free_ char *raw = NULL;
	size_t size = 0;
	int r = root_read(ctx, t->file, REPLAY_MAX, &raw, &size);

	if (r == -ENOENT && !ctx->dump) {
		if (ctx->mirror)
			mirror_file(ctx, t->file, "", 0);
		return 0;
	}
	return r < 0 ? r : take_messages(t, raw, size, false, false);
}

int netlink_read(struct vfp_ctx *ctx, struct netlink_dump *t, void **ret, size_t *ret_n)
{
	int r = ctx->dump || *ctx->root ? replay(ctx, t) : ask(ctx, t);

	if (r == 0 && !t->list) {
		t->list = malloc(1);
		r = t->list ? 0 : -ENOMEM;
	}
	if (r == 0) {
		*ret = take(t->list);
		*ret_n = t->n;
	}
	dump_done(t);
	return r;
}

int netlink_addresses(struct vfp_ctx *ctx, struct net_address **ret, size_t *ret_n)
{
	struct netlink_dump dump = { .file = "/netlink/addresses",
				     .request = RTM_GETADDR,
				     .header = sizeof(struct ifaddrmsg),
				     .of_families = true,
				     .add = add_address };

	return netlink_read(ctx, &dump, (void **)ret, ret_n);
}
