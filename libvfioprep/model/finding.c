/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings: one reason each, as a sentence with what it is about and what can be done.
 * They go to terminals, logs and JSON, so whatever comes from devices, processes or file
 * systems is made harmless here, once, for all rows of the check.
 */
#include "model/model.h"

static void finding_free(struct vfp_finding *finding)
{
	if (!finding)
		return;
	free((char *)finding->kind);
	free((char *)finding->device);
	free((char *)finding->object);
	free((char *)finding->text);
	free((char *)finding->remedy);
	free(finding);
}

static void finding_freep(struct vfp_finding **finding)
{
	finding_free(*finding);
}

_public_ const char *vfp_severity_name(enum vfp_severity severity)
{
	static const char *const names[] = {
		[VFP_NOTE] = "note",     [VFP_WARN] = "warn",   [VFP_UNKNOWN] = "unknown",
		[VFP_REFUSE] = "refuse", [VFP_ERROR] = "error",
	};

	if ((size_t)severity >= ARRAY_SIZE(names))
		return "unknown";
	return names[severity];
}

_public_ void vfp_findings_free(struct vfp_finding **findings)
{
	for (struct vfp_finding **f = findings; f && *f; f++)
		finding_free(*f);
	free(findings);
}

int finding_add(struct findings *findings, enum vfp_severity severity, const char *kind,
		const char *device, const char *object, const char *remedy,
		const char *format, ...)
{
	_cleanup_(finding_freep) struct vfp_finding *f = calloc(1, sizeof(*f));
	_cleanup_free_ char *text = NULL;
	va_list args;
	int r;

	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	if (!f || !text)
		return -ENOMEM;
	f->severity = severity;
	f->kind = escape(kind);
	f->device = escape(nonnull(device));
	f->object = escape(nonnull(object));
	f->text = escape(text);
	f->remedy = escape(nonnull(remedy));
	if (!f->kind || !f->device || !f->object || !f->text || !f->remedy)
		return -ENOMEM;
	r = list_add((void ***)&findings->list, &findings->n, f);
	if (r == 0)
		f = NULL;
	return r;
}

int findings_take(struct findings *findings, struct vfp_finding ***ret)
{
	struct vfp_finding **list = findings->list ?: calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	*ret = list;
	*findings = (struct findings){ 0 };
	return 0;
}

void findings_forget(struct findings *findings, const char *kind, const char *device)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->n; i++) {
		struct vfp_finding *f = findings->list[i];

		if ((!kind || streq(f->kind, kind)) &&
		    (!device || streq(f->device, device)))
			finding_free(f);
		else
			findings->list[kept++] = f;
	}
	if (findings->list)
		findings->list[kept] = NULL;
	findings->n = kept;
}

void findings_done(struct findings *findings)
{
	vfp_findings_free(findings->list);
	*findings = (struct findings){ 0 };
}

/* What would take the host or the person at it away: consent must name it. */
bool finding_needs_object(const struct vfp_finding *finding)
{
	static const char *const objects[][2] = {
		{ "disk", "/" },    { "disk", "/usr" }, { "disk", "/boot" },
		{ "disk", "swap" }, { "net", "ssh" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		if (streq(finding->kind, objects[i][0]) &&
		    streq(finding->object, objects[i][1]))
			return true;
	/* Nobody knows what has opened the disk for itself alone. */
	return streq(finding->kind, "disk") && startswith(finding->object, "/dev/");
}

bool finding_lifted(const struct vfp_finding *finding, char *const *force)
{
	size_t kind = strlen(finding->kind);

	/* Nothing makes bridges, missing groups, a wrong identity or a hang passable. */
	if (!finding_kind_known(finding->kind, kind))
		return false;
	for (; force && *force; force++) {
		if (strncmp(*force, finding->kind, kind) != 0)
			continue;
		if ((*force)[kind] == '\0' && !finding_needs_object(finding))
			return true;
		if ((*force)[kind] == ':' && *finding->object &&
		    streq(*force + kind + 1, finding->object))
			return true;
	}
	return false;
}

/* What --force lifts. A new row of the check brings its kind here, if it is a new one. */
static const struct {
	const char *name, *help;
} kinds[] = {
	{ "disk", "file systems, swap or volumes on it" },
	{ "net", "addresses or routes on it" },
	{ "display", "the console, or programs that draw or compute on it" },
	{ "input", "the last keyboard or pointer is below it" },
	{ "usb", "a guest has a USB device below it" },
	{ "group", "others in its IOMMU group" },
	{ "sriov", "virtual functions that go with it" },
	{ "claim", "it was hidden for somebody else" },
	{ "module", "a module that would take other devices too" },
	{ "foreign", "somebody else has changed it meanwhile" },
};

_public_ const char *const *vfp_force_kinds(void)
{
	static const char *names[ARRAY_SIZE(kinds) + 1];

	/* Whoever fills it writes the same. */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		names[i] = kinds[i].name;
	return names;
}

_public_ const char *vfp_force_help(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].name, kind))
			return kinds[i].help;
	return NULL;
}

bool finding_kind_known(const char *kind, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == n && strncmp(kinds[i].name, kind, n) == 0)
			return true;
	return false;
}
