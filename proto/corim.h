/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoRIM: reference values, signed. Reference triples are read fully; other triples are counted, so
 * that an import can say what it does not use.
 * SPEC: draft-ietf-rats-corim-11 (4 CoRIM, 5 CoMID, 9.4 comparison)
 */
#ifndef ASSAY_CORIM_H
#define ASSAY_CORIM_H

#include "common/cert.h"
#include "cose.h"

enum { CORIM_DIGESTS_MAX = 8, CORIM_ENTITY_MAX = 64, CORIM_FLAGS = 11 };

/** struct corim_env - environment-map. Empty views are absent members. */
struct corim_env {
	struct bytes class_id; /* encoded item, compared as it stands */
	struct bytes vendor, model;
	bool has_layer, has_index;
	u64 layer, index;
	struct bytes instance, group; /* encoded items */
};

struct corim_digest {
	long long alg; /* IANA Named Information: 1 sha-256, 7 sha-384, 8 sha-512 */
	struct bytes bytes;
};

/** struct corim_range - a number is min = max; an end that is not there is open. */
struct corim_range {
	bool is_range; /* written as one */
	bool has_min, has_max;
	long long min, max;
};

/** struct corim_mval - a measurement value; @others: code points that nobody compares. */
struct corim_mval {
	bool has_version, has_svn, min_svn, has_raw;
	struct bytes version, version_scheme; /* the scheme as an encoded item, or empty */
	u64 svn;
	size_t n_digests;
	struct corim_digest digests[CORIM_DIGESTS_MAX];
	struct bytes raw, raw_mask; /* mask empty: all bits count */
	u16 flags_known, flags;	    /* bit n: flag n of flags-map; what is not known is neither */
	bool has_range;
	struct corim_range range;
	struct bytes registers; /* integrity-registers, the encoded map, or empty */
	size_t others;
};

/** struct corim_element - measurement-map: which element, and its value. */
struct corim_element {
	struct bytes mkey; /* encoded item, or empty */
	struct corim_mval mval;
};

struct corim_triple {
	struct corim_env env;
	size_t n;
	struct corim_element *elements;
	char tag_id[64];
};

struct corim {
	struct buf *bytes; /* a copy; every view points into it */
	bool is_signed;
	struct cose_sign1 cose;
	struct cert_list *x5chain; /* NULL: none */
	char id[128];
	char signer[128]; /* signer-name of corim-meta, or iss */
	/* where rim-validity, the validity in corim-meta and nbf, exp overlap; 0: not given */
	long long not_before, not_after;
	size_t n_references;
	struct corim_triple *references;
	size_t n_unused_triples, n_unused_tags;
};

/**
 * corim_parse - signed or unsigned; grammar only. The text holds the path of the fault.
 * Return: 0; E_FORMAT; E_UNSUPPORTED for a profile, a detached payload or a hash envelope; E_LIMIT.
 */
int corim_parse(struct bytes b, struct corim **out, struct err *e);
void corim_drop(struct corim **c);
/**
 * corim_check_signature - x5chain to @roots at @unix_s and the signature by its leaf; or, without
 * x5chain, by the key of one of @anchors (may be NULL) whose certificate is valid at @unix_s. A kid is
 * a hint that nobody needs: every anchor is tried. Unsigned: E_SIGNATURE. Outside its validity:
 * E_FRESHNESS.
 */
int corim_check_signature(const struct corim *c, const struct trust_store *roots,
			  const struct cert_list *anchors, long long unix_s, struct err *e);

enum corim_match {
	CORIM_MATCHES,
	CORIM_OTHER_VALUE,
	CORIM_ABSENT,	     /* the entry has no value of a kind that is wanted, and no other one */
	CORIM_NO_COMPARISON, /* the condition wants what nobody here can compare: never a match  */
};
/** corim_env_matches - every member of @condition is in @entry and equal (path containment). */
bool corim_env_matches(const struct corim_env *condition, const struct corim_env *entry);
/** corim_mval_matches - SPEC: draft-ietf-rats-corim-11 9.4.6. A value that cannot be compared never matches. */
enum corim_match corim_mval_matches(const struct corim_mval *condition,
				    const struct corim_mval *entry);
/** corim_alg_of, corim_digest_alg - Named Information numbers and ours; 0 / DIGEST_NONE when unknown. */
long long corim_alg_of(enum digest_alg alg);

/* ---- writing ---- */
struct corim_draft {
	const char *id;			 /* CoRIM and CoMID id      */
	const char *signer;		 /* signer-name of corim-meta */
	long long not_before, not_after; /* not_after 0: no validity */
	const struct corim_triple *triples;
	size_t n;
};
/** corim_write - tag 501; with @key a signed CoRIM, with @chain its x5chain. */
int corim_write(const struct corim_draft *d, const struct keypair *key,
		const struct cert_list *chain, struct buf **out, struct err *e);

#endif
