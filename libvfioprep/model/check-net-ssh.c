/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SSH session that the question came in by. Its variables say it: those of this process,
 * or, as sudo drops them, of a process above. Those may be old: what runs in tmux or screen
 * has its server above it, which may have been started from a session that is over, while
 * the person has come in by another one since. So the clients of that server are looked at,
 * too, and a session whose connection is there counts before one whose is not.
 */
#include "model/check-net.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define LEVELS_MAX 64

static void session_free(struct session *session)
{
	free(session->here);
	free(session->there);
	free(session);
}

void sessions_free(struct session **sessions)
{
	for (struct session **s = sessions; s && *s; s++)
		session_free(*s);
	free(sessions);
}

int session_add(struct session ***list, size_t *n, const struct tcp *tcp, bool live)
{
	struct session *session = calloc(1, sizeof(*session));
	int r = -ENOMEM;

	if (!session)
		return r;
	session->here = strdup(tcp->here);
	session->there = strdup(tcp->there);
	session->here_port = tcp->here_port;
	session->there_port = tcp->there_port;
	session->live = live;
	if (session->here && session->there)
		r = list_add((void ***)list, n, session);
	if (r < 0)
		session_free(session);
	return r;
}

/* What one read of /proc/PID/NAME gives, past the mirror. */
static size_t read_own(struct vfp_ctx *ctx, pid_t pid, const char *name, char *buffer,
		       size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t n = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = root_open(ctx, path, O_RDONLY | O_NONBLOCK);
	if (fd >= 0)
		n = read(fd, buffer, size - 1);
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static pid_t parent_of(struct vfp_ctx *ctx, pid_t pid)
{
	char stat[1024], *after;
	int parent;

	read_own(ctx, pid, "stat", stat, sizeof(stat));
	after = strrchr(stat, ')');
	return after && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

/*
 * "SSH_CONNECTION=CLIENT PORT SERVER PORT" among the variables of a process; or, where only
 * that is left, "SSH_CLIENT=CLIENT PORT PORT".
 */
static bool find_ssh(const char *variables, size_t size, struct tcp *tcp)
{
	static const char connection[] = "SSH_CONNECTION=", client[] = "SSH_CLIENT=";
	bool found = false;

	for (const char *v = variables; v < variables + size; v += strlen(v) + 1) {
		if (startswith(v, connection) &&
		    sscanf(v + strlen(connection), "%63s %u %63s %u", tcp->there,
			   &tcp->there_port, tcp->here, &tcp->here_port) >= 3)
			return true;
		if (startswith(v, client) &&
		    sscanf(v + strlen(client), "%63s %u %u", tcp->there, &tcp->there_port,
			   &tcp->here_port) == 3)
			found = true;
	}
	return found;
}

/* What is being searched. */
struct search {
	struct vfp_ctx *ctx;
	struct network *network;
	struct reader reader;
	bool apart; /* below a server of terminals, which clients are connected to */
	uid_t uid;  /* of that server */
};

static int add_session_of(struct search *s, pid_t pid, bool live)
{
	struct network *n = s->network;
	struct tcp tcp = { 0 };
	const char *variables;
	char path[64];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	size = reader_read(&s->reader, s->ctx, path, &variables);
	if (!find_ssh(variables, size, &tcp))
		return 0;
	for (size_t i = 0; i < n->n_sessions; i++)
		if (streq(n->sessions[i]->there, tcp.there) &&
		    n->sessions[i]->there_port == tcp.there_port &&
		    streq(n->sessions[i]->here, tcp.here))
			return 0;
	return session_add(&n->sessions, &n->n_sessions, &tcp, live);
}

/* The owner of a process; that of nobody when it has gone. */
static uid_t uid_of(struct vfp_ctx *ctx, pid_t pid)
{
	_cleanup_close_ int fd = -1;
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = root_open(ctx, path, O_PATH | O_DIRECTORY);
	return fd < 0 || fstat(fd, &st) < 0 ? (uid_t)-1 : st.st_uid;
}

/*
 * This process and those above it. The first is the nearest. A session of mosh goes on by
 * UDP when the connection that began it is over.
 */
static int search_above(struct search *s)
{
	pid_t pid = getpid();
	char name[64];
	int r = 0;

	for (int level = 0; r == 0 && pid > 1 && level < LEVELS_MAX; level++) {
		read_own(s->ctx, pid, "comm", name, sizeof(name));
		if (startswith(name, "tmux: server") || streq(chomp(name), "screen")) {
			s->apart = true;
			s->uid = uid_of(s->ctx, pid);
		}
		r = add_session_of(s, pid, streq(name, "mosh-server"));
		pid = parent_of(s->ctx, pid);
	}
	return r;
}

/* The clients of the same user. */
static int search_clients(struct search *s)
{
	int fd = root_open(s->ctx, "/proc", O_RDONLY | O_DIRECTORY), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char name[64];

	while (r == 0 && dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 1)
			continue;
		read_own(s->ctx, pid, "comm", name, sizeof(name));
		if ((startswith(name, "tmux: client") || streq(chomp(name), "screen")) &&
		    uid_of(s->ctx, pid) == s->uid)
			r = add_session_of(s, pid, false);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return r;
}

/* "fe80::1%eth0" is "fe80::1". */
static bool same_address(const char *a, const char *b)
{
	size_t n = strcspn(a, "%");

	return n == strcspn(b, "%") && strncmp(a, b, n) == 0;
}

static int match_session(void *data, const struct tcp *tcp)
{
	struct network *n = data;

	for (size_t i = 0; i < n->n_sessions; i++) {
		struct session *s = n->sessions[i];

		if (s->here_port != tcp->here_port || s->there_port != tcp->there_port ||
		    !same_address(s->there, tcp->there) ||
		    (*s->here && !same_address(s->here, tcp->here)))
			continue;
		if (!*s->here) {
			char *here = strdup(tcp->here);

			if (!here)
				return -ENOMEM;
			free(s->here);
			s->here = here;
		}
		s->live = true;
	}
	return 0;
}

/* Those that are live; when none is, the nearest. */
static void keep_current(struct network *n)
{
	size_t kept = 0;
	bool any = false;

	for (size_t i = 0; i < n->n_sessions; i++)
		any |= n->sessions[i]->live;
	for (size_t i = 0; i < n->n_sessions; i++) {
		if (any ? n->sessions[i]->live : i == 0)
			n->sessions[kept++] = n->sessions[i];
		else
			session_free(n->sessions[i]);
	}
	if (n->sessions)
		n->sessions[kept] = NULL;
	n->n_sessions = kept;
}

int sessions_read(struct vfp_ctx *ctx, struct network *network)
{
	struct search s = { .ctx = ctx, .network = network };
	int r = search_above(&s);

	if (r == 0 && s.apart)
		r = search_clients(&s);
	/* There is nothing to choose between one that says all; the table may be long. */
	if (r == 0 && (network->n_sessions > 1 ||
		       (network->n_sessions && !*network->sessions[0]->here)))
		r = net_each_tcp(ctx, match_session, network);
	keep_current(network);
	reader_done(&s.reader);
	return r;
}
