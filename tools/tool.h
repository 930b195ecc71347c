/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool: what every verb shares. A verb is one file that includes this header and defines
 *
 *	static struct { const char *driver; bool group; struct words with; } arg;
 *
 *	static const struct option_row options[] = {
 *		OPTION('d', "driver", "DRIVER", &arg.driver, "bind to DRIVER"),
 *		OPTION(0, "group", NULL, &arg.group, "take all siblings"),
 *		OPTION(0, "with", "ADDRESS", &arg.with, "take this too (repeatable)"),
 *		{ 0 }
 *	};
 *
 *	static int run(struct vfp_ctx *ctx, char **operands) { ... }
 *
 *	const struct tool tool = {
 *		.name = "hide", .operands = "DEVICE...", .min = 1, .max = MANY,
 *		.help = "take devices from their drivers",
 *		.sets = TOOL_CHANGING, .options = options, .run = run,
 *	};
 *
 * main() is in tool.c. It reads the words of the command line by these rows, and --help,
 * --version and the hidden --complete read the same rows, so they cannot disagree.
 *
 * What common to several verbs is not needed by all is a file of its own (tool-plan.c,
 * tool-select.c, table.c, report-json.c) in an archive, so that a verb links what it
 * uses.
 */
#ifndef VFIOPREP_TOOL_H
#define VFIOPREP_TOOL_H

#include "vfioprep.h"
#include "base/base.h"

/* -- the table of options ----------------------------------------------------------- */

/*
 * All values of an option that may be repeated; a NULL-terminated list, NULL when n is 0.
 */
struct words {
	const char **word;
	size_t n;
};

enum option_type { OPTION_FLAG, OPTION_COUNT, OPTION_VALUE, OPTION_WORDS };

/*
 * One option. The value is kept as the word that was given: main() has refused it when it
 * is empty, longer than a path may be or has control characters in it, and checks it
 * further by the leading capitals of the metavar:
 *	SECONDS		parse_seconds() takes it
 *	PID		a number from 1 to 4194304
 * All else is for the verb or the library to judge. The metavar is also the type by which
 * --complete finds candidates: DEVICE ADDRESS VENDOR DRIVER GROUP KIND WHEN FILE SOCKET DIR
 * are known there, and words in lower case ("raw|qcow2"); others (DIALECT, COLUMNS) are for
 * the verb, see tool.complete.
 */
struct option_row {
	int letter;		/* 0: long form only */
	const char *name;	/* NULL ends the table */
	const char *metavar;	/* "KIND[:OBJECT]"; NULL: the option takes no value */
	/* A phrase, lower case, no full stop; --help wraps it. NULL: no option for people. */
	const char *help;
	enum option_type type;
	void *target;
};

/*
 * The pointer's type says what kind of option it is: bool * a flag, int * a flag that is
 * counted, const char ** a value (the last one given counts), struct words * all values.
 */
#define OPTION(letter, name, metavar, target, help)                                      \
	{                                                                                \
		letter, name, metavar, help,                                             \
			_Generic((target),                                               \
				 bool *: OPTION_FLAG,                                    \
				 int *: OPTION_COUNT,                                    \
				 const char **: OPTION_VALUE,                            \
				 struct words *: OPTION_WORDS),                          \
			target                                                           \
	}

/* What was given of the options that several verbs have. */
struct common_options {
	/* every verb */
	bool quiet;
	int verbose;
	const char *color;	/* "auto", "always", "never" */
	const char *sysroot;	/* NULL: the running system */

	/* TOOL_LISTING */
	bool json, raw, noheadings, all_columns;
	const char *columns;	/* "ADDRESS,DRIVER", "+NODE"; NULL: the usual ones */

	/* TOOL_CHANGING */
	bool dry_run;
	struct words force;
	const char *timeout;	/* NULL: as the library defines */
};

extern struct common_options given;

/* -- a verb ------------------------------------------------------------------------- */

#define MANY 1000000

/* The sets of common options that a verb has besides those that all have. */
enum tool_sets {
	TOOL_LISTING = 1,	/* --json --raw --noheadings -o: with table.h */
	/*
	 * --dry-run --force --timeout. SIGINT, SIGTERM and SIGHUP then call
	 * vfp_ctx_cancel(), lost output changes nothing, and --sysroot is refused without
	 * --dry-run.
	 */
	TOOL_CHANGING = 2,
	/* Changes only when it is told to carry out what it prints else: a dump will do for that. */
	TOOL_PRINTING = 4,
};

/* Which devices --complete offers where a DEVICE is expected. */
enum tool_devices {
	DEVICES_ALL,
	DEVICES_RECORDED,	/* those that vfioprep has hidden */
	DEVICES_PLUGGED,	/* of these those that a guest was given */
	DEVICES_CONFIGURED,	/* those that /etc/vfioprep/devices.d wants hidden */
	DEVICES_UNHIDDEN,	/* neither hidden nor a bridge */
};

struct tool {
	const char *name;	/* the verb; the binary is vfioprep-NAME */
	const char *operands;	/* as in the usage: "[DEVICE...]"; NULL: none */
	int min, max;		/* how many operands; MANY for no limit */
	const char *help;	/* one line, as verbs.h has it */
	const char *details;	/* for --help, wrapped; "\n" begins a line; may be NULL */
	unsigned int sets;	/* of enum tool_sets */
	enum tool_devices devices;
	bool usb;		/* a DEVICE may be one of USB; else they are refused */
	const struct option_row *options; /* may be NULL */

	/*
	 * Do it. @operands is NULL-terminated and has between min and max words, none of
	 * them empty. Returns 0 or a negative errno, which vfp_exit_status() turns into
	 * the exit status: -EINVAL 2, -EPERM refused or verdict "no" 3, -ENODATA verdict
	 * "could not be determined" 1. What is wrong has been said, by fail() or
	 * report_lines().
	 */
	int (*run)(struct vfp_ctx *ctx, char **operands);

	/*
	 * Offer what may stand for a @metavar that tool-complete.c does not know
	 * ("DIALECT"), by calling offer() for each. May be NULL.
	 */
	void (*complete)(struct vfp_ctx *ctx, const char *metavar);

	/*
	 * What --complete takes the operands after the @first for, a metavar. May be NULL:
	 * they are what .operands says.
	 */
	const char *(*more)(const char *first);

	/* More at the end of --help, such as table_help(). May be NULL. */
	void (*help_more)(FILE *out);
};

/* Defined by the verb's file. */
extern const struct tool tool;

/* What main() was given; the order of the words may be another. */
extern char **command_line;

/* -- tool-talk.c: what goes to a person --------------------------------------------- */

/* "vfioprep-hide": who complain() says it is. */
extern const char *program;

/*
 * One line on stderr: "vfioprep-hide: OBJECT: what failed; what to do". @object is what
 * it is about (an address, the word that is wrong) or NULL. Both are escaped and cut, the
 * line is one write, so words from anywhere can be given as they are.
 */
void complain(const char *object, const char *format, ...) _printf_(2, 3);

/* Is told every line as well, without the program's name, where it is set. */
extern void (*also_complain)(const char *text);

/* complain(), returning @error: return fail(-EINVAL, word, "not a port; ..."); */
int fail(int error, const char *object, const char *format, ...) _printf_(3, 4);

/*
 * The same with the words of @error after what failed: fail_errno(r, dir, "cannot be
 * read")
 */
int fail_errno(int error, const char *object, const char *what);

/* For what vfp_records() returns. */
int fail_records(int error);

/*
 * @s for one line of a terminal: escaped, at most @max bytes of it. NULL: out of memory.
 */
char *printable(const char *s, size_t max);

/* Whether to colour what is written to @out: --color, NO_COLOR, TERM, isatty(3). */
bool color_wanted(FILE *out);

/*
 * Open those of the descriptors 0 to 2 that are closed on /dev/null, read-only: no file
 * that is opened later becomes stdout, and output that has nowhere to go is noticed.
 */
void open_standard_files(void);

/*
 * Flush stdout; -EIO when something could not be written. Says so, but for a closed pipe.
 */
int flush_stdout(void);

/* -- tool-progress.c: waits, as they are seen on a terminal ------------------------- */

/*
 * From now on show what the library waits for, in a line of its own on stderr, when that is a
 * terminal, and not with --quiet.
 */
void progress_start(struct vfp_ctx *ctx);

/* Around whatever else is written to a terminal: the line is out of the way meanwhile. */
void talk_begin(void);
void talk_end(void);

/* -- tool-help.c, tool-complete.c --------------------------------------------------- */

/*
 * The tables of options of this verb with their titles, its own first; at most
 * OPTION_SETS.
 */
#define OPTION_SETS 4
struct option_set {
	const char *title;
	const struct option_row *rows;
};
size_t tool_option_sets(struct option_set sets[OPTION_SETS]);

/*
 * What no verb can make sense of. @name is the option that @word is for; NULL: an operand.
 * Both complain.
 */
int check_word(const char *name, const char *word);
int set_option(const struct option_row *row, const char *value);

void print_help(FILE *out);

/*
 * Print @text from column @column on, in lines of at most 80; the cursor is at @column.
 */
void print_wrapped(FILE *out, const char *text, int column);

/* Print the candidates for the last of @words (those after the verb), a line each. */
int complete_words(char **words);

/*
 * One candidate, printed when it begins with the word to be completed. @help may be NULL.
 */
void offer(const char *word, const char *help);

/* Files, or folders alone, that begin with @prefix; each printed after @lead. */
void offer_files(const char *lead, const char *prefix, bool folders_only);

/* @path with "~/" replaced, as words come here that no shell has expanded. */
char *expand_home(const char *path);

/* -- tool-select.c: from operands to devices ---------------------------------------- */

/*
 * Devices in the order in which they were named, each once; a NULL-terminated view of
 * what the selections own. Free with selection_done(); selection_add() again extends it.
 */
struct selection {
	struct vfp_device **device;	/* NULL-terminated; NULL when n is 0 */
	size_t n;
	struct vfp_device ***lists;	/* what vfp_select() gave */
	size_t n_lists;
};

void selection_done(struct selection *selection);
#define _cleanup_selection_ _cleanup_(selection_done)

/* Add what @selector names (NULL: all). Complains; returns the error of vfp_select(). */
int selection_add(struct vfp_ctx *ctx, struct selection *selection, const char *selector,
		  bool all_matching);

/* The same for a NULL-terminated list of selectors; stops at the first that is wrong. */
int selection_add_all(struct vfp_ctx *ctx, struct selection *selection,
		      char *const *selectors, bool all_matching);

/* Add all other functions in the IOMMU groups of what was selected, but for bridges. */
int selection_add_siblings(struct vfp_ctx *ctx, struct selection *selection);

/* -- tool-plan.c: transactions of the changing verbs -------------------------------- */

static inline void facts_freep(struct vfp_facts **facts)
{
	vfp_facts_free(*facts);
}
#define _cleanup_facts_ _cleanup_(facts_freep)
static inline void plan_freep(struct vfp_plan **plan)
{
	vfp_plan_free(*plan);
}
#define _cleanup_plan_ _cleanup_(plan_freep)

/*
 * A plan with --force, --timeout and the program's name set, whose progress is printed to
 * stdout ("Unbinding 0000:05:00.0 from ixgbe") unless --quiet. Complains.
 */
int plan_new(struct vfp_ctx *ctx, struct vfp_plan **ret_plan);

/* vfp_plan_set(), complaining about "--option=value"; a NULL value sets nothing. */
int plan_set(struct vfp_plan *plan, enum vfp_option option, const char *option_name,
	     const char *value);

/* Tell the findings on stderr; for an error that none of them explains, what it means. */
void plan_tell(struct vfp_finding *const *findings, int error, bool notes);

/*
 * Run it, or with --dry-run print it; tell the findings on stderr. With @notes also those
 * that are merely worth knowing, which else take --verbose.
 */
int plan_carry_out(struct vfp_plan *plan, bool notes);

#endif
