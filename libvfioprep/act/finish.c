/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of hiding: who may open the vfio nodes, once udev has made them, and records that
 * say that it is done.
 */
#include "act/act.h"

/* udev sets owner and mode of a new node, so it goes first; it marks a queue that is not empty. */
static void await_udev(struct vfp_plan *plan)
{
	int64_t end = deadline_in(plan_step_timeout(plan));
	_cleanup_waiting_ struct waiting waiting = waiting_begin(plan->ctx);

	waiting_tell(&waiting, NULL, end, "for udev to be done with the new nodes");
	while (root_exists(plan->ctx, "/run/udev/queue") && !deadline_passed(end))
		if (wait_readable(-1, plan->ctx->cancel_fd, deadline_in(20)) < 0)
			break;
}

static int own_node(struct vfp_plan *plan, struct target *t)
{
	struct job job = { .lock_fd = t->lock_fd };
	char node[64];
	int r;

	if (!plan->node_owner)
		return 0;
	if (!driver_is_vfio(t->want.driver))
		return target_say(plan, t, VFP_WARN, "node", t->want.driver, "",
				  "%s has no node, so there is none to give to anybody",
				  t->want.driver);
	snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
	r = step_add(&job.steps, CHOWN, node, "");
	if (r == 0) {
		job.steps.list[0].uid = plan->uid;
		job.steps.list[0].gid = plan->gid;
		r = run_jobs(plan->ctx, &job, 1, plan_step_timeout(plan), STOP_ONE);
	}
	job_done(&job);
	if (r < 0 && r != -ECANCELED)
		target_say(plan, t, VFP_ERROR, "node", node, "",
			   "the owner of %s cannot be set: %s", node, strerror(-r));
	return r;
}

void hide_finish(struct vfp_plan *plan)
{
	int r = 0;

	if (plan->node_owner)
		await_udev(plan);
	for (size_t i = 0; i < plan->n && r == 0; i++) {
		struct target *t = &plan->targets[i];

		r = own_node(plan, t);
		if (r == 0 && t->todo) {
			r = target_set_phase(plan, t, "hidden");
			if (r < 0)
				target_say(plan, t, VFP_ERROR, "record", RECORD_DIR, "",
					   "it cannot be recorded: %s", strerror(-r));
		}
		if (r < 0)
			t->error = r == -EINPROGRESS ? r : -ECANCELED;
	}
}
