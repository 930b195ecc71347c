/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * killpoints: runs a command and, at the N-th system call by which it or a process it made
 * changes anything, kills it, fails the call, sends a signal or runs something else. Changing
 * are writes, opens for writing, renames, unlinks, new folders, modes, owners, new processes
 * and loaded modules. A seccomp filter stops at these alone, so the rest runs at full speed.
 *
 *	killpoints [OPTION...] COMMAND...
 *	  -l LOG       each call, and how each process ended
 *	  -c PATTERN   count only calls that match: "caller write /sys/bus/pci/..." (fnmatch)
 *	  -n N         which call; without it nothing is done
 *	  -m           that and every later one
 *	  -a           once the call has taken effect, instead of before
 *	  -k WHOM      kill self (the process that calls), caller (the command), or all
 *	  -s SIGNAL    send it to the command
 *	  -e ERRNO     let the call fail; with -a it is done and yet says that it failed
 *	  -r COMMAND   of the shell, while all that were at a call wait
 *	  -d MSEC      from then on each call of a survivor is that much later
 *
 * It ends as soon as the command does, with its status; what outlives the command is followed
 * in the background until the last process has ended. In LOG, "at" is the call meant, "=" what
 * a call returned, and "+" a lock, which is not counted. Times are in microseconds.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* -- which calls ------------------------------------------------------------------------- */

/* Where a call has its path: an argument, a folder's descriptor and an argument, a descriptor. */
enum where { NOWHERE, PATH, AT, FD };

static const struct call {
	long number;
	const char *name;
	enum where where;
	int arg;       /* of the path, or of the folder before it, or of the descriptor */
	int flags_arg; /* where only some open flags make it a change; 0: always */
	bool mark;     /* told, not counted */
} calls[] = {
	{ SYS_write, "write", FD, 0, 0, false },
	{ SYS_pwrite64, "write", FD, 0, 0, false },
	{ SYS_writev, "write", FD, 0, 0, false },
	{ SYS_ftruncate, "truncate", FD, 0, 0, false },
	{ SYS_open, "open", PATH, 0, 1, false },
	{ SYS_openat, "open", AT, 0, 2, false },
	{ SYS_rename, "rename", PATH, 1, 0, false },
	{ SYS_renameat, "rename", AT, 2, 0, false },
	{ SYS_renameat2, "rename", AT, 2, 0, false },
	{ SYS_unlink, "unlink", PATH, 0, 0, false },
	{ SYS_unlinkat, "unlink", AT, 0, 0, false },
	{ SYS_mkdir, "mkdir", PATH, 0, 0, false },
	{ SYS_mkdirat, "mkdir", AT, 0, 0, false },
	{ SYS_chmod, "chmod", PATH, 0, 0, false },
	{ SYS_fchmod, "chmod", FD, 0, 0, false },
	{ SYS_fchmodat, "chmod", AT, 0, 0, false },
	{ SYS_chown, "chown", PATH, 0, 0, false },
	{ SYS_lchown, "chown", PATH, 0, 0, false },
	{ SYS_fchownat, "chown", AT, 0, 0, false },
	{ SYS_clone, "fork", NOWHERE, 0, 0, false },
	{ SYS_clone3, "fork", NOWHERE, 0, 0, false },
	{ SYS_fork, "fork", NOWHERE, 0, 0, false },
	{ SYS_vfork, "fork", NOWHERE, 0, 0, false },
	{ SYS_finit_module, "load", FD, 0, 0, false },
	{ SYS_init_module, "load", NOWHERE, 0, 0, false },
	{ SYS_flock, "lock", FD, 0, 0, true },
};

#define N_CALLS    (sizeof(calls) / sizeof(*calls))
#define OPEN_FLAGS (O_ACCMODE | O_CREAT | O_TRUNC)

static struct sock_filter statement(int code, unsigned int k, int if_true, int if_false)
{
	return (struct sock_filter){ (unsigned short)code, (unsigned char)if_true,
				     (unsigned char)if_false, k };
}

/* Stops at the calls of the table, at opens only when they may change something. */
static int install_filter(void)
{
	struct sock_filter code[2 + N_CALLS * 5], *p = code;
	struct sock_fprog program = { .filter = code };

	*p++ = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0,
			 0);
	for (size_t i = 0; i < N_CALLS; i++) {
		unsigned int flags = (unsigned int)offsetof(struct seccomp_data, args) +
				     8 * (unsigned int)calls[i].flags_arg;

		*p++ = statement(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)calls[i].number,
				 0, calls[i].flags_arg ? 4 : 1);
		if (calls[i].flags_arg) {
			*p++ = statement(BPF_LD | BPF_W | BPF_ABS, flags, 0, 0);
			*p++ = statement(BPF_JMP | BPF_JSET | BPF_K, OPEN_FLAGS, 1, 0);
			*p++ = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		}
		*p++ = statement(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
	}
	*p++ = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	program.len = (unsigned short)(p - code);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static const struct call *find_call(long number)
{
	for (size_t i = 0; i < N_CALLS; i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* -- words --------------------------------------------------------------------------------- */

static struct {
	const char *pattern, *command;
	long n, delay;
	bool after, later;
	enum { NOBODY, SELF, CALLER, ALL } kill;
	int signal, error;
} arg;

static const struct name {
	const char *name;
	int value;
} whoms[] = { { "self", SELF }, { "caller", CALLER }, { "all", ALL }, { NULL, 0 } },
  errors[] = { { "EBUSY", EBUSY },   { "ENODEV", ENODEV }, { "EINVAL", EINVAL },
	       { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EACCES", EACCES },
	       { "EMFILE", EMFILE }, { "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM },
	       { "EROFS", EROFS },   { NULL, 0 } },
  signals[] = { { "INT", SIGINT },
		{ "TERM", SIGTERM },
		{ "HUP", SIGHUP },
		{ "PIPE", SIGPIPE },
		{ NULL, 0 } };

static int value_of(const struct name *names, const char *name)
{
	for (; names->name; names++)
		if (strcmp(names->name, name) == 0)
			return names->value;
	errx(2, "%s: not known here", name);
}

static FILE *log_file;

/* The command may have been given no descriptors 0 to 2, and shall have them so. */
static int move_up(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);

	if (fd < 0 || high < 0)
		err(2, "descriptor");
	close(fd);
	return high;
}

static void open_log(const char *path)
{
	log_file = fdopen(move_up(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644)), "w");
	if (!log_file)
		err(2, "%s", path);
	setlinebuf(log_file);
}

static void read_words(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "+l:c:n:mak:s:e:r:d:")) != -1) {
		switch (letter) {
		case 'l':
			open_log(optarg);
			break;
		case 'c':
			arg.pattern = optarg;
			break;
		case 'n':
			arg.n = atol(optarg);
			break;
		case 'm':
			arg.later = true;
			break;
		case 'a':
			arg.after = true;
			break;
		case 'k':
			arg.kill = value_of(whoms, optarg);
			break;
		case 's':
			arg.signal = value_of(signals, optarg);
			break;
		case 'e':
			arg.error = value_of(errors, optarg);
			break;
		case 'r':
			arg.command = optarg;
			break;
		case 'd':
			arg.delay = atol(optarg);
			break;
		default:
			errx(2, "see the head of killpoints.c");
		}
	}
	if (optind == argc)
		errx(2, "no command");
}

/* -- processes ------------------------------------------------------------------------------- */

static struct process {
	pid_t pid;
	bool in_call, meant;
} processes[256];
static size_t n_processes;
static pid_t caller;
static long counted;
static bool done, caller_ended;
static int report; /* to whoever waits for the command */

static struct process *process_of(pid_t pid)
{
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (n_processes == sizeof(processes) / sizeof(*processes))
		errx(2, "too many processes");
	processes[n_processes] = (struct process){ .pid = pid };
	return &processes[n_processes++];
}

static const char *role(pid_t pid)
{
	return pid == caller ? "caller" : "child";
}

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	struct timespec now;
	va_list args;

	if (!log_file)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(log_file, "%lld%06ld ", (long long)now.tv_sec, now.tv_nsec / 1000);
	va_start(args, format);
	vfprintf(log_file, format, args);
	va_end(args);
	fputc('\n', log_file);
}

static void take_end(pid_t pid, int status)
{
	struct process *process = process_of(pid);

	tell("ended %d %s %d", pid, role(pid),
	     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	*process = processes[--n_processes];
	caller_ended = caller_ended || pid == caller;
	if (pid == caller && write(report, &status, sizeof(status)) < 0)
		warn("report");
}

/* -- one call ---------------------------------------------------------------------------------- */

static unsigned long long argument(const struct user_regs_struct *regs, int n)
{
	const unsigned long long values[] = { regs->rdi, regs->rsi, regs->rdx,
					      regs->r10, regs->r8,  regs->r9 };

	return values[n];
}

static void read_text(pid_t pid, unsigned long long address, char *text, size_t size)
{
	struct iovec to = { text, size - 1 },
		     from = { (void *)(uintptr_t)address, size - 1 };
	ssize_t n;

	/* Not across the end of a page, beyond which there may be nothing. */
	if (address % 4096 + from.iov_len > 4096)
		from.iov_len = 4096 - address % 4096;
	n = process_vm_readv(pid, &to, 1, &from, 1, 0);
	text[n > 0 ? n : 0] = '\0';
}

static void read_fd(pid_t pid, int fd, char *text, size_t size)
{
	char link[64];
	ssize_t n;

	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, fd);
	n = readlink(link, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
}

static void path_of(pid_t pid, const struct call *call,
		    const struct user_regs_struct *regs, char *path, size_t size)
{
	char name[1024], folder[1024];

	path[0] = '\0';
	if (call->where == FD) {
		read_fd(pid, (int)argument(regs, call->arg), path, size);
	} else if (call->where == PATH) {
		read_text(pid, argument(regs, call->arg), path, size);
	} else if (call->where == AT) {
		read_text(pid, argument(regs, call->arg + 1), name, sizeof(name));
		read_fd(pid, (int)argument(regs, call->arg), folder, sizeof(folder));
		if (name[0] == '/')
			snprintf(path, size, "%s", name);
		else
			snprintf(path, size, "%s/%s", folder, name);
	}
}

static void fail_call(pid_t pid, struct user_regs_struct *regs, bool skip)
{
	if (skip)
		regs->orig_rax = (unsigned long long)-1;
	regs->rax = (unsigned long long)-arg.error;
	ptrace(PTRACE_SETREGS, pid, NULL, regs);
}

static void delay_survivor(void)
{
	struct timespec time = { arg.delay / 1000, arg.delay % 1000 * 1000000 };

	if (done && arg.delay)
		nanosleep(&time, NULL);
}

/* Whoever waits for the command goes on while its child is late. */
static void end_caller(void)
{
	int status;

	kill(caller, SIGKILL);
	while (waitpid(caller, &status, __WALL) == caller)
		if (!WIFSTOPPED(status)) {
			take_end(caller, status);
			return;
		}
}

static void act(pid_t pid, struct user_regs_struct *regs)
{
	bool first = !done;

	done = true;
	if (arg.command)
		tell("ran %d", system(arg.command));
	if (arg.error)
		fail_call(pid, regs, !arg.after);
	if (arg.signal && first)
		kill(caller, arg.signal);
	if (arg.kill == SELF)
		kill(pid, SIGKILL);
	for (size_t i = 0; arg.kill == ALL && i < n_processes; i++)
		kill(processes[i].pid, SIGKILL);
	if (arg.kill == CALLER && first)
		end_caller();
	if (pid != caller)
		delay_survivor();
}

static void enter_call(struct process *process)
{
	struct user_regs_struct regs;
	const struct call *call;
	char path[2048], line[2200];

	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &regs) < 0)
		return;
	call = find_call((long)regs.orig_rax);
	if (!call)
		return;
	delay_survivor();
	path_of(process->pid, call, &regs, path, sizeof(path));
	snprintf(line, sizeof(line), "%s %s %s", role(process->pid), call->name, path);
	process->in_call = true;
	if (call->mark) {
		tell("+ %d %s", process->pid, line);
		return;
	}
	if (arg.pattern && fnmatch(arg.pattern, line, 0) != 0) {
		tell("- %d %s", process->pid, line);
		return;
	}
	counted++;
	process->meant = counted == arg.n || (arg.later && arg.n && counted > arg.n);
	tell("%s%ld %d %s", process->meant ? "at " : "", counted, process->pid, line);
	if (process->meant && !arg.after)
		act(process->pid, &regs);
}

static void leave_call(struct process *process)
{
	struct user_regs_struct regs;
	bool meant = process->meant;

	process->in_call = process->meant = false;
	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &regs) < 0)
		return;
	tell("= %d %lld", process->pid, (long long)regs.rax);
	if (meant && arg.after)
		act(process->pid, &regs);
}

/* -- all of them ------------------------------------------------------------------------------- */

static void take_new(pid_t parent)
{
	unsigned long child;

	if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) == 0)
		process_of((pid_t)child);
}

/* One stop of one process, and on with it. */
static void take_stop(pid_t pid, int status)
{
	struct process *process = process_of(pid);
	int event = status >> 16, signal = WSTOPSIG(status), pass = 0;

	if (event == PTRACE_EVENT_SECCOMP)
		enter_call(process);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		 event == PTRACE_EVENT_CLONE)
		take_new(pid);
	else if (event == 0 && signal == (SIGTRAP | 0x80))
		leave_call(process);
	else if (event == 0)
		pass = signal;
	if (pid == caller && caller_ended)
		return;
	process = process_of(pid);
	ptrace(process->in_call ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, pass);
}

static void trace(void)
{
	const int options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP |
			    PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status;
	pid_t pid;

	if (waitpid(caller, &status, WUNTRACED) != caller || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SEIZE, caller, NULL, options) < 0)
		err(2, "trace");
	process_of(caller);
	kill(caller, SIGCONT);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			take_stop(pid, status);
		else
			take_end(pid, status);
	}
	tell("end %ld", counted);
}

static void run_command(char **argv)
{
	raise(SIGSTOP);
	if (install_filter() < 0)
		err(2, "filter");
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	int fds[2], status;

	read_words(argc, argv);
	if (pipe(fds) < 0)
		err(2, "pipe");
	fds[0] = move_up(fds[0]);
	fds[1] = move_up(fds[1]);
	if (fork() == 0) {
		close(fds[0]);
		caller = fork();
		if (caller == 0)
			run_command(argv + optind);
		/* Whoever reads the command's output shall see its end with the command's. */
		close(0);
		close(1);
		report = fds[1];
		trace();
		return 0;
	}
	close(fds[1]);
	if (read(fds[0], &status, sizeof(status)) != sizeof(status))
		errx(2, "the command was lost");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
