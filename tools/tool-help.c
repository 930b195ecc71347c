/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-help: --help, from the rows of the options. Lines are at most 80 columns, so that
 * the text is as readable on a serial console as in a man page.
 */
#include "tool.h"

#define WIDTH       80
#define HELP_COLUMN 27

static void start_line(FILE *out, int column)
{
	fprintf(out, "\n%*s", column, "");
}

void print_wrapped(FILE *out, const char *text, int column)
{
	int at = column;

	while (*text) {
		int word = (int)strcspn(text, " \n");

		if (at > column && at + 1 + word > WIDTH) {
			start_line(out, column);
			at = column;
		}
		at += fprintf(out, "%s%.*s", at > column ? " " : "", word, text);
		text += word;
		if (*text == '\n') {
			start_line(out, column);
			at = column;
		}
		if (*text)
			text++;
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const struct option_row *row)
{
	int at = row->letter ? fprintf(out, "  -%c, ", row->letter)
			     : fprintf(out, "      ");

	at += fprintf(out, "--%s", row->name);
	if (row->metavar)
		at += fprintf(out, " %s", row->metavar);
	if (at + 2 > HELP_COLUMN) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - at, "");
	print_wrapped(out, row->help, HELP_COLUMN);
}

void print_help(FILE *out)
{
	struct option_set sets[OPTION_SETS];
	size_t n = tool_option_sets(sets);

	fprintf(out, "Usage: vfioprep %s [OPTION...]%s%s\n\n", tool.name,
		tool.operands ? " " : "", nonnull(tool.operands));
	print_wrapped(out, tool.help, 0);
	if (tool.details) {
		fputc('\n', out);
		print_wrapped(out, tool.details, 0);
	}
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "\n%s:\n", sets[i].title);
		for (const struct option_row *row = sets[i].rows; row->name; row++)
			if (row->help)
				print_row(out, row);
	}
	if (tool.help_more)
		tool.help_more(out);
}
