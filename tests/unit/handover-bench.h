/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For test-handover.c: a guest that has what it was given, answers as it is told to, and keeps
 * the vfio groups of its devices open, as struct vfp_guest_ops; and the calls on it. It lives
 * in shared memory, so that it outlasts a caller who is killed.
 */
#ifndef VFIOPREP_TESTS_HANDOVER_BENCH_H
#define VFIOPREP_TESTS_HANDOVER_BENCH_H

#include "engine.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define QEMU  4711
#define QEMU2 4712

static struct fixture *fixture;

static struct fake_guest {
	const char *name;
	int process;
	struct {
		char id[32], device[32];
	} has[8];
	int attach_error, detach_error;
	bool attach_anyway;	/* it has it all the same */
	bool cancel;		/* the caller is interrupted while it is asked to attach */
	int dies_after;		/* milliseconds, with all that it has */
	bool ended;		/* nothing answers any more */
	int cancel_after;	/* milliseconds, whatever it is doing */
	const char *refuse;	/* this device */
	const char *goes;	/* what leaves while it is followed */
	bool ends;
	unsigned int attached, detached;
	char record_when_asked[32];
	struct vfp_ctx *ctx;	/* of the caller */
} *guest;

struct handed {
	int error;
	int64_t msec;
	char progress[1024], findings[4096];
};

/* -- the guest ------------------------------------------------------------------------- */

static inline int place_of(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(guest->has); i++)
		if (streq(guest->has[i].id, id))
			return (int)i;
	return -1;
}

static inline bool guest_has(const char *id, const char *device)
{
	int place = place_of(id);

	return place >= 0 && streq(guest->has[place].device, device);
}

static inline char *group_node(const char *device)
{
	_cleanup_free_ char *group =
		fixture_link_name(fixture, "/sys/bus/pci/devices/%s/iommu_group", device);

	return strf("/model/open/%s", nonnull(group));
}

static inline void close_group(const char *device)
{
	_cleanup_free_ char *node = group_node(device);

	fixture_remove(fixture, node);
}

static inline void guest_put(const char *id, const char *device)
{
	_cleanup_free_ char *node = device ? group_node(device) : NULL;
	int place = place_of("");

	fixture_need(place >= 0, "room", "guest");
	snprintf(guest->has[place].id, 32, "%s", id);
	snprintf(guest->has[place].device, 32, "%s", nonnull(device));
	if (node)
		fixture_write(fixture, node, "open\n");
}

/* The group is closed with the last of its devices. */
static inline void guest_drop(const char *id)
{
	int place = place_of(id);
	_cleanup_free_ char *node = NULL;

	fixture_need(place >= 0, "not in the guest", id);
	node = group_node(guest->has[place].device);
	fixture_remove(fixture, node);
	guest->has[place].id[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(guest->has); i++)
		if (*guest->has[i].id && *guest->has[i].device) {
			_cleanup_free_ char *other = group_node(guest->has[i].device);

			if (streq(other, node))
				fixture_write(fixture, node, "open\n");
		}
}

static inline int fake_find(void *data, const char *id, int timeout, char **ret_kind,
			    char **ret_device, char **ret_why)
{
	int place = place_of(id);

	(void)data;
	(void)timeout;
	(void)ret_why;
	if (place < 0)
		return -ENOENT;
	*ret_kind = strdup(*guest->has[place].device ? "pci" : "memory");
	if (*guest->has[place].device)
		*ret_device = strdup(guest->has[place].device);
	return 0;
}

/* "0000:01:00.0" of "pci_0000..."; what the request's text has of an address. */
static inline void device_of(const struct vfp_hotplug *request, char device[32])
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char *host;
	int r = vfp_hotplug_render(request, "hmp", VFP_ATTACH, out, NULL);

	fclose(out);
	host = r == 0 ? strstr(text, "host=") : NULL;
	snprintf(device, 32, "%.12s", host ? host + strlen("host=") : "");
}

static inline void note_record(const char *device, const char *key)
{
	_cleanup_free_ char *value = engine_record(fixture, device, key);

	snprintf(guest->record_when_asked, 32, "%s", nonnull(value));
}

static inline int fake_attach(void *data, struct vfp_hotplug *request, int timeout,
			      char **ret_why)
{
	char device[32];

	(void)data;
	(void)timeout;
	device_of(request, device);
	if (*device)
		note_record(device, "id");
	if (guest->cancel)
		vfp_ctx_cancel(guest->ctx);
	if (guest->refuse && streq(guest->refuse, device)) {
		*ret_why = strdup("no such bus");
		return -EREMOTEIO;
	}
	if (guest->attach_error == -EREMOTEIO)
		*ret_why = strdup("no such bus");
	if (guest->attach_error == 0 || guest->attach_anyway)
		guest_put(vfp_hotplug_id(request), *device ? device : NULL);
	guest->attached += guest->attach_error == 0;
	return guest->attach_error;
}

static inline int fake_detach(void *data, const struct vfp_hotplug *request, int timeout,
			      char **ret_why)
{
	const char *id = vfp_hotplug_id(request);
	int place = place_of(id);

	(void)data;
	(void)timeout;
	(void)ret_why;
	if (place < 0)
		return -ENOENT;
	if (*guest->has[place].device)
		note_record(guest->has[place].device, "unplug");
	if (guest->detach_error < 0)
		return guest->detach_error;
	guest->detached++;
	guest_drop(id);
	return 0;
}

/* What goes goes once; then the guest has ended, or the watch is. */
static inline int fake_next_gone(void *data, int timeout, char **ret_id, char **ret_why)
{
	const char *goes = guest->goes;

	(void)data;
	(void)timeout;
	(void)ret_why;
	guest->goes = NULL;
	if (goes) {
		guest_drop(goes);
		*ret_id = strdup(goes);
		return 0;
	}
	for (size_t i = 0; guest->ends && i < ARRAY_SIZE(guest->has); i++)
		if (*guest->has[i].id)
			guest_drop(guest->has[i].id);
	return guest->ends ? -EPIPE : -ECANCELED;
}

static inline int fake_process(void *data)
{
	(void)data;
	return guest->process;
}

static inline void fake_close(void *data)
{
	(void)data;
}

static const struct vfp_guest_ops fake_ops = { fake_find,      fake_attach,  fake_detach,
					       fake_next_gone, fake_process, fake_close };

/* -- calls ----------------------------------------------------------------------------- */

static inline void note(void *data, enum vfp_event event, const char *device,
			const char *driver)
{
	static const char *const words[] = { "Unbinding", "Binding", "Plugging",
					     "Unplugging" };
	struct handed *result = data;
	size_t n = strlen(result->progress);

	snprintf(result->progress + n, sizeof(result->progress) - n, "%s %s %s\n",
		 words[event], device, driver);
}

static inline void note_findings(struct handed *result,
				 struct vfp_finding *const *findings)
{
	for (; findings && *findings; findings++) {
		size_t n = strlen(result->findings);

		snprintf(result->findings + n, sizeof(result->findings) - n,
			 "%s %s: %s\n", (*findings)->kind, (*findings)->device,
			 (*findings)->text);
	}
}

static inline void note_report(void *data, int error, struct vfp_finding *const *findings)
{
	(void)error;
	note_findings(data, findings);
}

struct call {
	enum { PLUG, UNPLUG, WATCH } what;
	struct vfp_hotplug *requests[3];
	const char *hide[2];
	bool keep;
};

static inline int run_on(struct vfp_guest *g, struct vfp_plan *plan,
			 const struct call *call, struct handed *result,
			 struct vfp_finding ***findings)
{
	if (call->what == PLUG)
		return vfp_attach(g, call->requests, plan, findings);
	if (call->what == UNPLUG)
		return vfp_detach(g, call->requests, call->keep, plan, findings);
	vfp_plan_set(plan, VFP_KEEP_CLAIMS, "1");
	return vfp_watch(g, plan, note_report, result);
}

static inline void *cancel_later(void *ctx)
{
	usleep((useconds_t)guest->cancel_after * 1000);
	vfp_ctx_cancel(ctx);
	return NULL;
}

static inline void process_runs(int pid, bool runs);

static inline void *die_later(void *unused)
{
	(void)unused;
	usleep((useconds_t)guest->dies_after * 1000);
	for (size_t i = 0; i < ARRAY_SIZE(guest->has); i++)
		if (*guest->has[i].id)
			guest_drop(guest->has[i].id);
	process_runs(QEMU, false);
	return NULL;
}

static inline struct handed run_call(const struct call *call)
{
	pthread_t canceller, killer;
	struct vfp_finding **findings = NULL;
	struct handed result = { 0 };
	struct vfp_guest *g = NULL;
	struct vfp_plan *plan = NULL;
	struct vfp_ctx *ctx = NULL;
	int64_t begin = now_msec();

	model_control()->caller = getpid();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	guest->ctx = ctx;
	assert_int_equal(vfp_guest_new(ctx, guest->name, guest->ended ? NULL : &fake_ops, NULL, &g), 0);
	assert_int_equal(vfp_plan_new(ctx, &plan), 0);
	vfp_plan_set(plan, VFP_WAIT, "5");
	vfp_plan_set_progress(plan, note, &result);
	for (size_t i = 0; i < ARRAY_SIZE(call->hide) && call->hide[i]; i++)
		assert_int_equal(vfp_plan_hide(plan, call->hide[i], NULL), 0);
	if (guest->cancel_after)
		pthread_create(&canceller, NULL, cancel_later, ctx);
	if (guest->dies_after)
		pthread_create(&killer, NULL, die_later, NULL);
	result.error = run_on(g, plan, call, &result, &findings);
	if (guest->cancel_after)
		pthread_join(canceller, NULL);
	if (guest->dies_after)
		pthread_join(killer, NULL);
	note_findings(&result, findings);
	vfp_findings_free(findings);
	vfp_plan_free(plan);
	vfp_guest_free(g);
	vfp_ctx_free(ctx);
	for (size_t i = 0; i < ARRAY_SIZE(call->requests); i++)
		vfp_hotplug_free(call->requests[i]);
	engine_reap();
	result.msec = now_msec() - begin;
	return result;
}

static inline struct vfp_hotplug *request(const char *kind, const char *id,
					  const char *device)
{
	struct vfp_hotplug *made = NULL;

	assert_int_equal(vfp_hotplug_new(kind, id, &made), 0);
	if (device)
		assert_int_equal(vfp_hotplug_set(made, "host", device), 0);
	return made;
}

static inline struct handed plug(const char *device, const char *id, bool hide)
{
	return run_call(&(struct call){ .what = PLUG,
					.requests = { request("pci", id, device) },
					.hide = { hide ? device : NULL } });
}

/* Function 0 last. */
static inline struct handed plug_pair(bool hide)
{
	return run_call(&(struct call){ .what = PLUG,
					.requests = { request("pci", "nic1", PAIR1),
						      request("pci", "nic0", PAIR0) },
					.hide = { hide ? PAIR0 : NULL, PAIR1 } });
}

static inline struct handed plug_kind(const char *kind, const char *id)
{
	return run_call(&(struct call){ .what = PLUG,
					.requests = { request(kind, id, NULL) } });
}

static inline struct handed unplug(const char *id, const char *device, bool keep)
{
	return run_call(&(struct call){
		.what = UNPLUG,
		.requests = { request(device ? "pci" : "memory", id, device) },
		.keep = keep });
}

static inline struct handed unplug_pair(void)
{
	return run_call(&(struct call){ .what = UNPLUG,
					.requests = { request("pci", "nic0", PAIR0),
						      request("pci", "nic1", PAIR1) } });
}

/* Until it is interrupted, or with @ends until the guest has ended. */
static inline struct handed watch(bool ends)
{
	guest->ends = ends;
	return run_call(&(struct call){ .what = WATCH });
}

static inline void hide_for(const char *device, const char *claim)
{
	const struct engine_call call = { .verb = ENGINE_HIDE,
					  .devices = { device },
					  .claim = claim };

	assert_int_equal(engine_run(&call).error, 0);
}

static inline void hide(const char *device)
{
	hide_for(device, NULL);
}

static inline void recover(void)
{
	const struct engine_call call = { .verb = ENGINE_RECOVER };
	struct engine_result result = engine_run(&call);

	engine_expect_error("recover", &result, 0);
}

/* -- kills ----------------------------------------------------------------------------- */

static inline void plug_and_unplug(void)
{
	plug(LONE, "nic0", true);
	unplug("nic0", LONE, false);
}

static inline void kill_at(unsigned int point, bool after)
{
	struct model_control *control = model_reset();

	control->action = MODEL_KILL;
	control->victims = MODEL_BOTH;
	control->after = after;
	control->at = point;
}

/* Whether it was killed, or there was no such point. */
static inline bool in_child(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	fixture_need(pid > 0 && waitpid(pid, &status, 0) == pid, "process", "caller");
	engine_reap();
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* -- the bench --------------------------------------------------------------------------- */

static inline void process_runs(int pid, bool runs)
{
	_cleanup_free_ char *folder = strf("/proc/%d", pid);
	_cleanup_free_ char *stat = strf("%s/stat", folder);

	fixture_remove(fixture, folder);
	if (runs)
		fixture_write(fixture, stat,
			      "%d (qemu) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0\n",
			      pid, pid * 10);
}

/* All devices are the host's, and the guest has nothing. */
static inline void start(void)
{
	engine_fresh(fixture);
	memset(guest, 0, sizeof(*guest));
	guest->name = "qmp:/run/web1.qmp";
	guest->process = QEMU;
	process_runs(QEMU, true);
}

static inline void expect(const struct handed *result, int error)
{
	if (result->error != error)
		fail_msg("returned %d, not %d: %s", result->error, error,
			 result->findings);
}

static inline void expect_host(const char *device)
{
	engine_expect(fixture, "given back", device, (struct engine_state){ "host", "" });
	assert_false(engine_has_record(fixture, device));
}

static inline void expect_hidden(const char *device)
{
	engine_expect(fixture, "hidden", device,
		      (struct engine_state){ "vfio-pci", "vfio-pci" });
	assert_true(engine_has_record(fixture, device));
}

static inline void expect_record(const char *device, const char *key, const char *value)
{
	_cleanup_free_ char *found = engine_record(fixture, device, key);

	if (!streq(nonnull(found), nonnull(value)))
		fail_msg("%s of %s is %s, not %s", key, device, nonnull(found),
			 nonnull(value));
}

static inline int set_up(void **state)
{
	(void)state;
	fixture = engine_host();
	guest = mmap(NULL, sizeof(*guest), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fixture_need(guest != MAP_FAILED, "mmap", "guest");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

#endif
