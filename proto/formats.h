/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which format some bytes are in, and whether they keep its grammar. Nothing is proven by it: no
 * signature is checked, and a format is told by its outermost tag, or by its first keys where it has none.
 */
#ifndef ASSAY_FORMATS_H
#define ASSAY_FORMATS_H

#include "common/buf.h"
#include "common/err.h"
#include "tpm_attest.h"

enum format {
	FORMAT_UNKNOWN, /* not CBOR, JSON, JWT or anything else below */
	FORMAT_CBOR,	/* well-formed, and nothing that is known     */
	FORMAT_JSON,
	FORMAT_TOKEN, /* a host's token, as assay-agent sends it    */
	FORMAT_CORIM,
	FORMAT_SIGNED_CORIM,
	FORMAT_COMID, /* a CoMID without a CoRIM around it          */
	FORMAT_COTL,  /* a CoTL, likewise                           */
	FORMAT_COEV,
	FORMAT_TOC,
	FORMAT_EAR_JWT,
	FORMAT_EAR_CWT,
	FORMAT_EAR_CLAIMS, /* CBOR or JSON                             */
	FORMAT_EAT,	   /* a signed token of somebody else          */
	FORMAT_EAT_CLAIMS,
	FORMAT_BUNDLE,
	FORMAT_CCA, /* a collection of two tokens, tag 399        */
	FORMAT_CMW,
	FORMAT_COMPONENT, /* a measured component                      */
	FORMAT_COSE_SIGN1,
	FORMAT_PCAP,
	FORMAT_BOOT_LOG,
	FORMAT_IMA_LIST,    /* binary or ASCII                           */
	FORMAT_ENACTTRUST,  /* node id, TPMS_ATTEST, TPMT_SIGNATURE   */
	FORMAT_PARSEC,	    /* { "kat", "pat" }                         */
	FORMAT_NVIDIA_GPU,  /* raw, or as hex                            */
	FORMAT_SPDM_RECORD, /* blocks by themselves                      */
	FORMAT_SPDM_CHAIN,  /* with its header                           */
	FORMAT_X509,	    /* certificates and CRLs, DER or PEM         */
	FORMAT_SWID,	    /* in XML: swid_parse() tells it, format_check() never does */
	FORMAT_COUNT
};
const char *format_name(enum format f);

/** struct format_seen - what was found out. */
struct format_seen {
	enum format format; /* set on refusal too                             */
	char note[256];	    /* what a reader should know though it is valid; or "" */
};
/**
 * format_check - tell the format and hold its grammar. CoRIMs in the shapes of old drafts pass with a note.
 * Return: 0; E_FORMAT and others with the path of the fault; E_UNSUPPORTED for a profile; E_FRESHNESS
 * for a TPM token that answers no nonce.
 */
int format_check(struct bytes b, struct format_seen *out, struct err *e);

/** format_trimmed - a view of @b without the white space of JSON around it; NUL is none. */
struct bytes format_trimmed(struct bytes b);
/** format_json_fits - is some JSON small and flat enough to be read (JSON_FILE_MAX, JSON_DEPTH_MAX)? 0 or E_LIMIT. */
int format_json_fits(struct bytes json, struct err *e);

/** struct tpm_token - FORMAT_ENACTTRUST; views into its bytes. */
struct tpm_token {
	struct bytes node_id, quote, signature;
	struct tpm_attest attest; /* of @quote */
};
int format_read_tpm_token(struct bytes b, struct tpm_token *out, struct err *e);

#endif
