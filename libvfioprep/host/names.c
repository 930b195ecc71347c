/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of vendors, devices and classes, from pci.ids by libpci. The bus is never
 * scanned: libpci is asked for nothing but its table, which it reads once, when the first
 * name is wanted. udev's hwdb and DNS stay off, as neither is quick nor always there.
 *
 * libpci reports what it cannot go on after through a callback that must not return, and
 * exits by default. Ours jumps back to the call; that libpci is given up then, and names
 * are unknown from there on.
 */
#include "host/host.h"

#include <pci/pci.h>
#include <setjmp.h>

#define NAME_ROOM 512

struct names {
	struct pci_access *access; /* NULL: given up */
};

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

static int names_open(struct names **ret_names)
{
	_cleanup_free_ struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->access = pci_alloc();
	if (!names->access)
		return -ENOMEM;
	names->access->error = on_error;
	names->access->warning = on_message;
	names->access->debug = on_message;
	pci_set_param(names->access, (char *)"hwdb.disable", (char *)"1");
	*ret_names = take(names);
	return 0;
}

static void names_close(struct names *names)
{
	if (names->access)
		pci_cleanup(names->access);
	names->access = NULL;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	names_close(names);
	free(names);
}

/* The name in @buffer or in memory of libpci; NULL when there is none. */
static const char *look_up(struct pci_access *access, enum vfp_field what, unsigned int a,
			   unsigned int b, char buffer[NAME_ROOM])
{
	static const int flags = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;

	switch (what) {
	case VFP_VENDOR_NAME:
		return pci_lookup_name(access, buffer, NAME_ROOM,
				       PCI_LOOKUP_VENDOR | flags, a);
	case VFP_DEVICE_NAME:
		return pci_lookup_name(access, buffer, NAME_ROOM,
				       PCI_LOOKUP_DEVICE | flags, a, b);
	case VFP_CLASS_NAME:
		return pci_lookup_name(access, buffer, NAME_ROOM,
				       PCI_LOOKUP_CLASS | flags, a);
	default:
		return NULL;
	}
}

int names_lookup(struct vfp_ctx *ctx, enum vfp_field what, unsigned int a, unsigned int b,
		 char **ret_name)
{
	char buffer[NAME_ROOM], *copy = NULL;
	const char *name;
	int r;

	if (!ctx->names) {
		r = names_open(&ctx->names);
		if (r < 0)
			return r;
	}
	*ret_name = NULL;
	if (!ctx->names->access)
		return 0;
	if (setjmp(give_up)) {
		log_warn(ctx, "libpci failed; devices are shown without names");
		names_close(ctx->names);
		return 0;
	}
	name = look_up(ctx->names->access, what, a, b, buffer);
	if (name && *name) {
		copy = escape(name);
		if (!copy)
			return -ENOMEM;
	}
	*ret_name = copy;
	return 0;
}
