/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool-hotplug-device: requests for devices of the host. Several functions of one slot stay
 * functions of one slot in the guest: there function 0 must come last, because its arrival
 * is what makes the guest look, and go first, because it takes the whole slot along.
 */
#include "tool-hotplug.h"

/* -- functions of the host ------------------------------------------------------------ */

static const char *address_of(const struct selection *devices, size_t i)
{
	return vfp_device_get(devices->device[i], VFP_ADDRESS);
}

static int by_address(const void *a, const void *b)
{
	return strverscmp(vfp_device_get(*(struct vfp_device *const *)a, VFP_ADDRESS),
			  vfp_device_get(*(struct vfp_device *const *)b, VFP_ADDRESS));
}

bool requests_share_slot(const struct requests *requests,
			 const struct hotplug_words *words)
{
	const struct selection *devices = &requests->devices;

	return devices->n > 1 && !vfp_device_is_usb(devices->device[0]) &&
	       (words->bus || words->addr || !words->own_slots);
}

/* A guest finds nothing in a slot without function 0: the first becomes that. */
static int guest_function(const struct selection *devices, size_t i)
{
	return i == 0 ? 0 : strchr(address_of(devices, i), '.')[1] - '0';
}

static int check_pci(const struct selection *devices)
{
	const char *first = address_of(devices, 0);
	size_t slot = strcspn(first, ".");

	for (size_t i = 0; i < devices->n; i++) {
		const char *address = address_of(devices, i);

		if (vfp_device_is_bridge(devices->device[i]))
			return fail(-EPERM, address,
				    "a bridge; a guest gets what is behind it");
		if (strcspn(address, ".") != slot || strncmp(address, first, slot) != 0)
			return fail(-EINVAL, address,
				    "not in the slot of %s; plug them one by one", first);
	}
	return 0;
}

/* Functions of one slot have to be told which slot that is. */
static int check_place(const struct requests *requests, const struct hotplug_words *words)
{
	size_t n = requests->devices.n;

	if (words->detach || !requests_share_slot(requests, words))
		return 0;
	if (!words->bus && !words->addr)
		return fail(-EINVAL, NULL,
			    "%zu functions need a slot in the guest; give --bus with "
			    "an empty root port, or --addr with a free slot",
			    n);
	if (words->addr && strchr(words->addr, '.'))
		return fail(-EINVAL, "--addr", "for %zu functions give the slot alone",
			    n);
	return 0;
}

static int set_place(struct vfp_hotplug *hotplug, const struct requests *requests,
		     const struct hotplug_words *words, size_t i)
{
	bool shared = requests_share_slot(requests, words);
	_cleanup_free_ char *addr = NULL;

	if (shared) {
		addr = strf("%s.%d", words->addr ? words->addr : "0",
			    guest_function(&requests->devices, i));
		if (!addr)
			return -ENOMEM;
	}
	return request_set(hotplug, "bus", words->bus) ?:
	       request_set(hotplug, "addr", shared ? addr : words->addr) ?:
	       request_set(hotplug, "multifunction",
		   i == 0 && (shared || words->multifunction) ? "on" : NULL);
}

/* What is hidden already shows whether the kernel has what QEMU then opens. */
static int check_cdev(const struct vfp_device *device, const struct hotplug_words *words)
{
	const char *node = nonnull(vfp_device_get(device, VFP_NODE));

	if (!words->iommufd || words->detach || !*node ||
	    vfp_device_get(device, VFP_CDEV))
		return 0;
	return fail(-EPERM, vfp_device_get(device, VFP_ADDRESS),
		    "has no node in /dev/vfio/devices, which iommufd needs: the kernel "
		    "is older than 6.6 or built without VFIO_DEVICE_CDEV; leave out "
		    "--iommufd");
}

/* A guest that has the physical function decides with the token who has the virtual ones. */
static void tell_token(struct vfp_ctx *ctx, const struct vfp_device *device,
		       const struct hotplug_words *words)
{
	const char *physical = vfp_device_get(device, VFP_PHYSFN);
	struct vfp_device **list = NULL;

	if (!physical || words->vf_token || words->detach || given.quiet ||
	    vfp_select(ctx, physical, NULL, &list) < 0)
		return;
	if (*list && vfp_device_get(*list, VFP_NODE))
		complain(vfp_device_get(device, VFP_ADDRESS),
			 "its physical function %s is on a vfio driver, too; the kernel "
			 "wants the token of who has that: --vf-token",
			 physical);
	vfp_devices_free(list);
}

/* Of several functions the first has the id as given, the others with their number. */
static int add_pci(struct requests *requests, const struct hotplug_words *words, size_t i)
{
	struct vfp_hotplug *hotplug;
	_cleanup_free_ char *id = NULL;
	const char *address = address_of(&requests->devices, i);
	int r;

	if (words->id) {
		id = i == 0 ? strdup(words->id)
			    : strf("%s-%d", words->id,
				   guest_function(&requests->devices, i));
		if (!id)
			return hotplug_no_memory();
	}
	r = request_add(requests, "pci", id, &hotplug);
	if (r < 0)
		return r;
	if (request_set(hotplug, "host", address) < 0 ||
	    set_place(hotplug, requests, words, i) < 0)
		return hotplug_no_memory();
	return request_set_options(words, "pci", hotplug)
		     ?: request_check(hotplug, address);
}

/* -- USB devices of the host ---------------------------------------------------------- */

static int check_usb(const struct selection *devices, const struct hotplug_words *words)
{
	for (size_t i = 0; i < devices->n; i++) {
		struct vfp_device *device = devices->device[i];

		if (!vfp_device_is_usb(device))
			return fail(-EINVAL, address_of(devices, i),
				    "not a USB device, as others here are; plug them one "
				    "by one");
		if (startswith(nonnull(vfp_device_get(device, VFP_CLASS)), "09"))
			return fail(-EPERM, address_of(devices, i),
				    "a hub; a guest gets what is plugged into it");
	}
	if (devices->n > 1 && words->id)
		return fail(-EINVAL, "--id",
			    "%zu devices cannot have one id; plug them one by one",
			    devices->n);
	return 0;
}

/* Address and port path are of this device; ids could be another's as well. */
static int add_usb(struct requests *requests, const struct hotplug_words *words, size_t i)
{
	struct vfp_device *device = requests->devices.device[i];
	struct vfp_hotplug *hotplug;
	int r = request_add(requests, "usb", words->id, &hotplug);

	if (r < 0)
		return r;
	if (request_set(hotplug, "hostbus", vfp_device_get(device, VFP_USB_BUS)) < 0 ||
	    request_set(hotplug, "hostaddr", vfp_device_get(device, VFP_USB_ADDRESS)) <
		    0 ||
	    request_set(hotplug, "hostport", vfp_device_get(device, VFP_USB_PORT)) < 0 ||
	    request_set(hotplug, "bus", words->bus) < 0 ||
	    request_set(hotplug, "addr", words->addr) < 0)
		return hotplug_no_memory();
	return request_set_options(words, "usb", hotplug)
		     ?: request_check(hotplug, address_of(&requests->devices, i));
}

/* -- in order ------------------------------------------------------------------------- */

/* What was added first comes last, and goes first; the rest stays in its order. */
static void put_first_last(void **list, size_t n)
{
	void *first = list[0];

	memmove(list, list + 1, (n - 1) * sizeof(*list));
	list[n - 1] = first;
}

int requests_add_devices(struct vfp_ctx *ctx, const struct hotplug_words *words,
			 char **operands, struct requests *requests)
{
	struct selection *devices = &requests->devices;
	bool usb;
	int r = selection_add_all(ctx, devices, operands, false);

	if (r < 0 || !devices->n)
		return r;
	qsort(devices->device, devices->n, sizeof(*devices->device), by_address);
	usb = vfp_device_is_usb(devices->device[0]);
	r = usb ? check_usb(devices, words)
		: check_pci(devices) ?: check_place(requests, words);
	for (size_t i = 0; r == 0 && i < devices->n; i++)
		r = (usb ? add_usb : add_pci)(requests, words, i);
	for (size_t i = 0; r == 0 && !usb && i < devices->n; i++) {
		r = check_cdev(devices->device[i], words);
		if (r == 0)
			tell_token(ctx, devices->device[i], words);
	}
	if (r == 0 && !usb && !words->detach) {
		put_first_last((void **)requests->list, requests->n);
		put_first_last((void **)devices->device, devices->n);
	}
	return r;
}

int requests_check_class(const struct requests *requests, const char *begin,
			 const char *word)
{
	const struct selection *devices = &requests->devices;

	for (size_t i = 0; i < devices->n; i++) {
		const char *class =
			nonnull(vfp_device_get(devices->device[i], VFP_CLASS));
		const char *name = vfp_device_get(devices->device[i], VFP_CLASS_NAME);

		if (!startswith(class, begin) || vfp_device_is_usb(devices->device[i]))
			return fail(-EPERM, address_of(devices, i),
				    "not a %s; its class is %s", word, nonnull(name));
	}
	return 0;
}
