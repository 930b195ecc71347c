/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about displays: the console, in the three ways in which the host can have it
 * on a device, and NVIDIA's own nodes. Programs that draw or compute are in check-open.c.
 *
 * The kernel marks the display that the firmware used (boot_vga). The firmware's framebuffer may
 * lie in the memory of a device without a driver, or of one that is no VGA device and has no
 * such mark; until Linux 6.9 it is nobody's child, and only the map of memory tells.
 */
#include "model/check.h"

#define CLASS_FB   "/sys/class/graphics"
#define VTCONSOLE  "/sys/class/vtconsole"
#define IOMEM      "/proc/iomem"
#define IOMEM_MAX  (4 << 20)
#define BARS       6
#define DRIVER_DIR "/sys/bus/pci/drivers/nvidia"

static bool is_display(const struct check *c)
{
	return startswith(c->device->value[VFP_CLASS], "03");
}

static bool is_boot_display(struct vfp_ctx *ctx, const char *device)
{
	_cleanup_free_ char *boot = NULL;

	return root_attr(ctx, &boot, "%s/boot_vga", device) == 0 && streq(boot, "1");
}

int check_console(struct check *c, struct thing *thing)
{
	(void)thing;
	if (!is_display(c) || driver_hides(device_driver(c->device)) ||
	    !is_boot_display(c->ctx, c->device->path))
		return 0;
	return check_use(c, USE_NORMAL, "console")
		     ?: check_add(c, VFP_REFUSE, "console", NULL,
				  "the host would lose its console: this is the "
				  "display that the firmware started with");
}

/* -- the framebuffer of the firmware ------------------------------------------------- */

struct ranges {
	struct range {
		uint64_t first, last;
	} bar[BARS];
	size_t n;
};

/* "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208" for each; zeros: not there. */
static int read_bars(struct check *c, struct ranges *ranges)
{
	_cleanup_free_ char *text = NULL;
	int r = root_attr(c->ctx, &text, "%s/resource", c->device->path);
	char *rest = text, *line;

	for (int i = 0; r == 0 && i < BARS && (line = strsep(&rest, "\n")); i++) {
		unsigned long long first, last;

		if (sscanf(line, "%llx %llx", &first, &last) != 2 || last == 0)
			continue;
		ranges->bar[ranges->n++] = (struct range){ first, last };
	}
	return r == -ENOMEM ? r : 0;
}

/* The names by which generic drivers of the firmware's framebuffer reserve its memory. */
static bool is_firmware_name(const char *name)
{
	static const char *const names[] = {
		"BOOTFB", "simplefb", "simpledrm", "simple-framebuffer", "efi", "vesa",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (startswith(name, names[i]))
			return true;
	return false;
}

static bool overlaps(const struct ranges *ranges, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (first <= ranges->bar[i].last && last >= ranges->bar[i].first)
			return true;
	return false;
}

/*
 * The framebuffer in the device's memory, by its name in the map; NULL when there is none.
 * *ret_seen is false when the map shows zeros, as it does without root.
 */
static int find_framebuffer(struct check *c, const struct ranges *ranges, char **ret_name,
			    bool *ret_seen)
{
	_cleanup_free_ char *text = NULL;
	int r = root_read(c->ctx, IOMEM, IOMEM_MAX, &text, NULL);
	char *rest = text, *line;

	*ret_seen = false;
	while (r == 0 && !*ret_name && (line = strsep(&rest, "\n"))) {
		unsigned long long first, last;
		int end = 0;

		if (sscanf(line, " %llx-%llx : %n", &first, &last, &end) != 2 || !end)
			continue;
		*ret_seen = *ret_seen || last != 0;
		if (!is_firmware_name(line + end) || !overlaps(ranges, first, last))
			continue;
		*ret_name = strdup(line + end);
		r = *ret_name ? 0 : -ENOMEM;
	}
	return r == -ENOMEM ? r : 0;
}

/* Is there a framebuffer of the firmware at all? The kernel drops it for a real driver. */
static bool has_firmware_framebuffer(struct vfp_ctx *ctx)
{
	static const char *const names[] = { "efi", "vesa", "simple" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (root_exists(ctx, "/sys/bus/platform/devices/%s-framebuffer.0",
				names[i]))
			return true;
	return false;
}

/* Also of a device that is hidden: its memory stays taken, and a guest does not start. */
int check_framebuffer(struct check *c, struct thing *thing)
{
	_cleanup_free_ char *name = NULL;
	struct ranges ranges = { 0 };
	bool seen;
	int r = is_display(c) ? read_bars(c, &ranges) : 0;

	(void)thing;
	if (r < 0 || !ranges.n || !has_firmware_framebuffer(c->ctx))
		return r;
	r = find_framebuffer(c, &ranges, &name, &seen);
	if (r < 0)
		return r;
	if (!seen)
		return check_add(c, VFP_UNKNOWN, NULL, "ask again as root",
				 "whether the firmware's framebuffer is in its memory "
				 "could not be seen");
	if (!name)
		return 0;
	r = driver_hides(device_driver(c->device))
		  ? 0
		  : check_use(c, USE_NORMAL, "framebuffer %s", name);
	return r
		     ?: check_add(c, VFP_REFUSE, name,
				  "boot with initcall_blacklist=sysfb_init, or let its "
				  "driver take it over first",
				  "the firmware's framebuffer (%s) is in its memory: the "
				  "host would lose what it shows there, and a guest may "
				  "find the memory busy or stay dark",
				  name);
}

/* -- the text console ---------------------------------------------------------------- */

/* Does the kernel draw its text on framebuffers? */
static bool draws_text(struct vfp_ctx *ctx)
{
	_cleanup_strings_ char **consoles = NULL;

	if (root_list(ctx, VTCONSOLE, &consoles) < 0)
		return false;
	for (char **name = consoles; *name; name++) {
		_cleanup_free_ char *what = NULL, *bound = NULL;

		if (root_attr(ctx, &what, VTCONSOLE "/%s/name", *name) == 0 &&
		    root_attr(ctx, &bound, VTCONSOLE "/%s/bind", *name) == 0 &&
		    strstr(what, "frame buffer") && streq(bound, "1"))
			return true;
	}
	return false;
}

/* The firmware's framebuffer, or one of the display that the firmware used. */
static bool is_boot_framebuffer(struct vfp_ctx *ctx, const char *name)
{
	_cleanup_free_ char *folder = strf(CLASS_FB "/%s/device", name);
	_cleanup_free_ char *device = NULL;

	return folder && (is_boot_display(ctx, folder) ||
			  (root_link_name(ctx, &device, "%s", folder) == 0 &&
			   endswith(device, "-framebuffer.0")));
}

/*
 * Which framebuffer has the text console: no file says it. It goes to that of the firmware's
 * display, or else to the first, and stays there: when that goes, no other takes it over.
 */
static bool has_text_console(struct vfp_ctx *ctx, const char *name)
{
	_cleanup_strings_ char **names = NULL;
	uint64_t own, number;

	if (parse_number(name + strlen("fb"), 10, INT32_MAX, &own) < 0 ||
	    root_list(ctx, CLASS_FB, &names) < 0)
		return false;
	for (char **other = names; *other; other++) {
		if (!startswith(*other, "fb") || streq(*other, name) ||
		    parse_number(*other + strlen("fb"), 10, INT32_MAX, &number) < 0)
			continue;
		if (number < own || is_boot_framebuffer(ctx, *other))
			return false;
	}
	return true;
}

/* A display whose every connector says that nothing is plugged into it. */
static bool is_dark(struct check *c)
{
	bool dark = false;

	for (size_t i = 0; i < c->n_things; i++) {
		const struct thing *t = c->things[i];
		_cleanup_free_ char *status = NULL;

		if (!streq(t->subsystem, "drm") || !strchr(t->name, '-') ||
		    root_attr(c->ctx, &status, "%s/status", t->path) < 0)
			continue;
		if (!streq(status, "disconnected"))
			return false;
		dark = true;
	}
	return dark;
}

int check_text_console(struct check *c, struct thing *thing)
{
	int r;

	if (!startswith(thing->name, "fb") || is_boot_display(c->ctx, c->device->path) ||
	    !has_text_console(c->ctx, thing->name) || !draws_text(c->ctx))
		return 0;
	if (is_dark(c))
		return check_add(c, VFP_WARN, thing->name, NULL,
				 "the text console is on it (%s), though no monitor is",
				 thing->name);
	r = check_use(c, USE_NORMAL, "%s: text console", thing->name);
	return r
		     ?: check_add(c, VFP_REFUSE, thing->name, NULL,
				  "the host would lose its text console, on %s",
				  thing->name);
}

/* -- NVIDIA -------------------------------------------------------------------------- */

/* How many functions the driver has. */
static int count_of_driver(struct vfp_ctx *ctx, size_t *ret_n)
{
	_cleanup_strings_ char **names = NULL;
	struct address address;
	int r = root_list(ctx, DRIVER_DIR, &names);
	size_t n = 0;

	for (char **name = names; r == 0 && *name; name++)
		n += address_parse(*name, &address) == 0;
	*ret_n = n;
	return r == -ENOMEM ? r : 0;
}

/* The numbers of its nodes are in no file that can be read without waiting for the driver. */
static int say_nvidia(struct check *c, const struct openers *openers, size_t n_held,
		      size_t n_devices)
{
	if (openers->n == 0 || n_held >= n_devices)
		return openers_say(c, openers, "drm", "/dev/nvidia0");
	return check_add(
		c, VFP_UNKNOWN, NULL,
		"compare with Device Minor in /proc/driver/nvidia/gpus",
		"some NVIDIA devices are in use (%s), and which of them cannot be "
		"seen",
		openers->list[0]->node);
}

int check_nvidia(struct check *c, struct thing *thing)
{
	_cleanup_openers_ struct openers all = { 0 };
	size_t n_devices = 0, n_held = 0;
	int r = 0;

	(void)thing;
	if (!streq(device_driver(c->device), "nvidia"))
		return 0;
	r = count_of_driver(c->ctx, &n_devices);
	/* After devices have come and gone the numbers may have gaps. */
	for (size_t i = 0; r == 0 && i < n_devices + 8; i++) {
		_cleanup_openers_ struct openers one = { 0 };
		_cleanup_free_ char *node = strf("/dev/nvidia%zu", i);

		r = node ? openers_add(c, &one, node) : -ENOMEM;
		n_held += one.n != 0;
		r = r ?: openers_add(c, &all, node);
	}
	return r ?: say_nvidia(c, &all, n_held, n_devices);
}
