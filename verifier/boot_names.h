/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what a boot measured: "kernel", "command-line", "secure-boot/db". The table is in
 * docs/PROTOCOL.md, Environments.
 *
 * PCR and digest of an event are quoted; its type and its data are the host's word. So a name is bound
 * to a PCR, and only in PCR 1 and 5, where nothing that runs is measured, is there an event that needs
 * no reference value for its type alone. Everywhere else that takes a digest of the specification.
 */
#ifndef ASSAY_BOOT_NAMES_H
#define ASSAY_BOOT_NAMES_H

#include "ect.h"
#include "proto/boot_event.h"

/** struct boot_claim - what one event is. */
struct boot_claim {
	char name[96];	    /* unique in its log; "" : nothing that a quote could confirm */
	signed char vector; /* which claim it speaks for, TV_...; -1: information only */
	bool constant;	    /* its digest is one of the specification: no reference is needed */
};

/**
 * boot_names - one claim an event, in the log's order, to be freed. The log has passed
 * boot_claims_check(), or nobody trusts the result: names and constants are taken from the data.
 */
int boot_names(const struct boot_log *log, struct boot_claim **out, struct err *e);

/** boot_event_counts - is it extended, and into a PCR that a quote can confirm? */
bool boot_event_counts(const struct boot_event *ev);

#endif
