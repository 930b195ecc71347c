/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-pci: for the users of vfio-pci.sh. `-h BDF` hides, `-u BDF` gives back, and `-d
 * DRIVER` names the driver that -u gives it to. It becomes vfioprep-hide or
 * vfioprep-return, found as the dispatcher finds them, so nothing here can behave
 * differently from them; also when words are completed.
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

/* Returns only when the verb cannot be executed. */
static int execute(const char *folder, const char *verb, char **args)
{
	_cleanup_free_ char *path = strf("%s/vfioprep-%s", folder, verb);

	if (!path)
		return -ENOMEM;
	args[0] = strrchr(path, '/') + 1;
	execv(path, args);
	return -errno;
}

static int become(const char *verb, char **args)
{
	char folder[4096 + sizeof(LIBEXECDIR)];
	ssize_t n = readlink("/proc/self/exe", folder, 4095);
	int r = -ENOENT;

	folder[n > 0 ? n : 0] = '\0';
	if (strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		r = execute(folder, verb, args);
	}
	if (r == -ENOENT) {
		strcat(folder, "/" LIBEXECDIR);
		r = execute(folder, verb, args);
	}
	return r;
}

static int carry_out(const struct command *command)
{
	_cleanup_free_ char *driver = strf("--driver=%s", nonnull(command->driver));
	_cleanup_free_ char **args = calloc(command->n + 4, sizeof(*args));
	size_t n = 1;
	int r = -ENOMEM;

	if (driver && args) {
		if (command->driver && streq(command->verb, "return"))
			args[n++] = driver;
		args[n++] = (char *)"--";
		memcpy(args + n, command->devices, command->n * sizeof(*args));
		r = become(command->verb, args);
	}
	return fail_errno(r, command->verb, "cannot be executed");
}

/* -- completion --------------------------------------------------------------------- */

static void offer_options(const char *begin)
{
	static const char *const options[][2] = {
		{ "-h", "hide: bind to vfio-pci" },
		{ "-u", "give back to the driver that it had" },
		{ "-d", "the driver that -u gives it to" },
		{ "--help", "show this help" },
		{ "--version", "show the version" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (startswith(options[i][0], begin))
			printf("%s\t%s\n", options[i][0], options[i][1]);
}

/* "-h 05:00.0 -h 06": hide completes 06 after 05:00.0. Returns only when it cannot. */
static int complete(int n, char **words)
{
	_cleanup_free_ char **args = calloc((size_t)n + 3, sizeof(*args));
	const char *option = n > 1 ? words[n - 2] : "";
	size_t count = 1;

	if (!args ||
	    (!streq(option, "-h") && !streq(option, "-u") && !streq(option, "-d"))) {
		offer_options(n ? words[n - 1] : "");
		return flush_stdout();
	}
	args[count++] = (char *)"--complete";
	if (streq(option, "-d"))
		args[count++] = (char *)"--driver";
	for (int i = 1; i < n; i++)
		if (streq(words[i - 1], option))
			args[count++] = words[i];
	return become(streq(option, "-h") ? "hide" : "return", args);
}

int main(int argc, char **argv)
{
	struct command command = { 0 };
	int r;

	program = "vfio-pci";
	open_standard_files();
	if (argc > 1 && streq(argv[1], "--complete"))
		return vfp_exit_status(complete(argc - 2, argv + 2));
	r = read_options(argc, argv, &command);
	if (r == 0)
		r = carry_out(&command);
	free(command.devices);
	if (r == 'H')
		fputs(usage, stdout);
	if (r == 'V')
		puts("vfio-pci (vfioprep) " VFP_VERSION);
	return r > 0 ? vfp_exit_status(flush_stdout()) : vfp_exit_status(r);
}
