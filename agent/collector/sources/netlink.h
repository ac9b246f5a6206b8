/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source "kernel-cma": devices whose SPDM the kernel speaks. Families are found by name at run time; one
 * that is absent is normal. netlink.c is the only user of libnl.
 *
 *	family "assay"            devices and their state, and evidence of SPDM 1.0 and 1.1
 *	family "device-evidence"  evidence from SPDM 1.2 on; alone it is what mainline is heading for
 */
#ifndef ASSAY_SOURCE_NETLINK_H
#define ASSAY_SOURCE_NETLINK_H

#include "../source.h"

extern const struct evidence_source source_netlink;

/**
 * netlink_devices - every device that a kernel family serves, those that cannot be read too: each is to be
 * in the token, with evidence or with the reason why not.
 * @pci_folder: /sys/bus/pci/devices; borrowed, and kept in the devices.
 * @out: room for @max; @n of them are filled, without labels.
 * Return: 0, also when no family is there; E_DENIED, E_LIMIT, E_FORMAT ...
 */
int netlink_devices(const char *pci_folder, struct source_device *out, size_t max, size_t *n,
		    struct err *e);

#endif
