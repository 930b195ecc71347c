/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about SSH: the session that asks comes in over the interface, or that of
 * somebody else.
 */
#include "model/check-net.h"

#define NAMED_MAX 3

/* An address of the tower that is @text; NULL: none. */
static const struct storey *storey_with(const struct network *n,
					const struct thing *thing, const char *text)
{
	for (size_t i = 0; *text && i < n->n_addresses; i++) {
		const struct storey *storey =
			net_storey(thing->tower, n->addresses[i].ifindex);

		if (storey && net_is_address(&n->addresses[i], text))
			return storey;
	}
	return NULL;
}

/* Without an address nothing comes in, and no process has to be looked at. */
static bool has_address(const struct network *n, const struct thing *thing)
{
	for (size_t i = 0; i < n->n_addresses; i++)
		if (net_storey(thing->tower, n->addresses[i].ifindex))
			return true;
	return false;
}

static int need_sessions(struct check *c)
{
	struct network *n = c->facts->network;

	if (n->sessions_asked || c->ctx->dump)
		return 0;
	n->sessions_asked = true;
	return sessions_read(c->ctx, n);
}

int check_ssh(struct check *c, struct thing *thing)
{
	int r = net_need(c, thing);
	const struct network *n = c->facts->network;

	if (r < 0 || !has_address(n, thing))
		return r;
	r = need_sessions(c);
	for (size_t i = 0; r == 0 && i < n->n_sessions; i++) {
		const struct session *session = n->sessions[i];
		const struct storey *storey = storey_with(n, thing, session->here);
		_cleanup_free_ char *where = NULL;

		if (!storey)
			continue;
		where = net_where(thing, storey);
		if (!where)
			return -ENOMEM;
		r = check_use(c, USE_VITAL, "net %s: SSH from %s", thing->name,
			      session->there);
		r = r
			  ?: check_add(c, VFP_REFUSE, "ssh", NULL,
				       "your SSH session from %s comes in over %s",
				       session->there, where);
	}
	return r;
}

/* -- connections of sshd -------------------------------------------------------------- */

struct search {
	struct network *network;
	uint64_t *sockets; /* of sshd, in order */
	size_t n;
	bool complete; /* these are all */
};

static int compare_numbers(const void *a, const void *b)
{
	uint64_t m = *(const uint64_t *)a, n = *(const uint64_t *)b;

	return m < n ? -1 : m > n;
}

static bool is_own(const struct network *n, const struct tcp *tcp)
{
	for (size_t i = 0; i < n->n_sessions; i++)
		if (n->sessions[i]->there_port == tcp->there_port &&
		    streq(n->sessions[i]->there, tcp->there))
			return true;
	return false;
}

static int add_busy(struct network *n, const char *address)
{
	for (size_t i = 0; i < n->n_busy; i++)
		if (streq(n->busy[i], address))
			return 0;
	return strings_add(&n->busy, &n->n_busy, address);
}

static int take_connection(void *data, const struct tcp *tcp)
{
	struct search *s = data;

	if (is_own(s->network, tcp))
		return 0;
	if (s->n &&
	    bsearch(&tcp->inode, s->sockets, s->n, sizeof(*s->sockets), compare_numbers))
		return session_add(&s->network->connections, &s->network->n_connections,
				   tcp, true);
	return s->complete ? 0 : add_busy(s->network, tcp->here);
}

static int find_sockets(const struct held_table *held, struct search *s)
{
	static const char before[] = "socket:[";

	s->complete = held->complete;
	s->sockets = calloc(held->n + 1, sizeof(*s->sockets));
	if (!s->sockets)
		return -ENOMEM;
	for (size_t i = 0; i < held->n; i++)
		if (startswith(held->list[i]->node, before))
			s->sockets[s->n++] =
				strtoull(held->list[i]->node + strlen(before), NULL, 10);
	qsort(s->sockets, s->n, sizeof(*s->sockets), compare_numbers);
	return 0;
}

static int need_connections(struct check *c)
{
	struct search s = { .network = c->facts->network };
	int r;

	if (s.network->connections_asked)
		return 0;
	s.network->connections_asked = true;
	r = check_need_held(c);
	r = r ?: find_sockets(c->facts->held, &s);
	r = r ?: net_each_tcp(c->ctx, take_connection, &s);
	free(s.sockets);
	return r;
}

/* "198.51.100.7, 198.51.100.8 and others", each once. */
static int peers_text(const struct network *n, const struct thing *thing,
		      char **ret_peers)
{
	_cleanup_str_ struct str text = { 0 };
	const char *named[NAMED_MAX];
	size_t n_named = 0;
	bool more = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n->n_connections; i++) {
		const struct session *s = n->connections[i];
		bool known = !storey_with(n, thing, s->here);

		for (size_t j = 0; j < n_named; j++)
			known |= streq(named[j], s->there);
		if (known)
			continue;
		if (n_named == NAMED_MAX) {
			more = true;
			break;
		}
		r = str_add(&text, "%s%s", n_named ? ", " : "", s->there);
		named[n_named++] = s->there;
	}
	if (r == 0 && more)
		r = str_add(&text, " and others");
	*ret_peers = take(text.s);
	return r;
}

int check_sshd(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *peers = NULL;
	const struct network *n;
	int r;

	/* A dump does not say whom the host talks to. */
	if (c->ctx->dump)
		return 0;
	r = net_need(c, thing);
	n = c->facts->network;
	if (r < 0 || !has_address(n, thing))
		return r;
	r = need_sessions(c) ?: need_connections(c);
	r = r ?: peers_text(n, thing, &peers);
	if (r == 0 && peers)
		r = check_add(c, VFP_WARN, thing->name, NULL,
			      "SSH sessions from %s come in over %s", peers, thing->name);
	for (size_t i = 0; r == 0 && i < n->n_busy; i++)
		if (storey_with(n, thing, n->busy[i]))
			return check_add(
				c, VFP_UNKNOWN, thing->name, "ask again as root",
				"connections come in over %s; whether they are of "
				"SSH sessions could not be seen",
				thing->name);
	return r;
}
