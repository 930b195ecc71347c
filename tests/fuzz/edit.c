/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to the prepared host and back: the host is kept in memory; what was changed is
 * removed in reverse order, and what is then missing is made again.
 */
#include "edit.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TEXT_MAX  (256 * 1024)
#define EDITS_MAX 64
#define MODALIAS  "pci:v00008086d000010D3sv00001AF4sd00001100bc02sc00i00"

static struct entry {
	char *path; /* below the host */
	char *text; /* contents, or target of a link */
	size_t size;
	mode_t mode;
} * entries;
static size_t n_entries;

static char *changed[EDITS_MAX]; /* real paths below the host */
static size_t n_changed;

static char *outside;
static int root_fd = -1;

/* -- notes ---------------------------------------------------------------------------- */

static void read_entry(struct entry *e, const char *path, const struct stat *st)
{
	size_t room = S_ISLNK(st->st_mode) ? PATH_MAX : (size_t)st->st_size + 1;
	ssize_t n = 0;

	e->mode = st->st_mode;
	if (S_ISDIR(st->st_mode))
		return;
	e->text = malloc(room);
	fixture_need(e->text, "memory", path);
	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, e->text, room - 1);
	} else {
		_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		n = fd < 0 ? -1 : read(fd, e->text, room - 1);
	}
	fixture_need(n >= 0, "read", path);
	e->text[n] = '\0';
	e->size = (size_t)n;
}

static int note(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct entry *grown = reallocarray(entries, n_entries + 1, sizeof(*entries));

	(void)type, (void)ftw;
	fixture_need(grown, "memory", path);
	entries = grown;
	entries[n_entries] =
		(struct entry){ .path = strdup(path + strlen(fuzz_host()->root)) };
	read_entry(&entries[n_entries++], path, st);
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static void remove_outside(void)
{
	_cleanup_free_ char *file = strf("%s/modalias", outside);

	unlink(file);
	rmdir(outside);
}

/* Its name begins as the host's does: no prefix may do for being inside. */
static void make_outside(struct fixture *f)
{
	_cleanup_free_ char *file = NULL;
	FILE *out;

	outside = strf("%s-outside", f->root);
	file = strf("%s/modalias", outside);
	fixture_need(mkdir(outside, 0755) == 0, "outside", outside);
	atexit(remove_outside);
	out = fopen(file, "we");
	fixture_need(out, "outside", file);
	fputs(MODALIAS OUTSIDE_TEXT "\n", out);
	fclose(out);
	/* What a link there leads to in a jail. */
	fixture_write(f, file, MODALIAS "\n");
}

void edit_begin(void)
{
	struct fixture *f = fuzz_host();

	make_outside(f);
	nftw(f->root, note, 16, FTW_PHYS);
	qsort(entries, n_entries, sizeof(*entries), compare_entries);
	root_fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fixture_need(root_fd >= 0, "open", f->root);
}

const char *edit_path(size_t n)
{
	return entries[n % n_entries].path;
}

/* -- one change ----------------------------------------------------------------------- */

static int in_jail(const char *path, int flags, uint64_t more)
{
	struct open_how how = { .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
				.resolve =
					RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | more };

	return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

static void remove_in(int dir, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct dirent *entry;
	DIR *list;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list)
		return;
	take_fd(&fd);
	while ((entry = readdir(list)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			remove_in(dirfd(list), entry->d_name);
	closedir(list);
	unlinkat(dir, name, AT_REMOVEDIR);
}

/* The real place of @name in the folder @dir, below the host; NULL when it is too long. */
static char *place(int dir, const char *name)
{
	_cleanup_free_ char *link = strf("/proc/self/fd/%d", dir);
	size_t prefix = strlen(fuzz_host()->root);
	char real[PATH_MAX];
	ssize_t n = readlink(link, real, sizeof(real) - 1);

	if (n < (ssize_t)prefix || n >= (ssize_t)sizeof(real) - 1)
		return NULL;
	real[n] = '\0';
	return strf("%s/%s", real + prefix, name);
}

/* Opens the folder of @path, makes room for its last part and notes the change. */
static int clear(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *above = strndup(path, (size_t)(slash - path) + 1);
	_cleanup_close_ int dir = -1;
	char *real;

	*ret_name = slash + 1;
	if (!**ret_name || streq(*ret_name, ".") || streq(*ret_name, ".."))
		return -1;
	dir = in_jail(above, O_RDONLY | O_DIRECTORY, 0);
	real = dir < 0 ? NULL : place(dir, *ret_name);
	if (!real)
		return -1;
	changed[n_changed++] = real;
	remove_in(dir, *ret_name);
	return take_fd(&dir);
}

/* "\n", "\0", and "\*": all so far ten times. */
static void unfold(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text != '\\' || !text[1]) {
			str_add_bytes(out, text, 1);
			continue;
		}
		text++;
		if (*text == '*')
			for (int i = 0; i < 9 && out->len && out->len < TEXT_MAX; i++)
				str_add_bytes(out, out->s, out->len / (size_t)(i + 1));
		else
			str_add_bytes(out,
				      *text == 'n'   ? "\n"
				      : *text == '0' ? ""
						     : text,
				      1);
	}
}

static void write_in(int dir, const char *name, char *text)
{
	_cleanup_close_ int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	_cleanup_str_ struct str out = { 0 };

	unfold(text, &out);
	if (fd >= 0 && out.len && write(fd, out.s, out.len) < 0)
		return;
}

/* @text with the folder outside for each @; to be freed. */
static char *name_outside(const char *text)
{
	_cleanup_str_ struct str out = { 0 };

	str_add(&out, "%s", "");
	for (; *text; text++)
		if (*text == '@')
			str_add(&out, "%s", outside);
		else
			str_add_bytes(&out, text, 1);
	return take(out.s);
}

static void link_in(int dir, const char *name, const char *value)
{
	_cleanup_free_ char *target = name_outside(value);

	if (*target && symlinkat(target, dir, name) < 0)
		return;
}

void edit(const char *line)
{
	_cleanup_free_ char *copy = strdup(line), *path = NULL;
	size_t length = strcspn(copy, "=>|");
	_cleanup_close_ int dir = -1;
	char kind = copy[length], *value = copy + length + (kind != '\0');
	const char *name;

	if (*copy != '/' || n_changed == EDITS_MAX)
		return;
	if (!kind && (copy[length - 1] == '/' || copy[length - 1] == '-'))
		kind = copy[--length];
	copy[length] = '\0';
	if (!kind || !*copy)
		return;
	path = name_outside(copy);
	dir = clear(path, &name);
	if (dir < 0)
		return;
	if (kind == '=')
		write_in(dir, name, value);
	else if (kind == '>')
		link_in(dir, name, value);
	else if (kind == '/')
		mkdirat(dir, name, 0755);
	else if (kind == '|')
		mkfifoat(dir, name, 0644);
}

/* -- back ----------------------------------------------------------------------------- */

static void restore(const struct entry *e)
{
	_cleanup_free_ char *full = fixture_path(fuzz_host(), "%s", e->path);
	_cleanup_close_ int fd = -1;

	if (S_ISDIR(e->mode)) {
		fixture_need(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir", full);
		return;
	}
	if (S_ISLNK(e->mode)) {
		fixture_need(symlink(e->text, full) == 0 || errno == EEXIST, "symlink",
			     full);
		return;
	}
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	fixture_need(fd >= 0 ? write(fd, e->text, e->size) == (ssize_t)e->size
			     : errno == EEXIST,
		     "write", full);
}

static bool within(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 &&
	       (path[length] == '/' || !path[length]);
}

static void take_back(const char *path)
{
	_cleanup_free_ char *above = strdup(path);
	char *slash = strrchr(above, '/');
	_cleanup_close_ int dir = -1;

	*slash = '\0';
	dir = in_jail(slash == above ? "/" : above, O_RDONLY | O_DIRECTORY,
		      RESOLVE_NO_SYMLINKS);
	if (dir >= 0)
		remove_in(dir, slash + 1);
}

static void expect_outside(void)
{
	struct dirent **names = NULL;
	int n = scandir(outside, &names, NULL, NULL);

	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	expect(n == 3, "%d entries outside", n);
}

void edit_undo(void)
{
	for (size_t i = n_changed; i-- > 0;)
		take_back(changed[i]);
	/* Folders come before what is in them. */
	for (size_t k = 0; k < n_entries; k++)
		for (size_t i = 0; i < n_changed; i++)
			if (within(entries[k].path, changed[i])) {
				restore(&entries[k]);
				break;
			}
	while (n_changed)
		free(changed[--n_changed]);
	expect_outside();
}
