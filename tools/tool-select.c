/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-select: from the words that name devices to the devices, each once, in the order
 * in which they were named. What a selector cannot be is said in the words of the
 * library.
 */
#include "tool.h"

void selection_done(struct selection *selection)
{
	for (size_t i = 0; i < selection->n_lists; i++)
		vfp_devices_free(selection->lists[i]);
	free(selection->lists);
	free(selection->device);
	*selection = (struct selection){ 0 };
}

/* Is @device among the first @n? Within one answer of vfp_select() nothing is twice. */
static bool is_selected(const struct selection *selection, size_t n,
			const struct vfp_device *device)
{
	const char *address = vfp_device_get(device, VFP_ADDRESS);

	for (size_t i = 0; i < n; i++)
		if (streq(vfp_device_get(selection->device[i], VFP_ADDRESS), address))
			return true;
	return false;
}

/* Verbs that bind drivers, or are about IOMMU groups, are for PCI. */
static int refuse_usb(struct vfp_device *const *list)
{
	for (; !tool.usb && *list; list++)
		if (vfp_device_is_usb(*list))
			return fail(
				-EPERM, vfp_device_get(*list, VFP_ADDRESS),
				"a USB device; %s is for PCI devices (a guest is given "
				"a USB device by plug alone)",
				tool.name);
	return 0;
}

/* Takes @list over. With @siblings_only bridges are left out. */
static int add_list(struct selection *selection, struct vfp_device **list,
		    bool no_bridges)
{
	size_t before = selection->n;
	int r = list_add((void ***)&selection->lists, &selection->n_lists, list);

	if (r < 0) {
		vfp_devices_free(list);
		return fail_errno(r, NULL, "cannot go on");
	}
	for (; *list; list++) {
		if (is_selected(selection, before, *list) ||
		    (no_bridges && vfp_device_is_bridge(*list)))
			continue;
		r = list_add((void ***)&selection->device, &selection->n, *list);
		if (r < 0)
			return fail_errno(r, NULL, "cannot go on");
	}
	return 0;
}

/* Where to find a word that names something. */
static const char *where_to_look(const char *selector, int error)
{
	if (error != -ENODEV)
		return "";
	if (startswith(selector, "group:"))
		return "; see vfioprep groups";
	return tool.usb ? "; see vfioprep list, and vfioprep list --usb"
			: "; see vfioprep list";
}

int selection_add(struct vfp_ctx *ctx, struct selection *selection, const char *selector,
		  bool all_matching)
{
	struct vfp_device **list = NULL;
	_cleanup_free_ char *why = NULL;
	int r = all_matching ? vfp_select_matching(ctx, selector, &why, &list)
			     : vfp_select(ctx, selector, &why, &list);

	/* The library's sentence begins with the word, but for errors of the system. */
	if (r < 0 && why)
		return fail(r, strchr(why, ':') ? NULL : selector, "%s%s", why,
			    where_to_look(nonnull(selector), r));
	if (r < 0)
		return fail_errno(r, selector, "cannot be looked up");
	r = refuse_usb(list);
	if (r < 0) {
		vfp_devices_free(list);
		return r;
	}
	return add_list(selection, list, false);
}

int selection_add_all(struct vfp_ctx *ctx, struct selection *selection,
		      char *const *selectors, bool all_matching)
{
	int r = 0;

	for (; *selectors && r == 0; selectors++)
		r = selection_add(ctx, selection, *selectors, all_matching);
	return r;
}

/* One group after the other; a group that has been added has all its devices selected. */
static int add_group(struct vfp_ctx *ctx, struct selection *selection, int group)
{
	_cleanup_free_ char *selector = strf("group:%d", group);
	struct vfp_device **list = NULL;
	int r = selector ? vfp_select(ctx, selector, NULL, &list) : -ENOMEM;

	if (r < 0)
		return fail_errno(r, nonnull(selector), "cannot be read");
	return add_list(selection, list, true);
}

int selection_add_siblings(struct vfp_ctx *ctx, struct selection *selection)
{
	size_t named = selection->n;
	int r = 0;

	for (size_t i = 0; i < named && r == 0; i++) {
		int group = vfp_device_get_group(selection->device[i]);
		bool seen = group < 0;

		for (size_t j = 0; j < i && !seen; j++)
			seen = vfp_device_get_group(selection->device[j]) == group;
		if (!seen)
			r = add_group(ctx, selection, group);
	}
	return r;
}
