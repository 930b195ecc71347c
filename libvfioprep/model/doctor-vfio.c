/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFIO on the host: the modules that bring it and what modprobe.d makes of them, its switches,
 * and its nodes, which whoever starts a guest has to open.
 */
#include "model/doctor.h"

#define NOIOMMU      "enable_unsafe_noiommu_mode"
#define SHOW_OPTIONS "modprobe --showconfig | grep 'options vfio_pci'"

/* -- modules ------------------------------------------------------------------------- */

static int add_missing(struct check *c, const char *module, const char *option)
{
	_cleanup_free_ char *built = strf("CONFIG_%s=m", option);
	char value = doctor_kconfig(c, option);

	if (!built)
		return -ENOMEM;
	if (value == 'n')
		return check_add(
			c, VFP_REFUSE, module, built,
			"this kernel was built without CONFIG_%s: take one of the "
			"distribution's full kernels (not a cloud kernel)",
			option);
	return check_add(c, VFP_REFUSE, module, "depmod -a",
			 "there is no module %s for this kernel", module);
}

/* On a running host this is a kernel whose modules went with an upgrade. */
static int add_unknown(struct check *c, const char *module)
{
	if (c->ctx->dump || doctor_in_container(c))
		return check_add(c, VFP_UNKNOWN, module, NULL,
				 "whether there is a module %s is not to be seen here",
				 module);
	return check_add(c, VFP_REFUSE, module, "systemctl reboot",
			 "there is no folder with modules of the running kernel, so %s "
			 "cannot be loaded: was the kernel upgraded?",
			 module);
}

static int add_there(struct check *c, const char *module, const char *objection,
		     bool blacklisted)
{
	_cleanup_free_ char *load =
		strf("modprobe %s%s", objection ? "--ignore-install " : "", module);
	_cleanup_free_ char *find =
		strf("modprobe --showconfig | grep 'blacklist %s'", module);

	if (!load || !find)
		return -ENOMEM;
	if (objection)
		return check_add(c, VFP_REFUSE, module, load,
				 "%s is not loaded, and vfioprep does not load what "
				 "somebody wants treated otherwise: %s",
				 module, objection);
	if (blacklisted)
		return check_add(c, VFP_NOTE, module, find,
				 "%s is blacklisted in modprobe.d; it is loaded by name "
				 "all the same",
				 module);
	return check_add(c, VFP_NOTE, module, load,
			 "%s is there and not loaded yet; hide does that", module);
}

/* "module_blacklist=a,b": the kernel itself does not take it. */
static bool kernel_refuses(struct check *c, const char *module)
{
	static const char key[] = "module_blacklist=";
	_cleanup_free_ char *line = doctor_command_line(c);
	char *at = line ? strstr(line, key) : NULL, *rest = NULL;

	if (!at)
		return false;
	at += strlen(key);
	at[strcspn(at, " ")] = '\0';
	for (char *name = strtok_r(at, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (streq(name, module))
			return true;
	return false;
}

static int look_at_module(struct check *c, const char *module, const char *option)
{
	_cleanup_free_ char *objection = NULL;
	bool blacklisted = false;

	switch (module_look(c->ctx, module, &objection, &blacklisted)) {
	case MODULE_MISSING:
		return add_missing(c, module, option);
	case MODULE_UNKNOWN:
		return add_unknown(c, module);
	case MODULE_THERE:
		if (kernel_refuses(c, module))
			return check_add(c, VFP_REFUSE, module,
					 "take it from module_blacklist= on the kernel "
					 "command line and reboot",
					 "the kernel command line forbids %s", module);
		return add_there(c, module, objection, blacklisted);
	case MODULE_BUILT_IN:
		return check_add(c, VFP_NOTE, module, NULL, "%s is built in", module);
	case MODULE_LOADED:
		return check_add(c, VFP_NOTE, module, NULL, "%s is loaded", module);
	}
	return 0;
}

int doctor_modules(struct check *c, const struct vfp_doctor_options *options)
{
	(void)options;
	return look_at_module(c, "vfio_pci", "VFIO_PCI")
		     ?: look_at_module(c, "vfio_iommu_type1", "VFIO_IOMMU_TYPE1");
}

/* -- switches ------------------------------------------------------------------------ */

/* What a parameter is, or will be once the module is loaded; NULL: not set. */
static char *parameter(struct check *c, const char *module, const char *name)
{
	char *value = NULL;

	if (root_attr(c->ctx, &value, "/sys/module/%s/parameters/%s", module, name) < 0)
		module_option(c->ctx, module, name, &value);
	return value;
}

static bool is_on(const char *value)
{
	return value && *value && strchr("yYtT1", *value);
}

int doctor_parameters(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *ids = parameter(c, "vfio_pci", "ids");
	_cleanup_free_ char *awake = parameter(c, "vfio_pci", "disable_idle_d3");
	_cleanup_free_ char *virtual = parameter(c, "vfio_pci", "enable_sriov");
	int r = 0;

	(void)options;
	/* The kernel forgets it once it was used and then says so with an empty line. */
	if (ids && *ids)
		r = check_add(c, VFP_NOTE, "ids", SHOW_OPTIONS,
			      "vfio_pci takes every device of %s that has no driver when "
			      "it is loaded, also a second one of the same kind",
			      ids);
	if (r == 0 && is_on(awake))
		r = check_add(c, VFP_NOTE, "disable_idle_d3", SHOW_OPTIONS,
			      "disable_idle_d3 is set: hidden devices stay awake while "
			      "no guest has them");
	if (r == 0 && is_on(virtual))
		r = check_add(c, VFP_NOTE, "enable_sriov", SHOW_OPTIONS,
			      "enable_sriov is set: hidden devices can make virtual "
			      "functions, which need a VF token (plug --vf-token)");
	return r;
}

int doctor_noiommu(struct check *c, const struct vfp_doctor_options *options)
{
	_cleanup_free_ char *value = parameter(c, "vfio", NOIOMMU);

	(void)options;
	if (!is_on(value))
		return 0;
	return check_add(
		c, VFP_WARN, NOIOMMU,
		"echo N > /sys/module/vfio/parameters/" NOIOMMU "; grep -rn " NOIOMMU
		" /etc/modprobe.d",
		"the no-IOMMU mode of VFIO is on: devices without an IOMMU can be "
		"bound, no guest can have them, and whoever opens them can write "
		"anywhere in memory");
}

int doctor_cdev(struct check *c, const struct vfp_doctor_options *options)
{
	char iommufd = doctor_kconfig(c, "IOMMUFD");
	char cdev = doctor_kconfig(c, "VFIO_DEVICE_CDEV");

	(void)options;
	if (root_exists(c->ctx, "/dev/vfio/devices") || (iommufd != 'n' && cdev == 'y'))
		return check_add(c, VFP_NOTE, NULL, "vfioprep plug --iommufd DEVICE",
				 "this kernel has iommufd and a node for each device");
	if (iommufd == '?')
		return 0;
	return check_add(c, VFP_NOTE, NULL, "CONFIG_IOMMUFD=m CONFIG_VFIO_DEVICE_CDEV=y",
			 "this kernel has no %s, so plug --iommufd is not for it; guests "
			 "get devices by their group",
			 iommufd == 'n' ? "iommufd" : "nodes for single devices");
}

/* -- nodes --------------------------------------------------------------------------- */

static bool may_open(const struct stat *st, const struct account *account)
{
	if (account->uid == 0)
		return true;
	if (st->st_uid == account->uid)
		return (st->st_mode & 0600) == 0600;
	for (size_t i = 0; i < account->n_gids; i++)
		if (account->gids[i] == st->st_gid)
			return (st->st_mode & 060) == 060;
	return (st->st_mode & 06) == 06;
}

static int add_container(struct check *c)
{
	struct stat st;

	if (root_stat(c->ctx, "/dev/vfio/vfio", &st) < 0)
		return root_exists(c->ctx, "/sys/module/vfio_iommu_type1")
			     ? check_add(c, VFP_WARN, "/dev/vfio/vfio",
					 "udevadm trigger --action=add /dev/vfio/vfio; "
					 "modprobe vfio",
					 "VFIO is loaded and /dev/vfio/vfio is not "
					 "there")
			     : 0;
	if ((st.st_mode & 06) == 06)
		return 0;
	return check_add(c, VFP_WARN, "/dev/vfio/vfio", "chmod 0666 /dev/vfio/vfio",
			 "/dev/vfio/vfio is not open to all (mode %04o), as the kernel "
			 "makes it; it gives no access to any device",
			 st.st_mode & 07777);
}

static int add_node(struct check *c, const char *node, const struct account *account)
{
	_cleanup_free_ char *path = strf("/dev/vfio/%s", node), *remedy = NULL;
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (root_stat(c->ctx, path, &st) < 0 || may_open(&st, account))
		return 0;
	remedy = strf("chown %s %s", account->name, path);
	return remedy ? check_add(c, VFP_WARN, path, remedy,
				  "%s may not open %s, so a guest of his cannot have the "
				  "devices of group %s; hide --node-owner %s gives it to "
				  "him",
				  account->name, path, node, account->name)
		      : -ENOMEM;
}

static int add_nodes(struct check *c, const struct account *account)
{
	_cleanup_strings_ char **nodes = NULL;
	int r = 0;

	if (root_list(c->ctx, "/dev/vfio", &nodes) < 0)
		return 0;
	for (char **node = nodes; *node && r == 0; node++)
		if (strspn(*node, "0123456789") == strlen(*node))
			r = add_node(c, *node, account);
	return r;
}

/* What a dump has of nodes is their names. */
int doctor_nodes(struct check *c, const struct vfp_doctor_options *options)
{
	struct account account;
	int r;

	if (c->ctx->dump || doctor_in_container(c))
		return 0;
	r = add_container(c);
	if (r < 0 || !options->user)
		return r;
	r = account_find(c->ctx, options->user, &account);
	if (r < 0)
		return r == -ENOENT && !options->memory
			     ? check_add(c, VFP_UNKNOWN, options->user, "getent passwd",
					 "there is no user %s here", options->user)
		     : r == -ENOMEM ? r
				    : 0;
	r = add_nodes(c, &account);
	account_done(&account);
	return r;
}
