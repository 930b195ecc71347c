/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook-conf: /etc/vfioprep/hook.conf. What stands before any section holds for every domain, what
 * stands in the section of its name or its UUID for that one. Sections of other domains are not
 * judged: what is wrong there does not keep this one from starting.
 */
#include "hook.h"

#include <strings.h>

#define TIMEOUT_MSEC 120000
#define WAIT_MSEC    30000

void hook_config_init(struct hook_config *config)
{
	*config = (struct hook_config){
		.enabled = true,
		.timeout = TIMEOUT_MSEC,
		.wait = WAIT_MSEC,
	};
}

void hook_config_done(struct hook_config *config)
{
	free(config->driver);
	free(config->power);
	free(config->node_owner);
	strings_free(config->force);
	hook_config_init(config);
}

/* -- values ------------------------------------------------------------------------- */

static int set_switch(bool *to, const char *value)
{
	*to = streq(value, "yes");
	return *to || streq(value, "no") ? 0 : -EINVAL;
}

/* Said again, empty, it is as not said. */
static int set_text(char **to, const char *value)
{
	char *copy = *value ? strdup(value) : NULL;

	if (*value && !copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int set_power(char **to, const char *value)
{
	return streq(value, "on") || !*value ? set_text(to, value) : -EINVAL;
}

/* A quarter of it is the time of one step. */
static int set_timeout(int64_t *to, const char *value)
{
	int64_t msec;

	if (parse_seconds(value, &msec) < 0 || msec < 4000)
		return -EINVAL;
	*to = msec;
	return 0;
}

/* Blanks separate; the list takes the place of one that was there. */
static int set_force(char ***to, const char *value)
{
	_cleanup_strings_ char **list = NULL;
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *word;
	size_t n = 0;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, " \t"))) {
		char *item = *word ? strdup(word) : NULL;

		if (*word && (!item || list_add((void ***)&list, &n, item) < 0)) {
			free(item);
			return -ENOMEM;
		}
	}
	strings_free(*to);
	*to = take(list);
	return 0;
}

/* *ret_wants: what such a value looks like. */
static int set(struct hook_config *config, const char *key, const char *value,
	       const char **ret_wants)
{
	*ret_wants = "yes or no";
	if (streq(key, "enabled"))
		return set_switch(&config->enabled, value);
	if (streq(key, "group"))
		return set_switch(&config->group, value);
	*ret_wants = "on";
	if (streq(key, "power"))
		return set_power(&config->power, value);
	*ret_wants = "seconds, as 30 or 0.5, up to 31622400";
	if (streq(key, "wait"))
		return parse_seconds(value, &config->wait);
	*ret_wants = "seconds, from 4 to 31622400";
	if (streq(key, "timeout"))
		return set_timeout(&config->timeout, value);
	if (streq(key, "driver"))
		return set_text(&config->driver, value);
	if (streq(key, "node-owner"))
		return set_text(&config->node_owner, value);
	if (streq(key, "force"))
		return set_force(&config->force, value);
	*ret_wants = NULL;
	return -EINVAL;
}

/* -- lines -------------------------------------------------------------------------- */

static int take_line(const struct pair *line, struct hook_config *config, char **ret_why)
{
	const char *wants = NULL;
	int r = pair_is_spoilt(line) ? -EINVAL
				     : set(config, line->key, line->value, &wants);

	if (r != -EINVAL)
		return r;
	*ret_why = pair_is_spoilt(line) ? strf("%d: %s", line->line, line->value)
		 : wants ? strf("%d: %s=%s: give %s", line->line, line->key, line->value,
				wants)
			 : strf("%d: there is no key %s", line->line, line->key);
	return *ret_why ? r : -ENOMEM;
}

static int take_section(const struct pair *lines, size_t n, const char *section,
			int (*is)(const char *a, const char *b),
			struct hook_config *config, char **ret_why)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (!pair_is_head(&lines[i]) && is(lines[i].section, section) == 0)
			r = take_line(&lines[i], config, ret_why);
	return r;
}

int hook_config_parse(const char *text, const char *name, const char *uuid,
		      struct hook_config *config, char **ret_why)
{
	struct pair *lines = NULL;
	size_t n = 0;
	int r = keyfile_read(text, &lines, &n);

	r = r ?: take_section(lines, n, "", strcmp, config, ret_why);
	r = r ?: take_section(lines, n, name, strcmp, config, ret_why);
	r = r ?: take_section(lines, n, uuid, strcasecmp, config, ret_why);
	pairs_free(lines, n);
	return r;
}

int hook_config_load(struct vfp_ctx *ctx, const char *name, const char *uuid,
		     struct hook_config *config)
{
	_cleanup_free_ char *text = NULL, *why = NULL;
	int r = vfp_config_read(ctx, HOOK_CONF, &text, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(r == -ENOMEM ? r : -EINVAL, NULL, "%s",
			    why ? why : strerror(-r));
	r = hook_config_parse(text, name, uuid, config, &why);
	return r < 0 ? fail(r, NULL, HOOK_CONF_PATH ":%s", why ? why : strerror(-r)) : 0;
}
