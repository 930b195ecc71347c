/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs: one line per verb, for the dispatcher's --help and its completion. To be
 * included with VERB(name, help) defined. A verb is tools/vfioprep-NAME.c.
 */
VERB("list", "PCI or USB devices: drivers, and what uses them")
VERB("groups", "IOMMU groups, and whether they can be given to a guest")
VERB("check", "whether a device can be passed, and what the host would lose")
VERB("hide", "take devices from their drivers and give them to vfio-pci")
VERB("return", "give devices back to the drivers that they had")
VERB("status", "what is hidden: since when, for whom, and who holds it")
VERB("recover", "finish or undo what a crash left half done")
VERB("apply", "make the host what /etc/vfioprep/devices.d says")
VERB("plug", "what a guest shall gain, in the words of its hypervisor")
VERB("unplug", "take something out of a guest, and give it back to its driver")
VERB("watch", "give devices back as a guest lets go of them")
VERB("doctor", "whether this host, or this guest, is ready, and what to change")
VERB("hook", "the hook by which libvirt has devices hidden for its guests")
VERB("dump", "capture what the other verbs read, for --sysroot")
