/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's test bench: see engine.h.
 */
#include "engine.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/*
 * Thousands of processes are forked here, and what a fork costs is the memory that there
 * is to be copied: the sanitizer shall not keep what was freed.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:"
	       "malloc_context_size=6";
}

/* -- the host ------------------------------------------------------------------------ */

struct fixture *engine_host(void)
{
	static const struct {
		const char *address;
		int group;
	} devices[] = { { LONE, 11 },  { PAIR0, 12 }, { PAIR1, 12 },
			{ SIDE0, 13 }, { SIDE1, 14 }, { SIDE2, 15 } };
	struct fixture *f = fixture_new();

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		fixture_device(f, &(struct fixture_device){ .address = devices[i].address,
							    .class = "ff0000",
							    .driver = "host",
							    .group = devices[i].group });
	fixture_driver(f, "host2", NULL, "8086:10d3");
	model_reset();
	return f;
}

/* -- states -------------------------------------------------------------------------- */

static const char *const drivers[ENGINE_DRIVERS] = { "", "host", "host2", "vfio-pci",
						     "pci-stub" };
static const char *const overrides[] = { "",     "host",  "vfio-pci",
					 "none", "host2", "pci-stub" };

size_t engine_states(void)
{
	return getenv("VFIOPREP_THOROUGH") ? ENGINE_ALL_STATES : ENGINE_STATES;
}

static struct engine_state make(const char *driver, const char *override)
{
	struct engine_state state;

	snprintf(state.driver, sizeof(state.driver), "%s", driver);
	snprintf(state.override, sizeof(state.override), "%s", override);
	return state;
}

struct engine_state engine_nth(size_t n)
{
	return make(drivers[n % ENGINE_DRIVERS], overrides[n / ENGINE_DRIVERS]);
}

bool engine_same(struct engine_state a, struct engine_state b)
{
	return streq(a.driver, b.driver) && streq(a.override, b.override);
}

const char *engine_show(struct engine_state state)
{
	static char texts[8][96];
	static unsigned int next;
	char *text = texts[next++ % ARRAY_SIZE(texts)];

	snprintf(text, sizeof(texts[0]), "(%s, override %s)",
		 *state.driver ? state.driver : "no driver",
		 *state.override ? state.override : "unset");
	return text;
}

struct engine_state engine_get(struct fixture *f, const char *address)
{
	_cleanup_free_ char *driver =
		fixture_link_name(f, "/sys/bus/pci/devices/%s/driver", address);
	_cleanup_free_ char *override =
		fixture_read(f, "/sys/bus/pci/devices/%s/driver_override", address);

	fixture_need(override, "no driver_override", address);
	chomp(override);
	return make(nonnull(driver), streq(override, "(null)") ? "" : override);
}

static void put(struct fixture *f, const char *path, const char *value)
{
	int r = model_core_write(f->root, path, value);

	fixture_need(r == 0, path, value);
}

void engine_put(struct fixture *f, const char *address, struct engine_state state)
{
	_cleanup_free_ char *override =
		strf("/sys/bus/pci/devices/%s/driver_override", address);
	struct engine_state now = engine_get(f, address);
	char path[128];

	if (!streq(now.driver, state.driver)) {
		put(f, override, *state.driver ? state.driver : "\n");
		snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/unbind",
			 now.driver);
		if (*now.driver)
			put(f, path, address);
		snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind",
			 state.driver);
		if (*state.driver)
			put(f, path, address);
	}
	put(f, override, *state.override ? state.override : "\n");
}

/* -- records ------------------------------------------------------------------------- */

void engine_forget(struct fixture *f)
{
	fixture_remove(f, "/run/vfioprep");
}

bool engine_has_record(struct fixture *f, const char *address)
{
	return fixture_exists(f, RECORD_DIR "/%s", address);
}

char *engine_record(struct fixture *f, const char *address, const char *key)
{
	_cleanup_free_ char *text = fixture_read(f, RECORD_DIR "/%s", address);
	_cleanup_free_ char *start = strf("\n%s=", key);
	char *found = text ? strstr(text, start) : NULL;

	if (!found)
		return NULL;
	found += strlen(start);
	found[strcspn(found, "\n")] = '\0';
	return strdup(found);
}

bool engine_at_rest(struct fixture *f, const char *address, struct engine_state original)
{
	_cleanup_free_ char *phase = engine_record(f, address, "phase");
	struct engine_state now = engine_get(f, address);

	if (!engine_has_record(f, address))
		return engine_same(now, original);
	return phase && streq(phase, "hidden") &&
	       engine_same(now, make("vfio-pci", "vfio-pci"));
}

void engine_fresh(struct fixture *f)
{
	static const char *const devices[] = { LONE, PAIR0, PAIR1, SIDE0, SIDE1, SIDE2 };
	static const char *const paths[] = { "/model/open", "/model/held",
					     "/model/mounted", "/model/rename",
					     "/model/blocked" };

	model_reset();
	engine_forget(f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		fixture_remove(f, paths[i]);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		engine_put(f, devices[i], make("host", ""));
}

/* -- transactions -------------------------------------------------------------------- */

static void note_progress(void *data, enum vfp_event event, const char *device,
			  const char *driver)
{
	struct engine_result *result = data;
	size_t n = strlen(result->progress);

	snprintf(result->progress + n, sizeof(result->progress) - n, "%s %s %s %s\n",
		 event == VFP_UNBOUND ? "Unbinding" : "Binding", device,
		 event == VFP_UNBOUND ? "from" : "to", driver);
}

static void note_findings(struct engine_result *result, struct vfp_finding **findings)
{
	for (struct vfp_finding **f = findings; f && *f; f++) {
		size_t n = strlen(result->findings);

		snprintf(result->findings + n, sizeof(result->findings) - n,
			 "%s %s %s %s: %s\n", vfp_severity_name((*f)->severity),
			 (*f)->kind, (*f)->device, (*f)->object, (*f)->text);
	}
	vfp_findings_free(findings);
}

static int set_option(struct vfp_plan *plan, enum vfp_option option, const char *value)
{
	return value ? vfp_plan_set(plan, option, value) : 0;
}

static int fill(struct vfp_plan *plan, const struct engine_call *call)
{
	int r = call->verb == ENGINE_RECOVER ? vfp_plan_recover(plan) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(call->devices) && call->devices[i] && r == 0;
	     i++)
		r = call->verb == ENGINE_HIDE
			  ? vfp_plan_hide(plan, call->devices[i], call->driver)
			  : vfp_plan_return(plan, call->devices[i], call->driver);
	r = r ?: set_option(plan, VFP_FORCE, call->force);
	r = r ?: set_option(plan, VFP_TIMEOUT, call->timeout);
	r = r ?: set_option(plan, VFP_WAIT, call->wait);
	r = r ?: set_option(plan, VFP_DEADLINE, call->deadline);
	r = r ?: set_option(plan, VFP_FOR, call->claim);
	r = r ?: set_option(plan, VFP_PID, call->pid);
	return r ?: set_option(plan, VFP_GROUPS, call->groups ? "1" : NULL);
}

static struct vfp_ctx *current;

static void cancel(int signal)
{
	(void)signal;
	vfp_ctx_cancel(current);
}

static void run_here(const struct engine_call *call, struct engine_result *result)
{
	struct vfp_finding **findings = NULL;
	struct vfp_plan *plan = NULL;
	struct vfp_ctx *ctx = NULL;
	int64_t begin = now_msec();

	model_control()->caller = getpid();
	result->error = vfp_ctx_new(&ctx);
	current = ctx;
	signal(SIGUSR1, cancel);
	if (result->error == 0)
		result->error = vfp_plan_new(ctx, &plan);
	if (result->error == 0)
		vfp_plan_set_progress(plan, note_progress, result);
	if (result->error == 0)
		result->error = fill(plan, call);
	if (result->error == 0)
		result->error = vfp_plan_run(plan, &findings);
	signal(SIGUSR1, SIG_IGN);
	note_findings(result, findings);
	vfp_plan_free(plan);
	vfp_ctx_free(ctx);
	result->msec = now_msec() - begin;
}

void engine_reap(void)
{
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

static void run_apart(const struct engine_call *call, struct engine_result *result)
{
	int status = 0;
	pid_t pid;

	/*
	 * Children of a caller who was killed become ours, so that their end can be
	 * awaited.
	 */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0) {
		run_here(call, result);
		_exit(0);
	}
	fixture_need(pid > 0 && waitpid(pid, &status, 0) == pid, "process", "tool");
	result->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	fixture_need(result->killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0),
		     "the tool died of something else than SIGKILL", "tool");
}

struct engine_result engine_run(const struct engine_call *call)
{
	struct engine_result *shared, result;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fixture_need(shared != MAP_FAILED, "mmap", "result");
	if (call->apart)
		run_apart(call, shared);
	else
		run_here(call, shared);
	if (!call->linger)
		engine_reap();
	result = *shared;
	munmap(shared, sizeof(*shared));
	return result;
}

/* -- verdicts ------------------------------------------------------------------------ */

void engine_expect(struct fixture *f, const char *what, const char *address,
		   struct engine_state wanted)
{
	struct engine_state now = engine_get(f, address);

	if (!engine_same(now, wanted))
		fail_msg("%s: %s is %s, not %s; written:\n%s", what, address,
			 engine_show(now), engine_show(wanted), model_control()->log);
}

void engine_expect_error(const char *what, const struct engine_result *result, int error)
{
	if (result->error != error)
		fail_msg("%s: returned %d, not %d; findings:\n%swritten:\n%s", what,
			 result->error, error, result->findings, model_control()->log);
}
