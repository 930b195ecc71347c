/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about the module which brings the driver: that there is none, that somebody
 * wants something else to happen than a load, or that loading it would take other devices, which
 * were left without a driver for some reason.
 */
#include "model/check.h"

#define ANY UINT32_MAX

/* "VENDOR:DEVICE[:SUBVENDOR[:SUBDEVICE[:CLASS[:MASK]]]]", as vfio-pci and pci-stub take it. */
struct id {
	unsigned int vendor, device, subvendor, subdevice, class, mask;
};

static bool parse_id(const char *text, struct id *id)
{
	*id = (struct id){ .subvendor = ANY, .subdevice = ANY };
	return sscanf(text, "%x:%x:%x:%x:%x:%x", &id->vendor, &id->device, &id->subvendor,
		      &id->subdevice, &id->class, &id->mask) >= 2;
}

static bool is_one(unsigned int wanted, unsigned int found)
{
	return wanted == ANY || wanted == found;
}

static bool matches(const struct id *id, const struct vfp_device *device)
{
	unsigned int vendor, number, subvendor, subdevice, class;

	return sscanf(device->value[VFP_IDS], "%x:%x", &vendor, &number) == 2 &&
	       sscanf(device->value[VFP_SUBSYSTEM], "%x:%x", &subvendor, &subdevice) ==
		       2 &&
	       sscanf(device->value[VFP_CLASS], "%x", &class) == 1 &&
	       is_one(id->vendor, vendor) && is_one(id->device, number) &&
	       is_one(id->subvendor, subvendor) && is_one(id->subdevice, subdevice) &&
	       !((id->class ^ class) & id->mask);
}

bool ids_match(const char *ids, const struct vfp_device *device)
{
	_cleanup_free_ char *copy = strdup(ids);
	char *rest = NULL;
	struct id id;

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word;
	     word = strtok_r(NULL, ",", &rest))
		if (parse_id(word, &id) && matches(&id, device))
			return true;
	return false;
}

static int take_one(struct vfp_ctx *ctx, const char *address, const char *ids,
		    char ***taken, size_t *n)
{
	_cleanup_device_ struct vfp_device *device = NULL;

	if (device_load(ctx, address, &device) < 0 || *device_driver(device) ||
	    !ids_match(ids, device))
		return 0;
	return strings_add(taken, n, address);
}

int ids_taken(struct vfp_ctx *ctx, const char *module, char ***ret_addresses)
{
	_cleanup_strings_ char **addresses = NULL, **taken = calloc(1, sizeof(*taken));
	_cleanup_free_ char *ids = NULL;
	size_t n = 0;
	int r = module_option(ctx, module, "ids", &ids);

	if (!taken)
		return -ENOMEM;
	r = r < 0 ? 0 : root_list(ctx, PCI_DEVICES, &addresses);
	for (char **a = addresses; r == 0 && a && *a; a++)
		r = take_one(ctx, *a, ids, &taken, &n);
	if (r == 0)
		*ret_addresses = take(taken);
	return r;
}

/* -- check --------------------------------------------------------------------------- */

static bool stays(const struct check *c, const char *address)
{
	_cleanup_device_ struct vfp_device *device = NULL;

	return device_load(c->ctx, address, &device) == 0 && !check_goes_along(c, device);
}

static int add_taken(struct check *c, const char *module)
{
	_cleanup_strings_ char **taken = NULL;
	_cleanup_str_ struct str others = { 0 };
	int r = ids_taken(c->ctx, module, &taken);

	for (char **a = taken; r == 0 && *a; a++)
		if (stays(c, *a))
			r = str_add(&others, "%s%s", others.len ? ", " : "", *a);
	if (r < 0 || !others.len)
		return r;
	return check_add(c, VFP_REFUSE, module, MODULE_REMEDY,
			 "loading %s would also give it %s, by `ids=` in modprobe.d",
			 module, others.s);
}

static const char *no_driver_remedy(struct check *c)
{
	_cleanup_free_ char *objection = NULL;
	bool blacklisted;

	return module_look(c->ctx, c->driver, &objection, &blacklisted) == MODULE_UNKNOWN
		     ? "there is no folder with modules of the running kernel: was the "
		       "kernel upgraded? Then reboot"
		     : "this kernel lacks it: install or build it";
}

int check_module(struct check *c, const struct vfp_check_options *options)
{
	_cleanup_free_ char *module = NULL, *objection = NULL;
	int r;

	(void)options;
	/* On vfio-pci, or on a variant, which does not need it. */
	if (c->device->vfio)
		return 0;
	r = module_for_driver(c->ctx, c->driver, NULL, &module, &objection);
	if (r == -ENOENT) {
		c->kind = "driver"; /* nothing lifts this one */
		return check_add(c, VFP_REFUSE, c->driver, no_driver_remedy(c),
				 "there is no driver %s and no module that brings it",
				 c->driver);
	}
	if (r < 0 || !module)
		return r;
	if (objection)
		return check_add(c, VFP_REFUSE, module, MODULE_REMEDY, "%s", objection);
	return add_taken(c, module);
}
