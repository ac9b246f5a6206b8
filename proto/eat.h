/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token: EAT profile tag:assay.dev,2026:host#1. proto/assay.cddl is its grammar; the reader
 * refuses everything else. SPEC: RFC 9711, docs/PROTOCOL.md Token
 */
#ifndef ASSAY_EAT_H
#define ASSAY_EAT_H

#include "cose.h"
#include "evidence.h"
#include "ima_log.h"
#include "tpm_attest.h"

#define EAT_PROFILE_HOST "tag:assay.dev,2026:host#1"
#define EAT_MEDIA_TYPE	 "application/eat+cwt; eat_profile=\"" EAT_PROFILE_HOST "\""

/* Type of the problem (RFC 9457) by which a server asks for the whole list; the nonce is unused then. */
#define IMA_WHOLE_PROBLEM "tag:assay.dev,2026:problem:ima-whole"

enum {
	EAT_SWITCHES_MAX = 8,
	EAT_PIN_LEN = 8 /* the first bytes of a pin: enough to tell keys of one server apart */
};

/** struct eat_function - one PCI function of the inventory; empty views are absent members. */
struct eat_function {
	struct bytes address;
	u16 vendor, device;
	u32 class_code;
	u8 revision;
	bool has_subsystem;
	u16 subsystem_vendor, subsystem;
	struct bytes serial; /* 8 bytes or empty */
	struct bytes parent, driver;
	bool has_group;
	u32 group;
	struct bytes domain;
	bool cma;
	struct bytes label; /* of its device submodule */
	/* of kernels from 7.0 on, and no more than their word */
	struct bytes tsm;	       /* it is connected through this one */
	struct bytes authenticated_by; /* a TSM; or, elsewhere, yes or no: */
	bool has_authenticated, authenticated;
	size_t n_streams;
	struct bytes streams[IDE_STREAMS_MAX]; /* secure links that end at it: "stream0.1.0" */
};

struct eat_device {
	struct bytes label;
	struct bytes value; /* the submods entry's encoded value: what the leaf covers */
	struct bytes source, address;
	u32 generation;
	u8 slot;
	struct bytes chain, vca, measurements, challenge;
	struct bytes certificates; /* claim 3803 of the slot, if sent */
	struct kernel_guard guard;
	struct bytes failure; /* non-empty: there is no evidence, and why */
};

/** enum eat_volume_act - what the host wants besides a share that is there. */
enum eat_volume_act {
	VOLUME_GET,
	VOLUME_NEW,    /* a share of this epoch, which opens no keyslot yet      */
	VOLUME_STORED, /* a keyslot of this epoch is on the disk, and it opened  */
};
struct eat_volume {
	struct bytes uuid; /* 16 bytes */
	u64 epoch;
	struct bytes k_public;
	u32 counter;			   /* the NV index; 0: it has none */
	enum eat_volume_act act;	   /* other than VOLUME_GET: it has a counter */
	struct bytes proof;		   /* of cap.h, 32 bytes, with VOLUME_STORED; else empty */
	struct bytes counted, counted_sig; /* the TPM's word on what the counter says */
};

/** struct eat_lease - the counter that ends leases; and of who asks for one, the key that it is to be wrapped to. */
struct eat_lease {
	u32 counter; /* NV index; 0: nothing was said, and nothing below is set */
	struct bytes counted, counted_sig;
	struct bytes parent, certify, certify_sig; /* TPMT_PUBLIC and TPM2_Certify; or all empty */
};

struct eat_bank {
	u16 alg;
	u32 pcrs; /* bitmap of what is there */
	struct bytes value[TPM_PCRS];
};

/** struct eat_ima - IMA's list from some entry on, or why there is none. */
struct eat_ima {
	bool sent;
	struct bytes why; /* not empty: there is none, and nothing below is set */
	struct ima_place
		from; /* the boot it is of, its first entry, PCR 10 before that; banks ascending */
	struct bytes entries; /* binary, whole ones; those after the quote are not counted */
	bool more; /* a piece: the list was longer than a token, and goes on behind the last of them */
};

/** struct eat_logs - what authenticates itself by replay to the quoted PCRs; each may be empty. */
struct eat_logs {
	struct bytes boot_log;
	struct bytes device_log; /* see device_log.h */
	u8 device_log_pcr;
	struct eat_ima ima;
	struct bytes
		command_line; /* as the running kernel tells it: shown only if its digest was measured */
};

struct eat {
	struct buf *bytes; /* a copy of the token; every view points into it */
	struct cose_sign1 cose;
	u64 iat;
	u8 nonce[EVIDENCE_NONCE_LEN];
	u8 ueid[UEID_LEN];
	struct pubkey *cnf;
	u8 thumbprint[32];

	struct bytes host;	/* encoded value of the submodule */
	struct bytes inventory; /* encoded array of functions */
	size_t n_functions;
	struct eat_function *functions;
	struct bytes agent_version, phase;
	size_t n_switches;
	struct bytes switches[EAT_SWITCHES_MAX];
	size_t n_pins; /* of its servers' keys, as its configuration has them */
	struct bytes pins[PINS_MAX];

	struct bytes ak_name, quote, quote_sig;
	size_t n_banks;
	struct eat_bank banks[TPM_BANKS_MAX];
	struct bytes certify, certify_sig;
	struct eat_lease lease;

	struct eat_logs logs;

	size_t n_devices;
	struct eat_device *devices; /* in key order */

	struct bytes release; /* encoded value of the claim, or empty */
	size_t n_volumes;
	struct eat_volume volumes[VOLUMES_MAX];
};

/**
 * eat_parse - grammar only; nothing is verified. The text names the claim that did not fit.
 * Return: 0; E_FORMAT; E_LIMIT for what is larger than limits.h allows; E_MEMORY.
 */
int eat_parse(struct bytes token, struct eat **out, struct err *e);
void eat_drop(struct eat **t);
/** eat_check_signature - by the cnf key in the token itself: proves possession, not identity. */
int eat_check_signature(const struct eat *t, struct err *e);
/** eat_inventory_parse - the functions of an encoded inventory that was stored. */
int eat_inventory_parse(struct bytes inventory, struct eat_function **out, size_t *n,
			struct err *e);

/* ---- writing, in the order of a round: each gives exactly the encoded value that is hashed ---- */
struct eat_host_draft {
	const struct eat_function *functions; /* sorted by address */
	size_t n_functions;
	const char *agent_version, *phase;
	const char *const *switches;
	size_t n_switches;
	u8 pins[PINS_MAX][EAT_PIN_LEN];
	size_t n_pins;
};
int eat_write_host(const struct eat_host_draft *d, struct buf **out, struct err *e);
int eat_write_device(const struct device_evidence *d, struct buf **out, struct err *e);
/** eat_write_release - @v sorted by UUID, else E_USAGE; one volume is a map, several an array. */
int eat_write_release(const struct eat_volume *v, size_t n, struct buf **out, struct err *e);
struct eat_tpm_draft {
	struct bytes ak_name, quote, quote_sig;
	const struct eat_bank *banks;
	size_t n_banks;
	struct bytes certify, certify_sig; /* both empty: none */
	const struct eat_volume *volumes;  /* counters: of those that have one, in this order */
	size_t n_volumes;
	struct eat_lease lease;
};
int eat_write_tpm(const struct eat_tpm_draft *d, struct buf **out, struct err *e);
int eat_write_logs(const struct eat_logs *l, struct buf **out, struct err *e);

struct eat_submodule {
	struct bytes label;
	struct bytes value;
};
/** eat_sort - into the order of encoded keys: the order of leaves, and of the token. */
void eat_sort(struct eat_submodule *s, size_t n);
/** eat_write_token - sorts @s, signs with @cnf. @release: encoded value or empty. */
int eat_write_token(const u8 nonce[32], const u8 ueid[UEID_LEN], u64 iat, const struct keypair *cnf,
		    struct bytes release, struct eat_submodule *s, size_t n, struct buf **out,
		    struct err *e);

#endif
