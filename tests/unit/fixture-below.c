/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hangs below the fake host's PCI functions: network interfaces, disks with
 * partitions and what is stacked on them, other class devices; and who uses it: mounts,
 * swap, processes.
 */
#include "fixture.h"

#include <fcntl.h>

/* A device folder: its `subsystem` link and an uevent file. */
static void become_device(struct fixture *f, const char *folder, const char *subsystem)
{
	fixture_link_in(f, folder, "subsystem", subsystem);
	fixture_attr(f, folder, "uevent", "%s", "");
}

void fixture_class_link(struct fixture *f, const char *path, const char *target)
{
	fixture_link(f, path, target);
	fixture_append(f, "/model/links", "%s\n", path);
}

static void list_in(struct fixture *f, const char *where, const char *name,
		    const char *folder)
{
	_cleanup_free_ char *path = strf("/sys/%s/%s", where, name);

	fixture_class_link(f, path, folder);
}

/* -- network ------------------------------------------------------------------------- */

static void join_master(struct fixture *f, const struct fixture_net *n,
			const char *folder)
{
	_cleanup_free_ char *master = strf("/sys/devices/virtual/net/%s", n->master);
	_cleanup_free_ char *link = strf("/sys/class/net/%s", n->master);
	_cleanup_free_ char *lower = strf("lower_%s", n->name);

	if (!fixture_exists(f, "%s", link)) {
		become_device(f, master, "/sys/class/net");
		fixture_attr(f, master, "ifindex", "%u\n", 100 + n->ifindex);
		fixture_attr(f, master, "address", "%s\n", n->mac ?: "52:54:00:00:00:01");
		fixture_attr(f, master, "operstate", "up\n");
		fixture_link(f, link, master);
	}
	fixture_link_in(f, folder, "master", master);
	fixture_link_in(f, master, lower, folder);
}

void fixture_net(struct fixture *f, const struct fixture_net *n)
{
	_cleanup_free_ char *device = fixture_device_path(f, n->address);
	_cleanup_free_ char *folder = strf("%s/net/%s", device, n->name);

	become_device(f, folder, "/sys/class/net");
	fixture_link_in(f, folder, "device", device);
	fixture_attr(f, folder, "address", "%s\n", n->mac ?: "52:54:00:00:00:01");
	fixture_attr(f, folder, "addr_assign_type", "0\n");
	fixture_attr(f, folder, "ifindex", "%u\n", n->ifindex ?: 2);
	fixture_attr(f, folder, "operstate", "%s\n", n->operstate ?: "down");
	fixture_attr(f, folder, "flags", "0x1003\n");
	fixture_attr(f, folder, "type", "1\n");
	if (n->master)
		join_master(f, n, folder);
	list_in(f, "class/net", n->name, folder);
}

/* -- disks --------------------------------------------------------------------------- */

/* The folders of a SCSI disk below its host adapter, @above. */
static char *make_scsi(struct fixture *f, const struct fixture_disk *d, const char *above)
{
	unsigned int host = f->next_scsi++;
	_cleanup_free_ char *adapter = strf("%s/host%u", above, host);
	_cleanup_free_ char *target = strf("%s/target%u:0:0", adapter, host);
	_cleanup_free_ char *name = strf("%u:0:0:0", host);
	_cleanup_free_ char *unit = strf("%s/%s", target, name);

	become_device(f, adapter, "/sys/bus/scsi");
	become_device(f, target, "/sys/bus/scsi");
	become_device(f, unit, "/sys/bus/scsi");
	list_in(f, "bus/scsi/devices", name, unit);
	if (d->wwid)
		fixture_attr(f, unit, "wwid", "%s\n", d->wwid);
	if (d->serial)
		fixture_attr(f, unit, "serial", "%s\n", d->serial);
	return strf("%s/block/%s", unit, d->name);
}

static char *make_ata(struct fixture *f, const struct fixture_disk *d, const char *device)
{
	unsigned int port = f->next_scsi + 1;
	_cleanup_free_ char *ata = strf("%s/ata%u", device, port);
	_cleanup_free_ char *class = strf("%s/ata_port/ata%u", ata, port);

	become_device(f, class, "/sys/class/ata_port");
	return make_scsi(f, d, ata);
}

static char *make_usb(struct fixture *f, const struct fixture_disk *d, const char *device)
{
	unsigned int bus = ++f->next_usb;
	_cleanup_free_ char *hub_name = strf("usb%u", bus);
	_cleanup_free_ char *hub = strf("%s/%s", device, hub_name);
	_cleanup_free_ char *name = strf("%u-1", bus);
	_cleanup_free_ char *stick = strf("%s/%s", hub, name);
	_cleanup_free_ char *interface = strf("%s/%s:1.0", stick, name);

	become_device(f, hub, "/sys/bus/usb");
	become_device(f, stick, "/sys/bus/usb");
	become_device(f, interface, "/sys/bus/usb");
	list_in(f, "bus/usb/devices", hub_name, hub);
	list_in(f, "bus/usb/devices", name, stick);
	fixture_attr(f, hub, "product", "xHCI Host Controller\n");
	fixture_attr(f, hub, "bDeviceClass", "09\n");
	fixture_attr(f, stick, "product", "USB Storage\n");
	fixture_attr(f, stick, "bDeviceClass", "00\n");
	if (d->serial)
		fixture_attr(f, stick, "serial", "%s\n", d->serial);
	return make_scsi(f, d, interface);
}

static char *make_nvme(struct fixture *f, const struct fixture_disk *d,
		       const char *device)
{
	_cleanup_free_ char *name = strf("nvme%u", f->next_nvme++);
	_cleanup_free_ char *controller = strf("%s/nvme/%s", device, name);

	become_device(f, controller, "/sys/class/nvme");
	fixture_link_in(f, controller, "device", device);
	fixture_attr(f, controller, "serial", "%s\n", d->serial ?: "none");
	fixture_attr(f, controller, "model", "QEMU NVMe Ctrl\n");
	list_in(f, "class/nvme", name, controller);
	return strf("%s/%s", controller, d->name);
}

static char *make_virtio(struct fixture *f, const struct fixture_disk *d,
			 const char *device)
{
	_cleanup_free_ char *virtio = strf("%s/virtio%u", device, f->next_scsi++);

	become_device(f, virtio, "/sys/bus/virtio");
	return strf("%s/block/%s", virtio, d->name);
}

static void split(const char *dev, unsigned int *major, unsigned int *minor)
{
	fixture_need(sscanf(dev, "%u:%u", major, minor) == 2, "MAJOR:MINOR", dev);
}

/* A block device: whole disk, partition, or volume. */
static void become_block(struct fixture *f, const char *folder, const char *name,
			 unsigned int major, unsigned int minor)
{
	_cleanup_free_ char *node = strf("/dev/%s", name);
	_cleanup_free_ char *number = strf("%u:%u", major, minor);
	_cleanup_free_ char *holders = strf("%s/holders", folder);

	become_device(f, folder, "/sys/class/block");
	fixture_attr(f, folder, "dev", "%s\n", number);
	fixture_attr(f, folder, "size", "16384\n");
	fixture_attr(f, folder, "ro", "0\n");
	fixture_mkdir(f, holders);
	fixture_write(f, node, "%s", "");
	list_in(f, "class/block", name, folder);
	list_in(f, "dev/block", number, folder);
}

static void make_partitions(struct fixture *f, const struct fixture_disk *d,
			    const char *folder, unsigned int major, unsigned int minor)
{
	bool digit = d->name[strlen(d->name) - 1] <= '9';

	for (unsigned int i = 1; i <= d->partitions; i++) {
		_cleanup_free_ char *name = strf("%s%s%u", d->name, digit ? "p" : "", i);
		_cleanup_free_ char *part = strf("%s/%s", folder, name);

		become_block(f, part, name, major, minor + i);
		fixture_attr(f, part, "partition", "%u\n", i);
	}
}

/* A path of a multipath disk is hidden: it has no node, no size and no number. */
static void become_path(struct fixture *f, const char *folder, const char *name)
{
	become_device(f, folder, "/sys/class/block");
	fixture_attr(f, folder, "hidden", "1\n");
	list_in(f, "class/block", name, folder);
}

static char *make_disk(struct fixture *f, const struct fixture_disk *d,
		       const char *device)
{
	const char *bus = d->bus ?: "ata";

	if (streq(bus, "usb"))
		return make_usb(f, d, device);
	if (streq(bus, "nvme"))
		return make_nvme(f, d, device);
	if (streq(bus, "virtio"))
		return make_virtio(f, d, device);
	return make_ata(f, d, device);
}

void fixture_disk(struct fixture *f, const struct fixture_disk *d)
{
	_cleanup_free_ char *device = fixture_device_path(f, d->address);
	_cleanup_free_ char *folder = make_disk(f, d, device);
	_cleanup_free_ char *above =
		strndup(folder, (size_t)(strrchr(folder, '/') - folder));
	unsigned int c, n, x, major = 0, minor = 0;

	if (endswith(above, "/block"))
		*strrchr(above, '/') = '\0';
	if (sscanf(d->name, "nvme%uc%un%u", &x, &c, &n) == 3) {
		become_path(f, folder, d->name);
	} else {
		split(d->dev ?: "8:0", &major, &minor);
		become_block(f, folder, d->name, major, minor);
		fixture_attr(f, folder, "removable", "0\n");
		fixture_attr(f, folder, "hidden", "0\n");
		make_partitions(f, d, folder, major, minor);
	}
	fixture_link_in(f, folder, "device", above);
	if (d->wwid && streq(d->bus ?: "", "nvme"))
		fixture_attr(f, folder, "wwid", "%s\n", d->wwid);
	if (d->serial && streq(d->bus ?: "", "virtio"))
		fixture_attr(f, folder, "serial", "%s\n", d->serial);
}

/* -- what is stacked ----------------------------------------------------------------- */

void fixture_nvme_head(struct fixture *f, const char *name, const char *dev)
{
	_cleanup_free_ char *folder =
		strf("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/%s", name);
	unsigned int major, minor;

	split(dev, &major, &minor);
	become_block(f, folder, name, major, minor);
	fixture_attr(f, folder, "hidden", "0\n");
}

void fixture_holder(struct fixture *f, const char *name, const char *dev,
		    const char *mapper_name, const char *on)
{
	_cleanup_free_ char *folder = strf("/sys/devices/virtual/block/%s", name);
	_cleanup_free_ char *slave = strf("%s/slaves/%s", folder, on);
	_cleanup_free_ char *link = fixture_path(f, "/sys/class/block/%s", on);
	_cleanup_free_ char *real = NULL, *holders = NULL;
	char target[512];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	unsigned int major, minor;

	fixture_need(n > 6, "no such block device", on);
	target[n] = '\0';
	real = strf("/sys/%s", target + strlen("../../"));
	holders = strf("%s/holders/%s", real, name);
	split(dev, &major, &minor);
	if (!fixture_exists(f, "%s", folder))
		become_block(f, folder, name, major, minor);
	if (mapper_name && startswith(name, "dm-"))
		fixture_attr(f, folder, "dm/name", "%s\n", mapper_name);
	fixture_link(f, holders, folder);
	fixture_link(f, slave, real);
}

void fixture_below(struct fixture *f, const char *address, const char *subsystem,
		   const char *name)
{
	_cleanup_free_ char *device = fixture_device_path(f, address);
	_cleanup_free_ char *folder = strf("%s/%s/%s", device, subsystem, name);
	_cleanup_free_ char *class = strf("class/%s", subsystem);
	_cleanup_free_ char *link = strf("/sys/%s", class);

	become_device(f, folder, link);
	fixture_link_in(f, folder, "device", device);
	list_in(f, class, name, folder);
}

/* -- who sits at it ------------------------------------------------------------------- */

/* As read from a keyboard, a mouse and a touchpad on a 64-bit kernel, a power button and digits. */
static const struct {
	const char *key, *rel, *abs;
} inputs[] = {
	[BUTTON] = { "10000000000000 0", "0", "0" },
	[REMOTE] = { "10000000000ffc", "0", "0" },
	[KEYBOARD] = { "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe",
		       "0", "0" },
	[MOUSE] = { "1f0000 0 0 0 0", "903", "0" },
	[TOUCHPAD] = { "e520 10000 0 0 0 0", "0", "2e0800000000003" },
};

static void make_node(struct fixture *f, const char *input, const char *kind,
		      unsigned int number)
{
	_cleanup_free_ char *name = strf("%s%u", kind, number);
	_cleanup_free_ char *folder = strf("%s/%s", input, name);

	become_device(f, folder, "/sys/class/input");
	list_in(f, "class/input", name, folder);
}

void fixture_input(struct fixture *f, const struct fixture_input *i)
{
	_cleanup_free_ char *name = strf("input%u", i->number);
	_cleanup_free_ char *folder = strf("%s/input/%s", i->folder, name);

	become_device(f, folder, "/sys/class/input");
	fixture_attr(f, folder, "name", "%s\n", i->name);
	fixture_attr(f, folder, "capabilities/key", "%s\n", inputs[i->kind].key);
	fixture_attr(f, folder, "capabilities/rel", "%s\n", inputs[i->kind].rel);
	fixture_attr(f, folder, "capabilities/abs", "%s\n", inputs[i->kind].abs);
	list_in(f, "class/input", name, folder);
	make_node(f, folder, "event", i->number);
	if (i->kind == MOUSE || i->kind == TOUCHPAD)
		make_node(f, folder, "mouse", i->number);
}

/* -- who uses it --------------------------------------------------------------------- */

void fixture_mount(struct fixture *f, const char *dev, const char *source,
		   const char *where, const char *type)
{
	unsigned int id = 20 + f->next_mount++;

	fixture_append(f, "/proc/1/mountinfo",
		       "%u 1 %s / %s rw,relatime shared:%u - %s %s rw\n", id, dev, where,
		       id, type, source);
}

void fixture_swap(struct fixture *f, const char *source)
{
	fixture_append(f, "/proc/swaps", "%s partition\t8191996\t\t0\t\t-2\n", source);
}

void fixture_process(struct fixture *f, int pid, const char *comm, const char *cmdline,
		     const char *open_on)
{
	_cleanup_free_ char *folder = strf("/proc/%d", pid);
	_cleanup_free_ char *words = fixture_path(f, "%s/cmdline", folder);
	_cleanup_free_ char *link = strf("%s/fd/5", folder);
	_cleanup_free_ char *fds = strf("%s/fd", folder);
	_cleanup_free_ char *text = strdup(cmdline ?: comm);
	size_t size = strlen(text) + 1;
	_cleanup_close_ int fd = -1;

	fixture_attr(f, folder, "comm", "%s\n", comm);
	fixture_attr(f, folder, "stat",
		     "%d (%s) S 1 %d %d 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 "
		     "0 %d 0 0\n",
		     pid, comm, pid, pid, 1000 + pid);
	fixture_attr(f, folder, "status", "Name:\t%s\nPid:\t%d\n", comm, pid);
	fixture_mkdir(f, fds);
	for (char *c = text; *c; c++)
		if (*c == ' ')
			*c = '\0';
	fd = open(words, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	fixture_need(fd >= 0 && write(fd, text, size) == (ssize_t)size, "write", words);
	if (open_on)
		fixture_symlink(f, link, open_on);
}
