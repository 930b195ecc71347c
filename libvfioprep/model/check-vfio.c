/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about the device itself: whether it can be given away at all, who shares
 * its IOMMU group, its virtual functions, and who has it now.
 */
#include "model/check.h"

int check_bridge(struct check *c, struct thing *thing)
{
	(void)thing;
	if (!c->device->bridge)
		return 0;
	return check_use(c, USE_NORMAL, c->device->usb ? "hub" : "bridge")
		       ?: check_add(c, VFP_REFUSE, NULL, NULL,
				    "it is a %s; %s are never given to a guest",
				    c->device->usb ? "hub" : "bridge",
				    c->device->usb ? "hubs" : "bridges")
		       ?: 1;
}

/* -- the rest of the group ----------------------------------------------------------- */

bool check_goes_along(const struct check *c, const struct vfp_device *sibling)
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

/* Devices of other buses, on ARM for instance; hide does not take those. */
static int check_foreign(struct check *c)
{
	_cleanup_strings_ char **members = NULL;
	int r = group_foreign(c->ctx, c->device->group, &members);

	for (char **m = members; r == 0 && *m; m++)
		r = check_add(c, VFP_REFUSE, *m, "unbind it by hand",
			      "%s is in the same group and keeps its host driver", *m);
	return r;
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
		if (!check_goes_along(c, *s))
			r = add_sibling(c, *s);
	return r ?: check_foreign(c);
}

/* -- virtual functions --------------------------------------------------------------- */

/* By their links: reading sriov_numvfs waits for the device's lock. */
static unsigned int count_functions(struct check *c)
{
	_cleanup_strings_ char **names = NULL;
	unsigned int n = 0;

	if (root_list(c->ctx, c->device->path, &names) == 0)
		for (char **name = names; *name; name++)
			n += startswith(*name, "virtfn");
	return n;
}

/* VFIO lets guests share a card whose owner is a guest only when they know of each other. */
static int add_token(struct check *c, const struct vfp_device *physical)
{
	const char *address = device_address(physical);

	return check_add(
		c, VFP_NOTE, address, "give both the same one (QEMU: vf-token=UUID)",
		"its physical function %s is on %s: a guest gets either of them with "
		"a VF token only",
		address, device_driver(physical));
}

int check_sriov(struct check *c, struct thing *thing)
{
	_cleanup_device_ struct vfp_device *physical = NULL;
	const char *owner = c->device->value[VFP_PHYSFN];
	_cleanup_free_ char *remedy = NULL;
	unsigned int n = count_functions(c);

	(void)thing;
	if (owner && driver_is_vfio(c->driver) &&
	    device_load(c->ctx, owner, &physical) == 0 && physical->vfio)
		return add_token(c, physical);
	if (n == 0)
		return 0;
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
