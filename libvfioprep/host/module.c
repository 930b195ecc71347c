/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules through libkmod: which one brings a driver, which one a device asks for, and
 * inserting it. No command of modprobe.d is ever run (KMOD_PROBE_IGNORE_COMMAND): a module for
 * which somebody wrote an `install` line is reported, since that line wants something else to
 * happen than a plain load.
 */
#include "host/host.h"

#include <fnmatch.h>
#include <libkmod.h>

#define ALIASES_MAX (64 << 20)

static void kmod_unrefp(struct kmod_ctx **kmod)
{
	if (*kmod)
		kmod_unref(*kmod);
}
#define _cleanup_kmod_ _cleanup_(kmod_unrefp)

static void module_unrefp(struct kmod_module **module)
{
	if (*module)
		kmod_module_unref(*module);
}
#define _cleanup_module_ _cleanup_(module_unrefp)

static void module_list_unrefp(struct kmod_list **list)
{
	if (*list)
		kmod_module_unref_list(*list);
}
#define _cleanup_module_list_ _cleanup_(module_list_unrefp)

static void no_log(void *data, int priority, const char *file, int line, const char *fn,
		   const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format,
		(void)args;
}

static char *modules_dir(struct vfp_ctx *ctx)
{
	_cleanup_free_ char *release = NULL;

	if (root_attr(ctx, &release, "/proc/sys/kernel/osrelease") < 0)
		return NULL;
	return strf("%s/lib/modules/%s", ctx->root, release);
}

static struct kmod_ctx *kmod_open(struct vfp_ctx *ctx)
{
	static const char *const no_config = NULL;
	_cleanup_free_ char *dir = modules_dir(ctx);
	struct kmod_ctx *kmod =
		dir ? kmod_new(dir, ctx->root_fd < 0 ? NULL : &no_config) : NULL;

	if (kmod)
		kmod_set_log_fn(kmod, no_log, NULL);
	return kmod;
}

/* The driver's name is not always the module's. */
static const char *usual_module(const char *driver)
{
	return streq(driver, "pciback") ? "xen_pciback" : driver;
}

/* The first module that @name, a module's name or an alias, stands for. */
static int lookup(struct kmod_ctx *kmod, const char *name, struct kmod_module **ret)
{
	_cleanup_module_list_ struct kmod_list *list = NULL;
	int r = kmod_module_new_from_lookup(kmod, name, &list);

	if (r < 0)
		return r;
	if (!list)
		return -ENOENT;
	*ret = kmod_module_get_module(list);
	return 0;
}

static int find_objection(struct kmod_module *module, char **ret)
{
	const char *command = kmod_module_get_install_commands(module);

	if (!command || !*command)
		return 0;
	*ret = strf("modprobe.d says `install %s %s`", kmod_module_get_name(module),
		    command);
	return *ret ? 0 : -ENOMEM;
}

/* The last of "a=1 ids=8086:10d3 b" counts, as it does for the kernel. */
static char *find_option(const char *options, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (const char *word = options; word && *word;) {
		word += strspn(word, " \t");
		if (strncmp(word, name, len) == 0 && strchr("= \t", word[len]))
			found = word;
		word += strcspn(word, " \t");
	}
	if (!found)
		return NULL;
	/* A switch without a value is on. */
	return found[len] == '='
		     ? strndup(found + len + 1, strcspn(found + len + 1, " \t"))
		     : strdup("Y");
}

int module_option(struct vfp_ctx *ctx, const char *module, const char *name,
		  char **ret_value)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = ctx->dump ? NULL : kmod_open(ctx);
	_cleanup_module_ struct kmod_module *found = NULL;
	char *value = NULL;

	if (kmod && lookup(kmod, module, &found) == 0)
		value = find_option(kmod_module_get_options(found), name);
	if (!value)
		return -ENOENT;
	*ret_value = value;
	return 0;
}

int module_for_driver(struct vfp_ctx *ctx, const char *driver, const char *hint,
		      char **ret_module, char **ret_objection)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = NULL;
	_cleanup_module_ struct kmod_module *module = NULL;
	_cleanup_free_ char *objection = NULL, *name = NULL;
	int r;

	if (root_exists(ctx, PCI_DRIVERS "/%s", driver)) {
		*ret_module = NULL;
		return 0;
	}
	/* A dump has no modules: on its host they may well be there. */
	if (ctx->dump) {
		*ret_module = strdup(hint && *hint ? hint : usual_module(driver));
		for (char *c = *ret_module; c && *c; c++)
			*c = *c == '-' ? '_' : *c;
		return *ret_module ? 0 : -ENOMEM;
	}
	kmod = kmod_open(ctx);
	if (!kmod)
		return -ENOENT;
	r = lookup(kmod, hint && *hint ? hint : usual_module(driver), &module);
	r = r ?: find_objection(module, &objection);
	if (r < 0)
		return r == -ENOSYS ? -ENOENT : r;
	name = strdup(kmod_module_get_name(module));
	if (!name)
		return -ENOMEM;
	*ret_module = take(name);
	*ret_objection = take(objection);
	return 0;
}

static bool is_blacklisted(const struct kmod_ctx *kmod, const char *module)
{
	struct kmod_config_iter *iter = kmod_config_get_blacklists(kmod);
	bool found = false;

	while (!found && iter && kmod_config_iter_next(iter))
		found = streq(kmod_config_iter_get_key(iter), module);
	if (iter)
		kmod_config_iter_free_iter(iter);
	return found;
}

enum module_state module_look(struct vfp_ctx *ctx, const char *module,
			      char **ret_objection, bool *ret_blacklisted)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = NULL;
	_cleanup_module_ struct kmod_module *found = NULL;
	_cleanup_free_ char *dir = modules_dir(ctx);

	if (root_exists(ctx, "/sys/module/%s/initstate", module))
		return MODULE_LOADED;
	if (ctx->dump || !dir || !root_exists(ctx, "%s", dir + strlen(ctx->root)))
		return root_exists(ctx, "/sys/module/%s", module) ? MODULE_BUILT_IN
								  : MODULE_UNKNOWN;
	kmod = kmod_open(ctx);
	if (!kmod || lookup(kmod, module, &found) < 0)
		return root_exists(ctx, "/sys/module/%s", module) ? MODULE_BUILT_IN
								  : MODULE_MISSING;
	find_objection(found, ret_objection);
	*ret_blacklisted = is_blacklisted(kmod, module);
	return kmod_module_get_path(found) ? MODULE_THERE : MODULE_BUILT_IN;
}

int module_driver(struct vfp_ctx *ctx, const char *module, char **ret_driver)
{
	_cleanup_free_ char *path = strf("/sys/module/%s/drivers", module),
			    *driver = NULL;
	_cleanup_strings_ char **names = NULL;
	int r = path ? root_list(ctx, path, &names) : -ENOMEM;

	if (r < 0)
		return r;
	for (char **name = names; *name && !driver; name++)
		if (startswith(*name, "pci:"))
			driver = strdup(*name + strlen("pci:"));
	if (!driver)
		return -ENOENT;
	*ret_driver = take(driver);
	return 0;
}

static int count_wildcards(const char *pattern)
{
	int n = 0;

	for (; *pattern; pattern++)
		n += *pattern == '*' || *pattern == '?' || *pattern == '[';
	return n;
}

/*
 * modules.alias has "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci" (since
 * Linux 5.15). libkmod looks such aliases up but does not tell the pattern that matched, and
 * the generic vfio_pci matches everything: so the text is read here.
 */
int module_vfio_variant(struct vfp_ctx *ctx, const char *modalias, char **ret_module)
{
	_cleanup_free_ char *dir = modules_dir(ctx), *text = NULL, *path = NULL,
			    *wanted = NULL;
	char pattern[256], module[64], best[64] = "vfio_pci";
	int least = INT_MAX, r;

	path = dir ? strf("%s/modules.alias", dir + strlen(ctx->root)) : NULL;
	wanted = startswith(modalias, "pci:") ? strf("vfio_%s", modalias) : NULL;
	if (!path || !wanted)
		return -ENOENT;
	r = root_read(ctx, path, ALIASES_MAX, &text, NULL);
	if (r < 0 && r != -ENOENT)
		return r;
	for (const char *p = nonnull(text); (p = strstr(p, "alias vfio_pci:")); p++) {
		if (sscanf(p, "alias %255s %63s", pattern, module) != 2 ||
		    fnmatch(pattern, wanted, 0) != 0 || count_wildcards(pattern) >= least)
			continue;
		least = count_wildcards(pattern);
		strcpy(best, module);
	}
	*ret_module = strdup(best);
	return *ret_module ? 0 : -ENOMEM;
}

/* One module stands in the list once for each alias that matches: by ids, by class. */
static bool has_other(const struct kmod_list *list, const char *name)
{
	const struct kmod_list *item;

	kmod_list_foreach(item, list) {
		_cleanup_module_ struct kmod_module *module =
			kmod_module_get_module(item);

		if (!streq(kmod_module_get_name(module), name))
			return true;
	}
	return false;
}

int module_for_modalias(struct vfp_ctx *ctx, const char *modalias, char **ret_module)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = kmod_open(ctx);
	_cleanup_module_list_ struct kmod_list *all = NULL, *list = NULL;
	_cleanup_module_ struct kmod_module *module = NULL;
	char *name;
	int r;

	if (!kmod)
		return -ENOENT;
	r = kmod_module_new_from_lookup(kmod, modalias, &all);
	if (r == 0 && all)
		r = kmod_module_apply_filter(kmod, KMOD_FILTER_BLACKLIST, all, &list);
	if (r < 0)
		return r;
	if (!list)
		return -ENOENT;
	module = kmod_module_get_module(list);
	if (has_other(list, kmod_module_get_name(module)))
		return -ENOTUNIQ;
	name = strdup(kmod_module_get_name(module));
	if (!name)
		return -ENOMEM;
	*ret_module = name;
	return 0;
}

bool module_matches(struct vfp_ctx *ctx, const char *module, const char *modalias)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = kmod_open(ctx);
	_cleanup_module_list_ struct kmod_list *list = NULL;
	const struct kmod_list *item;

	if (!kmod || kmod_module_new_from_lookup(kmod, modalias, &list) < 0)
		return false;
	kmod_list_foreach(item, list) {
		_cleanup_module_ struct kmod_module *found = kmod_module_get_module(item);

		if (streq(kmod_module_get_name(found), module))
			return true;
	}
	return false;
}

/* Inserting returns a positive number only for what a blacklist stopped, which is not asked. */
int module_load(struct vfp_ctx *ctx, const char *module)
{
	_cleanup_kmod_ struct kmod_ctx *kmod = kmod_open(ctx);
	_cleanup_module_ struct kmod_module *found = NULL;
	int r;

	if (!kmod)
		return -ENOENT;
	r = lookup(kmod, module, &found);
	if (r == 0)
		r = kmod_module_probe_insert_module(found, KMOD_PROBE_IGNORE_COMMAND,
						    NULL, NULL, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}
