/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-versions: the hypervisors of this host. Each has a few names that it may go by; the first
 * that can be started answers for it. A program that hangs or babbles is killed: it is ours, and
 * asking for a version holds nothing.
 */
#include "tool-versions.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define DEADLINE 5000
#define SAID_MAX 4096

extern char **environ;

static const struct {
	const char *name;
	const char *programs[5];
} hypervisors[] = {
#if defined(__aarch64__)
	{ "qemu", { "qemu-system-aarch64", "qemu-kvm", "/usr/libexec/qemu-kvm" } },
#else
	{ "qemu", { "qemu-system-x86_64", "qemu-kvm", "/usr/libexec/qemu-kvm" } },
#endif
	{ "libvirt",
	  { "libvirtd", "/usr/sbin/libvirtd", "virtqemud", "/usr/sbin/virtqemud",
	    "virsh" } },
	{ "cloud-hypervisor", { "cloud-hypervisor" } },
};

/* Started with its output in a pipe, its errors and input nowhere. */
static int start(const char *command, int out, pid_t *ret_pid)
{
	char *words[] = { (char *)command, (char[]){ "--version" }, NULL };
	posix_spawn_file_actions_t actions;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	r = r ?: posix_spawn_file_actions_adddup2(&actions, out, 1);
	r = r ?: posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	r = r ?: posix_spawnp(ret_pid, command, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* What it says until it ends, has said enough or is too late. */
static void listen_to(int fd, char said[SAID_MAX])
{
	int64_t deadline = deadline_in(DEADLINE);
	size_t size = 0;

	while (size < SAID_MAX - 1 && wait_readable(fd, -1, deadline) == 1) {
		ssize_t n = read(fd, said + size, SAID_MAX - 1 - size);

		if (n <= 0)
			break;
		size += (size_t)n;
	}
	said[size] = '\0';
}

/* -ENOENT: there is no such program. */
static int ask(const char *command, char said[SAID_MAX])
{
	_cleanup_close_ int in = -1;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	r = start(command, fds[1], &pid);
	close(fds[1]);
	if (r < 0)
		return r;
	listen_to(in, said);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

/* "7.2.22" in "QEMU emulator version 7.2.22 (Debian ...)"; "v38.0" is 38.0. NULL: none. */
static char *find_version(const char *said)
{
	for (const char *word = said; *word; word += strcspn(word, " \t\n")) {
		const char *number;
		size_t len;

		word += strspn(word, " \t\n");
		number = word + (*word == 'v');
		len = strspn(number, "0123456789.");
		if (isdigit((unsigned char)*number) && memchr(number, '.', len))
			return strndup(number, len);
	}
	return NULL;
}

static char *describe(const char *name, const char *said)
{
	_cleanup_free_ char *version = find_version(said);

	return version ? strf("%s %s", name, version) : strdup(name);
}

int find_hypervisors(char ***ret_versions)
{
	_cleanup_strings_ char **versions = calloc(1, sizeof(*versions));
	char said[SAID_MAX];
	size_t n = 0;
	int r = versions ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(hypervisors) && r == 0; i++) {
		const char *const *command = hypervisors[i].programs;
		char *text;

		while (*command && ask(*command, said) < 0)
			command++;
		if (!*command)
			continue;
		text = describe(hypervisors[i].name, said);
		r = text ? list_add((void ***)&versions, &n, text) : -ENOMEM;
		if (r < 0)
			free(text);
	}
	if (r == 0)
		*ret_versions = take(versions);
	return r;
}
