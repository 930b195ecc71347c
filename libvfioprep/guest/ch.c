/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cloud Hypervisor: requests as calls of its HTTP API, and two spellings of them. ch-api
 * is the call itself; ch-remote is the program that makes it, with the same names in
 * options of its own.
 *
 * It gives devices their places itself, wants no backends, and counts CPUs and memory:
 * they are not added but resized. Its paths must not depend on where it was started.
 */
#include "guest/guest.h"

#include <ctype.h>

#define WHO        "Cloud Hypervisor"
#define SERIAL_MAX 20 /* VIRTIO_BLK_ID_BYTES */

/* -- requests as calls ----------------------------------------------------------------- */

static int put_id(const struct vfp_hotplug *hotplug, json_t *args, char **why)
{
	const char *id;

	if (!args)
		return -ENOMEM;
	return hotplug_need_id(hotplug, &id, why)
		     ?: json_put(args, "id", json_string(id));
}

static int put_text(const struct vfp_hotplug *hotplug, const char *key, json_t *args,
		    const char *name)
{
	const char *value = hotplug_get(hotplug, key);

	return value ? json_put(args, name, json_string(value)) : 0;
}

static bool is_on(const struct vfp_hotplug *hotplug, const char *key)
{
	const char *value = hotplug_get(hotplug, key);

	return value && streq(value, "on");
}

static int pci_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	_cleanup_free_ char *path = NULL;
	const char *host;
	int r;

	if (is_on(hotplug, "iommufd"))
		return say_why(why, -EOPNOTSUPP,
			       WHO " takes iommufd for a whole guest; start it with "
				   "--platform iommufd=on and leave iommufd out");
	r = hotplug_only(hotplug, "host iommufd", WHO, why)
		  ?: hotplug_need(hotplug, "host", &host, why);
	if (r < 0)
		return r;
	path = strf(PCI_DEVICES "/%s", host);
	if (!path)
		return -ENOMEM;
	return put_id(hotplug,
		      commands_add(commands, "vm.add-device", "{s:s}", "path", path),
		      why);
}

static int resize(const struct vfp_hotplug *hotplug, struct commands *commands,
		  const char *what, char **why)
{
	const char *total = hotplug_get(hotplug, "total");
	int r;

	if (!total)
		return say_why(why, -EINVAL,
			       WHO " resizes a guest; give total, what it shall have");
	r = hotplug_only(hotplug, "total", WHO, why);
	if (r < 0)
		return r;
	return commands_add(commands, "vm.resize", "{s:I}", what,
			    (json_int_t)strtoll(total, NULL, 10))
		     ? 0
		     : -ENOMEM;
}

static int cpu_resize(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	return resize(hotplug, commands, "desired_vcpus", why);
}

static int memory_resize(const struct vfp_hotplug *hotplug, struct commands *commands,
			 char **why)
{
	return resize(hotplug, commands, "desired_ram", why);
}

static int check_disk(const struct vfp_hotplug *hotplug, char **why)
{
	const char *model = hotplug_get(hotplug, "model");
	const char *serial = hotplug_get(hotplug, "serial");

	if (model && !streq(model, "virtio-blk-pci"))
		return say_why(why, -EOPNOTSUPP,
			       WHO " has virtio disks only; leave model out");
	if (serial && strlen(serial) > SERIAL_MAX)
		return say_why(why, -EOPNOTSUPP,
			       "a virtio disk has %d bytes of serial number, not '%s'",
			       SERIAL_MAX, serial);
	return hotplug_only(hotplug, "filename type format read-only model serial target",
			    WHO, why);
}

/* The format is always said: what has to be guessed from it, the guest may have written. */
static int disk_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *path, *format = hotplug_get(hotplug, "format");
	bool qcow2 = format && streq(format, "qcow2");
	json_t *args;
	int r = check_disk(hotplug, why)
		      ?: hotplug_need_path(hotplug, "filename", &path, why);

	if (r < 0)
		return r;
	args = commands_add(commands, "vm.add-disk", "{s:s,s:s}", "path", path,
			    "image_type", qcow2 ? "Qcow2" : "Raw");
	r = put_id(hotplug, args, why);
	if (r == 0 && is_on(hotplug, "read-only"))
		r = json_put(args, "readonly", json_true());
	return r ?: put_text(hotplug, "serial", args, "serial");
}

static int no_backend(const struct vfp_hotplug *hotplug, char **why)
{
	const char *backend;
	int r = hotplug_need(hotplug, "backend", &backend, why);

	if (r < 0)
		return r;
	if (nic_backend(hotplug, "bridge"))
		return say_why(why, -EOPNOTSUPP,
			       WHO " joins no bridge; put a tap into %s and take that",
			       nic_backend(hotplug, "bridge"));
	if (nic_backend(hotplug, "macvtap"))
		return say_why(why, -EOPNOTSUPP,
			       WHO
			       " takes a macvtap as an open file only, which no words "
			       "can carry; take a tap");
	return say_why(why, -EOPNOTSUPP, WHO " has no network of its own; take a tap");
}

static int nic_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		      char **why)
{
	const char *tap = nic_backend(hotplug, "tap");
	const char *socket = nic_backend(hotplug, "vhost-user");
	const char *model = hotplug_get(hotplug, "model");
	json_t *args;
	int r = hotplug_only(hotplug, "backend mac model", WHO, why);

	if (r == 0 && model && !streq(model, "virtio-net-pci"))
		r = say_why(why, -EOPNOTSUPP,
			    WHO " has virtio cards only; leave model out");
	if (r == 0 && socket && *socket != '/')
		r = not_absolute("backend", socket, why);
	if (r < 0)
		return r;
	if (tap)
		args = commands_add(commands, "vm.add-net", "{s:s}", "tap", tap);
	else if (socket)
		args = commands_add(commands, "vm.add-net", "{s:b,s:s}", "vhost_user", 1,
				    "vhost_socket", socket);
	else
		return no_backend(hotplug, why);
	return put_id(hotplug, args, why) ?: put_text(hotplug, "mac", args, "mac");
}

/* Up to version 52 the numbers have no defaults in JSON. */
static int fs_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		     char **why)
{
	const char *socket, *tag, *size = hotplug_get(hotplug, "queue-size");
	int r = hotplug_only(hotplug, "socket tag queue-size", WHO, why) ?:
		hotplug_need_path(hotplug, "socket", &socket, why) ?:
		hotplug_need(hotplug, "tag", &tag, why);

	if (r < 0)
		return r;
	return put_id(hotplug,
		      commands_add(commands, "vm.add-fs", "{s:s,s:s,s:i,s:i}", "tag", tag,
				   "socket", socket, "num_queues", 1, "queue_size",
				   size ? atoi(size) : 1024),
		      why);
}

/* What the guest writes is seen in the file, or thrown away: it is never refused. */
static int pmem_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
		       char **why)
{
	const char *path, *model = hotplug_get(hotplug, "model");
	const char *size = hotplug_get(hotplug, "size");
	const char *share = hotplug_get(hotplug, "share");
	json_t *args;
	int r = hotplug_only(hotplug, "mem-path size share read-only model", WHO, why)
		      ?: hotplug_need_path(hotplug, "mem-path", &path, why);

	if (r == 0 && model && !streq(model, "virtio-pmem-pci"))
		r = say_why(why, -EOPNOTSUPP,
			    WHO " has virtio-pmem only; leave model out");
	if (r < 0)
		return r;
	args = commands_add(commands, "vm.add-pmem", "{s:s}", "file", path);
	r = put_id(hotplug, args, why);
	if (r == 0 && size)
		r = json_put(args, "size", json_integer(strtoll(size, NULL, 10)));
	if (r == 0 && (is_on(hotplug, "read-only") || (share && streq(share, "off"))))
		r = json_put(args, "discard_writes", json_true());
	return r;
}

static int vsock_attach(const struct vfp_hotplug *hotplug, struct commands *commands,
			char **why)
{
	const char *cid, *socket;
	int r = hotplug_only(hotplug, "guest-cid socket", WHO, why) ?:
		hotplug_need(hotplug, "guest-cid", &cid, why) ?:
		hotplug_need_path(hotplug, "socket", &socket, why);

	if (r < 0)
		return r;
	return put_id(hotplug,
		      commands_add(commands, "vm.add-vsock", "{s:I,s:s}", "cid",
				   (json_int_t)strtoll(cid, NULL, 10), "socket", socket),
		      why);
}

static int detach(const struct vfp_hotplug *hotplug, struct commands *commands,
		  char **why)
{
	int r = put_id(hotplug, commands_add(commands, "vm.remove-device", "{}"), why);

	if (r == 0)
		commands->list[commands->n - 1].wait_gone = true;
	return r;
}

#define NO_USB WHO " has no USB; give it the whole USB controller as a PCI device"

static const struct cell cells[_KIND_MAX][ACTIONS] = {
	[KIND_PCI] = { { .compile = pci_attach }, { .compile = detach } },
	[KIND_USB] = { { .why_not = NO_USB }, { .why_not = NO_USB } },
	[KIND_CPU] = { { .compile = cpu_resize }, { .compile = cpu_resize } },
	[KIND_MEMORY] = { { .compile = memory_resize }, { .compile = memory_resize } },
	[KIND_DISK] = { { .compile = disk_attach }, { .compile = detach } },
	[KIND_NIC] = { { .compile = nic_attach }, { .compile = detach } },
	[KIND_FS] = { { .compile = fs_attach }, { .compile = detach } },
	[KIND_PMEM] = { { .compile = pmem_attach }, { .compile = detach } },
	[KIND_VSOCK] = { { .compile = vsock_attach }, { .compile = detach } },
};

/* -- ch-api: method and path, and the body as input ------------------------------------ */

static int api_words(const struct vfp_hotplug *hotplug, const struct command *command,
		     struct vfp_command *ret, char **why)
{
	(void)hotplug;
	(void)why;
	ret->words = calloc(3, sizeof(*ret->words));
	if (!ret->words || !(ret->words[0] = strdup("PUT")) ||
	    !(ret->words[1] = strf("/api/v1/%s", command->name)))
		return -ENOMEM;
	ret->input = json_dumps(command->args, JSON_COMPACT);
	return ret->input ? 0 : -ENOMEM;
}

static int print_calls(struct vfp_command *const *commands, struct str *out, char **why)
{
	int r = 0;

	(void)why;
	for (; r == 0 && *commands; commands++)
		r = str_add(out, "%s %s %s\n", (*commands)->words[0],
			    (*commands)->words[1], (*commands)->input);
	return r;
}

const struct dialect dialect_ch_api = {
	.help = "calls of Cloud Hypervisor's HTTP API: method, path, body",
	.cells = cells,
	.words = api_words,
	.print = print_calls,
};

/* -- ch-remote: options with a syntax of their own -------------------------------------- */

static const struct {
	const char *name, *option;
} renamed[] = {
	{ "vhost_socket", "socket" },
	{ "desired_vcpus", "--cpus" },
	{ "desired_ram", "--memory" },
};

static const char *option_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (streq(renamed[i].name, name))
			return renamed[i].option;
	return name;
}

/*
 * "key=value,..." is split at commas outside of brackets, and blanks around a value are
 * cut. All that ends within "...", where a quote is doubled (since version 48).
 */
static int add_quoted(const char *value, struct str *out)
{
	size_t n = strlen(value);
	int r;

	if (!strpbrk(value, ",\"[]") && !isspace((unsigned char)value[0]) &&
	    !isspace((unsigned char)value[n - 1]))
		return str_add(out, "%s", value);
	r = str_add(out, "\"");
	for (; r == 0 && *value; value++)
		r = str_add_bytes(out, *value == '"' ? "\"\"" : value,
				  *value == '"' ? 2 : 1);
	return r ?: str_add(out, "\"");
}

static int add_option_value(const char *name, const json_t *value, struct str *out)
{
	if (json_is_true(value))
		return str_add(out, "on");
	if (json_is_integer(value))
		return str_add(out, "%lld", (long long)json_integer_value(value));
	if (streq(name, "image_type"))
		return str_add(out, "%c%s", tolower(*json_string_value(value)),
			       json_string_value(value) + 1);
	return add_quoted(json_string_value(value), out);
}

/* Each option is a word of resize; of the others all are one word. */
static int add_options(json_t *words, const struct command *command)
{
	bool resize = streq(command->name, "vm.resize");
	_cleanup_str_ struct str all = { 0 };
	const char *name;
	json_t *value;
	int r = 0;

	json_object_foreach(command->args, name, value) {
		r = r
			  ?: str_add(&all, "%s%s%s", all.len ? "," : "",
				     option_name(name), resize ? "" : "=");
		if (r == 0 && resize) {
			r = json_array_append_new(words, json_string(all.s));
			str_done(&all);
		}
		r = r ?: add_option_value(name, value, &all);
	}
	return r ?: json_array_append_new(words, json_string(all.s));
}

static int remote_words(const struct vfp_hotplug *hotplug, const struct command *command,
			struct vfp_command *ret, char **why)
{
	_cleanup_commands_ struct commands line = { 0 };
	const char *verb = command->name + strlen("vm.");
	const char *socket = hotplug_get(hotplug, "api-socket");
	json_t *words;
	int r;

	if (!socket)
		return say_why(why, -EINVAL,
			       "api-socket is missing; give the socket that this "
			       "guest's Cloud Hypervisor listens on");
	words = json_object_get(
		command_line_add(&line, "ch-remote", "--api-socket", socket, verb, NULL),
		"words");
	if (streq(verb, "remove-device"))
		r = json_array_append(words, json_object_get(command->args, "id"));
	else
		r = add_options(words, command);
	if (r < 0)
		return -ENOMEM;
	return command_line_words(hotplug, &line.list[0], ret, why);
}

const struct dialect dialect_ch_remote = {
	.help = "command lines of Cloud Hypervisor's ch-remote",
	.cells = cells,
	.words = remote_words,
	.print = print_for_shell,
};
