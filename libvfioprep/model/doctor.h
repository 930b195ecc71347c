/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the layer on hosts and guests as a whole: what each row of doctor.c is handed,
 * and what the files doctor-*.c share. Rows add their findings with check_add(); the device
 * that is judged has no address.
 */
#ifndef VFIOPREP_DOCTOR_H
#define VFIOPREP_DOCTOR_H

#include "model/check.h"

/*
 * The rows, in doctor-*.c. A positive return means that the rows after it which need VFIO do
 * not matter.
 */
typedef int doctor_fn(struct check *c, const struct vfp_doctor_options *options);
doctor_fn doctor_place, doctor_xen;
doctor_fn doctor_iommu, doctor_words, doctor_interrupts, doctor_groups;
doctor_fn doctor_modules, doctor_parameters, doctor_noiommu, doctor_cdev, doctor_nodes;
doctor_fn doctor_memory, doctor_hypervisors, doctor_boot;
doctor_fn doctor_virtual, doctor_pci, doctor_slots, doctor_cpus, doctor_guest_memory;
doctor_fn doctor_virtio_mem, doctor_online_memory, doctor_online_cpus;

/* How the kernel was built: 'y', 'm', 'n'; '?' where that cannot be read. */
char doctor_kconfig(struct check *c, const char *option);

/* The kernel's command line; "" when it cannot be read. To be freed. */
char *doctor_command_line(struct check *c);

/*
 * What puts @words on the kernel's command line here: a command where the boot loader's tool
 * is known, else the advice. To be freed.
 */
char *doctor_boot_remedy(struct check *c, const char *words);

/* Do files, modules and limits belong to something smaller than the host? */
bool doctor_in_container(struct check *c);

#endif
