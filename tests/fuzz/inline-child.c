/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of host/child.c where it is fuzzed: the child's steps are done by this process
 * when their go is given. A host of files has nothing that blocks, and a fork for each
 * read would be most of the time that a fuzzer has.
 */
#include "fuzz.h"

#include <fcntl.h>

#define CHILDREN_MAX 64

static struct inline_child {
	child_fn *fn;
	void *data;
	size_t next;
	int answer; /* where reports go in; 0: free */
} children[CHILDREN_MAX];

int child_start(struct vfp_ctx *ctx, child_fn *fn, void *data, size_t n, int keep,
		struct child *ret_child)
{
	size_t i = 0;
	int fds[2];

	(void)ctx, (void)n, (void)keep;
	while (i < CHILDREN_MAX && children[i].answer)
		i++;
	expect(i < CHILDREN_MAX, "too many children");
	expect(pipe2(fds, O_CLOEXEC | O_DIRECT) == 0, "no pipe");
	children[i] = (struct inline_child){ fn, data, 0, fds[1] };
	*ret_child = (struct child){ .pid = (pid_t)i + 1, .go = -1, .report = fds[0] };
	return 0;
}

int child_go(struct child *child)
{
	struct inline_child *inline_child = &children[child->pid - 1];
	struct child_report report = { 0 };
	size_t size;

	report.error =
		inline_child->fn(inline_child->data, inline_child->next++, report.text);
	size = offsetof(struct child_report, text) + strlen(report.text) + 1;
	expect(write(inline_child->answer, &report, size) == (ssize_t)size, "no report");
	return 0;
}

int child_take(struct child *child, struct child_report *ret_report)
{
	return read(child->report, ret_report, sizeof(*ret_report)) > 0 ? 0 : -EPIPE;
}

int child_step(struct vfp_ctx *ctx, struct child *child, int64_t deadline)
{
	struct child_report report;

	(void)ctx, (void)deadline;
	return child_go(child) ?: child_take(child, &report) ?: report.error;
}

void child_end(struct child *child, bool wait)
{
	(void)wait;
	close(children[child->pid - 1].answer);
	children[child->pid - 1].answer = 0;
	close(child->report);
	*child = (struct child){ .go = -1, .report = -1 };
}

/* Nothing waits anywhere. */
int child_where(struct vfp_ctx *ctx, const struct child *child, char **ret_where)
{
	(void)ctx, (void)child, (void)ret_where;
	return -ENODATA;
}
