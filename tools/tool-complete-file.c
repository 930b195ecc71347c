/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-complete-file: files and folders as candidates. Shells have such a completion of their
 * own, but only --complete knows where a file may stand.
 */
#include "tool.h"

#include <dirent.h>
#include <sys/stat.h>

/* "~/" as a shell would have it, which gives the words as they are on its line. */
char *expand_home(const char *path)
{
	const char *home = getenv("HOME");

	return home && startswith(path, "~/") ? strf("%s%s", home, path + 1)
					      : strdup(path);
}

static bool is_folder(DIR *folder, const char *name)
{
	struct stat st;

	return fstatat(dirfd(folder), name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* A line without a tab is a file: shells quote it in their own way. */
static void offer_file(const char *lead, const char *folder, const char *name,
		       const char *slash)
{
	_cleanup_free_ char *text = escape(name);

	if (text && streq(text, name))
		printf("%s%s%s%s\n", lead, folder, name, slash);
}

void offer_files(const char *lead, const char *prefix, bool folders_only)
{
	const char *slash = strrchr(prefix, '/');
	const char *begin = slash ? slash + 1 : prefix;
	_cleanup_free_ char *said = strndup(prefix, (size_t)(begin - prefix));
	_cleanup_free_ char *path = said ? expand_home(said) : NULL;
	DIR *folder = path ? opendir(*path ? path : ".") : NULL;
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		bool is_dir = is_folder(folder, entry->d_name);

		if (startswith(entry->d_name, begin) && (is_dir || !folders_only) &&
		    (*entry->d_name != '.' || *begin == '.'))
			offer_file(lead, said, entry->d_name, is_dir ? "/" : "");
	}
	if (folder)
		closedir(folder);
}
