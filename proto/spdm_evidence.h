/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded SPDM evidence to checked facts. Each check is a function of its own, so that the verifier
 * ticks each by name and none is skipped unseen.
 * SPEC: DSP0274 10.11 (CHALLENGE), 10.12 (MEASUREMENTS), 15 (signatures); RULES 14
 */
#ifndef ASSAY_SPDM_EVIDENCE_H
#define ASSAY_SPDM_EVIDENCE_H

#include "common/cert.h"
#include "spdm/certificate.h"
#include "spdm/challenge.h"
#include "spdm/measurements.h"
#include "spdm/signature.h"

/** struct spdm_evidence - parsed transcripts; views into the bytes given to spdm_evidence_parse(). */
struct spdm_evidence {
	struct bytes vca, chain, measurements, challenge;
	bool has_vca; /* false: an SPDM 1.1 report recorded alone, see spdm_evidence_parse_report() */
	struct spdm_versions versions;
	struct spdm_negotiated nego;
	u8 slot;

	struct spdm_get_measurements asked;
	struct spdm_measurements answer;

	bool has_challenge; /* CHALLENGE_AUTH was recorded */
	struct spdm_challenge challenged;
	struct spdm_challenge_auth auth;
	bool has_digest; /* DIGESTS was recorded; the one of our slot: */
	struct bytes slot_digest;

	struct spdm_chain chain_parts;
	struct cert_list *certs; /* root or first intermediate to leaf; owned */
};

/**
 * spdm_evidence_parse - grammar of all transcripts: the right messages in the right order, one slot,
 * one version, nothing left over.
 * @challenge: may be empty; otherwise GET_DIGESTS to CERTIFICATE, with or without CHALLENGE after it.
 * @roots: where the path will be looked for, which may know the chain already; or NULL.
 */
int spdm_evidence_parse(struct bytes vca, struct bytes chain, struct bytes measurements,
			struct bytes challenge, u8 slot, const struct trust_store *roots,
			struct spdm_evidence **out, struct err *e);
void spdm_evidence_drop(struct spdm_evidence **ev);

/** spdm_evidence_leaf - the certificate whose key signs; borrowed. */
const struct cert *spdm_evidence_leaf(const struct spdm_evidence *ev);
/** spdm_evidence_authenticated - is the negotiation covered by a signature? (always from 1.2 on) */
bool spdm_evidence_authenticated(const struct spdm_evidence *ev);

/* Each check: 0, or the reason. */
/** The signed GET_MEASUREMENTS carries @nonce; if a CHALLENGE is there it carries @challenge_nonce. */
int spdm_evidence_check_nonces(const struct spdm_evidence *ev, const u8 nonce[32],
			       const u8 challenge_nonce[32], struct err *e);
/** L1/L2, and M1/M2 if a CHALLENGE is there, verify with the leaf's key. */
int spdm_evidence_check_signatures(const struct spdm_evidence *ev, struct err *e);
/** The recorded DIGESTS and CertChainHash are of this very chain object, RootHash of its first certificate. */
int spdm_evidence_check_chain_digest(const struct spdm_evidence *ev, struct err *e);
/** CA:FALSE, digitalSignature, SPDM responder EKU if any EKU, key fits BaseAsymSel; CAs above it (36, 37). */
int spdm_evidence_check_leaf(const struct spdm_evidence *ev, struct err *e);
/**
 * A path from the leaf over the other certificates to @roots, at @unix_s (or CERT_TIME_IGNORE). If the
 * chain lacks its root, to that one of @roots that RootHash names (lie 35 of tests/device/hostile.c).
 */
int spdm_evidence_check_path(const struct spdm_evidence *ev, const struct trust_store *roots,
			     long long unix_s, struct err *e);

/**
 * spdm_verify_transcript - @sig by @key over @pieces, by the rules of @version.
 * @context: "responder-measurements signing" and the like; unused before 1.2.
 */
int spdm_verify_transcript(u8 version, u32 base_asym, u32 base_hash, const char *context,
			   const struct pubkey *key, const struct bytes *pieces, size_t n,
			   struct bytes sig, struct err *e);
enum digest_alg spdm_digest_alg(u32 base_hash);

/** struct pci_identity - the PCIe CMA name of a leaf certificate. SPEC: PCIe 6.1 6.31.3 */
struct pci_identity {
	u16 vendor, device;
	u32 class_code;
	u8 revision;
	bool has_subsystem;
	u16 subsystem_vendor, subsystem;
	bool has_serial;
	u64 serial;
};
/** pci_identity_parse - the subjectAltName text; the whole text must fit the grammar. */
int pci_identity_parse(const char *text, struct pci_identity *out, struct err *e);
/** spdm_evidence_pci_identity - E_NOTFOUND when the leaf has no such name. */
int spdm_evidence_pci_identity(const struct spdm_evidence *ev, struct pci_identity *out,
			       struct err *e);

/** spdm_evidence_oddity - the first certificate of the chain that is not strictly DER, in a sentence; false: there is none. */
bool spdm_evidence_oddity(const struct spdm_evidence *ev, char out[512]);

#endif
