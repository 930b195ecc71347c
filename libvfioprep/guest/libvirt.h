/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of guest on libvirt: its elements as data. A member that is a string is an
 * attribute, one that is an object is an element inside, and the one without a name is
 * the text.
 */
#ifndef VFIOPREP_LIBVIRT_H
#define VFIOPREP_LIBVIRT_H

#include "guest/guest.h"

/* The name of the device in libvirt, and its place in the guest, into its @element. */
int libvirt_put_alias(const struct vfp_hotplug *hotplug, json_t *element, char **why);
int libvirt_put_address(const struct vfp_hotplug *hotplug, json_t *element, char **why);

/* hotplug_get(), or @otherwise when it is not set; and whether it is set to @value. */
const char *libvirt_get(const struct vfp_hotplug *hotplug, const char *key,
			const char *otherwise);
bool libvirt_is(const struct vfp_hotplug *hotplug, const char *key, const char *value);

compile_cell libvirt_usb_attach, libvirt_usb_detach;
compile_cell libvirt_memory_attach, libvirt_memory_detach;

/* What comes and goes in the same words. */
compile_cell libvirt_pmem, libvirt_disk, libvirt_nic, libvirt_fs, libvirt_vsock;

#endif
