/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the files of the modelled host look while a driver is bound and after: the links
 * between device and driver, the interfaces and disks that come and go, the vfio folder
 * and node.
 */
#include "model-sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

struct place at(const char *root, const char *format, ...)
{
	struct place p;
	int n = snprintf(p.path, sizeof(p.path), "%s", root);
	va_list args;

	va_start(args, format);
	vsnprintf(p.path + n, sizeof(p.path) - (size_t)n, format, args);
	va_end(args);
	return p;
}

bool there(struct place p)
{
	struct stat st;

	return lstat(p.path, &st) == 0;
}

void put(struct place p, const char *text)
{
	int fd = open(p.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(p.path);
	closep(&fd);
}

/* The text of a file without what follows the first newline; "" when it is not there. */
void get(struct place p, char text[PAGE])
{
	int fd = open(p.path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, PAGE - 1);

	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	closep(&fd);
}

bool get_link(struct place p, char target[PATH_MAX])
{
	ssize_t n = readlink(p.path, target, PATH_MAX - 1);

	target[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void make_link(struct place p, const char *target)
{
	if (symlink(target, p.path) < 0)
		perror(p.path);
}

bool is_vfio(const char *driver)
{
	return endswith(driver, "vfio-pci") || endswith(driver, "vfio_pci");
}

struct place device_place(const char *root, const char *address)
{
	return at(root, "/sys/bus/pci/devices/%s", address);
}

bool group_of(const char *root, const char *address, char group[PATH_MAX])
{
	char target[PATH_MAX];

	if (!get_link(at(device_place(root, address).path, "/iommu_group"), target))
		return false;
	memmove(group, last_part(target), strlen(last_part(target)) + 1);
	return true;
}

/* -- what comes and goes below ------------------------------------------------------- */

/* A folder in @from that hangs below the device and is not the device's own. */
static bool is_below(const char *from, const char *name)
{
	struct stat st;
	char path[PATH_MAX * 2];

	if (*name == '.' || streq(name, "power") || streq(name, "vfio-dev") ||
	    strchr(name, ':'))
		return false;
	snprintf(path, sizeof(path), "%s/%s", from, name);
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void move_below(struct place from, struct place to)
{
	DIR *dir = opendir(from.path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (is_below(from.path, entry->d_name) &&
		    rename(at(from.path, "/%s", entry->d_name).path,
			   at(to.path, "/%s", entry->d_name).path) < 0)
			perror(entry->d_name);
	if (dir)
		closedir(dir);
}

/* For each link in the class folders that leads below the device, kept by the fixture. */
static void each_link(const char *root, const char *address,
		      void (*fn)(struct place link, struct place kept))
{
	FILE *list = fopen(at(root, "/model/links").path, "re");
	char line[PATH_MAX], target[PATH_MAX], needle[80];

	snprintf(needle, sizeof(needle), "/%s/", address);
	while (list && fgets(line, sizeof(line), list)) {
		struct place link, kept;
		char flat[PATH_MAX];

		line[strcspn(line, "\n")] = '\0';
		snprintf(flat, sizeof(flat), "%s", line);
		for (char *c = flat; *c; c++)
			if (*c == '/')
				*c = '!';
		link = at(root, "%s", line);
		kept = at(root, "/model/below/%s/links/%s", address, flat);
		if ((get_link(link, target) || get_link(kept, target)) &&
		    strstr(target, needle))
			fn(link, kept);
	}
	if (list)
		fclose(list);
}

static void take_link(struct place link, struct place kept)
{
	rename(link.path, kept.path);
}

static void put_link(struct place link, struct place kept)
{
	rename(kept.path, link.path);
}

/* What hung below goes with the driver that made it, and is kept aside. */
static void take_below(const char *root, const char *address, const char *driver)
{
	struct place kept = at(root, "/model/below/%s", address);

	if (there(at(kept.path, "/driver")))
		return;
	mkdir(at(root, "/model/below").path, 0755);
	mkdir(kept.path, 0755);
	mkdir(at(kept.path, "/links").path, 0755);
	mkdir(at(kept.path, "/tree").path, 0755);
	each_link(root, address, take_link);
	move_below(device_place(root, address), at(kept.path, "/tree"));
	put(at(kept.path, "/driver"), driver);
}

/* "sda sdb": found under another name when it is back. */
static void rename_below(const char *root, const char *class, const char *from,
			 const char *to)
{
	struct place link = at(root, "/sys/class/%s/%s", class, from);
	struct place folder;
	char target[PATH_MAX];
	FILE *list;

	if (!get_link(link, target))
		return;
	folder = at(root, "/sys/%s", target + strlen("../../"));
	strcpy(strrchr(target, '/') + 1, to);
	rename(folder.path, at(root, "/sys/%s", target + strlen("../../")).path);
	unlink(link.path);
	make_link(at(root, "/sys/class/%s/%s", class, to), target);
	list = fopen(at(root, "/model/links").path, "ae");
	if (list)
		fprintf(list, "/sys/class/%s/%s\n", class, to);
	if (list)
		fclose(list);
}

static void put_below(const char *root, const char *address, const char *driver)
{
	struct place kept = at(root, "/model/below/%s", address);
	char maker[PAGE], order[PAGE], *to;

	get(at(kept.path, "/driver"), maker);
	if (!streq(maker, driver))
		return;
	move_below(at(kept.path, "/tree"), device_place(root, address));
	each_link(root, address, put_link);
	unlink(at(kept.path, "/driver").path);
	get(at(root, "/model/rename"), order);
	to = strchr(order, ' ');
	if (!to)
		return;
	*to++ = '\0';
	rename_below(root, "block", order, to);
	rename_below(root, "net", order, to);
}

/* -- vfio ---------------------------------------------------------------------------- */

/* /dev/vfio/N is there as long as one device of the group is on a vfio driver. */
static void update_node(const char *root, const char *group)
{
	struct place node = at(root, "/dev/vfio/%s", group);
	DIR *dir = opendir(at(root, "/sys/kernel/iommu_groups/%s/devices", group).path);
	struct dirent *entry;
	bool wanted = false;

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' &&
		    there(at(device_place(root, entry->d_name).path, "/vfio-dev")))
			wanted = true;
	if (dir)
		closedir(dir);
	if (!wanted)
		unlink(node.path);
	else if (!there(node))
		put(node, "");
}

static void show_vfio(const char *root, const char *address, const char *group)
{
	struct place folder = at(device_place(root, address).path, "/vfio-dev");

	mkdir(folder.path, 0755);
	mkdir(at(folder.path, "/vfio%s", group).path, 0755);
	update_node(root, group);
}

static void hide_vfio(const char *root, const char *address, const char *group)
{
	struct place folder = at(device_place(root, address).path, "/vfio-dev");
	DIR *dir = opendir(folder.path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unlink(at(folder.path, "/%s/uevent", entry->d_name).path);
		rmdir(at(folder.path, "/%s", entry->d_name).path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder.path);
	update_node(root, group);
}

/* -- drivers ------------------------------------------------------------------------- */

void remove_driver_links(const char *root, const char *address, const char *driver)
{
	unlink(at(device_place(root, address).path, "/driver").path);
	unlink(at(root, "/sys/bus/pci/drivers/%s/%s", driver, address).path);
}

/*
 * Both links relative, as in sysfs: the device is as deep as its own link through the
 * bus.
 */
static void add_driver_links(const char *root, const char *address, const char *driver)
{
	char target[PATH_MAX], up[PATH_MAX] = "";

	get_link(device_place(root, address), target);
	for (const char *c = strstr(target, "devices/"); c && *c; c++)
		if (*c == '/')
			strcat(up, "../");
	make_link(at(device_place(root, address).path, "/driver"),
		  at("", "%s../bus/pci/drivers/%s", up, driver).path);
	make_link(at(root, "/sys/bus/pci/drivers/%s/%s", driver, address),
		  at("", "../%s", target).path);
}

void show_bound(const char *root, const char *address, const char *driver)
{
	char group[PATH_MAX];

	add_driver_links(root, address, driver);
	if (!is_vfio(driver))
		put_below(root, address, driver);
	else if (group_of(root, address, group))
		show_vfio(root, address, group);
}

void show_unbound(const char *root, const char *address, const char *driver)
{
	char group[PATH_MAX];

	remove_driver_links(root, address, driver);
	if (!is_vfio(driver))
		take_below(root, address, driver);
	else if (group_of(root, address, group))
		hide_vfio(root, address, group);
}
