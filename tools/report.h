/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: findings for people and for programs. The text forms are in report.c, so that
 * the verbs that only talk link no JSON library; the JSON is in report-json.c.
 */
#ifndef VFIOPREP_REPORT_H
#define VFIOPREP_REPORT_H

#include "tool.h"

#include <jansson.h>

static inline void findings_freep(struct vfp_finding ***findings)
{
	vfp_findings_free(*findings);
}
#define _cleanup_finding_list_ _cleanup_(findings_freep)

/* -- report.c ----------------------------------------------------------------------- */

/*
 * The verdict in the terms of the exit status: 0 passable, -EPERM not, -ENODATA could not
 * be determined. Those of several devices are joined by vfp_exit_worse().
 */
int report_verdict(struct vfp_finding *const *findings);

/* "0000:00:1f.2  SATA controller, Intel 82801IR [8086:2922], driver ahci, group 7" */
void report_device(FILE *out, const struct vfp_device *device);

/*
 * A line per finding, indented: severity, kind, sentence, remedy. Those that are about
 * another device than @device (NULL: any) begin with its address.
 */
void report_findings(FILE *out, struct vfp_finding *const *findings, const char *device);

/* "passable", "not passable: 2 reasons", "cannot be told: ..." */
void report_conclusion(FILE *out, struct vfp_finding *const *findings);

/* The same with other words for yes and no. */
void report_summary(FILE *out, struct vfp_finding *const *findings, const char *yes,
		    const char *no);

/*
 * A line per finding: severity, kind, sentence; the remedy on a line of its own, so that it can
 * be copied.
 */
void report_advice(FILE *out, struct vfp_finding *const *findings);

/*
 * The findings of a transaction that ended with @error, a line each on stderr in the form
 * of complain(). Left out: notes, unless @notes or --verbose; warnings with --quiet.
 * Returns how many lines said why it failed.
 */
size_t report_lines(struct vfp_finding *const *findings, int error, bool notes);

/* -- report-json.c ------------------------------------------------------------------ */

static inline void json_freep(json_t **json)
{
	json_decref(*json);
}
#define _cleanup_json_ _cleanup_(json_freep)

/* { "version": 1 }, to be filled. It does not change shape within a version. */
json_t *json_document(void);

/* A string of any bytes; null for NULL and "". */
json_t *json_text(const char *s);

/* A number in decimal digits; null when it is none. */
json_t *json_number(const char *s);

/* true, false, or null where the verdict is that it could not be determined. */
json_t *json_verdict(int verdict);

/* Address, ids, names, driver and group. */
json_t *json_device(const struct vfp_device *device);
json_t *json_findings(struct vfp_finding *const *findings);

/* To stdout. NULL, which is what is left when memory ran out on the way, is -ENOMEM. */
int json_print(const json_t *document);

#endif
