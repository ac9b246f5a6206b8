/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel module extended into a PCR when a device appeared or changed (kernel-patches/assay_spdm/tpm_log.c).
 * An entry is lp("assay/device-state/1") ‖ lp(bus address) ‖ lp(SHA-256 of the certificates) ‖ lp(SHA-256 of the stable
 * measurements), lp(x) = u32be(len) ‖ x; the PCR of each bank is extended with the bank's hash of the entry. A log
 * is lp(entry) ‖ lp(entry) ...
 */
#ifndef ASSAY_DEVICE_LOG_H
#define ASSAY_DEVICE_LOG_H

#include "common/crypto.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/reader.h"

/** struct device_log_entry - views into the log. */
struct device_log_entry {
	struct bytes whole; /* what was hashed */
	struct bytes address, chain_digest, meas_digest;
};
/** device_log_next - the entry that @log stands at; sets log->why when it is malformed. */
struct device_log_entry device_log_next(struct reader *log);
/**
 * device_log_replay - the value of a PCR that began with zeros and was extended with every entry of @log.
 * Return: 0; E_FORMAT; E_LIMIT more than DEVICE_LOG_ENTRIES_MAX entries.
 */
int device_log_replay(struct bytes log, enum digest_alg alg, struct digest *pcr, struct err *e);
/**
 * device_log_before - what of @log had happened when a quote showed @quoted: the device that changes between a quote
 * and the reading of the log does not spoil it. All of @log where @quoted is NULL or no beginning replays to it.
 */
struct bytes device_log_before(struct bytes log, const struct digest *quoted);
/** device_log_last - the newest entry about @address; false: there is none. @log was replayed before. */
bool device_log_last(struct bytes log, struct bytes address, struct device_log_entry *out);

#endif
