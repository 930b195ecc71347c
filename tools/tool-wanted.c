/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-wanted: what is configured, and which of it goes together.
 */
#include "tool-wanted.h"
#include "report.h"

int wanted_read(struct vfp_ctx *ctx, struct vfp_wanted ***ret_wanted,
		struct vfp_finding ***ret_findings)
{
	int r = vfp_wanted(ctx, ret_wanted, ret_findings);

	if (r < 0)
		return fail_errno(r, "devices.d", "the configuration cannot be read");
	report_lines(*ret_findings, -EINVAL, false);
	return 0;
}

const struct vfp_wanted *wanted_find(struct vfp_wanted *const *wanted,
				     const char *address)
{
	for (; *wanted; wanted++)
		if (streq(vfp_wanted_get(*wanted, "device"), address))
			return *wanted;
	return NULL;
}

void wanted_groups_done(struct wanted_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->list[i]);
	free(groups->list);
	*groups = (struct wanted_groups){ 0 };
}

/* Where each of them is: the number of its group; negative: it has none, or is not there. */
static int group_of(struct vfp_ctx *ctx, const struct vfp_wanted *wanted)
{
	struct vfp_device **devices = NULL;
	int group = -ENODEV;

	if (vfp_select(ctx, vfp_wanted_get(wanted, "device"), NULL, &devices) < 0)
		return group;
	group = vfp_device_get_group(*devices);
	vfp_devices_free(devices);
	return group;
}

/* -- which were named ------------------------------------------------------------------ */

static bool is_named(const struct selection *named, const char *address)
{
	for (size_t i = 0; i < named->n; i++)
		if (streq(vfp_device_get(named->device[i], VFP_ADDRESS), address))
			return true;
	return false;
}

/* An address, with or without its domain, that is configured but not there. */
static const struct vfp_wanted *
find_absent(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted, const char *word)
{
	_cleanup_free_ char *full = strf("0000:%s", word);
	const struct vfp_wanted *found = wanted_find(wanted, word);

	if (!found && full)
		found = wanted_find(wanted, full);
	return found && group_of(ctx, found) == -ENODEV ? found : NULL;
}

static int mark_word(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted,
		     const char *word, bool *marks)
{
	_cleanup_selection_ struct selection named = { 0 };
	const struct vfp_wanted *absent = find_absent(ctx, wanted, word);
	int r = absent ? 0 : selection_add(ctx, &named, word, true);

	for (size_t i = 0; wanted[i]; i++)
		if (wanted[i] == absent ||
		    is_named(&named, vfp_wanted_get(wanted[i], "device")))
			marks[i] = true;
	for (size_t i = 0; i < named.n && r == 0; i++) {
		const char *address = vfp_device_get(named.device[i], VFP_ADDRESS);

		if (!wanted_find(wanted, address))
			r = fail(
				-EPERM, address,
				"it is not configured; vfioprep hide --persist does that");
	}
	return r;
}

/* -- gathering --------------------------------------------------------------------------- */

/* One more list, of @wanted[@first] and of what follows in its group; these are taken. */
static int gather(struct vfp_wanted *const *wanted, size_t first, const int *groups,
		  bool *taken, struct wanted_groups *all)
{
	_cleanup_free_ struct vfp_wanted **list = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = first; wanted[i] && r == 0; i++) {
		if (i != first &&
		    (taken[i] || groups[i] < 0 || groups[i] != groups[first]))
			continue;
		taken[i] = true;
		r = list_add((void ***)&list, &n, wanted[i]);
	}
	r = r ?: list_add((void ***)&all->list, &all->n, list);
	if (r == 0)
		list = NULL;
	return r;
}

/* What is not named itself goes along when a sibling is. */
static bool group_is_marked(size_t first, size_t n, const int *groups, const bool *marks)
{
	for (size_t i = 0; i < n; i++)
		if (marks[i] &&
		    (i == first || (groups[i] >= 0 && groups[i] == groups[first])))
			return true;
	return false;
}

int wanted_group(struct vfp_ctx *ctx, struct vfp_wanted *const *wanted, char **operands,
		 struct wanted_groups *groups)
{
	size_t n = list_length((void *)wanted);
	_cleanup_free_ int *numbers = calloc(n + 1, sizeof(*numbers));
	_cleanup_free_ bool *marks = calloc(n + 1, sizeof(*marks));
	_cleanup_free_ bool *taken = calloc(n + 1, sizeof(*taken));
	int r = numbers && marks && taken ? 0 : fail(-ENOMEM, NULL, "out of memory");

	for (size_t i = 0; i < n && r == 0; i++) {
		numbers[i] = group_of(ctx, wanted[i]);
		marks[i] = !*operands;
	}
	for (; *operands && r == 0; operands++)
		r = mark_word(ctx, wanted, *operands, marks);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!taken[i] && group_is_marked(i, n, numbers, marks))
			r = gather(wanted, i, numbers, taken, groups);
	return r;
}

/* -- hide --persist ------------------------------------------------------------------------ */

static int complain_why(int error, const char *address, char *why)
{
	_cleanup_free_ char *text = why;

	return text ? fail(error, address, "%s", text)
		    : fail_errno(error, address, "cannot be kept hidden");
}

/* Those that were prepared; what cannot be removed does no harm, and is written over. */
static int forget(struct vfp_ctx *ctx, struct kept *kept, int result)
{
	for (size_t i = 0; i < kept->n; i++) {
		vfp_wanted_save(ctx, kept->file[i], false, NULL);
		free(kept->file[i]);
	}
	free(kept->file);
	*kept = (struct kept){ 0 };
	return result;
}

int kept_prepare(struct vfp_ctx *ctx, const struct selection *devices,
		 const char *const *settings, FILE *print, struct kept *kept)
{
	int r = 0;

	kept->file = calloc(devices->n + 1, sizeof(*kept->file));
	if (!kept->file)
		return fail(-ENOMEM, NULL, "out of memory");
	for (size_t i = 0; i < devices->n && r == 0; i++) {
		const char *address = vfp_device_get(devices->device[i], VFP_ADDRESS);
		char *why = NULL;

		r = vfp_wanted_prepare(ctx, address, settings, print, &kept->file[i],
				       &why);
		kept->n = i + 1;
		if (r < 0)
			complain_why(r, address, why);
	}
	return r < 0 ? forget(ctx, kept, r) : 0;
}

int kept_finish(struct vfp_ctx *ctx, struct kept *kept, int result)
{
	int r = result;

	for (size_t i = 0; i < kept->n && r == 0; i++) {
		_cleanup_free_ char *what =
			strf("%s: hidden, but not kept so", nonnull(kept->file[i]));
		char *why = NULL;

		r = vfp_wanted_save(ctx, kept->file[i], true, &why);
		if (r < 0)
			complain_why(r, what, why);
	}
	return forget(ctx, kept, r);
}

/* -- return, and return --persist ---------------------------------------------------------- */

char *wanted_absent(struct vfp_ctx *ctx, const char *word)
{
	_cleanup_wanted_ struct vfp_wanted **wanted = NULL;
	struct vfp_finding **findings = NULL;
	const struct vfp_wanted *absent;

	if (vfp_wanted(ctx, &wanted, &findings) < 0)
		return NULL;
	vfp_findings_free(findings);
	absent = find_absent(ctx, wanted, word);
	return absent ? strdup(vfp_wanted_get(absent, "device")) : NULL;
}

int wanted_may_drop(struct vfp_ctx *ctx, const char *address)
{
	char *why = NULL;
	int r = given.dry_run ? 0 : vfp_wanted_drop(ctx, address, NULL, true, &why);

	return r < 0 ? complain_why(r, address, why) : 0;
}

static int drop(struct vfp_ctx *ctx, const char *address)
{
	char *why = NULL;
	int r = vfp_wanted_drop(ctx, address, given.dry_run ? stdout : NULL, false, &why);

	return r < 0 ? complain_why(r, address, why) : 0;
}

static void note_configured(struct vfp_wanted *const *wanted, const char *address)
{
	const struct vfp_wanted *w = wanted_find(wanted, address);

	if (w && !given.quiet)
		complain(address,
			 "note: it is configured in %s:%s, so apply and the next boot "
			 "hide it again; --persist removes that",
			 vfp_wanted_get(w, "file"), vfp_wanted_get(w, "line"));
}

static bool is_hidden_still(struct vfp_record *const *records, const char *address)
{
	for (; *records; records++)
		if (streq(nonnull(vfp_record_get(*records, "device")), address))
			return true;
	return false;
}

int wanted_drop_returned(struct vfp_ctx *ctx, char *const *addresses, bool persist)
{
	_cleanup_wanted_ struct vfp_wanted **wanted = NULL;
	struct vfp_finding **findings = NULL;
	struct vfp_record **records = NULL;
	int r = 0;

	/* Who only returns is not to be troubled with what is wrong there. */
	if (!persist && vfp_wanted(ctx, &wanted, &findings) < 0)
		return 0;
	vfp_findings_free(findings);
	if (vfp_records(ctx, &records) < 0)
		return 0;
	for (; addresses && *addresses && r != -ENOMEM; addresses++) {
		if (!given.dry_run && is_hidden_still(records, *addresses))
			continue;
		if (persist)
			r = vfp_exit_worse(r, drop(ctx, *addresses));
		else if (!given.dry_run)
			note_configured(wanted, *addresses);
	}
	vfp_records_free(records);
	return r;
}
