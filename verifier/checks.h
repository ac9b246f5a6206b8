/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every check that an affirmation or a release needs. The table expands to the enum, the text of the
 * log and the list of the tests. NOT_RUN is 0 and denies.
 */
#ifndef ASSAY_CHECKS_H
#define ASSAY_CHECKS_H

/* clang-format off */
/*  id                 scope    what must hold                                              source */
#define CHECKS(X)                                                                                                      \
	X(TOKEN_SIGNATURE, HOST,    "the token is signed by its cnf key",                         "RFC 9711, PROTOCOL Token")      \
	X(NONCE,	   HOST,    "the nonce is ours, fresh and unused",                        "RULES 13")                      \
	X(ENROLLED,	   HOST,    "host and AK are enrolled and active",                        "RULES 5")                       \
	X(UEID,		   HOST,    "the ueid is that of the AK's host",                          "RULES 5")                       \
	X(QUOTE_SIGNATURE, HOST,    "the quote is signed by the enrolled AK",                     "TPM 2.0 Part 1 31.3")           \
	X(QUOTE_TYPE,	   HOST,    "the attestation is a quote made by a TPM",                   "TPM 2.0 Part 2 10.12.8")        \
	X(QUOTE_SELECTION, HOST,    "the quote covers the PCRs and banks that the token claims",  "RULES 15")                      \
	X(QUOTE_DIGEST,	   HOST,    "the PCR values are the quoted ones",                         "TPM 2.0 Part 2 10.12.1")        \
	X(QUOTE_BINDS,	   HOST,    "extraData is the digest of this very evidence",              "PROTOCOL Binding")              \
	X(CLOCK,	   HOST,    "reset count, restart count and clock go forward",            "RULES 2")                       \
	X(BOOT_LOG,	   HOST,    "the boot log replays to the quoted PCRs in every bank",      "RULES 11, 24")                  \
	X(DEVICE_LOG,	   HOST,    "the kernel's device log replays to its PCR and names these devices", "RULES 20")            \
	X(IMA_LOG,	   HOST,    "IMA's list replays to the quoted PCR 10 in every bank, from where it was judged last", "RULES 11, 24") \
	X(DEVICES_PRESENT, HOST,    "every function with CMA in the inventory has a submodule",   "RULES 10")                      \
	X(INVENTORY,	   HOST,    "the inventory is the accepted one",                          "RULES 10")                      \
	X(LEASE,	   HOST,    "what a lease hangs on, counter and storage key, is certified by the AK with this evidence", "RULES 18") \
	X(KEYS_DISTINCT,   HOST,    "no leaf key stands under two devices",                       "RULES 8")                       \
	X(EVIDENCE,	   DEVICE,  "there is evidence, from one collection",                     "RULES 10")                      \
	X(GRAMMAR,	   DEVICE,  "the transcripts hold the right messages in the right order", "DSP0274")                       \
	X(NONCE_BOUND,	   DEVICE,  "the device signed the nonce made for it and this session",   "RULES 11")                      \
	X(SIGNATURE,	   DEVICE,  "the leaf's key made the signatures",                         "DSP0274 15")                    \
	X(CHAIN_DIGEST,	   DEVICE,  "the chain is the one the device named",                      "DSP0274 10.9")                  \
	X(LEAF,		   DEVICE,  "the leaf certificate may sign for a responder",              "DSP0274 10.8.2")                \
	X(PATH,		   DEVICE,  "the chain leads to an accepted device root",                 "RFC 5280 6")                    \
	X(VERSION,	   DEVICE,  "the SPDM version is not below the floor or an earlier one",  "RULES 14")                      \
	X(NEGOTIATION,	   DEVICE,  "the negotiation is covered by a signature",                  "RULES 14")                      \
	X(IDENTITY,	   DEVICE,  "the certificate names the PCI function of the inventory",    "PCIe 6.1 6.31.3")               \
	X(KEY_KNOWN,	   DEVICE,  "the leaf key is this host's, and on no other host",          "RULES 8")                       \
	X(GUARD,	   DEVICE,  "the kernel guards the device as policy demands",            "RULES 20")                      \
	X(SOURCE,	   RELEASE, "every source of evidence may release",                       "RULES 25")                      \
	X(K_TEMPLATE,	   RELEASE, "K is a restricted storage key of the one template",          "RULES 4")                       \
	X(K_CERTIFIED,	   RELEASE, "the AK certifies K with this evidence",                      "RULES 4")                       \
	X(K_HIERARCHY,	   RELEASE, "K is a primary of the NULL hierarchy",                       "RULES 4")                       \
	X(K_COUNTS,	   RELEASE, "quote and certification are of the same boot",               "RULES 2")                       \
	X(CAP,		   RELEASE, "the cap PCR is quoted and zero",                             "RULES 3")                       \
	X(RELEASE_SET,	   RELEASE, "the quote covers the release set",                           "RULES 15")                      \
	X(VOLUME,	   RELEASE, "each volume is this host's, with the counter it has had",    "RULES 5, 6")                    \
	X(COUNTER,	   RELEASE, "the AK certifies each counter with this evidence, and it is at the epoch asked for", "RULES 6") \
	X(SESSION,	   RELEASE, "the measurements were taken inside a session, where policy wants that", "RULES 9")         \
	X(IDE,		   RELEASE, "the link is encrypted by keys of that session, where policy wants that", "RULES 9")         \
	X(RESTART,	   RELEASE, "the TPM was reset, not restarted, or policy allows that",    "RULES 2")
/* clang-format on */

enum check_id {
#define X(id, scope, text, source) CHECK_##id,
	CHECKS(X)
#undef X
		CHECK_COUNT
};
enum check_scope { SCOPE_HOST, SCOPE_DEVICE, SCOPE_RELEASE };
enum check_result { NOT_RUN = 0, PASSED, FAILED };

/** struct checks - one table for the host, one per device. */
struct checks {
	enum check_result result[CHECK_COUNT];
};

const char *check_name(enum check_id id); /* "QUOTE_BINDS"                    */
const char *check_text(enum check_id id); /* what must hold, for people       */
enum check_scope check_scope(enum check_id id);

#endif
