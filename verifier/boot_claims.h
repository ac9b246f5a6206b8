/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a boot log claims, by names that reference values use: "kernel", "command-line",
 * "secure-boot/db". The table of names is in docs/PROTOCOL.md, Environments.
 *
 * PCR and digest of an event are quoted; its type and its data are the host's word. So a name is bound
 * to a PCR, and only in PCR 1 and 5, where nothing that runs is measured, is there an event that needs
 * no reference value for its type alone. Everywhere else that takes a digest of the specification.
 */
#ifndef ASSAY_BOOT_CLAIMS_H
#define ASSAY_BOOT_CLAIMS_H

#include "ect.h"
#include "proto/boot_event.h"

/** struct boot_claim - what one event is. */
struct boot_claim {
	char name
		[96]; /* unique in its log; "" : extended nowhere, or in a PCR that proves nothing */
	signed char vector; /* which claim it speaks for, TV_...; -1: information only */
	bool constant;	    /* its digest is one of the specification: no reference is needed */
};

/**
 * boot_claims_check - do the data say what was measured? Refuses what contradicts its digest in bank
 * @tpm_alg (E_BINDING) and a firmware that tells of an error (E_POLICY), and names the event.
 */
int boot_claims_check(const struct boot_log *log, u16 tpm_alg, struct err *e);

/**
 * boot_claims_name - one claim an event, in the log's order, to be freed. The log has passed
 * boot_claims_check(), or nobody trusts the result: names and constants are taken from the data.
 */
int boot_claims_name(const struct boot_log *log, struct boot_claim **out, struct err *e);

/**
 * boot_claims - the environment of the boot log, for appraisal and for learning. The digest is that of
 * bank @tpm_alg; banks in log->quoted stand beside it. info.text is there where a digest vouches for it.
 * @command_line: what the running kernel says of it; it is believed only if it is what was measured.
 * Return: E_NOTFOUND when the log has no such bank.
 */
int boot_claims(const struct boot_log *log, u16 tpm_alg, struct bytes command_line,
		struct ect **out, struct err *e);

/** boot_claims_command_line - is @text what the Linux stub measured as its options with @ev? */
bool boot_claims_command_line(const struct boot_log *log, const struct boot_event *ev, size_t bank,
			      struct bytes text);

#endif
