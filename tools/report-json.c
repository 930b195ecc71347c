/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report-json: devices and findings as JSON. jansson passes NULL on (a failed member
 * makes the whole NULL), so memory that ran out is noticed once, in json_print().
 */
#include "report.h"

#define JSON_VERSION 1

json_t *json_document(void)
{
	return json_pack("{s:i}", "version", JSON_VERSION);
}

json_t *json_text(const char *s)
{
	_cleanup_free_ char *escaped = NULL;
	json_t *json;

	if (!s || !*s)
		return json_null();
	json = json_string(s);
	if (json)
		return json;
	/* Not UTF-8. */
	escaped = escape(s);
	return escaped ? json_string(escaped) : NULL;
}

json_t *json_number(const char *s)
{
	uint64_t number;

	if (!s || parse_number(s, 10, INT64_MAX, &number) < 0)
		return json_null();
	return json_integer((json_int_t)number);
}

json_t *json_verdict(int verdict)
{
	if (verdict == -ENODATA)
		return json_null();
	return json_boolean(verdict == 0);
}

json_t *json_device(const struct vfp_device *device)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "address",
			 json_text(vfp_device_get(device, VFP_ADDRESS)), "ids",
			 json_text(vfp_device_get(device, VFP_IDS)), "class",
			 json_text(vfp_device_get(device, VFP_CLASS_NAME)), "name",
			 json_text(vfp_device_get(device, VFP_NAME)), "driver",
			 json_text(vfp_device_get(device, VFP_DRIVER)), "group",
			 json_number(vfp_device_get(device, VFP_GROUP)));
}

static json_t *json_finding(const struct vfp_finding *finding)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "severity",
			 vfp_severity_name(finding->severity), "kind",
			 json_text(finding->kind), "device", json_text(finding->device),
			 "object", json_text(finding->object), "text",
			 json_text(finding->text), "remedy", json_text(finding->remedy));
}

json_t *json_findings(struct vfp_finding *const *findings)
{
	json_t *array = json_array();

	for (; array && findings && *findings; findings++) {
		if (json_array_append_new(array, json_finding(*findings)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

int json_print(const json_t *document)
{
	if (!document)
		return fail(-ENOMEM, NULL, "out of memory");
	/* What could not be written is noticed by flush_stdout(). */
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}
