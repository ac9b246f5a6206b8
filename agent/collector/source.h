/* SPDX-License-Identifier: Apache-2.0 */
/* A source of device evidence: a kernel family, a socket, a file. Chosen per device at run time. */
#ifndef ASSAY_SOURCE_H
#define ASSAY_SOURCE_H

#include "proto/evidence.h"
#include "proto/spdm_evidence.h"

struct known;

/** struct source_device - one device as its source lists it. */
struct source_device {
	const struct evidence_source *source;
	char address[SOURCE_ADDRESS_MAX]; /* bus address; socket: host:port; file: its path */
	struct pci_identity identity;
	char label[LABEL_MAX + 1]; /* set by labels_fix() once all devices are known */
	u8 slot;
	u8 other_slots[SPDM_SLOTS_MAX -
		       1]; /* tried in turn when a slot's evidence has not its form */
	size_t n_other_slots;
	const char *pci_folder; /* of source kernel-cma; borrowed */
	struct known *known;	/* of source kernel-cma: told what came of a collection; or NULL */
};

struct evidence_source {
	const char *name; /* as the token says it */
	/**
	 * collect - fresh evidence over the two nonces; @out.label, .address, .source are set by the
	 * caller. The device's identity is read before and after where the source can change it.
	 */
	int (*collect)(const struct source_device *d, const u8 nonce[32],
		       const u8 challenge_nonce[32], struct device_evidence *out, struct err *e);
};

extern const struct evidence_source source_socket, source_file;

/** labels_fix - labels of @n devices, ordinals by ascending address among equals. Sorts @d by address. */
void labels_fix(struct source_device *d, size_t n);
/**
 * source_collect - @d's evidence, or a failure in @out->failure: a device is never left out. A slot that
 * gives none, or none of SPDM's form, is passed over for the next one; what the last one gives is sent as it is.
 */
void source_collect(const struct source_device *d, const struct evidence_context *c,
		    struct device_evidence *out);

#endif
