/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-pci: for the users of vfio-pci.sh. `-h BDF` hides, `-u BDF` gives back, and `-d
 * DRIVER` names the driver that -u gives it to. It becomes vfioprep-hide or
 * vfioprep-return, found as the dispatcher finds them, so nothing here can behave
 * differently from them.
 */
#include "tool.h"

#include <getopt.h>

#ifndef LIBEXECDIR
#define LIBEXECDIR "../libexec/vfioprep"
#endif

static const char usage[] =
	"Usage: vfio-pci -h BDF...                hide: bind to vfio-pci\n"
	"       vfio-pci -u BDF... [-d DRIVER]    give back: to the driver that it had,\n"
	"                                         or to DRIVER\n"
	"       vfio-pci --help | --version\n\n"
	"BDF is a PCI address, as 0000:05:00.0; -h and -u may be repeated. With more\n"
	"choices the same is done by vfioprep hide and vfioprep return.\n";

/* The command line of the verb as it is put together. */
struct command {
	const char *verb; /* "hide", "return" */
	const char *driver;
	char **devices;
	size_t n;
};

static int add_device(struct command *command, const char *verb, char *device)
{
	if (command->verb && !streq(command->verb, verb))
		return fail(-EINVAL, NULL, "-h and -u at once; do one after the other");
	command->verb = verb;
	return list_add((void ***)&command->devices, &command->n, device);
}

static int read_options(int argc, char **argv, struct command *command)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'H' },
					       { "version", no_argument, NULL, 'V' },
					       { 0 } };
	int code, r = 0;

	opterr = 0;
	while (r == 0 && (code = getopt_long(argc, argv, ":h:u:d:", longs, NULL)) != -1) {
		if (code == 'h' || code == 'u')
			r = add_device(command, code == 'h' ? "hide" : "return", optarg);
		else if (code == 'd')
			command->driver = optarg;
		else if (code == 'H' || code == 'V')
			return code;
		else
			return fail(-EINVAL, argv[optind - 1], "%s; see vfio-pci --help",
				    code == ':' ? "the value is missing"
						: "no such option");
	}
	if (r == 0 && optind < argc)
		return fail(-EINVAL, argv[optind], "expected -h or -u before it");
	if (r == 0 && !command->n)
		return fail(-EINVAL, NULL,
			    "expected -h BDF or -u BDF; see vfio-pci --help");
	return r;
}

static int execute(const char *folder, const struct command *command)
{
	_cleanup_free_ char *path = strf("%s/vfioprep-%s", folder, command->verb);
	_cleanup_free_ char *driver = strf("--driver=%s", nonnull(command->driver));
	_cleanup_free_ char **args = calloc(command->n + 4, sizeof(*args));
	size_t n = 0;

	if (!path || !driver || !args)
		return -ENOMEM;
	args[n++] = strrchr(path, '/') + 1;
	if (command->driver && streq(command->verb, "return"))
		args[n++] = driver;
	args[n++] = (char *)"--";
	memcpy(args + n, command->devices, command->n * sizeof(*args));
	execv(path, args);
	return -errno;
}

static int become(const struct command *command)
{
	char folder[4096 + sizeof(LIBEXECDIR)];
	ssize_t n = readlink("/proc/self/exe", folder, 4095);
	int r = -ENOENT;

	folder[n > 0 ? n : 0] = '\0';
	if (strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		r = execute(folder, command);
	}
	if (r == -ENOENT) {
		strcat(folder, "/" LIBEXECDIR);
		r = execute(folder, command);
	}
	return fail_errno(r, command->verb, "cannot be executed");
}

int main(int argc, char **argv)
{
	struct command command = { 0 };
	int r;

	program = "vfio-pci";
	open_standard_files();
	r = read_options(argc, argv, &command);
	if (r == 0)
		r = become(&command);
	free(command.devices);
	if (r == 'H')
		fputs(usage, stdout);
	if (r == 'V')
		puts("vfio-pci (vfioprep) " VFP_VERSION);
	return r > 0 ? vfp_exit_status(flush_stdout()) : vfp_exit_status(r);
}
