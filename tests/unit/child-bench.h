/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of children: what they leave behind in shared memory, and steps that can
 * be held up. To be included once, by a file of tests.
 */
#ifndef VFIOPREP_CHILD_BENCH_H
#define VFIOPREP_CHILD_BENCH_H

#include "model.h"

#include "unit/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* What the children leave behind. */
static struct shared {
	int begun, ended, release;
	pid_t pid, session;
	bool term_blocked, pipe_default;
} * shared;

static struct fixture *fixture;
static struct vfp_ctx *ctx;

static int set_up(void **state)
{
	(void)state;
	fixture = fixture_new();
	assert_int_equal(vfp_ctx_new(&ctx), 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	munmap(shared, sizeof(*shared));
	vfp_ctx_free(ctx);
	fixture_free(fixture);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	memset(shared, 0, sizeof(*shared));
	return 0;
}

static void pause_msec(int msec)
{
	struct timespec time = { msec / 1000, (long)(msec % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits until a number that a child writes is there. */
static void await_number(const int *number, int wanted)
{
	int64_t deadline = deadline_in(5000);

	while (__atomic_load_n(number, __ATOMIC_SEQ_CST) < wanted) {
		assert_false(deadline_passed(deadline));
		pause_msec(1);
	}
}

static void release(void)
{
	__atomic_store_n(&shared->release, 1, __ATOMIC_SEQ_CST);
}

/* With @data it hangs until it is released. */
static int count_step(void *data, size_t index, char *text)
{
	shared->pid = (pid_t)getpid();
	__atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
	while (data && !__atomic_load_n(&shared->release, __ATOMIC_SEQ_CST))
		pause_msec(1);
	snprintf(text, CHILD_TEXT, "step %zu", index);
	__atomic_add_fetch(&shared->ended, 1, __ATOMIC_SEQ_CST);
	return index == 1 ? -ENODEV : 0;
}

static void start(child_fn *fn, void *data, size_t n, int keep, struct child *child)
{
	assert_int_equal(child_start(ctx, fn, data, n, keep, child), 0);
}

static void step(struct child *child, struct child_report *report)
{
	assert_int_equal(child_go(child), 0);
	assert_int_equal(wait_readable(child->report, -1, deadline_in(5000)), 1);
	assert_int_equal(child_take(child, report), 0);
}

#endif
