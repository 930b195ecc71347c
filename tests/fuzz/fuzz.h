/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: a prepared host, reading the input, and what must hold
 * whatever the input was. Each target is one file that defines LLVMFuzzerTestOneInput();
 * it is linked with clang's fuzzer (`make fuzz`), or with replay.c, which feeds the
 * corpus to it (`make replay`, part of `make check`, any compiler).
 *
 * Contexts made here are on the prepared host and have no writer unless `fuzz_seam` is
 * set. Strings that the library reads have no spare room, so that reading past an end is
 * noticed.
 */
#ifndef VFIOPREP_FUZZ_H
#define VFIOPREP_FUZZ_H

#include "fixture.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Devices of the prepared host. */
#define NIC    "0000:01:00.0"
#define DISK   "0000:02:00.0"
#define HIDDEN "0000:03:00.0"
#define BRIDGE "0000:00:1c.0"

/* The host of this process, built when first asked for. */
struct fixture *fuzz_host(void);

/* A context on it; @dump: as with --sysroot. */
struct vfp_ctx *fuzz_ctx(bool dump);

/* The file @path of the host, which must not be a link, with these very bytes. */
void fuzz_write(const char *path, const void *bytes, size_t n);

/* What writes for contexts made from now on; NULL, as at first: none. */
extern const struct seam *fuzz_seam;

/* Whether the words of the input may show up in paths: when it makes the files itself. */
extern bool fuzz_any_path;

/* -- the input ------------------------------------------------------------------------ */

struct input {
	const char *at;
	size_t left;
};

/* The next byte; 0 at the end. */
unsigned char input_byte(struct input *in);

/* A copy of what comes up to @end, which is skipped; all that is left when it is missing. */
char *input_until(struct input *in, char end);

/* -- what must hold ------------------------------------------------------------------- */

/* Print a sentence and abort, unless @good. */
void expect(bool good, const char *format, ...) _printf_(2, 3);

/* Nothing in @text that a terminal would obey, but for newlines where @lines. */
void expect_harmless(const char *text, bool lines);
/* What stands in the file of the folder outside (edit.h), and must never be seen. */
#define OUTSIDE_TEXT "text-from-outside"
void expect_inside(const char *text);

void expect_findings(struct vfp_finding **findings);

/* Everything that can be looked at of @devices without changing anything. */
void look_at_all(struct vfp_ctx *ctx, struct vfp_device **devices);

#endif
