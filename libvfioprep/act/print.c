/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a plan as a shell script that makes the same writes in the same order.
 */
#include "act/act.h"

/* In single quotes, whatever it holds. */
static void print_word(FILE *out, const char *word)
{
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

static void print_write(FILE *out, const struct step *step)
{
	if (streq(step->value, "\n")) {
		fprintf(out, "printf '\\n' > %s\n", step->path);
		return;
	}
	fputs("printf %s ", out);
	print_word(out, step->value);
	fprintf(out, " > %s\n", step->path);
}

static void print_step(FILE *out, const struct step *step)
{
	switch (step->op) {
	case LOAD:
		fprintf(out, "modprobe %s\n", step->value);
		break;
	case WRITE:
		print_write(out, step);
		break;
	case EXPECT_DRIVER:
		if (*step->value)
			fprintf(out,
				"[ \"$(basename \"$(readlink %s/driver)\")\" = %s ]\n",
				step->path, step->value);
		else
			fprintf(out, "[ ! -e %s/driver ]\n", step->path);
		break;
	case CHOWN:
		fprintf(out, "chown %u:%u %s\n", step->uid, step->gid, step->path);
		break;
	case HOLD_DISK:
	case HOLD_NODE:
	case DROP_DISKS:
	case READ:
		break;
	}
}

static int print_target(const struct vfp_plan *plan, const struct target *t, FILE *out)
{
	struct steps steps = { 0 };
	int r = diff(&steps, t->address, &t->found, &t->want);

	fprintf(out, "# %s: %s to %s\n", t->address,
		*t->found.driver ? t->found.driver : "no driver",
		*t->want.driver ? t->want.driver : "no driver");
	for (size_t i = 0; i < steps.n; i++)
		print_step(out, &steps.list[i]);
	if (plan->node_owner && driver_is_vfio(t->want.driver))
		fprintf(out, "chown %u:%u /dev/vfio/%d\n", plan->uid, plan->gid,
			t->device->group);
	steps_done(&steps);
	return r;
}

static bool is_loaded_before(const struct vfp_plan *plan, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (plan->targets[i].module &&
		    streq(plan->targets[i].module, plan->targets[index].module))
			return true;
	return false;
}

int print_script(const struct vfp_plan *plan, FILE *out)
{
	bool nothing = true;
	int r = 0;

	fputs("#!/bin/sh\nset -e\n", out);
	for (size_t i = 0; i < plan->n; i++) {
		const struct target *t = &plan->targets[i];

		if (t->todo && t->module && !is_loaded_before(plan, i))
			fprintf(out, "modprobe %s\n", t->module);
	}
	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct target *t = &plan->targets[i];

		if (!t->todo || state_reached(&t->found, &t->want))
			continue;
		nothing = false;
		r = print_target(plan, t, out);
	}
	if (nothing)
		fputs("# nothing to do\n", out);
	return r;
}
