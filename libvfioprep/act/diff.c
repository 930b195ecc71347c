/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference of two states, as steps. It is pure, so it can be printed, tested for every
 * pair, and used for every direction: hide, return, roll-back, recovery.
 *
 * The order matters. The override names the wanted driver before the old one is unbound, so
 * that neither udev nor another manager can bind something else in between. `drivers/X/unbind`
 * names the driver, so that a device which somebody else has rebound is not touched (ENODEV).
 * `drivers/X/bind` tells the driver's own errno, which drivers_probe hides. The wanted
 * override comes last, since it may name another driver than the wanted one. Other settings
 * have their place in the table of state.c.
 */
#include "act/act.h"

int step_add(struct steps *steps, enum op op, const char *path, const char *value)
{
	struct step *grown = reallocarray(steps->list, steps->n + 1, sizeof(*grown));
	struct step *step;

	if (!grown)
		return -ENOMEM;
	steps->list = grown;
	step = &grown[steps->n++];
	*step = (struct step){ .op = op, .path = strdup(path), .value = strdup(value) };
	return step->path && step->value ? 0 : -ENOMEM;
}

void steps_done(struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		free(steps->list[i].path);
		free(steps->list[i].value);
	}
	free(steps->list);
	*steps = (struct steps){ 0 };
}

/* A setting is cleared with a newline: the kernel does not see a write of nothing. */
static int write_setting(struct steps *steps, const char *address, enum setting setting,
			 const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address,
		 setting_rows[setting].name);
	return step_add(steps, WRITE, path, *value ? value : "\n");
}

/* That nobody else has set it since. */
static int expect_setting(struct steps *steps, const char *address, enum setting setting,
			  const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address,
		 setting_rows[setting].name);
	return step_add(steps, EXPECT_SETTING, path, value);
}

static int write_driver(struct steps *steps, const char *address, const char *driver,
			const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DRIVERS "/%s/%s", driver, file);
	return step_add(steps, WRITE, path, address);
}

static int expect_driver(struct steps *steps, const char *address, const char *driver)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", address);
	return step_add(steps, EXPECT_DRIVER, path, driver);
}

/* What has to be set before the driver changes; to one of the host some of it is set after. */
static int write_first(struct steps *steps, const char *address, const struct state *now,
		       const struct state *want)
{
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++)
		if (setting_rows[i].when != SET_LAST && want->value[i] &&
		    (setting_rows[i].when == SET_FIRST || driver_hides(want->driver) ||
		     streq(now->driver, want->driver)) &&
		    !streq(nonnull(now->value[i]), want->value[i]))
			r = write_setting(steps, address, i, want->value[i]);
	return r;
}

/*
 * And after it. @override: what the override holds by then; @rebound: a driver had the
 * occasion to set something itself.
 */
static int write_last(struct steps *steps, const char *address, const struct state *want,
		      const char *override, bool rebound)
{
	int r = 0;

	for (size_t i = 0; i < SETTINGS && r == 0; i++) {
		bool due = setting_rows[i].when == SET_TWICE && rebound;

		if (i == OVERRIDE)
			due = !streq(override, nonnull(want->value[i]));
		if (due && want->value[i] && i == OVERRIDE)
			r = expect_setting(steps, address, i, override);
		if (r == 0 && due && want->value[i])
			r = write_setting(steps, address, i, want->value[i]);
	}
	return r;
}

static int change_driver(struct steps *steps, const char *address,
			 const struct state *now, const struct state *want,
			 const char **override)
{
	int r = 0;

	if (*want->driver && !streq(*override, want->driver)) {
		r = write_setting(steps, address, OVERRIDE, want->driver);
		*override = want->driver;
	}
	if (r == 0 && *now->driver) {
		r = write_driver(steps, address, now->driver, "unbind");
		r = r ?: step_add(steps, DROP_DISKS, "", "");
	}
	if (r == 0 && *want->driver)
		r = write_driver(steps, address, want->driver, "bind");
	return r ?: expect_driver(steps, address, want->driver);
}

int diff(struct steps *steps, const char *address, const struct state *now,
	 const struct state *want)
{
	const char *override = now->value[OVERRIDE];
	bool rebound = !streq(now->driver, want->driver);
	int r = write_first(steps, address, now, want);

	if (r == 0 && rebound)
		r = change_driver(steps, address, now, want, &override);
	return r ?: write_last(steps, address, want, override, rebound);
}
