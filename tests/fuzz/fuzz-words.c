/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of one verb, whose main() is renamed: the input is its words, one per
 * line. Everything is read from the prepared host, which has no writer; a folder named
 * with --sysroot is that host, too, and the folder of `dump` a temporary one. What is
 * printed must be fit for a terminal, and the exit status one of the contract's.
 */
#include "fuzz.h"
#include "tool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

#define WORDS_MAX 32
#define SHOWN_MAX (16 << 20)

int verb_main(int argc, char **argv);

/* -- what must not happen ------------------------------------------------------------- */

int __real_vfp_ctx_set_root(struct vfp_ctx *ctx, const char *dir);
int __wrap_vfp_ctx_set_root(struct vfp_ctx *ctx, const char *dir);
int __real_vfp_ctx_record_reads(struct vfp_ctx *ctx, const char *dir, bool redact);
int __wrap_vfp_ctx_record_reads(struct vfp_ctx *ctx, const char *dir, bool redact);
int __real_vfp_ctx_new(struct vfp_ctx **ret_ctx);
int __wrap_vfp_ctx_new(struct vfp_ctx **ret_ctx);
void __real_vfp_ctx_free(struct vfp_ctx *ctx);
void __wrap_vfp_ctx_free(struct vfp_ctx *ctx);
int __wrap_execv(const char *path, char *const *words);
int __wrap_execvp(const char *path, char *const *words);
int __wrap_execve(const char *path, char *const *words, char *const *variables);
int __wrap_posix_spawn(void);
int __wrap_posix_spawnp(void);
int __wrap_connect(int fd, const void *name, unsigned int size);
int __wrap_bind(int fd, const void *name, unsigned int size);

static struct vfp_ctx *open_context;

int __wrap_vfp_ctx_new(struct vfp_ctx **ret_ctx)
{
	int r = __real_vfp_ctx_new(&open_context);

	expect(r == 0 && !open_context->seam && open_context->root_fd >= 0,
	       "a context that could write");
	*ret_ctx = open_context;
	return r;
}

/* Verbs that catch signals keep it to their end. */
void __wrap_vfp_ctx_free(struct vfp_ctx *ctx)
{
	__real_vfp_ctx_free(ctx);
	if (ctx == open_context)
		open_context = NULL;
}

int __wrap_vfp_ctx_set_root(struct vfp_ctx *ctx, const char *dir)
{
	int r = __real_vfp_ctx_set_root(ctx,
					access(dir, F_OK) == 0 ? fuzz_host()->root : dir);

	expect(!ctx->seam, "a dump has a writer");
	return r;
}

int __wrap_vfp_ctx_record_reads(struct vfp_ctx *ctx, const char *dir, bool redact)
{
	_cleanup_free_ char *dump = fixture_path(fuzz_host(), "-dump");

	if (access(dir, F_OK) == 0)
		return -EEXIST;
	return __real_vfp_ctx_record_reads(ctx, dump, redact);
}

static int not_here(void)
{
	errno = ENOSYS;
	return -1;
}

/* A word that is a program or a socket to a verb starts and reaches nothing. */
int __wrap_execv(const char *path, char *const *words)
{
	(void)path, (void)words;
	return not_here();
}

int __wrap_execvp(const char *path, char *const *words)
{
	(void)path, (void)words;
	return not_here();
}

int __wrap_execve(const char *path, char *const *words, char *const *variables)
{
	(void)path, (void)words, (void)variables;
	return not_here();
}

int __wrap_posix_spawn(void)
{
	return ENOSYS;
}

int __wrap_posix_spawnp(void)
{
	return ENOSYS;
}

int __wrap_connect(int fd, const void *name, unsigned int size)
{
	(void)fd, (void)name, (void)size;
	return not_here();
}

int __wrap_bind(int fd, const void *name, unsigned int size)
{
	(void)fd, (void)name, (void)size;
	return not_here();
}

/* -- one run -------------------------------------------------------------------------- */

/* Every option as before the first run: the rows know where the values are. */
static void forget_options(void)
{
	struct option_set sets[OPTION_SETS];
	size_t n = tool_option_sets(sets);
	static const char *first[OPTION_SETS][48];
	static bool noted;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; sets[i].rows[k].name; k++) {
			const struct option_row *row = &sets[i].rows[k];

			expect(k < ARRAY_SIZE(first[i]), "more options than expected");
			if (!noted && row->type == OPTION_VALUE)
				first[i][k] = *(const char **)row->target;
			if (row->type == OPTION_FLAG)
				*(bool *)row->target = false;
			else if (row->type == OPTION_COUNT)
				*(int *)row->target = 0;
			else if (row->type == OPTION_VALUE)
				*(const char **)row->target = first[i][k];
			else
				free(((struct words *)row->target)->word),
					memset(row->target, 0, sizeof(struct words));
		}
	noted = true;
	/* 0 makes getopt_long() begin anew. */
	optind = 0;
}

struct streams {
	int real[2], caught[2];
};

static void catch_output(struct streams *s)
{
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		s->real[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 10);
		s->caught[i] = memfd_create("output", MFD_CLOEXEC);
		expect(s->real[i] >= 0 && s->caught[i] >= 0, "no descriptor");
		dup2(s->caught[i], STDOUT_FILENO + i);
	}
#ifdef SANITIZED
	__sanitizer_set_report_fd((void *)(intptr_t)s->real[1]);
#endif
}

static char *give_back(struct streams *s, int i)
{
	off_t size = lseek(s->caught[i], 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	expect(text && size < SHOWN_MAX &&
		       pread(s->caught[i], text, (size_t)size, 0) == size,
	       "output of %lld bytes", (long long)size);
	expect(strlen(text) == (size_t)size, "a zero byte in the output");
	dup2(s->real[i], STDOUT_FILENO + i);
	close(s->real[i]);
	close(s->caught[i]);
	return text;
}

static int run_verb(int argc, char **argv, char **ret_out, char **ret_err)
{
	struct streams streams;
	int status;

	forget_options();
	catch_output(&streams);
	status = verb_main(argc, argv);
	fflush(stdout);
	clearerr(stdout);
	*ret_out = give_back(&streams, 0);
	*ret_err = give_back(&streams, 1);
#ifdef SANITIZED
	__sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
#endif
	if (open_context)
		vfp_ctx_free(open_context);
	return status;
}

/* Where colours are on, what switches them is taken out first. */
static void drop_colors(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		size_t n = startswith(from, "\033[") ? 2 : 0;

		while (n && (from[n] == ';' || (from[n] >= '0' && from[n] <= '9')))
			n++;
		if (n && from[n] == 'm')
			from += n;
		else
			*to++ = *from;
	}
	*to = '\0';
}

/* A candidate begins as the word that was typed, whatever that is made of. */
static bool completes_odd_word(char *const *words)
{
	_cleanup_free_ char *shown = NULL;

	if (!words[1] || !streq(words[1], "--complete"))
		return false;
	for (words += 2; *words && words[1];)
		words++;
	shown = escape(nonnull(*words));
	return shown && !streq(shown, nonnull(*words));
}

static void check_output(int status, char *out, char *err)
{
	expect(status >= 0 && status <= 8, "status %d", status);
	expect(status != 2 || *err, "wrong words, and no word about them");
	if (given.color && streq(given.color, "always"))
		drop_colors(out), drop_colors(err);
	for (char *c = out; *c; c++)
		if (*c == '\t')
			*c = ' ';
	expect_harmless(out, true);
	expect_harmless(err, true);
	if (given.json && status == 0 && *out && *out != '{')
		expect(startswith(out, "Usage"), "no JSON: %s", out);
}

static void set_up(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	fuzz_host();
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("PATH", "/nonexistent", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	char *argv[WORDS_MAX + 2] = { strdup("verb") };
	char *words[WORDS_MAX + 2] = { 0 };
	_cleanup_free_ char *out = NULL, *err = NULL;
	int argc = 1, status;

	set_up();
	while (in.left && argc < WORDS_MAX)
		argv[argc++] = input_until(&in, '\n');
	/* getopt_long() puts them in another order. */
	memcpy(words, argv, sizeof(words));
	status = run_verb(argc, argv, &out, &err);
	if (!completes_odd_word(words))
		check_output(status, out, err);
	fixture_remove(fuzz_host(), "-dump");
	for (int i = 0; words[i]; i++)
		free(words[i]);
	return 0;
}
