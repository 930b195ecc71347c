/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hotplug requests: the lines of the input are the dialect's number, the action and the
 * kind (none: pci), the id, and then KEY=VALUE. What is rendered is read back in the hypervisor's way: JSON by
 * jansson, the monitor's and a shell's words by their quoting, XML by its rules. A value
 * must arrive as it was set, and nothing else with it.
 */
#include "fuzz.h"
#include "words.h"

#include <jansson.h>

#define LINES_MAX 32

enum { ROMFILE, BUS, FILENAME, KEPT };
static const char *const kept[KEPT] = { "romfile", "bus", "filename" };

struct request {
	struct vfp_hotplug *hotplug;
	const char *kind;
	char *value[KEPT]; /* as they were set */
	const char *id;
	bool attach;
};

/* -- words ---------------------------------------------------------------------------- */

static void expect_option(const char *words, const char *key, const char *value)
{
	_cleanup_free_ char *got = option(words, key);

	expect(value ? got && streq(got, value) : !got, "%s: '%s' became '%s'", key,
	       nonnull(value), nonnull(got));
}

/* What is said of the device itself, in the line that adds or removes it. */
static void expect_device(const char *head, const char *words,
			  const struct request *request, const char *driver, bool shell)
{
	const char *verb = shell           ? "-device"
			 : request->attach ? "device_add"
					   : "device_del";

	expect(streq(head, verb), "%s", head);
	if (!request->attach) {
		expect(streq(words, request->id), "%s %s", head, words);
		return;
	}
	expect(startswith(words, driver), "%s", words);
	expect_option(words, "id", request->id);
	expect_option(words, "romfile", request->value[ROMFILE]);
	expect_option(words, "bus", request->value[BUS]);
}

/* The file of a disk, wherever it stands. */
static void expect_file(const char *head, const char *words,
			const struct request *request)
{
	_cleanup_free_ char *relative = strf("./%s", nonnull(request->value[FILENAME]));

	if (streq(head, "-blockdev"))
		expect_option(words, "file.filename", request->value[FILENAME]);
	if (streq(head, "drive_add"))
		expect_option(words, "file",
			      *nonnull(request->value[FILENAME]) == '/'
				      ? request->value[FILENAME]
				      : relative);
}

/* To the end of the line: the monitor takes no quotes there. */
static char *take_rest(char **line)
{
	char *rest = *line;

	*line += strlen(rest);
	return rest;
}

static void expect_words(char *text, const struct request *request, const char *dialect)
{
	bool shell = streq(dialect, "argv"), legacy = streq(dialect, "hmp-legacy");
	char *rest = text, *line;

	expect(*text && text[strlen(text) - 1] == '\n', "no whole line: %s", text);
	while ((line = strsep(&rest, "\n")) && *line) {
		char *head = take_word(&line, shell), *words;

		expect(head, "an empty line");
		if (streq(head, "drive_add"))
			expect(streq(take_word(&line, shell), "0"), "%s", head);
		words = streq(head, "object_add") ? take_rest(&line)
						  : take_word(&line, shell);
		expect(words, "one word alone: %s", head);
		if (streq(head, "qom-set") || streq(head, "cpu_set"))
			take_rest(&line);
		expect(!take_word(&line, shell), "too many words after %s", words);
		expect_file(head, words, request);
		if (streq(request->kind, "pci") && !strstr(head, "object"))
			expect_device(head, words, request,
				      legacy ? "pci-assign," : "vfio-pci,", shell);
	}
}

/* -- lines for a shell ---------------------------------------------------------------- */

/* What is printed is, to a shell, what is executed. */
static void expect_commands(char *text, const struct request *request,
			    const char *dialect)
{
	struct vfp_command **commands = NULL;
	char *rest = text;

	expect(vfp_hotplug_commands(request->hotplug, dialect,
				    request->attach ? VFP_ATTACH : VFP_DETACH, &commands,
				    NULL) == 0,
	       "printed, but no commands: %s", text);
	for (struct vfp_command **c = commands; *c; c++) {
		char *line = strsep(&rest, "\n");

		expect(line, "a command that is not printed: %s", (*c)->words[0]);
		for (char **word = (*c)->words; *word; word++) {
			char *got = take_word(&line, true);

			expect(got && streq(got, *word), "'%s' is not '%s'", nonnull(got),
			       *word);
		}
		if (!(*c)->input) {
			char *more = take_word(&line, true);

			expect(!more || (streq(more, "&&") && c[1]), "more: %s", more);
			continue;
		}
		expect(rest && startswith(rest, (*c)->input), "another input: %s", rest);
		rest += strlen((*c)->input);
		strsep(&rest, "\n");
	}
	expect(!rest || !*rest, "printed, but no command: %s", rest);
	vfp_commands_free(commands);
}

/* -- JSON ----------------------------------------------------------------------------- */

static void expect_member(json_t *args, const char *key, const char *value)
{
	const char *got = json_string_value(json_object_get(args, key));

	expect(value ? got && streq(got, value) : !got, "%s: '%s' became '%s'", key,
	       nonnull(value), nonnull(got));
}

static void expect_line(const char *line, const struct request *request)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	json_t *args = json_object_get(object, "arguments");
	const char *execute = json_string_value(json_object_get(object, "execute"));

	expect(object && args && execute && json_object_size(object) == 2, "no QMP: %s",
	       line);
	if (streq(execute, "blockdev-add"))
		expect_member(json_object_get(args, "file"), "filename",
			      request->value[FILENAME]);
	if (streq(execute, "device_add") || streq(execute, "device_del"))
		expect_member(args, "id", request->id);
	if (streq(execute, "device_add") && streq(request->kind, "pci")) {
		expect_member(args, "romfile", request->value[ROMFILE]);
		expect_member(args, "bus", request->value[BUS]);
	}
	json_decref(object);
}

static void expect_json(char *text, const struct request *request)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line)
		expect_line(line, request);
}

/* "PUT /api/v1/vm.add-disk {...}" */
static void expect_call(char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		char *body = strchr(line, '{');
		json_t *object = json_loads(nonnull(body), JSON_REJECT_DUPLICATES, NULL);

		expect(object && startswith(line, "PUT /api/v1/vm."), "no call: %s",
		       line);
		json_decref(object);
	}
}

/* -- XML ------------------------------------------------------------------------------ */

/* An attribute's value in quotes, from which entities are taken; *xml is moved behind it. */
static char *xml_value(const char **xml)
{
	static const char *const entities[][2] = {
		{ "&amp;", "&" },  { "&lt;", "<" },    { "&gt;", ">" },
		{ "&apos;", "'" }, { "&quot;", "\"" }, { "&#39;", "'" },
	};
	_cleanup_str_ struct str value = { 0 };
	const char *c = *xml;
	char quote = *c++;

	expect(quote == '\'' || quote == '"', "no quote: %s", c);
	expect(str_add(&value, "%s", "") == 0, "out of memory");
	while (*c != quote) {
		size_t i = 0;

		expect(*c && *c != '<', "an open value");
		while (*c == '&' && i < ARRAY_SIZE(entities) &&
		       !startswith(c, entities[i][0]))
			i++;
		expect(i < ARRAY_SIZE(entities), "no entity: %s", c);
		expect(str_add_bytes(&value, *c == '&' ? entities[i][1] : c, 1) == 0,
		       "out of memory");
		c += *c == '&' ? strlen(entities[i][0]) : 1;
	}
	*xml = c + 1;
	return strdup(value.s);
}

static size_t xml_name(const char *xml)
{
	return strspn(xml, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
}

/* The element at *xml with all that is in it; *xml is moved behind it. */
static void xml_element(const char **xml, const struct request *request)
{
	const char *c = *xml + 1, *name = c;
	size_t length = xml_name(c);

	expect(**xml == '<' && length, "no element: %s", *xml);
	for (c += length; *c == ' ';) {
		const char *key = c + 1;
		size_t key_length = xml_name(key);
		_cleanup_free_ char *value = NULL;

		expect(key_length && key[key_length] == '=', "no attribute: %s", key);
		c = key + key_length + 1;
		value = xml_value(&c);
		if (strncmp(name, "rom ", 4) == 0 && strncmp(key, "file=", 5) == 0)
			expect(request->value[ROMFILE] &&
				       streq(value, request->value[ROMFILE]),
			       "romfile became '%s'", value);
	}
	if (startswith(c, "/>")) {
		*xml = c + 2;
		return;
	}
	expect(*c == '>', "no end of a tag: %s", c);
	c++;
	for (;;) {
		c += strcspn(c, "<");
		if (startswith(c, "</"))
			break;
		xml_element(&c, request);
	}
	expect(strncmp(c + 2, name, length) == 0 && c[2 + length] == '>',
	       "not nested: %s", c);
	*xml = c + 3 + length;
}

static void expect_xml(const char *text, const struct request *request)
{
	const char *xml = text;

	xml_element(&xml, request);
	expect(streq(xml, "\n"), "something behind the element: %s", xml);
	expect(!request->value[ROMFILE] || !request->attach || strstr(text, "<rom "),
	       "the romfile was lost");
}

/* -- one request ---------------------------------------------------------------------- */

static void render(const struct request *request, const char *dialect)
{
	_cleanup_free_ char *text = NULL, *why = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r;

	expect(out, "out of memory");
	r = vfp_hotplug_render(request->hotplug, dialect,
			       request->attach ? VFP_ATTACH : VFP_DETACH, out, &why);
	expect(fclose(out) == 0, "out of memory");
	if (r < 0) {
		expect((r == -EINVAL || r == -EOPNOTSUPP) && why && *why && !size,
		       "error %d, %zu bytes", r, size);
		expect_harmless(why, false);
		return;
	}
	expect(size == strlen(text), "a zero byte in the output");
	expect_harmless(text, true);
	if (streq(dialect, "qmp"))
		expect_json(text, request);
	else if (streq(dialect, "libvirt"))
		expect_xml(text, request);
	else if (streq(dialect, "ch-api"))
		expect_call(text);
	else if (streq(dialect, "ch-remote") || streq(dialect, "virsh") ||
		 streq(dialect, "xl"))
		expect_commands(text, request, dialect);
	else
		expect_words(text, request, dialect);
}

static void set(struct request *request, char *line)
{
	char *value = strchr(line, '=');
	int r;

	if (!value)
		return;
	*value++ = '\0';
	r = vfp_hotplug_set(request->hotplug, line, value);
	expect(r == 0 || r == -EINVAL, "error %d", r);
	for (size_t i = 0; r == 0 && i < KEPT; i++)
		if (streq(line, kept[i])) {
			free(request->value[i]);
			request->value[i] = strdup(value);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	const char *const *dialects = vfp_dialects();
	unsigned char choice = input_byte(&in);
	struct request request = { .attach = !(input_byte(&in) & 1) };
	_cleanup_free_ char *kind = input_until(&in, '\n'), *id = input_until(&in, '\n');

	if (vfp_hotplug_new(kind, *id ? id : NULL, &request.hotplug) < 0 &&
	    vfp_hotplug_new("pci", *id ? id : NULL, &request.hotplug) < 0)
		return 0;
	request.kind = vfp_hotplug_kind(request.hotplug);
	for (int i = 0; in.left && i < LINES_MAX; i++) {
		_cleanup_free_ char *line = input_until(&in, '\n');

		set(&request, line);
	}
	request.id = vfp_hotplug_id(request.hotplug);
	render(&request, dialects[choice % list_length((void *)dialects)]);
	for (size_t i = 0; i < KEPT; i++)
		free(request.value[i]);
	vfp_hotplug_free(request.hotplug);
	return 0;
}
