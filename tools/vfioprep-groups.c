/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep groups: IOMMU groups and whether they can be given to a guest. Only a whole
 * group isolates, so its verdict is that of all its members going together, bridges
 * excepted: they stay with the host. Without operands it is a listing; with them a
 * verdict per group.
 */
#include "report.h"
#include "table.h"

enum { GROUP, ADDRESS, DRIVER, CLASS, NAME, IDS, PASSABLE, REASON };

static const struct column columns[] = {
	{ "GROUP", GROUP, COLUMN_USUAL | COLUMN_RIGHT | COLUMN_NUMBER,
	  "number of the group" },
	{ "ADDRESS", ADDRESS, COLUMN_USUAL, "a member" },
	{ "DRIVER", DRIVER, COLUMN_USUAL, "driver that the member is bound to" },
	{ "CLASS", CLASS, 0, "what the member is, in a word" },
	{ "NAME", NAME, COLUMN_USUAL | COLUMN_CUT, "vendor and device, short" },
	{ "IDS", IDS, 0, "vendor and device id" },
	{ "PASSABLE", PASSABLE, COLUMN_USUAL | COLUMN_YES_NO,
	  "whether the whole group can be given to a guest" },
	{ "REASON", REASON, COLUMN_USUAL, "what of the member speaks against it" },
	{ 0 }
};

static struct {
	bool explain, all_matching;
} arg;

static const struct option_row options[] = {
	OPTION('e', "explain", NULL, &arg.explain,
	       "say why a group is as large as it is: which port lacks which ACS bit "
	       "(root)"),
	OPTION(0, "all-matching", NULL, &arg.all_matching,
	       "let a pair of ids (8086:10fb) name several devices"),
	{ 0 }
};

/* -- one group ---------------------------------------------------------------------- */

struct group {
	int number; /* negative: a device that is in none */
	struct selection members;
	struct vfp_device **going; /* the members but for bridges */
	size_t n_going;
	struct vfp_finding ***findings; /* of each member; NULL for bridges */
	struct vfp_finding **all;       /* theirs, joined; not owned */
	size_t n_all;
	int verdict;
};

/* What all verdicts of this command share. */
static struct vfp_facts *facts;

static const struct vfp_finding only_bridges = {
	VFP_REFUSE, "bridge", "", "", "there is nothing but bridges in this group", ""
};

static void group_done(struct group *group)
{
	for (size_t i = 0; group->findings && i < group->members.n; i++)
		vfp_findings_free(group->findings[i]);
	free(group->findings);
	free(group->all);
	free(group->going);
	selection_done(&group->members);
}
#define _cleanup_group_ _cleanup_(group_done)

static int find_members(struct vfp_ctx *ctx, struct group *group, const char *address)
{
	_cleanup_free_ char *selector =
		group->number < 0 ? strdup(address) : strf("group:%d", group->number);
	int r = selector ? selection_add(ctx, &group->members, selector, false) : -ENOMEM;

	for (size_t i = 0; i < group->members.n && r == 0; i++) {
		struct vfp_device *member = group->members.device[i];

		/* A bridge that is in no group is asked about all the same. */
		if (group->number < 0 || !vfp_device_is_bridge(member))
			r = list_add((void ***)&group->going, &group->n_going, member);
	}
	group->findings = calloc(group->members.n + 1, sizeof(*group->findings));
	return r < 0 ? r : group->findings ? 0 : -ENOMEM;
}

static int judge_member(struct vfp_ctx *ctx, struct group *group, size_t i)
{
	struct vfp_check_options how = { .with = group->going, .facts = facts };
	int r = vfp_check(ctx, group->members.device[i], &how, &group->findings[i]);
	struct vfp_finding **f = group->findings[i];

	if (r < 0)
		return fail_errno(r,
				  vfp_device_get(group->members.device[i], VFP_ADDRESS),
				  "cannot be judged");
	for (; *f && r == 0; f++)
		r = list_add((void ***)&group->all, &group->n_all, *f);
	return r;
}

/* The group of that number; a negative one stands for @address alone. */
static int load_group(struct vfp_ctx *ctx, int number, const char *address,
		      struct group *group)
{
	int r;

	group->number = number;
	r = find_members(ctx, group, address);
	for (size_t i = 0; i < group->members.n && r == 0; i++)
		if (number < 0 || !vfp_device_is_bridge(group->members.device[i]))
			r = judge_member(ctx, group, i);
	if (r == 0 && !group->n_going)
		r = list_add((void ***)&group->all, &group->n_all, (void *)&only_bridges);
	group->verdict = report_verdict(group->all);
	return r;
}

/* -- as a listing ------------------------------------------------------------------- */

struct row {
	const struct group *group;
	size_t member;
};

static const char *reason(struct vfp_finding *const *findings)
{
	const char *unknown = NULL;

	if (!findings)
		return "a bridge; it stays with the host";
	for (; *findings; findings++) {
		if ((*findings)->severity == VFP_REFUSE)
			return (*findings)->text;
		if ((*findings)->severity == VFP_UNKNOWN && !unknown)
			unknown = (*findings)->text;
	}
	return unknown;
}

static const char *passable(int verdict)
{
	return verdict == 0 ? "yes" : verdict == -EPERM ? "no" : "unknown";
}

static int cell(void *data, int id, char **ret_text)
{
	static const enum vfp_field fields[] = {
		[GROUP] = VFP_GROUP,       [ADDRESS] = VFP_ADDRESS, [DRIVER] = VFP_DRIVER,
		[CLASS] = VFP_CLASS_SHORT, [NAME] = VFP_NAME,       [IDS] = VFP_IDS,
	};
	const struct row *row = data;
	const char *text;

	if (id == PASSABLE)
		text = passable(row->group->verdict);
	else if (id == REASON)
		text = reason(row->group->findings[row->member]);
	else
		text = vfp_device_get(row->group->members.device[row->member],
				      fields[id]);
	if (!text || !*text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int list_group(struct group *group, struct table *table)
{
	int r = 0;

	for (size_t i = 0; i < group->members.n && r >= 0; i++)
		r = table_add(table, &(struct row){ group, i }, -1);
	return r < 0 ? r : 0;
}

/* -- as a verdict ------------------------------------------------------------------- */

/* Any member will do: what is explained is the group. -EPERM is a lack of rights here. */
static int explain(struct vfp_ctx *ctx, const struct group *group,
		   struct vfp_finding ***ret_findings)
{
	const struct vfp_device *device = group->members.device[0];
	int r;

	if (!arg.explain || group->number < 0)
		return 0;
	r = vfp_explain_group(ctx, device, ret_findings);
	if (r == -EPERM)
		return fail(-ENODATA, vfp_device_get(device, VFP_ADDRESS),
			    "only root can read what --explain needs; use sudo");
	return r < 0 ? fail_errno(r, vfp_device_get(device, VFP_ADDRESS),
				  "cannot be explained")
		     : 0;
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

static int tell_group(struct vfp_ctx *ctx, const struct group *group, json_t *groups)
{
	_cleanup_finding_list_ struct vfp_finding **explained = NULL;
	int r = explain(ctx, group, &explained);

	if (!groups)
		print_group(group, explained);
	else if (add_json(groups, group, explained) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	return r;
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
	int r = table_new("devices", columns, cell, &table);

	for (size_t i = 0; i < devices->n && r == 0; i++) {
		_cleanup_group_ struct group group = { 0 };

		if (is_done(devices, i, false))
			continue;
		r = load_group(ctx, vfp_device_get_group(devices->device[i]), NULL,
			       &group);
		if (r == 0)
			r = list_group(&group, table);
	}
	return r < 0 ? r : table_print(table);
}

/* The group of one device; its verdict is one on the command only when it was @named. */
static int tell_group_of(struct vfp_ctx *ctx, const struct vfp_device *device, bool named,
			 json_t *groups, bool *first)
{
	_cleanup_group_ struct group group = { 0 };
	int r = load_group(ctx, vfp_device_get_group(device),
			   vfp_device_get(device, VFP_ADDRESS), &group);

	if (r < 0)
		return r;
	/* Nobody asks why a group of one is as large as it is. */
	if (!named && group.members.n < 2)
		return 0;
	if (!*first && !groups)
		putchar('\n');
	*first = false;
	r = tell_group(ctx, &group, groups);
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

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 };
	bool named = *operands != NULL;
	int r = named ? selection_add_all(ctx, &devices, operands, arg.all_matching)
		      : selection_add(ctx, &devices, NULL, false);

	if (r < 0)
		return r;
	if (!named && devices.n)
		qsort(devices.device, devices.n, sizeof(*devices.device), compare_groups);
	if (!named &&
	    (!devices.n || vfp_device_get_group(devices.device[devices.n - 1]) < 0) &&
	    !given.quiet)
		complain(NULL,
			 "there are no IOMMU groups; enable the IOMMU in the firmware");
	if (vfp_facts_new(&facts) < 0)
		return fail(-ENOMEM, NULL, "out of memory");
	r = named || arg.explain ? tell_groups(ctx, &devices, named)
				 : list_groups(ctx, &devices);
	vfp_facts_free(facts);
	return r;
}

static void complete(struct vfp_ctx *ctx, const char *metavar)
{
	(void)ctx;
	if (streq(metavar, "COLUMNS"))
		table_offer(columns);
}

static void help_more(FILE *out)
{
	table_help(out, columns);
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
