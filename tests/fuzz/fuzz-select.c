/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selectors: the input is the word of a person. Whatever it is, it names devices that are
 * there or is refused with one sentence, and what it brings along never gets into a path.
 */
#include "fuzz.h"

static void check_devices(struct vfp_device **devices)
{
	expect(*devices, "no device, and no error");
	for (; *devices; devices++) {
		const char *address = vfp_device_get(*devices, VFP_ADDRESS);
		char canonical[ADDRESS_MAX];
		struct address a;

		expect(address_parse(address, &a) == 0, "no address: %s", address);
		address_format(&a, canonical);
		expect(streq(canonical, address), "not canonical: %s", address);
	}
}

static int select_one(struct vfp_ctx *ctx, const char *word, bool many)
{
	struct vfp_device **devices = NULL;
	_cleanup_free_ char *why = NULL;
	int r = many ? vfp_select_matching(ctx, word, &why, &devices)
		     : vfp_select(ctx, word, &why, &devices);

	if (r == 0) {
		expect(!why, "a device, and why not: %s", why);
		check_devices(devices);
		vfp_devices_free(devices);
		return r;
	}
	expect(r == -EINVAL || r == -ENODEV || r == -EPERM, "error %d for %s", r, word);
	expect(why && *why && strlen(why) < 1024, "no sentence for %s", word);
	expect_harmless(why, false);
	return r;
}

/* What is an address is written in one way only, and that way is read as the same. */
static void check_address(const char *word)
{
	struct address a, again;
	char text[ADDRESS_MAX];

	if (address_parse(word, &a) < 0)
		return;
	address_format(&a, text);
	expect(address_parse(text, &again) == 0 && a.domain == again.domain &&
		       a.bus == again.bus && a.slot == again.slot &&
		       a.function == again.function,
	       "%s is %s and something else", word, text);
	expect(address_compare(text, text) == 0, "%s is not itself", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	_cleanup_free_ char *word = input_until(&in, '\0');
	static struct vfp_ctx *ctx;
	int r;

	if (!ctx)
		ctx = fuzz_ctx(true);
	check_address(word);
	r = select_one(ctx, word, false);
	if (r == 0)
		expect(select_one(ctx, word, true) == 0, "one, but not several: %s",
		       word);
	else
		select_one(ctx, word, true);
	return 0;
}
