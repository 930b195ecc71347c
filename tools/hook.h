/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook: what the parts of the libvirt hook share. hook-xml.c reads the domain, hook-conf.c what
 * shall be done with it, vfioprep-hook.c does it.
 */
#ifndef VFIOPREP_HOOK_H
#define VFIOPREP_HOOK_H

#include "report.h"

/* -- hook-xml.c ---------------------------------------------------------------------- */

/* More XML than this is no domain. */
#define HOOK_XML_MAX (16u << 20)

/* A PCI device of the host that a domain has. */
struct hook_device {
	char address[32];
	bool managed;		/* libvirt takes it from its driver, and gives it back */
	char *driver;		/* <driver model='mlx5_vfio_pci'/>; NULL: not said */
};

struct hook_domain {
	char uuid[37];		/* lower case */
	struct hook_device *device;
	size_t n;
};

/*
 * The UUID and the devices of the domain in @text, each device once. -EINVAL: not the XML of a
 * domain, or of one that libvirt would not have; *ret_why says what, to be freed.
 */
int hook_xml_parse(const char *text, size_t size, struct hook_domain *ret_domain,
		   char **ret_why);
void hook_domain_done(struct hook_domain *domain);
#define _cleanup_hook_domain_ _cleanup_(hook_domain_done)

/* -- hook-conf.c --------------------------------------------------------------------- */

#define HOOK_CONF      "hook.conf"
#define HOOK_CONF_PATH "/etc/vfioprep/" HOOK_CONF

/* What /etc/vfioprep/hook.conf says about one domain. The strings are owned. */
struct hook_config {
	bool enabled, group;
	char *driver, *power, *node_owner; /* NULL: not said */
	char **force;			   /* NULL-terminated; NULL: none */
	int64_t timeout, wait;		   /* milliseconds */
};

/* As without a file. */
void hook_config_init(struct hook_config *config);

/*
 * What the file says about the domain @name with this @uuid: the lines before any section, then
 * those of [name], then those of [uuid]. No file is none to read. Complains; -EINVAL.
 */
int hook_config_load(struct vfp_ctx *ctx, const char *name, const char *uuid,
		     struct hook_config *config);

/* The same of the text of a file. *ret_why: the sentence that begins with the number of the line. */
int hook_config_parse(const char *text, const char *name, const char *uuid,
		      struct hook_config *config, char **ret_why);
void hook_config_done(struct hook_config *config);
#define _cleanup_hook_config_ _cleanup_(hook_config_done)

/* -- hook-call.c --------------------------------------------------------------------- */

/* One call of the hook. */
struct hook_call {
	struct vfp_ctx *ctx;
	const char *name;	/* of the guest */
	const char *guest;	/* the same, fit for a log */
	struct hook_domain domain;
	struct hook_config config;
	struct vfp_record **records;
	struct selection devices; /* of the domain, and siblings that come along */
};

/* From now on every complaint goes to the system's log as well, with @guest in front. */
void hook_log_begin(const char *guest);
/* And no longer, nor is there an end of its time. */
void hook_end(void);

/* The findings on stderr, and warnings in the log alone. Returns @error. */
int hook_tell(const struct hook_call *call, struct vfp_finding *const *findings, int error);

/* The process ends then with this status, wherever it is. The last call counts. */
void hook_end_within(int64_t msec, int status);

/* The devices of the domain into ->devices. Complains of each that is not there. */
int hook_select(struct hook_call *call);

/* The record of a device as it was when the call began; NULL: none. */
const struct vfp_record *hook_record_of(const struct hook_call *call, const char *address);

/* A plan for the guest's UUID, whose steps together have until @deadline (as a period). */
int hook_plan_new(const struct hook_call *call, int64_t deadline,
		  struct vfp_plan **ret_plan);
int hook_set_time(struct vfp_plan *plan, enum vfp_option option, int64_t msec);

/* -- hook-prepare.c ------------------------------------------------------------------ */

int hook_prepare(struct hook_call *call);

#endif
