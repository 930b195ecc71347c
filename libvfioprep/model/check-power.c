/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about the device in the long run: whether a second guest could start with
 * it, and whether it comes back from being switched off while no guest has it.
 */
#include "model/check.h"

/* -- reset --------------------------------------------------------------------------- */

/* Other functions on the bus of a device. */
struct bus {
	size_t others;
	struct vfp_device *staying; /* the first that stays with the host */
};

static int add_function(struct check *c, struct bus *bus, const char *address)
{
	_cleanup_device_ struct vfp_device *other = NULL;
	int r;

	if (streq(address, device_address(c->device)))
		return 0;
	r = device_load(c->ctx, address, &other);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	bus->others++;
	/* Who shares its group goes along, or is refused for that already. */
	if (!bus->staying && other->group != c->device->group &&
	    !check_goes_along(c, other))
		bus->staying = take(other);
	return 0;
}

static int read_bus(struct check *c, struct bus *bus)
{
	_cleanup_strings_ char **names = NULL;
	_cleanup_free_ char *folder = strdup(c->device->path);
	struct address address;
	int r;

	if (!folder)
		return -ENOMEM;
	*strrchr(folder, '/') = '\0';
	r = root_list_dirs(c->ctx, folder, &names);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char **name = names; r == 0 && *name; name++)
		if (address_parse(*name, &address) == 0 && !address.any_function)
			r = add_function(c, bus, *name);
	return r;
}

static int add_bus_reset(struct check *c, const struct vfp_device *staying)
{
	const char *address = device_address(staying);
	_cleanup_free_ char *remedy = strf("--with %s takes it too", address);

	return remedy
		     ? check_add(c, VFP_NOTE, address, remedy,
				 "only its whole bus can be reset, and %s stays with the "
				 "host; a second guest may not start",
				 address)
		     : -ENOMEM;
}

static int add_no_reset(struct check *c)
{
	return check_add(c, VFP_NOTE, NULL, NULL,
			 "this device has no reset method; a second guest may not start");
}

/*
 * The kernel resets the bus of a device that is alone on it, VFIO also that of several which are
 * all the guest's. Nobody resets a root bus.
 */
static int check_bus_reset(struct check *c, bool alone)
{
	struct bus bus = { 0 };
	int r = read_bus(c, &bus);

	if (r == 0 && bus.staying)
		r = add_bus_reset(c, bus.staying);
	else if (r == 0 && !bus.others && !alone)
		r = add_no_reset(c);
	device_free(bus.staying);
	return r;
}

int check_reset(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *methods = NULL;
	int r;

	(void)thing;
	if (!root_exists(c->ctx, "%s/reset", c->device->path))
		return c->device->value[VFP_PARENT] ? check_bus_reset(c, false)
						    : add_no_reset(c);
	r = root_attr(c->ctx, &methods, "%s/reset_method", c->device->path);
	if (r == 0 && !*methods)
		return check_add(
			c, VFP_NOTE, NULL, "write `default` into its reset_method",
			"its resets have been turned off; a second guest may not start");
	return r == 0 && streq(methods, "bus") ? check_bus_reset(c, true) : 0;
}

/* -- power --------------------------------------------------------------------------- */

static bool attr_is(struct vfp_ctx *ctx, const char *path, const char *name,
		    const char *value)
{
	_cleanup_free_ char *text = NULL;

	return root_attr(ctx, &text, "%s/%s", path, name) == 0 && streq(text, value);
}

/*
 * Can the firmware cut its power? It says so by power resources for D3hot (_PR3), of the device
 * or of a bridge above. Without them D3hot is as deep as it goes, and that does no harm.
 */
static bool has_power_switch(struct check *c)
{
	_cleanup_free_ char *path = strdup(c->device->path);
	struct address address;

	for (char *slash = path ? strrchr(path, '/') : NULL;
	     slash && address_parse(slash + 1, &address) == 0;
	     slash = strrchr(path, '/')) {
		if (root_exists(c->ctx, "%s/firmware_node/power_resources_D3hot", path))
			return true;
		*slash = '\0';
	}
	return false;
}

/* vfio-pci lets an idle device sleep whatever is set before it binds. */
#define VFIO_SLEEPS 6001

int check_power(struct check *c, struct thing *thing)
{
	(void)thing;
	if (!driver_is_vfio(c->driver) ||
	    !attr_is(c->ctx, c->device->path, "d3cold_allowed", "1") ||
	    !has_power_switch(c) ||
	    attr_is(c->ctx, "/sys/module/vfio_pci/parameters", "disable_idle_d3", "Y"))
		return 0;
	if (ctx_kernel(c->ctx) < VFIO_SLEEPS &&
	    !attr_is(c->ctx, c->device->path, "power/control", "auto"))
		return 0;
	return check_add(
		c, VFP_NOTE, NULL, "hide --power on keeps it on",
		"its power may be cut while no guest has it (D3cold), and not every "
		"device comes back from that");
}
