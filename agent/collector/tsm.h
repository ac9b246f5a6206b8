/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel from 7.0 on says of its secure link with a PCI function. Nobody signs it: it is shown, and
 * a verdict needs a measured kernel to rely on it.
 * SPEC: Linux 7.3 Documentation/ABI/testing/sysfs-bus-pci, sysfs-devices-pci-host-bridge
 */
#ifndef ASSAY_TSM_H
#define ASSAY_TSM_H

#include "common/err.h"
#include "common/limits.h"
#include "common/port.h"

/** struct tsm_look - one look; an empty text says that the kernel names none. */
struct tsm_look {
	char connected[KERNEL_NAME_MAX + 1]; /* tsm/connect: the TSM it is connected through  */
	char authenticated_by[KERNEL_NAME_MAX +
			      1];	       /* `authenticated` where there is a tsm/ beside  */
	bool has_authenticated, authenticated; /* `authenticated` of 0 or 1, without a tsm/      */
	size_t n_streams;
	char streams[IDE_STREAMS_MAX][KERNEL_NAME_MAX + 1]; /* of its host bridge, that end at it */
};

/**
 * tsm_look - @folder: of one function in sysfs. What cannot be read is not there: kernels before 7.0
 * have none of it.
 * Return: 0 or E_LIMIT for a name or a number of streams that a token does not carry.
 */
int tsm_look(const char *folder, struct tsm_look *out, struct err *e);

#endif
