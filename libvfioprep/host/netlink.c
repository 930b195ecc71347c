/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the kernel about its network, asked with libmnl; and the addresses. For
 * `dump` the messages that mattered are kept as the bytes that came, in files below
 * /netlink, and any root but the running system's is answered from these files: its
 * interfaces are not ours.
 *
 * The kernel answers at once or not at all, so each wait has a limit. A table that
 * changed while it was read is read again.
 */
#include "host/host.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

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

static int send_request(struct mnl_socket *socket, const struct netlink_dump *t,
			unsigned char family)
{
	char buffer[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	unsigned char *header;

	message->nlmsg_type = t->request;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	/* The family is the first byte of every header. */
	header = mnl_nlmsg_put_extra_header(message, t->header);
	*header = family;
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* As long as something comes, however much it is. */
static int receive_all(struct vfp_ctx *ctx, struct netlink_dump *t,
		       struct mnl_socket *socket)
{
	size_t room = 32768;
	_cleanup_free_ char *buffer = malloc(room);
	int r = 0;

	while (buffer && r == 0) {
		ssize_t n;

		r = wait_readable(mnl_socket_get_fd(socket), ctx->cancel_fd,
				  deadline_in(WAIT_MSEC));
		if (r <= 0)
			return r ?: -ETIMEDOUT;
		n = mnl_socket_recvfrom(socket, buffer, room);
		if (n < 0)
			return -errno;
		r = take_messages(t, buffer, (size_t)n, true, ctx->mirror != NULL);
	}
	return buffer ? r : -ENOMEM;
}

static int ask_once(struct vfp_ctx *ctx, struct netlink_dump *t)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 }, any = AF_UNSPEC;
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int r = 1;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	for (size_t i = 0; r == 1 && i < (t->of_families ? ARRAY_SIZE(families) : 1);
	     i++) {
		r = send_request(socket, t, t->of_families ? families[i] : any);
		r = r ?: receive_all(ctx, t, socket);
		/* A kernel without IPv6 or without nexthops has nothing to say. */
		if (r == -EOPNOTSUPP || r == -EAFNOSUPPORT)
			r = 1;
	}
	mnl_socket_close(socket);
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
