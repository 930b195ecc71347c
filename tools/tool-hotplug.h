/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-hotplug: from the words of a command line to what a guest shall gain or lose, as
 * requests for the library. Whether they are printed or carried out is not its business.
 */
#ifndef VFIOPREP_TOOL_HOTPLUG_H
#define VFIOPREP_TOOL_HOTPLUG_H

#include "tool.h"

/* What the options said; NULL and false: nothing. */
struct hotplug_words {
	const char *id, *domain, *api_socket;
	const char *bus, *addr, *rombar, *romfile, *vf_token;
	const char *index, *total, *socket_id, *core_id, *thread_id, *node;
	const char *file, *size, *format, *target, *model, *mac, *tag, *cid, *socket;
	bool multifunction, iommufd, hugetlb, memfd, virtio_mem, read_only;
	struct words set;	/* "PROPERTY=VALUE", for what has no option */

	bool detach;		/* they are to go: less has to be known, and the order is another */
	bool own_slots;		/* who reads it gives each function a slot unless told otherwise */
};

/* In the order in which they come, or go: of several functions the one that counts last. */
struct requests {
	struct vfp_hotplug **list;	/* NULL-terminated; NULL when n is 0 */
	size_t n;
	struct selection devices;	/* of kinds pci and usb those of the host, in that order */
};

void requests_done(struct requests *requests);
#define _cleanup_requests_ _cleanup_(requests_done)

/*
 * @operands is DEVICE... or a kind and its word, as in "disk FILE". Complains. -EINVAL: the
 * words are wrong; -EPERM: a bridge, a hub, another class of device; -ENODEV: no such device,
 * no such file; -EBUSY: the host uses the disk.
 */
int requests_make(struct vfp_ctx *ctx, const struct hotplug_words *words, char **operands,
		  struct requests *requests);

/* Do several functions share one slot of the guest? */
bool requests_share_slot(const struct requests *requests,
			 const struct hotplug_words *words);

/* Words that are no DEVICE, for completion and messages: "cpu", ... NULL-terminated. */
extern const char *const hotplug_kind_words[];

/* -- between the files of this part; all complain ---------------------------------------- */

int hotplug_no_memory(void);

/* A new request, which belongs to @requests from then on. */
int request_add(struct requests *requests, const char *kind, const char *id,
		struct vfp_hotplug **ret);

/* What is refused here request_check() says; -ENOMEM is all that remains. NULL sets nothing. */
int request_set(struct vfp_hotplug *hotplug, const char *key, const char *value);
int request_set_options(const struct hotplug_words *words, const char *kind,
			struct vfp_hotplug *hotplug);
int request_check(const struct vfp_hotplug *hotplug, const char *object);

/* -- tool-hotplug-device.c ---------------------------------------------------------------- */

int requests_add_devices(struct vfp_ctx *ctx, const struct hotplug_words *words,
			 char **operands, struct requests *requests);

/* Whether all are of the class that begins so, as @word says. */
int requests_check_class(const struct requests *requests, const char *begin,
			 const char *word);

/* -- tool-hotplug-file.c: what is to be said of a file ------------------------------------ */

/*
 * Look at the file or block device that is to be a disk: its type, and its format where none
 * was given. What a file begins with decides nothing alone: a guest can write that.
 */
int look_at_disk(const struct hotplug_words *words, const char *path,
		 struct vfp_hotplug *hotplug);

/* The size of the file behind persistent memory, where none was given. */
int look_at_pmem(const struct hotplug_words *words, const char *path,
		 struct vfp_hotplug *hotplug);

/* -- tool-hotplug-tell.c ------------------------------------------------------------------ */

/* On stderr, what to know about what was printed as @text in @dialect. */
void hotplug_tell(const struct requests *requests, const struct hotplug_words *words,
		  const char *dialect, const char *text);

/* The library's sentence @why, or that of @error, in the options of this verb. Complains. */
int hotplug_refused(int error, const char *object, const char *why);

/* All kinds and dialects, or those of the one kind that @operands names. */
int print_matrix(char **operands);

#endif
