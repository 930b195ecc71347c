/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMU groups: who is in one, and which members keep it from being given to a guest. The
 * kernel gives a group away as a whole or not at all, so the second question is about
 * what stays behind on the host.
 *
 * Up to Linux 5.18 VFIO asked each member: no driver, a vfio driver, pci-stub, or a
 * bridge on any driver is fine. Since 5.19 drivers say so themselves
 * (driver_managed_dma), and of the bridge drivers only pcieport does; pciback never did.
 */
#include "model/model.h"

#define DMA_OWNERSHIP 5019

static int compare_addresses(const void *a, const void *b)
{
	return address_compare(*(char *const *)a, *(char *const *)b);
}

static int list_group(struct vfp_ctx *ctx, int group, char ***ret_names)
{
	char path[sizeof(IOMMU_GROUPS) + 32];

	snprintf(path, sizeof(path), IOMMU_GROUPS "/%d/devices", group);
	return root_list(ctx, path, ret_names);
}

int group_members(struct vfp_ctx *ctx, int group, char ***ret_addresses)
{
	_cleanup_strings_ char **names = NULL;
	size_t n;
	int r = list_group(ctx, group, &names);

	if (r < 0)
		return r;
	n = strings_keep(names, address_is_full);
	qsort(names, n, sizeof(*names), compare_addresses);
	*ret_addresses = take(names);
	return 0;
}

bool group_is_noiommu(struct vfp_ctx *ctx, int group)
{
	_cleanup_free_ char *name = NULL;

	return root_attr(ctx, &name, IOMMU_GROUPS "/%d/name", group) == 0 &&
	       streq(name, "vfio-noiommu");
}

/* By name where the kernel has no vfio-dev folder yet (before 6.1). */
static bool is_vfio(const struct vfp_device *device)
{
	const char *driver = device_driver(device);

	return device->vfio || endswith(driver, "vfio-pci") ||
	       endswith(driver, "_vfio_pci");
}

bool group_tolerates(const struct vfp_device *member)
{
	const char *driver = device_driver(member);
	int kernel = ctx_kernel(member->ctx);

	if (!*driver || is_vfio(member) || streq(driver, "pci-stub"))
		return true;
	if (kernel && kernel < DMA_OWNERSHIP)
		return member->header_bridge;
	return streq(driver, "pcieport");
}

/* vfio-platform, vfio-amba, vfio-fsl-mc, vfio-cdx: they say so themselves. */
static int add_foreign(struct vfp_ctx *ctx, int group, const char *name, char ***list,
		       size_t *n)
{
	_cleanup_free_ char *driver = NULL, *text = NULL;
	int r = root_link_name(ctx, &driver, IOMMU_GROUPS "/%d/devices/%s/driver", group,
			       name);

	if (r < 0 || startswith(driver, "vfio-"))
		return r == -ENOMEM ? r : 0;
	text = strf("%s (%s)", name, driver);
	r = text ? list_add((void ***)list, n, text) : -ENOMEM;
	if (r == 0)
		text = NULL;
	return r;
}

int group_foreign(struct vfp_ctx *ctx, int group, char ***ret_members)
{
	_cleanup_strings_ char **names = NULL, **members = calloc(1, sizeof(*members));
	size_t n = 0;
	int r = members ? list_group(ctx, group, &names) : -ENOMEM;

	for (char **name = names; r == 0 && *name; name++)
		if (!address_is_full(*name))
			r = add_foreign(ctx, group, *name, &members, &n);
	if (r == 0)
		*ret_members = take(members);
	return r;
}

int group_obstacles(struct vfp_ctx *ctx, int group, struct vfp_device ***ret_devices)
{
	_cleanup_strings_ char **addresses = NULL;
	_cleanup_devices_ struct vfp_device **list = calloc(1, sizeof(*list));
	size_t n = 0;
	int r;

	if (!list)
		return -ENOMEM;
	r = group_members(ctx, group, &addresses);
	if (r < 0)
		return r;
	for (char **address = addresses; *address; address++) {
		_cleanup_device_ struct vfp_device *member = NULL;

		r = device_load(ctx, *address, &member);
		if (r == -ENODEV)
			continue;
		if (r == 0 && !group_tolerates(member)) {
			r = list_add((void ***)&list, &n, member);
			if (r == 0)
				member = NULL;
		}
		if (r < 0)
			return r;
	}
	*ret_devices = take(list);
	return 0;
}
