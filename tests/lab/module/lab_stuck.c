/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_stuck: a driver whose probe() or remove() does not come back until it is told to. It
 * stands for all that hang in real hosts: firmware that never answers, a disk that is waited
 * for, a guest that does not let go.
 *
 * Each of the two parameters, which can be written at any time, says how the callback waits;
 * 0 lets go all that wait:
 *	1  as the kernel does mostly: no signal ends it (the process is in D state)
 *	2  a fatal signal ends it
 * With the third, rtnl, remove() holds the lock of all network interfaces meanwhile, as that
 * of a network card does.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <linux/wait.h>

static DECLARE_WAIT_QUEUE_HEAD(waiting);

static unsigned int probe, remove;

static int set_and_wake(const char *value, const struct kernel_param *param)
{
	int r = param_set_uint(value, param);

	wake_up_all(&waiting);
	return r;
}

static const struct kernel_param_ops waking = {
	.set = set_and_wake,
	.get = param_get_uint,
};

module_param_cb(probe, &waking, &probe, 0644);
module_param_cb(remove, &waking, &remove, 0644);

static bool rtnl;
module_param(rtnl, bool, 0644);

/* Inlined, so that the stack of who waits begins with the callback. */
static __always_inline void lab_stuck_wait(const unsigned int *how)
{
	if (READ_ONCE(*how) == 2)
		wait_event_killable(waiting, !READ_ONCE(*how));
	else
		wait_event(waiting, !READ_ONCE(*how));
}

static int lab_stuck_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	lab_stuck_wait(&probe);
	return 0;
}

static void lab_stuck_remove(struct pci_dev *dev)
{
	bool locked = READ_ONCE(rtnl);

	if (locked)
		rtnl_lock();
	lab_stuck_wait(&remove);
	if (locked)
		rtnl_unlock();
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver lab_stuck = {
	.name = "lab_stuck",
	.id_table = ids,
	.probe = lab_stuck_probe,
	.remove = lab_stuck_remove,
};

module_pci_driver(lab_stuck);
MODULE_DESCRIPTION("A driver that hangs when asked to");
MODULE_LICENSE("GPL");
