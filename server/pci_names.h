/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors and devices are called. pci_names.c is the only user of libpci. */
#ifndef ASSAY_SERVER_PCI_NAMES_H
#define ASSAY_SERVER_PCI_NAMES_H

#include <stddef.h>

/** pci_model_name - of "pci:vvvv:dddd", as pci.ids has it; "" where it has none. Thread-safe. Return: @out. */
const char *pci_model_name(const char *model, char *out, size_t size);

#endif
