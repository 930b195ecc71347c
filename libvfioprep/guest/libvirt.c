/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's device XML, as virsh attach-device and detach-device take it. The element is
 * data first, like every command.
 *
 * Always managed='no': with 'yes' libvirt would bind the device itself, and on unplug
 * give it to whatever driver matches, not to the one that it was taken from.
 */
#include "guest/libvirt.h"

/* -- the element as data ------------------------------------------------------------- */

static json_t *add_hostdev(struct commands *commands, const struct address *host)
{
	_cleanup_free_ char *domain = strf("0x%04x", host->domain);
	_cleanup_free_ char *bus = strf("0x%02x", host->bus);
	_cleanup_free_ char *slot = strf("0x%02x", host->slot);
	_cleanup_free_ char *function = strf("0x%x", host->function);

	if (!domain || !bus || !slot || !function)
		return NULL;
	return commands_add(commands, "hostdev", "{s:s,s:s,s:s,s:{s:{s:s,s:s,s:s,s:s}}}",
			    "mode", "subsystem", "type", "pci", "managed", "no", "source",
			    "address", "domain", domain, "bus", bus, "slot", slot,
			    "function", function);
}

/*
 * libvirt keeps only names that begin with "ua-", and drops one with other characters
 * than letters, digits, "_" and "-" without a word; no id would find the device then.
 */
int libvirt_alias(const struct vfp_hotplug *hotplug, char **ret, char **why)
{
	const char *id;
	int r = hotplug_need_id(hotplug, &id, why);

	if (r < 0)
		return r;
	if (strchr(id, '.'))
		return say_why(why, -EOPNOTSUPP,
			       "libvirt takes no dot in an alias; choose another id than "
			       "'%s'",
			       id);
	*ret = strf("%s%s", startswith(id, "ua-") ? "" : "ua-", id);
	return *ret ? 0 : -ENOMEM;
}

int libvirt_put_alias(const struct vfp_hotplug *hotplug, json_t *element, char **why)
{
	_cleanup_free_ char *name = NULL;
	int r = libvirt_alias(hotplug, &name, why);

	return r ?: json_put(element, "alias", json_pack("{s:s}", "name", name));
}

static int put_rom(const struct vfp_hotplug *hotplug, json_t *hostdev, char **why)
{
	const char *bar = hotplug_get(hotplug, "rombar");
	const char *file = hotplug_get(hotplug, "romfile");
	json_t *rom;

	if (!bar && !file)
		return 0;
	if (bar && streq(bar, "0") && file)
		return say_why(why, -EINVAL,
			       "romfile needs the ROM bar in a running guest; leave out "
			       "romfile or rombar=0");
	if (file && *file != '/')
		return say_why(why, -EOPNOTSUPP,
			       "libvirt takes romfile as an absolute path only, not '%s'",
			       file);
	if (bar)
		bar = streq(bar, "0") ? "off" : "on";
	rom = json_pack("{s:s*,s:s*}", "bar", bar, "file", file);
	return json_put(hostdev, "rom", rom);
}

/* Read since libvirt 12.1; older ones pass the element over. */
static int put_driver(const struct vfp_hotplug *hotplug, json_t *hostdev)
{
	if (!libvirt_is(hotplug, "iommufd", "on"))
		return 0;
	return json_put(hostdev, "driver", json_pack("{s:s}", "iommufd", "yes"));
}

/* libvirt names its buses pci.N (the root of q35 pcie.0); its XML counts them by N. */
static int bus_number(const char *name, uint64_t *ret, char **why)
{
	if ((startswith(name, "pci.") && parse_number(name + 4, 10, 255, ret) == 0) ||
	    streq(name, "pcie.0"))
		return 0;
	return say_why(why, -EOPNOTSUPP,
		       "libvirt counts its buses; write bus 5 as pci.5, not '%s', "
		       "or leave bus out",
		       name);
}

static int put_place(const struct vfp_hotplug *hotplug, json_t *address, char **why)
{
	const char *bus_name = hotplug_get(hotplug, "bus");
	const char *addr = hotplug_get(hotplug, "addr");
	_cleanup_free_ char *bus = NULL, *slot = NULL, *function = NULL;
	unsigned int s = 0, f = 0;
	uint64_t b = 0;
	int r = bus_name ? bus_number(bus_name, &b, why) : 0;

	if (r == 0 && addr)
		r = slot_parse(addr, &s, &f);
	if (r < 0)
		return r;
	/* libvirt reads 00:00 as "no address"; slot 0 of bus 0 is the host bridge's. */
	if (b == 0 && s == 0)
		return say_why(why, -EOPNOTSUPP,
			       "libvirt needs a slot on bus 0; give addr above 0, or "
			       "leave out bus and addr");
	bus = strf("0x%02x", (unsigned int)b);
	slot = strf("0x%02x", s);
	function = strf("0x%x", f);
	if (!bus || !slot || !function)
		return -ENOMEM;
	return json_put(address, "domain", json_string("0x0000")) ?:
	       json_put(address, "bus", json_string(bus)) ?:
	       json_put(address, "slot", json_string(slot)) ?:
	       json_put(address, "function", json_string(function));
}

/* Where the guest sees it; left to libvirt unless something of it was asked for. */
int libvirt_put_address(const struct vfp_hotplug *hotplug, json_t *element, char **why)
{
	const char *multifunction = hotplug_get(hotplug, "multifunction");
	bool placed = hotplug_get(hotplug, "bus") || hotplug_get(hotplug, "addr");
	json_t *address;
	int r;

	if (!placed && !multifunction)
		return 0;
	address = json_pack("{s:s}", "type", "pci");
	r = json_put(element, "address", address);
	if (r == 0 && placed)
		r = put_place(hotplug, address, why);
	if (r == 0 && multifunction)
		r = json_put(address, "multifunction", json_string(multifunction));
	return r;
}

static int get_host(const struct vfp_hotplug *hotplug, struct address *ret, char **why)
{
	const char *host;

	return hotplug_need(hotplug, "host", &host, why) ?: address_parse(host, ret);
}

static int pci_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	struct address host;
	json_t *hostdev;
	int r = get_host(hotplug, &host, why)
		      ?: hotplug_only(
				 hotplug,
				 "host bus addr multifunction rombar romfile iommufd",
				 "libvirt", why);

	if (r < 0)
		return r;
	hostdev = add_hostdev(commands, &host);
	if (!hostdev)
		return -ENOMEM;
	return put_driver(hotplug, hostdev) ?:
	       libvirt_put_alias(hotplug, hostdev, why) ?:
	       put_rom(hotplug, hostdev, why) ?:
	       libvirt_put_address(hotplug, hostdev, why);
}

/* libvirt finds the device by its source; more could only fail to match. */
static int pci_detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	struct address host;
	int r = get_host(hotplug, &host, why);

	if (r < 0)
		return r;
	return add_hostdev(commands, &host) ? 0 : -ENOMEM;
}

#define NO_CPU "no device XML adds a CPU; virsh setvcpus does, take the dialect virsh"

static const struct cell cells[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = { { .compile = pci_attach }, { .compile = pci_detach } },
	[KIND_USB] = { { .compile = libvirt_usb_attach },
		       { .compile = libvirt_usb_detach } },
	[KIND_CPU] = { { .why_not = NO_CPU }, { .why_not = NO_CPU } },
	[KIND_MEMORY] = { { .compile = libvirt_memory_attach },
			  { .compile = libvirt_memory_detach } },
	[KIND_DISK] = { { .compile = libvirt_disk }, { .compile = libvirt_disk } },
	[KIND_NIC] = { { .compile = libvirt_nic }, { .compile = libvirt_nic } },
	[KIND_FS] = { { .compile = libvirt_fs }, { .compile = libvirt_fs } },
	[KIND_PMEM] = { { .compile = libvirt_pmem }, { .compile = libvirt_pmem } },
	[KIND_VSOCK] = { { .compile = libvirt_vsock }, { .compile = libvirt_vsock } },
};

/* -- the element as XML -------------------------------------------------------------- */

static int add_text(const char *text, struct str *out)
{
	static const char special[] = "&<>'\"";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&apos;",
						"&quot;" };
	int r = 0;

	for (; r == 0 && *text; text++) {
		const char *found = strchr(special, *text);

		r = found ? str_add(out, "%s", entities[found - special])
			  : str_add_bytes(out, text, 1);
	}
	return r;
}

static int add_attributes(json_t *element, struct str *out)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(element, key, value)
		if (json_is_string(value) && *key)
			r = r ?: str_add(out, " %s='", key)
			      ?: add_text(json_string_value(value), out)
			      ?: str_add(out, "'");
	return r;
}

static int add_element(const char *name, json_t *element, int depth, struct str *out)
{
	const char *text = json_string_value(json_object_get(element, "")), *key;
	int r = str_add(out, "%*s<%s", 2 * depth, "", name)
		      ?: add_attributes(element, out);
	bool open = false;
	json_t *value;

	if (text)
		return r ?: str_add(out, ">") ?: add_text(text, out)
			 ?: str_add(out, "</%s>\n", name);
	json_object_foreach(element, key, value) {
		if (!json_is_object(value))
			continue;
		r = r ?: str_add(out, open ? "" : ">\n") ?:
		    add_element(key, value, depth + 1, out);
		open = true;
	}
	if (!open)
		return r ?: str_add(out, "/>\n");
	return r ?: str_add(out, "%*s</%s>\n", 2 * depth, "", name);
}

static int spell_xml(const struct commands *commands, struct str *out, char **why)
{
	int r = 0;

	(void)why;
	for (size_t i = 0; r == 0 && i < commands->n; i++)
		r = add_element(commands->list[i].name, commands->list[i].args, 0, out);
	return r;
}

int libvirt_xml(const struct vfp_hotplug *hotplug, enum vfp_action action,
		struct str *out, char **why)
{
	const struct cell *cell = &cells[hotplug_kind(hotplug)][action];
	_cleanup_commands_ struct commands commands = { 0 };

	return cell->compile(hotplug, &commands, why) ?: spell_xml(&commands, out, why);
}

const struct dialect dialect_libvirt = {
	.help = "device XML for virsh attach-device and detach-device",
	.cells = cells,
	.spell = spell_xml,
};
