/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dialects of hypervisors that are told by a program, before those who read them: a
 * shell makes of the printed text the very words and input that would be executed without
 * one; bodies are JSON with real types; the XML is what libvirt's schema allows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/guest.h"
#include "hotplug-requests.h"

static const char *const command_lines[] = { "virsh", "ch-remote", "xl" };

static struct vfp_hotplug *make(const struct cell_request *request)
{
	struct vfp_hotplug *hotplug = NULL;

	assert_int_equal(vfp_hotplug_new(request->kind, request->id, &hotplug), 0);
	for (const char *const *s = request->settings; *s; s++) {
		const char *equals = strchr(*s, '=');
		_cleanup_free_ char *key = strndup(*s, (size_t)(equals - *s));

		assert_int_equal(vfp_hotplug_set(hotplug, key, equals + 1), 0);
	}
	return hotplug;
}

/* "" for what is refused. */
static char *render(const struct cell_request *request, const char *dialect,
		    enum vfp_action action)
{
	struct vfp_hotplug *hotplug = make(request);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vfp_hotplug_render(hotplug, dialect, action, out, NULL);
	assert_int_equal(fclose(out), 0);
	vfp_hotplug_free(hotplug);
	return text;
}

static struct vfp_command **commands_of(const struct cell_request *request,
					const char *dialect, enum vfp_action action)
{
	struct vfp_hotplug *hotplug = make(request);
	struct vfp_command **commands = NULL;
	_cleanup_free_ char *why = NULL;
	int r = vfp_hotplug_commands(hotplug, dialect, action, &commands, &why);

	assert_int_equal(r == 0, !why);
	assert_int_equal(r == 0, !!commands);
	vfp_hotplug_free(hotplug);
	return commands;
}

static char *slurp(FILE *file)
{
	struct str text = { 0 };
	char bytes[4096];
	size_t n;

	assert_int_equal(str_add(&text, "%s", ""), 0);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		assert_int_equal(str_add_bytes(&text, bytes, n), 0);
	return text.s;
}

/* The name of a new file, to be freed. */
static char *temporary(void)
{
	char *path = strdup("/tmp/test-hotplug-commands-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What @command says; its exit status must be 0. */
static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	char *text;
	int status;

	assert_non_null(pipe);
	text = slurp(pipe);
	status = pclose(pipe);
	if (status)
		print_message("%s", text);
	assert_int_equal(status, 0);
	return text;
}

/* -- words ------------------------------------------------------------------------- */

/* Programs that say their words, each in brackets, and what they read. */
static const char programs[] = "say() { printf '[%s]' \"$@\"; printf '\\n'; cat; }\n"
			       "virsh() { say virsh \"$@\"; }\n"
			       "ch_remote() { say ch-remote \"$@\"; }\n"
			       "alias ch-remote=ch_remote\n"
			       "xl() { say xl \"$@\"; }\n";

static void add_executed(struct vfp_command *const *commands, struct str *all)
{
	for (; commands && *commands; commands++) {
		for (char **word = (*commands)->words; *word; word++)
			str_add(all, "[%s]", *word);
		str_add(all, "\n%s", nonnull((*commands)->input));
	}
}

static void a_shell_reads_what_would_be_executed(void **state)
{
	_cleanup_free_ char *path = temporary(),
			    *command = strf("sh %s </dev/null", path);

	(void)state;
	for (size_t d = 0; d < ARRAY_SIZE(command_lines); d++) {
		_cleanup_str_ struct str script = { 0 }, wanted = { 0 };
		_cleanup_free_ char *is = NULL;

		str_add(&script, "set -e\n%s", programs);
		for (size_t i = 0; i < 2 * ARRAY_SIZE(cell_requests); i++) {
			enum vfp_action action = i % 2 ? VFP_DETACH : VFP_ATTACH;
			const struct cell_request *request = &cell_requests[i / 2];
			_cleanup_free_ char *text =
				render(request, command_lines[d], action);
			struct vfp_command **commands =
				commands_of(request, command_lines[d], action);

			str_add(&script, "%s", text);
			add_executed(commands, &wanted);
			vfp_commands_free(commands);
		}
		write_file(path, script.s);
		is = output_of(command);
		assert_true(strlen(is) > 1000);
		assert_string_equal(is, wanted.s);
	}
	unlink(path);
}

/* Who executes them must know which of them are only requests to the guest. */
static void what_waits_for_the_guest_says_so(void **state)
{
	static const struct cell_request request = {
		"pci", "", "nic0", { "host=05:00.0", WEB1 }
	};
	static const struct {
		const char *dialect;
		size_t n, waits;
	} wanted[] = { { "virsh", 1, 0 }, { "ch-api", 1, 0 }, { "xl", 2, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char *dialect = wanted[i].dialect;
		struct vfp_command **attach = commands_of(&request, dialect, VFP_ATTACH);
		struct vfp_command **detach = commands_of(&request, dialect, VFP_DETACH);

		assert_int_equal(list_length(detach), wanted[i].n);
		for (struct vfp_command **c = attach; *c; c++)
			assert_false((*c)->wait_gone);
		for (size_t j = 0; detach[j]; j++)
			assert_int_equal(detach[j]->wait_gone, j == wanted[i].waits);
		vfp_commands_free(attach);
		vfp_commands_free(detach);
	}
}

static void monitors_have_no_commands_to_execute(void **state)
{
	static const char *const others[] = { "hmp", "qmp", "argv", "libvirt", "none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_null(commands_of(&cell_requests[0], others[i], VFP_ATTACH));
	vfp_commands_free(NULL);
}

/* A line of the input must not end it. */
static void a_here_document_ends_where_it_should(void **state)
{
	char cat[] = "cat", input[] = "EOF\n EOF\nEOF_\n$x`y`\\\nEOF_z",
	     *words[] = { cat, NULL };
	struct vfp_command command = { words, input, false };
	struct vfp_command *commands[] = { &command, &command, NULL };
	_cleanup_free_ char *path = temporary(), *line = strf("sh %s", path);
	_cleanup_free_ char *is = NULL, *wanted = strf("%s\n%s\n", input, input);
	_cleanup_str_ struct str text = { 0 };

	(void)state;
	assert_int_equal(print_for_shell(commands, &text, NULL), 0);
	write_file(path, text.s);
	is = output_of(line);
	unlink(path);
	assert_string_equal(is, wanted);
}

/* -- Cloud Hypervisor's API ----------------------------------------------------------- */

static json_t *body_of(const char *kind, const char *setting, const char *more,
		       enum vfp_action action, const char *path)
{
	const struct cell_request request = { kind, "", "x", { setting, more } };
	struct vfp_command **commands = commands_of(&request, "ch-api", action);
	json_t *body;

	assert_non_null(commands);
	assert_int_equal(list_length(commands), 1);
	assert_int_equal(list_length((*commands)->words), 2);
	assert_string_equal((*commands)->words[0], "PUT");
	assert_string_equal((*commands)->words[1], path);
	body = json_loads((*commands)->input, 0, NULL);
	assert_true(json_is_object(body));
	vfp_commands_free(commands);
	return body;
}

static void bodies_have_real_types(void **state)
{
	json_t *body =
		body_of("memory", "total=8G", NULL, VFP_ATTACH, "/api/v1/vm.resize");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(body, "desired_ram")),
			 8LL << 30);
	assert_int_equal(json_object_size(body), 1);
	json_decref(body);
	body = body_of("vsock", "guest-cid=4294967294", "socket=/s", VFP_ATTACH,
		       "/api/v1/vm.add-vsock");
	assert_int_equal(json_integer_value(json_object_get(body, "cid")), 4294967294);
	json_decref(body);
	body = body_of("disk", "filename=/a \"b\"\\,\u00e9", "read-only=on", VFP_ATTACH,
		       "/api/v1/vm.add-disk");
	assert_true(json_is_true(json_object_get(body, "readonly")));
	assert_string_equal(json_string_value(json_object_get(body, "path")),
			    "/a \"b\"\\,\u00e9");
	json_decref(body);
	body = body_of("nic", "backend=tap=t", NULL, VFP_DETACH,
		       "/api/v1/vm.remove-device");
	assert_string_equal(json_string_value(json_object_get(body, "id")), "x");
	json_decref(body);
}

/* What ch-remote makes of "key=value,...": cloud-hypervisor, option_parser. */
static char *option_of(const char *options, const char *key)
{
	struct str value = { 0 };
	bool quoted = false, last_quote = false;
	const char *p = strstr(options, key);

	assert_non_null(p);
	assert_int_equal(str_add(&value, "%s", ""), 0);
	for (p += strlen(key); *p && (quoted || *p != ','); p++) {
		if (*p != '"' || (last_quote && !quoted))
			str_add_bytes(&value, p, 1);
		quoted ^= *p == '"';
		last_quote = *p == '"';
	}
	assert_false(quoted);
	return value.s;
}

static void ch_remote_reads_any_file_name(void **state)
{
	static const char *const names[] = {
		"/plain", "/a,b", "/,", "/a\"b",   "/\"",       "/a\"\"b,,", "/[1,2]",
		"/ ",     "/a ",  "/]", "/a\"b\"", "/x\",y=\"", "/\u00e9"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *setting = strf("filename=%s", names[i]), *is = NULL;
		const struct cell_request request = {
			"disk", "", "x", { setting, WEB1 }
		};
		struct vfp_command **commands =
			commands_of(&request, "ch-remote", VFP_ATTACH);

		assert_non_null(commands);
		assert_string_equal((*commands)->words[3], "add-disk");
		is = option_of((*commands)->words[4], "path=");
		assert_string_equal(is, names[i]);
		assert_null((*commands)->words[5]);
		vfp_commands_free(commands);
	}
}

/* -- libvirt's schema ------------------------------------------------------------------ */

static const char domain_head[] = "<domain type='qemu'>\n<name>web1</name>\n"
				  "<memory unit='MiB'>256</memory>\n"
				  "<os><type>hvm</type></os>\n<devices>\n";

static void validate(const char *elements)
{
	_cleanup_free_ char *path = temporary(), *is = NULL;
	_cleanup_free_ char *line = strf("virt-xml-validate %s domain 2>&1", path);
	_cleanup_free_ char *domain =
		strf("%s%s</devices>\n</domain>\n", domain_head, elements);

	write_file(path, domain);
	is = output_of(line);
	assert_non_null(strstr(is, " validates"));
	unlink(path);
}

/*
 * All in one domain, which takes a single vsock. The schema does not know iommufd before
 * libvirt 12.1.
 */
static void libvirt_s_schema_allows_the_xml(void **state)
{
	_cleanup_str_ struct str all = { 0 };

	(void)state;
	if (system("command -v virt-xml-validate >/dev/null 2>&1") != 0)
		skip();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cell_requests); i++) {
		_cleanup_free_ char *xml = render(&cell_requests[i / 2], "libvirt",
						  i % 2 ? VFP_DETACH : VFP_ATTACH);

		if (startswith(xml, "<vsock "))
			validate(xml);
		else if (!strstr(xml, "iommufd"))
			str_add(&all, "%s", xml);
	}
	validate(all.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shell_reads_what_would_be_executed),
		cmocka_unit_test(what_waits_for_the_guest_says_so),
		cmocka_unit_test(monitors_have_no_commands_to_execute),
		cmocka_unit_test(a_here_document_ends_where_it_should),
		cmocka_unit_test(bodies_have_real_types),
		cmocka_unit_test(ch_remote_reads_any_file_name),
		cmocka_unit_test(libvirt_s_schema_allows_the_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
