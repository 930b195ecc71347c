/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, network cards and file systems as QEMU's commands: first the backend, then the
 * device in front of it, and away in the opposite order, with the guest's consent between.
 */
#include "guest/guest.h"

#define NODE_NAME_MAX 31

static int get_backend(const struct vfp_hotplug *hotplug, const char **ret_id,
		       char **ret_backend, char **why)
{
	int r = hotplug_need_id(hotplug, ret_id, why);

	if (r < 0)
		return r;
	*ret_backend = qemu_backend(*ret_id);
	return *ret_backend ? 0 : -ENOMEM;
}

/* -- disks ---------------------------------------------------------------------------- */

static const char *or_else(const char *value, const char *usual)
{
	return value ? value : usual;
}

static int check_disk(const struct vfp_hotplug *hotplug, char **why)
{
	const char *model = or_else(hotplug_get(hotplug, "model"), "");

	if (streq(model, "scsi-hd") && hotplug_get(hotplug, "addr"))
		return say_why(why, -EINVAL,
			       "scsi-hd is on a SCSI bus and has no addr; leave it out");
	return 0;
}

static int add_disk_device(const struct vfp_hotplug *hotplug, const char *id,
			   const char *backend, struct commands *commands)
{
	static const char *const passed[] = { "serial", "bus", "addr", NULL };
	json_t *args =
		commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
			     or_else(hotplug_get(hotplug, "model"), "virtio-blk-pci"),
			     "id", id, "drive", backend);

	return args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;
}

static int add_node(const struct vfp_hotplug *hotplug, const char *backend,
		    struct commands *commands)
{
	bool block = streq(or_else(hotplug_get(hotplug, "type"), ""), "block");
	json_t *args = commands_add(commands, "blockdev-add", "{s:s,s:s}", "driver",
				    or_else(hotplug_get(hotplug, "format"), "raw"),
				    "node-name", backend);

	if (!args || hotplug_put(hotplug, "read-only", args) < 0)
		return -ENOMEM;
	return json_put(args, "file",
			json_pack("{s:s,s:s}", "driver", block ? "host_device" : "file",
				  "filename", hotplug_get(hotplug, "filename")));
}

/* Relative names get "./": what has a colon before its first slash is an URL to QEMU. */
static int add_drive(const struct vfp_hotplug *hotplug, const char *backend,
		     struct commands *commands)
{
	const char *path = hotplug_get(hotplug, "filename");
	_cleanup_free_ char *file = strf("%s%s", *path == '/' ? "" : "./", path);
	json_t *args;

	if (!file)
		return -ENOMEM;
	args = commands_add(commands, "drive_add", "{s:s,s:s,s:s,s:s}", "if", "none",
			    "id", backend, "file", file, "format",
			    or_else(hotplug_get(hotplug, "format"), "raw"));
	if (!args)
		return -ENOMEM;
	if (!hotplug_get(hotplug, "read-only"))
		return 0;
	return json_put(args, "readonly",
			json_boolean(streq(hotplug_get(hotplug, "read-only"), "on")));
}

static int disk_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       int (*add)(const struct vfp_hotplug *, const char *,
				  struct commands *),
		       char **why)
{
	_cleanup_free_ char *backend = NULL;
	const char *path, *id;
	int r = hotplug_need(hotplug, "filename", &path, why) ?:
		get_backend(hotplug, &id, &backend, why) ?:
		check_disk(hotplug, why);

	return r ?: add(hotplug, backend, commands) ?:
	       add_disk_device(hotplug, id, backend, commands);
}

int qemu_disk_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		     char **why)
{
	const char *id = nonnull(vfp_hotplug_id(hotplug));
	size_t most = NODE_NAME_MAX - strlen("-backend");

	if (strlen(id) > most)
		return say_why(
			why, -EINVAL,
			"QEMU's name for what is behind the disk would be too long; "
			"choose an id of up to %zu bytes, not '%s'",
			most, id);
	return disk_attach(hotplug, commands, add_node, why);
}

/* QEMU removes the drive itself when the guest has let go of the device. */
int qemu_drive_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return disk_attach(hotplug, commands, add_drive, why);
}

int qemu_disk_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		     char **why)
{
	return qemu_detach_with(hotplug, commands, "blockdev-del", "node-name", why);
}

/* -- character devices on sockets ----------------------------------------------------- */

static int add_chardev(const char *backend, const char *path, struct commands *commands)
{
	return commands_add(commands, "chardev-add",
			    "{s:s,s:{s:s,s:{s:{s:s,s:{s:s}},s:b}}}", "id", backend,
			    "backend", "type", "socket", "data", "addr", "type", "unix",
			    "data", "path", path, "server", false)
		     ? 0
		     : -ENOMEM;
}

/* -- network cards -------------------------------------------------------------------- */

static json_t *begin_netdev(const char *type, const char *backend,
			    struct commands *commands)
{
	return commands_add(commands, "netdev_add", "{s:s,s:s}", "type", type, "id",
			    backend);
}

/* The interface is there and set up; scripts of QEMU's would be in the way. */
static int add_tap(const struct vfp_hotplug *hotplug, const char *backend,
		   const char *name, struct commands *commands)
{
	json_t *args = begin_netdev("tap", backend, commands);

	if (!args || json_put(args, "ifname", json_string(name)) < 0 ||
	    json_put(args, "script", json_string("no")) < 0 ||
	    json_put(args, "downscript", json_string("no")) < 0)
		return -ENOMEM;
	return hotplug_put(hotplug, "vhost", args);
}

static int add_vhost_user(const char *backend, const char *path,
			  struct commands *commands)
{
	json_t *args;
	int r = add_chardev(backend, path, commands);

	if (r < 0)
		return r;
	args = begin_netdev("vhost-user", backend, commands);
	return args ? json_put(args, "chardev", json_string(backend)) : -ENOMEM;
}

static int add_netdev(const struct vfp_hotplug *hotplug, const char *backend,
		      struct commands *commands, char **why)
{
	const char *name = nic_backend(hotplug, "tap");
	json_t *args;

	if (name)
		return add_tap(hotplug, backend, name, commands);
	if (hotplug_get(hotplug, "vhost"))
		return say_why(why, -EINVAL,
			       "vhost is for a tap interface; leave it out");
	name = nic_backend(hotplug, "vhost-user");
	if (name)
		return add_vhost_user(backend, name, commands);
	if (nic_backend(hotplug, "macvtap"))
		return say_why(
			why, -EOPNOTSUPP,
			"QEMU takes a macvtap interface as an open descriptor "
			"only, which no text can carry; use the dialect libvirt or "
			"virsh, or a tap interface");
	name = nic_backend(hotplug, "bridge");
	args = begin_netdev(name ? "bridge" : "user", backend, commands);
	if (!args)
		return -ENOMEM;
	return name ? json_put(args, "br", json_string(name)) : 0;
}

int qemu_nic_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		    char **why)
{
	static const char *const passed[] = { "mac", "bus", "addr", NULL };
	_cleanup_free_ char *backend = NULL;
	const char *type, *id;
	json_t *args;
	int r = hotplug_need(hotplug, "backend", &type, why) ?:
		get_backend(hotplug, &id, &backend, why) ?:
		add_netdev(hotplug, backend, commands, why);

	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
			    or_else(hotplug_get(hotplug, "model"), "virtio-net-pci"),
			    "id", id, "netdev", backend);
	return args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;
}

int qemu_nic_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		    char **why)
{
	_cleanup_free_ char *backend = NULL;
	const char *id;
	int r = qemu_detach_with(hotplug, commands, "netdev_del", "id", why);

	if (r < 0 || !nic_backend(hotplug, "vhost-user"))
		return r;
	r = get_backend(hotplug, &id, &backend, why);
	if (r < 0)
		return r;
	return commands_add(commands, "chardev-remove", "{s:s}", "id", backend) ? 0
										: -ENOMEM;
}

/* -- file systems --------------------------------------------------------------------- */

int qemu_fs_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		   char **why)
{
	static const char *const passed[] = { "tag", "queue-size", "bus", "addr", NULL };
	_cleanup_free_ char *backend = NULL;
	const char *socket, *tag, *id;
	json_t *args;
	int r = hotplug_need(hotplug, "socket", &socket, why) ?:
		hotplug_need(hotplug, "tag", &tag, why) ?:
		get_backend(hotplug, &id, &backend, why) ?:
		add_chardev(backend, socket, commands);

	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
			    "vhost-user-fs-pci", "id", id, "chardev", backend);
	return args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;
}

int qemu_fs_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		   char **why)
{
	return qemu_detach_with(hotplug, commands, "chardev-remove", "id", why);
}
