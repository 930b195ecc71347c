/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of Cloud Hypervisor. The first two bytes are the status, what follows up to a NUL
 * the body of a request to add, the rest the answer.
 */
#include "fuzz.h"

#include "guest-ch.h"

static void check_outcome(long status, const char *body, size_t n)
{
	_cleanup_free_ char *why = NULL;
	int r = ch_outcome(status, body, n, &why);

	expect((r == 0) == (status == 200 || status == 204), "%ld is %d", status, r);
	expect((r < 0) == (why != NULL), "%ld: a sentence with an error alone", status);
	if (why) {
		expect_harmless(why, false);
		expect(strlen(why) < 4000, "a sentence of %zu bytes", strlen(why));
	}
}

static void check_find(const json_t *info, const char *id)
{
	_cleanup_free_ char *kind = NULL, *device = NULL;
	int r = ch_info_find(info, id, &kind, &device);

	expect((r == 0) == ch_info_has(info, id), "%s is there and is not", id);
	expect(r == 0 || r == -ENOENT, "error %d", r);
	expect((r == 0) == (kind != NULL), "a kind of nothing");
	if (device) {
		expect(streq(kind, "pci"), "an address of kind %s", kind);
		expect(strlen(device) >= 12 &&
			       strspn(device, "0123456789abcdef:.") == strlen(device),
		       "no address: %s", device);
	}
}

static void check_info(const char *text, size_t n, const json_t *body)
{
	_cleanup_json_ json_t *info = NULL;
	_cleanup_free_ char *why = NULL;
	const char *id = json_string_value(json_object_get(body, "id"));
	int r = ch_info_parse(text, n, &info);

	expect(r == 0 || (r == -EPROTO && !info), "error %d", r);
	if (r < 0)
		return;
	check_find(info, "nic0");
	if (id) {
		check_find(info, id);
		expect(!ch_info_is(info, id, body) || ch_info_has(info, id),
		       "%s is what is not there", id);
	}
	ch_info_has_size(info, body);
	r = ch_info_can_have_size(info, body, &why);
	expect((r == -EREMOTEIO) == (why != NULL), "a refusal without a sentence");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	long status = input_byte(&in) << 8;
	_cleanup_free_ char *text = NULL, *exact = NULL;
	_cleanup_json_ json_t *body = NULL;

	status |= input_byte(&in);
	if (!in.left)
		return 0;
	text = input_until(&in, '\0');
	body = json_loads(text, 0, NULL);
	/* No spare room, so that reading past the end is noticed. */
	exact = in.left ? memcpy(malloc(in.left), in.at, in.left) : NULL;
	check_outcome(status, exact, in.left);
	check_info(exact, in.left, body);
	return 0;
}
