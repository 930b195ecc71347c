/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hotplug requests: the lines of the input are the dialect's number and the action, the
 * id, and then KEY=VALUE. What is rendered is read back in the hypervisor's way: JSON by
 * jansson, the monitor's and a shell's words by their quoting, XML by its rules. A value
 * must arrive as it was set, and nothing else with it.
 */
#include "fuzz.h"

#include <jansson.h>

#define LINES_MAX 32

struct request {
	struct vfp_hotplug *hotplug;
	char *romfile, *bus; /* as they were set */
	const char *id;
	bool attach;
};

/* -- words ---------------------------------------------------------------------------- */

/* Takes the next word of @line off, unquoted in place; NULL at the end. */
static char *take_word(char **line, bool shell)
{
	char *from = *line + strspn(*line, " "), *to = from, *word = from;
	char quote = '\0';

	if (!*from)
		return NULL;
	/* The monitor knows quotes only where a word begins. */
	if (!shell && *from == '"')
		quote = *from++;
	for (; *from && (quote || *from != ' '); from++) {
		if (!shell && quote && *from == '"')
			break;
		if (shell && *from == '\'' && !(quote && *from != quote)) {
			quote = quote ? '\0' : '\'';
			continue;
		}
		if (*from == '\\' && ((shell && !quote) || (!shell && quote)))
			from++;
		expect(*from, "a backslash at the end");
		*to++ = *from;
	}
	if (!shell && quote) {
		expect(*from == '"', "an open quote");
		from++;
		expect(!*from || *from == ' ', "something after the quote: %s", from);
	}
	expect(!shell || !quote, "an open quote");
	*line = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

/* The value of @key in "first,key=value,..."; ",," is a comma. To be freed. */
static char *option(const char *words, const char *key)
{
	_cleanup_str_ struct str part = { 0 };
	size_t length = strlen(key);

	for (const char *c = words;; c++) {
		if (*c == ',' && c[1] == ',') {
			expect(str_add_bytes(&part, c++, 1) == 0, "out of memory");
			continue;
		}
		if (*c && *c != ',') {
			expect(str_add_bytes(&part, c, 1) == 0, "out of memory");
			continue;
		}
		if (part.s && strncmp(part.s, key, length) == 0 && part.s[length] == '=')
			return strdup(part.s + length + 1);
		str_done(&part);
		if (!*c)
			return NULL;
	}
}

static void expect_option(const char *words, const char *key, const char *value)
{
	_cleanup_free_ char *got = option(words, key);

	expect(value ? got && streq(got, value) : !got, "%s: '%s' became '%s'", key,
	       nonnull(value), nonnull(got));
}

static void expect_words(char *text, const struct request *request, bool shell)
{
	char *line = text, *head, *words;
	size_t length = strlen(text);

	expect(length && text[length - 1] == '\n' &&
		       strchr(text, '\n') == text + length - 1,
	       "not one line: %s", text);
	text[length - 1] = '\0';
	head = take_word(&line, shell);
	words = head ? take_word(&line, shell) : NULL;
	expect(words && !take_word(&line, shell), "not two words: %s", text);
	if (!request->attach) {
		expect(streq(head, "device_del") && streq(words, request->id), "%s %s",
		       head, words);
		return;
	}
	expect(streq(head, shell ? "-device" : "device_add"), "%s", head);
	expect(startswith(words, "vfio-pci,"), "%s", words);
	expect_option(words, "id", request->id);
	expect_option(words, "romfile", request->romfile);
	expect_option(words, "bus", request->bus);
}

/* -- JSON ----------------------------------------------------------------------------- */

static void expect_member(json_t *args, const char *key, const char *value)
{
	const char *got = json_string_value(json_object_get(args, key));

	expect(value ? got && streq(got, value) : !got, "%s: '%s' became '%s'", key,
	       nonnull(value), nonnull(got));
}

static void expect_json(const char *text, const struct request *request)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *args = json_object_get(object, "arguments");

	expect(object && args && json_object_size(object) == 2, "no QMP: %s", text);
	expect_member(object, "execute", request->attach ? "device_add" : "device_del");
	expect_member(args, "id", request->id);
	if (request->attach) {
		expect_member(args, "romfile", request->romfile);
		expect_member(args, "bus", request->bus);
	}
	json_decref(object);
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
	return strspn(xml, "abcdefghijklmnopqrstuvwxyz");
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
			expect(request->romfile && streq(value, request->romfile),
			       "romfile became '%s'", value);
	}
	if (startswith(c, "/>")) {
		*xml = c + 2;
		return;
	}
	expect(*c == '>', "no end of a tag: %s", c);
	c++;
	for (;;) {
		c += strspn(c, " \n");
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
	expect(!request->romfile || !request->attach || strstr(text, "<rom "),
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
	else
		expect_words(text, request, streq(dialect, "argv"));
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
	if (r == 0 && (streq(line, "romfile") || streq(line, "bus"))) {
		char **kept = streq(line, "bus") ? &request->bus : &request->romfile;

		free(*kept);
		*kept = strdup(value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	const char *const *dialects = vfp_dialects();
	unsigned char choice = input_byte(&in);
	struct request request = { .attach = !(input_byte(&in) & 1) };
	_cleanup_free_ char *id = NULL;

	free(input_until(&in, '\n'));
	id = input_until(&in, '\n');
	if (vfp_hotplug_new("pci", *id ? id : NULL, &request.hotplug) < 0)
		return 0;
	for (int i = 0; in.left && i < LINES_MAX; i++) {
		_cleanup_free_ char *line = input_until(&in, '\n');

		set(&request, line);
	}
	request.id = vfp_hotplug_id(request.hotplug);
	render(&request, dialects[choice % list_length((void *)dialects)]);
	free(request.romfile);
	free(request.bus);
	vfp_hotplug_free(request.hotplug);
	return 0;
}
