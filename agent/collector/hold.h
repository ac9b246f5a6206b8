/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver kept from a PCI function by sysfs: driver_override names one that does not exist, as our module does it too.
 * @folder is /sys/bus/pci/devices everywhere.
 * SPEC: RULES 21
 */
#ifndef ASSAY_COLLECTOR_HOLD_H
#define ASSAY_COLLECTOR_HOLD_H

#include <stdbool.h>

#include "common/err.h"

#define HOLD_PATH_TEXT (512 + 64)

/** hold_set - keep every driver from @address and take away the one that is there. */
int hold_set(const char *folder, const char *address, struct err *e);
/** hold_let - let its own driver bind, if it was held; nothing is done to another override, or when one is bound. */
int hold_let(const char *folder, const char *address, struct err *e);
/** hold_is_set - does driver_override keep every driver away? */
bool hold_is_set(const char *folder, const char *address);
bool hold_is_bound(const char *folder, const char *address);
/** hold_gap - why a device can reach memory all the same, or NULL: RULES 21 wants a translating IOMMU and ACS. */
const char *hold_gap(const char *folder, const char *address);
/** hold_option - of our module: 'Y', 'N', or 0 when it is not loaded. @folder: /sys/module. */
char hold_option(const char *folder);

#endif
