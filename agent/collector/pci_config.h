/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PCI function is, from its own configuration space: read each time, so that a device that was
 * exchanged without a word is seen. SPEC: PCIe 6.0 7.5.1, 7.9.3 (serial number), 7.9.24 (DOE)
 */
#ifndef ASSAY_PCI_CONFIG_H
#define ASSAY_PCI_CONFIG_H

#include "proto/spdm_evidence.h"

enum { PCI_CONFIG_MAX = 4096, PCI_CONFIG_MIN = 64 };

/** struct pci_look - one look at a function. */
struct pci_look {
	struct pci_identity identity;
	bool has_doe;	      /* a DOE mailbox, whatever it is for             */
	bool has_cma;	      /* the kernel says that one speaks CMA/SPDM      */
	bool kernel_says_cma; /* false: this kernel tells nobody               */
	u64 node;	      /* of this instance in sysfs, not used again     */
};

/**
 * pci_config_parse - @config: PCI_CONFIG_MIN bytes or more; the serial number and DOE are found in the
 * extended space only.
 * Return: 0 or -EBADMSG with *@why.
 */
int pci_config_parse(struct bytes config, struct pci_look *out, const char **why);
/** pci_look - @address below @folder (/sys/bus/pci/devices). E_NOTFOUND when it is not there. */
int pci_look(const char *folder, const char *address, struct pci_look *out, struct err *e);
/** pci_has_cma - does the kernel say that one of its mailboxes speaks CMA/SPDM? */
bool pci_has_cma(const char *folder, const char *address);
bool pci_identity_equals(const struct pci_identity *a, const struct pci_identity *b);

#endif
