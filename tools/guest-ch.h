/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of Cloud Hypervisor, in three parts: what its answers mean (guest-ch-info.c),
 * what is done with a request (guest-ch.c), and the ways to ask: guest-ch-http.c, and the program
 * ch-remote (guest-exec.c).
 */
#ifndef VFIOPREP_TOOLS_GUEST_CH_H
#define VFIOPREP_TOOLS_GUEST_CH_H

#include "base/base.h"
#include "vfioprep.h"

#include <jansson.h>

/* -- guest-ch-info.c: answers; nothing here asks ---------------------------------------- */

/* No answer is larger; that of a guest with hundreds of devices has some 200 kB. */
#define CH_ANSWER_MAX (8 << 20)

#define _cleanup_json_ _cleanup_(json_decrefp)

/*
 * What an answer to a change says: 0 done, or begun; -EREMOTEIO refused; -ENOENT refused,
 * there is none of that id; -EAGAIN not now; -EPROTO none of the answers that there are.
 * With an error *ret_why is what it said, one harmless line.
 */
int ch_outcome(long status, const char *body, size_t n, char **ret_why);

/* The answer of vm.info. -EPROTO: it is none. */
int ch_info_parse(const char *text, size_t n, json_t **ret_info);

/* Has the guest @id, or does it still have it although it was asked to let go? */
bool ch_info_has(const json_t *info, const char *id);

/*
 * Its kind ("pci"; "" when it is none of ours or on its way out) and of a host device the PCI
 * address, else NULL. -ENOENT: nothing has the id.
 */
int ch_info_find(const json_t *info, const char *id, char **ret_kind, char **ret_device);

/* Is what has the id @id what @body, of a request to add, asks for? */
bool ch_info_is(const json_t *info, const char *id, const json_t *body);

/* Has it what the body of vm.resize asks for? */
bool ch_info_has_size(const json_t *info, const json_t *body);

/* -EREMOTEIO, with its sentence, for a size that no running guest gets to. */
int ch_info_can_have_size(const json_t *info, const json_t *body, char **ret_why);

/* -- guest-ch.c: what is done with a request ------------------------------------------------ */

/* One command, as HTTP has it and as words for a program; either may be NULL. */
struct ch_question {
	const char *method, *path, *body;
	char *const *words;
};

struct ch_answer {
	long status;
	struct str body;
};

static inline void ch_answer_done(struct ch_answer *answer)
{
	str_done(&answer->body);
}
#define _cleanup_answer_ _cleanup_(ch_answer_done)

/*
 * A way to ask. -ENODEV: it could not be reached, nothing was asked; -EOPNOTSUPP: cannot be
 * asked at all; -ETIMEDOUT, -EPIPE, -EPROTO, -ECANCELED: asked, and no whole answer came back. With an error
 * *ret_why is a sentence. @dialect: that of the words, NULL when they are of no use to it.
 */
struct ch_way {
	const char *dialect;
	int (*ask)(void *data, const struct ch_question *question, int64_t deadline,
		   struct ch_answer *answer, char **ret_why);
	/* As in struct vfp_guest_ops; may be NULL. */
	int (*process)(void *data);
	void (*close)(void *data);
};

/* The operations by this way; @data belongs to them, also with a failure. */
int ch_guest_new(struct vfp_ctx *ctx, const struct ch_way *way, void *data,
		 const struct vfp_guest_ops **ret_ops, void **ret_data);

#endif
