/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors and devices are called. pci_names.c is the only user of libpci. */
#ifndef ASSAY_SERVER_PCI_NAMES_H
#define ASSAY_SERVER_PCI_NAMES_H

#include <stddef.h>

enum { PCI_NAMES_PATH_MAX = 512 };

/**
 * pci_model_name - of "pci:vvvv:dddd", as pci.ids has it; "" where it has none. A file that is malformed or cannot be read has
 * no names, and the log says so once. Thread-safe. Return: @out.
 */
const char *pci_model_name(const char *model, char *out, size_t size);
/** pci_names_from - another file than the library's own (NULL), read when the next name is asked for. */
void pci_names_from(const char *path);

#endif
