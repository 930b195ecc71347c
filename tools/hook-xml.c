/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook-xml: which PCI devices of the host a domain has. The text comes from libvirtd, which is
 * to be trusted, and yet nothing in it is followed: no network, no files, and a document type,
 * by which alone there are entities, ends the reading.
 *
 * Elements count where libvirt has them and nowhere else: what stands below <metadata>, or in
 * another namespace, is somebody else's.
 */
#include "hook.h"

#include <ctype.h>
#include <limits.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

static int refuse(char **ret_why, const char *format, ...) _printf_(2, 3);
static int refuse(char **ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*ret_why = vstrf(format, args);
	va_end(args);
	return *ret_why ? -EINVAL : -ENOMEM;
}

/* -- elements ----------------------------------------------------------------------- */

static void xml_freep(xmlChar **text)
{
	xmlFree(*text);
}
#define _cleanup_xml_ _cleanup_(xml_freep)

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       streq((const char *)node->name, name);
}

/* The first child of this name after @last (NULL: at all); NULL: none, as of no element. */
static xmlNode *next_child(const xmlNode *parent, const xmlNode *last, const char *name)
{
	xmlNode *node = last ? last->next : parent ? parent->children : NULL;

	while (node && !is_element(node, name))
		node = node->next;
	return node;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	return next_child(parent, NULL, name);
}

static xmlChar *attribute(const xmlNode *node, const char *name)
{
	return node ? xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)name) : NULL;
}

static bool attribute_is(const xmlNode *node, const char *name, const char *value)
{
	_cleanup_xml_ xmlChar *text = attribute(node, name);

	return text && streq((const char *)text, value);
}

/* -- addresses ---------------------------------------------------------------------- */

/* As libvirt reads it: decimal, 0x and hex, or 0 and octal. */
static int take_number(const xmlNode *node, const char *name, unsigned long max,
		       unsigned long *ret)
{
	_cleanup_xml_ xmlChar *text = attribute(node, name);
	char *end;

	*ret = 0;
	if (!text)
		return streq(name, "domain") ? 0 : -EINVAL;
	if (!isdigit(*text))
		return -EINVAL;
	errno = 0;
	*ret = strtoul((const char *)text, &end, 0);
	return *end || errno || *ret > max ? -EINVAL : 0;
}

static int take_address(const xmlNode *node, char address[32])
{
	unsigned long domain, bus, slot, function;

	if (take_number(node, "domain", UINT32_MAX, &domain) < 0 ||
	    take_number(node, "bus", 0xff, &bus) < 0 ||
	    take_number(node, "slot", 0x1f, &slot) < 0 ||
	    take_number(node, "function", 7, &function) < 0)
		return -EINVAL;
	snprintf(address, 32, "%04lx:%02lx:%02lx.%lx", domain, bus, slot, function);
	return 0;
}

/* -- devices ------------------------------------------------------------------------ */

static struct hook_device *find_device(struct hook_domain *domain, const char *address)
{
	for (size_t i = 0; i < domain->n; i++)
		if (streq(domain->device[i].address, address))
			return &domain->device[i];
	return NULL;
}

static int set_driver(struct hook_device *device, const xmlNode *driver)
{
	_cleanup_xml_ xmlChar *model = attribute(driver, "model");

	if (!model || device->driver)
		return 0;
	device->driver = strdup((const char *)model);
	return device->driver ? 0 : -ENOMEM;
}

/*
 * Named twice, as two namespaces of one NVMe disk are, it is one device: ours, when libvirt is
 * not to manage it in one of the places.
 */
static int add_device(struct hook_domain *domain, const xmlNode *element, bool managed,
		      const xmlNode *driver, char **ret_why)
{
	const xmlNode *address = child(child(element, "source"), "address");
	struct hook_device device = { .managed = managed }, *known, *grown;

	if (take_address(address, device.address) < 0)
		return refuse(ret_why, "line %ld: no address of a PCI device",
			      xmlGetLineNo(address ?: element));
	known = find_device(domain, device.address);
	if (known) {
		known->managed = known->managed && managed;
		return set_driver(known, driver);
	}
	grown = reallocarray(domain->device, domain->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	domain->device = grown;
	grown[domain->n] = device;
	return set_driver(&grown[domain->n++], driver);
}

/* <hostdev mode='subsystem' type='pci'>; of the other types none is a PCI function of the host. */
static int take_hostdev(struct hook_domain *domain, const xmlNode *node, char **ret_why)
{
	if (!attribute_is(node, "type", "pci") ||
	    attribute_is(node, "mode", "capabilities"))
		return 0;
	return add_device(domain, node, attribute_is(node, "managed", "yes"),
			  child(node, "driver"), ret_why);
}

/* <interface type='hostdev'>: the address may also be that of a USB device. */
static int take_interface(struct hook_domain *domain, const xmlNode *node, char **ret_why)
{
	const xmlNode *address = child(child(node, "source"), "address");

	if (!attribute_is(node, "type", "hostdev") ||
	    (address && !attribute_is(address, "type", "pci")))
		return 0;
	return add_device(domain, node, attribute_is(node, "managed", "yes"),
			  child(node, "driver"), ret_why);
}

/* <disk type='nvme'>, or one whose backing file is on such a disk. The depth is libxml2's. */
static int take_disk(struct hook_domain *domain, const xmlNode *node, char **ret_why)
{
	static const char *const below[] = { "backingStore", "mirror" };
	const xmlNode *source = child(node, "source");
	int r = 0;

	if (attribute_is(node, "type", "nvme"))
		r = add_device(domain, node, attribute_is(source, "managed", "yes"), NULL,
			       ret_why);
	for (size_t i = 0; i < ARRAY_SIZE(below) && r == 0; i++)
		if (child(node, below[i]))
			r = take_disk(domain, child(node, below[i]), ret_why);
	return r;
}

static int take_devices(struct hook_domain *domain, const xmlNode *devices,
			char **ret_why)
{
	static const struct {
		const char *name;
		int (*add)(struct hook_domain *domain, const xmlNode *node,
			   char **ret_why);
	} kinds[] = {
		{ "hostdev", take_hostdev },
		{ "interface", take_interface },
		{ "disk", take_disk },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		for (xmlNode *node = child(devices, kinds[i].name); node && r == 0;
		     node = next_child(devices, node, kinds[i].name))
			r = kinds[i].add(domain, node, ret_why);
	return r;
}

/* -- the domain --------------------------------------------------------------------- */

/* It goes into records, so it has to be what it says. */
static int take_uuid(struct hook_domain *domain, const xmlNode *node, char **ret_why)
{
	_cleanup_xml_ xmlChar *text = node ? xmlNodeGetContent(node) : NULL;

	if (!text || strlen((const char *)text) != 36)
		return refuse(ret_why, "no <uuid> of a domain");
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit(text[i]))
			return refuse(ret_why, "no <uuid> of a domain");
		domain->uuid[i] = (char)tolower(text[i]);
	}
	return 0;
}

static int take_domain(const xmlDoc *doc, struct hook_domain *domain, char **ret_why)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	int r;

	if (!root || !is_element(root, "domain"))
		return refuse(ret_why, "not the XML of a domain");
	r = take_uuid(domain, child(root, "uuid"), ret_why);
	return r ?: take_devices(domain, child(root, "devices"), ret_why);
}

/* -- the parser --------------------------------------------------------------------- */

/* <!DOCTYPE: libvirt writes none. That there was one is left in the context. */
static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external,
			   const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	((xmlParserCtxt *)context)->_private = context;
	xmlStopParser(context);
}

static xmlParserInputPtr load_nothing(const char *url, const char *id,
				      xmlParserCtxtPtr context)
{
	(void)url, (void)id, (void)context;
	return NULL;
}

static int say_error(const xmlParserCtxt *context, char **ret_why)
{
	_cleanup_free_ char *message = NULL;

	if (context->_private)
		return refuse(ret_why,
			      "a document type, which the XML of a domain has not");
	message = strdup(nonnull(context->lastError.message));
	/* Some have two lines. */
	for (char *c = message; c && *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return message ? refuse(ret_why, "line %d: %s", context->lastError.line,
				chomp(message))
		       : -ENOMEM;
}

static int parse(xmlParserCtxt *context, const char *text, size_t size,
		 struct hook_domain *domain, char **ret_why)
{
	xmlDoc *doc;
	int r;

	context->sax->internalSubset = refuse_doctype;
	doc = xmlCtxtReadMemory(context, text, (int)size, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_NOERROR |
					XML_PARSE_NOWARNING);
	r = doc && context->wellFormed && !context->_private
		  ? take_domain(doc, domain, ret_why)
		  : say_error(context, ret_why);
	xmlFreeDoc(doc);
	return r;
}

int hook_xml_parse(const char *text, size_t size, struct hook_domain *ret_domain,
		   char **ret_why)
{
	_cleanup_hook_domain_ struct hook_domain domain = { 0 };
	xmlParserCtxt *context;
	int r;

	if (size == 0)
		return refuse(ret_why, "no XML on standard input");
	if (size > HOOK_XML_MAX)
		return refuse(ret_why, "more than %u MiB of XML", HOOK_XML_MAX >> 20);
	xmlSetExternalEntityLoader(load_nothing);
	context = xmlNewParserCtxt();
	if (!context)
		return -ENOMEM;
	r = parse(context, text, size, &domain, ret_why);
	xmlFreeParserCtxt(context);
	if (r < 0)
		return r;
	*ret_domain = domain;
	domain = (struct hook_domain){ 0 };
	return 0;
}

void hook_domain_done(struct hook_domain *domain)
{
	for (size_t i = 0; i < domain->n; i++)
		free(domain->device[i].driver);
	free(domain->device);
	*domain = (struct hook_domain){ 0 };
}
