/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a device: its driver and the settings that the kernel offers for it.
 *
 * vfio-pci allows runtime power management when it binds and forbids it when it lets go, as
 * many a host driver does in its own way, so power/control has to be written after that as
 * well.
 */
#include "act/act.h"

const struct setting_row setting_rows[SETTINGS] = {
	[OVERRIDE] = { "driver_override", SET_LAST, NULL },
	[D3COLD] = { "d3cold_allowed", SET_FIRST, "0" },
	[POWER] = { "power/control", SET_TWICE, "on" },
};

int state_set_value(struct state *state, enum setting setting, const char *value)
{
	char *copy = strdup(nonnull(value));

	if (!copy)
		return -ENOMEM;
	free(state->value[setting]);
	state->value[setting] = copy;
	return 0;
}

int state_set(struct state *state, const char *driver, const char *override)
{
	char *copy = strdup(nonnull(driver));
	int r = copy ? state_set_value(state, OVERRIDE, override) : -ENOMEM;

	if (r < 0) {
		free(copy);
		return r;
	}
	free(state->driver);
	state->driver = copy;
	return 0;
}

void state_done(struct state *state)
{
	free(state->driver);
	for (size_t i = 0; i < SETTINGS; i++)
		free(state->value[i]);
	*state = (struct state){ 0 };
}

int values_copy(char *const from[SETTINGS], char *to[SETTINGS])
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (!from[i])
			continue;
		to[i] = strdup(from[i]);
		if (!to[i])
			return -ENOMEM;
	}
	return 0;
}

int state_copy(const struct state *from, struct state *ret_state)
{
	struct state state = { .driver = strdup(nonnull(from->driver)) };
	int r = state.driver ? values_copy(from->value, state.value) : -ENOMEM;

	if (r < 0) {
		state_done(&state);
		return r;
	}
	state_done(ret_state);
	*ret_state = state;
	return 0;
}

bool state_reached(const struct state *now, const struct state *want)
{
	if (!streq(nonnull(now->driver), nonnull(want->driver)))
		return false;
	for (size_t i = 0; i < SETTINGS; i++)
		if (want->value[i] && !streq(nonnull(now->value[i]), want->value[i]))
			return false;
	return true;
}
