/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an IOMMU group is as large as it is. A request of a device can be answered by a
 * neighbour before it gets to the IOMMU, unless every bridge on the way, and every
 * function of a slot with several, sends it upstream (PCIe Access Control Services). The
 * kernel puts what may talk past the IOMMU into one group; this looks at the same bits
 * and names who lacks them.
 *
 * The kernel knows hardware that isolates without saying so, so only members of the group
 * are named, and others where the kernel was told to take them for isolating (acs-override.c). Config space is read through the root like every file, so that it is in a
 * dump and cannot leave one; libpci takes it from memory as a dump of its own and finds
 * capabilities.
 */
#include "model/model.h"

#include <fcntl.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <sys/mman.h>

#define CONFIG_MAX  4096
#define CONFIG_USER 64 /* all that is shown to those who are not root */
#define DEPTH_MAX   32
#define REQUIRED                                                              \
	(PCI_ACS_CTRL_VALID | PCI_ACS_CTRL_REQ_RED | PCI_ACS_CTRL_CMPLT_RED | \
	 PCI_ACS_CTRL_FORWARD)

/* What decides about one function. */
struct acs {
	bool express, multifunction, there;
	unsigned int type; /* PCI_EXP_TYPE_... */
	unsigned int off;  /* bits that it has and that are not set */
};

/* -- config space, by libpci --------------------------------------------------------- */

static _Thread_local jmp_buf give_up;

static _printf_(1, 2) __attribute__((noreturn)) void on_error(char *format, ...)
{
	(void)format;
	longjmp(give_up, 1);
}

static _printf_(1, 2) void on_message(char *format, ...)
{
	(void)format;
}

/* As `lspci -xxxx` prints it, in a file without a name. */
static int write_dump(const unsigned char *config, size_t size)
{
	_cleanup_close_ int fd = memfd_create("config", MFD_CLOEXEC);
	_cleanup_str_ struct str text = { 0 };
	int r = str_add(&text, "00:00.0 x\n");

	if (fd < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < size; i++) {
		if (i % 16 == 0)
			r = str_add(&text, "%s%02zx:", i ? "\n" : "", i);
		r = r ?: str_add(&text, " %02x", config[i]);
	}
	r = r ?: str_add(&text, "\n");
	if (r < 0)
		return r;
	if (write(fd, text.s, text.len) != (ssize_t)text.len)
		return -EIO;
	return take_fd(&fd);
}

static void look_at(struct pci_dev *dev, struct acs *acs)
{
	struct pci_cap *cap;
	unsigned int has;

	pci_fill_info(dev, PCI_FILL_CAPS | PCI_FILL_EXT_CAPS);
	acs->multifunction = pci_read_byte(dev, PCI_HEADER_TYPE) & 0x80;
	cap = pci_find_cap(dev, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
	acs->express = cap;
	if (cap)
		acs->type = (pci_read_word(dev, cap->addr + PCI_EXP_FLAGS) &
			     PCI_EXP_FLAGS_TYPE) >>
			    4;
	cap = pci_find_cap(dev, PCI_EXT_CAP_ID_ACS, PCI_CAP_EXTENDED);
	acs->there = cap;
	if (!cap)
		return;
	/* What it does not have a switch for is on for good (pci_acs_flags_enabled()). */
	has = pci_read_word(dev, cap->addr + PCI_ACS_CAP);
	acs->off = REQUIRED & has &
		   ~(unsigned int)pci_read_word(dev, cap->addr + PCI_ACS_CTRL);
}

/* libpci on the file @path; it may leave through on_error(). */
static int parse_config(char *path, struct acs *ret_acs)
{
	struct pci_access *access = pci_alloc();
	struct acs acs = { 0 };

	if (!access)
		return -ENOMEM;
	access->method = PCI_ACCESS_DUMP;
	access->error = on_error;
	access->warning = access->debug = on_message;
	if (setjmp(give_up)) {
		pci_cleanup(access);
		return -EBADMSG;
	}
	pci_set_param(access, (char *)"dump.name", path);
	pci_init(access);
	pci_scan_bus(access);
	if (access->devices)
		look_at(access->devices, &acs);
	pci_cleanup(access);
	*ret_acs = acs;
	return 0;
}

/* -EPERM: only what everybody may see of it was to be read. */
static int acs_read(struct vfp_ctx *ctx, const char *address, struct acs *ret_acs)
{
	_cleanup_free_ char *path = strf(PCI_DEVICES "/%s/config", address),
			    *config = NULL;
	_cleanup_close_ int fd = -1;
	char self[64];
	size_t size;
	int r;

	if (!path)
		return -ENOMEM;
	r = root_read(ctx, path, CONFIG_MAX, &config, &size);
	if (r < 0)
		return r;
	if (size <= CONFIG_USER)
		return -EPERM;
	fd = write_dump((const unsigned char *)config, size);
	if (fd < 0)
		return fd;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return parse_config(self, ret_acs);
}

/* -- the rules of the kernel --------------------------------------------------------- */

/* pci_acs_enabled(), without its list of exceptions. */
static bool isolates(const struct acs *acs)
{
	if (!acs->express)
		return false;
	switch (acs->type) {
	case PCI_EXP_TYPE_PCI_BRIDGE:
	case PCI_EXP_TYPE_PCIE_BRIDGE:
	case PCI_EXP_TYPE_ROOT_EC:
		return false;
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
		return acs->there && !acs->off;
	default:
		return !acs->multifunction || (acs->there && !acs->off);
	}
}

static const char *type_name(const struct acs *acs)
{
	if (!acs->express)
		return "conventional PCI function";
	switch (acs->type) {
	case PCI_EXP_TYPE_PCI_BRIDGE:
	case PCI_EXP_TYPE_PCIE_BRIDGE:
		return "bridge between PCIe and PCI";
	case PCI_EXP_TYPE_ROOT_PORT:
		return "root port";
	case PCI_EXP_TYPE_UPSTREAM:
		return "upstream port";
	case PCI_EXP_TYPE_DOWNSTREAM:
		return "downstream port";
	default:
		return "function";
	}
}

/* What it lacks, as "no ACS" or the names of the bits that are off. */
static char *lacks(const struct acs *acs)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} bits[] = {
		{ PCI_ACS_CTRL_VALID, "Source Validation" },
		{ PCI_ACS_CTRL_REQ_RED, "P2P Request Redirect" },
		{ PCI_ACS_CTRL_CMPLT_RED, "P2P Completion Redirect" },
		{ PCI_ACS_CTRL_FORWARD, "Upstream Forwarding" },
	};
	_cleanup_str_ struct str text = { 0 };

	if (!acs->there)
		return strdup("has no ACS capability");
	if (!acs->off)
		return strdup("cannot isolate");
	if (str_add(&text, "has ACS, but these bits are off:") < 0)
		return NULL;
	for (size_t i = 0, n = 0; i < ARRAY_SIZE(bits); i++)
		if (acs->off & bits[i].bit &&
		    str_add(&text, "%s %s", n++ ? "," : "", bits[i].name) < 0)
			return NULL;
	return take(text.s);
}

/* -- one group ----------------------------------------------------------------------- */

struct explanation {
	struct vfp_ctx *ctx;
	const char *device;
	char **members;
	bool overridden; /* what is not a member may only seem to isolate */
	struct findings findings;
};

static bool is_listed(char *const *list, const char *address)
{
	for (; *list; list++)
		if (streq(*list, address))
			return true;
	return false;
}

static bool is_explained(const struct explanation *e, const char *address)
{
	for (size_t i = 0; i < e->findings.n; i++)
		if (streq(e->findings.list[i]->object, address))
			return true;
	return false;
}

/* What is not in the group does isolate, or the kernel was told to believe it. */
static int explain_override(struct explanation *e, const char *address,
			    const struct acs *acs)
{
	_cleanup_device_ struct vfp_device *function = NULL;
	const char *option = NULL;
	int r = acs->express && !acs->there ? device_load(e->ctx, address, &function) : 0;

	if (r == 0 && function)
		option = acs_override(e->ctx, function->value[VFP_IDS], acs->type,
				      acs->multifunction);
	if (!option)
		return r;
	return finding_add(&e->findings, VFP_WARN, "acs", e->device, address,
			   "take it from the kernel command line",
			   "%s %s has no ACS capability, and counts as isolating only by "
			   "pcie_acs_override=%s%s on the kernel command line: what it "
			   "separates can still reach each other past the IOMMU",
			   type_name(acs), address, option,
			   streq(option, "id:") ? function->value[VFP_IDS] : "");
}

/* Reports @address when it does not isolate. */
static int explain(struct explanation *e, const char *address, const struct acs *acs,
		   const char *consequence)
{
	_cleanup_free_ char *what = NULL;

	if (isolates(acs) || is_explained(e, address))
		return 0;
	if (!is_listed(e->members, address))
		return explain_override(e, address, acs);
	what = lacks(acs);
	if (!what)
		return -ENOMEM;
	return finding_add(&e->findings, VFP_NOTE, "acs", e->device, address, NULL,
			   "%s %s %s: %s", type_name(acs), address, what, consequence);
}

static bool exists(const struct explanation *e, const char *address)
{
	return root_exists(e->ctx, PCI_DEVICES "/%s", address);
}

/* All functions of the slot of @address. */
static int explain_slot(struct explanation *e, const char *address)
{
	struct address slot;
	int r = address_parse(address, &slot);

	for (unsigned int f = 0; r == 0 && f < 8; f++) {
		char name[ADDRESS_MAX];
		struct acs acs;

		slot.function = (uint8_t)f;
		address_format(&slot, name);
		if (!is_listed(e->members, name) && !(e->overridden && exists(e, name)))
			continue;
		r = acs_read(e->ctx, name, &acs);
		if (r == 0 && acs.multifunction)
			r = explain(e, name, &acs,
				    "the functions of its slot are not separated");
	}
	return r;
}

static int explain_path(struct explanation *e, const struct vfp_device *device)
{
	_cleanup_free_ char *address = strdup(device_address(device));
	int r = address ? 0 : -ENOMEM;

	for (int depth = 0; r == 0 && depth < DEPTH_MAX; depth++) {
		_cleanup_device_ struct vfp_device *step = NULL;
		struct acs acs;

		r = device_load(e->ctx, address, &step);
		if (r == 0 && depth > 0 &&
		    (e->overridden || is_listed(e->members, address)))
			r = acs_read(e->ctx, address, &acs)
				  ?: explain(e, address, &acs,
					     "what is below it is not separated");
		r = r ?: explain_slot(e, address);
		if (r < 0 || !step->value[VFP_PARENT])
			return r;
		free(address);
		address = strdup(step->value[VFP_PARENT]);
		r = address ? 0 : -ENOMEM;
	}
	return r;
}

static int say_unknown(struct explanation *e, int error)
{
	bool root = error == -EPERM;

	return finding_add(
		&e->findings, VFP_UNKNOWN, "acs", e->device, NULL,
		root ? "try as root" : NULL,
		root ? "which ports isolate stands in configuration space that "
		       "only root can read"
		     : "the configuration space of a function on its way could "
		       "not be read");
}

_public_ int vfp_explain_group(struct vfp_ctx *ctx, const struct vfp_device *device,
			       struct vfp_finding ***ret_findings)
{
	_cleanup_strings_ char **members = NULL;
	struct explanation e = { .ctx = ctx, .device = device_address(device) };
	int r = 0;

	if (device->group >= 0)
		r = group_members(ctx, device->group, &members);
	e.members = members;
	e.overridden = acs_is_overridden(ctx);
	if (r == 0 && (list_length(members) > 1 || (members && e.overridden)))
		r = explain_path(&e, device);
	if (r == 0 && list_length(members) > 1 && !e.findings.n)
		r = finding_add(&e.findings, VFP_NOTE, "acs", e.device, NULL, NULL,
				"every port on its way isolates: the group comes from "
				"the firmware, or from functions that use each "
				"other's requester id");
	if (r == -ENOENT || r == -ENODEV || r == -EPERM)
		r = say_unknown(&e, r);
	r = r ?: findings_take(&e.findings, ret_findings);
	findings_done(&e.findings);
	return r;
}
