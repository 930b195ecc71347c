/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the engine share: a host with a few devices on the model of the
 * driver core, states put and read, and whole transactions run, in this process or in one
 * that can be killed.
 */
#ifndef VFIOPREP_TESTS_ENGINE_H
#define VFIOPREP_TESTS_ENGINE_H

#include "model.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Devices of the host: one alone, two that share a group, three beside each other. */
#define LONE  "0000:01:00.0"
#define PAIR0 "0000:02:00.0"
#define PAIR1 "0000:02:00.1"
#define SIDE0 "0000:03:00.0"
#define SIDE1 "0000:04:00.0"
#define SIDE2 "0000:05:00.0"

/* All match the drivers "host" and "host2"; all are on "host". */
struct fixture *engine_host(void);

/* "" for no driver, and for an override that is unset. */
struct engine_state {
	char driver[32], override[32];
};

/*
 * The original states that are tried: every driver with every override. Where trying is
 * costly the first ENGINE_STATES do, unless VFIOPREP_THOROUGH is in the environment: the
 * others differ only in which foreign name the override holds.
 */
#define ENGINE_DRIVERS	  5
#define ENGINE_STATES	  20
#define ENGINE_ALL_STATES 30
size_t engine_states(void);
struct engine_state engine_nth(size_t n);

/* Put a device into a state, whatever it was in. */
void engine_put(struct fixture *f, const char *address, struct engine_state state);
struct engine_state engine_get(struct fixture *f, const char *address);
bool engine_same(struct engine_state a, struct engine_state b);
/* Text of a state, in one of a few static buffers: "host, override vfio-pci". */
const char *engine_show(struct engine_state state);

/* All devices on "host", no record, nobody holds anything, nothing goes wrong. */
void engine_fresh(struct fixture *f);
/* Forget all records and locks. */
void engine_forget(struct fixture *f);
bool engine_has_record(struct fixture *f, const char *address);
/* One value of a record; NULL when there is none. To be freed. */
char *engine_record(struct fixture *f, const char *address, const char *key);

/* No record and @original again, or recorded as hidden and hidden on vfio-pci. */
bool engine_at_rest(struct fixture *f, const char *address, struct engine_state original);

enum engine_verb { ENGINE_HIDE, ENGINE_RETURN, ENGINE_RECOVER };

struct engine_call {
	enum engine_verb verb;
	const char *devices[4];
	const char *driver;
	const char *force, *timeout, *wait, *deadline, *claim, *pid;
	bool groups;
	bool apart;	/* in a process of its own: it may be killed */
	bool linger;	/* do not wait for children that the call has left behind */
};

struct engine_result {
	int error;
	bool killed;
	int64_t msec;
	char findings[4096];	/* "KIND OBJECT: TEXT\n" */
	char progress[1024];	/* "Unbinding ADDRESS from DRIVER\n" ... */
};

struct engine_result engine_run(const struct engine_call *call);

/* Fail the test, saying all there is to know, when it is not so. */
void engine_expect(struct fixture *f, const char *what, const char *address,
		   struct engine_state wanted);
void engine_expect_error(const char *what, const struct engine_result *result, int error);

/* Wait until all that was left behind has ended. */
void engine_reap(void);

#endif
