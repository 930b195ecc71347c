/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-hotplug-file: what is to be said of the file behind a disk or persistent memory.
 *
 * A guest writes what it likes to a raw disk, also the beginning of a qcow2 image that
 * names a file of the host as its base. Who believes the beginning of a file next time
 * gives the guest that file. So a format is taken from the name, which is not the guest's,
 * and only confirmed by what is in the file; where the two differ it has to be said.
 */
#include "tool-hotplug.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SECTOR    512
#define PMEM_STEP (2LL << 20)

static int fail_set(int error)
{
	return error < 0 ? fail_errno(error, NULL, "cannot go on") : 0;
}

static int stat_file(const char *path, struct stat *ret)
{
	if (stat(path, ret) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return fail(-ENODEV, path, "there is no such file");
	return fail_errno(-errno, path, "cannot be looked at");
}

/* 1: it begins like qcow2; 0: it does not; -EACCES: this user may not look. */
static int begins_like_qcow2(int fd)
{
	char magic[4] = "";

	if (pread(fd, magic, sizeof(magic), 0) < 0)
		return -errno;
	return memcmp(magic, "QFI\xfb", sizeof(magic)) == 0;
}

/*
 * Opened for itself alone, which fails while something is mounted from a disk or otherwise
 * has it. That holds for disks; of a file it says nothing.
 */
static int open_disk(const struct hotplug_words *words, const char *path, bool block)
{
	int alone = block && !words->read_only ? O_EXCL : 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | alone);

	return fd < 0 ? -errno : fd;
}

static int choose_format(const struct hotplug_words *words, const char *path, int qcow2,
			 const char **ret)
{
	bool named = endswith(path, ".qcow2");

	*ret = words->format ? words->format : named ? "qcow2" : "raw";
	if (qcow2 < 0)
		return 0;
	if (qcow2 && !words->format && !named)
		return fail(
			-EINVAL, path,
			"begins like an image in qcow2, which a guest may have "
			"written into a raw disk; say --format qcow2 or --format raw");
	if (!qcow2 && streq(*ret, "qcow2"))
		return fail(-EINVAL, path,
			    "is not in the format qcow2; say --format raw");
	return 0;
}

static int check_size(const char *path, const struct stat *st, const char *format)
{
	if (S_ISBLK(st->st_mode))
		return 0;
	if (!st->st_size)
		return fail(-EINVAL, path, "is empty; a disk needs a size");
	if (streq(format, "raw") && st->st_size % SECTOR && !given.quiet)
		complain(path, "its last %lld bytes are no whole sector; QEMU adds zeros",
			 (long long)(st->st_size % SECTOR));
	return 0;
}

int look_at_disk(const struct hotplug_words *words, const char *path,
		 struct vfp_hotplug *hotplug)
{
	_cleanup_close_ int fd = -1;
	const char *format;
	struct stat st;
	int qcow2 = -EACCES, r = stat_file(path, &st);
	bool block = r == 0 && S_ISBLK(st.st_mode);

	if (r < 0)
		return r;
	if (!block && !S_ISREG(st.st_mode))
		return fail(-EINVAL, path, "is neither a file nor a block device");
	fd = open_disk(words, path, block);
	if (fd == -EBUSY)
		return fail(-EBUSY, path,
			    "the host uses it; unmount it, or plug it with --read-only");
	if (fd >= 0)
		qcow2 = begins_like_qcow2(fd);
	r = choose_format(words, path, qcow2, &format) ?: check_size(path, &st, format);
	if (r < 0)
		return r;
	return fail_set(vfp_hotplug_set(hotplug, "type", block ? "block" : "file"))
		     ?: fail_set(vfp_hotplug_set(hotplug, "format", format));
}

int look_at_pmem(const struct hotplug_words *words, const char *path,
		 struct vfp_hotplug *hotplug)
{
	_cleanup_free_ char *size = NULL;
	struct stat st;
	int r = stat_file(path, &st);

	if (r < 0 || words->size)
		return r;
	if (!S_ISREG(st.st_mode))
		return fail(-EINVAL, path, "its size is not known; give --size");
	if (!st.st_size || st.st_size % PMEM_STEP)
		return fail(-EINVAL, path,
			    "has %lld bytes, which is no multiple of 2 MiB; give --size, "
			    "or make it longer",
			    (long long)st.st_size);
	size = strf("%lld", (long long)st.st_size);
	return fail_set(size ? vfp_hotplug_set(hotplug, "size", size) : -ENOMEM);
}
