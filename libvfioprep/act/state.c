/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a device: its driver and the settings that the kernel offers for it.
 */
#include "act/act.h"

const struct setting_row setting_rows[SETTINGS] = {
	[OVERRIDE] = { "driver_override", false },
};

int state_make(const char *driver, const char *override, struct state *ret_state)
{
	struct state state = { .driver = strdup(nonnull(driver)) };

	state.value[OVERRIDE] = strdup(nonnull(override));
	if (!state.driver || !state.value[OVERRIDE]) {
		state_done(&state);
		return -ENOMEM;
	}
	state_done(ret_state);
	*ret_state = state;
	return 0;
}

void state_done(struct state *state)
{
	free(state->driver);
	for (size_t i = 0; i < SETTINGS; i++)
		free(state->value[i]);
	*state = (struct state){ 0 };
}

int state_copy(const struct state *from, struct state *ret_state)
{
	return state_make(from->driver, from->value[OVERRIDE], ret_state);
}

bool state_equal(const struct state *a, const struct state *b)
{
	if (!streq(nonnull(a->driver), nonnull(b->driver)))
		return false;
	for (size_t i = 0; i < SETTINGS; i++)
		if (!streq(nonnull(a->value[i]), nonnull(b->value[i])))
			return false;
	return true;
}
