/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor: the least that anything could do. It binds the devices on its command line to a driver
 * one after another, with nothing but the necessary writes: no look, no record, no lock, no
 * proof. What vfioprep costs is measured beside it.
 *
 *	floor DRIVER OVERRIDE ADDRESS...	OVERRIDE "-": unset afterwards
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, value, strlen(value));

	if (n < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
	return n < 0;
}

static int bind_one(const char *driver, const char *override, const char *address)
{
	char path[256];
	int r;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", address);
	r = put(path, driver);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", address);
	r += put(path, address);
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	r += put(path, address);
	if (strcmp(override, "-") == 0) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", address);
		r += put(path, "\n");
	}
	return r;
}

int main(int argc, char **argv)
{
	int r = 0;

	for (int i = 3; i < argc; i++)
		r += bind_one(argv[1], argv[2], argv[i]);
	return r != 0;
}
