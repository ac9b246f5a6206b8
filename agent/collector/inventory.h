/* SPDX-License-Identifier: Apache-2.0 */
/* Every PCI function of the host, and the devices with evidence among them. */
#ifndef ASSAY_INVENTORY_H
#define ASSAY_INVENTORY_H

#include "agent/settings.h"
#include "proto/eat.h"
#include "source.h"

struct inventory {
	size_t n_functions;
	struct eat_function *functions; /* sorted by address; views into @text */
	struct buf *text;
	size_t n_devices;
	struct source_device devices[DEVICES_MAX];
};
int inventory_read(const struct agent_settings *s, struct inventory **out, struct err *e);
void inventory_drop(struct inventory **i);

#endif
