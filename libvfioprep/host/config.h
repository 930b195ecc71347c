/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on the configuration: files that are believed, and writing one.
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

#endif
