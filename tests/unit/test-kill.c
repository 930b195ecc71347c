/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kills: the caller, the child that writes, or both, before and after every write to
 * sysfs and every write of a record, in hide, in return, and in each recovery that
 * follows. What they leave behind is device and record; each such pair that was ever seen
 * is recovered, and that recovery killed at each of its points, until nothing new comes
 * up: so the depth does not matter. It always ends in the original state or in the goal,
 * and is then at rest.
 *
 * VFIOPREP_THOROUGH=1 in the environment tries every original state with every kind of
 * kill. Otherwise, for the sake of time, each has the plainest kind and one of the others
 * in turn, and states that differ only in which foreign name the override holds are left
 * out.
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

/* -- situations: what a kill can leave behind ---------------------------------------- */

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

/* -- kills --------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	int victims;
	bool after;
} kinds[] = {
	{ "both killed before", MODEL_BOTH, false },
	{ "caller killed before", MODEL_PARENT, false },
	{ "child killed before", MODEL_CHILD, false },
	{ "both killed after", MODEL_BOTH, true },
	{ "child killed after", MODEL_CHILD, true },
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
 * A child killed alone leaves a caller who has to see to it himself: either it is as it
 * was found, and he says so, or the record says what is left to do.
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
			    const struct kind *kind, unsigned int points,
			    struct engine_state original)
{
	static const char *const verbs[] = { "hide", "return", "recover" };

	for (unsigned int point = 1; point <= points; point++) {
		struct engine_result result;
		char how[160];

		enter(from);
		order(kind, point);
		result = engine_run(call);
		assert_true(model_control()->done);
		assert_int_equal(model_control()->forbidden, 0);
		if (call->verb != ENGINE_RECOVER)
			check_survivor(from, &result, original);
		snprintf(how, sizeof(how), "%s, %s point %u", verbs[call->verb],
			 kind->name, point);
		note_situation(how);
	}
}

static void kill_each_way(const struct situation *from, const struct engine_call *call,
			  unsigned int points, struct engine_state original, size_t turn)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (i == 0 || i == turn || thorough)
			kill_everywhere(from, call, &kinds[i], points, original);
}

/* -- recovery ------------------------------------------------------------------------ */

/* Hide's crash goes back, unless all was done; return's goes on; what is hidden stays. */
static bool as_it_must_be(const struct situation *s, struct engine_state original)
{
	static const struct engine_state goal = { "vfio-pci", "vfio-pci" };
	const char *record = s->record ? s->record : "";
	bool keep = strstr(record, "\nphase=hidden\n") ||
		    (strstr(record, "\nphase=hiding\n") && engine_same(s->device, goal));

	return engine_has_record(fixture, LONE) == keep &&
	       engine_same(engine_get(fixture, LONE), keep ? goal : original) &&
	       engine_at_rest(fixture, LONE, original);
}

/* Returns how many points there were. */
static unsigned int recover(const struct situation *s, struct engine_state original)
{
	struct engine_call call = recover_call;
	struct engine_result result;
	unsigned int points;

	call.apart = false;
	enter(s);
	result = engine_run(&call);
	if (result.error < 0)
		say_failed(s, original, result.findings);
	if (!as_it_must_be(s, original))
		say_failed(s, original, "recovery does not lead to rest");
	points = model_control()->points;
	model_reset();
	result = engine_run(&call);
	if (result.error < 0 || model_control()->points)
		say_failed(s, original, "a second recovery is not idle");
	if (!as_it_must_be(s, original))
		say_failed(s, original, "a second recovery disturbs");
	return points;
}

/*
 * All that can follow, however often it is killed: the list grows while it is gone
 * through.
 */
static void recover_all(struct engine_state original)
{
	for (size_t i = 0; i < n_seen; i++) {
		struct situation now = seen[i];
		unsigned int points = recover(&now, original);

		kill_each_way(&now, &recover_call, points, original, 0);
	}
}

/* The call without a kill: what it leaves in *s, and how many points it had. */
static unsigned int complete(struct situation *s, const struct engine_call *call)
{
	struct engine_call whole = *call;

	whole.apart = false;
	enter(s);
	assert_int_equal(engine_run(&whole).error, 0);
	s->device = engine_get(fixture, LONE);
	free(s->record);
	s->record = fixture_read(fixture, RECORD_DIR "/" LONE);
	return model_control()->points;
}

static void try_original(struct engine_state original, size_t turn)
{
	struct situation start = { .device = original, .how = "nothing" }, end = start;
	unsigned int hiding = complete(&end, &hide_call), returning;

	forget_all();
	kill_each_way(&start, &hide_call, hiding, original, turn);
	start = end;
	start.record = strdup(end.record);
	returning = complete(&end, &return_call);
	assert_true(engine_same(end.device, original));
	kill_each_way(&start, &return_call, returning, original, turn);
	free(start.record);
	free(end.record);
	recover_all(original);
}

static void every_original_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < engine_states(); i++)
		try_original(engine_nth(i), 1 + i % (ARRAY_SIZE(kinds) - 1));
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_original_state),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
