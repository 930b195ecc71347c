/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request: what a guest shall gain or lose, as properties with checked values. A value
 * is brought to its canonical form when it is set; an id that was not given is derived
 * from what is set so far.
 *
 * A refused value leaves its sentence in the request. A request that was asked for what
 * it could not take must not go out without it, and whoever renders it learns why.
 */
#include "guest/guest.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct vfp_hotplug {
	enum kind kind;
	char *id, *derived_id;
	char *value[PROPERTIES_MAX];
	char *refused[PROPERTIES_MAX]; /* the sentence, until the property is set right */
	char *unknown; /* the sentence on a key that the kind does not have */
};

const char *hotplug_kind_name(enum kind kind)
{
	return kinds[kind].name;
}

enum kind hotplug_kind(const struct vfp_hotplug *hotplug)
{
	return hotplug->kind;
}

/* QEMU's rule, util/id.c; it has no limit of length. */
static bool id_valid(const char *id)
{
	return *id && strchr(LETTERS, *id) && !id[strspn(id, LETTERS "0123456789_.-")];
}

static int property_index(const struct vfp_hotplug *hotplug, const char *key)
{
	const struct property *properties = kinds[hotplug->kind].properties;

	for (int i = 0; properties[i].name; i++)
		if (streq(properties[i].name, key))
			return i;
	return -EINVAL;
}

_public_ int vfp_hotplug_new(const char *kind, const char *id,
			     struct vfp_hotplug **ret_hotplug)
{
	struct vfp_hotplug *hotplug;
	int k = 0;

	while (k < _KIND_MAX && !streq(kinds[k].name, kind))
		k++;
	if (k == _KIND_MAX || (id && !id_valid(id)))
		return -EINVAL;
	hotplug = calloc(1, sizeof(*hotplug));
	if (!hotplug)
		return -ENOMEM;
	hotplug->kind = k;
	if (id && !(hotplug->id = strdup(id))) {
		free(hotplug);
		return -ENOMEM;
	}
	*ret_hotplug = hotplug;
	return 0;
}

_public_ void vfp_hotplug_free(struct vfp_hotplug *hotplug)
{
	if (!hotplug)
		return;
	for (size_t i = 0; i < PROPERTIES_MAX; i++) {
		free(hotplug->value[i]);
		free(hotplug->refused[i]);
	}
	free(hotplug->unknown);
	free(hotplug->derived_id);
	free(hotplug->id);
	free(hotplug);
}

static void replace(char **where, char *text)
{
	free(*where);
	*where = text;
}

static int keep_sentence(char **where, int error, char *sentence)
{
	replace(where, sentence);
	return sentence ? error : -ENOMEM;
}

static int refuse_key(struct vfp_hotplug *hotplug, const char *key)
{
	const struct property *p = kinds[hotplug->kind].properties;
	_cleanup_free_ char *shown = escape(key);
	_cleanup_str_ struct str known = { 0 };

	for (; p->name; p++)
		if (str_add(&known, "%s%s", known.len ? ", " : "", p->name) < 0)
			return -ENOMEM;
	return keep_sentence(&hotplug->unknown, -EINVAL,
			     strf("kind %s has no property '%s'; it has %s",
				  hotplug_kind_name(hotplug->kind), nonnull(shown),
				  known.s));
}

static int derive_id(struct vfp_hotplug *hotplug)
{
	char *derived = NULL;
	int r = kinds[hotplug->kind].derive_id(hotplug, &derived);

	if (r == 0)
		replace(&hotplug->derived_id, derived);
	return r;
}

_public_ int vfp_hotplug_set(struct vfp_hotplug *hotplug, const char *key,
			     const char *value)
{
	const struct kind_row *kind = &kinds[hotplug->kind];
	_cleanup_free_ char *canonical = NULL, *shown = NULL;
	int i = property_index(hotplug, key), r;

	if (i < 0)
		return refuse_key(hotplug, key);
	r = kind->properties[i].canonical(value, &canonical);
	if (r == -EINVAL) {
		shown = escape(value);
		return keep_sentence(&hotplug->refused[i], r,
				     strf("%s '%s' %s", key, nonnull(shown),
					  kind->properties[i].wrong));
	}
	if (r < 0)
		return r;
	replace(&hotplug->value[i], take(canonical));
	replace(&hotplug->refused[i], NULL);
	return derive_id(hotplug);
}

_public_ const char *vfp_hotplug_id(const struct vfp_hotplug *hotplug)
{
	return hotplug->id ? hotplug->id : hotplug->derived_id;
}

_public_ const char *vfp_hotplug_kind(const struct vfp_hotplug *hotplug)
{
	return hotplug_kind_name(hotplug->kind);
}

_public_ const char *vfp_hotplug_get(const struct vfp_hotplug *hotplug, const char *key)
{
	return hotplug_get(hotplug, key);
}

const char *hotplug_get(const struct vfp_hotplug *hotplug, const char *key)
{
	int i = property_index(hotplug, key);

	return i < 0 ? NULL : hotplug->value[i];
}

int hotplug_need(const struct vfp_hotplug *hotplug, const char *key,
		 const char **ret_value, char **why)
{
	const char *value = hotplug_get(hotplug, key);

	if (!value)
		return say_why(why, -EINVAL, "%s is missing; give it", key);
	*ret_value = value;
	return 0;
}

int hotplug_need_domain(const struct vfp_hotplug *hotplug, const char **ret_domain,
			char **why)
{
	*ret_domain = hotplug_get(hotplug, "domain");
	if (!*ret_domain)
		return say_why(why, -EINVAL, "domain is missing; give the guest's name");
	return 0;
}

bool hotplug_id_given(const struct vfp_hotplug *hotplug)
{
	return hotplug->id;
}

int not_absolute(const char *key, const char *path, char **why)
{
	return say_why(why, -EINVAL,
		       "%s '%s' depends on where the hypervisor runs; write it from / on",
		       key, path);
}

int hotplug_need_path(const struct vfp_hotplug *hotplug, const char *key,
		      const char **ret_path, char **why)
{
	const char *path = hotplug_get(hotplug, key);

	if (path && *path != '/')
		return not_absolute(key, path, why);
	return hotplug_need(hotplug, key, ret_path, why);
}

int hotplug_need_id(const struct vfp_hotplug *hotplug, const char **ret_id, char **why)
{
	const char *id = vfp_hotplug_id(hotplug);

	if (!id)
		return say_why(why, -EINVAL, "an id is missing; give one");
	*ret_id = id;
	return 0;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

int hotplug_only(const struct vfp_hotplug *hotplug, const char *words, const char *who,
		 char **why)
{
	const struct property *properties = kinds[hotplug->kind].properties;

	for (size_t i = 0; properties[i].name; i++) {
		const char *name = properties[i].name;

		if (hotplug->value[i] && !has_word(words, name) &&
		    !has_word("domain api-socket", name))
			return say_why(why, -EOPNOTSUPP,
				       "%s takes no %s for kind %s; leave it out", who,
				       name, hotplug_kind_name(hotplug->kind));
	}
	return 0;
}

int hotplug_put(const struct vfp_hotplug *hotplug, const char *key, json_t *args)
{
	int i = property_index(hotplug, key);
	const char *value = i < 0 ? NULL : hotplug->value[i];
	json_t *json = NULL;

	if (!value)
		return 0;
	switch (kinds[hotplug->kind].properties[i].type) {
	case TEXT:
		json = json_string(value);
		break;
	case SWITCH:
		json = json_boolean(streq(value, "on"));
		break;
	case NUMBER:
		json = json_integer(strtoll(value, NULL, 0));
		break;
	}
	return json_put(args, key, json);
}

_public_ int vfp_hotplug_check(const struct vfp_hotplug *hotplug, char **why)
{
	clear_why(why);
	return hotplug_ready(hotplug, why);
}

int hotplug_ready(const struct vfp_hotplug *hotplug, char **why)
{
	if (hotplug->unknown)
		return say_why(why, -EINVAL, "%s", hotplug->unknown);
	for (size_t i = 0; i < PROPERTIES_MAX; i++)
		if (hotplug->refused[i])
			return say_why(why, -EINVAL, "%s", hotplug->refused[i]);
	return 0;
}
