/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kills: the caller, the child that writes, or both, before and after every write to sysfs
 * and every write of a record, in hide, in return, and in each recovery that follows. What
 * they leave behind is device and record; each such pair that was ever seen is recovered,
 * and that recovery killed at each of its points, until nothing new comes up: so the depth
 * does not matter. It always ends in the original state or in the goal, and is then at rest.
 *
 * VFIOPREP_THOROUGH=1 in the environment tries every original state with every kind of kill;
 * otherwise each state gets those that differ (see kinds), and the rest is sampled.
 */
#include "engine.h"

#define SITUATIONS 200

static struct fixture *fixture;
static bool thorough;

static int set_up(void **state)
{
	(void)state;
	thorough = getenv("VFIOPREP_THOROUGH");
	fixture = engine_host();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

static const struct engine_state hidden = { "vfio-pci", "vfio-pci" };

/* -- situations: what a kill can leave behind ---------------------------------------------- */

struct situation {
	struct engine_state device;
	char *record;  /* NULL: none */
	char how[160]; /* the first way that led to it */
};

static struct situation seen[SITUATIONS];
static size_t n_seen;

static void forget_all(void)
{
	for (size_t i = 0; i < n_seen; i++)
		free(seen[i].record);
	n_seen = 0;
}

/* When it was made makes no difference. */
static void blank_time(char *record)
{
	char *since = record ? strstr(record, "\nsince=") : NULL;

	for (char *c = since ? since + strlen("\nsince=") : NULL; c && *c != '\n'; c++)
		*c = '1';
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* Keep what is there now, unless it was seen before. */
static void note_situation(const char *how)
{
	struct situation now = { .device = engine_get(fixture, LONE),
				 .record = fixture_read(fixture, RECORD_DIR "/" LONE) };

	blank_time(now.record);
	for (size_t i = 0; i < n_seen; i++)
		if (engine_same(seen[i].device, now.device) &&
		    same_text(seen[i].record, now.record)) {
			free(now.record);
			return;
		}
	snprintf(now.how, sizeof(now.how), "%s", how);
	assert_in_range(n_seen, 0, SITUATIONS - 1);
	seen[n_seen++] = now;
}

static void enter(const struct situation *situation)
{
	engine_put(fixture, LONE, situation->device);
	engine_forget(fixture);
	if (situation->record)
		fixture_write(fixture, RECORD_DIR "/" LONE, "%s", situation->record);
	model_reset();
}

static void say_failed(const struct situation *s, struct engine_state original,
		       const char *what)
{
	fail_msg("original %s; %s left %s and the record\n%s\n%s; now %s",
		 engine_show(original), s->how, engine_show(s->device),
		 s->record ? s->record : "(none)", what,
		 engine_show(engine_get(fixture, LONE)));
}

/* -- kills ---------------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	int victims;
	bool after;
	bool always; /* else: for every third original state */
} kinds[] = {
	{ "both killed before", MODEL_BOTH, false, true },
	{ "caller killed before", MODEL_PARENT, false, false },
	{ "child killed before", MODEL_CHILD, false, false },
	{ "both killed after", MODEL_BOTH, true, false },
	{ "child killed after", MODEL_CHILD, true, false },
};

static void order(const struct kind *kind, unsigned int point)
{
	struct model_control *control = model_reset();

	control->action = MODEL_KILL;
	control->victims = kind->victims;
	control->after = kind->after;
	control->at = point;
}

static const struct engine_call hide_call = { .verb = ENGINE_HIDE,
					      .devices = { LONE },
					      .apart = true };
static const struct engine_call return_call = { .verb = ENGINE_RETURN,
						.devices = { LONE },
						.apart = true };
static const struct engine_call recover_call = { .verb = ENGINE_RECOVER, .apart = true };

/*
 * A child killed alone leaves a caller who has to see to it himself: either it is as it was
 * found, and he says so, or the record says what is left to do.
 */
static void check_survivor(const struct situation *from,
			   const struct engine_result *result,
			   struct engine_state original)
{
	struct engine_state now = engine_get(fixture, LONE);

	if (result->killed || result->error == 0 || result->error == -ENOTRECOVERABLE)
		return;
	if (result->error != -ECANCELED || !engine_same(now, from->device))
		say_failed(from, original, result->findings);
}

/* From one situation: the call, killed at each of its points in turn. */
static void kill_everywhere(const struct situation *from, const struct engine_call *call,
			    const struct kind *kind, struct engine_state original)
{
	static const char *const verbs[] = { "hide", "return", "recover" };

	for (unsigned int point = 1;; point++) {
		struct engine_result result;
		char how[160];

		enter(from);
		order(kind, point);
		result = engine_run(call);
		if (!model_control()->done)
			break;
		assert_int_equal(model_control()->forbidden, 0);
		if (call->verb != ENGINE_RECOVER)
			check_survivor(from, &result, original);
		snprintf(how, sizeof(how), "%s, %s point %u", verbs[call->verb],
			 kind->name, point);
		note_situation(how);
	}
}

static void kill_each_way(const struct situation *from, const struct engine_call *call,
			  struct engine_state original, bool sample)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].always || thorough || sample)
			kill_everywhere(from, call, &kinds[i], original);
}

/* -- recovery --------------------------------------------------------------------------------- */

/* At rest: nothing recorded and back, or recorded as hidden and hidden. */
static bool at_rest(struct engine_state original)
{
	_cleanup_free_ char *phase = engine_record(fixture, LONE, "phase");
	struct engine_state now = engine_get(fixture, LONE);

	if (!phase)
		return engine_same(now, original);
	return streq(phase, "hidden") && engine_same(now, hidden);
}

static void recover(const struct situation *s, struct engine_state original)
{
	struct engine_call call = recover_call;
	struct engine_result result;

	call.apart = false;
	enter(s);
	result = engine_run(&call);
	if (result.error < 0)
		say_failed(s, original, result.findings);
	if (!at_rest(original))
		say_failed(s, original, "recovery does not lead to rest");
	model_reset();
	result = engine_run(&call);
	if (result.error < 0 || model_control()->points)
		say_failed(s, original, "a second recovery is not idle");
	if (!at_rest(original))
		say_failed(s, original, "a second recovery disturbs");
}

/* All that can follow, however often it is killed: the list grows while it is gone through. */
static void recover_all(struct engine_state original, bool sample)
{
	for (size_t i = 0; i < n_seen; i++) {
		struct situation now = seen[i];

		recover(&now, original);
		if (now.record)
			kill_each_way(&now, &recover_call, original, sample && thorough);
	}
}

static void try_original(struct engine_state original, bool sample)
{
	struct situation start = { .device = original, .how = "nothing" };
	struct engine_result result;

	forget_all();
	kill_each_way(&start, &hide_call, original, sample);
	enter(&start);
	result = engine_run(
		&(struct engine_call){ .verb = ENGINE_HIDE, .devices = { LONE } });
	assert_int_equal(result.error, 0);
	start.device = engine_get(fixture, LONE);
	start.record = fixture_read(fixture, RECORD_DIR "/" LONE);
	kill_each_way(&start, &return_call, original, sample);
	free(start.record);
	recover_all(original, sample);
}

static void every_original_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_STATES; i++)
		try_original(engine_nth(i), i % 3 == 0);
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_original_state),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
