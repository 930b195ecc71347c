/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook-prepare: before the guest starts. What libvirt does not manage is hidden, as one
 * transaction; what it manages, and what was hidden already, is only looked at, by the same
 * verdict, and left as it is.
 */
#include "hook.h"

/* -- devices ------------------------------------------------------------------------ */

static const struct hook_device *in_domain(const struct hook_call *call,
					   const char *address)
{
	for (size_t i = 0; i < call->domain.n; i++)
		if (streq(call->domain.device[i].address, address))
			return &call->domain.device[i];
	return NULL;
}

/* Claimed for the guest, but not by the hook, which claims by the UUID. */
static bool is_claimed_by_name(const struct hook_call *call,
			       const struct vfp_device *device)
{
	const struct vfp_record *record =
		hook_record_of(call, vfp_device_get(device, VFP_ADDRESS));

	return record && streq(nonnull(vfp_record_get(record, "for")), call->name);
}

static bool is_on(const struct vfp_device *device, const char *driver)
{
	return driver && streq(nonnull(vfp_device_get(device, VFP_DRIVER)), driver);
}

/* Hidden for nobody, or for the guest by its name: whoever hid it wants it to stay. */
static bool stays_hidden(const struct hook_call *call, const struct vfp_device *device)
{
	const struct vfp_record *record =
		hook_record_of(call, vfp_device_get(device, VFP_ADDRESS));
	bool has_node = vfp_device_get(device, VFP_NODE);

	if (!record)
		return has_node;
	return !vfp_record_get(record, "problem") &&
	       streq(nonnull(vfp_record_get(record, "phase")), "hidden") &&
	       (has_node || is_on(device, vfp_record_get(record, "goal.driver"))) &&
	       (!*nonnull(vfp_record_get(record, "for")) ||
		is_claimed_by_name(call, device));
}

/* libvirt's, or hidden already: looked at, and left to them. */
static bool is_looked_at(const struct hook_call *call, const struct vfp_device *device)
{
	const struct hook_device *known =
		in_domain(call, vfp_device_get(device, VFP_ADDRESS));

	return (known && known->managed) || stays_hidden(call, device);
}

static const char *driver_for(const struct hook_call *call,
			      const struct vfp_device *device)
{
	const struct hook_device *known =
		in_domain(call, vfp_device_get(device, VFP_ADDRESS));

	if (stays_hidden(call, device))
		return vfp_device_get(device, VFP_DRIVER);
	return known && known->driver ? known->driver : call->config.driver;
}

/* -- the plan -------------------------------------------------------------------------- */

static int set_config(struct vfp_plan *plan, const struct hook_config *config)
{
	int r = plan_set(plan, VFP_NODE_OWNER, HOOK_CONF_PATH ": node-owner",
			 config->node_owner);

	r = r ?: plan_set(plan, VFP_POWER, HOOK_CONF_PATH ": power", config->power);
	for (char **force = config->force; force && *force && r == 0; force++)
		r = plan_set(plan, VFP_FORCE, HOOK_CONF_PATH ": force", *force);
	return r;
}

static int lift(struct vfp_plan *plan, const char *kind, const char *object)
{
	_cleanup_free_ char *force = strf("%s:%s", kind, object);

	return force ? plan_set(plan, VFP_FORCE, "force", force) : -ENOMEM;
}

/*
 * What looks like an obstacle to devices one by one, and is none to this guest: its own claim, and
 * siblings that libvirt takes from their drivers, once it has been judged that it may.
 */
static int lift_own(struct vfp_plan *plan, const struct hook_call *call, bool all)
{
	int r = 0;

	for (size_t i = 0; i < call->devices.n && r == 0; i++)
		if (stays_hidden(call, call->devices.device[i]) &&
		    is_claimed_by_name(call, call->devices.device[i]))
			r = lift(plan, "claim", call->name);
	for (size_t i = 0; i < call->domain.n && r == 0 && !all; i++)
		if (call->domain.device[i].managed)
			r = lift(plan, "group", call->domain.device[i].address);
	return r;
}

/* Half of the time for the way there, the other half for the way back if it fails. */
static int new_hide(const struct hook_call *call, bool all, struct vfp_plan **ret_plan,
		    size_t *ret_n)
{
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	int r = hook_plan_new(call, call->config.timeout / 2, &plan);

	r = r ?: set_config(plan, &call->config);
	r = r ?: lift_own(plan, call, all);
	for (size_t i = 0; i < call->devices.n && r == 0; i++) {
		const struct vfp_device *device = call->devices.device[i];
		const char *address = vfp_device_get(device, VFP_ADDRESS);

		if (!all && is_looked_at(call, device))
			continue;
		++*ret_n;
		r = vfp_plan_hide(plan, address, driver_for(call, device));
		if (r == -EINVAL)
			return fail(r, address, "%s is not a driver's name",
				    nonnull(driver_for(call, device)));
	}
	if (r == 0)
		*ret_plan = take(plan);
	return r;
}

/* -- prepare ------------------------------------------------------------------------ */

/* A guest, or what else has opened it, would keep this guest from it. */
static int check_holders(const struct hook_call *call)
{
	int worst = 0;

	for (size_t i = 0; i < call->devices.n; i++) {
		const struct vfp_device *device = call->devices.device[i];
		_cleanup_free_ char *who = NULL;

		if (vfp_device_get(device, VFP_NODE) &&
		    vfp_holders(call->ctx, device, &who) == 0)
			worst = fail(-EBUSY, vfp_device_get(device, VFP_ADDRESS),
				     "it is open in %s; shut that down first", who);
	}
	return worst;
}

/* Hidden to be kept from everybody, as with pci-stub. */
static int check_drivers(const struct hook_call *call)
{
	int worst = 0;

	for (size_t i = 0; i < call->devices.n; i++) {
		const struct vfp_device *device = call->devices.device[i];
		const char *address = vfp_device_get(device, VFP_ADDRESS);
		const struct hook_device *known = in_domain(call, address);

		if (known && !known->managed && !vfp_device_get(device, VFP_NODE) &&
		    stays_hidden(call, device))
			worst = fail(
				-EPERM, address,
				"it is kept hidden with %s, from which no guest can "
				"have it; run vfioprep hide --driver vfio-pci %s, or "
				"vfioprep return %s",
				vfp_device_get(device, VFP_DRIVER), address, address);
	}
	return worst;
}

static bool can_be_lifted(const struct vfp_finding *finding)
{
	return finding->severity == VFP_REFUSE && vfp_force_help(finding->kind);
}

/* The remedies are options of hide; a guest has a file in their place. */
static int tell(const struct hook_call *call, struct vfp_finding *const *findings,
		int error)
{
	hook_tell(call, findings, error);
	for (; error == -EPERM && findings && *findings; findings++)
		if (can_be_lifted(*findings))
			return fail(error, NULL,
				    "in " HOOK_CONF_PATH
				    " group=yes takes the others of a "
				    "group along, and force= lifts what is in brackets");
	return error;
}

/* The verdict on all of them together, without anything being done. */
static int look_at(const struct hook_call *call)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	_cleanup_free_ char *script = NULL;
	size_t size, n = 0;
	FILE *out = NULL;
	int r = new_hide(call, true, &plan, &n);

	if (r < 0)
		return r;
	out = open_memstream(&script, &size);
	if (!out)
		return -ENOMEM;
	r = vfp_plan_print(plan, out, &findings);
	fclose(out);
	return tell(call, findings, r);
}

static int hide(const struct hook_call *call)
{
	_cleanup_finding_list_ struct vfp_finding **findings = NULL;
	_cleanup_plan_ struct vfp_plan *plan = NULL;
	size_t n = 0;
	int r = new_hide(call, false, &plan, &n);

	if (r < 0 || n == 0)
		return r;
	r = given.dry_run ? vfp_plan_print(plan, stdout, &findings)
			  : vfp_plan_run(plan, &findings);
	return tell(call, findings, r);
}

int hook_prepare(struct hook_call *call)
{
	bool look = false;
	int r;

	if (call->domain.n == 0)
		return 0;
	r = hook_config_load(call->ctx, call->name, call->domain.uuid, &call->config);
	if (r < 0 || !call->config.enabled)
		return r;
	hook_end_within(call->config.timeout, VFP_EXIT_STUCK);
	r = hook_select(call);
	if (r == 0 && call->config.group)
		r = selection_add_siblings(call->ctx, &call->devices);
	r = r ?: check_drivers(call);
	r = r ?: check_holders(call);
	for (size_t i = 0; i < call->devices.n; i++)
		look = look || is_looked_at(call, call->devices.device[i]);
	if (r == 0 && look)
		r = look_at(call);
	return r ?: hide(call);
}
