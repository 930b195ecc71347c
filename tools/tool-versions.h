/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-versions: which hypervisors there are, asked by running them with --version. The words
 * are executed directly, and none is waited for longer than a few seconds.
 */
#ifndef VFIOPREP_TOOL_VERSIONS_H
#define VFIOPREP_TOOL_VERSIONS_H

#include "tool.h"

/*
 * "qemu 7.2.22", "libvirt 9.0.0", "cloud-hypervisor 38.0" of those that are there, in this
 * order; the name alone of one that did not tell. NULL-terminated; free with strings_free().
 */
int find_hypervisors(char ***ret_versions);

#endif
