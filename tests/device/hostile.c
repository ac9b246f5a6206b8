// SPDX-License-Identifier: Apache-2.0
/*
 * Devices that lie, one row per way. ON_BODY: the message is changed before it is signed, so that a
 * signature over it is genuine. ON_SIGNED: after. INSTEAD: something else is answered.
 *
 * The number in a row is that of the lie it acts out:
 *   1  VERSION with no entries, or with more than there are bytes    2  hundreds of entries, or twins
 *   3  a downgraded list                   4  VERSION of another version, or not ready for it
 *   5  a later answer of another version or code                     6  exponents above any sense
 *   8  flags that exclude each other       9  DataTransferSize, MaxSPDMmsgSize out of order
 *  10  flags dropped to avoid signing     11  an answer shorter than its version has it
 *  12  none or two algorithms selected    13  one that was not offered    14  an extended one
 *  15  ALGORITHMS Length                  16  AlgStructs unasked, twice, unknown, of another size
 *  17  AlgStructs that are not there      18  measurement specification   19  measurement hash
 *  21  post-quantum before 1.4            22  opaque format, and opaque data without one
 *  23  slot mask above what follows       24  no slot     25  digest of another chain
 *  26  slots and keys that make no sense  27  CERTIFICATE of another slot
 *  28  portion of none, of too much       29  remainder that wraps    30  remainder that changes
 *  31  chain Length                       32  a large chain unasked   33  not DER end to end
 *  34  anchored elsewhere                 35  an omitted root         36  a leaf that may not sign this
 *  37  an issuer that may not issue       38  validity    39  an OID found where it means nothing
 *  40  chain changed after it was read    41  slot and slot mask of CHALLENGE_AUTH
 *  42  an old answer                      43  RequesterContext        44  OpaqueDataLength
 *  45  opaque list                        46  mutual authentication   47  bytes after the end
 *  48  signature encodings                49  signed with another slot's key
 *  50  blocks none or too many            51  record and blocks disagree
 *  52  specification and size of a block  53  digest of another length    54  an index twice
 *  55  no nonce                           56  no signature            57  content changed
 *  58  errors between, changes after      61  not ready, busy         62  LargeResponse without chunks
 *  65  DOE object                         66  socket frame            71  an answer that comes late
 * The others are not a device's answers to these requests: 7 (whose timeout), 20 and 59 (policy), 60
 * (log), 63 and 64 (chunks), 67 to 70 (sessions, commands that write), 72 (cached negotiation).
 */
#include <string.h>

#include <openssl/ec.h>

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

static size_t context_len(const struct session *s)
{
	return s->version >= 0x13 ? 8 : 0;
}

/* Put opaque data into a body that has none: its length is the last thing but the context. */
static bool put_opaque(struct session *s, uint8_t *m, size_t *len, const char *bytes, size_t n)
{
	size_t at = *len - context_len(s);

	memmove(m + at + n, m + at, context_len(s));
	memcpy(m + at, bytes, n);
	m[at - 2] = (uint8_t)n;
	*len += n;
	return true;
}
#define OPAQUE(literal) put_opaque(s, m, len, literal, sizeof(literal) - 1)

/* The answer before this one, for ever one late. */
static bool answer_late(uint8_t *m, size_t *len)
{
	static struct octets before;
	struct octets now = { 0 };

	octets_add(&now, m, *len);
	if (before.len) {
		memcpy(m, before.at, before.len);
		*len = before.len;
	}
	octets_free(&before);
	before = now;
	return true;
}

/* As most libraries give it: a SEQUENCE of two INTEGERs. */
static bool signature_as_der(struct session *s, uint8_t *m, size_t *len)
{
	size_t n = sig_size(s->device->asym);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t *at = m + *len - n;
	int der;

	ECDSA_SIG_set0(sig, BN_bin2bn(at, (int)n / 2, NULL),
		       BN_bin2bn(at + n / 2, (int)n / 2, NULL));
	der = i2d_ECDSA_SIG(sig, &at);
	ECDSA_SIG_free(sig);
	*len += (size_t)der - n;
	return true;
}

/* The other s, order minus s, verifies as well: no signature is an identity or a replay key. */
static bool signature_as_twin(struct session *s, uint8_t *m, size_t *len)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
	size_t half = sig_size(s->device->asym) / 2;
	BIGNUM *twin = BN_bin2bn(m + *len - half, (int)half, NULL);

	BN_sub(twin, EC_GROUP_get0_order(group), twin);
	BN_bn2binpad(twin, m + *len - half, (int)half);
	BN_free(twin);
	EC_GROUP_free(group);
	return true;
}

/* clang-format off */
/* ---- version, capabilities ---- */
MODE(version_no_entries) { UNUSED; m[5] = 0; *len = 6; return true; }
MODE(version_count_lies) { UNUSED; m[5] = (uint8_t)(m[5] + 5); return true; }
MODE(version_many) { UNUSED; m[5] = 200; for (int i = 0; i < 200; i++) { m[6 + 2 * i] = 0; m[7 + 2 * i] = 0x12; } *len = 406; return true; }
MODE(version_duplicates) { UNUSED; memcpy(m + *len, m + 6, 2); m[5]++; *len += 2; return true; }
MODE(version_only_10) { UNUSED; m[5] = 1; m[6] = 0; m[7] = 0x10; *len = 8; return true; }
MODE(version_stripped) { UNUSED; m[5] = 1; m[6] = 0; m[7] = 0x12; *len = 8; return true; }
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
MODE(ep_info_3) { UNUSED; or32(m + 8, 3u << 22); return true; }
MODE(multi_key_3) { UNUSED; or32(m + 8, 3u << 26); return true; }
MODE(sizes_unequal) { UNUSED; set32(m + 16, 0x2000); return true; }
MODE(no_cert_cap) { UNUSED; m[8] &= (uint8_t)~6u; return true; }
MODE(no_meas_cap) { UNUSED; m[8] &= (uint8_t)~0x38u; return true; }
MODE(unsigned_meas_cap) { UNUSED; m[8] = (uint8_t)((m[8] & ~0x18u) | 8u); return true; }
MODE(capabilities_short) { UNUSED; cut(len, 8); return true; }
/* ---- algorithms ---- */
MODE(two_asym) { UNUSED; or32(m + 12, 0x90); return true; }
MODE(no_asym) { UNUSED; set32(m + 12, 0); return true; }
MODE(asym_not_offered) { UNUSED; set32(m + 12, 1u << 9); return true; }
MODE(two_hashes) { UNUSED; or32(m + 16, 3); return true; }
MODE(no_hash) { UNUSED; set32(m + 16, 0); return true; }
MODE(hash_not_offered) { UNUSED; set32(m + 16, 1u << 3); return true; }
MODE(two_meas_hashes) { UNUSED; or32(m + 8, 6); return true; }
MODE(mel_not_offered) { UNUSED; m[31] = 1; return true; }
MODE(ext_hash) { UNUSED; m[33] = 1; set32(m + 36, 1); m[4] = 40; *len = 40; return true; }
MODE(struct_unknown) { UNUSED; m[2] = 1; memcpy(m + 36, "\x09\x20\x10\x00", 4); m[4] = 40; *len = 40; return true; }
MODE(struct_wide) { UNUSED; m[2] = 1; memcpy(m + 36, "\x02\x30\x10\x00", 4); m[4] = 40; *len = 40; return true; }
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
MODE(opaque_without_format) { if (m[1] == ALGORITHMS) m[7] = 0; return m[1] != MEASUREMENTS || OPAQUE("\0\0\0\0"); }
MODE(opaque_fmt_not_offered) { UNUSED; m[7] = 1; return true; }
/* ---- digests, certificates ---- */
MODE(digests_mask_lies) { UNUSED; m[3] = 0xff; if (s->version >= 0x13) m[2] = 0xff; return true; }
MODE(digests_none) { UNUSED; m[3] = 0; *len = 4; return true; }
MODE(digest_of_other_chain) { UNUSED; m[4] ^= 1; return true; }
MODE(slot_not_supported) { UNUSED; m[2] = 2; return s->version >= 0x13; }
/* behind one digest, with many keys: KeyPairID, CertificateInfo, KeyUsageMask */
MODE(slot_0_generic) { UNUSED; m[*len - 3] = 3; return true; }
MODE(slot_0_no_model) { UNUSED; m[*len - 3] = 0; return true; }
MODE(key_usage_reserved) { UNUSED; m[*len - 2] |= 0x10; return true; }
MODE(key_usage_challenge_only) { UNUSED; m[*len - 2] = 2; return true; }
MODE(certificate_large) { UNUSED; m[2] |= 0x80; return true; }
MODE(chain_length_tiny) { UNUSED; m[4] = m[8] = 20; m[5] = m[6] = m[7] = m[9] = 0; *len = 28; return true; }
MODE(remainder_grows) { UNUSED; if (s->counter++ % 2) m[6]++; return true; }
MODE(certificate_other_slot) { UNUSED; m[2] ^= 1; return true; }
MODE(portion_zero) { UNUSED; m[4] = m[5] = 0; *len = 8; return true; }
MODE(portion_too_long) { UNUSED; m[4] = 0xff; m[5] = 0x10; memset(m + *len, 0, 400); *len += 400; return true; }
MODE(remainder_wraps) { UNUSED; m[6] = 0xff; m[7] = 0xff; return true; }
MODE(remainder_lies) { UNUSED; m[6] = (uint8_t)(m[6] + 9); return true; }
MODE(chain_length_lies) { UNUSED; m[8] ^= 0x40; return true; }
MODE(chain_changed) { UNUSED; if (!m[6] && !m[7]) m[*len - 1] ^= 1; return true; }
MODE(chain_endless) { UNUSED; m[4] = 1; m[5] = 0; *len = 9; return s->counter++ >= 0; }
/* ---- challenge ---- */
MODE(challenge_other_slot) { UNUSED; m[2] ^= 1; return true; }
MODE(challenge_mask) { UNUSED; m[3] = 0x80; return true; }
MODE(challenge_chain_hash) { UNUSED; m[4] ^= 1; return true; }
MODE(challenge_mut_auth) { UNUSED; m[2] |= 0x80; return true; }
MODE(challenge_more_slots) { UNUSED; m[3] |= 0x82; return true; }
/* ---- measurements ---- */
MODE(context_wrong) { UNUSED; memset(m + *len - 8, 0xee, 8); return true; }
MODE(context_missing) { UNUSED; cut(len, 8); return true; }
MODE(opaque_long) { UNUSED; size_t at = *len - 2 - (s->version >= 0x13 ? 8 : 0); m[at] = 0xff; m[at + 1] = 0xff; return true; }
MODE(opaque_1025) { UNUSED; size_t at = *len - 2 - (s->version >= 0x13 ? 8 : 0); m[at] = 1; m[at + 1] = 4; return true; }
MODE(opaque_count_lies) { return OPAQUE("\2\0\0\0\0\0\4\0abcd"); }
MODE(opaque_element_long) { return OPAQUE("\1\0\0\0\0\0\5\0abcd"); }
MODE(opaque_vendor_long) { return OPAQUE("\1\0\0\0\0\377\4\0abcd"); }
MODE(opaque_padding) { return OPAQUE("\1\0\0\0\0\0\2\0abcd"); }
MODE(opaque_registry) { return OPAQUE("\1\0\0\0\13\0\4\0abcd"); }
MODE(opaque_honest) { return OPAQUE("\1\0\0\0\3\2\206\200\3\0abc\0\0\0"); }
MODE(trailing) { UNUSED; memset(m + *len, 0x41, 4); *len += 4; return true; }
MODE(padding_not_zero) { UNUSED; m[*len] = 0x41; *len += 1; return true; }
MODE(signature_zero_r) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n, 0, n / 2); return true; }
MODE(signature_zero_s) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n / 2, 0, n / 2); return true; }
MODE(signature_big) { size_t n = sig_size(s->device->asym); UNUSED; memset(m + *len - n, 0xff, n); return true; }
MODE(signature_der) { return signature_as_der(s, m, len); }
MODE(signature_twin) { return signature_as_twin(s, m, len); }
MODE(signature_flipped) { UNUSED; m[*len - 1] ^= 1; return true; }
MODE(signature_missing) { size_t n = sig_size(s->device->asym); UNUSED; cut(len, n); return true; }
MODE(signature_cut) { UNUSED; cut(len, 4); return true; }
MODE(block_changed_after) { UNUSED; if (*len > 40) m[20] ^= 1; return true; }
MODE(no_blocks) { UNUSED; size_t n = (size_t)m[5] | (size_t)m[6] << 8; memmove(m + 8, m + 8 + n, *len - 8 - n); m[4] = m[5] = m[6] = 0; *len -= n; return true; }
MODE(blocks_255) { UNUSED; m[4] = 0xff; return true; }
MODE(record_longer) { UNUSED; size_t n = (size_t)m[5] | (size_t)m[6] << 8; memmove(m + 9 + n, m + 8 + n, *len - 8 - n); m[8 + n] = 0; m[5]++; *len += 1; return true; }
MODE(record_shorter) { UNUSED; size_t n = (size_t)m[5] | (size_t)m[6] << 8; memmove(m + 7 + n, m + 8 + n, *len - 8 - n); m[5]--; *len -= 1; return true; }
MODE(block_count_lies) { UNUSED; m[4]--; return true; }
MODE(block_overruns) { UNUSED; m[10] = 0xff; m[11] = 0xff; return true; }
MODE(block_spec) { UNUSED; m[9] = 2; return true; }
MODE(block_size) { UNUSED; m[13] ^= 1; return true; }
MODE(digest_short) { UNUSED; size_t n = (size_t)m[10] | (size_t)m[11] << 8; memmove(m + 8 + 4 + n - 1, m + 8 + 4 + n, *len - 12 - n); m[10]--; m[13]--; m[5]--; *len -= 1; return n > 4; }
MODE(block_twice) { UNUSED; size_t n = 4 + ((size_t)m[10] | (size_t)m[11] << 8); if (m[4] < 2) return false; m[8 + n] = m[8]; return true; }
MODE(meas_other_slot) { UNUSED; m[3] ^= 1; return true; }
MODE(content_changed_once) { UNUSED; if (s->counter++) return false; m[3] = (uint8_t)((m[3] & 0x0f) | 0x10); return true; }
MODE(content_changed) { UNUSED; if (s->version < 0x12) return false; m[3] = (uint8_t)((m[3] & 0x0f) | 0x10); return true; }
/* the zeros behind are read as the end of a nonce, no opaque data, and a signature that ends early */
MODE(nonce_missing) { UNUSED; size_t n = (size_t)m[5] | (size_t)m[6] << 8; memset(m + 8 + n, 0, *len - 8 - n); cut(len, 32); return true; }
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
MODE(error_other_version) { say_error(s, m, len, 3); m[0] = 0x11; return true; }
MODE(not_ready_trailing) { say_not_ready(s, m, len, 10, m[1], 4); memset(m + 8, 0x41, 4); *len = 12; return true; }
MODE(resynch_always) { return say_error(s, m, len, 0x43); }
MODE(late) { UNUSED; return answer_late(m, len); }
/* ---- around the message ---- */
MODE(doe_vendor) { UNUSED; m[0] = 2; return true; }
MODE(doe_type) { UNUSED; m[2] = 2; return true; }
MODE(doe_length_zero) { UNUSED; m[4] = m[5] = m[6] = 0; return true; }
MODE(doe_length_header) { UNUSED; m[4] = 1; m[5] = m[6] = 0; return true; }
MODE(doe_length_long) { UNUSED; m[4]++; return true; }
MODE(frame_huge) { UNUSED; m[8] = 0x7f; return true; }
MODE(frame_transport) { UNUSED; m[7] = 1; return true; }
MODE(frame_command) { UNUSED; m[2] = 0xff; m[3] = 0xfe; return true; }
MODE(other_response) { UNUSED; m[1] = 0x64; return true; }
MODE(empty_message) { UNUSED; *len = 2; return true; }

const struct hostile_mode hostile_modes[] = {
	/* name                   line  alters          when       how                     flaw  a correct requester's answer (part of it) */
	{ "version-no-entries", 1, VERSION, ON_BODY, version_no_entries, NULL, "VersionNumberEntryCount" },
	{ "version-count-lies", 1, VERSION, ON_BODY, version_count_lies, NULL, "VersionNumberEntry" },
	{ "version-many", 2, VERSION, ON_BODY, version_many, NULL, "VersionNumberEntryCount" },
	{ "version-duplicates", 2, VERSION, ON_BODY, version_duplicates, NULL, "accepted" },
	{ "version-only-1.0", 3, VERSION, ON_BODY, version_only_10, NULL, "accepted" },
	{ "version-list-stripped", 3, VERSION, ON_SIGNED, version_stripped, NULL, "signature of MEASUREMENTS: invalid" },
	{ "version-header-1.2", 4, VERSION, ON_BODY, version_header_12, NULL, "SPDMVersion" },
	{ "version-not-ready", 4, VERSION, INSTEAD, version_not_ready, NULL, "ResponseNotReady to GET_VERSION" },
	{ "version-large-response", 4, VERSION, INSTEAD, large_response, NULL, "LargeResponse" },
	{ "capabilities-other-version", 5, CAPABILITIES, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "algorithms-other-version", 5, ALGORITHMS, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "measurements-other-version", 5, MEASUREMENTS, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "digests-other-version", 5, DIGESTS, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "certificate-other-version", 5, CERTIFICATE, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "challenge-other-version", 5, CHALLENGE_AUTH, ON_BODY, other_version, NULL, "SPDMVersion" },
	{ "error-other-version", 5, DIGESTS, INSTEAD, error_other_version, NULL, "SPDMVersion" },
	{ "ct-exponent-64", 6, CAPABILITIES, ON_BODY, ct_exponent_64, NULL, "CTExponent" },
	{ "meas-cap-3", 8, CAPABILITIES, ON_BODY, meas_cap_3, NULL, "MEAS_CAP is 3" },
	{ "psk-cap-3", 8, CAPABILITIES, ON_BODY, psk_cap_3, NULL, "PSK_CAP is 3" },
	{ "ep-info-cap-3", 8, CAPABILITIES, ON_BODY, ep_info_3, NULL, "EP_INFO_CAP is 3" },
	{ "multi-key-cap-3", 8, CAPABILITIES, ON_BODY, multi_key_3, NULL, "MULTI_KEY_CAP is 3" },
	{ "cert-and-public-key", 8, CAPABILITIES, ON_BODY, cert_and_pubkey, NULL, "CERT_CAP together with PUB_KEY_ID_CAP" },
	{ "chal-without-cert", 8, CAPABILITIES, ON_BODY, chal_without_cert, NULL, "CHAL_CAP without CERT_CAP" },
	{ "fresh-without-meas", 8, CAPABILITIES, ON_BODY, fresh_without_meas, NULL, "MEAS_FRESH_CAP without MEAS_CAP" },
	{ "small-transfer-size", 9, CAPABILITIES, ON_BODY, small_transfer, NULL, "DataTransferSize" },
	{ "max-below-transfer-size", 9, CAPABILITIES, ON_BODY, max_below_transfer, NULL, "MaxSPDMmsgSize" },
	{ "sizes-unequal-1.2", 9, CAPABILITIES, ON_BODY, sizes_unequal, NULL, "accepted" },
	{ "sizes-unequal-1.3", 9, CAPABILITIES, ON_BODY, sizes_unequal, NULL, "MaxSPDMmsgSize differs" },
	{ "no-certificates", 10, CAPABILITIES, ON_BODY, no_cert_cap, NULL, "device cannot attest: no CERT_CAP" },
	{ "no-measurements", 10, CAPABILITIES, ON_BODY, no_meas_cap, NULL, "device cannot attest" },
	{ "unsigned-measurements-only", 10, CAPABILITIES, ON_BODY, unsigned_meas_cap, NULL, "device cannot attest: it does not sign measurements" },
	{ "capabilities-short", 11, CAPABILITIES, ON_BODY, capabilities_short, NULL, "DataTransferSize" },
	{ "two-asym-algorithms", 12, ALGORITHMS, ON_BODY, two_asym, NULL, "BaseAsymSel" },
	{ "no-asym-algorithm", 12, ALGORITHMS, ON_BODY, no_asym, NULL, "BaseAsymSel" },
	{ "two-hashes", 12, ALGORITHMS, ON_BODY, two_hashes, NULL, "BaseHashSel" },
	{ "no-hash", 12, ALGORITHMS, ON_BODY, no_hash, NULL, "BaseHashSel" },
	{ "asym-not-offered", 13, ALGORITHMS, ON_BODY, asym_not_offered, NULL, "BaseAsymSel" },
	{ "hash-not-offered", 13, ALGORITHMS, ON_BODY, hash_not_offered, NULL, "BaseHashSel" },
	{ "extended-asym", 14, ALGORITHMS, ON_BODY, ext_asym, NULL, "ExtAsymSelCount" },
	{ "extended-hash", 14, ALGORITHMS, ON_BODY, ext_hash, NULL, "ExtHashSelCount" },
	{ "algorithms-length-long", 15, ALGORITHMS, ON_BODY, algorithms_long_length, NULL, "ALGORITHMS Length" },
	{ "algorithms-length-short", 15, ALGORITHMS, ON_BODY, algorithms_short_length, NULL, "ALGORITHMS Length" },
	{ "algorithm-struct-not-asked", 16, ALGORITHMS, ON_BODY, struct_not_asked, NULL, "AlgStruct" },
	{ "algorithm-struct-twice", 16, ALGORITHMS, ON_BODY, struct_twice, NULL, "AlgStruct was not asked for" },
	{ "algorithm-struct-unknown", 16, ALGORITHMS, ON_BODY, struct_unknown, NULL, "AlgType" },
	{ "algorithm-struct-wide", 16, ALGORITHMS, ON_BODY, struct_wide, NULL, "AlgCount" },
	{ "algorithm-struct-count-lies", 17, ALGORITHMS, ON_BODY, struct_count_lies, NULL, "AlgType" },
	{ "no-measurement-spec", 18, ALGORITHMS, ON_BODY, no_meas_spec, NULL, "MeasurementSpecificationSel" },
	{ "measurement-spec-not-offered", 18, ALGORITHMS, ON_BODY, meas_spec_not_offered, NULL, "MeasurementSpecificationSel" },
	{ "log-spec-not-offered", 18, ALGORITHMS, ON_BODY, mel_not_offered, NULL, "MELspecificationSel" },
	{ "no-measurement-hash", 19, ALGORITHMS, ON_BODY, no_meas_hash, NULL, "MeasurementHashAlgo" },
	{ "unknown-measurement-hash", 19, ALGORITHMS, ON_BODY, meas_hash_unknown, NULL, "MeasurementHashAlgo" },
	{ "two-measurement-hashes", 19, ALGORITHMS, ON_BODY, two_meas_hashes, NULL, "MeasurementHashAlgo" },
	{ "pqc-before-1.4", 21, ALGORITHMS, ON_BODY, pqc_before_14, NULL, "PqcAsymSel" },
	{ "opaque-format-not-offered", 22, ALGORITHMS, ON_BODY, opaque_fmt_not_offered, NULL, "OtherParamsSelection" },
	{ "opaque-without-format", 22, ANY_MESSAGE, ON_BODY, opaque_without_format, NULL, "OpaqueData although no format was selected" },
	{ "digests-mask-lies", 23, DIGESTS, ON_BODY, digests_mask_lies, NULL, "DIGESTS" },
	{ "digests-none", 24, DIGESTS, ON_BODY, digests_none, NULL, "DIGESTS: no slot is provisioned" },
	{ "digest-of-other-chain", 25, DIGESTS, ON_BODY, digest_of_other_chain, NULL, "chain is not the one that DIGESTS names" },
	{ "certificate-other-slot", 27, CERTIFICATE, ON_BODY, certificate_other_slot, NULL, "CERTIFICATE is of another slot" },
	{ "portion-zero", 28, CERTIFICATE, ON_BODY, portion_zero, NULL, "PortionLength is zero" },
	{ "portion-too-long", 28, CERTIFICATE, ON_BODY, portion_too_long, NULL, "PortionLength is more than was asked for" },
	{ "remainder-wraps", 29, CERTIFICATE, ON_BODY, remainder_wraps, NULL, "RemainderLength" },
	{ "remainder-lies", 30, CERTIFICATE, ON_BODY, remainder_lies, NULL, "RemainderLength" },
	{ "remainder-grows", 30, CERTIFICATE, ON_BODY, remainder_grows, NULL, "RemainderLength" },
	{ "chain-length-lies", 31, CERTIFICATE, ON_BODY, chain_length_lies, NULL, "Length" },
	{ "chain-length-tiny", 31, CERTIFICATE, ON_BODY, chain_length_tiny, NULL, "RootHash" },
	{ "certificate-large", 32, CERTIFICATE, ON_BODY, certificate_large, NULL, "large chain is not what was asked for" },
	{ "chain-endless", 28, CERTIFICATE, ON_BODY, chain_endless, NULL, "RemainderLength" },
	{ "chain-changed", 40, CERTIFICATE, ON_BODY, chain_changed, NULL, "chain is not the one that DIGESTS names" },
	{ "chain-gap", 33, 0, ON_BODY, NULL, "gap", "not a DER certificate" },
	{ "chain-trailing", 33, 0, ON_BODY, NULL, "trailing", "not well-formed DER" },
	{ "chain-der-overrun", 33, 0, ON_BODY, NULL, "der-overrun", "not a DER certificate" },
	{ "chain-indefinite", 33, 0, ON_BODY, NULL, "indefinite", "not a DER certificate" },
	{ "root-of-its-own", 34, 0, ON_BODY, NULL, "own-root", "certificate path" },
	{ "root-omitted", 35, 0, ON_BODY, NULL, "root-omitted", "accepted" },
	{ "root-misnamed", 35, 0, ON_BODY, NULL, "root-misnamed", "RootHash names none of the accepted roots" },
	{ "leaf-is-ca", 36, 0, ON_BODY, NULL, "ca-leaf", "is a CA certificate" },
	{ "leaf-no-digital-signature", 36, 0, ON_BODY, NULL, "no-digital-signature", "lacks digitalSignature" },
	{ "leaf-wrong-eku", 36, 0, ON_BODY, NULL, "wrong-eku", "lacks the SPDM responder key usage" },
	{ "leaf-other-curve", 36, 0, ON_BODY, NULL, "other-curve", "is not of the negotiated BaseAsymSel" },
	{ "leaf-oid-elsewhere", 39, 0, ON_BODY, NULL, "oid-elsewhere", "lacks the SPDM responder key usage" },
	{ "intermediate-no-ca", 37, 0, ON_BODY, NULL, "intermediate-no-ca", "is no CA" },
	{ "path-too-long", 37, 0, ON_BODY, NULL, "path-length", "certificate path" },
	{ "leaf-expired", 38, 0, ON_BODY, NULL, "expired", "expired" },
	{ "leaf-other-key", 49, 0, ON_BODY, NULL, "other-key", "signature of MEASUREMENTS: invalid" },
	{ "challenge-other-slot", 41, CHALLENGE_AUTH, ON_BODY, challenge_other_slot, NULL, "CHALLENGE_AUTH is of another slot" },
	{ "challenge-slot-mask", 41, CHALLENGE_AUTH, ON_BODY, challenge_mask, NULL, "CHALLENGE_AUTH SlotMask" },
	{ "challenge-more-slots", 41, CHALLENGE_AUTH, ON_BODY, challenge_more_slots, NULL, "accepted" },
	{ "challenge-chain-hash", 40, CHALLENGE_AUTH, ON_BODY, challenge_chain_hash, NULL, "CertChainHash" },
	{ "challenge-mutual-auth", 46, CHALLENGE_AUTH, ON_BODY, challenge_mut_auth, NULL, "mutual authentication" },
	{ "measurements-replayed", 42, MEASUREMENTS, ON_SIGNED, replayed, NULL, "signature of MEASUREMENTS: invalid" },
	{ "challenge-replayed", 42, CHALLENGE_AUTH, ON_SIGNED, replayed, NULL, "signature of CHALLENGE_AUTH: invalid" },
	{ "measurements-context", 43, MEASUREMENTS, ON_BODY, context_wrong, NULL, "RequesterContext" },
	{ "measurements-no-context", 43, MEASUREMENTS, ON_BODY, context_missing, NULL, "RequesterContext" },
	{ "opaque-65535", 44, MEASUREMENTS, ON_BODY, opaque_long, NULL, "OpaqueDataLength" },
	{ "opaque-1025", 44, MEASUREMENTS, ON_BODY, opaque_1025, NULL, "OpaqueDataLength" },
	{ "challenge-opaque-65535", 44, CHALLENGE_AUTH, ON_BODY, opaque_long, NULL, "OpaqueDataLength" },
	{ "opaque-count-lies", 45, MEASUREMENTS, ON_BODY, opaque_count_lies, NULL, "OpaqueData element" },
	{ "opaque-element-long", 45, MEASUREMENTS, ON_BODY, opaque_element_long, NULL, "OpaqueData element" },
	{ "opaque-vendor-long", 45, MEASUREMENTS, ON_BODY, opaque_vendor_long, NULL, "OpaqueData element" },
	{ "opaque-padding", 45, MEASUREMENTS, ON_BODY, opaque_padding, NULL, "OpaqueData padding" },
	{ "opaque-registry", 45, MEASUREMENTS, ON_BODY, opaque_registry, NULL, "unknown registry" },
	{ "opaque-honest", 45, MEASUREMENTS, ON_BODY, opaque_honest, NULL, "accepted" },
	{ "trailing-bytes", 47, MEASUREMENTS, ON_SIGNED, trailing, NULL, "bytes after the end" },
	{ "padding-not-zero", 47, MEASUREMENTS, ON_SIGNED, padding_not_zero, NULL, "bytes after the end" },
	{ "challenge-trailing-bytes", 47, CHALLENGE_AUTH, ON_SIGNED, trailing, NULL, "bytes after the end" },
	{ "signature-r-zero", 48, MEASUREMENTS, ON_SIGNED, signature_zero_r, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-s-zero", 48, MEASUREMENTS, ON_SIGNED, signature_zero_s, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-above-order", 48, MEASUREMENTS, ON_SIGNED, signature_big, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-flipped", 48, MEASUREMENTS, ON_SIGNED, signature_flipped, NULL, "signature of MEASUREMENTS: invalid" },
	{ "signature-der", 48, MEASUREMENTS, ON_SIGNED, signature_der, NULL, "bytes after the end" },
	{ "signature-twin", 48, MEASUREMENTS, ON_SIGNED, signature_twin, NULL, "accepted" },
	{ "challenge-signature-flipped", 48, CHALLENGE_AUTH, ON_SIGNED, signature_flipped, NULL, "signature of CHALLENGE_AUTH: invalid" },
	{ "signature-missing", 56, MEASUREMENTS, ON_SIGNED, signature_missing, NULL, "Signature" },
	{ "signature-cut", 56, MEASUREMENTS, ON_SIGNED, signature_cut, NULL, "Signature" },
	{ "challenge-signature-missing", 56, CHALLENGE_AUTH, ON_SIGNED, signature_missing, NULL, "Signature" },
	{ "block-changed-after-signing", 58, MEASUREMENTS, ON_SIGNED, block_changed_after, NULL, "signature of MEASUREMENTS: invalid" },
	{ "no-blocks", 50, MEASUREMENTS, ON_BODY, no_blocks, NULL, "NumberOfBlocks" },
	{ "blocks-255", 50, MEASUREMENTS, ON_BODY, blocks_255, NULL, "NumberOfBlocks" },
	{ "record-longer", 51, MEASUREMENTS, ON_BODY, record_longer, NULL, "bytes after the end" },
	{ "record-shorter", 51, MEASUREMENTS, ON_BODY, record_shorter, NULL, "block value" },
	{ "block-count-lies", 51, MEASUREMENTS, ON_BODY, block_count_lies, NULL, "bytes after the end" },
	{ "block-overruns", 51, MEASUREMENTS, ON_BODY, block_overruns, NULL, "block MeasurementSize is not" },
	{ "block-other-spec", 52, MEASUREMENTS, ON_BODY, block_spec, NULL, "block MeasurementSpecification" },
	{ "block-size", 52, MEASUREMENTS, ON_BODY, block_size, NULL, "block MeasurementSize" },
	{ "digest-short", 53, MEASUREMENTS, ON_BODY, digest_short, NULL, "MeasurementHashAlgo" },
	{ "block-twice", 54, MEASUREMENTS, ON_BODY, block_twice, NULL, "block Index twice" },
	{ "nonce-missing", 55, MEASUREMENTS, ON_SIGNED, nonce_missing, NULL, ": Signature" },
	{ "measurements-other-slot", 49, MEASUREMENTS, ON_BODY, meas_other_slot, NULL, "MEASUREMENTS is of another slot" },
	{ "content-changed", 57, MEASUREMENTS, ON_BODY, content_changed, NULL, "changed while" },
	{ "content-changed-once", 57, MEASUREMENTS, ON_BODY, content_changed_once, NULL, "accepted" }, /* asked again, it has settled */
	{ "not-ready-once", 61, MEASUREMENTS, INSTEAD, not_ready_once, NULL, "accepted" },
	{ "never-ready", 61, MEASUREMENTS, INSTEAD, never_ready, NULL, "device stays busy" },
	{ "not-ready-for-another", 61, MEASUREMENTS, INSTEAD, not_ready_other, NULL, "ResponseNotReady is for another request" },
	{ "not-ready-rdtm-1", 61, MEASUREMENTS, INSTEAD, not_ready_rdtm_1, NULL, "RDTM" },
	{ "not-ready-trailing", 61, MEASUREMENTS, INSTEAD, not_ready_trailing, NULL, "bytes after the end" },
	{ "not-ready-exponent-63", 6, MEASUREMENTS, INSTEAD, not_ready_forever, NULL, "RDTExponent" },
	{ "busy-twice", 61, MEASUREMENTS, INSTEAD, busy_twice, NULL, "accepted" },
	{ "busy-always", 61, DIGESTS, INSTEAD, busy_always, NULL, "device stays busy" },
	{ "unspecified-error", 58, MEASUREMENTS, INSTEAD, unspecified, NULL, "ERROR Unspecified" },
	{ "resynch-once", 58, DIGESTS, INSTEAD, resynch, NULL, "accepted" },
	{ "resynch-always", 58, DIGESTS, INSTEAD, resynch_always, NULL, "ERROR RequestResynch" },
	{ "large-response", 62, CERTIFICATE, INSTEAD, large_response, NULL, "LargeResponse" },
	{ "measurements-large-response", 62, MEASUREMENTS, INSTEAD, large_response, NULL, "LargeResponse" },
	{ "doe-other-vendor", 65, ANY_MESSAGE, ON_OBJECT, doe_vendor, NULL, "DOE vendor" },
	{ "doe-other-type", 65, ANY_MESSAGE, ON_OBJECT, doe_type, NULL, "DOE type" },
	{ "doe-length-zero", 65, ANY_MESSAGE, ON_OBJECT, doe_length_zero, NULL, "DOE length" },
	{ "doe-length-below-header", 65, ANY_MESSAGE, ON_OBJECT, doe_length_header, NULL, "DOE length" },
	{ "doe-length-long", 65, ANY_MESSAGE, ON_OBJECT, doe_length_long, NULL, "DOE length" },
	{ "frame-huge", 66, ANY_MESSAGE, ON_FRAME, frame_huge, NULL, "socket frame of" },
	{ "frame-other-transport", 66, ANY_MESSAGE, ON_FRAME, frame_transport, NULL, "transport 1" },
	{ "frame-other-command", 66, ANY_MESSAGE, ON_FRAME, frame_command, NULL, "command 0xfffe" },
	{ "late-answers", 71, ANY_MESSAGE, ON_SIGNED, late, NULL, "RequestResponseCode" },
	{ "other-response-code", 5, MEASUREMENTS, ON_SIGNED, other_response, NULL, "RequestResponseCode" },
	{ "two-byte-message", 11, DIGESTS, ON_BODY, empty_message, NULL, "DIGESTS: no slot is provisioned" /* DOE pads it to four */ },
	{ "slot-not-supported", 26, DIGESTS, ON_BODY, slot_not_supported, NULL, "DIGESTS: a provisioned slot is not a supported one" },
	{ "slot-0-generic", 26, DIGESTS, ON_BODY, slot_0_generic, NULL, "CertificateInfo model" },
	{ "slot-0-no-model", 26, DIGESTS, ON_BODY, slot_0_no_model, NULL, "CertificateInfo model" },
	{ "key-usage-reserved", 26, DIGESTS, ON_BODY, key_usage_reserved, NULL, "KeyUsageMask has reserved bits" },
	{ "key-usage-challenge-only", 26, DIGESTS, ON_BODY, key_usage_challenge_only, NULL, "signs no measurements" },
};
const size_t n_hostile_modes = sizeof(hostile_modes) / sizeof(hostile_modes[0]);

const struct hostile_mode *hostile_find(const char *name)
{
	for (size_t i = 0; i < n_hostile_modes; i++)
		if (!strcmp(hostile_modes[i].name, name))
			return &hostile_modes[i];
	return NULL;
}
