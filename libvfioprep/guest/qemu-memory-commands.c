/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and persistent memory as QEMU's commands: an object that has the memory, and the
 * device that shows it to the guest.
 */
#include "guest/guest.h"

static const char *text(const struct vfp_hotplug *hotplug, const char *key)
{
	return nonnull(hotplug_get(hotplug, key));
}

static uint64_t bytes(const struct vfp_hotplug *hotplug, const char *key)
{
	return strtoull(text(hotplug, key), NULL, 10);
}

static bool is_virtio_mem(const struct vfp_hotplug *hotplug)
{
	return streq(text(hotplug, "model"), "virtio-mem-pci");
}

/* Without a word on it: a file when there is one, memfd when only that has huge pages. */
static const char *backend_type(const struct vfp_hotplug *hotplug)
{
	const char *backend = hotplug_get(hotplug, "backend");

	if (backend)
		return backend;
	if (hotplug_get(hotplug, "mem-path"))
		return "file";
	return streq(text(hotplug, "hugetlb"), "on") ? "memfd" : "ram";
}

static int check_backend(const struct vfp_hotplug *hotplug, char **why)
{
	const char *type = backend_type(hotplug);
	const char *path = hotplug_get(hotplug, "mem-path");

	if (streq(type, "file") && !path)
		return say_why(why, -EINVAL,
			       "mem-path is missing: a memory backend of type file needs "
			       "one");
	if (!streq(type, "file") && path)
		return say_why(why, -EINVAL,
			       "a memory backend of type %s has no mem-path; leave it "
			       "out, or take backend=file",
			       type);
	if (streq(type, "ram") && streq(text(hotplug, "hugetlb"), "on"))
		return say_why(why, -EINVAL,
			       "a memory backend of type ram has no huge pages; take "
			       "backend=memfd, or backend=file with mem-path on a "
			       "hugetlbfs");
	return 0;
}

static int add_memory(const struct vfp_hotplug *hotplug, const char *backend,
		      struct commands *commands, char **why)
{
	static const char *const passed[] = { "size", "mem-path", "share", "prealloc",
					      NULL };
	_cleanup_free_ char *type = NULL;
	json_t *args;
	int r = check_backend(hotplug, why);

	if (r < 0)
		return r;
	type = strf("memory-backend-%s", backend_type(hotplug));
	args = type ? commands_add(commands, "object-add", "{s:s,s:s}", "qom-type", type,
				   "id", backend)
		    : NULL;
	if (!args)
		return -ENOMEM;
	r = qemu_put_all(hotplug, passed, args);
	if (r == 0 && endswith(type, "-memfd"))
		r = hotplug_put(hotplug, "hugetlb", args);
	return r;
}

/* -- as a DIMM ------------------------------------------------------------------------ */

static int check_dimm(const struct vfp_hotplug *hotplug, char **why)
{
	static const char *const keys[] = { "bus", "addr", "requested-size",
					    "block-size" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (hotplug_get(hotplug, keys[i]))
			return say_why(why, -EINVAL,
				       "a DIMM has no %s; leave it out, or take "
				       "model=virtio-mem-pci",
				       keys[i]);
	return 0;
}

static int add_dimm(const struct vfp_hotplug *hotplug, const char *id,
		    const char *backend, struct commands *commands)
{
	json_t *args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
				    "pc-dimm", "id", id, "memdev", backend);

	return args ? hotplug_put(hotplug, "node", args) : -ENOMEM;
}

/* -- as virtio-mem -------------------------------------------------------------------- */

static int check_requested(const struct vfp_hotplug *hotplug, char **why)
{
	uint64_t requested = bytes(hotplug, "requested-size");
	uint64_t block = bytes(hotplug, "block-size");

	if (requested > bytes(hotplug, "size"))
		return say_why(why, -EINVAL,
			       "requested-size is more than size; a device of virtio-mem "
			       "can never give more than its size");
	if (block && (block & (block - 1)))
		return say_why(why, -EINVAL, "block-size has to be a power of 2");
	if (block && (requested % block || bytes(hotplug, "size") % block))
		return say_why(why, -EINVAL,
			       "size and requested-size have to be multiples of "
			       "block-size");
	return 0;
}

/* All of it is asked for, unless something was said. */
static int add_virtio_mem(const struct vfp_hotplug *hotplug, const char *id,
			  const char *backend, struct commands *commands)
{
	static const char *const passed[] = { "requested-size", "block-size",
					      "node",           "bus",
					      "addr",           NULL };
	json_t *args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
				    "virtio-mem-pci", "id", id, "memdev", backend);

	if (!args)
		return -ENOMEM;
	if (!hotplug_get(hotplug, "requested-size") &&
	    json_put(args, "requested-size",
		     json_integer((json_int_t)bytes(hotplug, "size"))) < 0)
		return -ENOMEM;
	return qemu_put_all(hotplug, passed, args);
}

static int resize(const char *id, uint64_t size, struct commands *commands)
{
	_cleanup_free_ char *path = strf("/machine/peripheral/%s", id);

	return path && commands_add(commands, "qom-set", "{s:s,s:s,s:I}", "path", path,
				    "property", "requested-size", "value",
				    (json_int_t)size)
		     ? 0
		     : -ENOMEM;
}

/* -- the cells ------------------------------------------------------------------------ */

static int check_total(const struct vfp_hotplug *hotplug, char **why)
{
	if (!hotplug_get(hotplug, "total"))
		return 0;
	return say_why(why, -EOPNOTSUPP,
		       "QEMU cannot be told how much memory in all; add some, or resize "
		       "a device of virtio-mem");
}

int qemu_memory_start(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	bool virtio = is_virtio_mem(hotplug);
	_cleanup_free_ char *backend = NULL;
	const char *size, *id;
	int r = check_total(hotplug, why) ?:
		hotplug_need(hotplug, "size", &size, why) ?:
		(virtio ? check_requested : check_dimm)(hotplug, why);

	if (r < 0)
		return r;
	id = vfp_hotplug_id(hotplug);
	backend = qemu_backend(id);
	if (!backend)
		return -ENOMEM;
	r = add_memory(hotplug, backend, commands, why);
	if (r < 0)
		return r;
	return (virtio ? add_virtio_mem : add_dimm)(hotplug, id, backend, commands);
}

int qemu_memory_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *id;
	int r;

	if (!is_virtio_mem(hotplug) || hotplug_get(hotplug, "size") ||
	    !hotplug_get(hotplug, "requested-size"))
		return qemu_memory_start(hotplug, commands, why);
	r = hotplug_need_id(hotplug, &id, why);
	return r ?: resize(id, bytes(hotplug, "requested-size"), commands);
}

/* A device of virtio-mem goes when it is empty, in QEMU 8.1 and later. */
int qemu_memory_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *id;
	int r = check_total(hotplug, why) ?: hotplug_need_id(hotplug, &id, why);

	if (r == 0 && is_virtio_mem(hotplug))
		r = resize(id, 0, commands);
	return r ?: qemu_detach_with(hotplug, commands, "object-del", "id", why);
}

/* -- persistent memory ---------------------------------------------------------------- */

static int add_pmem_file(const struct vfp_hotplug *hotplug, const char *backend,
			 struct commands *commands)
{
	static const char *const passed[] = { "size", "mem-path", NULL };
	bool share = !streq(text(hotplug, "share"), "off");
	json_t *args = commands_add(commands, "object-add", "{s:s,s:s}", "qom-type",
				    "memory-backend-file", "id", backend);
	int r = args ? qemu_put_all(hotplug, passed, args) : -ENOMEM;

	r = r ?: json_put(args, "share", json_boolean(share));
	if (r == 0 && hotplug_get(hotplug, "read-only"))
		r = json_put(args, "readonly",
			     json_boolean(streq(text(hotplug, "read-only"), "on")));
	return r;
}

static int check_pmem(const struct vfp_hotplug *hotplug, bool nvdimm, char **why)
{
	if (nvdimm && (hotplug_get(hotplug, "bus") || hotplug_get(hotplug, "addr")))
		return say_why(why, -EINVAL,
			       "an NVDIMM has no bus and no addr; leave them out");
	if (!nvdimm && hotplug_get(hotplug, "node"))
		return say_why(why, -EINVAL,
			       "virtio-pmem-pci has no node; leave it out, or take "
			       "model=nvdimm");
	return 0;
}

int qemu_pmem_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		     char **why)
{
	static const char *const passed[] = { "node", "bus", "addr", NULL };
	bool nvdimm = streq(text(hotplug, "model"), "nvdimm");
	bool read_only = streq(text(hotplug, "read-only"), "on");
	_cleanup_free_ char *backend = NULL;
	const char *path, *size, *id;
	json_t *args;
	int r = hotplug_need(hotplug, "mem-path", &path, why) ?:
		hotplug_need(hotplug, "size", &size, why) ?:
		check_pmem(hotplug, nvdimm, why);

	if (r < 0)
		return r;
	id = vfp_hotplug_id(hotplug);
	backend = qemu_backend(id);
	r = backend ? add_pmem_file(hotplug, backend, commands) : -ENOMEM;
	if (r < 0)
		return r;
	args = commands_add(commands, "device_add", "{s:s,s:s,s:s}", "driver",
			    nvdimm ? "nvdimm" : "virtio-pmem-pci", "id", id, "memdev",
			    backend);
	if (!args)
		return -ENOMEM;
	/* The guest is told that what it writes there would not last. */
	if (nvdimm && read_only && json_put(args, "unarmed", json_true()) < 0)
		return -ENOMEM;
	return qemu_put_all(hotplug, passed, args);
}
