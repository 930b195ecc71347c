/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host that the fuzz targets look at, one of everything that the library knows, and
 * the guards around the library: linked with --wrap, they see each path that is opened
 * below the root, and give strings no more room than they need.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

const struct seam *fuzz_seam;
bool fuzz_any_path;

const struct seam *seam_default(void)
{
	return fuzz_seam;
}

const char *seam_root(void)
{
	return fuzz_host()->root;
}

/* -- the host ------------------------------------------------------------------------- */

static struct fixture *host;

static void remove_host(void)
{
	fixture_free(host);
	host = NULL;
}

static void add_network(struct fixture *f)
{
	fixture_device(f, &(struct fixture_device){ .address = NIC,
						    .driver = "e1000e",
						    .group = 11,
						    .reset = true });
	fixture_device(f, &(struct fixture_device){ .address = "0000:01:00.1",
						    .driver = "e1000e",
						    .group = 11 });
	fixture_device(f, &(struct fixture_device){ .address = "0000:01:10.0",
						    .ids = "8086:10ca",
						    .physfn = NIC,
						    .group = 12 });
	fixture_net(f, &(struct fixture_net){
			       .address = NIC, .name = "eth0", .master = "br0" });
	fixture_link(f, "/sys/class/net/eth0/upper_br0", "/sys/devices/virtual/net/br0");
}

static void add_storage(struct fixture *f)
{
	fixture_device(f, &(struct fixture_device){ .address = DISK,
						    .class = "010601",
						    .driver = "ahci",
						    .group = 13,
						    .reset = true });
	fixture_disk(f, &(struct fixture_disk){ .address = DISK,
						.name = "sda",
						.wwid = "t10.ATA QEMU",
						.partitions = 2 });
	fixture_holder(f, "dm-0", "253:0", "vg0-root", "sda2");
	fixture_mount(f, "8:1", "/dev/sda1", "/boot", "ext4");
	fixture_mount(f, "253:0", "/dev/mapper/vg0-root", "/", "ext4");
	fixture_mount(f, "0:40", "/dev/sda1", "/srv\\033[31m", "btrfs");
	fixture_swap(f, "/dev/dm-0");
	fixture_link(f, "/sys/fs/btrfs/5f1c/devices/sda1", "/sys/class/block/sda1");
	fixture_device(f, &(struct fixture_device){ .address = "0000:04:00.0",
						    .class = "010802",
						    .driver = "nvme",
						    .group = 14 });
	fixture_disk(f, &(struct fixture_disk){ .address = "0000:04:00.0",
						.name = "nvme0c0n1",
						.bus = "nvme",
						.serial = "S1" });
	fixture_nvme_head(f, "nvme0n1", "259:0");
}

static void add_rest(struct fixture *f)
{
	fixture_device(f, &(struct fixture_device){ .address = HIDDEN,
						    .driver = "vfio-pci",
						    .override = "vfio-pci",
						    .group = 15,
						    .reset = true });
	fixture_device(f, &(struct fixture_device){ .address = "0000:05:00.0",
						    .class = "0c0330",
						    .driver = "xhci_hcd",
						    .group = 16 });
	fixture_disk(f, &(struct fixture_disk){
				.address = "0000:05:00.0", .name = "sdb", .bus = "usb" });
	fixture_device(f, &(struct fixture_device){ .address = "0000:06:00.0",
						    .class = "030000",
						    .boot_vga = true });
	fixture_device(f, &(struct fixture_device){ .address = "10000:e1:00.0" });
	fixture_process(f, 77, "qemu-system-x86", "qemu -name guest=web1",
			"/dev/vfio/15");
	fixture_write(f, "/dev/vfio/15", "%s", "");
	fixture_write(f, "/holders", "/dev/vfio/15\t77\tqemu-system-x86\tweb1\n");
}

/* A function of several in PCI Express without ACS, as the NIC's configuration space. */
static void add_config(void)
{
	static const unsigned char config[4096] = {
		[0x00] = 0x86, 0x80, 0xd3,           0x10,          0x00,          0x00,
		0x10,          0x00, [0x0e] = 0x80,  [0x34] = 0x40, [0x40] = 0x10, 0x00,
		0x02,          0x00, [0x100] = 0x0d, 0x00,          0x01,          0x00,
		0x1f,          0x00, 0x1d,           0x00,
	};

	fuzz_write("/sys/devices/pci0000:00/" BRIDGE "/" NIC "/config", config,
		   sizeof(config));
}

/* The record of HIDDEN, as a hide would have left it. */
static void add_record(struct fixture *f)
{
	_cleanup_free_ char *modalias =
		fixture_read(f, PCI_DEVICES "/" HIDDEN "/modalias");

	fixture_write(f, RECORD_DIR "/" HIDDEN,
		      "vfioprep 1\ndevice=" HIDDEN "\nidentity=%.*s\n"
		      "boot=3f9dff43-cdd0-44a6-9c4a-c1b8b1e4d0a5\nphase=hidden\n"
		      "since=1700000000\nby=me\\x1b[31m\nfor=web1\npid=77\n"
		      "orig.driver=e1000e\norig.module=e1000e\norig.driver_override=\n"
		      "goal.driver=vfio-pci\ngoal.driver_override=vfio-pci\n"
		      "back=net 52:54:00:00:00:01\nend\n",
		      (int)strcspn(modalias, "\n"), modalias);
}

/* Values that a terminal would obey, where none of them becomes a part of a path. */
static void add_odd_values(void)
{
	_cleanup_free_ char *device = fixture_device_path(host, "0000:05:00.0");

	fixture_attr(host, device, "modalias",
		     "pci:v00008086d000010D3sv00001AF4sd00001100bc0Csc03i30\033[31m\n");
	fixture_attr(host, device, "numa_node", "1\033[31m\n");
	fixture_append(host, "/holders", "/dev/vfio/15\t78\tq\033[31m\tg\033[31m\n");
}

struct fixture *fuzz_host(void)
{
	if (host)
		return host;
	host = fixture_new();
	atexit(remove_host);
	fixture_device(host, &(struct fixture_device){ .address = BRIDGE,
						       .class = "060400",
						       .driver = "pcieport",
						       .group = 7,
						       .bus_below = 1 });
	add_network(host);
	add_storage(host);
	add_rest(host);
	add_record(host);
	add_config();
	add_odd_values();
	fixture_write(host, "/netlink/addresses", "%s", "");
	fixture_write(host, "/netlink/routes", "%s", "");
	return host;
}

void fuzz_write(const char *path, const void *bytes, size_t n)
{
	_cleanup_free_ char *full = fixture_path(fuzz_host(), "%s", path);
	_cleanup_close_ int fd =
		open(full, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	fixture_need(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "write", full);
}

struct vfp_ctx *fuzz_ctx(bool dump)
{
	struct fixture *f = fuzz_host();
	struct vfp_ctx *ctx;

	expect(vfp_ctx_new(&ctx) == 0, "no context");
	if (dump)
		expect(vfp_ctx_set_root(ctx, f->root) == 0 && !ctx->seam,
		       "a dump has a writer");
	return ctx;
}

/* -- guards --------------------------------------------------------------------------- */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
int __wrap_str_add_bytes(struct str *str, const void *bytes, size_t n);

/* The prepared host has no path that is odd in any way, so what is odd is a word's. */
static void check_path(const char *path)
{
	size_t length = strlen(path);

	for (const char *c = path; *c; c++)
		expect((unsigned char)*c >= ' ' && *c != 0x7f,
		       "control character in the path %s", path);
	expect(*path == '/' && length < PATH_MAX && !strstr(path, "/../") &&
		       !endswith(path, "/.."),
	       "a word got into the path %s", path);
}

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)c;

		expect(how->resolve & RESOLVE_IN_ROOT, "an open that can leave the root");
		if (!fuzz_any_path)
			check_path((const char *)b);
	}
	return __real_syscall(number, a, b, c, d, e, f);
}

int __wrap_str_add_bytes(struct str *str, const void *bytes, size_t n)
{
	char *s = malloc(str->len + n + 1);

	if (!s)
		return -ENOMEM;
	if (str->len)
		memcpy(s, str->s, str->len);
	memcpy(s + str->len, bytes, n);
	free(str->s);
	str->s = s;
	str->len += n;
	str->room = str->len + 1;
	s[str->len] = '\0';
	return 0;
}

/* -- the input ------------------------------------------------------------------------ */

unsigned char input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return (unsigned char)*in->at++;
}

char *input_until(struct input *in, char end)
{
	const char *stop = in->left ? memchr(in->at, end, in->left) : NULL;
	size_t n = stop ? (size_t)(stop - in->at) : in->left;
	char *copy = malloc(n + 1);

	expect(copy, "out of memory");
	if (n)
		memcpy(copy, in->at, n);
	copy[n] = '\0';
	in->at += n + (stop != NULL);
	in->left -= n + (stop != NULL);
	return copy;
}

/* -- what must hold ------------------------------------------------------------------- */

void expect(bool good, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *shown = NULL;
	va_list args;

	if (good)
		return;
	va_start(args, format);
	text = vstrf(format, args);
	va_end(args);
	shown = text ? escape(text) : NULL;
	fprintf(stderr, "fuzz: %s\n", nonnull(shown));
	remove_host();
	abort();
}

void expect_inside(const char *text)
{
	expect(!strstr(nonnull(text), OUTSIDE_TEXT), "from outside: %s", text);
}

void expect_harmless(const char *text, bool lines)
{
	_cleanup_free_ char *plain = strdup(nonnull(text)), *shown = NULL;

	expect(plain, "out of memory");
	for (char *c = plain; lines && *c; c++)
		if (*c == '\n')
			*c = ' ';
	shown = escape(plain);
	expect(shown && streq(shown, plain), "control characters in: %s", text);
}

void expect_findings(struct vfp_finding **findings)
{
	for (; findings && *findings; findings++) {
		expect_harmless((*findings)->kind, false);
		expect_harmless((*findings)->device, false);
		expect_harmless((*findings)->object, false);
		expect_harmless((*findings)->text, false);
		expect_harmless((*findings)->remedy, false);
		expect(*(*findings)->text, "a finding without a sentence");
	}
}

/* As the kernel writes it, and in no other way. */
static void expect_address(const char *text)
{
	unsigned int domain, bus, slot, function;
	_cleanup_free_ char *again = NULL;

	expect(sscanf(text, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4,
	       "no address: %s", text);
	again = strf("%04x:%02x:%02x.%x", domain, bus, slot, function);
	expect(again && streq(text, again) && bus < 256 && slot < 32 && function < 8,
	       "no address: %s", text);
}

/* From pci.ids, which is this machine's and takes longer to read than all the rest. */
static bool is_name(enum vfp_field field)
{
	return field == VFP_CLASS_NAME || field == VFP_CLASS_SHORT ||
	       field == VFP_VENDOR_NAME || field == VFP_DEVICE_NAME || field == VFP_NAME;
}

static void look_at(struct vfp_ctx *ctx, struct vfp_device *device)
{
	struct vfp_finding **findings = NULL;
	_cleanup_free_ char *holders = NULL;

	for (int field = 0; field < _VFP_FIELD_MAX; field++)
		if (!is_name((enum vfp_field)field))
			expect_inside(vfp_device_get(device, (enum vfp_field)field));
	expect_address(vfp_device_get(device, VFP_ADDRESS));
	if (vfp_check(ctx, device, NULL, &findings) == 0) {
		expect_findings(findings);
		vfp_findings_free(findings);
	}
	if (vfp_explain_group(ctx, device, &findings) == 0) {
		expect_findings(findings);
		vfp_findings_free(findings);
	}
	if (vfp_holders(ctx, device, &holders) == 0)
		expect_harmless(holders, false);
}

void look_at_all(struct vfp_ctx *ctx, struct vfp_device **devices)
{
	const char **uses = NULL;

	for (struct vfp_device **d = devices; *d; d++)
		look_at(ctx, *d);
	if (vfp_devices_use(ctx, devices, &uses) < 0)
		return;
	for (const char **use = uses; *use; use++)
		expect_harmless(*use, false);
	free(uses);
}
