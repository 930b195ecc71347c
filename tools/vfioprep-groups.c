/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep groups: IOMMU groups and whether they can be given to a guest. Without operands
 * it is a listing; with them a verdict per group. Both can be drawn instead.
 */
#include "groups.h"

static struct {
	bool tree, dot, explain, all_matching;
} arg;

static const struct option_row options[] = {
	OPTION('T', "tree", NULL, &arg.tree,
	       "draw where they are: which port or bridge each device is behind"),
	OPTION(0, "dot", NULL, &arg.dot,
	       "print the same as a picture for Graphviz: groups --dot | dot -Tsvg"),
	OPTION('e', "explain", NULL, &arg.explain,
	       "say why a group is as large as it is: which port lacks which ACS bit "
	       "(root)"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

/* What all verdicts of this command share. */
static struct vfp_facts *facts;

/* -- as a verdict ------------------------------------------------------------------- */

/* Any member will do: what is explained is the group. -ENODATA: not to the end. */
static int explain(struct vfp_ctx *ctx, const struct group *group,
		   struct vfp_finding ***ret_findings)
{
	const struct vfp_device *device = group->members.device[0];
	int r;

	if (!arg.explain || group->number < 0)
		return 0;
	r = vfp_explain_group(ctx, device, ret_findings);
	return r < 0 ? fail_errno(r, vfp_device_get(device, VFP_ADDRESS),
				  "cannot be explained")
		     : report_verdict(*ret_findings);
}

static void print_group(const struct group *group, struct vfp_finding *const *explained)
{
	if (group->number >= 0)
		printf("group %d\n", group->number);
	for (size_t i = 0; i < group->members.n; i++) {
		const struct vfp_device *member = group->members.device[i];

		report_device(stdout, member);
		report_findings(
			stdout, group->findings[i],
			group->members.n > 1 ? "" : vfp_device_get(member, VFP_ADDRESS));
	}
	/* These sentences name their functions themselves. */
	report_findings(stdout, explained, NULL);
	report_conclusion(stdout, group->all);
}

static json_t *json_members(const struct group *group)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < group->members.n; i++) {
		json_t *member = json_device(group->members.device[i]);

		json_object_set_new(member, "findings",
				    json_findings(group->findings[i]));
		if (json_array_append_new(array, member) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int add_json(json_t *groups, const struct group *group,
		    struct vfp_finding *const *explained)
{
	json_t *object = json_pack(
		"{s:o, s:o, s:o}", "group",
		group->number < 0 ? json_null() : json_integer(group->number), "passable",
		json_verdict(group->verdict), "members", json_members(group));

	if (arg.explain)
		json_object_set_new(object, "explained", json_findings(explained));
	return json_array_append_new(groups, object) < 0 ? -ENOMEM : 0;
}

/* Nobody asks why a group of one is as large as it is, only whether it should be larger. */
static bool is_of_interest(const struct group *group,
			   struct vfp_finding *const *explained)
{
	return group->members.n > 1 || (group->n_going && explained && *explained);
}

/* -- all of them -------------------------------------------------------------------- */

/* Has the group of device @n been dealt with, or is there none that counts? */
static bool is_done(const struct selection *devices, size_t n, bool named)
{
	int number = vfp_device_get_group(devices->device[n]);

	if (number < 0)
		return !named;
	while (n-- > 0)
		if (vfp_device_get_group(devices->device[n]) == number)
			return true;
	return false;
}

static int compare_groups(const void *a, const void *b)
{
	int x = vfp_device_get_group(*(struct vfp_device *const *)a);
	int y = vfp_device_get_group(*(struct vfp_device *const *)b);

	return (x > y) - (x < y);
}

static int list_groups(struct vfp_ctx *ctx, struct selection *devices)
{
	_cleanup_table_ struct table *table = NULL;
	int r = table_new("devices", group_columns, group_cell, &table);

	for (size_t i = 0; i < devices->n && r == 0; i++) {
		_cleanup_group_ struct group group = { 0 };

		if (is_done(devices, i, false))
			continue;
		r = group_load(ctx, vfp_device_get_group(devices->device[i]), NULL, facts,
			       &group);
		if (r == 0)
			r = group_list(&group, table);
	}
	return r < 0 ? r : table_print(table);
}

/* The group of one device; its verdict is one on the command only when it was @named. */
static int tell_group_of(struct vfp_ctx *ctx, const struct vfp_device *device, bool named,
			 json_t *groups, bool *first)
{
	_cleanup_finding_list_ struct vfp_finding **explained = NULL;
	_cleanup_group_ struct group group = { 0 };
	int r = group_load(ctx, vfp_device_get_group(device),
			   vfp_device_get(device, VFP_ADDRESS), facts, &group);

	if (r < 0)
		return r;
	r = explain(ctx, &group, &explained);
	if (!named && !is_of_interest(&group, explained))
		return r;
	if (groups && add_json(groups, &group, explained) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	if (!groups && !*first)
		putchar('\n');
	*first = false;
	if (!groups)
		print_group(&group, explained);
	return vfp_exit_worse(r, named ? group.verdict : 0);
}

static int tell_groups(struct vfp_ctx *ctx, const struct selection *devices, bool named)
{
	_cleanup_json_ json_t *document = given.json ? json_document() : NULL;
	json_t *groups = given.json ? json_array() : NULL;
	bool first = true;
	int verdict = 0;

	if (given.json && json_object_set_new(document, "groups", groups) < 0)
		return json_print(NULL);
	for (size_t i = 0; i < devices->n; i++)
		if (!is_done(devices, i, named))
			verdict = vfp_exit_worse(verdict,
						 tell_group_of(ctx, devices->device[i],
							       named, groups, &first));
	return given.json && json_print(document) < 0 ? -ENOMEM : verdict;
}

/* -- drawn -------------------------------------------------------------------------- */

static int draw(struct vfp_ctx *ctx, const struct selection *named)
{
	_cleanup_topology_ struct topology topology = { 0 };
	_cleanup_free_ const char **uses = NULL;
	int r = topology_load(ctx, named, facts, &topology);

	if (r == 0 && arg.dot && topology.n)
		r = vfp_devices_use(ctx, topology.all.device, &uses);
	if (r < 0)
		return r;
	r = arg.tree ? print_tree(&topology) : print_dot(&topology, uses);
	return r ?: topology_verdict(&topology);
}

/* -- the verb ----------------------------------------------------------------------- */

/* What cannot go together. */
static int check_options(bool named)
{
	bool columns = given.columns || given.all_columns;

	if (arg.tree + arg.dot + arg.explain > 1)
		return fail(-EINVAL, NULL, "choose one of --tree, --dot and --explain");
	if (arg.dot && (given.json || given.raw || columns))
		return fail(-EINVAL, "--dot",
			    "it prints a picture, not columns; draw columns with --tree");
	if (columns && (arg.explain || named) && !arg.tree)
		return fail(-EINVAL, "-o",
			    "verdicts and explanations are sentences, not columns; take "
			    "--json for programs");
	return 0;
}

static int show(struct vfp_ctx *ctx, struct selection *devices, bool named)
{
	if (arg.tree || arg.dot)
		return draw(ctx, devices);
	return named || arg.explain ? tell_groups(ctx, devices, named)
				    : list_groups(ctx, devices);
}

static bool has_groups(const struct selection *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (vfp_device_get_group(devices->device[i]) >= 0)
			return true;
	return false;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 }, none = { 0 };
	bool named = *operands != NULL;
	int r = check_options(named);

	if (r == 0)
		r = named ? selection_add_all(ctx, &devices, operands, arg.all_matching)
			  : selection_add(ctx, &devices, NULL, false);
	if (r < 0)
		return r;
	if (!named && devices.n)
		qsort(devices.device, devices.n, sizeof(*devices.device), compare_groups);
	if (!named && !has_groups(&devices) && !given.quiet)
		complain(NULL,
			 "there are no IOMMU groups; vfioprep doctor says what to do");
	if (vfp_facts_new(&facts) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	r = show(ctx, !named && (arg.tree || arg.dot) ? &none : &devices, named);
	vfp_facts_free(facts);
	return r;
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (streq(metavar, "COLUMNS"))
		table_offer(group_columns);
}

static void help_more(FILE *out)
{
	table_help(out, group_columns);
}

const struct tool tool = {
	.name = "groups",
	.operands = "[DEVICE...]",
	.max = MANY,
	.help = "List IOMMU groups, and say whether they can be given to a guest.",
	.details = "A group is judged as if all its members went together. With DEVICE "
		   "(or group:14): a verdict on its whole group, with every reason; "
		   "ends with 0 when it can be given, 3 when not, 1 when it could not "
		   "be told.",
	.sets = TOOL_LISTING,
	.options = options,
	.run = run,
	.complete = complete,
	.help_more = help_more,
};
