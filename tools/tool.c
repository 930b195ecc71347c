/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool: main() of every verb. The words of the command line are read by the rows of the
 * options and refused here when no verb could make sense of them; the verb runs in a
 * context that signals can cancel; its return value becomes the exit status.
 */
#include "tool.h"

#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <syslog.h>

#define OPTIONS_MAX 48
#define FIRST_CODE  1000 /* getopt codes of rows, above every letter */

static bool help_given, version_given;

static const struct option_row common_rows[] = {
	OPTION('q', "quiet", NULL, &given.quiet, "say nothing but what went wrong"),
	OPTION('v', "verbose", NULL, &given.verbose, "say more; twice for even more"),
	OPTION(0, "color", "WHEN", &given.color,
	       "colour the output: auto (default, on a terminal unless NO_COLOR is "
	       "set), always "
	       "or never"),
	OPTION(0, "sysroot", "DIR", &given.sysroot,
	       "look at what `vfioprep dump` captured in DIR, not at this machine"),
	OPTION('h', "help", NULL, &help_given, "show this help and exit"),
	OPTION('V', "version", NULL, &version_given, "show the version and exit"),
	{ 0 }
};

static const struct option_row listing_rows[] = {
	OPTION('J', "json", NULL, &given.json,
	       "print JSON, with all columns unless -o is given"),
	OPTION('r', "raw", NULL, &given.raw,
	       "print columns unaligned, separated by one blank"),
	OPTION('n', "noheadings", NULL, &given.noheadings, "print no line of headings"),
	OPTION('o', "output", "COLUMNS", &given.columns,
	       "print these columns, separated by commas; +COLUMNS adds to the usual "
	       "ones"),
	OPTION('O', "output-all", NULL, &given.all_columns, "print all columns"),
	{ 0 }
};

static const struct option_row changing_rows[] = {
	OPTION('n', "dry-run", NULL, &given.dry_run,
	       "change nothing; print the writes as a shell script"),
	OPTION(0, "force", "KIND[:OBJECT]", &given.force,
	       "do it in spite of reasons of this kind; a refusal that can be lifted ends "
	       "with its KIND:OBJECT in brackets (repeatable)"),
	OPTION(0, "timeout", "SECONDS", &given.timeout,
	       "give up on a step that takes longer (default 30)"),
	{ 0 }
};

size_t tool_option_sets(struct option_set sets[OPTION_SETS])
{
	size_t n = 0;

	if (tool.options)
		sets[n++] = (struct option_set){ "Options", tool.options };
	if (tool.sets & TOOL_CHANGING)
		sets[n++] = (struct option_set){ "Changing", changing_rows };
	if (tool.sets & TOOL_LISTING)
		sets[n++] = (struct option_set){ "Output", listing_rows };
	sets[n++] = (struct option_set){ "Common", common_rows };
	return n;
}

/* -- getopt_long() ------------------------------------------------------------------ */

struct parser {
	const struct option_row *rows[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 2];
	size_t n;
};

static void parser_init(struct parser *parser)
{
	struct option_set sets[OPTION_SETS];
	size_t n_sets = tool_option_sets(sets);
	char *letter = parser->shorts;

	*letter++ = ':';
	for (size_t i = 0; i < n_sets; i++) {
		for (const struct option_row *row = sets[i].rows; row->name; row++) {
			if (parser->n == OPTIONS_MAX)
				abort();
			parser->longs[parser->n] = (struct option){
				row->name, row->metavar ? required_argument : no_argument,
				NULL, FIRST_CODE + (int)parser->n
			};
			parser->rows[parser->n++] = row;
			if (row->letter) {
				*letter++ = (char)row->letter;
				if (row->metavar)
					*letter++ = ':';
			}
		}
	}
}

static const struct option_row *row_of(const struct parser *parser, int code)
{
	if (code >= FIRST_CODE)
		return parser->rows[code - FIRST_CODE];
	for (size_t i = 0; i < parser->n; i++)
		if (parser->rows[i]->letter == code)
			return parser->rows[i];
	return NULL;
}

/* "--for or --force", when @word is the beginning of several. */
static char *candidates(const struct parser *parser, const char *word)
{
	size_t len = strcspn(word, "="), n = 0;
	_cleanup_str_ struct str text = { 0 };

	if (len <= strlen("--") || !startswith(word, "--"))
		return NULL;
	for (size_t i = 0; i < parser->n; i++)
		if (strncmp(parser->rows[i]->name, word + 2, len - 2) == 0 &&
		    str_add(&text, "%s--%s", n++ ? " or " : "", parser->rows[i]->name) <
			    0)
			return NULL;
	return n > 1 ? take(text.s) : NULL;
}

/* What getopt_long() did not like: an option that is not there, or its value. */
static int bad_option(const struct parser *parser, int code, const char *word)
{
	const struct option_row *row = optopt ? row_of(parser, optopt) : NULL;
	_cleanup_free_ char *several = optopt ? NULL : candidates(parser, word);
	char letter[] = { '-', (char)optopt, '\0' };

	if (several)
		return fail(-EINVAL, word, "could be %s; write more of it", several);
	if (row && code == ':')
		return fail(-EINVAL, word, "the value is missing; give --%s %s",
			    row->name, row->metavar);
	if (row && startswith(word, "--"))
		return fail(-EINVAL, word, "takes no value; give --%s alone", row->name);
	return fail(-EINVAL, startswith(word, "--") || !optopt ? word : letter,
		    "no such option; see vfioprep %s --help", tool.name);
}

static int read_options(int argc, char **argv)
{
	struct parser parser = { 0 };
	int code, r;

	parser_init(&parser);
	opterr = 0;
	/* Options may follow operands, whatever the environment says. */
	unsetenv("POSIXLY_CORRECT");
	while ((code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) !=
	       -1) {
		if (code == '?' || code == ':')
			return bad_option(&parser, code, argv[optind - 1]);
		r = set_option(row_of(&parser, code), optarg);
		if (r < 0)
			return r;
		if (help_given || version_given)
			break;
	}
	return 0;
}

static int check_operands(int n, char **operands)
{
	int r;

	if (n < tool.min)
		return fail(-EINVAL, NULL, "expected %s; see vfioprep %s --help",
			    tool.operands, tool.name);
	if (n > tool.max)
		return fail(-EINVAL, operands[tool.max],
			    "one word too many; see vfioprep %s --help", tool.name);
	for (int i = 0; i < n; i++) {
		r = check_word(NULL, operands[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What cannot go together. */
static int check_together(void)
{
	if (!(tool.sets & TOOL_CHANGING) || tool.sets & TOOL_PRINTING || given.dry_run)
		return 0;
	if (given.sysroot)
		return fail(-EINVAL, "--sysroot",
			    "a dump cannot be changed; add --dry-run");
	return 0;
}

/* -- running ------------------------------------------------------------------------ */

static struct vfp_ctx *cancellable;

static void on_signal(int number)
{
	(void)number;
	vfp_ctx_cancel(cancellable);
}

/*
 * What nohup has set to be ignored stays so. SIGINT is caught in any case: scripts ignore
 * it for what they start in the background, but who sends it means it.
 */
static void catch_signals(struct vfp_ctx *ctx)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	cancellable = ctx;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i] == SIGINT ||
		    (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN))
			sigaction(numbers[i], &action, NULL);
}

static void log_line(void *data, int level, const char *format, va_list args)
{
	_cleanup_free_ char *text = vstrf(format, args);

	(void)data, (void)level;
	if (text)
		complain(NULL, "%s", text);
}

/* Of nothing at all everything would be said to be in order. */
static int check_dump(const char *dir)
{
	_cleanup_free_ char *sys = strf("%s/sys", dir);

	if (!sys)
		return fail_errno(-ENOMEM, NULL, "cannot start");
	return access(sys, F_OK) == 0
		     ? 0
		     : fail(-EINVAL, dir,
			    "not a dump of vfioprep: there is no folder sys in it");
}

static int new_context(struct vfp_ctx **ret_ctx)
{
	struct vfp_ctx *ctx = NULL;
	int r = vfp_ctx_new(&ctx);

	if (r < 0)
		return fail_errno(r, NULL, "cannot start");
	r = given.sysroot ? vfp_ctx_set_root(ctx, given.sysroot) : 0;
	if (r < 0) {
		vfp_ctx_free(ctx);
		return fail_errno(r, given.sysroot, "cannot be read as a dump");
	}
	r = given.sysroot ? check_dump(given.sysroot) : 0;
	if (r < 0) {
		vfp_ctx_free(ctx);
		return r;
	}
	if (given.verbose)
		vfp_ctx_set_log(ctx, given.verbose > 1 ? LOG_DEBUG : LOG_INFO, log_line,
				NULL);
	*ret_ctx = ctx;
	return 0;
}

/* Signals stay caught to the end, so the context does too. */
static int run_tool(char **operands)
{
	struct vfp_ctx *ctx = NULL;
	int r = new_context(&ctx), lost;

	if (r < 0)
		return r;
	if (tool.sets & TOOL_CHANGING)
		catch_signals(ctx);
	if (tool.sets & TOOL_CHANGING && !given.dry_run)
		progress_start(ctx);
	r = tool.run(ctx, operands);
	lost = flush_stdout();
	if (r == 0 && (!(tool.sets & TOOL_CHANGING) || given.dry_run))
		r = lost;
	if (!(tool.sets & TOOL_CHANGING))
		vfp_ctx_free(ctx);
	return r;
}

static int tool_main(int argc, char **argv)
{
	int r;

	if (argc > 1 && streq(argv[1], "--complete"))
		return complete_words(argv + 2);
	r = read_options(argc, argv);
	if (r < 0)
		return r;
	if (help_given || version_given) {
		if (help_given)
			print_help(stdout);
		else
			printf("vfioprep-%s %s\n", tool.name, VFP_VERSION);
		return flush_stdout();
	}
	r = check_operands(argc - optind, argv + optind);
	if (r < 0)
		return r;
	r = check_together();
	return r < 0 ? r : run_tool(argv + optind);
}

char **command_line;

int main(int argc, char **argv)
{
	_cleanup_free_ char *name = strf("vfioprep-%s", tool.name);

	command_line = argv;
	if (name)
		program = name;
	open_standard_files();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setlocale(LC_CTYPE, "");
	return vfp_exit_status(tool_main(argc, argv));
}
