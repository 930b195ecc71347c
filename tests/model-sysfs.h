/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the two halves of the model: the rules (model-core.c) and how sysfs looks
 * afterwards (model-sysfs.c).
 */
#ifndef VFIOPREP_TESTS_MODEL_SYSFS_H
#define VFIOPREP_TESTS_MODEL_SYSFS_H

#include "model.h"

#include <limits.h>

#define PAGE 4096

/* A path outside of the host, by value. */
struct place {
	char path[PATH_MAX];
};

struct place at(const char *root, const char *format, ...) _printf_(2, 3);
bool there(struct place p);
void put(struct place p, const char *text);
/* The text of a file without what follows the first newline; "" when it is not there. */
void get(struct place p, char text[PAGE]);
bool get_link(struct place p, char target[PATH_MAX]);
const char *last_part(const char *path);
void make_link(struct place p, const char *target);

/* The folder of a device as seen through the bus: links in it stay what they are. */
struct place device_place(const char *root, const char *address);
bool group_of(const char *root, const char *address, char group[PATH_MAX]);
bool is_vfio(const char *driver);

/* What shows while a driver is bound: links, what hangs below, vfio folder and node. */
void show_bound(const char *root, const char *address, const char *driver);
void show_unbound(const char *root, const char *address, const char *driver);
void remove_driver_links(const char *root, const char *address, const char *driver);

#endif
