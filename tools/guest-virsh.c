/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What virsh tells of a guest: parts of its XML, which virsh itself picks out by an XPath
 * expression. A device has its id as alias, with "ua-" in front, which libvirt wants there.
 */
#include "guest-exec.h"

/* The element of each kind of device, as it begins. */
static const struct {
	const char *element, *kind;
} elements[] = {
	{ "<hostdev mode=\"subsystem\" type=\"pci\"", "pci" },
	{ "<hostdev mode=\"subsystem\" type=\"usb\"", "usb" },
	{ "<memory model=\"nvdimm\"", "pmem" },
	{ "<memory model=\"virtio-pmem\"", "pmem" },
	{ "<memory ", "memory" },
	{ "<disk ", "disk" },
	{ "<interface ", "nic" },
	{ "<filesystem ", "fs" },
	{ "<vsock ", "vsock" },
};

/* What of the running guest's XML matches; "" when nothing does. */
static int select_xml(const struct exec *exec, const char *xpath, int64_t deadline,
		      char **ret_xml, char **why)
{
	const char *words[] = { "virsh",   "-q",  "dumpxml", exec->domain,
				"--xpath", xpath, NULL };
	_cleanup_ran_ struct ran ran = { 0 };
	int r = exec_ask(exec, words, deadline, &ran, why);

	if (r < 0)
		return r;
	*ret_xml = ran.out.s ? take(ran.out.s) : strdup("");
	return *ret_xml ? 0 : -ENOMEM;
}

/* An XPath condition on a device; ids and values are of harmless letters. */
static char *with_id(const char *id)
{
	return strf("alias/@name='%s%s'", startswith(id, "ua-") ? "" : "ua-", id);
}

/* libvirt writes all its addresses in one way. */
static char *with_pci_source(const char *host)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(host, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return NULL;
	return strf(
		"@type='pci' and source/address[@domain='0x%04x' and @bus='0x%02x' and "
		"@slot='0x%02x' and @function='0x%x']",
		domain, bus, slot, function);
}

static char *with_source(const struct vfp_hotplug *hotplug)
{
	const char *host = vfp_hotplug_get(hotplug, "host");
	const char *bus = vfp_hotplug_get(hotplug, "hostbus");
	const char *address = vfp_hotplug_get(hotplug, "hostaddr");

	if (host)
		return with_pci_source(host);
	if (bus && address)
		return strf("@type='usb' and source/address[@bus='%s' and @device='%s']",
			    bus, address);
	return strdup("false()");
}

/* By its id, and a host device also under whatever other name it got there. */
static int virsh_has(const struct exec *exec, const struct vfp_hotplug *hotplug,
		     int64_t deadline, char **why)
{
	_cleanup_free_ char *id = NULL, *source = NULL, *xpath = NULL, *xml = NULL;
	int r;

	if (vfp_hotplug_get(hotplug, "total") ||
	    streq(vfp_hotplug_kind(hotplug), "cpu") || !vfp_hotplug_id(hotplug))
		return -EOPNOTSUPP;
	id = with_id(vfp_hotplug_id(hotplug));
	source = with_source(hotplug);
	if (id && source)
		xpath = strf("/domain/devices/*[%s or (%s)]", id, source);
	r = xpath ? select_xml(exec, xpath, deadline, &xml, why) : -ENOMEM;
	return r < 0 ? r : *chomp(xml) != '\0';
}

static const char *kind_of(const char *xml)
{
	for (size_t i = 0; i < ARRAY_SIZE(elements); i++)
		if (startswith(xml, elements[i].element))
			return elements[i].kind;
	return "";
}

/* The element as virsh prints it: attributes in libvirt's own order. */
static int read_source(const char *xml, char **ret_device)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(xml, "<address bus=\"%u\" device=\"%u\"/>", &bus, &slot) == 2) {
		*ret_device = strf("%03u.%03u", bus, slot);
		return *ret_device ? 0 : -ENOMEM;
	}
	/* A USB device may have none, only its ids. */
	if (!*xml)
		return 0;
	if (sscanf(xml,
		   "<address domain=\"0x%x\" bus=\"0x%x\" slot=\"0x%x\" function=\"0x%x\"/>",
		   &domain, &bus, &slot, &function) != 4)
		return -EPROTO;
	*ret_device = strf("%04x:%02x:%02x.%x", domain, bus, slot, function);
	return *ret_device ? 0 : -ENOMEM;
}

static int find_source(const struct exec *exec, const char *condition, int64_t deadline,
		       char **ret_device, char **why)
{
	_cleanup_free_ char *xml = NULL;
	_cleanup_free_ char *xpath =
		strf("/domain/devices/hostdev[%s]/source/address", condition);
	int r = xpath ? select_xml(exec, xpath, deadline, &xml, why) : -ENOMEM;

	return r ?: read_source(chomp(xml), ret_device);
}

static int virsh_find(const struct exec *exec, const char *id, int64_t deadline,
		      char **ret_kind, char **ret_device, char **why)
{
	_cleanup_free_ char *condition = with_id(id), *xpath = NULL, *xml = NULL;
	_cleanup_free_ char *kind = NULL, *device = NULL;
	int r;

	if (condition)
		xpath = strf("/domain/devices/*[%s]", condition);
	r = xpath ? select_xml(exec, xpath, deadline, &xml, why) : -ENOMEM;
	if (r < 0)
		return r;
	if (!*chomp(xml))
		return -ENOENT;
	kind = strdup(kind_of(xml));
	if (!kind)
		return -ENOMEM;
	if (streq(kind, "pci") || streq(kind, "usb"))
		r = find_source(exec, condition, deadline, &device, why);
	if (r < 0)
		return r;
	*ret_kind = take(kind);
	*ret_device = take(device);
	return 0;
}

const struct program program_virsh = {
	.name = "virsh",
	.has = virsh_has,
	.find = virsh_find,
};
