/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model, the part on disks: what is stacked on one, what the host has mounted, and what
 * udev knows. For the rows of the verdict that are about disks, and for nobody else.
 */
#ifndef VFIOPREP_BLOCK_H
#define VFIOPREP_BLOCK_H

#include "model/check.h"

struct mounts;
struct libmnt_table;
struct libmnt_iter;
struct libmnt_fs;

/* -- stack.c ----------------------------------------------------------------------------- */

/*
 * A disk with its partitions and whatever is stacked on either: device mapper, md, bcache, at
 * any depth. [0] is the disk.
 */
struct stack {
	struct block {
		char *name;	/* of the kernel: "sda2", "dm-0" */
		char *mapper;	/* of /dev/mapper; NULL when it is none */
		char *label;	/* for people: "sda2", "LVM vg0/root" */
		dev_t dev;	/* 0: unknown */
		struct block *on;	/* what it is a part of or lies on; NULL for the disk */
		bool mapping;	/* not the disk nor one of its partitions */
		bool covered;	/* something lies on it */
		bool used;	/* mounted, or swapped to */
		struct libmnt_fs *image;	/* a loop device: what its file is on */
		char *udev;	/* its entry in udev's database; see block_udev() */
	} **list;
	size_t n;
	bool in_use;	/* a row has said what uses it */
	/* Names of nodes by which mounts and swaps speak of them. */
	struct alias {
		char *node;
		struct block *block;
	} **aliases;
	size_t n_aliases;
};

int stack_read(struct vfp_ctx *ctx, const char *disk, const struct mounts *mounts,
	       struct stack **ret_stack);

/* The block of the stack with that number, or by that node ("/dev/mapper/vg0-root"). */
struct block *stack_by_dev(const struct stack *stack, dev_t dev);
struct block *stack_by_node(const struct stack *stack, const char *node);

/* "sda2", "sda2 (LVM vg0/root)" */
char *block_where(const struct block *block);

/* "/dev/sda2"; cciss!c0d0 is /dev/cciss/c0d0. */
char *block_node(const struct block *block);

/* -- mounts.c: what the host has mounted and swaps to, for the rows on disks ------------ */

struct mounts {
	struct libmnt_table *mounted, *swaps;	/* NULL: could not be read */
	bool of_host;	/* mounted are those of pid 1 */
	struct libmnt_table *fstab;	/* check-fstab.c */
	char **pools;	/* of ZFS; check-zfs.c */
	struct loop {
		char *name, *file;	/* "loop0" */
		struct libmnt_fs *fs;	/* where the file is; NULL for a device */
	} **loops;
	size_t n_loops;
};

/* Parses @text, which came from the file @path. -EBADMSG. */
int mounts_parse(char *text, size_t size, const char *path,
		 struct libmnt_table **ret_table);

/* Fills ->facts->mounts. */
int mounts_need(struct check *c);

/*
 * Fills @thing->stack, and ->facts->mounts with it: what is on the disk, and what is
 * mounted. 0 when @thing is no disk but a partition of one, 1 otherwise.
 */
int check_stack(struct check *c, struct thing *thing);

/* The next entry of @table, which may be NULL; NULL after the last. */
struct libmnt_fs *mounts_next(struct libmnt_table *table, struct libmnt_iter *iter);

/* The block of @stack that @fs is on; NULL: none. */
struct block *block_of_mount(const struct stack *stack, struct libmnt_fs *fs);

/* What the file at @path is on: the deepest mount above it. */
struct libmnt_fs *mount_of_file(const struct mounts *mounts, const char *path);

void iter_freep(struct libmnt_iter **iter);
#define _cleanup_iter_ _cleanup_(iter_freep)

/* -- loop.c: into ->loops, and what of @stack one lies on -------------------------------- */

int loops_read(struct vfp_ctx *ctx, struct mounts *mounts);
void loops_free(struct mounts *mounts);
struct block *loop_base(const struct stack *stack, const struct loop *loop);

/* -- udev.c: what udev's database says about a block device ------------------------------ */

/* The entry; "" when there is none. */
const char *block_udev(struct vfp_ctx *ctx, struct block *block);

/* The property @name in an entry; NULL: not there. */
char *udev_value(const char *text, const char *name);

/* Does the link @name in @folder below /dev ("disk/by-uuid/", "") lead to it? */
bool udev_has_link(const char *text, const char *folder, const char *name);

#endif
