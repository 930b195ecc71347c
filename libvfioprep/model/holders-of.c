/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The holders of one node, out of the table of all. Of the node of a vfio group also those
 * of the character devices that the functions of the group have beside it (since Linux
 * 6.6).
 */
#include "model/model.h"

void holders_free(struct holder *holders, size_t n)
{
	for (size_t i = 0; holders && i < n; i++) {
		free(holders[i].name);
		free(holders[i].guest);
	}
	free(holders);
}

/* Is @node "/dev/vfio/devices/vfio3" of a function of @group? */
static bool of_group(struct vfp_ctx *ctx, const char *node, char *const *members)
{
	static const char folder[] = "/dev/vfio/devices/";

	if (!startswith(node, folder))
		return false;
	for (; *members; members++)
		if (root_exists(ctx, PCI_DEVICES "/%s/vfio-dev/%s", *members,
				node + strlen(folder)))
			return true;
	return false;
}

static int members_of_node(struct vfp_ctx *ctx, const char *node, char ***ret_members)
{
	static const char folder[] = "/dev/vfio/";
	const char *name = startswith(node, folder) ? node + strlen(folder) : "";
	uint64_t group;
	int r = -ENOENT;

	if (startswith(name, "noiommu-"))
		name += strlen("noiommu-");
	if (parse_number(name, 10, INT32_MAX, &group) == 0)
		r = group_members(ctx, (int)group, ret_members);
	if (r == 0 || r == -ENOMEM)
		return r;
	*ret_members = calloc(1, sizeof(char *));
	return *ret_members ? 0 : -ENOMEM;
}

static bool is_listed(const struct holder *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

int held_find(struct vfp_ctx *ctx, const struct held_table *table, const char *node,
	      struct holder **ret, size_t *ret_n)
{
	_cleanup_strings_ char **members = NULL;
	struct holder *list;
	size_t n = 0;
	int r = table->n ? members_of_node(ctx, node, &members) : 0;

	list = calloc(table->n + 1, sizeof(*list));
	if (!list)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < table->n; i++) {
		const struct held *held = table->list[i];

		if (is_listed(list, n, held->holder.pid) ||
		    (!streq(held->node, node) && !of_group(ctx, held->node, members)))
			continue;
		list[n].pid = held->holder.pid;
		list[n].name = strdup(held->holder.name);
		list[n].guest = held->holder.guest ? strdup(held->holder.guest) : NULL;
		if (!list[n].name || (held->holder.guest && !list[n].guest))
			r = -ENOMEM;
		n++;
	}
	if (r < 0) {
		holders_free(list, n);
		return r;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

int holders_find(struct vfp_ctx *ctx, const char *node, struct holder **ret,
		 size_t *ret_n, bool *ret_complete)
{
	_cleanup_held_ struct held_table table = { 0 };
	int r = held_read(ctx, &table);

	if (r == 0)
		r = held_find(ctx, &table, node, ret, ret_n);
	if (r == 0)
		*ret_complete = table.complete;
	return r;
}

int holders_text(const struct holder *holders, size_t n, char **ret_text)
{
	_cleanup_str_ struct str text = { 0 };
	int r = str_add(&text, "%s", "");

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct holder *h = &holders[i];

		r = str_add(&text, "%s", i ? ", " : "");
		if (r == 0 && h->guest)
			r = str_add(&text, "guest %s (%s, %d)", h->guest, h->name,
				    (int)h->pid);
		else if (r == 0)
			r = str_add(&text, "%s (%d)", h->name, (int)h->pid);
	}
	if (r == 0)
		*ret_text = take(text.s);
	return r;
}

_public_ int vfp_holders(struct vfp_ctx *ctx, const struct vfp_device *device,
			 char **ret_text)
{
	_cleanup_free_ char *node =
		device->usb ? usb_device_node(device) : device_possible_node(device);
	struct holder *holders = NULL;
	bool complete = true;
	size_t n = 0;
	int r;

	if (!node)
		return -ENOENT;
	r = holders_find(ctx, node, &holders, &n, &complete);
	if (r == 0 && n == 0)
		r = complete ? -ENOENT : -EACCES;
	if (r == 0)
		r = holders_text(holders, n, ret_text);
	holders_free(holders, n);
	return r;
}
