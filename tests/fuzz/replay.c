/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of a fuzz target where there is no fuzzer: replay FOLDER... feeds each file of
 * the folders to it. A sanitizer, a failed expectation or a minute without an end is what
 * makes it fail; the file is named before.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SECONDS_EACH 60

static const char *current = "";

static void feed(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ uint8_t *data = NULL;
	struct stat st;

	fixture_need(fd >= 0 && fstat(fd, &st) == 0, "open", path);
	/* Exactly as large as the file, as the fuzzer does it. */
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	fixture_need(data && read(fd, data, (size_t)st.st_size) == st.st_size, "read",
		     path);
	current = path;
	alarm(SECONDS_EACH);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	alarm(0);
}

static void name_it(void)
{
	if (*current)
		fprintf(stderr, "replay: ended in %s\n", current);
}

static void on_signal(int number)
{
	static const char text[] = "replay: a signal ended it in ";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, current, strlen(current)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(98);
	signal(number, SIG_DFL);
	raise(number);
}

int main(int argc, char **argv)
{
	size_t n = 0;

	signal(SIGALRM, on_signal);
	signal(SIGABRT, on_signal);
	atexit(name_it);
	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, NULL, alphasort);

		fixture_need(count >= 0, "folder", argv[i]);
		for (int k = 0; k < count; k++) {
			_cleanup_free_ char *path =
				strf("%s/%s", argv[i], entries[k]->d_name);

			if (*entries[k]->d_name != '.') {
				feed(path);
				n++;
			}
			free(entries[k]);
		}
		free(entries);
	}
	current = "";
	printf("%zu inputs\n", n);
	return n ? 0 : 1;
}
