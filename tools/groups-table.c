/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMU groups as a table with a row for each member: by their numbers, or as a tree of the
 * ports, bridges and devices as they are connected. What isolates is seen there from how high
 * in the tree a number occurs twice.
 */
#include "groups.h"

enum { GROUP, ADDRESS, DRIVER, CLASS, NAME, IDS, PASSABLE, REASON };

#define ROW_GROUP                                                            \
	{                                                                    \
		"GROUP", GROUP, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER, \
			"number of the group"                                \
	}
#define ROW_ADDRESS                                                        \
	{                                                                  \
		"ADDRESS", ADDRESS, COLUMN_USUAL | COLUMN_TREE, "a member" \
	}
#define ROWS_OTHER                                                                       \
	{ "DRIVER", DRIVER, COLUMN_USUAL, "driver that the member is bound to" },        \
		{ "CLASS", CLASS, 0, "what the member is, in a word" },                  \
		{ "NAME", NAME, COLUMN_USUAL | COLUMN_CUT, "vendor and device, short" }, \
		{ "IDS", IDS, 0, "vendor and device id" },                               \
		{ "PASSABLE", PASSABLE, COLUMN_USUAL | COLUMN_YES_NO,                    \
		  "whether the whole group can be given to a guest" },                   \
	{                                                                                \
		"REASON", REASON, COLUMN_USUAL, "what of the member speaks against it"   \
	}

const struct column group_columns[] = { ROW_GROUP, ROW_ADDRESS, ROWS_OTHER, { 0 } };

/* The branches begin at the margin. */
static const struct column tree_columns[] = { ROW_ADDRESS, ROW_GROUP, ROWS_OTHER, { 0 } };

struct row {
	const struct group *group;
	size_t member;
	bool in_tree;
};

static const struct vfp_device *device_of(const struct row *row)
{
	return row->group->members.device[row->member];
}

static bool is_bridge(const struct row *row)
{
	return vfp_device_is_bridge(device_of(row));
}

/* Most of a tree's rows are bridges: that they stay with the host goes without saying. */
static const char *passable(const struct row *row)
{
	return row->in_tree && is_bridge(row) ? NULL : group_passable(row->group);
}

static const char *reason(const struct row *row)
{
	if (row->group->findings[row->member])
		return row->in_tree && is_bridge(row)
			     ? NULL
			     : group_reason(row->group, row->member);
	return row->in_tree ? NULL : "a bridge; it stays with the host";
}

int group_cell(void *data, int id, char **ret_text)
{
	static const enum vfp_field fields[] = {
		[GROUP] = VFP_GROUP,       [ADDRESS] = VFP_ADDRESS, [DRIVER] = VFP_DRIVER,
		[CLASS] = VFP_CLASS_SHORT, [NAME] = VFP_NAME,       [IDS] = VFP_IDS,
	};
	const struct row *row = data;
	const char *text;

	if (id == PASSABLE)
		text = passable(row);
	else if (id == REASON)
		text = reason(row);
	else
		text = vfp_device_get(device_of(row), fields[id]);
	if (!text || !*text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static const char *color_of_verdict(int verdict)
{
	return verdict == 0 ? "\033[32m" : verdict == -EPERM ? "\033[31m" : "\033[35m";
}

/* Bridges step back; what is shared stands out, and so does what is hidden already. */
static const char *color(void *data, int id)
{
	const struct row *row = data;

	if (id == GROUP && group_is_shared(row->group))
		return "\033[33m";
	if (is_bridge(row))
		return "\033[2m";
	if (id == PASSABLE)
		return color_of_verdict(row->group->verdict);
	if (id == DRIVER && vfp_device_get(device_of(row), VFP_NODE))
		return "\033[36m";
	return NULL;
}

int group_list(struct group *group, struct table *table)
{
	int r = 0;

	for (size_t i = 0; i < group->members.n && r >= 0; i++)
		r = table_add(table, &(struct row){ group, i, false }, -1);
	return r < 0 ? r : 0;
}

int print_tree(const struct topology *topology)
{
	_cleanup_table_ struct table *table = NULL;
	int r = table_new("devices", tree_columns, group_cell, &table);

	if (r < 0)
		return r;
	table_set_color(table, color);
	for (size_t i = 0; i < topology->n && r >= 0; i++) {
		const struct place *place = &topology->places[i];
		struct row row = { place->group, place->member, true };

		r = table_add(table, &row, place->parent);
	}
	return r < 0 ? r : table_print(table);
}
