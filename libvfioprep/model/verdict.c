/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict as callers ask for it: the table of reasons, and what hide looks at by itself:
 * for whom the device is, the module that would be loaded, the memory of the guest.
 */
#include "model/check.h"

static const struct {
	const char *kind;
	check_more_fn *look;
} more[] = {
	{ "record", check_unsettled },
	{ "claim", check_claim },
	{ "module", check_module },
	{ "memory", check_memory },
};

static int run(struct check *c, const struct vfp_check_options *options)
{
	/* Records, modules and locked memory are matters of VFIO. */
	bool wide = !c->device->bridge && !c->device->usb;
	int r = check_run(c);

	for (size_t i = 0; i < ARRAY_SIZE(more) && r == 0 && wide; i++) {
		c->kind = more[i].kind;
		r = more[i].look(c, options);
	}
	return r;
}

struct vfp_facts {
	struct facts facts;
};

_public_ int vfp_facts_new(struct vfp_facts **ret_facts)
{
	struct vfp_facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return -ENOMEM;
	*ret_facts = facts;
	return 0;
}

_public_ void vfp_facts_free(struct vfp_facts *facts)
{
	if (facts)
		facts_done(&facts->facts);
	free(facts);
}

_public_ int vfp_check(struct vfp_ctx *ctx, const struct vfp_device *device,
		       const struct vfp_check_options *options,
		       struct vfp_finding ***ret_findings)
{
	static const struct vfp_check_options nothing;
	_cleanup_findings_ struct findings findings = { 0 };
	struct facts facts = { 0 };
	bool shared = options && options->facts;
	struct check c = {
		.ctx = ctx,
		.device = device,
		.with = options ? options->with : NULL,
		.findings = &findings,
		.driver = "vfio-pci",
		.facts = shared ? &options->facts->facts : &facts,
	};
	int r = run(&c, options ? options : &nothing);

	check_done(&c);
	facts_done(&facts);
	return r < 0 ? r : findings_take(&findings, ret_findings);
}
