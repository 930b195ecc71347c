/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which device node open. The links in /proc/PID/fd say it; no node is opened for
 * it: that of a vfio group has room for one opener, and a guest that is starting would
 * fail. One walk finds all holders of all nodes, so that a listing of many devices needs
 * only one.
 *
 * Of servers for SSH also their sockets are in the table ("socket:[4711]"), for those who
 * ask where a session comes in.
 *
 * A device's own descriptor has no path; Linux 7 names the device in fdinfo. Before, the
 * process is found by the group's node, which QEMU keeps open.
 *
 * /proc is read past the mirror: a dump holds this table instead, and no command lines.
 */
#include "model/model.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define HOLDERS_FILE "/holders"
#define NODES        "/dev/vfio/"
#define TABLE_MAX    (1 << 20)
#define PLACE_MAX    (2 * NAME_MAX + 16)

void held_done(struct held_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		free(table->list[i]->node);
		free(table->list[i]->holder.name);
		free(table->list[i]->holder.guest);
		free(table->list[i]);
	}
	free(table->list);
	*table = (struct held_table){ 0 };
}

static int held_add(struct held_table *table, const char *node, pid_t pid,
		    const char *name, const char *guest)
{
	struct held *held = calloc(1, sizeof(*held));
	int r = -ENOMEM;

	if (!held)
		return r;
	held->node = strdup(node);
	held->holder.pid = pid;
	held->holder.name = escape(name);
	held->holder.guest = guest && *guest ? escape(guest) : NULL;
	if (held->node && held->holder.name && (!guest || !*guest || held->holder.guest))
		r = list_add((void ***)&table->list, &table->n, held);
	if (r < 0) {
		free(held->node);
		free(held->holder.name);
		free(held->holder.guest);
		free(held);
	}
	return r;
}

/* -- the running system: /proc ------------------------------------------------------- */

/*
 * What one read of a file of a process gives, with a '\0' after it; "" when it has gone.
 */
static size_t read_some(int proc, char *buffer, size_t size, const char *pid,
			const char *name)
{
	_cleanup_close_ int fd = -1;
	char path[PLACE_MAX];
	ssize_t n = -1;

	snprintf(path, sizeof(path), "%s/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		n = read(fd, buffer, size - 1);
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* "guest=web1,debug-threads=on" and "web1,process=x" both are web1; ",," is a comma. */
static char *guest_of_option(const char *option)
{
	_cleanup_str_ struct str name = { 0 };
	const char *value;

	for (value = option; !startswith(value, "guest="); value++) {
		value += strcspn(value, ",");
		if (!*value)
			break;
	}
	if (*value)
		option = value + strlen("guest=");
	else if (strcspn(option, "=") < strcspn(option, ","))
		return NULL;
	for (; *option && (*option != ',' || option[1] == ','); option++) {
		if (str_add_bytes(&name, option, 1) < 0)
			return NULL;
		if (*option == ',')
			option++;
	}
	return take(name.s);
}

/* QEMU's name for its guest; NULL when it is no QEMU or has none. */
static char *guest_name(struct vfp_ctx *ctx, struct reader *reader, const char *pid)
{
	_cleanup_free_ char *path = strf("/proc/%s/cmdline", pid);
	const char *words = "";
	size_t n = path ? reader_read(reader, ctx, path, &words) : 0;

	if (!strstr(words, "qemu") && !strstr(words, "kvm"))
		return NULL;
	for (const char *word = words; word < words + n; word += strlen(word) + 1) {
		const char *next = word + strlen(word) + 1;

		if ((streq(word, "-name") || streq(word, "--name")) && next < words + n)
			return guest_of_option(next);
	}
	return NULL;
}

/* Linux 7: the group's node of the device that an anonymous descriptor is for. */
static char *node_of_fdinfo(struct vfp_ctx *ctx, int proc, const char *pid,
			    const char *fd)
{
	static const char key[] = "vfio-device-syspath:";
	_cleanup_free_ char *group = NULL;
	char path[PLACE_MAX], info[2048], *place;

	snprintf(path, sizeof(path), "fdinfo/%s", fd);
	read_some(proc, info, sizeof(info), pid, path);
	place = strstr(info, key);
	if (!place)
		return NULL;
	place += strlen(key);
	place += strspn(place, " \t");
	place[strcspn(place, "\n")] = '\0';
	if (root_link_name(ctx, &group, "%s/iommu_group", place) < 0)
		return NULL;
	return strf(NODES "%s", group);
}

/* A process that is being looked at. */
struct process {
	int proc, fds; /* /proc, and the folder with its descriptors */
	const char *pid;
	struct reader *reader;
	bool named, ssh_server;
};

/* Nodes that everybody has open and that are no device's, and what is in folders of such. */
static bool is_common(const char *node)
{
	static const char *const names[] = { "null",   "zero",    "full",
					     "random", "urandom", "tty",
					     "ptmx",   "fuse",    "vfio/vfio" };

	node += strlen("/dev/");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(node, names[i]))
			return true;
	return startswith(node, "pts/") || startswith(node, "shm/");
}

static bool is_ssh_server(struct process *p)
{
	char name[64];

	if (!p->named) {
		read_some(p->proc, name, sizeof(name), p->pid, "comm");
		p->ssh_server = startswith(name, "sshd");
		p->named = true;
	}
	return p->ssh_server;
}

/*
 * Is what @fd is open on the device that @node is here? Whoever has a mount namespace can
 * give any file any path. A node that is @gone cannot be compared; libvirt's guests have
 * copies of their own, which stay. Nobody's file server is waited for.
 */
static bool is_node(int fds, const char *fd, const char *node, bool gone)
{
	struct statx theirs, ours;

	if (statx(fds, fd, AT_STATX_DONT_SYNC, STATX_TYPE, &theirs) < 0 ||
	    (!S_ISCHR(theirs.stx_mode) && !S_ISBLK(theirs.stx_mode)))
		return false;
	if (gone)
		return true;
	return statx(AT_FDCWD, node, AT_STATX_DONT_SYNC, STATX_TYPE, &ours) == 0 &&
	       (theirs.stx_mode & S_IFMT) == (ours.stx_mode & S_IFMT) &&
	       theirs.stx_rdev_major == ours.stx_rdev_major &&
	       theirs.stx_rdev_minor == ours.stx_rdev_minor;
}

/*
 * The node that a descriptor is open on; NULL for what does not matter. A path of another
 * mount namespace ("/vfio/12") counts when it is the same device number. In a host made
 * of files the path is all there is.
 */
static char *node_of_fd(struct vfp_ctx *ctx, struct process *p, const char *fd)
{
	_cleanup_free_ char *node = NULL;
	char text[PATH_MAX];
	ssize_t n = readlinkat(p->fds, fd, text, sizeof(text) - 1);
	bool named, gone;

	if (n < 0)
		return NULL;
	text[n] = '\0';
	if (streq(text, "anon_inode:[vfio-device]"))
		return node_of_fdinfo(ctx, p->proc, p->pid, fd);
	if (startswith(text, "socket:["))
		return is_ssh_server(p) ? strdup(text) : NULL;
	named = startswith(text, "/dev/");
	gone = endswith(text, " (deleted)");
	if (gone)
		text[(size_t)n - strlen(" (deleted)")] = '\0';
	if (named ? is_common(text)
		  : !strstr(text, "/vfio/") || endswith(text, "/vfio/vfio"))
		return NULL;
	node = named ? strdup(text) : strf("/dev%s", strstr(text, "/vfio/"));
	if (!node)
		return NULL;
	if (ctx->root_fd >= 0)
		return named ? take(node) : NULL;
	gone = named && (gone || access(node, F_OK) < 0);
	return is_node(p->fds, fd, node, gone) ? take(node) : NULL;
}

/* Those of the process that is being looked at are at the end. */
static bool table_has(const struct held_table *table, pid_t pid, const char *node)
{
	for (size_t i = table->n; i > 0 && table->list[i - 1]->holder.pid == pid; i--)
		if (streq(table->list[i - 1]->node, node))
			return true;
	return false;
}

/* Only QEMU is asked for a name. */
static int add_process(struct vfp_ctx *ctx, struct held_table *table,
		       const struct process *p, const char *node)
{
	_cleanup_free_ char *guest = NULL;
	pid_t number = (pid_t)atoi(p->pid);
	char name[64];

	if (table_has(table, number, node))
		return 0;
	read_some(p->proc, name, sizeof(name), p->pid, "comm");
	if (startswith(node, NODES) || strstr(name, "qemu") || strstr(name, "kvm"))
		guest = guest_name(ctx, p->reader, p->pid);
	return held_add(table, node, number, chomp(name), guest);
}

static int scan_process(struct vfp_ctx *ctx, struct held_table *table, int proc,
			const char *pid, struct reader *reader)
{
	struct process p = { .proc = proc, .pid = pid, .reader = reader };
	char path[PLACE_MAX];
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/fd", pid);
	p.fds = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = p.fds < 0 ? NULL : fdopendir(p.fds);
	if (!dir) {
		/*
		 * Anything but a process that has ended is one that we may not look at.
		 */
		if (errno != ENOENT && errno != ESRCH)
			table->complete = false;
		if (p.fds >= 0)
			close(p.fds);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir))) {
		_cleanup_free_ char *node = NULL;

		if (*entry->d_name != '.')
			node = node_of_fd(ctx, &p, entry->d_name);
		if (node)
			r = add_process(ctx, table, &p, node);
	}
	closedir(dir);
	return r;
}

static int scan_processes(struct vfp_ctx *ctx, struct held_table *table)
{
	int proc = root_open(ctx, "/proc", O_RDONLY | O_DIRECTORY), r = 0;
	DIR *dir = proc < 0 ? NULL : fdopendir(proc);
	struct reader reader = { 0 };
	struct dirent *entry;

	/* Where processes of others are hidden, so is the first one. */
	table->complete = dir && faccessat(proc, "1", F_OK, 0) == 0;
	if (!dir) {
		if (proc >= 0)
			close(proc);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			r = scan_process(ctx, table, proc, entry->d_name, &reader);
	reader_done(&reader);
	closedir(dir);
	return r;
}

/* -- the table in a dump ------------------------------------------------------------- */

/* "NODE PID NAME GUEST", separated by tabs, or by blanks where no name has any. */
static int parse_line(struct held_table *table, char *line)
{
	const char *separators = strchr(line, '\t') ? "\t" : " ";
	char *node, *pid, *name, *rest = line;
	uint64_t number;

	if (streq(line, "incomplete")) {
		table->complete = false;
		return 0;
	}
	node = strsep(&rest, separators);
	pid = strsep(&rest, separators);
	name = strsep(&rest, separators);
	if (!name || parse_number(pid, 10, INT_MAX, &number) < 0)
		return 0;
	return held_add(table, node, (pid_t)number, name, rest);
}

static int read_table(struct vfp_ctx *ctx, struct held_table *table)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int r = root_read(ctx, HOLDERS_FILE, TABLE_MAX, &text, NULL);

	table->complete = r == 0;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = parse_line(table, line);
	return r;
}

static void mirror_table(struct vfp_ctx *ctx, const struct held_table *table)
{
	_cleanup_str_ struct str text = { 0 };
	int r = str_add(&text, "%s", table->complete ? "" : "incomplete\n");

	for (size_t i = 0; r == 0 && i < table->n; i++)
		r = str_add(&text, "%s\t%d\t%s\t%s\n", table->list[i]->node,
			    (int)table->list[i]->holder.pid, table->list[i]->holder.name,
			    nonnull(table->list[i]->holder.guest));
	if (r == 0)
		mirror_file(ctx, HOLDERS_FILE, text.s, text.len);
}

static int compare_held(const void *a, const void *b)
{
	const struct held *const *m = a, *const *n = b;

	return (*m)->holder.pid - (*n)->holder.pid;
}

int held_read(struct vfp_ctx *ctx, struct held_table *ret_table)
{
	struct held_table table = { 0 };
	int r = ctx->dump ? read_table(ctx, &table) : scan_processes(ctx, &table);

	if (r < 0) {
		held_done(&table);
		return r;
	}
	/* /proc is in no order of its own. */
	if (table.n)
		qsort(table.list, table.n, sizeof(*table.list), compare_held);
	if (ctx->mirror)
		mirror_table(ctx, &table);
	*ret_table = table;
	return 0;
}
