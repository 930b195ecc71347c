/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of netlink, as a dump holds them. The first byte times four is the length of
 * what is taken for addresses; the rest is routes. The verdict on the NIC then reads
 * both.
 */
#include "fuzz.h"

#include "host/netlink.h"

static void check_tables(struct vfp_ctx *ctx, size_t n)
{
	struct net_address *addresses = NULL;
	struct net_route *routes = NULL;
	size_t n_addresses = 0, n_routes = 0;

	netlink_addresses(ctx, &addresses, &n_addresses);
	netlink_routes(ctx, &routes, &n_routes);
	for (size_t i = 0; i < n_addresses; i++) {
		expect_harmless(addresses[i].text, false);
		expect(strchr(addresses[i].text, '/'), "no prefix: %s",
		       addresses[i].text);
	}
	/* The least that says something is one more hop of a route, in eight bytes. */
	expect(n_addresses <= n && n_routes <= n, "more than there can be");
	free(addresses);
	free(routes);
}

static void check_nic(struct vfp_ctx *ctx)
{
	struct vfp_finding **findings = NULL;
	static struct vfp_device **devices;

	expect(devices || vfp_select(ctx, NIC, NULL, &devices) == 0, "no NIC");
	expect(vfp_check(ctx, *devices, NULL, &findings) == 0, "no verdict");
	expect_findings(findings);
	vfp_findings_free(findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	size_t first = (size_t)input_byte(&in) * 4;
	static struct vfp_ctx *ctx;

	if (!ctx)
		ctx = fuzz_ctx(true);
	if (first > in.left)
		first = in.left;
	fuzz_write("/netlink/addresses", in.at, first);
	fuzz_write("/netlink/routes", in.at + first, in.left - first);
	check_tables(ctx, size / 8);
	check_nic(ctx);
	return 0;
}
