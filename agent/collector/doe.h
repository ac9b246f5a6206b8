/* SPDX-License-Identifier: Apache-2.0 */
/* Data objects of PCIe DOE. SPEC: PCIe 6.0 6.30 */
#ifndef ASSAY_DOE_H
#define ASSAY_DOE_H

#include "common/limits.h"
#include "common/reader.h"
#include "common/writer.h"

enum { DOE_VENDOR_PCI_SIG = 1, DOE_DISCOVERY = 0, DOE_CMA_SPDM = 1 };

/** doe_write - header, @payload, zeros up to a multiple of four. */
void doe_write(struct writer *w, u8 type, struct bytes payload);
/**
 * doe_read - the payload of an object of @type, padding included (a message carries no length of its
 * own). *@why: the field that did not fit.
 */
int doe_read(struct bytes object, u8 type, struct bytes *payload, const char **why);

#endif
