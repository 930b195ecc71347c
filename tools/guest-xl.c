/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xl tells of a guest. Devices have no ids there: the address is what names one. xl takes a
 * device from its driver by itself (pci-assignable-add) and remembers that driver.
 */
#include "guest-exec.h"

/* Is @address a word of one of the lines? The last word of a line is what they list. */
static bool lists(const char *text, const char *address)
{
	size_t n = strlen(address);

	for (const char *at = text; (at = strstr(at, address)); at += n)
		if ((at == text || strchr(" \n", at[-1])) &&
		    (!at[n] || strchr(" \n", at[n])))
			return true;
	return false;
}

static int ask(const struct exec *exec, const char *const *words, const char *address,
	       int64_t deadline, char **why)
{
	_cleanup_ran_ struct ran ran = { 0 };
	int r = exec_ask(exec, words, deadline, &ran, why);

	return r < 0 ? r : lists(nonnull(ran.out.s), address);
}

static const char *address_of(const struct vfp_hotplug *hotplug)
{
	return streq(vfp_hotplug_kind(hotplug), "pci") ? vfp_hotplug_get(hotplug, "host")
						       : NULL;
}

static int xl_has(const struct exec *exec, const struct vfp_hotplug *hotplug,
		  int64_t deadline, char **why)
{
	const char *words[] = { "xl", "pci-list", exec->domain, NULL };
	const char *address = address_of(hotplug);

	return address ? ask(exec, words, address, deadline, why) : -EOPNOTSUPP;
}

static int xl_is_prepared(const struct exec *exec, const struct vfp_hotplug *hotplug,
			  int64_t deadline, char **why)
{
	const char *words[] = { "xl", "pci-assignable-list", NULL };
	const char *address = address_of(hotplug);

	return address ? ask(exec, words, address, deadline, why) : 0;
}

const struct program program_xl = {
	.name = "xl",
	.has = xl_has,
	.is_prepared = xl_is_prepared,
};
