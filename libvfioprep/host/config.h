/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on the configuration: files that are believed, writing one, and what
 * boot has claimed of the devices in it.
 */
#ifndef VFIOPREP_CONFIG_H
#define VFIOPREP_CONFIG_H

#include "host/host.h"

#define CONFIG_DIR  "/etc/vfioprep"
#define DEVICES_DIR CONFIG_DIR "/devices.d"

/* state_dir_open() of CONFIG_DIR or a folder of it (state-dir.c). */
int config_dir_open(struct vfp_ctx *ctx, const char *path, bool create);

/* -- config-file.c ----------------------------------------------------------------------- */

/*
 * The contents of @path, in CONFIG_DIR or a folder of it. -ENOENT: it is not there; -EPERM: it, or
 * the folder, is not root's alone to write; -EINVAL: it is no plain file, or no text; -EFBIG.
 */
int config_read(struct vfp_ctx *ctx, const char *path, char **ret_text);

/* The names of DEVICES_DIR that are its files: "*.conf", not hidden. Empty when it is not there. */
int config_list(struct vfp_ctx *ctx, char ***ret_names);

/*
 * A file of DEVICES_DIR is written beside its place, and on the disk already, by
 * config_stage(); config_keep() puts it there, config_forget() removes what was written.
 */
int config_stage(struct vfp_ctx *ctx, const char *name, const char *text);
int config_keep(struct vfp_ctx *ctx, const char *name);
int config_forget(struct vfp_ctx *ctx, const char *name);

/* Remove a file of DEVICES_DIR; with @look only say whether it could be. */
int config_drop(struct vfp_ctx *ctx, const char *name, bool look);

/* -- early.c: what was claimed before anybody could look --------------------------------- */

#define EARLY_FILE STATE_DIR "/early"

/* In a record, in place of the original driver of what boot has claimed: there was none yet. */
#define ORIGIN_UNKNOWN "(unknown)"

/*
 * The driver for which boot has claimed @address, and who has: "initramfs" or "udev"; @ret_by
 * may be NULL. -ENOENT: nobody. -EPERM: the notes are not root's alone.
 */
int early_find(struct vfp_ctx *ctx, const char *address, char **ret_driver, char **ret_by);

/* One note more. Errors as state_dir_open(). */
int early_add(struct vfp_ctx *ctx, const char *address, const char *driver,
	      const char *by);

#endif
