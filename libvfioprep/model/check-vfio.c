/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about the device itself and what VFIO needs of it: whether it can be
 * given away at all, who has it now, who shares its IOMMU group, and whether a second
 * guest could start with it.
 */
#include "model/model.h"

int check_bridge(struct check *c, struct thing *thing)
{
	(void)thing;
	if (!c->device->bridge)
		return 0;
	return check_use(c, USE_NORMAL, "bridge")
		       ?: check_add(c, VFP_REFUSE, NULL, NULL,
				    "it is a bridge; bridges are never given to a guest")
		       ?: 1;
}

/* -- IOMMU --------------------------------------------------------------------------- */

static bool is_filled(struct vfp_ctx *ctx, const char *folder)
{
	_cleanup_strings_ char **names = NULL;

	return root_list(ctx, folder, &names) == 0 && *names;
}

/* Is @word (a whole word) on the kernel's command line? */
static bool on_command_line(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = line; (at = strstr(at, word)); at += len)
		if ((at == line || at[-1] == ' ') && (!at[len] || strchr(" ,", at[len])))
			return true;
	return false;
}

/* By the maker of the host bridge, which tells Intel's IOMMU from AMD's. */
static const char *iommu_remedy(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *line = NULL, *vendor = NULL;

	if (is_filled(ctx, IOMMU_GROUPS))
		return "the IOMMU is on but leaves this device out: try another slot";
	if (root_attr(ctx, &line, "/proc/cmdline") == 0 &&
	    (on_command_line(line, "iommu=off") ||
	     on_command_line(line, "intel_iommu=off") ||
	     on_command_line(line, "amd_iommu=off")))
		return "take what turns the IOMMU off from the kernel command line";
	if (root_attr(ctx, &vendor, PCI_DEVICES "/0000:00:00.0/vendor") < 0)
		return "turn the IOMMU on in the firmware; on Intel also put "
		       "intel_iommu=on on the kernel command line";
	if (streq(vendor, "0x8086") && line && on_command_line(line, "intel_iommu=on"))
		return "turn VT-d on in the firmware; intel_iommu=on is on the "
		       "kernel command line already";
	if (streq(vendor, "0x8086"))
		return "turn VT-d on in the firmware and put intel_iommu=on on the "
		       "kernel command line";
	return "turn the IOMMU (AMD-Vi, SMMU) on in the firmware; "
	       "the kernel command line needs no word for it";
}

int check_iommu(struct check *c, struct thing *thing)
{
	(void)thing;
	if (c->device->group < 0)
		return check_add(
			c, VFP_REFUSE, NULL, iommu_remedy(c->ctx),
			"it is in no IOMMU group: nothing would keep a guest from the "
			"host's memory");
	if (group_is_noiommu(c->ctx, c->device->group))
		return check_add(
			c, VFP_REFUSE, NULL, iommu_remedy(c->ctx),
			"its group %d was made without an IOMMU (vfio-noiommu) and "
			"isolates nothing",
			c->device->group);
	return 0;
}

/* -- the rest of the group ----------------------------------------------------------- */

static bool goes_along(const struct check *c, const struct vfp_device *sibling)
{
	if (streq(device_address(sibling), device_address(c->device)))
		return true;
	for (struct vfp_device *const *w = c->with; w && *w; w++)
		if (streq(device_address(sibling), device_address(*w)))
			return true;
	return false;
}

static int add_sibling(struct check *c, const struct vfp_device *sibling)
{
	_cleanup_free_ char *remedy = NULL;
	const char *address = device_address(sibling);

	if (sibling->bridge)
		remedy = strf("a bridge is never taken; unbind it by hand from %s",
			      device_driver(sibling));
	else
		remedy = strf("--with %s takes it too", address);
	if (!remedy)
		return -ENOMEM;
	return check_add(c, VFP_REFUSE, address, remedy,
			 "%s (%s) is in the same group and keeps its host driver",
			 address, device_driver(sibling));
}

int check_group(struct check *c, struct thing *thing)
{
	_cleanup_devices_ struct vfp_device **siblings = NULL;
	int r;

	(void)thing;
	if (c->device->group < 0)
		return 0;
	r = group_obstacles(c->ctx, c->device->group, &siblings);
	if (r == -ENOENT || r == -EACCES)
		return check_add(c, VFP_UNKNOWN, NULL, NULL,
				 "the members of its IOMMU group %d could not be read",
				 c->device->group);
	for (struct vfp_device **s = siblings; r == 0 && *s; s++)
		if (!goes_along(c, *s))
			r = add_sibling(c, *s);
	return r;
}

/* -- virtual functions --------------------------------------------------------------- */

int check_sriov(struct check *c, struct thing *thing)
{
	_cleanup_strings_ char **names = NULL;
	_cleanup_free_ char *remedy = NULL;
	unsigned int n = 0;
	int r = root_list(c->ctx, c->device->path, &names);

	(void)thing;
	/* By their links: reading sriov_numvfs waits for the device's lock. */
	for (char **name = names; r == 0 && *name; name++)
		if (startswith(*name, "virtfn"))
			n++;
	if (r == -ENOMEM || n == 0)
		return r == -ENOMEM ? r : 0;
	remedy = strf("when nobody uses them: echo 0 > " PCI_DEVICES "/%s/sriov_numvfs",
		      device_address(c->device));
	if (!remedy)
		return -ENOMEM;
	return check_add(
		c, VFP_REFUSE, NULL, remedy,
		"%u virtual function%s of it would go with it, and VFIO refuses it as "
		"long as they are there",
		n, n == 1 ? "" : "s");
}

/* -- who has it ---------------------------------------------------------------------- */

/* The node by which a guest can have it: its own, or that of its group. */
static int held_node(struct check *c, char **ret_node)
{
	_cleanup_strings_ char **members = NULL;
	int r;

	*ret_node = device_possible_node(c->device);
	if (*ret_node || c->use_only || c->device->group < 0)
		return 0;
	r = group_members(c->ctx, c->device->group, &members);
	for (char **m = members; r == 0 && *m && !*ret_node; m++) {
		if (!root_exists(c->ctx, PCI_DEVICES "/%s/vfio-dev", *m))
			continue;
		*ret_node = strf("/dev/vfio/%d", c->device->group);
		r = *ret_node ? 0 : -ENOMEM;
	}
	return r == -ENOMEM ? r : 0;
}

static int add_holder(struct check *c, const struct holder *holder)
{
	_cleanup_free_ char *who = NULL;
	int r = holders_text(holder, 1, &who);

	if (r < 0)
		return r;
	if (c->device->vfio)
		return check_add(c, VFP_REFUSE, who,
				 "unplug it from the guest, or end the process",
				 "%s has it", who);
	return check_add(
		c, VFP_REFUSE, who,
		"unplug from the guest what it has of the group, or end the process",
		"%s has its IOMMU group %d", who, c->device->group);
}

int check_held(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *node = NULL, *use = NULL;
	struct holder *holders = NULL;
	size_t n = 0;
	int r = held_node(c, &node);

	(void)thing;
	if (r < 0 || !node)
		return r;
	r = check_holders(c, node, &holders, &n);
	if (r == 0 && n)
		r = holders_text(holders, n, &use) ?: check_use(c, USE_VITAL, "%s", use);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_holder(c, &holders[i]);
	if (r == 0 && n == 0 && !c->facts->held->complete)
		r = check_add(
			c, VFP_UNKNOWN, NULL, "ask again as root",
			"not all processes could be looked at; one may have %s open",
			node);
	holders_free(holders, n);
	return r;
}

int check_reset(struct check *c, struct thing *thing)
{
	(void)thing;
	if (root_exists(c->ctx, "%s/reset", c->device->path))
		return 0;
	return check_add(c, VFP_NOTE, NULL, NULL,
			 "this device has no reset method; a second guest may not start");
}
