/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about smaller things which the host has below a device: sound, a console on a
 * serial line, the TPM, a watchdog that runs, Bluetooth, and USB devices that a guest was given
 * one by one. Who has their nodes open is said by check-open.c.
 */
#include "model/check.h"

#define WATCHDOGS "/sys/devices/virtual/watchdog"

/* -- sound --------------------------------------------------------------------------- */

/* Processes with a sound node open whose name begins with @prefix. */
static int add_sound(struct check *c, const char *prefix, struct openers *openers)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_things; i++) {
		const struct thing *t = c->things[i];
		_cleanup_free_ char *node = strf("/dev/snd/%s", t->name);

		if (!streq(t->subsystem, "sound") || !startswith(t->name, prefix))
			continue;
		r = node ? openers_add(c, openers, node) : -ENOMEM;
	}
	return r;
}

/*
 * Sound servers keep the controls of every card open, so that is no use; but the driver of a
 * PCI card does not let go before they have closed them.
 */
int check_sound_controls(struct check *c, struct thing *thing)
{
	_cleanup_openers_ struct openers streams = { 0 }, controls = { 0 };
	int r = 0;

	if (!check_first(c, thing) || !startswith(c->device->value[VFP_CLASS], "04"))
		return 0;
	r = add_sound(c, "pcm", &streams);
	r = r ?: add_sound(c, "control", &controls);
	for (size_t i = 0; r == 0 && i < controls.n; i++) {
		const struct opener *opener = controls.list[i];
		_cleanup_free_ char *who = NULL;

		if (openers_has(&streams, opener->holder->pid))
			continue;
		r = holders_text(opener->holder, 1, &who);
		r = r
			  ?: check_add(
				     c, VFP_NOTE, who, NULL,
				     "%s has %s open; the kernel waits until it closes that",
				     who, opener->node);
	}
	return r;
}

/* -- serial lines -------------------------------------------------------------------- */

int check_tty_console(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *active = NULL;
	char *rest, *word;
	int r = root_attr(c->ctx, &active, "/sys/class/tty/console/active");

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = active;
	while ((word = strsep(&rest, " ")))
		if (streq(word, thing->name))
			break;
	if (!word)
		return 0;
	return check_use(c, USE_NORMAL, "%s: console", word)
		     ?: check_add(c, VFP_WARN, word, NULL,
				  "the host would lose its console on %s", word);
}

/* -- TPM, watchdog ------------------------------------------------------------------- */

int check_tpm(struct check *c, struct thing *thing)
{
	return check_use(c, USE_MINOR, "TPM %s", thing->name)
		     ?: check_add(
				c, VFP_WARN, thing->name, NULL,
				"the host would lose its TPM (%s): disk keys and measured "
				"boot may depend on it",
				thing->name);
}

static int say_watchdog(struct check *c, const char *path, const char *name)
{
	_cleanup_free_ char *state = NULL;
	int r = root_attr(c->ctx, &state, "%s/state", path);

	if (r < 0 || !streq(state, "active"))
		return r == -ENOMEM ? r : 0;
	return check_use(c, USE_NORMAL, "%s: running", name)
		     ?: check_add(c, VFP_WARN, name, "stop who feeds it",
				  "the watchdog %s is running: nothing would restart the "
				  "host when it hangs, or it is reset because nothing "
				  "feeds it",
				  name);
}

int check_watchdog(struct check *c, struct thing *thing)
{
	return say_watchdog(c, thing->path, thing->name);
}

/* Some drivers do not say which device their watchdog is on; it has the driver's name then. */
int check_watchdog_elsewhere(struct check *c, struct thing *thing)
{
	_cleanup_strings_ char **names = NULL;
	int r;

	(void)thing;
	if (!startswith(c->device->value[VFP_CLASS], "0880") ||
	    !*device_driver(c->device))
		return 0;
	r = root_list_dirs(c->ctx, WATCHDOGS, &names);
	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *path = strf(WATCHDOGS "/%s", *name);
		_cleanup_free_ char *identity = NULL;

		if (!path)
			return -ENOMEM;
		if (root_attr(c->ctx, &identity, "%s/identity", path) == 0 &&
		    streq(identity, device_driver(c->device)))
			r = say_watchdog(c, path, *name);
	}
	return r == -ENOMEM ? r : 0;
}

/* -- Bluetooth ----------------------------------------------------------------------- */

/* An adapter is "hci0", a connection through it "hci0:256". */
int check_bluetooth(struct check *c, struct thing *thing)
{
	size_t adapter = strcspn(thing->name, ":");
	size_t n = 0;

	if (thing->name[adapter])
		return 0;
	for (size_t i = 0; i < c->n_things; i++) {
		const char *name = c->things[i]->name;

		n += streq(c->things[i]->subsystem, "bluetooth") &&
		     startswith(name, thing->name) && name[adapter] == ':';
	}
	if (!n)
		return check_add(c, VFP_NOTE, thing->name, NULL,
				 "the Bluetooth adapter %s goes with it", thing->name);
	return check_use(c, USE_MINOR, "%s: Bluetooth", thing->name)
		     ?: check_add(
				c, VFP_WARN, thing->name, NULL,
				"the host would lose %zu Bluetooth connection%s, through "
				"%s",
				n, n == 1 ? "" : "s", thing->name);
}

/* -- USB devices that somebody was given --------------------------------------------- */

static bool is_guest(const struct holder *holder)
{
	return holder->guest || startswith(holder->name, "qemu");
}

/* It is the device that is asked about: nobody else can have it. */
static int say_held(struct check *c, const char *who)
{
	c->kind = "held";
	return check_use(c, USE_VITAL, "%s", who)
		     ?: check_add(c, VFP_REFUSE, who,
				  "unplug it from the guest, or end the process",
				  "%s has it", who);
}

static int say_taken(struct check *c, const struct opener *opener, const char *device)
{
	bool guest = is_guest(opener->holder);
	_cleanup_free_ char *who = NULL;
	int r = holders_text(opener->holder, 1, &who);

	if (r == 0 && c->device->usb)
		return say_held(c, who);
	r = r ?: check_use(c, guest ? USE_VITAL : USE_MINOR, "usb %s: %s", device, who);
	return r
		     ?: check_add(c, guest ? VFP_REFUSE : VFP_WARN, who,
				  guest ? "unplug it from the guest" : NULL,
				  "%s would lose the USB device %s, which it has taken",
				  who, device);
}

/*
 * Claimed by a program (its driver is usbfs), or without a driver: QEMU takes the driver away
 * at once, and claims what the guest asks for later.
 */
static bool is_taken(struct check *c, const struct thing *thing, bool *ret_claimed)
{
	_cleanup_free_ char *driver = NULL;
	int r;

	*ret_claimed = false;
	if (!streq(thing->subsystem, "usb") || !strchr(thing->name, ':'))
		return false;
	r = root_link_name(c->ctx, &driver, "%s/driver", thing->path);
	*ret_claimed = r == 0 && streq(driver, "usbfs");
	return *ret_claimed || r == -ENOENT;
}

/* The interfaces of a device have the same answer: for the first that has one. */
static bool is_first_taken(struct check *c, const struct thing *thing, size_t device)
{
	bool claimed;

	for (size_t i = 0; i < c->n_things && c->things[i] != thing; i++)
		if (strncmp(c->things[i]->path, thing->path, device + 1) == 0 &&
		    is_taken(c, c->things[i], &claimed))
			return false;
	return true;
}

/* "/dev/bus/usb/003/007" of the device at @path; NULL when it has gone. */
static int usb_node(struct check *c, const char *path, char **ret_node)
{
	_cleanup_free_ char *bus = NULL, *number = NULL;
	int r = root_attr(c->ctx, &bus, "%s/busnum", path);

	r = r ?: root_attr(c->ctx, &number, "%s/devnum", path);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	*ret_node = strf("/dev/bus/usb/%03d/%03d", atoi(bus), atoi(number));
	return *ret_node ? 0 : -ENOMEM;
}

/* The interface is 3-1:1.0, the device 3-1. */
int check_usb_taken(struct check *c, struct thing *thing)
{
	_cleanup_openers_ struct openers openers = { 0 };
	_cleanup_free_ char *path = NULL, *node = NULL;
	const char *device;
	bool claimed;
	int r;

	if (!is_taken(c, thing, &claimed))
		return 0;
	path = strndup(thing->path, (size_t)(strrchr(thing->path, '/') - thing->path));
	if (!path)
		return -ENOMEM;
	if (!is_first_taken(c, thing, strlen(path)))
		return 0;
	device = strrchr(path, '/') + 1;
	r = usb_node(c, path, &node);
	if (r == 0 && node)
		r = openers_add(c, &openers, node);
	for (size_t i = 0; r == 0 && i < openers.n; i++)
		if (claimed || is_guest(openers.list[i]->holder))
			r = say_taken(c, openers.list[i], device);
	if (r == 0 && !openers.n && claimed)
		r = check_add(
			c, VFP_UNKNOWN, device, "ask again as root",
			"a program or a guest has taken the USB device %s, and which "
			"could not be seen",
			device);
	return r;
}
