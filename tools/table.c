/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: libsmartcols draws the text, as it does for lsblk, and jansson writes the JSON,
 * as libsmartcols has no way to give a document a version. Cells are kept as plain text
 * until then.
 */
#include "table.h"
#include "report.h"

#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <strings.h>

#define COLUMNS_MAX 64

struct cell {
	char *text;
	const char *color;
};

struct line {
	int parent;
	struct cell cell[];
};

struct table {
	const char *name;
	const struct column *columns;
	cell_fn *cell;
	color_fn *color;
	const struct column *shown[COLUMNS_MAX];
	size_t n_shown;
	struct line **lines;
	size_t n;
	bool tree;
};

/* -- which columns ------------------------------------------------------------------ */

static const struct column *find_column(const struct column *columns, const char *name,
					size_t len)
{
	for (; columns->name; columns++)
		if (strlen(columns->name) == len &&
		    !strncasecmp(columns->name, name, len))
			return columns;
	return NULL;
}

static int no_such_column(const struct table *table, const char *name, size_t len)
{
	_cleanup_free_ char *word = strf("%.*s", (int)len, name);
	_cleanup_str_ struct str all = { 0 };

	for (const struct column *c = table->columns; c->name; c++)
		str_add(&all, "%s%s", all.len ? "," : "", c->name);
	return fail(-EINVAL, word, "no such column; choose from %s", nonnull(all.s));
}

static int show(struct table *table, const struct column *column)
{
	if (table->n_shown == COLUMNS_MAX)
		return fail(-EINVAL, "--output", "more than %d columns; leave some out",
			    COLUMNS_MAX);
	table->shown[table->n_shown++] = column;
	return 0;
}

/* All columns that have one of @flags, or simply all with 0. */
static int show_flagged(struct table *table, unsigned int flags)
{
	int r = 0;

	for (const struct column *c = table->columns; c->name && r == 0; c++)
		if (!flags || (c->flags & flags))
			r = show(table, c);
	return r;
}

static int show_named(struct table *table, const char *names)
{
	for (;;) {
		size_t len = strcspn(names, ",");
		const struct column *column = find_column(table->columns, names, len);
		int r = column ? show(table, column) : no_such_column(table, names, len);

		if (r < 0)
			return r;
		if (!names[len])
			return 0;
		names += len + 1;
	}
}

static int choose_columns(struct table *table)
{
	unsigned int usual = given.json || given.all_columns ? 0 : COLUMN_USUAL;
	const char *names = given.columns;
	int r = 0;

	if (!names || *names == '+')
		r = show_flagged(table, usual);
	if (r < 0 || !names)
		return r;
	return show_named(table, names + (*names == '+'));
}

void table_help(FILE *out, const struct column *columns)
{
	fputs("\nColumns (* as usual, without -o):\n", out);
	for (; columns->name; columns++) {
		int at =
			fprintf(out, "  %c %-14s ",
				columns->flags & COLUMN_USUAL ? '*' : ' ', columns->name);

		print_wrapped(out, columns->help, at);
	}
}

void table_offer(const struct column *columns)
{
	for (; columns->name; columns++)
		offer(columns->name, columns->help);
}

/* -- rows --------------------------------------------------------------------------- */

int table_new(const char *name, const struct column *columns, cell_fn *cell,
	      struct table **ret_table)
{
	_cleanup_table_ struct table *table = calloc(1, sizeof(*table));
	int r;

	if (!table)
		return fail(-ENOMEM, NULL, "out of memory");
	*table = (struct table){ .name = name, .columns = columns, .cell = cell };
	r = choose_columns(table);
	if (r < 0)
		return r;
	*ret_table = take(table);
	return 0;
}

static void line_free(const struct table *table, struct line *line)
{
	for (size_t i = 0; i < table->n_shown; i++)
		free(line->cell[i].text);
	free(line);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n; i++)
		line_free(table, table->lines[i]);
	free(table->lines);
	free(table);
}

void table_set_color(struct table *table, color_fn *color)
{
	table->color = color_wanted(stdout) ? color : NULL;
}

static int fill_line(const struct table *table, struct line *line, void *row)
{
	int r = 0;

	for (size_t i = 0; i < table->n_shown && r == 0; i++) {
		int id = table->shown[i]->id;

		r = table->cell(row, id, &line->cell[i].text);
		line->cell[i].color = table->color ? table->color(row, id) : NULL;
	}
	return r;
}

int table_add(struct table *table, void *row, int parent)
{
	struct line *line =
		calloc(1, sizeof(*line) + table->n_shown * sizeof(*line->cell));
	int r = line ? fill_line(table, line, row) : -ENOMEM;

	if (r == 0)
		r = list_add((void ***)&table->lines, &table->n, line);
	if (r < 0) {
		if (line)
			line_free(table, line);
		return fail_errno(r, NULL, "cannot be listed");
	}
	line->parent = parent;
	table->tree |= parent >= 0;
	return (int)table->n - 1;
}

/* -- JSON --------------------------------------------------------------------------- */

static json_t *json_cell(const struct column *column, const char *text)
{
	if (column->flags & COLUMN_NUMBER)
		return json_number(text);
	if (column->flags & COLUMN_YES_NO)
		return !text              ? json_null()
		     : streq(text, "yes") ? json_true()
		     : streq(text, "no")  ? json_false()
					  : json_null();
	return json_text(text);
}

static json_t *json_line(const struct table *table, const struct line *line)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < table->n_shown; i++) {
		_cleanup_free_ char *key = strdup(table->shown[i]->name);

		for (char *c = key; c && *c; c++)
			*c = *c == '-' ? '_' : (char)tolower(*c);
		if (!key || json_object_set_new(
				    object, key,
				    json_cell(table->shown[i], line->cell[i].text)) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/*
 * The list that line @i belongs into: that of the document, or the "children" of its
 * parent.
 */
static json_t *json_siblings(json_t *top, json_t *const *objects, int parent)
{
	json_t *children;

	if (parent < 0)
		return top;
	children = json_object_get(objects[parent], "children");
	if (children)
		return children;
	children = json_array();
	return json_object_set_new(objects[parent], "children", children) < 0 ? NULL
									      : children;
}

static int print_json(const struct table *table)
{
	_cleanup_free_ json_t **objects = calloc(table->n + 1, sizeof(*objects));
	_cleanup_json_ json_t *document = json_document();
	json_t *top = json_array();

	if (json_object_set_new(document, table->name, top) < 0 || !objects)
		return json_print(NULL);
	for (size_t i = 0; i < table->n; i++) {
		json_t *siblings = json_siblings(top, objects, table->lines[i]->parent);

		objects[i] = json_line(table, table->lines[i]);
		if (json_array_append_new(siblings, objects[i]) < 0)
			return json_print(NULL);
	}
	return json_print(document);
}

/* -- text --------------------------------------------------------------------------- */

static int new_columns(const struct table *table, struct libscols_table *out, bool tree)
{
	for (size_t i = 0; i < table->n_shown; i++) {
		unsigned int flags = table->shown[i]->flags;
		int scols = (flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0) |
			    (flags & COLUMN_CUT ? SCOLS_FL_TRUNC : 0) |
			    (tree && (flags & COLUMN_TREE) ? SCOLS_FL_TREE : 0);

		if (!scols_table_new_column(out, table->shown[i]->name, 0, scols))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Raw cells are escaped by libsmartcols itself: blanks as well, so that columns can be
 * told.
 */
static int set_cell(struct libscols_line *line, size_t i, const struct cell *cell)
{
	_cleanup_free_ char *escaped = NULL;
	int r = 0;

	if (!cell->text)
		return 0;
	if (given.raw)
		return scols_line_set_data(line, i, cell->text);
	if (cell->color)
		r = scols_cell_set_color(scols_line_get_cell(line, i), cell->color);
	escaped = escape(cell->text);
	if (r < 0)
		return r;
	return escaped ? scols_line_set_data(line, i, escaped) : -ENOMEM;
}

static int fill(const struct table *table, struct libscols_table *out, bool tree)
{
	_cleanup_free_ struct libscols_line **lines =
		calloc(table->n + 1, sizeof(*lines));
	int r = lines ? new_columns(table, out, tree) : -ENOMEM;

	for (size_t i = 0; i < table->n && r == 0; i++) {
		int parent = tree ? table->lines[i]->parent : -1;

		lines[i] = scols_table_new_line(out, parent < 0 ? NULL : lines[parent]);
		if (!lines[i])
			return -ENOMEM;
		for (size_t j = 0; j < table->n_shown && r == 0; j++)
			r = set_cell(lines[i], j, &table->lines[i]->cell[j]);
	}
	return r;
}

static int print_text(const struct table *table)
{
	struct libscols_table *out = scols_new_table();
	int r = out ? 0 : -ENOMEM;

	if (r == 0) {
		scols_table_enable_raw(out, given.raw);
		scols_table_enable_noheadings(out, given.noheadings);
		scols_table_enable_noencoding(out, 1);
		scols_table_enable_colors(out, table->color && !given.raw);
		r = fill(table, out, table->tree && !given.raw);
	}
	if (r == 0)
		r = scols_print_table(out);
	scols_unref_table(out);
	return r < 0 ? fail_errno(r, NULL, "cannot be printed") : 0;
}

int table_print(struct table *table)
{
	return given.json ? print_json(table) : print_text(table);
}

bool table_is_empty(const struct table *table)
{
	return table->n == 0;
}

bool table_shows(const struct table *table, int id)
{
	for (size_t i = 0; i < table->n_shown; i++)
		if (table->shown[i]->id == id)
			return true;
	return false;
}
