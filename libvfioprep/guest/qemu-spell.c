/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three spellings of QEMU's commands: the human monitor, QMP, and options of the command
 * line. The monitor and the options share QEMU's "first,key=value" syntax, in which a
 * comma in a value is doubled; around it each has quoting of its own.
 */
#include "guest/guest.h"

enum form {
	OPTIONS, /* one word: "first,key=value" */
	REST,    /* the same, up to the end of the line: the monitor takes no quotes */
	SOCKET,  /* a socket, for which QMP has its own, deeper form */
	WORDS,   /* the values alone, a word each */
};

struct spelling {
	const char *name, *hmp, *option;
	const char *first; /* the argument that goes without its key */
	enum form form;
};

static const struct spelling spellings[] = {
	{ "device_add", "device_add", "-device", "driver", OPTIONS },
	{ "device_del", "device_del", NULL, NULL, WORDS },
	{ "object-add", "object_add", "-object", "qom-type", REST },
	{ "object-del", "object_del", NULL, NULL, WORDS },
	{ "netdev_add", "netdev_add", "-netdev", "type", OPTIONS },
	{ "netdev_del", "netdev_del", NULL, NULL, WORDS },
	{ "chardev-add", "chardev-add", "-chardev", "type", SOCKET },
	{ "chardev-remove", "chardev-remove", NULL, NULL, WORDS },
	{ "blockdev-add", NULL, "-blockdev", "driver", OPTIONS },
	{ "drive_add", "drive_add 0", NULL, NULL, OPTIONS },
	{ "qom-set", "qom-set", NULL, NULL, WORDS },
	/* These are words of old monitors only. */
	{ "usb_add", "usb_add", NULL, NULL, WORDS },
	{ "usb_del", "usb_del", NULL, NULL, WORDS },
	{ "cpu-add", "cpu-add", NULL, NULL, WORDS },
	{ "cpu_set", "cpu_set", NULL, NULL, WORDS },
};

static const struct spelling *find_spelling(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
		if (streq(spellings[i].name, name))
			return &spellings[i];
	return NULL;
}

static int cannot_spell(const char *name, char **why)
{
	return say_why(why, -EOPNOTSUPP,
		       "%s can be said in QMP only; use the dialect qmp", name);
}

static int add_plain_value(const json_t *value, struct str *out)
{
	const char *s = json_string_value(value);

	if (json_is_boolean(value))
		return str_add(out, json_is_true(value) ? "on" : "off");
	if (!s)
		return str_add(out, "%lld", (long long)json_integer_value(value));
	return str_add(out, "%s", s);
}

/* With commas doubled. */
static int add_value(const json_t *value, struct str *out)
{
	const char *s = json_string_value(value);
	int r = 0;

	if (!s)
		return add_plain_value(value, out);
	for (; r == 0 && *s; s++)
		r = str_add_bytes(out, *s == ',' ? ",," : s, *s == ',' ? 2 : 1);
	return r;
}

static int add_members(json_t *args, const char *prefix, const char *skipped,
		       struct str *out)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(args, key, value) {
		_cleanup_free_ char *deeper = NULL;

		if (skipped && streq(key, skipped))
			continue;
		if (!json_is_object(value)) {
			r = r ?: str_add(out, "%s%s%s=", out->len ? "," : "", prefix, key)
			      ?: add_value(value, out);
			continue;
		}
		deeper = strf("%s%s.", prefix, key);
		r = r ?: deeper ? add_members(value, deeper, NULL, out) : -ENOMEM;
	}
	return r;
}

/* "vfio-pci,host=0000:05:00.0,...": @first goes first, wherever it stands. */
static int add_options(json_t *args, const char *first, struct str *out)
{
	int r = first ? add_value(json_object_get(args, first), out) : 0;

	return r ?: add_members(args, "", first, out);
}

/* {"id", "backend": {"type", "data": {"addr": {"data": {"path"}}, "server"}}} */
static json_t *flat_socket(json_t *args)
{
	const char *id, *type, *path;
	int server;

	if (json_unpack(args, "{s:s,s:{s:s,s:{s:{s:{s:s}},s:b}}}", "id", &id, "backend",
			"type", &type, "data", "addr", "data", "path", &path, "server",
			&server) < 0)
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:b}", "type", type, "id", id, "path", path,
			 "server", server);
}

/*
 * The monitor splits at blanks, and takes "..." with backslashes for a word only from its
 * first character on. Two limits of its own would change a value in silence: a word is
 * cut after 1023 bytes, and the line editor reads byte 0x9b as an escape sequence.
 */
#define HMP_WORD_MAX 1023

static int check_hmp(const char *word, char **why)
{
	if (strlen(word) > HMP_WORD_MAX)
		return say_why(why, -EOPNOTSUPP,
			       "QEMU's human monitor cuts words after %d bytes; use the "
			       "dialect qmp",
			       HMP_WORD_MAX);
	if (strchr(word, '\x9b'))
		return say_why(why, -EOPNOTSUPP,
			       "QEMU's human monitor cannot read a character of '%s'; "
			       "use the dialect qmp",
			       word);
	return 0;
}

static int add_hmp_word(const char *word, struct str *out, char **why)
{
	_cleanup_str_ struct str quoted = { 0 };
	int r = check_hmp(word, why);

	if (r < 0)
		return r;
	if (!strchr(word, ' '))
		return str_add(out, "%s", word);
	for (; r == 0 && *word; word++)
		r = str_add(&quoted, "%s%c", strchr("\"\\", *word) ? "\\" : "", *word);
	return r ?: str_add(out, "\"%s\"", quoted.s);
}

/* What the monitor reads to the end of the line needs no quotes and would keep them. */
static int add_hmp_rest(const char *word, struct str *out, char **why)
{
	return check_hmp(word, why) ?: str_add(out, "%s", word);
}

typedef int add_word(const char *word, struct str *out, char **why);

static int add_words(json_t *args, add_word *add, struct str *out, char **why)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(args, key, value) {
		_cleanup_str_ struct str word = { 0 };

		r = r ?: add_plain_value(value, &word) ?: str_add(out, " ")
		      ?: add(word.s, out, why);
	}
	return r ?: str_add(out, "\n");
}

/* One line: the head, a blank, and all arguments as one word, or as one each. */
static int add_line(const char *head, const struct command *command,
		    const struct spelling *s, add_word *add, struct str *out, char **why)
{
	_cleanup_str_ struct str word = { 0 };
	json_t *flat = NULL;
	int r = str_add(out, "%s", head);

	if (s->form == WORDS)
		return r ?: add_words(command->args, add, out, why);
	if (s->form == SOCKET && !(flat = flat_socket(command->args)))
		return -ENOMEM;
	r = r ?: add_options(flat ? flat : command->args, s->first, &word);
	json_decref(flat);
	return r ?: str_add(out, " ") ?: add(word.s, out, why) ?: str_add(out, "\n");
}

int spell_hmp(const struct commands *commands, struct str *out, char **why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < commands->n; i++) {
		const struct command *command = &commands->list[i];
		const struct spelling *s = find_spelling(command->name);

		if (!s || !s->hmp)
			return cannot_spell(command->name, why);
		r = add_line(s->hmp, command, s,
			     s->form == REST ? add_hmp_rest : add_hmp_word, out, why);
	}
	return r;
}

static int spell_argv(const struct commands *commands, struct str *out, char **why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < commands->n; i++) {
		const struct command *command = &commands->list[i];
		const struct spelling *s = find_spelling(command->name);

		if (!s || !s->option)
			return cannot_spell(command->name, why);
		r = add_line(s->option, command, s, add_shell_word, out, why);
	}
	return r;
}

static int add_json(const struct command *command, struct str *out)
{
	json_t *object = json_pack("{s:s,s:O}", "execute", command->name, "arguments",
				   command->args);
	_cleanup_free_ char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return line ? str_add(out, "%s\n", line) : -ENOMEM;
}

static int spell_qmp(const struct commands *commands, struct str *out, char **why)
{
	int r = 0;

	(void)why;
	for (size_t i = 0; r == 0 && i < commands->n; i++)
		r = add_json(&commands->list[i], out);
	return r;
}

const struct dialect dialect_hmp = {
	.help = "commands for QEMU's human monitor",
	.cells = qemu_human,
	.spell = spell_hmp,
};

const struct dialect dialect_qmp = {
	.help = "commands for QEMU's QMP socket, one JSON object per line",
	.cells = qemu_running,
	.spell = spell_qmp,
};

const struct dialect dialect_argv = {
	.help = "options for QEMU's command line, quoted for a shell",
	.cells = qemu_starting,
	.spell = spell_argv,
};
