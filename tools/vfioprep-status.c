/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfioprep status: what is hidden, by the records and by what is there: a device that is
 * on a vfio driver without a record was hidden by something else, and is shown as that.
 */
#include "table.h"
#include "tool-wanted.h"

#include <time.h>

enum {
	ADDRESS,
	STATE,
	ORIGINAL,
	DRIVER,
	SINCE,
	FOR,
	GUEST,
	ID,
	HOLDER,
	PROBLEM,
	PID,
	BY,
	GROUP,
	NODE,
	CONFIGURED,
	NAME
};

static const struct column columns[] = {
	{ "ADDRESS", ADDRESS, COLUMN_USUAL, "PCI address" },
	{ "STATE", STATE, COLUMN_USUAL,
	  "hidden; hiding, returning or stuck on the way; plugged (USB, into a guest); unplugging: its guest was asked to "
	  "let go; unrecorded: not by vfioprep" },
	{ "ORIGINAL", ORIGINAL, COLUMN_USUAL, "driver that it had" },
	{ "DRIVER", DRIVER, COLUMN_USUAL, "driver that it is bound to" },
	{ "SINCE", SINCE, COLUMN_USUAL | COLUMN_NUMBER,
	  "when it was hidden; with --raw and --json in seconds since 1970" },
	{ "FOR", FOR, COLUMN_USUAL, "for whom it is claimed" },
	{ "GUEST", GUEST, COLUMN_USUAL, "guest that it was plugged into" },
	{ "ID", ID, COLUMN_USUAL, "its id there" },
	{ "HOLDER", HOLDER, COLUMN_USUAL, "process that has it open" },
	{ "PROBLEM", PROBLEM, COLUMN_USUAL, "why the record cannot be acted upon" },
	{ "PID", PID, COLUMN_RIGHT | COLUMN_NUMBER, "process that the claim lives with" },
	{ "BY", BY, 0, "program that has hidden it" },
	{ "GROUP", GROUP, COLUMN_RIGHT | COLUMN_NUMBER, "IOMMU group" },
	{ "NODE", NODE, 0, "vfio device node" },
	{ "CONFIGURED", CONFIGURED, 0,
	  "where it is configured to be hidden at every boot" },
	{ "NAME", NAME, COLUMN_CUT, "vendor and device, short" },
	{ 0 }
};

/* Either may be missing: the device is gone, or it was hidden by something else. */
struct row {
	struct vfp_ctx *ctx;
	const struct vfp_record *record;
	const struct vfp_device *device;
};

static int copy(const char *text, char **ret_text)
{
	if (!text || !*text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static const char *record_value(const struct row *row, const char *key)
{
	return row->record ? vfp_record_get(row->record, key) : NULL;
}

static const char *device_value(const struct row *row, enum vfp_field field)
{
	return row->device ? vfp_device_get(row->device, field) : NULL;
}

static const char *address(const struct row *row)
{
	return row->record ? record_value(row, "device") : device_value(row, VFP_ADDRESS);
}

static int original(const struct row *row, char **ret_text)
{
	const char *driver =
		record_value(row, "orig.driver") ?: record_value(row, "orig.interfaces");

	if (given.json || (driver && *driver))
		return copy(driver, ret_text);
	return copy(driver ? "(none)" : "(unknown)", ret_text);
}

static int since(const struct row *row, char **ret_text)
{
	const char *seconds = record_value(row, "since");
	char text[32];
	uint64_t number;
	struct tm tm;
	time_t when;

	if (given.json || given.raw || !seconds ||
	    parse_number(seconds, 10, INT32_MAX, &number) < 0)
		return copy(seconds, ret_text);
	when = (time_t)number;
	if (!localtime_r(&when, &tm) || !strftime(text, sizeof(text), "%F %T", &tm))
		return copy(seconds, ret_text);
	return copy(text, ret_text);
}

static int holder(const struct row *row, char **ret_text)
{
	int r = row->device ? vfp_holders(row->ctx, row->device, ret_text) : 0;

	if (r == -ENOENT || r == 0)
		return 0;
	return r == -ENOMEM ? r : copy("(unknown)", ret_text);
}

/* Somebody else may have been there. The override is left out: reading it may wait. */
static char *changed(const struct row *row)
{
	const char *goal = nonnull(record_value(row, "goal.driver"));
	const char *driver = nonnull(device_value(row, VFP_DRIVER));

	if (!streq(nonnull(record_value(row, "phase")), "hidden") || streq(goal, driver))
		return NULL;
	return *driver ? strf("somebody has bound it to %s instead of %s", driver, goal)
		       : strf("somebody has unbound it from %s", goal);
}

static bool is_between(const struct row *row)
{
	const char *phase = nonnull(record_value(row, "phase"));

	return streq(phase, "hiding") || streq(phase, "returning");
}

static int problem(const struct row *row, char **ret_text)
{
	const char *text = record_value(row, "problem");

	if (text || !row->record)
		return copy(text, ret_text);
	if (!row->device)
		return copy("the device is gone", ret_text);
	/* Which of the two only a look at the locks would tell; recover waits for them. */
	if (is_between(row))
		return copy("under way, or broken off: vfioprep recover", ret_text);
	*ret_text = changed(row);
	return 0;
}

/* "PID STARTTIME": the same number may be another process by now. */
static int pid(const struct row *row, char **ret_text)
{
	const char *text = record_value(row, "pid");

	if (!text || !*text)
		return 0;
	*ret_text = strndup(text, strcspn(text, " "));
	return *ret_text ? 0 : -ENOMEM;
}

static const char *state(const struct row *row)
{
	const char *phase = record_value(row, "phase");

	if (!row->record)
		return "unrecorded";
	return record_value(row, "unplug") && (streq(nonnull(phase), "hidden") ||
					       streq(nonnull(phase), "plugged"))
		     ? "unplugging"
		     : phase;
}

/* Read when the column is first asked for. */
static struct vfp_wanted **wanted;

static int configured(const struct row *row, char **ret_text)
{
	struct vfp_finding **findings = NULL;
	const struct vfp_wanted *w;

	if (!wanted && vfp_wanted(row->ctx, &wanted, &findings) < 0)
		return copy("(unknown)", ret_text);
	vfp_findings_free(findings);
	w = wanted_find(wanted, nonnull(address(row)));
	if (!w)
		return 0;
	*ret_text = strf("%s:%s", vfp_wanted_get(w, "file"), vfp_wanted_get(w, "line"));
	return *ret_text ? 0 : -ENOMEM;
}

static int cell(void *data, int id, char **ret_text)
{
	const struct row *row = data;

	switch (id) {
	case ADDRESS:
		return copy(address(row), ret_text);
	case STATE:
		return copy(state(row), ret_text);
	case ORIGINAL:
		return original(row, ret_text);
	case SINCE:
		return since(row, ret_text);
	case FOR:
		return copy(record_value(row, "for"), ret_text);
	case GUEST:
		return copy(record_value(row, "guest"), ret_text);
	case ID:
		return copy(record_value(row, "id"), ret_text);
	case HOLDER:
		return holder(row, ret_text);
	case PROBLEM:
		return problem(row, ret_text);
	case PID:
		return pid(row, ret_text);
	case BY:
		return copy(record_value(row, "by"), ret_text);
	case DRIVER:
		return copy(device_value(row, VFP_DRIVER), ret_text);
	case GROUP:
		return copy(device_value(row, VFP_GROUP), ret_text);
	case CONFIGURED:
		return configured(row, ret_text);
	case NODE:
		return copy(device_value(row, VFP_NODE), ret_text);
	default:
		return copy(device_value(row, VFP_NAME), ret_text);
	}
}

static const struct vfp_device *find_device(const struct selection *devices,
					    const char *device)
{
	for (size_t i = 0; i < devices->n; i++)
		if (streq(vfp_device_get(devices->device[i], VFP_ADDRESS), device))
			return devices->device[i];
	return NULL;
}

static bool is_recorded(struct vfp_record *const *records, const char *device)
{
	for (; *records; records++)
		if (streq(nonnull(vfp_record_get(*records, "device")), device))
			return true;
	return false;
}

static int add_rows(struct vfp_ctx *ctx, struct table *table,
		    struct vfp_record *const *records, const struct selection *devices)
{
	int r = 0;

	for (struct vfp_record *const *rec = records; *rec && r >= 0; rec++) {
		const char *device = nonnull(vfp_record_get(*rec, "device"));

		r = table_add(table,
			      &(struct row){ ctx, *rec, find_device(devices, device) },
			      -1);
	}
	for (size_t i = 0; i < devices->n && r >= 0; i++) {
		struct row row = { ctx, NULL, devices->device[i] };

		if (device_value(&row, VFP_NODE) && !is_recorded(records, address(&row)))
			r = table_add(table, &row, -1);
	}
	return r < 0 ? r : 0;
}

/* Those that guests were given; most hosts have none, and look for no device then. */
static int add_usb_rows(struct vfp_ctx *ctx, struct table *table, struct selection *usb)
{
	struct vfp_record **records = NULL;
	int r = vfp_usb_records(ctx, &records);

	if (r < 0)
		return fail_records(r);
	if (*records)
		r = selection_add(ctx, usb, "usb:*", false);
	for (struct vfp_record **rec = records; *rec && r >= 0; rec++) {
		const char *device = nonnull(vfp_record_get(*rec, "device"));

		r = table_add(table, &(struct row){ ctx, *rec, find_device(usb, device) },
			      -1);
	}
	vfp_records_free(records);
	return r < 0 ? r : 0;
}

static int run(struct vfp_ctx *ctx, char **operands)
{
	_cleanup_selection_ struct selection devices = { 0 }, usb = { 0 };
	_cleanup_table_ struct table *table = NULL;
	struct vfp_record **records = NULL;
	int r = table_new("devices", columns, cell, &table);

	(void)operands;
	if (r == 0)
		r = selection_add(ctx, &devices, NULL, false);
	if (r < 0)
		return r;
	r = vfp_records(ctx, &records);
	if (r < 0)
		return fail_records(r);
	r = add_rows(ctx, table, records, &devices);
	r = r ?: add_usb_rows(ctx, table, &usb);
	if (r == 0 && table_is_empty(table) && !given.json && !given.quiet)
		complain(NULL, "nothing is hidden");
	vfp_records_free(records);
	r = r < 0 ? r : table_print(table);
	vfp_wanted_free(wanted);
	wanted = NULL;
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
	.name = "status",
	.usb = true,
	.help = "Show what is hidden: since when, for whom, and who holds it.",
	.sets = TOOL_LISTING,
	.run = run,
	.complete = complete,
	.help_more = help_more,
};
