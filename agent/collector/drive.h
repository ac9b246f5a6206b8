/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the portable requester over any transport: waits, deadlines, stories for the errors. */
#ifndef ASSAY_DRIVE_H
#define ASSAY_DRIVE_H

#include "proto/evidence.h"
#include "proto/spdm/requester.h"

/** struct spdm_transport - carry one SPDM message there and one back. */
struct spdm_transport {
	void *user;
	/* @response: room for SPDM_MSG_MAX + 4 bytes; *@len is set. May be padded by up to 3 bytes. */
	int (*exchange)(void *user, struct bytes request, u8 *response, size_t *len, struct err *e);
};

enum { DRIVE_DEADLINE_MS = 30000 };

/**
 * spdm_drive - collect certificate chain, VCA and signed measurements.
 * @out: its bufs are made here; slot is set; label, address, source and generation are the caller's.
 * Return: 0; E_DEVICE with the field that did not fit; E_UNREACHABLE when nothing answers in time.
 */
int spdm_drive(const struct spdm_transport *t, const struct spdm_requester_config *config,
	       struct device_evidence *out, struct err *e);

#endif
