/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep: the dispatcher. `vfioprep VERB ...` becomes the program vfioprep-VERB, found
 * beside this program's own executable, else in the libexec folder; never by PATH, which
 * is the caller's.
 */
#include "tool.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "../libexec/vfioprep"
#endif

static const struct verb {
	const char *name, *help;
} verbs[] = {
#define VERB(name, help) { name, help },
#include "verbs.h"
#undef VERB
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (streq(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* How many letters one has to add, drop or replace; names are short. */
static size_t distance(const char *a, const char *b)
{
	size_t drop, add, replace;

	if (!*a || !*b)
		return strlen(a) + strlen(b);
	if (*a == *b)
		return distance(a + 1, b + 1);
	drop = distance(a + 1, b);
	add = distance(a, b + 1);
	replace = distance(a + 1, b + 1);
	if (add < drop)
		drop = add;
	return 1 + (replace < drop ? replace : drop);
}

static const struct verb *nearest(const char *name)
{
	const struct verb *best = NULL;
	size_t least = 3;

	if (strlen(name) > 8)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t d = distance(name, verbs[i].name);

		if (d < least) {
			least = d;
			best = &verbs[i];
		}
	}
	return best;
}

static int unknown_verb(const char *name)
{
	const struct verb *near = nearest(name);

	if (near)
		return fail(-EINVAL, name, "no such verb; did you mean %s?", near->name);
	return fail(-EINVAL, *name ? name : NULL, "no such verb; see vfioprep --help");
}

/* "/usr/bin/" of "/usr/bin/vfioprep"; "" when it cannot be told. */
static char *own_folder(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		slash[1] = '\0';
	return strdup(slash ? path : "");
}

/* Returns only when the verb cannot be executed. */
static int execute(const struct verb *verb, char **args)
{
	_cleanup_free_ char *folder = own_folder();
	_cleanup_free_ char *beside = strf("%svfioprep-%s", nonnull(folder), verb->name);
	_cleanup_free_ char *installed =
		strf("%s" LIBEXECDIR "/vfioprep-%s", nonnull(folder), verb->name);

	if (!beside || !installed)
		return fail(-ENOMEM, NULL, "out of memory");
	args[0] = strrchr(installed, '/') + 1;
	if (*nonnull(folder)) {
		execv(beside, args);
		if (errno != ENOENT)
			return fail_errno(-errno, beside, "cannot be executed");
	}
	execv(installed, args);
	if (errno == ENOENT)
		return fail(-ENOENT, verb->name, "not installed, neither as %s nor as %s",
			    beside, installed);
	return fail_errno(-errno, installed, "cannot be executed");
}

static int help(void)
{
	puts("Usage: vfioprep VERB [OPTION...] [WORD...]\n\n"
	     "Take PCI devices from the host for a virtual machine, and give them "
	     "back.\n\n"
	     "Verbs:");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].help);
	puts("\nvfioprep help VERB, or vfioprep VERB --help, shows what a verb takes.");
	return flush_stdout();
}

static int help_on(const char *name)
{
	const struct verb *verb = find_verb(name);
	char *args[] = { NULL, (char *)"--help", NULL };

	if (streq(name, "vfio-pci"))
		return fail(-EINVAL, name, "a program of its own; see vfio-pci --help");
	return verb ? execute(verb, args) : unknown_verb(name);
}

/* The words after --complete: the verb itself, or what the verb is to complete. */
static int complete(int n, char **words)
{
	const struct verb *verb = n > 1 ? find_verb(words[0]) : NULL;
	_cleanup_free_ char **args = calloc((size_t)n + 2, sizeof(*args));

	if (verb && args) {
		args[1] = (char *)"--complete";
		memcpy(args + 2, words + 1, (size_t)(n - 1) * sizeof(*args));
		return execute(verb, args);
	}
	if (n > 2 || (n == 2 && !streq(words[0], "help")))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (n == 0 || startswith(verbs[i].name, words[n - 1]))
			printf("%s\t%s\n", verbs[i].name, verbs[i].help);
	if (n == 1 && startswith("help", words[0]))
		puts("help\tshow what a verb takes");
	if (n == 1 && *words[0] == '-' && startswith("--help", words[0]))
		puts("--help\tshow the verbs");
	if (n == 1 && *words[0] == '-' && startswith("--version", words[0]))
		puts("--version\tshow the version");
	return flush_stdout();
}

static int dispatch(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct verb *verb;

	if (!word)
		return fail(-EINVAL, NULL, "expected a verb; see vfioprep --help");
	if (streq(word, "--complete"))
		return complete(argc - 2, argv + 2);
	if (streq(word, "--help") || streq(word, "-h") || streq(word, "help"))
		return argc > 2 ? help_on(argv[2]) : help();
	if (streq(word, "--version") || streq(word, "-V")) {
		puts("vfioprep " VFP_VERSION);
		return flush_stdout();
	}
	if (*word == '-')
		return fail(-EINVAL, word, "no such option; the verb comes first");
	verb = find_verb(word);
	return verb ? execute(verb, argv + 1) : unknown_verb(word);
}

int main(int argc, char **argv)
{
	open_standard_files();
	return vfp_exit_status(dispatch(argc, argv));
}
