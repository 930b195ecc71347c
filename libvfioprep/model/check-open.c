/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about device nodes which processes have open: a display, a sound stream, a
 * serial port, a camera. Each kind of thing below a device has its nodes in a folder of its
 * own, and who has one open loses what it does there.
 *
 * Several nodes of one kind are one matter: a process is named once, with the first of them.
 */
#include "model/check.h"

static const struct node_kind {
	const char *subsystem, *folder;
	enum vfp_severity severity;
	const char *what; /* that the process would lose */
} node_kinds[] = {
	{ "drm", "/dev/dri/", VFP_REFUSE, "this display" },
	{ "graphics", "/dev/", VFP_REFUSE, "this display" },
	{ "accel", "/dev/accel/", VFP_REFUSE, "this accelerator" },
	{ "sound", "/dev/snd/", VFP_WARN, "its sound" },
	{ "tty", "/dev/", VFP_WARN, "its serial port" },
	{ "tpm", "/dev/", VFP_WARN, "the TPM" },
	{ "tpmrm", "/dev/", VFP_WARN, "the TPM" },
	{ "watchdog", "/dev/", VFP_WARN, "its watchdog" },
	{ "infiniband_verbs", "/dev/infiniband/", VFP_WARN, "its RDMA device" },
	{ "infiniband_mad", "/dev/infiniband/", VFP_WARN, "its RDMA device" },
	{ "video4linux", "/dev/", VFP_WARN, "its camera" },
	{ "scsi_generic", "/dev/", VFP_WARN, "its drive" },
	{ "scsi_tape", "/dev/", VFP_WARN, "its tape" },
	{ "nvme-generic", "/dev/", VFP_WARN, "its drive" },
};

void openers_done(struct openers *openers)
{
	for (size_t i = 0; i < openers->n; i++) {
		holders_free(openers->list[i]->holder, 1);
		free(openers->list[i]->node);
		free(openers->list[i]);
	}
	free(openers->list);
	*openers = (struct openers){ 0 };
}

bool openers_has(const struct openers *openers, pid_t pid)
{
	for (size_t i = 0; i < openers->n; i++)
		if (openers->list[i]->holder->pid == pid)
			return true;
	return false;
}

static int add_opener(struct openers *openers, const struct holder *holder,
		      const char *node)
{
	struct opener *o = calloc(1, sizeof(*o));
	int r = -ENOMEM;

	if (!o)
		return r;
	o->holder = calloc(1, sizeof(*o->holder));
	o->node = strdup(node);
	if (o->holder && o->node) {
		o->holder->pid = holder->pid;
		o->holder->name = strdup(holder->name);
		o->holder->guest = holder->guest ? strdup(holder->guest) : NULL;
		if (o->holder->name && (!holder->guest || o->holder->guest))
			r = list_add((void ***)&openers->list, &openers->n, o);
	}
	if (r < 0) {
		holders_free(o->holder, o->holder ? 1 : 0);
		free(o->node);
		free(o);
	}
	return r;
}

int openers_add(struct check *c, struct openers *openers, const char *node)
{
	struct holder *holders = NULL;
	size_t n = 0;
	int r = check_holders(c, node, &holders, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!openers_has(openers, holders[i].pid))
			r = add_opener(openers, &holders[i], node);
	holders_free(holders, n);
	return r;
}

/* One process: "Xorg (812) would lose this display: it has /dev/dri/card0 open". */
static int say_opener(struct check *c, const struct node_kind *kind,
		      const struct opener *opener)
{
	bool refuse = kind->severity == VFP_REFUSE;
	_cleanup_free_ char *who = NULL;
	int r = holders_text(opener->holder, 1, &who);

	if (r == 0)
		r = check_use(c, refuse ? USE_NORMAL : USE_MINOR, "%s: %s",
			      strrchr(opener->node, '/') + 1, who);
	return r
		     ?: check_add(c, kind->severity, who,
				  refuse ? "let it end, or make it use another" : NULL,
				  "%s would lose %s: it has %s open", who, kind->what,
				  opener->node);
}

int openers_say(struct check *c, const struct openers *openers, const char *subsystem,
		const char *example)
{
	const struct node_kind *kind = node_kinds;
	int r = 0;

	while (!streq(kind->subsystem, subsystem))
		kind++;
	for (size_t i = 0; r == 0 && i < openers->n; i++)
		r = say_opener(c, kind, openers->list[i]);
	if (r == 0 && openers->n == 0 && !c->facts->held->complete)
		r = check_add(
			c, VFP_UNKNOWN, NULL, "ask again as root",
			"not all processes could be looked at; one may have %s open",
			example);
	return r;
}

/*
 * Connectors of a display have no node; sound servers keep the controls of all cards open, and
 * only streams are sound.
 */
static bool has_node(const struct node_kind *kind, const char *name)
{
	if (streq(kind->subsystem, "drm"))
		return !strchr(name, '-');
	if (streq(kind->subsystem, "graphics"))
		return startswith(name, "fb");
	if (streq(kind->subsystem, "sound"))
		return startswith(name, "pcm") || startswith(name, "midi");
	return true;
}

/* Those of one subsystem in one go, when the row comes to the first of them. */
int check_open(struct check *c, struct thing *thing)
{
	_cleanup_openers_ struct openers openers = { 0 };
	const struct node_kind *kind = node_kinds;
	_cleanup_free_ char *example = NULL;
	int r = 0;

	if (!check_first(c, thing))
		return 0;
	while (!streq(kind->subsystem, thing->subsystem))
		kind++;
	for (size_t i = 0; r == 0 && i < c->n_things; i++) {
		_cleanup_free_ char *node = NULL;
		const struct thing *t = c->things[i];

		if (!streq(t->subsystem, kind->subsystem) || !has_node(kind, t->name))
			continue;
		node = strf("%s%s", kind->folder, t->name);
		r = node ? openers_add(c, &openers, node) : -ENOMEM;
		/* The first watchdog has a second node, by its old name. */
		if (r == 0 && streq(node, "/dev/watchdog0"))
			r = openers_add(c, &openers, "/dev/watchdog");
		if (!example)
			example = take(node);
	}
	if (r < 0 || !example)
		return r;
	return openers_say(c, &openers, kind->subsystem, example);
}
