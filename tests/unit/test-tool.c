/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tools as their users meet them: run as processes on a fake host, with what comes
 * out on stdout and stderr and the exit status looked at. Nothing here changes a device;
 * the binaries are those in the folder BIN (build/bin unless set).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "vfioprep.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define WORDS_MAX 24

static struct fixture *host;
static char bin[PATH_MAX];

/* What a run left behind. */
static struct {
	int status; /* the exit status; 1000 and more: ended by that signal */
	char *out, *err;
} got;

/* How a run begins, when not as usual. */
static struct {
	bool close_all, as_nobody;
	int out; /* an open descriptor for stdout; 0: one that is read */
} how;

static char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	close(fd);
	return text;
}

static void become(int out, int err, const char *path, char *const *words)
{
	dup2(how.out ? how.out : out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (how.as_nobody && setuid(65534) < 0)
		_exit(99);
	if (how.close_all)
		close_range(0, UINT_MAX, 0);
	execv(path, words);
	_exit(98);
}

/* Run @words[0] of the folder BIN, or by its path; what came out is in `got`. */
static int run_words(char *const *words)
{
	char path[PATH_MAX + 64];
	int out = memfd_create("out", MFD_CLOEXEC),
	    err = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s%s", *words[0] == '/' ? "" : bin,
		 *words[0] == '/' ? "" : "/", words[0]);
	pid = fork();
	if (pid == 0)
		become(out, err, path, words);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(got.out);
	free(got.err);
	got.out = contents(out);
	got.err = contents(err);
	got.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	memset(&how, 0, sizeof(how));
	return got.status;
}

static int run_args(const char *first, va_list args)
{
	char *words[WORDS_MAX] = { (char *)first };

	for (size_t n = 1; n < WORDS_MAX - 1; n++) {
		words[n] = va_arg(args, char *);
		if (!words[n])
			break;
	}
	return run_words(words);
}

static int __attribute__((sentinel)) run(const char *first, ...)
{
	va_list args;

	va_start(args, first);
	run_args(first, args);
	va_end(args);
	return got.status;
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void expect_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%.2000s", part, text);
}

static void expect_no_text(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%.2000s", part, text);
}

/* One line on stderr, nothing that a terminal would obey, nothing on stdout. */
static void expect_complaint(int status, const char *part)
{
	if (got.status != status || lines(got.err) != 1)
		fail_msg("status %d, expected %d, with:\n%.2000s", got.status, status,
			 got.err);
	expect_text(got.err, part);
	for (const char *c = got.err; c[1]; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	assert_true(strlen(got.err) < 4096);
	assert_string_equal(got.out, "");
}

/* -- exit status --------------------------------------------------------------------- */

static void each_errno_has_its_status(void **state)
{
	static const struct {
		int error, status;
	} table[] = {
		{ 0, 0 },          { -EIO, 1 },         { -ECANCELED, 1 },
		{ -ENODATA, 1 },   { -EINVAL, 2 },      { -EPERM, 3 },
		{ -ENODEV, 3 },    { -EBUSY, 4 },       { -EREMOTEIO, 5 },
		{ -ETIMEDOUT, 5 }, { -EINPROGRESS, 6 }, { -ENOTRECOVERABLE, 7 },
		{ -EAGAIN, 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(vfp_exit_status(table[i].error), table[i].status);
}

static void the_worse_of_two_statuses_counts(void **state)
{
	static const int order[] = { -ENOTRECOVERABLE, -EINPROGRESS, -EAGAIN, -ETIMEDOUT,
				     -EBUSY,           -EPERM,       -EIO,    0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		for (size_t j = i; j < ARRAY_SIZE(order); j++) {
			assert_int_equal(vfp_exit_worse(order[i], order[j]), order[i]);
			assert_int_equal(vfp_exit_worse(order[j], order[i]), order[i]);
		}
	}
}

/* -- words that are wrong ------------------------------------------------------------ */

static void wrong_words_are_refused_in_one_line(void **state)
{
	static const struct {
		const char *words[6], *says;
	} table[] = {
		{ { "vfioprep" }, "expected a verb" },
		{ { "vfioprep", "" }, "no such verb" },
		{ { "vfioprep", "hied" }, "did you mean hide?" },
		{ { "vfioprep", "x\033[31m\n" }, "x\\x1b[31m\\x0a: no such verb" },
		{ { "vfioprep", "--list" }, "the verb comes first" },
		{ { "vfioprep", "help", "me" }, "me: no such verb" },
		{ { "vfioprep-hide" }, "expected DEVICE..." },
		{ { "vfioprep-hide", "" }, "an empty word" },
		{ { "vfioprep-hide", "a\nb" }, "a\\x0ab: has control characters" },
		{ { "vfioprep-hide", "--bogus", "05:00.0" }, "--bogus: no such option" },
		{ { "vfioprep-hide", "-Z" }, "-Z: no such option" },
		{ { "vfioprep-hide", "-nZ" }, "-Z: no such option" },
		{ { "vfioprep-hide", "--driver" },
		  "the value is missing; give --driver DRIVER" },
		{ { "vfioprep-hide", "05:00.0", "-d" }, "-d: the value is missing" },
		{ { "vfioprep-hide", "--driver=", "05:00.0" },
		  "--driver: an empty value" },
		{ { "vfioprep-hide", "--for=\033[1m", "05:00.0" }, "--for: has control" },
		{ { "vfioprep-hide", "--group=yes", "05:00.0" }, "takes no value" },
		{ { "vfioprep-hide", "--timeout=soon", "05:00.0" },
		  "--timeout=soon: not a time" },
		{ { "vfioprep-hide", "--timeout=-1", "05:00.0" },
		  "--timeout=-1: not a time" },
		{ { "vfioprep-hide", "--timeout=99999999999", "05:00.0" }, "not a time" },
		{ { "vfioprep-hide", "--for=a", "--pid=0", "05:00.0" },
		  "not a process id" },
		{ { "vfioprep-hide", "--for=a", "--pid=99999999999999999999", "05:00.0" },
		  "not a process id" },
		{ { "vfioprep-hide", "-n", "--pid=1", "05:00.0" }, "add --for NAME" },
		{ { "vfioprep-hide", "--color=blue", "05:00.0" },
		  "give auto, always or never" },
		{ { "vfioprep-return" }, "expected DEVICE... or --all" },
		{ { "vfioprep-return", "-n", "--all", "05:00.0" },
		  "05:00.0: with --all" },
		{ { "vfioprep-return", "--wait=1,5", "05:00.0" }, "not a time" },
		{ { "vfioprep-status", "05:00.0" }, "05:00.0: one word too many" },
		{ { "vfioprep-recover", "now" }, "now: one word too many" },
		{ { "vfioprep-list", "../../etc/passwd" }, "../../etc/passwd: " },
		{ { "vfioprep-list", "0000:05:20.0" }, "0000:05:20.0: " },
		{ { "vfioprep-list", "group:99999999999999999999" }, "group" },
		{ { "vfioprep-list", "-o", "ADDRESS,COLOUR" }, "COLOUR: no such column" },
		{ { "vfioprep-list", "-o", "ADDRESS," }, "no such column" },
		{ { "vfioprep-list", "-o", "\033[1m" }, "has control characters" },
		{ { "vfioprep-dump" }, "expected DIR" },
		{ { "vfio-pci" }, "expected -h BDF or -u BDF" },
		{ { "vfio-pci", "-h" }, "the value is missing" },
		{ { "vfio-pci", "-h", "05:00.0", "-u", "05:00.0" }, "-h and -u at once" },
		{ { "vfio-pci", "05:00.0" }, "05:00.0: expected -h or -u" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		run_words((char **)table[i].words);
		expect_complaint(2, table[i].says);
	}
}

/* The kernel passes at most 128 KiB in one word. */
static void a_long_word_is_cut(void **state)
{
	_cleanup_free_ char *word = malloc(131000), *option = NULL;

	(void)state;
	memset(word, 'x', 131000);
	word[130999] = '\0';
	option = strf("--%.130000s", word);
	run("vfioprep-list", word, NULL);
	expect_complaint(2, "xxx...: too long");
	run("vfioprep", word, NULL);
	expect_complaint(2, "xxx...: no such verb");
	run("vfioprep-check", option, NULL);
	expect_complaint(2, "xxx...: no such option");
}

static void a_name_that_is_nowhere_is_no_mistake_in_words(void **state)
{
	(void)state;
	run("vfioprep-check", "--sysroot", host->root, "eth99", NULL);
	expect_complaint(3, "vfioprep-check: eth99: ");
	run("vfioprep-check", "--sysroot", host->root, "0f:00.0", NULL);
	expect_complaint(3, "0f:00.0: ");
	run("vfioprep-list", "--sysroot", host->root, "\xff\xfe", NULL);
	expect_complaint(3, "\\xff\\xfe: ");
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_int_equal(run("vfioprep-list", "05:00.0", "-n", "--sysroot", host->root,
			     "-o", "ADDRESS", NULL),
			 0);
	unsetenv("POSIXLY_CORRECT");
	assert_string_equal(got.out, "0000:05:00.0\n");
	run("vfioprep-list", "--sysroot", host->root, "--", "-n", NULL);
	expect_complaint(3, "-n: ");
}

/* -- who may ------------------------------------------------------------------------- */

static void a_dump_is_not_changed(void **state)
{
	static const char *const verbs[] = { "vfioprep-hide", "vfioprep-return" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		run(verbs[i], "--sysroot", host->root, "05:00.0", NULL);
		expect_complaint(2, "a dump cannot be changed; add --dry-run");
	}
	run("vfioprep-recover", "--sysroot", host->root, NULL);
	expect_complaint(2, "a dump cannot be changed");
	run("vfioprep-list", "--sysroot", "/nonexistent", NULL);
	expect_complaint(1, "/nonexistent: cannot be read as a dump");
}

static void only_root_changes(void **state)
{
	_cleanup_free_ char *device = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	how.as_nobody = true;
	run("vfioprep-list", "-nro", "ADDRESS", NULL);
	/* 98: in a folder that others cannot enter. */
	if (got.status == 98 || !*got.out)
		skip();
	device = strndup(got.out, strcspn(got.out, "\n"));
	how.as_nobody = true;
	run("vfioprep-hide", device, NULL);
	expect_complaint(3, "root");
	how.as_nobody = true;
	run("vfio-pci", "-h", device, NULL);
	expect_complaint(3, "vfioprep-hide: ");
}

/* -- help ---------------------------------------------------------------------------- */

static const char *const verbs[] = { "list",   "groups", "check",   "hide", "return",
				     "status", "plug",   "recover", "dump" };

static void help_is_80_columns_wide(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t column = 0;

		assert_int_equal(run("vfioprep", "help", verbs[i], NULL), 0);
		expect_text(got.out, "Usage: vfioprep ");
		expect_text(got.out, verbs[i]);
		expect_text(got.out, "--sysroot");
		assert_string_equal(got.err, "");
		for (const char *c = got.out; *c; c++) {
			column = *c == '\n' ? 0 : column + 1;
			assert_true(column <= 80);
		}
	}
}

static void help_and_version_need_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-hide", "--version", NULL), 0);
	assert_string_equal(got.out, "vfioprep-hide " VFP_VERSION "\n");
	assert_int_equal(run("vfioprep-check", "--help", "--bogus", NULL), 0);
	assert_int_equal(run("vfioprep", "--version", NULL), 0);
	assert_string_equal(got.out, "vfioprep " VFP_VERSION "\n");
	assert_int_equal(run("vfioprep", "--help", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		expect_text(got.out, verbs[i]);
	assert_int_equal(run("vfio-pci", "--help", NULL), 0);
	expect_text(got.out, "-u BDF");
}

/* -- completion ---------------------------------------------------------------------- */

static void verbs_are_completed(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep", "--complete", "re", NULL), 0);
	expect_text(got.out, "return\tgive devices back");
	expect_text(got.out, "recover\t");
	expect_no_text(got.out, "list");
	assert_int_equal(run("vfioprep", "--complete", "help", "st", NULL), 0);
	expect_text(got.out, "status\t");
	assert_int_equal(run("vfioprep", "--complete", "hide", "--dr", NULL), 0);
	assert_int_equal(lines(got.out), 2);
	expect_text(got.out, "--driver\tbind to DRIVER");
	expect_text(got.out, "--dry-run\t");
}

/* What --complete says to the words of `vfioprep-hide --sysroot HOST`, and then these. */
static const char *candidates(const char *verb, const char *a, const char *b)
{
	assert_int_equal(run(verb, "--complete", "--sysroot", host->root, a, b, NULL), 0);
	assert_string_equal(got.err, "");
	return got.out;
}

static void devices_are_completed(void **state)
{
	(void)state;
	candidates("vfioprep-hide", "", NULL);
	expect_text(got.out, "0000:05:00.0\te1000e ");
	expect_no_text(got.out, "0000:00:1c.0"); /* a bridge */
	expect_no_text(got.out, "0000:06:00.0"); /* on vfio-pci */
	candidates("vfioprep-check", "", NULL);
	expect_text(got.out, "0000:06:00.0\tvfio-pci ");
	candidates("vfioprep-hide", "05:00", NULL);
	expect_text(got.out, "05:00.0\t");
	expect_no_text(got.out, "0000:05");
	candidates("vfioprep-hide", "0000:05:00.0", "");
	expect_no_text(got.out, "0000:05:00.0");
	candidates("vfioprep-hide", "--with", "0000:05:00.1");
	assert_int_equal(lines(got.out), 1);
	candidates("vfioprep-return", "", NULL);
	assert_string_equal(got.out, "");
}

static void values_are_completed_by_their_kind(void **state)
{
	(void)state;
	assert_string_equal(candidates("vfioprep-hide", "--color=a", NULL),
			    "--color=auto\t\n--color=always\t\n");
	expect_text(candidates("vfioprep-hide", "--force", "di"), "disk\t");
	expect_text(candidates("vfioprep-hide", "--force=di", NULL), "--force=disk\t");
	expect_text(candidates("vfioprep-hide", "-d", "v"), "vfio-pci\t");
	expect_text(candidates("vfioprep-return", "--driver", "e"), "e1000e\t");
	expect_text(candidates("vfioprep-list", "-o", "ADDRESS,DR"), "ADDRESS,DRIVER\t");
	expect_text(candidates("vfioprep-list", "-o", "+no"), "+NODE\t");
	expect_text(candidates("vfioprep-plug", "--to", "q"), "qmp\t");
	expect_text(candidates("vfioprep-dump", "/et", NULL), "/etc/\t");
	assert_string_equal(candidates("vfioprep-hide", "--", "--dr"), "");
	assert_string_equal(candidates("vfioprep-hide", "--nothing=", NULL), "");
}

/* Bash splits "05:00.0" and "--force=disk" into three words each. */
static void bash_gets_what_comes_after_its_own_split(void **state)
{
	static const struct {
		const char *before, *word, *split, *reply;
	} table[] = {
		{ "", "rec", "rec", "recover" },
		{ "hide", "--force=dis", "--force = dis", "disk display" },
		{ "hide", "--color=", "--color =", "auto always never" },
		{ "check --sysroot $ROOT", "05:00.1", "05 : 00.1", "00.1" },
		{ "list --raw -o", "no", "no", "NODE" },
	};

	(void)state;
	if (access("/bin/bash", X_OK) < 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *script = strf(
			"PATH=%s:$PATH ROOT=%s; . completions/vfioprep.bash; "
			"COMP_LINE=\"vfioprep %s %s\" COMP_WORDS=(vfioprep %s %s); "
			"COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]}-1)); "
			"_vfioprep; echo \"${COMPREPLY[*]}\"",
			bin, host->root, table[i].before, table[i].word, table[i].before,
			table[i].split);
		_cleanup_free_ char *reply = strf("%s\n", table[i].reply);

		assert_int_equal(run("/bin/bash", "-c", script, NULL), 0);
		assert_string_equal(got.out, reply);
	}
}

static void completion_never_fails(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-hide", "--complete", NULL), 0);
	assert_int_equal(run("vfioprep-hide", "--complete", "--sysroot", "/nonexistent",
			     "x", NULL),
			 0);
	assert_int_equal(run("vfioprep-hide", "--complete", "-", "", "\xff", "--=", NULL),
			 0);
	assert_string_equal(got.err, "");
}

/* -- listings ------------------------------------------------------------------------ */

static const char *list(const char *a, const char *b, const char *c)
{
	if (run("vfioprep-list", "--sysroot", host->root, a, b, c, NULL) != 0)
		fail_msg("status %d: %s", got.status, got.err);
	return got.out;
}

static void columns_are_chosen(void **state)
{
	(void)state;
	assert_string_equal(list("-o", "driver,Address", "05:00.0"),
			    "DRIVER ADDRESS\ne1000e 0000:05:00.0\n");
	assert_string_equal(list("-no", "GROUP", "05:00.0"), "   12\n");
	assert_string_equal(list("-ro", "ADDRESS,GROUP,NODE,DRIVER", "06:00.0"),
			    "ADDRESS GROUP NODE DRIVER\n"
			    "0000:06:00.0 13 /dev/vfio/13 vfio-pci\n");
	expect_text(list("-o", "+NODE", "06:00.0"), " NODE\n");
	expect_text(got.out, "ADDRESS");
	expect_text(list("--output-all", NULL, NULL), "MODALIAS");
}

static json_t *parsed(void)
{
	json_t *json = json_loads(got.out, 0, NULL);

	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
	return json;
}

static void json_has_a_version_and_types(void **state)
{
	json_t *json, *device;

	(void)state;
	list("--json", "05:00.0", NULL);
	json = parsed();
	device = json_array_get(json_object_get(json, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(device, "address")),
			    "0000:05:00.0");
	assert_int_equal(json_integer_value(json_object_get(device, "group")), 12);
	assert_true(json_is_null(json_object_get(device, "node")));
	assert_non_null(json_object_get(device, "class_code"));
	json_decref(json);
	assert_true(run("vfioprep-check", "--json", "--sysroot", host->root, "00:1c.0",
			NULL) == 3);
	json = parsed();
	device = json_array_get(json_object_get(json, "devices"), 0);
	assert_true(json_is_false(json_object_get(device, "passable")));
	assert_true(json_array_size(json_object_get(device, "findings")) > 0);
	json_decref(json);
}

static void a_tree_has_devices_below_bridges(void **state)
{
	json_t *json, *bridge = NULL, *each;
	size_t i;

	(void)state;
	list("--tree", "--json", NULL);
	json = parsed();
	json_array_foreach(
		json_object_get(json, "devices"), i,
		each) if (streq(json_string_value(json_object_get(each, "address")),
				"0000:00:1c.0")) bridge = each;
	assert_non_null(bridge);
	assert_int_equal(json_array_size(json_object_get(bridge, "children")), 2);
	json_decref(json);
	expect_text(list("-T", "-o", "ADDRESS"), "0000:05:00.1\n");
}

/* Names of drivers, like much else, come from who knows where. */
static void what_a_terminal_would_obey_is_escaped(void **state)
{
	(void)state;
	expect_text(list("-o", "DRIVER", "07:00.0"), "bad\\x1b[31m\\xff");
	expect_text(list("-ro", "DRIVER", "07:00.0"), "bad\\x1b[31m");
	list("--json", "07:00.0", NULL);
	json_decref(parsed());
	run("vfioprep-check", "--sysroot", host->root, "07:00.0", NULL);
	expect_no_text(got.out, "\033");
	assert_int_equal(
		run("vfioprep-hide", "--complete", "--sysroot", host->root, "07", NULL),
		0);
	expect_no_text(got.out, "\033");
}

static void color_is_as_wanted(void **state)
{
	(void)state;
	run("vfioprep-check", "--sysroot", host->root, "00:1c.0", NULL);
	expect_no_text(got.out, "\033[");
	run("vfioprep-check", "--color=always", "--sysroot", host->root, "00:1c.0", NULL);
	expect_text(got.out, "\033[1;31mrefuse");
	run("vfioprep-check", "--color=never", "--sysroot", host->root, "00:1c.0", NULL);
	expect_no_text(got.out, "\033[");
}

static void verdicts_end_with_3_for_no(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-check", "--sysroot", host->root, "00:1c.0", NULL),
			 3);
	expect_text(got.out, "  refuse  bridge ");
	expect_text(got.out, "not passable: ");
	assert_int_equal(run("vfioprep-groups", "--sysroot", host->root, "00:1c.0", NULL),
			 3);
	expect_text(got.out, "group 7\n");
	run("vfioprep-groups", "--sysroot", host->root, "-no", "GROUP,ADDRESS", "-r",
	    NULL);
	expect_text(got.out, "12 0000:05:00.0\n12 0000:05:00.1\n13 0000:06:00.0\n");
}

static void status_shows_what_others_have_hidden(void **state)
{
	(void)state;
	assert_int_equal(run("vfioprep-status", "--sysroot", host->root, "-nro",
			     "ADDRESS,STATE,DRIVER,ORIGINAL", NULL),
			 0);
	assert_string_equal(got.out, "0000:06:00.0 unrecorded vfio-pci (unknown)\n");
}

static void status_shows_records(void **state)
{
	(void)state;
	fixture_write(
		host, "/run/vfioprep/records/0000:05:00.0",
		"vfioprep 1\ndevice=0000:05:00.0\nidentity=pci:other\nboot=earlier\n"
		"phase=hidden\nsince=1700000000\nby=vfioprep-hide\nfor=web1\n"
		"pid=17 4711\norig.driver=e1000e\norig.driver_override=\n"
		"goal.driver=vfio-pci\ngoal.driver_override=vfio-pci\nend\n");
	assert_int_equal(run("vfioprep-status", "--sysroot", host->root, "-nro",
			     "ADDRESS,STATE,ORIGINAL,DRIVER,SINCE,FOR,PID", NULL),
			 0);
	expect_text(got.out, "0000:05:00.0 hidden e1000e e1000e 1700000000 web1 17\n");
	run("vfioprep-status", "--sysroot", host->root, "-o", "+PROBLEM", NULL);
	expect_text(got.out, "an earlier boot");
	expect_text(candidates("vfioprep-return", "", NULL), "0000:05:00.0\t");
	expect_no_text(candidates("vfioprep-hide", "", NULL), "0000:05:00.0\t");
	fixture_remove(host, "/run/vfioprep");
}

/* -- descriptors --------------------------------------------------------------------- */

static void lost_output_is_noticed_by_those_who_list(void **state)
{
	int ends[2];

	(void)state;
	how.out = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	expect_text(got.err, "stdout: the output could not be written");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	how.out = ends[1];
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	assert_string_equal(got.err, "");
	close(ends[1]);
}

static void closed_descriptors_are_no_trap(void **state)
{
	(void)state;
	how.close_all = true;
	assert_int_equal(run("vfioprep-list", "--sysroot", host->root, NULL), 1);
	how.close_all = true;
	assert_int_equal(
		run("vfioprep", "check", "--sysroot", host->root, "00:1c.0", NULL), 3);
	assert_string_equal(got.out, "");
	assert_string_equal(got.err, "");
}

static void dump_refuses_a_folder_that_is_there(void **state)
{
	(void)state;
	run("vfioprep-dump", host->root, NULL);
	expect_complaint(3, "exists already");
}

static void the_dispatcher_passes_the_status_on(void **state)
{
	(void)state;
	assert_int_equal(
		run("vfioprep", "list", "--sysroot", host->root, "05:00.0", NULL), 0);
	run("vfioprep", "hide", "--bogus", NULL);
	expect_complaint(
		2, "vfioprep-hide: --bogus: no such option; see vfioprep hide --help");
}

/* -- the host ------------------------------------------------------------------------ */

static int set_up(void **state)
{
	const char *folder = getenv("BIN");

	(void)state;
	if (!realpath(folder ? folder : "build/bin", bin))
		return -1;
	unsetenv("NO_COLOR");
	setenv("LC_ALL", "C", 1);
	host = fixture_new();
	fixture_driver(host, "e1000e", NULL, "8086:10d3");
	fixture_device(host, &(struct fixture_device){ .address = "0000:00:1c.0",
						       .class = "060400",
						       .driver = "pcieport",
						       .group = 7,
						       .bus_below = 5 });
	fixture_device(host, &(struct fixture_device){ .address = "0000:05:00.0",
						       .driver = "e1000e",
						       .group = 12,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:05:00.1",
						       .driver = "e1000e",
						       .group = 12,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:06:00.0",
						       .driver = "vfio-pci",
						       .group = 13,
						       .reset = true });
	fixture_device(host, &(struct fixture_device){ .address = "0000:07:00.0",
						       .driver = "bad\033[31m\xff",
						       .group = 14 });
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(got.out);
	free(got.err);
	fixture_free(host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_errno_has_its_status),
		cmocka_unit_test(the_worse_of_two_statuses_counts),
		cmocka_unit_test(wrong_words_are_refused_in_one_line),
		cmocka_unit_test(a_long_word_is_cut),
		cmocka_unit_test(a_name_that_is_nowhere_is_no_mistake_in_words),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(a_dump_is_not_changed),
		cmocka_unit_test(only_root_changes),
		cmocka_unit_test(help_is_80_columns_wide),
		cmocka_unit_test(help_and_version_need_nothing_else),
		cmocka_unit_test(verbs_are_completed),
		cmocka_unit_test(devices_are_completed),
		cmocka_unit_test(values_are_completed_by_their_kind),
		cmocka_unit_test(bash_gets_what_comes_after_its_own_split),
		cmocka_unit_test(completion_never_fails),
		cmocka_unit_test(columns_are_chosen),
		cmocka_unit_test(json_has_a_version_and_types),
		cmocka_unit_test(a_tree_has_devices_below_bridges),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(color_is_as_wanted),
		cmocka_unit_test(verdicts_end_with_3_for_no),
		cmocka_unit_test(status_shows_what_others_have_hidden),
		cmocka_unit_test(status_shows_records),
		cmocka_unit_test(lost_output_is_noticed_by_those_who_list),
		cmocka_unit_test(closed_descriptors_are_no_trap),
		cmocka_unit_test(dump_refuses_a_folder_that_is_there),
		cmocka_unit_test(the_dispatcher_passes_the_status_on),
	};

	signal(SIGPIPE, SIG_DFL);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
