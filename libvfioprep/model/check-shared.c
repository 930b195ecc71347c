/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about folders of another host which come in over a virtio device (9p,
 * virtiofs): a host that is itself a guest may have its root there, on no disk at all. Such a
 * mount may be hidden below another one, and nothing else in the kernel tells of it; so a
 * folder whose mount is not seen is refused as well.
 */
#include "model/check.h"

struct shared {
	struct check *check;
	const char *type;
	char *tag; /* NULL: not known, any mount of this type counts */
	bool seen;
};

static int report_mount(void *data, const char *type, const char *source,
			const char *target)
{
	struct shared *shared = data;
	int r;

	if (!streq(type, shared->type) || (shared->tag && !streq(source, shared->tag)))
		return 0;
	shared->seen = true;
	r = check_use(shared->check, USE_VITAL, "%s %s: %s is mounted", type, source,
		      target);
	if (r < 0)
		return r;
	return check_add(shared->check, VFP_REFUSE, target,
			 streq(target, "/") ? NULL : "unmount it",
			 "the host would lose %s, which is mounted from the shared "
			 "folder %s (%s)",
			 target, source, type);
}

static int report_unseen(const struct shared *shared)
{
	const char *tag = shared->tag ? shared->tag : shared->type;
	int r = check_use(shared->check, USE_NORMAL, "%s %s", shared->type, tag);

	return r
		     ?: check_add(
				shared->check, VFP_REFUSE, tag, NULL,
				"the shared folder %s (%s) comes in through it, and whether "
				"something lies on it cannot be seen",
				tag, shared->type);
}

int check_shared_folder(struct check *c, struct thing *thing)
{
	struct shared shared = { .check = c };
	_cleanup_free_ char *driver = NULL;
	int r;

	r = root_link_name(c->ctx, &driver, "%s/driver", thing->path);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (streq(driver, "9pnet_virtio"))
		shared.type = "9p";
	else if (streq(driver, "virtiofs") || streq(driver, "virtio_fs"))
		shared.type = "virtiofs";
	else
		return 0;
	if (root_attr(c->ctx, &shared.tag, "%s/mount_tag", thing->path) < 0)
		shared.tag = NULL;
	r = check_each_mount(c, report_mount, &shared);
	if (r == 0 && !shared.seen)
		r = report_unseen(&shared);
	free(shared.tag);
	return r;
}
