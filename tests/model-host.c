/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model-host DIR: builds the host on which the scenarios play in the folder DIR, like the
 * machine of the lab (lab/machines/main), and prints its names for a shell to read:
 * "nic1=0000:01:00.0".
 */
#include "unit/fixture.h"

static struct fixture *host;
static unsigned int next_bus = 1;
static int next_group = 20;

/* A function with a group of its own, unless it is not the first of its slot. */
static const char *add(const char *name, unsigned int function, const char *ids,
		       const char *class, const char *driver)
{
	static char address[32];

	if (function == 0) {
		next_bus++;
		next_group++;
	}
	snprintf(address, sizeof(address), "0000:%02x:00.%u", next_bus - 1, function);
	fixture_device(host, &(struct fixture_device){ .address = address,
						       .ids = ids,
						       .class = class,
						       .driver = driver,
						       .group = next_group });
	printf("%s=%s\n", name, address);
	return address;
}

static void add_nic(unsigned int number)
{
	_cleanup_free_ char *name = strf("nic%u", number);
	_cleanup_free_ char *interface = strf("enp%us0", next_bus);
	_cleanup_free_ char *mac = strf("52:54:00:00:01:%02u", number);
	const char *address = add(name, 0, "8086:10d3", "020000", "e1000e");

	fixture_net(host, &(struct fixture_net){ .address = address,
						 .name = interface,
						 .mac = mac,
						 .ifindex = 1 + number });
}

static void add_nvme(const char *name, unsigned int function, const char *disk,
		     const char *dev, const char *serial)
{
	const char *address = add(name, function, "1b36:0010", "010802", "nvme");
	_cleanup_free_ char *wwid = strf("nvme.1b36-%s", serial);

	fixture_disk(host, &(struct fixture_disk){ .address = address,
						   .name = disk,
						   .bus = "nvme",
						   .dev = dev,
						   .serial = serial,
						   .wwid = wwid });
}

static void add_controllers(void)
{
	const char *address = add("sata", 0, "8086:2922", "010601", "ahci");

	fixture_disk(host,
		     &(struct fixture_disk){ .address = address,
					     .name = "sda",
					     .dev = "8:0",
					     .wwid = "t10.ATA QEMU HARDDISK LABSATA" });
	printf("disk_sata=/dev/sda\n");
	address = add("xhci", 0, "1b36:000d", "0c0330", "xhci_hcd");
	fixture_disk(host, &(struct fixture_disk){ .address = address,
						   .name = "sdb",
						   .bus = "usb",
						   .dev = "8:16",
						   .serial = "LABUSB" });
	add_nvme("nvme", 0, "nvme0n1", "259:0", "LABNVME");
	add("bare", 0, "1234:11e8", "00ff00", NULL);
}

static void add_groups(void)
{
	const char *address;

	add_nvme("pair0", 0, "nvme1n1", "259:1", "LABPAIR");
	add("pair1", 1, "1b36:000d", "0c0330", "xhci_hcd");
	add("triple0", 0, "1b36:000d", "0c0330", "xhci_hcd");
	add_nvme("triple1", 1, "nvme2n1", "259:2", "LABTRIPLE");
	address = add("triple2", 2, "1af4:1041", "020000", "virtio-pci");
	fixture_net(host, &(struct fixture_net){ .address = address,
						 .name = "ens1f2",
						 .mac = "52:54:00:00:01:20",
						 .ifindex = 20 });
	add_nvme("sriov", 0, "nvme3n1", "259:3", "LABSRIOV");
}

/* A root port with nothing behind it. */
static void add_bridge(void)
{
	fixture_device(host, &(struct fixture_device){ .address = "0000:00:0e.0",
						       .ids = "1b36:000c",
						       .class = "060400",
						       .driver = "pcieport",
						       .group = 90,
						       .bus_below = 0x70 });
	printf("bridge=0000:00:0e.0\n");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: model-host DIR\n");
		return 2;
	}
	host = fixture_in(argv[1]);
	for (unsigned int i = 1; i <= 8; i++)
		add_nic(i);
	add_controllers();
	add_groups();
	add_bridge();
	fixture_free(host);
	return 0;
}
