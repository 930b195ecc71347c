/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XML that the libvirt hook reads. Up to a zero byte it is hook.conf, the rest is the domain.
 */
#include "fuzz.h"

#include "hook.h"

static void check_address(const char *address)
{
	size_t domain = strspn(address, "0123456789abcdef");

	expect(domain >= 4 && domain <= 8 && strlen(address + domain) == 8 &&
		       address[domain] == ':' && address[domain + 3] == ':' &&
		       address[domain + 6] == '.' &&
		       strchr("01234567", address[domain + 7]),
	       "no address: %s", address);
}

static void check_domain(const struct hook_domain *domain)
{
	expect(strlen(domain->uuid) == 36 &&
		       strspn(domain->uuid, "0123456789abcdef-") == 36,
	       "no UUID: %s", domain->uuid);
	for (size_t i = 0; i < domain->n; i++) {
		check_address(domain->device[i].address);
		for (size_t j = 0; j < i; j++)
			expect(!streq(domain->device[i].address,
				      domain->device[j].address),
			       "twice: %s", domain->device[i].address);
	}
}

static void check_config(const char *text, const struct hook_domain *domain)
{
	_cleanup_hook_config_ struct hook_config config;
	_cleanup_free_ char *why = NULL;
	int r;

	hook_config_init(&config);
	r = hook_config_parse(text, "web1", domain->uuid, &config, &why);
	expect(r == 0 || (r == -EINVAL && why && atoi(why) > 0), "error %d", r);
	expect(config.timeout >= 4000 && config.wait >= 0, "times %lld %lld",
	       (long long)config.timeout, (long long)config.wait);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	_cleanup_free_ char *config = input_until(&in, '\0'), *why = NULL;
	_cleanup_hook_domain_ struct hook_domain domain = { 0 };
	int r = hook_xml_parse(in.at, in.left, &domain, &why);

	expect(r == 0 ? !why : r == -EINVAL && why, "error %d", r);
	if (r == 0)
		check_domain(&domain);
	check_config(config, &domain);
	return 0;
}
