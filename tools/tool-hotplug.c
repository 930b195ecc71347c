/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-hotplug: requests from words: kinds that no device of the host stands behind, and
 * the options of all kinds.
 */
#include "tool-hotplug.h"

/* A first word that is none of the devices, and what the second one is. */
static const struct kind_word {
	const char *word, *kind;
	const char
		*operand; /* "FILE"; NULL: goes without; for detach nothing is needed */
	const char *property;    /* that it sets */
	const char *class_begin; /* of VFP_CLASS: a host device by another name */
} kind_words[] = {
	{ "cpu", "cpu", NULL, NULL, NULL },
	{ "memory", "memory", "SIZE", "size", NULL },
	{ "disk", "disk", "FILE", "filename", NULL },
	{ "nic", "nic", "BACKEND", "backend", NULL },
	{ "fs", "fs", "SOCKET", "socket", NULL },
	{ "pmem", "pmem", "FILE", "mem-path", NULL },
	{ "vsock", "vsock", NULL, NULL, NULL },
	{ "usb-controller", "pci", "DEVICE", NULL, "0c03" },
	{ "sata-controller", "pci", "DEVICE", NULL, "0106" },
};

const char *const hotplug_kind_words[] = { "cpu",
					   "memory",
					   "disk",
					   "nic",
					   "fs",
					   "pmem",
					   "vsock",
					   "usb-controller",
					   "sata-controller",
					   NULL };

static const struct kind_word *find_kind_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_words); i++)
		if (streq(kind_words[i].word, word))
			return &kind_words[i];
	return NULL;
}

void requests_done(struct requests *requests)
{
	for (size_t i = 0; i < requests->n; i++)
		vfp_hotplug_free(requests->list[i]);
	free(requests->list);
	selection_done(&requests->devices);
	*requests = (struct requests){ 0 };
}

int hotplug_no_memory(void)
{
	return fail_errno(-ENOMEM, NULL, "cannot go on");
}

static bool is_file(const char *key)
{
	return streq(key, "filename") || streq(key, "mem-path") || streq(key, "socket");
}

/* As seen from here: the hypervisor works in another folder. */
static int set_file(struct vfp_hotplug *hotplug, const char *key, const char *name)
{
	_cleanup_free_ char *here = getcwd(NULL, 0);
	_cleanup_free_ char *path = here ? strf("%s/%s", here, name) : NULL;

	if (!here && errno != ENOMEM)
		return fail_errno(-errno, name, "cannot be found from here");
	return path ? vfp_hotplug_set(hotplug, key, path) : -ENOMEM;
}

/* What the library refuses it says when all is set; here only memory can fail. */
int request_set(struct vfp_hotplug *hotplug, const char *key, const char *value)
{
	int r = 0;

	if (value && *value && *value != '/' && is_file(key))
		r = set_file(hotplug, key, value);
	else if (value)
		r = vfp_hotplug_set(hotplug, key, value);
	return r == -EINVAL ? 0 : r;
}

/* Appended, so that it is freed with the others whatever happens next. */
int request_add(struct requests *requests, const char *kind, const char *id,
		struct vfp_hotplug **ret)
{
	int r = vfp_hotplug_new(kind, id, ret);

	if (r == -EINVAL)
		return fail(r, id,
			    "not an id; begin with a letter, go on with letters, digits, "
			    "'-', '_' or '.'");
	if (r == 0) {
		r = list_add((void ***)&requests->list, &requests->n, *ret);
		if (r < 0)
			vfp_hotplug_free(*ret);
	}
	return r < 0 ? hotplug_no_memory() : 0;
}

/* -- options ------------------------------------------------------------------------ */

static int set_other(struct vfp_hotplug *hotplug, const char *setting)
{
	const char *equals = strchr(setting, '=');
	_cleanup_free_ char *key = NULL;

	if (!equals)
		return fail(-EINVAL, "--set", "'%s' is not PROPERTY=VALUE", setting);
	key = strndup(setting, (size_t)(equals - setting));
	return key ? request_set(hotplug, key, equals + 1) : -ENOMEM;
}

/* --total is for all there is, but with virtio-mem for the device. */
static const char *total_key(const struct hotplug_words *words)
{
	return words->virtio_mem ? "requested-size" : "total";
}

int request_set_options(const struct hotplug_words *w, const char *kind,
			struct vfp_hotplug *hotplug)
{
	const struct {
		const char *key, *value;
	} all[] = {
		{ "domain", w->domain },
		{ "api-socket", w->api_socket },
		{ "rombar", w->rombar },
		{ "romfile", w->romfile },
		{ "vf-token", w->vf_token },
		{ "iommufd", w->iommufd ? "on" : NULL },
		{ "index", w->index },
		{ total_key(w), w->total },
		{ "socket-id", w->socket_id },
		{ "core-id", w->core_id },
		{ "thread-id", w->thread_id },
		{ streq(kind, "cpu") ? "node-id" : "node", w->node },
		{ "mem-path", w->file },
		{ "hugetlb", w->hugetlb ? "on" : NULL },
		{ "backend", w->memfd ? "memfd" : NULL },
		{ "model", w->virtio_mem ? "virtio-mem-pci" : NULL },
		{ "model", w->model },
		{ "size", w->size },
		{ "format", w->format },
		{ "target", w->target },
		{ "read-only", w->read_only ? "on" : NULL },
		{ "mac", w->mac },
		{ "tag", w->tag },
		{ "guest-cid", w->cid },
		{ "socket", w->socket },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all) && r == 0; i++)
		r = request_set(hotplug, all[i].key, all[i].value);
	for (size_t i = 0; i < w->set.n && r == 0; i++)
		r = set_other(hotplug, w->set.word[i]);
	return r == -ENOMEM ? hotplug_no_memory() : r;
}

int request_check(const struct vfp_hotplug *hotplug, const char *object)
{
	_cleanup_free_ char *why = NULL;
	int r = vfp_hotplug_check(hotplug, &why);

	return r < 0 ? hotplug_refused(r, object, why) : 0;
}

/* -- what no host device stands behind ------------------------------------------------ */

static int check_operand(const struct hotplug_words *words, const struct kind_word *kind,
			 char **operands)
{
	size_t n = list_length(operands);
	bool resized = words->total && streq(kind->kind, "memory");

	if (n > (kind->operand ? 1 : 0))
		return fail(-EINVAL, operands[kind->operand ? 1 : 0],
			    "one word too many; %s%s%s is all", kind->word,
			    kind->operand ? " " : "", nonnull(kind->operand));
	if (n == 0 && kind->operand && !words->detach && !resized)
		return fail(-EINVAL, NULL, "expected plug %s %s", kind->word,
			    kind->operand);
	return 0;
}

static int look(const struct hotplug_words *words, const struct kind_word *kind,
		const char *operand, struct vfp_hotplug *hotplug)
{
	if (words->detach || given.sysroot || !operand)
		return 0;
	if (streq(kind->word, "disk"))
		return look_at_disk(words, operand, hotplug);
	return streq(kind->word, "pmem") ? look_at_pmem(words, operand, hotplug) : 0;
}

static int add_other(const struct hotplug_words *words, const struct kind_word *kind,
		     char **operands, struct requests *requests)
{
	struct vfp_hotplug *hotplug;
	int r = check_operand(words, kind, operands)
		      ?: request_add(requests, kind->kind, words->id, &hotplug);

	if (r < 0)
		return r;
	if (request_set(hotplug, "bus", words->bus) < 0 ||
	    request_set(hotplug, "addr", words->addr) < 0 ||
	    (*operands && request_set(hotplug, kind->property, *operands) < 0))
		return hotplug_no_memory();
	return request_set_options(words, kind->kind, hotplug) ?:
	       request_check(hotplug, kind->word) ?:
	       look(words, kind, *operands, hotplug) ?:
	       request_check(hotplug, kind->word);
}

int requests_make(struct vfp_ctx *ctx, const struct hotplug_words *words, char **operands,
		  struct requests *requests)
{
	const struct kind_word *kind = find_kind_word(*operands);
	int r;

	if (!kind)
		return requests_add_devices(ctx, words, operands, requests);
	if (!kind->class_begin)
		return add_other(words, kind, operands + 1, requests);
	if (!operands[1])
		return fail(-EINVAL, NULL, "expected plug %s DEVICE", kind->word);
	r = requests_add_devices(ctx, words, operands + 1, requests);
	return r ?: requests_check_class(requests, kind->class_begin, kind->word);
}
