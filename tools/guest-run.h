/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that a tool runs for its user: words executed as they are, without a shell.
 */
#ifndef VFIOPREP_TOOLS_GUEST_RUN_H
#define VFIOPREP_TOOLS_GUEST_RUN_H

#include "base/base.h"
#include "vfioprep.h"

#define RUN_OUTPUT_MAX (8 << 20)

/* What a program left behind; of more output than RUN_OUTPUT_MAX the rest is dropped. */
struct ran {
	int status; /* as a shell has it: 128 and more for a signal */
	struct str out, err;
};

static inline void ran_done(struct ran *ran)
{
	str_done(&ran->out);
	str_done(&ran->err);
}
#define _cleanup_ran_ _cleanup_(ran_done)

/*
 * Run @words, looked for in PATH, with @input (NULL: none) on its standard input, until it
 * has ended. At @deadline, or when
 * @ctx is cancelled, it is ended.
 * -EOPNOTSUPP: there is no such program; -ETIMEDOUT, -ECANCELED: it had to be ended. With an error
 * *ret_why is a sentence.
 */
int run_words(struct vfp_ctx *ctx, char *const *words, const char *input,
	      int64_t deadline, struct ran *ran, char **ret_why);

/* What it said of its failure, one harmless line: the first of stderr, else its status. */
char *ran_complaint(const char *program, const struct ran *ran);

#endif
