/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a plan as a shell script that makes the same writes in the same order.
 */
#include "act/act.h"

/*
 * In single quotes, whatever it holds. Control characters are shown and not said: no name
 * of a kernel has any, so a script that has them comes from a dump and finds nothing.
 */
static void print_quoted(FILE *out, const char *word)
{
	_cleanup_free_ char *safe = escape(word);

	fputc('\'', out);
	for (const char *c = nonnull(safe); *c; c++) {
		if (*c == '\'')
			fputs("'\\''", out);
		else
			fputc(*c, out);
	}
	fputc('\'', out);
}

/* As it is where a shell takes it for nothing but a word. */
void print_word(FILE *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-";

	if (*word && !word[strspn(word, plain)])
		fputs(word, out);
	else
		print_quoted(out, word);
}

static void print_write(FILE *out, const struct step *step)
{
	if (streq(step->value, "\n")) {
		fputs("printf '\\n'", out);
	} else {
		fputs("printf %s ", out);
		print_quoted(out, step->value);
	}
	fputs(" > ", out);
	print_word(out, step->path);
	fputc('\n', out);
}

static void print_modprobe(FILE *out, const char *module)
{
	fputs("modprobe ", out);
	print_word(out, module);
	fputc('\n', out);
}

static void print_expect_driver(FILE *out, const struct step *step)
{
	fprintf(out, "[ \"$(basename \"$(readlink %s/driver)\")\" = ", step->path);
	print_word(out, step->value);
	fputs(" ]\n", out);
}

/* Without a group, that stays as it is. */
static void print_owner(FILE *out, const struct step *step)
{
	fprintf(out, "chown %u", step->uid);
	if (step->gid != (gid_t)-1)
		fprintf(out, ":%u", step->gid);
	fprintf(out, " %s\n", step->path);
}

static void print_step(FILE *out, const struct step *step)
{
	switch (step->op) {
	case LOAD:
		print_modprobe(out, step->value);
		break;
	case WRITE:
		print_write(out, step);
		break;
	case EXPECT_DRIVER:
		if (*step->value)
			print_expect_driver(out, step);
		else
			fprintf(out, "[ ! -e %s/driver ]\n", step->path);
		break;
	case CHOWN:
		print_owner(out, step);
		break;
	case HOLD_DISK:
	case HOLD_NODE:
	case DROP_DISKS:
	case EXPECT_SETTING:
	case READ:
		break;
	}
}

static int print_target(const struct target *t, FILE *out)
{
	_cleanup_free_ char *from = escape(t->found.driver), *to = escape(t->want.driver);
	struct steps steps = { 0 };
	int r = from && to ? diff(&steps, t->address, &t->found, &t->want) : -ENOMEM;

	if (r == 0)
		fprintf(out, "# %s: %s to %s\n", t->address, *from ? from : "no driver",
			*to ? to : "no driver");
	for (size_t i = 0; r == 0 && i < steps.n; i++)
		print_step(out, &steps.list[i]);
	steps_done(&steps);
	return r;
}

/* As hide_finish() has it: also where a device was hidden before, and after all are bound. */
static bool print_owners(const struct vfp_plan *plan, FILE *out)
{
	bool owned = plan->request == HIDE && plan->node_owner, any = false;

	for (size_t i = 0; owned && i < plan->n; i++) {
		const struct target *t = &plan->targets[i];
		char node[64];

		if (!driver_is_vfio(t->want.driver))
			continue;
		snprintf(node, sizeof(node), "/dev/vfio/%d", t->device->group);
		print_step(out, &(struct step){ .op = CHOWN,
						.path = node,
						.uid = plan->uid,
						.gid = plan->gid });
		any = true;
	}
	return any;
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
			print_modprobe(out, t->module);
	}
	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct target *t = &plan->targets[i];

		if (!t->todo || state_reached(&t->found, &t->want))
			continue;
		nothing = false;
		r = print_target(t, out);
	}
	if (r == 0 && print_owners(plan, out))
		nothing = false;
	if (nothing)
		fputs("# nothing to do\n", out);
	return r;
}
