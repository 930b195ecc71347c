/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's xl takes a device from its driver itself, and gives it back: nothing is hidden. What the
 * host would lose by that is refused as hide refuses it; the IOMMU and the module are Xen's.
 */
#include "handover.h"

static int take_verdict(struct handover *h, struct vfp_plan *marks, struct target *t,
			const struct findings *verdict)
{
	for (size_t i = 0; i < verdict->n; i++) {
		const struct vfp_finding *f = verdict->list[i];

		if (f->severity != VFP_REFUSE || finding_lifted(f, h->plan->force))
			continue;
		t->error = -EPERM;
		target_say(marks, t, VFP_REFUSE, f->kind, f->object, f->remedy, "%s",
			   f->text);
	}
	return t->error;
}

int handover_check_for_xl(struct handover *h, struct vfp_plan *marks, struct target *t)
{
	static const char *const of_xen[] = { "iommu", "group", "module" };
	_cleanup_findings_ struct findings verdict = { 0 };
	struct facts facts = { 0 };
	int r = check_device(h->guest->ctx, t->device, NULL, "pciback", &facts, &verdict);

	facts_done(&facts);
	for (size_t i = 0; i < ARRAY_SIZE(of_xen); i++)
		findings_forget(&verdict, of_xen[i], NULL);
	return r ?: take_verdict(h, marks, t, &verdict);
}
