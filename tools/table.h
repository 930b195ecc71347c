/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a listing as rows of columns, printed as aligned text, as a tree, raw, or as
 * JSON, by what --json, --raw, --noheadings and -o say. A column is one row of a table;
 * what is in a cell is asked of the verb only for columns that are printed.
 */
#ifndef VFIOPREP_TABLE_H
#define VFIOPREP_TABLE_H

#include "tool.h"

enum column_flags {
	COLUMN_USUAL = 1, /* printed as text without -o; JSON has all columns */
	COLUMN_RIGHT = 2,
	COLUMN_CUT = 4,     /* gives way when the terminal is too narrow */
	COLUMN_NUMBER = 8,  /* in JSON a number */
	COLUMN_YES_NO = 16, /* in JSON true, false; null for anything else */
	COLUMN_TREE = 32,   /* carries the branches of a tree */
};

struct column {
	const char *name; /* "CLASS-CODE"; in JSON "class_code". NULL ends the table */
	int id;           /* for the verb */
	unsigned int flags;
	const char *help;
};

/*
 * What stands in column @id of @row: new memory in *ret_text, left NULL for nothing. Not
 * escaped: the table does that.
 */
typedef int cell_fn(void *row, int id, char **ret_text);

/* In which colour, as an escape sequence; NULL: as everything is. */
typedef const char *color_fn(void *row, int id);

struct table;

/*
 * @name is the member of the JSON document. Complains; -EINVAL: -o names no column of
 * these.
 */
int table_new(const char *name, const struct column *columns, cell_fn *cell,
	      struct table **ret_table);
void table_free(struct table *table);
static inline void table_freep(struct table **table)
{
	table_free(*table);
}
#define _cleanup_table_ _cleanup_(table_freep)

/* Colour rows that are added from now on, where colour is wanted. */
void table_set_color(struct table *table, color_fn *color);

/* Add @row below the row number @parent (-1: at the top). Returns its number. */
int table_add(struct table *table, void *row, int parent);
int table_print(struct table *table);
/* Is there a column @id to be filled? */
bool table_shows(const struct table *table, int id);
bool table_is_empty(const struct table *table);

/* For struct tool: the columns for --help and for the completion of -o. */
void table_help(FILE *out, const struct column *columns);
void table_offer(const struct column *columns);

#endif
