/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: findings as text. A verdict is a block that is read from top to bottom: what
 * the device is, each reason with its severity and kind (the word for --force), the
 * conclusion. What a transaction has to say is a line per finding on stderr.
 */
#include "report.h"

/* What remedies are set off by: severity and kind. */
#define ADVICE_INDENT 17

static size_t count(struct vfp_finding *const *findings, enum vfp_severity severity)
{
	size_t n = 0;

	for (; findings && *findings; findings++)
		n += (*findings)->severity == severity;
	return n;
}

int report_verdict(struct vfp_finding *const *findings)
{
	if (count(findings, VFP_REFUSE) || count(findings, VFP_ERROR))
		return -EPERM;
	return count(findings, VFP_UNKNOWN) ? -ENODATA : 0;
}

/* -- text on stdout ----------------------------------------------------------------- */

static const char *color_of(enum vfp_severity severity)
{
	switch (severity) {
	case VFP_REFUSE:
	case VFP_ERROR:
		return "\033[1;31m";
	case VFP_WARN:
		return "\033[33m";
	case VFP_UNKNOWN:
		return "\033[35m";
	default:
		return "\033[2m";
	}
}

/* @text in @width columns at least, coloured when that is wanted. */
static void print_colored(FILE *out, const char *color, int width, const char *text)
{
	bool colored = color_wanted(out);

	fprintf(out, "%s%-*s%s", colored ? color : "", width, text,
		colored ? "\033[0m" : "");
}

void report_device(FILE *out, const struct vfp_device *device)
{
	_cleanup_free_ char *driver = escape(nonnull(vfp_device_get(device, VFP_DRIVER)));
	const char *group = vfp_device_get(device, VFP_GROUP);
	_cleanup_free_ char *class =
		escape(nonnull(vfp_device_get(device, VFP_CLASS_NAME)));
	_cleanup_free_ char *name = escape(nonnull(vfp_device_get(device, VFP_NAME)));

	fprintf(out, "%s  %s%s%s%s[%s], ", vfp_device_get(device, VFP_ADDRESS),
		nonnull(class), class && *class ? ", " : "", nonnull(name),
		name && *name ? " " : "", nonnull(vfp_device_get(device, VFP_IDS)));
	if (driver && *driver)
		fprintf(out, "driver %s, ", driver);
	else
		fputs("no driver, ", out);
	if (vfp_device_is_usb(device))
		fprintf(out, "on %s\n",
			vfp_device_get(device, VFP_PARENT) ?: "no PCI controller");
	else if (group && *group)
		fprintf(out, "group %s\n", group);
	else
		fputs("no IOMMU group\n", out);
}

static void print_finding(FILE *out, const struct vfp_finding *finding,
			  const char *device)
{
	_cleanup_free_ char *text = escape(nonnull(finding->text));
	_cleanup_free_ char *remedy = escape(nonnull(finding->remedy));
	const char *about = nonnull(finding->device);
	bool other = device && *about && !streq(about, device);

	fputs("  ", out);
	print_colored(out, color_of(finding->severity), 7,
		      vfp_severity_name(finding->severity));
	fprintf(out, " %-9s %s%s%s%s%s\n", nonnull(finding->kind), other ? about : "",
		other ? ": " : "", nonnull(text), remedy && *remedy ? "; " : "",
		nonnull(remedy));
}

void report_findings(FILE *out, struct vfp_finding *const *findings, const char *device)
{
	for (; findings && *findings; findings++)
		print_finding(out, *findings, device);
}

static void print_advice(FILE *out, const struct vfp_finding *finding)
{
	_cleanup_free_ char *text = escape(nonnull(finding->text));
	_cleanup_free_ char *remedy = escape(nonnull(finding->remedy));

	print_colored(out, color_of(finding->severity), 7,
		      vfp_severity_name(finding->severity));
	fprintf(out, " %-8s %s\n", nonnull(finding->kind), nonnull(text));
	if (remedy && *remedy)
		fprintf(out, "%*s%s\n", ADVICE_INDENT, "", remedy);
}

void report_advice(FILE *out, struct vfp_finding *const *findings)
{
	for (; findings && *findings; findings++)
		print_advice(out, *findings);
}

void report_conclusion(FILE *out, struct vfp_finding *const *findings)
{
	report_summary(out, findings, "passable", "not passable");
}

void report_summary(FILE *out, struct vfp_finding *const *findings, const char *yes,
		    const char *no)
{
	size_t refused = count(findings, VFP_REFUSE) + count(findings, VFP_ERROR);
	size_t unknown = count(findings, VFP_UNKNOWN), warned = count(findings, VFP_WARN);

	if (refused) {
		print_colored(out, color_of(VFP_REFUSE), 0, no);
		fprintf(out, ": %zu reason%s", refused, refused == 1 ? "" : "s");
	} else if (unknown) {
		print_colored(out, color_of(VFP_UNKNOWN), 0, "cannot be told");
		fprintf(out, ": %zu thing%s could not be looked at%s", unknown,
			unknown == 1 ? "" : "s", geteuid() ? "; try as root" : "");
	} else {
		print_colored(out, "\033[1;32m", 0, yes);
		if (warned)
			fprintf(out, ", with %zu warning%s", warned,
				warned == 1 ? "" : "s");
	}
	fputc('\n', out);
}

/* -- lines on stderr ---------------------------------------------------------------- */

/* "note: " and so on; what went wrong needs no name. */
static const char *label(enum vfp_severity severity, int error)
{
	switch (severity) {
	case VFP_NOTE:
		return "note: ";
	case VFP_WARN:
		return "warning: ";
	case VFP_UNKNOWN:
		return "could not be looked at: ";
	case VFP_REFUSE:
		return error ? "" : "done in spite of: ";
	default:
		return "";
	}
}

static bool is_said(enum vfp_severity severity, int error, bool notes)
{
	switch (severity) {
	case VFP_NOTE:
		return (notes && !given.quiet) || given.verbose;
	case VFP_WARN:
		return !given.quiet;
	case VFP_UNKNOWN:
		return error || !given.quiet;
	case VFP_REFUSE:
		return error || !given.quiet;
	default:
		return true;
	}
}

static bool can_be_forced(const struct vfp_finding *finding)
{
	for (const char *const *kind = vfp_force_kinds(); *kind; kind++)
		if (streq(*kind, finding->kind))
			return true;
	return false;
}

/*
 * The kind goes behind in brackets, as a compiler names its warnings: it is for --force.
 */
static void say(const struct vfp_finding *finding, int error)
{
	const char *device = nonnull(finding->device), *object = nonnull(finding->object);
	const char *remedy = nonnull(finding->remedy);
	bool tagged = finding->severity == VFP_REFUSE && can_be_forced(finding);

	complain(*device ? device : NULL, "%s%s%s%s%s%s%s%s%s",
		 label(finding->severity, error), nonnull(finding->text),
		 *remedy ? "; " : "", remedy, tagged ? " [" : "",
		 tagged ? nonnull(finding->kind) : "", tagged && *object ? ":" : "",
		 tagged ? object : "", tagged ? "]" : "");
}

size_t report_lines(struct vfp_finding *const *findings, int error, bool notes)
{
	size_t reasons = 0;

	for (; findings && *findings; findings++) {
		enum vfp_severity severity = (*findings)->severity;

		if (!is_said(severity, error, notes))
			continue;
		say(*findings, error);
		reasons += severity != VFP_NOTE && severity != VFP_WARN;
	}
	return reasons;
}
