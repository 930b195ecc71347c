/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake host in a folder: its files and links, and what every host has. The PCI
 * functions are in fixture-device.c, what hangs below them in fixture-below.c. What the
 * model of the driver core knows beyond sysfs (which ids a driver matches, which links
 * come and go with a driver) is in /model.
 */
#include "fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

void fixture_need(bool good, const char *what, const char *on)
{
	if (good)
		return;
	fprintf(stderr, "fixture: %s: %s: %s\n", what, on, strerror(errno));
	abort();
}

/* -- files --------------------------------------------------------------------------- */

static char *vpath(struct fixture *f, const char *format, va_list args)
{
	_cleanup_free_ char *below = vstrf(format, args);
	char *path = strf("%s%s", f->root, below);

	fixture_need(path, "memory", below);
	return path;
}

char *fixture_path(struct fixture *f, const char *format, ...)
{
	va_list args;
	char *path;

	va_start(args, format);
	path = vpath(f, format, args);
	va_end(args);
	return path;
}

static void make_folders(char *path, char *from)
{
	for (char *slash = strchr(from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		fixture_need(*path == '\0' || mkdir(path, 0755) == 0 || errno == EEXIST,
			     "mkdir", path);
		*slash = '/';
	}
}

/* As fixture_path(), with the folders above it made. */
static char *new_path(struct fixture *f, const char *path)
{
	char *full = fixture_path(f, "%s", path);

	make_folders(full, full + strlen(f->root) + 1);
	return full;
}

void fixture_mkdir(struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = new_path(f, path);

	fixture_need(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir", full);
}

static void write_file(const char *path, int flags, const char *format, va_list args)
{
	_cleanup_free_ char *text = vstrf(format, args);
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0644);

	fixture_need(fd >= 0 && text, "open", path);
	fixture_need(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write",
		     path);
}

void fixture_write(struct fixture *f, const char *path, const char *format, ...)
{
	_cleanup_free_ char *full = new_path(f, path);
	va_list args;

	va_start(args, format);
	write_file(full, O_TRUNC, format, args);
	va_end(args);
}

void fixture_append(struct fixture *f, const char *path, const char *format, ...)
{
	_cleanup_free_ char *full = new_path(f, path);
	va_list args;

	va_start(args, format);
	write_file(full, O_APPEND, format, args);
	va_end(args);
}

char *fixture_read(struct fixture *f, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	_cleanup_str_ struct str text = { 0 };
	char buffer[4096];
	va_list args;
	ssize_t n;

	va_start(args, format);
	path = vpath(f, format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		fixture_need(str_add_bytes(&text, buffer, (size_t)n) == 0, "memory",
			     path);
	fixture_need(n == 0, "read", path);
	return text.s ? take(text.s) : strdup("");
}

void fixture_symlink(struct fixture *f, const char *path, const char *text)
{
	_cleanup_free_ char *full = new_path(f, path);

	unlink(full);
	fixture_need(symlink(text, full) == 0, "symlink", full);
}

void fixture_link(struct fixture *f, const char *path, const char *target)
{
	_cleanup_str_ struct str text = { 0 };
	size_t common = 0;

	for (size_t i = 0; path[i] && path[i] == target[i]; i++)
		if (path[i] == '/')
			common = i + 1;
	for (const char *s = path + common; (s = strchr(s, '/')); s++)
		str_add(&text, "../");
	str_add(&text, "%s", target + common);
	fixture_symlink(f, path, text.s);
}

void fixture_attr(struct fixture *f, const char *folder, const char *name,
		  const char *format, ...)
{
	_cleanup_free_ char *path = strf("%s/%s", folder, name);
	_cleanup_free_ char *full = new_path(f, path);
	va_list args;

	va_start(args, format);
	write_file(full, O_TRUNC, format, args);
	va_end(args);
}

void fixture_link_in(struct fixture *f, const char *folder, const char *name,
		     const char *target)
{
	_cleanup_free_ char *path = strf("%s/%s", folder, name);

	fixture_link(f, path, target);
}

char *fixture_link_name(struct fixture *f, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	char text[512];
	va_list args;
	ssize_t n;

	va_start(args, format);
	path = vpath(f, format, args);
	va_end(args);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return strdup(strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
}

bool fixture_exists(struct fixture *f, const char *format, ...)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	va_list args;

	va_start(args, format);
	path = vpath(f, format, args);
	va_end(args);
	return lstat(path, &st) == 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DP)
		chmod(path, 0700);
	return remove(path);
}

void fixture_remove(struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, "%s", path);

	nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* -- the host ------------------------------------------------------------------------ */

static const char *const folders[] = {
	"/dev/vfio",
	"/lib/modules/6.12.0-fixture",
	"/model",
	"/proc/1/fd",
	"/proc/self",
	"/run",
	"/sys/bus/pci/slots",
	"/sys/bus/pci/devices",
	"/sys/bus/pci/drivers",
	"/sys/bus/usb/devices",
	"/sys/class/block",
	"/sys/class/net",
	"/sys/class/iommu",
	"/sys/kernel/iommu_groups",
	"/sys/module",
	"/etc",
};

struct fixture *fixture_in(const char *root)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_need(f && strlen(root) < sizeof(f->root), "folder", root);
	strcpy(f->root, root);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		fixture_mkdir(f, folders[i]);
	fixture_write(f, "/proc/sys/kernel/osrelease", "6.12.0-fixture\n");
	fixture_write(f, "/proc/sys/kernel/random/boot_id",
		      "3f9dff43-cdd0-44a6-9c4a-c1b8b1e4d0a5\n");
	fixture_write(f, "/proc/cmdline", "root=/dev/sda2\n");
	fixture_write(f, "/proc/1/mountinfo", "%s", "");
	fixture_write(f, "/proc/swaps", "Filename\tType\t\tSize\t\tUsed\t\tPriority\n");
	fixture_write(f, "/dev/vfio/vfio", "%s", "");
	fixture_write(f, "/sys/bus/pci/drivers_probe", "%s", "");
	fixture_write(f, "/sys/bus/pci/drivers_autoprobe", "1\n");
	fixture_driver(f, "vfio-pci", NULL, NULL);
	fixture_driver(f, "pci-stub", NULL, NULL);
	fixture_driver(f, "pcieport", "", NULL);
	fixture_need(setenv("VFIOPREP_MODEL_ROOT", f->root, 1) == 0, "setenv", f->root);
	return f;
}

struct fixture *fixture_new(void)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *root = NULL;
	struct fixture *f;

	if (!tmp)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	root = strf("%s/vfioprep-XXXXXX", tmp);
	fixture_need(root && mkdtemp(root), "mkdtemp", tmp);
	fixture_need(chmod(root, 0755) == 0, "chmod", root);
	f = fixture_in(root);
	return f;
}

void fixture_free(struct fixture *f)
{
	if (!f)
		return;
	if (strstr(f->root, "/vfioprep-") && !getenv("VFIOPREP_KEEP"))
		fixture_remove(f, "");
	free(f);
}
