/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was claimed before anybody could look: the notes of the script in the initramfs and of
 * the udev rule, a line for each device, "ADDRESS DRIVER WHO". Nobody knows which driver such a
 * device had before; it had none yet.
 */
#include "host/config.h"

#include <fcntl.h>

#define NOTES_MAX (1 << 20)

/* Only root's notes count, as with records. */
static int read_notes(struct vfp_ctx *ctx, char **ret_text)
{
	_cleanup_close_ int fd = root_open(ctx, EARLY_FILE, O_PATH | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return fd;
	r = state_check_owner(ctx, fd);
	return r ?: root_read(ctx, EARLY_FILE, NOTES_MAX, ret_text, NULL);
}

int early_find(struct vfp_ctx *ctx, const char *address, char **ret_driver, char **ret_by)
{
	_cleanup_free_ char *text = NULL, *driver = NULL, *by = NULL;
	char *rest = NULL;
	int r = read_notes(ctx, &text);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char found[64], name[64], who[64];

		if (sscanf(line, "%63s %63s %63s", found, name, who) != 3 ||
		    !streq(found, address))
			continue;
		free(driver);
		free(by);
		driver = strdup(name);
		by = strdup(who);
		if (!driver || !by)
			return -ENOMEM;
	}
	if (!driver)
		return -ENOENT;
	*ret_driver = take(driver);
	if (ret_by)
		*ret_by = take(by);
	return 0;
}

int early_add(struct vfp_ctx *ctx, const char *address, const char *driver,
	      const char *by)
{
	_cleanup_close_ int dir = state_dir_open(ctx, STATE_DIR, true), fd = -1;
	_cleanup_free_ char *line = strf("%s %s %s\n", address, driver, by);
	ssize_t n;

	if (dir < 0)
		return dir;
	if (!line)
		return -ENOMEM;
	fd = openat(dir, strrchr(EARLY_FILE, '/') + 1,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	n = write(fd, line, strlen(line));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(line) ? 0 : -ENOSPC;
}
