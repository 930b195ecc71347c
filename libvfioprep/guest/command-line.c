/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands as words, for hypervisors that are told by a program: what to execute and what
 * it reads from its standard input. A shell gets the same words, quoted, one command a
 * line; the next one runs only when the one before has succeeded.
 */
#include "guest/guest.h"

/* -- words ----------------------------------------------------------------------------- */

json_t *command_line_add(struct commands *commands, const char *program, ...)
{
	json_t *args = commands_add(commands, program, "{s:[]}", "words"), *words;
	const char *word;
	va_list ap;
	int r = args ? 0 : -ENOMEM;

	words = json_object_get(args, "words");
	va_start(ap, program);
	while (r == 0 && (word = va_arg(ap, const char *)))
		r = json_array_append_new(words, json_string(word));
	va_end(ap);
	return r == 0 ? args : NULL;
}

int command_line_words(const struct vfp_hotplug *hotplug, const struct command *command,
		       struct vfp_command *ret, char **why)
{
	const json_t *words = json_object_get(command->args, "words");
	const char *input = json_string_value(json_object_get(command->args, "input"));
	size_t n = json_array_size(words);

	(void)hotplug;
	(void)why;
	ret->words = calloc(n + 2, sizeof(*ret->words));
	if (!ret->words || !(ret->words[0] = strdup(command->name)))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		ret->words[i + 1] = strdup(json_string_value(json_array_get(words, i)));
		if (!ret->words[i + 1])
			return -ENOMEM;
	}
	if (input && !(ret->input = strdup(input)))
		return -ENOMEM;
	return 0;
}

_public_ void vfp_commands_free(struct vfp_command **commands)
{
	for (struct vfp_command **command = commands; command && *command; command++) {
		strings_free((*command)->words);
		free((*command)->input);
		free(*command);
	}
	free(commands);
}

/* -- as a shell reads them ------------------------------------------------------------- */

/* Bare where that is safe, else in single quotes. */
int add_shell_word(const char *word, struct str *out, char **why)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_./:=,+@%-";
	_cleanup_str_ struct str quoted = { 0 };
	int r = 0;

	(void)why;
	if (*word && !word[strspn(word, safe)])
		return str_add(out, "%s", word);
	for (; r == 0 && *word; word++)
		r = str_add(&quoted, "%s%c", *word == '\'' ? "'\\'" : "", *word);
	return r ?: str_add(out, "'%s'", nonnull(quoted.s));
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; (p = strstr(p, line)); p++)
		if ((p == text || p[-1] == '\n') && (!p[n] || p[n] == '\n'))
			return true;
	return false;
}

/* A word that is no line of @input; in quotes, so that the shell leaves the lines alone. */
static int add_here_document(const char *input, const char *then, struct str *out)
{
	_cleanup_str_ struct str end = { 0 };
	int r = str_add(&end, "EOF");

	while (r == 0 && has_line(input, end.s))
		r = str_add(&end, "_");
	return r
		     ?: str_add(out, " <<'%s'%s\n%s%s%s\n", end.s, then, input,
				endswith(input, "\n") ? "" : "\n", end.s);
}

int print_for_shell(struct vfp_command *const *commands, struct str *out, char **why)
{
	int r = 0;

	for (; r == 0 && *commands; commands++) {
		const char *input = (*commands)->input, *then = commands[1] ? " &&" : "";
		char *const *words = (*commands)->words;

		for (size_t i = 0; r == 0 && words[i]; i++)
			r = str_add(out, "%s", i ? " " : "")
				  ?: add_shell_word(words[i], out, why);
		r = r
			  ?: input ? add_here_document(input, then, out)
				   : str_add(out, "%s\n", then);
	}
	return r;
}
