/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcie_acs_override= on the kernel command line: kernels that were patched for it take ports
 * and functions for isolating that have no ACS at all. Groups become small by that, and the
 * hardware separates their devices no better than before. Other kernels ignore the word.
 */
#include "model/model.h"

#include <pci/pci.h>

#define WORD "pcie_acs_override="

/* The word may stand there several times, and all of them count. */
static bool has_option(const char *line, const char *option)
{
	size_t len = strlen(option);

	for (const char *p = strstr(line, WORD); p; p = strstr(p, WORD)) {
		p += strlen(WORD);
		for (;;) {
			size_t n = strcspn(p, ", \n");

			if (n == len && strncasecmp(p, option, n) == 0)
				return true;
			p += n;
			if (*p != ',')
				break;
			p++;
		}
	}
	return false;
}

bool acs_is_overridden(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *line = NULL;

	return root_attr(ctx, &line, "/proc/cmdline") == 0 && strstr(line, WORD);
}

/* pcie_acs_overrides() of the patch, for a PCIe function without the capability. */
const char *acs_override(struct vfp_ctx *ctx, const char *ids, unsigned int type,
			 bool multifunction)
{
	_cleanup_free_ char *line = NULL, *option = strf("id:%s", ids);

	if (!option || root_attr(ctx, &line, "/proc/cmdline") < 0)
		return NULL;
	if (has_option(line, option))
		return "id:";
	switch (type) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
		return has_option(line, "downstream") ? "downstream" : NULL;
	case PCI_EXP_TYPE_ENDPOINT:
	case PCI_EXP_TYPE_UPSTREAM:
	case PCI_EXP_TYPE_LEG_END:
	case PCI_EXP_TYPE_ROOT_INT_EP:
		return multifunction && has_option(line, "multifunction")
			     ? "multifunction"
			     : NULL;
	default:
		return NULL;
	}
}
