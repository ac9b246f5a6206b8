// SPDX-License-Identifier: Apache-2.0
/*
 * Devices that lie, one row per way. ON_BODY: the message is changed before it is signed, so that a
 * signature over it is genuine. ON_SIGNED: after. INSTEAD: something else is answered.
 */
#include <string.h>

#include <openssl/rand.h>

#include "device.h"

enum {
	VERSION = 4,
	DIGESTS = 1,
	CERTIFICATE = 2,
	CHALLENGE_AUTH = 3,
	CAPABILITIES = 0x61,
	ALGORITHMS = 0x63,
	MEASUREMENTS = 0x60,
	ERROR = 0x7f
};

#define MODE(name) static bool name(struct session *s, uint8_t *m, size_t *len)
#define UNUSED	   ((void)s, (void)m, (void)len)

static void or32(uint8_t *p, uint32_t bits)
{
	for (int i = 0; i < 4; i++)
		p[i] |= (uint8_t)(bits >> (8 * i));
}

static void set32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void cut(size_t *len, size_t n)
{
	*len -= *len > n ? n : *len;
}

static bool say_error(struct session *s, uint8_t *m, size_t *len, uint8_t code)
{
	m[0] = s->stage ? s->version : 0x10;
	m[1] = ERROR;
	m[2] = code;
	m[3] = 0;
	*len = 4;
	return true;
}

/* m[1] holds the request's code when the answer is made INSTEAD. */
static bool say_not_ready(struct session *s, uint8_t *m, size_t *len, uint8_t exponent,
			  uint8_t code, uint8_t rdtm)
{
	say_error(s, m, len, 0x42);
	m[4] = exponent;
	m[5] = code;
	m[6] = READY_TOKEN;
	m[7] = rdtm;
	*len = 8;
	return true;
}

/* clang-format off */
/* ---- version, capabilities ---- */
MODE(version_no_entries) { UNUSED; m[5] = 0; *len = 6; return true; }
MODE(version_count_lies) { UNUSED; m[5] = (uint8_t)(m[5] + 5); return true; }
MODE(version_many) { UNUSED; m[5] = 200; for (int i = 0; i < 200; i++) { m[6 + 2 * i] = 0; m[7 + 2 * i] = 0x12; } *len = 406; return true; }
MODE(version_duplicates) { UNUSED; memcpy(m + *len, m + 6, 2); m[5]++; *len += 2; return true; }
MODE(version_only_10) { UNUSED; m[5] = 1; m[6] = 0; m[7] = 0x10; *len = 8; return true; }
MODE(version_header_12) { UNUSED; m[0] = 0x12; return true; }
MODE(version_not_ready) { return say_not_ready(s, m, len, 1, m[1], 2); }
MODE(other_version) { UNUSED; m[0] = m[0] == 0x11 ? 0x12 : 0x11; return true; }
MODE(ct_exponent_64) { UNUSED; m[5] = 64; return true; }
MODE(meas_cap_3) { UNUSED; or32(m + 8, 3u << 3); return true; }
MODE(cert_and_pubkey) { UNUSED; or32(m + 8, 1u << 16); return true; }
MODE(psk_cap_3) { UNUSED; or32(m + 8, 3u << 10); return true; }
MODE(chal_without_cert) { UNUSED; m[8] &= (uint8_t)~2u; return true; }
MODE(fresh_without_meas) { UNUSED; m[8] &= (uint8_t)~0x18u; m[8] |= 0x20; return true; }
MODE(small_transfer) { UNUSED; if (*len >= 20) set32(m + 12, 41); return true; }
MODE(max_below_transfer) { UNUSED; if (*len >= 20) set32(m + 16, 42); return true; }
MODE(no_cert_cap) { UNUSED; m[8] &= (uint8_t)~6u; return true; }
MODE(no_meas_cap) { UNUSED; m[8] &= (uint8_t)~0x38u; return true; }
MODE(unsigned_meas_cap) { UNUSED; m[8] = (uint8_t)((m[8] & ~0x18u) | 8u); return true; }
MODE(capabilities_short) { UNUSED; cut(len, 8); return true; }
/* ---- algorithms ---- */
MODE(two_asym) { UNUSED; or32(m + 12, 0x90); return true; }
MODE(no_asym) { UNUSED; set32(m + 12, 0); return true; }
MODE(asym_not_offered) { UNUSED; set32(m + 12, 1u << 9); return true; }
MODE(two_hashes) { UNUSED; or32(m + 16, 3); return true; }
MODE(ext_asym) { UNUSED; m[32] = 1; set32(m + 36, 1); m[4] = 40; *len = 40; return true; }
MODE(algorithms_long_length) { UNUSED; m[4] = (uint8_t)(m[4] + 4); return true; }
MODE(algorithms_short_length) { UNUSED; m[4] = 8; return true; }
MODE(struct_not_asked) { UNUSED; m[2] = 1; memcpy(m + 36, "\x02\x20\x10\x00", 4); m[4] = 40; *len = 40; return true; }
MODE(struct_twice) { UNUSED; m[2] = 2; memcpy(m + 36, "\x02\x20\x10\0\x02\x20\x10\0", 8); m[4] = 44; *len = 44; return true; }
MODE(struct_count_lies) { UNUSED; m[2] = 3; return true; }
MODE(no_meas_spec) { UNUSED; m[6] = 0; return true; }
MODE(meas_spec_not_offered) { UNUSED; m[6] = 2; return true; }
MODE(no_meas_hash) { UNUSED; set32(m + 8, 0); return true; }
MODE(meas_hash_unknown) { UNUSED; set32(m + 8, 1u << 20); return true; }
MODE(pqc_before_14) { UNUSED; set32(m + 20, 1); return true; }
MODE(opaque_fmt_not_offered) { UNUSED; m[7] = 1; return true; }
/* ---- digests, certificates ---- */
MODE(digests_mask_lies) { UNUSED; m[3] = 0xff; if (s->version >= 0x13) m[2] = 0xff; return true; }
MODE(digests_none) { UNUSED; m[3] = 0; *len = 4; return true; }
MODE(digest_of_other_chain) { UNUSED; m[4] ^= 1; return true; }
MODE(slot_not_supported) { UNUSED; m[2] = 2; return s->version >= 0x13; }
MODE(certificate_other_slot) { UNUSED; m[2] ^= 1; return true; }
MODE(portion_zero) { UNUSED; m[4] = m[5] = 0; *len = 8; return true; }
MODE(portion_too_long) { UNUSED; m[4] = 0xff; m[5] = 0x10; memset(m + *len, 0, 400); *len += 400; return true; }
MODE(remainder_wraps) { UNUSED; m[6] = 0xff; m[7] = 0xff; return true; }
MODE(remainder_lies) { UNUSED; m[6] = (uint8_t)(m[6] + 9); return true; }
MODE(chain_length_lies) { UNUSED; m[8] ^= 0x40; return true; }
MODE(chain_changed) { UNUSED; if (*len > 400) m[300] ^= 1; return true; }
MODE(chain_endless) { UNUSED; m[4] = 1; m[5] = 0; *len = 9; return s->counter++ >= 0; }
/* ---- challenge ---- */
MODE(challenge_other_slot) { UNUSED; m[2] ^= 1; return true; }
MODE(challenge_mask) { UNUSED; m[3] = 0x80; return true; }
MODE(challenge_chain_hash) { UNUSED; m[4] ^= 1; return true; }
MODE(challenge_mut_auth) { UNUSED; m[2] |= 0x80; return true; }
MODE(challenge_no_context) { UNUSED; if (s->version < 0x13) return false; memset(m + *len - 8, 0xee, 8); return true; }
/* ---- measurements ---- */
MODE(context_wrong) { UNUSED; if (s->version < 0x13) return false; memset(m + *len - 8, 0xee, 8); return true; }
MODE(opaque_long) { UNUSED; size_t at = *len - 2 - (s->version >= 0x13 ? 8 : 0); m[at] = 0xff; m[at + 1] = 0xff; return true; }
MODE(opaque_1025) { UNUSED; size_t at = *len - 2 - (s->version >= 0x13 ? 8 : 0); m[at] = 1; m[at + 1] = 4; return true; }
MODE(trailing) { UNUSED; memset(m + *len, 0x41, 4); *len += 4; return true; }
MODE(padding_not_zero) { UNUSED; m[*len] = 0x41; *len += 1; return true; }
MODE(signature_zero_r) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n, 0, n / 2); return true; }
MODE(signature_zero_s) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n / 2, 0, n / 2); return true; }
MODE(signature_big) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n, 0xff, n); return true; }
MODE(signature_flipped) { UNUSED; m[*len - 1] ^= 1; return true; }
MODE(signature_missing) { size_t n = sig_size(s->device->asym); UNUSED; cut(len, n); return true; }
MODE(signature_cut) { UNUSED; cut(len, 4); return true; }
MODE(block_changed_after) { UNUSED; if (*len > 40) m[20] ^= 1; return true; }
MODE(no_blocks) { UNUSED; size_t n = (size_t)m[5] | (size_t)m[6] << 8; memmove(m + 8, m + 8 + n, *len - 8 - n); m[4] = m[5] = m[6] = 0; *len -= n; return true; }
MODE(blocks_255) { UNUSED; m[4] = 0xff; return true; }
MODE(record_longer) { UNUSED; m[5] = (uint8_t)(m[5] + 1); return true; }
MODE(record_shorter) { UNUSED; m[5] = (uint8_t)(m[5] - 1); return true; }
MODE(block_count_lies) { UNUSED; m[4]--; return true; }
MODE(block_overruns) { UNUSED; m[10] = 0xff; m[11] = 0xff; return true; }
MODE(block_spec) { UNUSED; m[9] = 2; return true; }
MODE(block_size) { UNUSED; m[13] ^= 1; return true; }
MODE(digest_short) { UNUSED; size_t n = (size_t)m[10] | (size_t)m[11] << 8; memmove(m + 8 + 4 + n - 1, m + 8 + 4 + n, *len - 12 - n); m[10]--; m[13]--; m[5]--; *len -= 1; return n > 4; }
MODE(block_twice) { UNUSED; size_t n = 4 + ((size_t)m[10] | (size_t)m[11] << 8); if (m[4] < 2) return false; m[8 + n] = m[8]; return true; }
MODE(meas_other_slot) { UNUSED; m[3] ^= 1; return true; }
MODE(content_changed_once) { UNUSED; if (s->counter++) return false; m[3] = (uint8_t)((m[3] & 0x0f) | 0x10); return true; }
MODE(content_changed) { UNUSED; if (s->version < 0x12) return false; m[3] = (uint8_t)((m[3] & 0x0f) | 0x10); return true; }
MODE(nonce_missing) { UNUSED; cut(len, 34 + (s->version >= 0x13 ? 8u : 0u)); return true; }
MODE(replayed) {
	/* the first signed answer for ever: its nonce is the first request's */
	static struct octets kept;

	UNUSED;
	if (!kept.len)
		octets_add(&kept, m, *len);
	memcpy(m, kept.at, kept.len);
	*len = kept.len;
	return true;
}
/* ---- errors ---- */
MODE(not_ready_once) { if (s->counter++) { s->counter = 0; return false; } return say_not_ready(s, m, len, 10, m[1], 4); }
MODE(never_ready) { return say_not_ready(s, m, len, 10, s->parked[1], 4); }
MODE(not_ready_other) { return say_not_ready(s, m, len, 10, 0x81, 4); }
MODE(not_ready_rdtm_1) { return say_not_ready(s, m, len, 10, m[1], 1); }
MODE(not_ready_forever) { return say_not_ready(s, m, len, 63, m[1], 4); }
MODE(busy_twice) { if (s->counter++ >= 2) { s->counter = 0; return false; } return say_error(s, m, len, 3); }
MODE(busy_always) { return say_error(s, m, len, 3); }
MODE(unspecified) { return say_error(s, m, len, 5); }
MODE(resynch) { if (s->counter++ > 0) return false; return say_error(s, m, len, 0x43); }
MODE(large_response) { say_error(s, m, len, 0x0f); m[4] = 1; *len = 5; return true; }
MODE(other_response) { UNUSED; m[1] = 0x64; return true; }
MODE(empty_message) { UNUSED; *len = 2; return true; }

const struct hostile_mode hostile_modes[] = {
	/* name                   line  alters          when       how                     flaw  a correct requester's answer (part of it) */
	{ "version-no-entries", 1, VERSION, ON_BODY, version_no_entries, NULL, "VersionNumberEntryCount" },
	{ "version-count-lies", 1, VERSION, ON_BODY, version_count_lies, NULL, "VersionNumberEntry" },
	{ "version-many", 2, VERSION, ON_BODY, version_many, NULL, "VersionNumberEntryCount" },
	{ "version-duplicates", 2, VERSION, ON_BODY, version_duplicates, NULL, "" },
	{ "version-only-1.0", 3, VERSION, ON_BODY, version_only_10, NULL, "no version in common" },
	{ "version-header-1.2", 4, VERSION, ON_BODY, version_header_12, NULL, "SPDMVersion" },
	{ "version-not-ready", 4, VERSION, INSTEAD, version_not_ready, NULL, "ResponseNotReady to GET_VERSION" },
	{ "capabilities-other-version", 5, CAPABILITIES, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "algorithms-other-version", 5, ALGORITHMS, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "measurements-other-version", 5, MEASUREMENTS, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "ct-exponent-64", 6, CAPABILITIES, ON_BODY, ct_exponent_64, NULL, "CTExponent" },
	{ "meas-cap-3", 8, CAPABILITIES, ON_BODY, meas_cap_3, NULL, "MEAS_CAP is 3" },
	{ "psk-cap-3", 8, CAPABILITIES, ON_BODY, psk_cap_3, NULL, "PSK_CAP is 3" },
	{ "cert-and-public-key", 8, CAPABILITIES, ON_BODY, cert_and_pubkey, NULL, "CERT_CAP together with PUB_KEY_ID_CAP" },
	{ "chal-without-cert", 8, CAPABILITIES, ON_BODY, chal_without_cert, NULL, "CHAL_CAP without CERT_CAP" },
	{ "fresh-without-meas", 8, CAPABILITIES, ON_BODY, fresh_without_meas, NULL, "MEAS_FRESH_CAP without MEAS_CAP" },
	{ "small-transfer-size", 9, CAPABILITIES, ON_BODY, small_transfer, NULL, "DataTransferSize" },
	{ "max-below-transfer-size", 9, CAPABILITIES, ON_BODY, max_below_transfer, NULL, "MaxSPDMmsgSize" },
	{ "no-certificates", 10, CAPABILITIES, ON_BODY, no_cert_cap, NULL, "device cannot attest: no CERT_CAP" },
	{ "no-measurements", 10, CAPABILITIES, ON_BODY, no_meas_cap, NULL, "device cannot attest" },
	{ "unsigned-measurements-only", 10, CAPABILITIES, ON_BODY, unsigned_meas_cap, NULL, "device cannot attest: it does not sign measurements" },
	{ "capabilities-short", 11, CAPABILITIES, ON_BODY, capabilities_short, NULL, "DataTransferSize" },
	{ "two-asym-algorithms", 12, ALGORITHMS, ON_BODY, two_asym, NULL, "BaseAsymSel" },
	{ "no-asym-algorithm", 12, ALGORITHMS, ON_BODY, no_asym, NULL, "BaseAsymSel" },
	{ "two-hashes", 12, ALGORITHMS, ON_BODY, two_hashes, NULL, "BaseHashSel" },
	{ "asym-not-offered", 13, ALGORITHMS, ON_BODY, asym_not_offered, NULL, "BaseAsymSel" },
	{ "extended-asym", 14, ALGORITHMS, ON_BODY, ext_asym, NULL, "ExtAsymSelCount" },
	{ "algorithms-length-long", 15, ALGORITHMS, ON_BODY, algorithms_long_length, NULL, "ALGORITHMS Length" },
	{ "algorithms-length-short", 15, ALGORITHMS, ON_BODY, algorithms_short_length, NULL, "ALGORITHMS Length" },
	{ "algorithm-struct-not-asked", 16, ALGORITHMS, ON_BODY, struct_not_asked, NULL, "AlgStruct" },
	{ "algorithm-struct-twice", 16, ALGORITHMS, ON_BODY, struct_twice, NULL, "AlgStruct was not asked for" },
	{ "algorithm-struct-count-lies", 17, ALGORITHMS, ON_BODY, struct_count_lies, NULL, "Alg" },
	{ "no-measurement-spec", 18, ALGORITHMS, ON_BODY, no_meas_spec, NULL, "MeasurementSpecificationSel" },
	{ "measurement-spec-not-offered", 18, ALGORITHMS, ON_BODY, meas_spec_not_offered, NULL, "MeasurementSpecificationSel" },
	{ "no-measurement-hash", 19, ALGORITHMS, ON_BODY, no_meas_hash, NULL, "MeasurementHashAlgo" },
	{ "unknown-measurement-hash", 19, ALGORITHMS, ON_BODY, meas_hash_unknown, NULL, "MeasurementHashAlgo" },
	{ "pqc-before-1.4", 21, ALGORITHMS, ON_BODY, pqc_before_14, NULL, "PqcAsymSel" },
	{ "opaque-format-not-offered", 22, ALGORITHMS, ON_BODY, opaque_fmt_not_offered, NULL, "OtherParamsSelection" },
	{ "digests-mask-lies", 23, DIGESTS, ON_BODY, digests_mask_lies, NULL, "DIGESTS" },
	{ "digests-none", 24, DIGESTS, ON_BODY, digests_none, NULL, "DIGESTS: no slot is provisioned" },
	{ "digest-of-other-chain", 25, DIGESTS, ON_BODY, digest_of_other_chain, NULL, "chain is not the one that DIGESTS names" },
	{ "certificate-other-slot", 27, CERTIFICATE, ON_BODY, certificate_other_slot, NULL, "CERTIFICATE is of another slot" },
	{ "portion-zero", 28, CERTIFICATE, ON_BODY, portion_zero, NULL, "PortionLength is zero" },
	{ "portion-too-long", 28, CERTIFICATE, ON_BODY, portion_too_long, NULL, "PortionLength is more than was asked for" },
	{ "remainder-wraps", 29, CERTIFICATE, ON_BODY, remainder_wraps, NULL, "RemainderLength" },
	{ "remainder-lies", 30, CERTIFICATE, ON_BODY, remainder_lies, NULL, "RemainderLength" },
	{ "chain-length-lies", 31, CERTIFICATE, ON_BODY, chain_length_lies, NULL, "Length" },
	{ "chain-endless", 28, CERTIFICATE, ON_BODY, chain_endless, NULL, "RemainderLength" },
	{ "chain-changed", 40, CERTIFICATE, ON_BODY, chain_changed, NULL, "" /* refused, the place depends on the byte */ },
	{ "chain-gap", 33, 0, ON_BODY, NULL, "gap", "not a DER certificate" },
	{ "leaf-is-ca", 36, 0, ON_BODY, NULL, "ca-leaf", "is a CA certificate" },
	{ "leaf-no-digital-signature", 36, 0, ON_BODY, NULL, "no-digital-signature", "lacks digitalSignature" },
	{ "leaf-wrong-eku", 36, 0, ON_BODY, NULL, "wrong-eku", "lacks the SPDM responder key usage" },
	{ "intermediate-no-ca", 37, 0, ON_BODY, NULL, "intermediate-no-ca", "is no CA" },
	{ "leaf-expired", 38, 0, ON_BODY, NULL, "expired", "expired" },
	{ "leaf-other-key", 49, 0, ON_BODY, NULL, "other-key", "signature of MEASUREMENTS: invalid" },
	{ "challenge-other-slot", 41, CHALLENGE_AUTH, ON_BODY, challenge_other_slot, NULL, "CHALLENGE_AUTH is of another slot" },
	{ "challenge-slot-mask", 41, CHALLENGE_AUTH, ON_BODY, challenge_mask, NULL, "CHALLENGE_AUTH SlotMask" },
	{ "challenge-chain-hash", 40, CHALLENGE_AUTH, ON_BODY, challenge_chain_hash, NULL, "CertChainHash" },
	{ "challenge-context", 43, CHALLENGE_AUTH, ON_BODY, challenge_no_context, NULL, "RequesterContext" },
	{ "challenge-mutual-auth", 46, CHALLENGE_AUTH, ON_BODY, challenge_mut_auth, NULL, "mutual authentication" },
	{ "measurements-replayed", 42, MEASUREMENTS, ON_SIGNED, replayed, NULL, "signature of MEASUREMENTS: invalid" },
	{ "measurements-context", 43, MEASUREMENTS, ON_BODY, context_wrong, NULL, "RequesterContext" },
	{ "opaque-65535", 44, MEASUREMENTS, ON_BODY, opaque_long, NULL, "OpaqueDataLength" },
	{ "opaque-1025", 44, MEASUREMENTS, ON_BODY, opaque_1025, NULL, "OpaqueDataLength" },
	{ "trailing-bytes", 47, MEASUREMENTS, ON_SIGNED, trailing, NULL, "bytes after the end" },
	{ "padding-not-zero", 47, MEASUREMENTS, ON_SIGNED, padding_not_zero, NULL, "bytes after the end" },
	{ "signature-r-zero", 48, MEASUREMENTS, ON_SIGNED, signature_zero_r, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-s-zero", 48, MEASUREMENTS, ON_SIGNED, signature_zero_s, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-above-order", 48, MEASUREMENTS, ON_SIGNED, signature_big, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-flipped", 48, MEASUREMENTS, ON_SIGNED, signature_flipped, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-missing", 56, MEASUREMENTS, ON_SIGNED, signature_missing, NULL, "Signature" },
	{ "signature-cut", 56, MEASUREMENTS, ON_SIGNED, signature_cut, NULL, "Signature" },
	{ "block-changed-after-signing", 58, MEASUREMENTS, ON_SIGNED, block_changed_after, NULL, "signature of MEASUREMENTS: invalid" },
	{ "no-blocks", 50, MEASUREMENTS, ON_BODY, no_blocks, NULL, "NumberOfBlocks" },
	{ "blocks-255", 50, MEASUREMENTS, ON_BODY, blocks_255, NULL, "NumberOfBlocks" },
	{ "record-longer", 51, MEASUREMENTS, ON_BODY, record_longer, NULL, "" /* the fields behind shift: any of them */ },
	{ "record-shorter", 51, MEASUREMENTS, ON_BODY, record_shorter, NULL, "" },
	{ "block-count-lies", 51, MEASUREMENTS, ON_BODY, block_count_lies, NULL, "bytes after the end" },
	{ "block-overruns", 51, MEASUREMENTS, ON_BODY, block_overruns, NULL, "block" },
	{ "block-other-spec", 52, MEASUREMENTS, ON_BODY, block_spec, NULL, "block MeasurementSpecification" },
	{ "block-size", 52, MEASUREMENTS, ON_BODY, block_size, NULL, "block MeasurementSize" },
	{ "digest-short", 53, MEASUREMENTS, ON_BODY, digest_short, NULL, "MeasurementHashAlgo" },
	{ "block-twice", 54, MEASUREMENTS, ON_BODY, block_twice, NULL, "block Index twice" },
	{ "nonce-missing", 55, MEASUREMENTS, ON_BODY, nonce_missing, NULL, "" },
	{ "measurements-other-slot", 49, MEASUREMENTS, ON_BODY, meas_other_slot, NULL, "MEASUREMENTS is of another slot" },
	{ "content-changed", 57, MEASUREMENTS, ON_BODY, content_changed, NULL, "changed while" },
	{ "content-changed-once", 57, MEASUREMENTS, ON_BODY, content_changed_once, NULL, "" /* asked again, it has settled */ },
	{ "not-ready-once", 61, MEASUREMENTS, INSTEAD, not_ready_once, NULL, "" },
	{ "never-ready", 61, MEASUREMENTS, INSTEAD, never_ready, NULL, "device stays busy" },
	{ "not-ready-for-another", 61, MEASUREMENTS, INSTEAD, not_ready_other, NULL, "ResponseNotReady is for another request" },
	{ "not-ready-rdtm-1", 61, MEASUREMENTS, INSTEAD, not_ready_rdtm_1, NULL, "RDTM" },
	{ "not-ready-exponent-63", 6, MEASUREMENTS, INSTEAD, not_ready_forever, NULL, "RDTExponent" },
	{ "busy-twice", 61, MEASUREMENTS, INSTEAD, busy_twice, NULL, "" },
	{ "busy-always", 61, DIGESTS, INSTEAD, busy_always, NULL, "device stays busy" },
	{ "unspecified-error", 58, MEASUREMENTS, INSTEAD, unspecified, NULL, "ERROR Unspecified" },
	{ "resynch-once", 58, DIGESTS, INSTEAD, resynch, NULL, "" },
	{ "large-response", 62, CERTIFICATE, INSTEAD, large_response, NULL, "LargeResponse" },
	{ "other-response-code", 5, MEASUREMENTS, ON_SIGNED, other_response, NULL, "RequestResponseCode" },
	{ "two-byte-message", 11, DIGESTS, ON_BODY, empty_message, NULL, "DIGESTS" /* DOE pads it to four */ },
	{ "slot-not-supported", 26, DIGESTS, ON_BODY, slot_not_supported, NULL, "DIGESTS: a provisioned slot is not a supported one" },
};
const size_t n_hostile_modes = sizeof(hostile_modes) / sizeof(hostile_modes[0]);

const struct hostile_mode *hostile_find(const char *name)
{
	for (size_t i = 0; i < n_hostile_modes; i++)
		if (!strcmp(hostile_modes[i].name, name))
			return &hostile_modes[i];
	return NULL;
}
