/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons that are about whoever sits at the host: the last keyboard, and the last pointer
 * while a program uses it, are refused; a keyboard beside which another remains is a warning
 * that names both. A host with a console on a serial line can be reached without a keyboard.
 *
 * Buttons, lids and speakers are inputs as well, so the keys tell: who has Escape, all digits
 * and Q to D is a keyboard (as udev has it). Inputs that programs have made come from no
 * hardware and do not count, except Bluetooth's, which hang at their adapter.
 */
#include "model/check.h"

#include <linux/input-event-codes.h>

#define CLASS_INPUT "/sys/class/input"
#define UHID        "/sys/devices/virtual/misc/uhid/"
#define WORD_BITS   (8 * sizeof(long))

struct inputs {
	struct input {
		char *name; /* for people */
		char *path;
		bool keyboard, pointer;
	} * *list;
	size_t n;
};

static void input_free(struct input *input)
{
	if (!input)
		return;
	free(input->name);
	free(input->path);
	free(input);
}

static void input_freep(struct input **input)
{
	input_free(*input);
}

void inputs_free(struct inputs *inputs)
{
	if (!inputs)
		return;
	for (size_t i = 0; i < inputs->n; i++)
		input_free(inputs->list[i]);
	free(inputs->list);
	free(inputs);
}

/* -- what an input is ---------------------------------------------------------------- */

/* The word with bit @number in "402000000 3803078f800d001 fffffffffffffffe", the last the lowest. */
static unsigned long word_of(const char *bits, unsigned int number)
{
	const char *end = bits + strlen(bits), *word = end;

	for (size_t skip = number / WORD_BITS + 1; skip; skip--) {
		if (word == bits)
			return 0;
		end = word == bits + strlen(bits) ? word : word - 1;
		for (word = end; word > bits && word[-1] != ' ';)
			word--;
	}
	return strtoul(word, NULL, 16);
}

static bool has_bit(const char *bits, unsigned int number)
{
	return word_of(bits, number) >> (number % WORD_BITS) & 1;
}

/* A capability of the input, as bits; "" when it has none. */
static int capability(struct vfp_ctx *ctx, const char *path, const char *name,
		      char **ret_bits)
{
	int r = root_attr(ctx, ret_bits, "%s/capabilities/%s", path, name);

	if (r < 0 && r != -ENOMEM)
		*ret_bits = strdup("");
	return *ret_bits ? 0 : -ENOMEM;
}

static int classify(struct vfp_ctx *ctx, const char *path, struct input *input)
{
	static const unsigned long letters = 0xfffffffe;
	_cleanup_free_ char *key = NULL, *rel = NULL, *abs = NULL;
	int r = capability(ctx, path, "key", &key);

	r = r ?: capability(ctx, path, "rel", &rel);
	r = r ?: capability(ctx, path, "abs", &abs);
	if (r < 0)
		return r;
	input->keyboard = (word_of(key, 0) & letters) == letters;
	input->pointer =
		(has_bit(key, BTN_LEFT) && has_bit(rel, REL_X) && has_bit(rel, REL_Y)) ||
		((has_bit(key, BTN_LEFT) || has_bit(key, BTN_TOUCH)) &&
		 has_bit(abs, ABS_X) && has_bit(abs, ABS_Y));
	return 0;
}

static int add_input(struct vfp_ctx *ctx, struct inputs *inputs, const char *number)
{
	_cleanup_(input_freep) struct input *input = calloc(1, sizeof(*input));
	_cleanup_free_ char *link = strf(CLASS_INPUT "/%s", number);
	int r = input && link ? root_real(ctx, link, &input->path) : -ENOMEM;

	/* It has just gone. */
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = classify(ctx, input->path, input);
	if (r < 0 || (!input->keyboard && !input->pointer))
		return r;
	r = root_attr(ctx, &input->name, "%s/name", input->path);
	if (r < 0 || !*input->name) {
		free(input->name);
		input->name = strdup(number);
		r = input->name ? 0 : -ENOMEM;
	}
	r = r ?: list_add((void ***)&inputs->list, &inputs->n, input);
	if (r == 0)
		input = NULL;
	return r;
}

/* All keyboards and pointers of the host, once for a command. */
static int need_inputs(struct check *c)
{
	_cleanup_strings_ char **names = NULL;
	int r;

	if (c->facts->inputs)
		return 0;
	c->facts->inputs = calloc(1, sizeof(*c->facts->inputs));
	if (!c->facts->inputs)
		return -ENOMEM;
	r = root_list(c->ctx, CLASS_INPUT, &names);
	for (char **name = names; r == 0 && *name; name++)
		if (startswith(*name, "input"))
			r = add_input(c->ctx, c->facts->inputs, *name);
	return r == -ENOMEM ? r : 0;
}

/* -- which of them go, and which remain ---------------------------------------------- */

static bool is_below(const char *path, const struct vfp_device *device)
{
	return startswith(path, device->path) && path[strlen(device->path)] == '/';
}

/* Below the device, or below one that goes along with it. */
static bool goes(const struct check *c, const char *path)
{
	if (is_below(path, c->device))
		return true;
	for (struct vfp_device *const *d = c->with; d && *d; d++)
		if (is_below(path, *d))
			return true;
	return false;
}

/* Does no Bluetooth adapter remain? */
static bool adapters_go(struct check *c)
{
	_cleanup_strings_ char **names = NULL;
	size_t n = 0;

	if (root_list(c->ctx, "/sys/class/bluetooth", &names) < 0)
		return false;
	for (char **name = names; *name; name++) {
		_cleanup_free_ char *link = strf("/sys/class/bluetooth/%s", *name);
		_cleanup_free_ char *path = NULL;

		if (!link || root_real(c->ctx, link, &path) < 0 || !goes(c, path))
			return false;
		n++;
	}
	return n != 0;
}

enum fate { GOES, REMAINS, NO_HARDWARE };

static enum fate fate_of(struct check *c, const struct input *input)
{
	if (startswith(input->path, UHID))
		return adapters_go(c) ? GOES : REMAINS;
	if (startswith(input->path, "/sys/devices/virtual/"))
		return NO_HARDWARE;
	return goes(c, input->path) ? GOES : REMAINS;
}

struct sides {
	struct str going, remaining; /* names, joined by ", " */
	const struct input *first; /* of those that go and are below the device itself */
};

static int add_name(struct str *names, const char *name)
{
	/* Several interfaces of one device have the same name. */
	if (names->len && strstr(names->s, name))
		return 0;
	return str_add(names, "%s%s", names->len ? ", " : "", name);
}

/* All keyboards, or all pointers, by what happens to them. */
static int take_sides(struct check *c, bool keyboards, struct sides *sides)
{
	int r = need_inputs(c);

	for (size_t i = 0; r == 0 && i < c->facts->inputs->n; i++) {
		const struct input *input = c->facts->inputs->list[i];
		enum fate fate;

		if (!(keyboards ? input->keyboard : input->pointer))
			continue;
		fate = fate_of(c, input);
		if (fate == GOES && !sides->first &&
		    (is_below(input->path, c->device) || startswith(input->path, UHID)))
			sides->first = input;
		if (fate != NO_HARDWARE)
			r = add_name(fate == GOES ? &sides->going : &sides->remaining,
				     input->name);
	}
	return r;
}

static void sides_done(struct sides *sides)
{
	str_done(&sides->going);
	str_done(&sides->remaining);
}

/* -- the rows ------------------------------------------------------------------------ */

/* Each row is called for inputs and for Bluetooth adapters, and speaks once. */
static bool is_turn(const struct check *c, const struct thing *thing)
{
	return check_first(c, thing) &&
	       (streq(thing->subsystem, "input") || !check_has(c, "input"));
}

/* A console on a line that does not go, rather than on the screen: "tty0 ttyS0". */
static bool has_serial_console(struct check *c)
{
	_cleanup_free_ char *active = NULL;
	char *rest, *word;

	if (root_attr(c->ctx, &active, "/sys/class/tty/console/active") < 0)
		return false;
	rest = active;
	while ((word = strsep(&rest, " "))) {
		_cleanup_free_ char *link = strf("/sys/class/tty/%s", word);
		_cleanup_free_ char *path = NULL;

		if (!*word || (startswith(word, "tty") && strchr("0123456789", word[3])))
			continue;
		if (link && root_real(c->ctx, link, &path) == 0 && !goes(c, path))
			return true;
	}
	return false;
}

static int say_last_keyboard(struct check *c, const struct sides *sides)
{
	bool serial = has_serial_console(c);
	int r = check_use(c, serial ? USE_MINOR : USE_NORMAL, "keyboard %s",
			  sides->first->name);

	if (r < 0 || !serial)
		return r
			     ?: check_add(c, VFP_REFUSE, sides->first->name,
					  "plug a keyboard in elsewhere",
					  "the host would lose its last keyboard: %s",
					  sides->going.s);
	return check_add(
		c, VFP_WARN, sides->first->name, NULL,
		"the host would lose its last keyboard: %s; a console on a serial "
		"line remains",
		sides->going.s);
}

int check_keyboard(struct check *c, struct thing *thing)
{
	_cleanup_(sides_done) struct sides sides = { 0 };
	int r = is_turn(c, thing) ? take_sides(c, true, &sides) : 0;

	if (r < 0 || !sides.first)
		return r;
	if (!sides.remaining.len)
		return say_last_keyboard(c, &sides);
	r = check_use(c, USE_MINOR, "keyboard %s", sides.first->name);
	return r
		     ?: check_add(c, VFP_WARN, sides.first->name, NULL,
				  "the host would lose the keyboard %s; %s remains",
				  sides.going.s, sides.remaining.s);
}

/* The nodes of an input are its folders event4 and mouse0; /dev/input/mice is for all mice. */
static int add_users(struct check *c, const struct input *input, struct openers *openers)
{
	_cleanup_strings_ char **names = NULL;
	int r = root_list_dirs(c->ctx, input->path, &names);

	for (char **name = names; r == 0 && *name; name++) {
		_cleanup_free_ char *node = strf("/dev/input/%s", *name);

		if (!node)
			return -ENOMEM;
		if (startswith(*name, "event") || startswith(*name, "mouse"))
			r = openers_add(c, openers, node);
		if (r == 0 && startswith(*name, "mouse"))
			r = openers_add(c, openers, "/dev/input/mice");
	}
	return r == -ENOMEM ? r : 0;
}

int check_pointer(struct check *c, struct thing *thing)
{
	_cleanup_openers_ struct openers openers = { 0 };
	_cleanup_(sides_done) struct sides sides = { 0 };
	_cleanup_free_ char *who = NULL;
	int r = is_turn(c, thing) ? take_sides(c, false, &sides) : 0;

	if (r < 0 || !sides.first || sides.remaining.len)
		return r;
	for (size_t i = 0; r == 0 && i < c->facts->inputs->n; i++) {
		const struct input *input = c->facts->inputs->list[i];

		if (input->pointer && fate_of(c, input) == GOES)
			r = add_users(c, input, &openers);
	}
	if (r < 0)
		return r;
	if (!openers.n && (!c->facts->held || c->facts->held->complete))
		return 0;
	if (!openers.n)
		return check_add(
			c, VFP_UNKNOWN, sides.first->name, "ask again as root",
			"its last pointer is below it, and not all processes could "
			"be looked at");
	r = holders_text(openers.list[0]->holder, 1, &who);
	r = r ?: check_use(c, USE_NORMAL, "pointer %s: %s", sides.first->name, who);
	return r
		     ?: check_add(
				c, VFP_REFUSE, sides.first->name,
				"plug a mouse in elsewhere",
				"the host would lose its last pointer: %s, which %s uses",
				sides.going.s, who);
}
