/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's element for memory, which is also that for persistent memory. From where the
 * memory comes the whole domain says (memoryBacking), not the device.
 */
#include "guest/libvirt.h"

/* {"unit": "KiB", "": "524288"}: a number with its unit. */
static json_t *kib(uint64_t bytes)
{
	_cleanup_free_ char *text = strf("%llu", (unsigned long long)bytes >> 10);

	return json_pack("{s:s,s:s}", "unit", "KiB", "", nonnull(text));
}

static uint64_t bytes_of(const struct vfp_hotplug *hotplug, const char *key,
			 uint64_t otherwise)
{
	const char *value = hotplug_get(hotplug, key);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

/* A guest that takes memory has a node 0, also where nobody speaks of nodes. */
static int put_node(const struct vfp_hotplug *hotplug, json_t *target)
{
	return json_put(target, "node",
			json_pack("{s:s}", "", libvirt_get(hotplug, "node", "0")));
}

/* -- memory ---------------------------------------------------------------------------- */

static int check_memory(const struct vfp_hotplug *hotplug, bool virtio, char **why)
{
	if (hotplug_get(hotplug, "total") || !hotplug_get(hotplug, "size"))
		return say_why(why, -EOPNOTSUPP,
			       "device XML adds memory of a size; to change a size use "
			       "the dialect virsh");
	if (hotplug_get(hotplug, "mem-path") ||
	    !streq(libvirt_get(hotplug, "backend", "ram"), "ram"))
		return say_why(
			why, -EOPNOTSUPP,
			"libvirt takes memory from where the domain's memoryBacking "
			"says; leave backend and mem-path out");
	if (virtio)
		return hotplug_only(hotplug,
				    "size backend share hugetlb model requested-size "
				    "block-size node bus addr",
				    "libvirt", why);
	return hotplug_only(hotplug, "size backend share hugetlb model node",
			    "libvirt's DIMM", why);
}

/* Only an empty one goes, and only one of the requested size is found. */
static int put_virtio(const struct vfp_hotplug *hotplug, enum vfp_action action,
		      json_t *target)
{
	uint64_t block = bytes_of(hotplug, "block-size", MEMORY_STEP), requested = 0;

	if (action == VFP_ATTACH)
		requested =
			bytes_of(hotplug, "requested-size", bytes_of(hotplug, "size", 0));
	return json_put(target, "block", kib(block))
		     ?: json_put(target, "requested", kib(requested));
}

static int put_source(const struct vfp_hotplug *hotplug, json_t *memory)
{
	const char *share = hotplug_get(hotplug, "share");
	int r = 0;

	if (share)
		r = json_put(memory, "access",
			     json_string(streq(share, "on") ? "shared" : "private"));
	if (r == 0 && libvirt_is(hotplug, "hugetlb", "on"))
		r = json_put(memory, "source",
			     json_pack("{s:o}", "pagesize", kib(MEMORY_STEP)));
	return r;
}

static int add_memory(const struct vfp_hotplug *hotplug, enum vfp_action action,
		      struct commands *commands, char **why)
{
	bool virtio = libvirt_is(hotplug, "model", "virtio-mem-pci");
	json_t *memory, *target;
	int r = check_memory(hotplug, virtio, why);

	if (r < 0)
		return r;
	memory = commands_add(commands, "memory", "{s:s,s:{s:o}}", "model",
			      virtio ? "virtio-mem" : "dimm", "target", "size",
			      kib(bytes_of(hotplug, "size", 0)));
	target = json_object_get(memory, "target");
	r = put_source(hotplug, memory) ?: put_node(hotplug, target);
	if (r == 0 && virtio)
		r = put_virtio(hotplug, action, target);
	return r ?: libvirt_put_alias(hotplug, memory, why)
		 ?: libvirt_put_address(hotplug, memory, why);
}

int libvirt_memory_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
			  char **why)
{
	return add_memory(hotplug, VFP_ATTACH, commands, why);
}

int libvirt_memory_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
			  char **why)
{
	return add_memory(hotplug, VFP_DETACH, commands, why);
}

/* -- persistent memory ------------------------------------------------------------------ */

static int check_pmem(const struct vfp_hotplug *hotplug, bool nvdimm, char **why)
{
	if (!hotplug_get(hotplug, "size"))
		return say_why(why, -EINVAL,
			       "size is missing: libvirt does not look at the file; "
			       "give the file's");
	if (!nvdimm && libvirt_is(hotplug, "share", "off"))
		return say_why(why, -EOPNOTSUPP,
			       "libvirt has virtio-pmem shared only; leave share out, or "
			       "take model nvdimm");
	if (nvdimm)
		return hotplug_only(hotplug, "mem-path size share read-only model node",
				    "libvirt's NVDIMM", why);
	return hotplug_only(hotplug, "mem-path size share model bus addr",
			    "libvirt's virtio-pmem", why);
}

int libvirt_pmem(const struct vfp_hotplug *hotplug, struct commands *commands, char **why)
{
	bool nvdimm = libvirt_is(hotplug, "model", "nvdimm");
	json_t *memory, *target;
	const char *path;
	int r = hotplug_need_path(hotplug, "mem-path", &path, why)
		      ?: check_pmem(hotplug, nvdimm, why);

	if (r < 0)
		return r;
	memory = commands_add(commands, "memory", "{s:s,s:s,s:{s:{s:s}},s:{s:o}}",
			      "model", nvdimm ? "nvdimm" : "virtio-pmem", "access",
			      libvirt_is(hotplug, "share", "off") ? "private" : "shared",
			      "source", "path", "", path, "target", "size",
			      kib(bytes_of(hotplug, "size", 0)));
	target = json_object_get(memory, "target");
	if (!target || (nvdimm && put_node(hotplug, target) < 0))
		return -ENOMEM;
	if (libvirt_is(hotplug, "read-only", "on") &&
	    json_put(target, "readonly", json_object()) < 0)
		return -ENOMEM;
	return libvirt_put_alias(hotplug, memory, why)
		     ?: libvirt_put_address(hotplug, memory, why);
}
