/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoRIM: reference values and endorsements, signed. Every kind of triple of draft 11 is read.
 * SPEC: draft-ietf-rats-corim-11 (4 CoRIM, 5 CoMID, 6 CoTL, 9.4 comparison), RFC 9393 2 (CoSWID)
 */
#ifndef ASSAY_CORIM_H
#define ASSAY_CORIM_H

#include "common/cert.h"
#include "cose.h"

enum { CORIM_DIGESTS_MAX = 8, CORIM_PLAIN_MAX = 8, CORIM_FLAGS = 11, CORIM_ID_MAX = 128 };

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
	size_t n_plain;
	/* mac, ip, serial, ueid, uuid, name, cryptokeys (6 to 11, 13): equal or not */
	struct corim_plain {
		u64 key;
		struct bytes item; /* encoded */
	} plain[CORIM_PLAIN_MAX];
	struct bytes
		indirect; /* spdm-indirect (12) of concise evidence: the encoded map, or empty */
	size_t others;
};

/** struct corim_element - measurement-map: which element, its value, and whose word is wanted for it. */
struct corim_element {
	struct bytes mkey; /* encoded item, or empty */
	struct corim_mval mval;
	struct bytes authorized; /* encoded array of keys, or empty: anybody's */
};

/** struct corim_triple - an environment with elements: a state, wanted, given or added. */
struct corim_triple {
	struct corim_env env;
	size_t n;
	struct corim_element *elements;
	struct bytes authorized; /* of a series' condition; else empty */
	size_t tag;		 /* index into corim.tags */
	const struct corim_software
		*software; /* its elements are files of CoSWIDs; NULL: as written */
};

/** struct corim_conditional - when each condition holds, the additions do. */
struct corim_conditional {
	size_t n_conditions, n_additions;
	struct corim_triple *conditions, *additions;
};

/** struct corim_series - where the condition holds, the first item whose selection holds adds. */
struct corim_series {
	struct corim_triple condition; /* n may be 0: the environment alone */
	size_t n;
	struct corim_series_item {
		struct corim_triple selection, addition; /* env: that of the condition */
	} * items;
};

enum corim_key_use { CORIM_IDENTITY, CORIM_ATTEST };
/** struct corim_keys - the keys an environment may identify itself, or sign evidence, with. */
struct corim_keys {
	enum corim_key_use use;
	struct corim_env env;
	struct bytes keys;	 /* encoded array of crypto keys, at least one */
	struct bytes mkey;	 /* encoded item, or empty                     */
	struct bytes authorized; /* encoded array of keys, or empty            */
	size_t tag;
};

enum corim_domain_kind { CORIM_DEPENDENCY, CORIM_MEMBERSHIP };
/** struct corim_domain - an environment that trusts others, or is made of them. */
struct corim_domain {
	enum corim_domain_kind kind;
	struct corim_env env;
	size_t n;
	struct corim_env *others;
	size_t tag;
};

/**
 * struct corim_files - what a payload, or evidence, of a CoSWID lists. A path is made of root, location and
 * name of a file and of the directories around it; one that begins with a slash is absolute.
 */
struct corim_files {
	size_t n, n_others; /* others: processes and resources, which nobody here compares */
	struct corim_file {
		size_t key_at, key_len; /* its path in @keys, as an encoded text */
		struct corim_digest
			digest; /* alg 0: it has none, or of no algorithm that is named */
		bool has_size;
		u64 size;
	} * at;
	struct buf *keys;
};

/**
 * struct corim_software - CoSWID tags that an environment carries. The files of all of them become one
 * reference triple; in concise evidence, what it says of its software becomes one evidence triple.
 */
struct corim_software {
	struct corim_env env;
	struct bytes tag_ids; /* encoded array of tag-ids; empty in evidence */
	size_t tag;
	size_t n;			  /* the tags that are named, as far as they are there */
	u16 *coswids;			  /* indexes into corim.tags */
	char left_out[CORIM_ID_MAX + 80]; /* why it gives no reference values; "": it does */
	struct corim_files evidence;
};

/** struct corim_tag - what stands in `tags`. */
struct corim_tag {
	enum corim_tag_kind { CORIM_COSWID = 505, CORIM_COMID = 506, CORIM_COTL = 508 } kind;
	char id[CORIM_ID_MAX]; /* printable text, or a UUID */
	u64 version;
	/* CoTL only */
	size_t n_listed;
	struct corim_listed {
		char id[CORIM_ID_MAX];
		u64 version;
	} * listed;
	long long not_before, not_after;
	/* CoSWID only */
	enum corim_swid { CORIM_PRIMARY, CORIM_SUPPLEMENTAL, CORIM_CORPUS, CORIM_PATCH } swid;
	char software[CORIM_ID_MAX]; /* software-name */
	bool has_payload, has_evidence;
	struct corim_files files; /* of the payload */
	struct bytes content;
};

struct corim {
	struct buf *bytes;    /* a copy; every view points into it */
	struct digest digest; /* SHA-256 of @bytes */
	unsigned int others;  /* owners beside the first; atomic */
	bool is_signed;
	struct cose_sign1 cose;
	struct cert_list *x5chain; /* NULL: none */
	char id[CORIM_ID_MAX];
	char signer[CORIM_ID_MAX]; /* signer-name of corim-meta, or iss */
	bool has_signer_key;	   /* set by corim_check_signature() */
	u8 signer_key[32];	   /* SHA-256 of the SubjectPublicKeyInfo that verified it */
	long long
		signer_until; /* how long that holds: its certificates' and revocation lists' end */
	/* where rim-validity, the validity in corim-meta and nbf, exp overlap; 0: not given */
	long long not_before, not_after;
	bool old_shape;		/* read as CORIM_OLD_SHAPES allow */
	size_t n_dependent;	/* dependent-rims: shown, not fetched */
	struct bytes dependent; /* the encoded array, or empty */
	struct bytes entities;	/* the encoded array, or empty */
	bool manifest_signer;	/* an entity has that role */
	/* hash envelope: @payload_digest is what was signed, the CoRIM itself came beside it */
	struct bytes payload_digest;

	size_t n_tags;
	struct corim_tag *tags;
	size_t n_references, n_endorsed, n_conditional, n_series, n_keys, n_domains, n_software;
	size_t n_made; /* so many of the references, the last ones, were made from @software */
	struct corim_triple *references, *endorsed;
	struct corim_conditional *conditional;
	struct corim_series *series;
	struct corim_keys *keys;
	struct corim_domain *domains;
	struct corim_software *software;
};
/** corim_is_learned - written by `assay refval learn`: seen on hosts, vouched for by nobody who made them. */
bool corim_is_learned(const struct corim *c);
/** corim_triples - how many, of every kind, as they were written. */
size_t corim_triples(const struct corim *c);
/** corim_file_key - its path as an encoded text, which is its mkey; a view. */
struct bytes corim_file_key(const struct corim_files *f, const struct corim_file *file);

/**
 * corim_parse - signed or unsigned; grammar only. The text holds the path of the fault:
 * "tags[2].triples.0[1].measurements[0].mval.digests".
 * Return: 0; E_FORMAT; E_UNSUPPORTED for a profile, a detached payload or a hash envelope; E_LIMIT.
 */
int corim_parse(struct bytes b, struct corim **out, struct err *e);

/* Shapes of drafts before 10 that are still shipped; off unless an operator says so. */
enum corim_shapes {
	CORIM_DRAFT_11 = 0,
	CORIM_OLD_SHAPES =
		1, /* 500(502(...)) around it, a payload without 501, tags without theirs */
};
/**
 * corim_read - corim_parse() with the shapes allowed by @shapes, and with what a hash envelope names.
 * @detached: the CoRIM whose digest or detached payload was signed, or empty. A digest is compared here.
 */
int corim_read(struct bytes b, unsigned int shapes, struct bytes detached, struct corim **out,
	       struct err *e);
void corim_drop(struct corim **c);
/** corim_share - one more owner; from now on nobody changes it. */
struct corim *corim_share(struct corim *c);
/**
 * corim_check_signature - x5chain to @roots at @unix_s and the signature by its leaf; or, without
 * x5chain, by the key of one of @anchors (may be NULL) whose certificate is valid at @unix_s. A kid is
 * a hint that nobody needs: every anchor is tried. Unsigned: E_SIGNATURE. Outside its validity:
 * E_FRESHNESS. On success c->signer_key tells whose word it is, and c->signer_until how long that holds.
 * @crls: revocation lists that the signer's path is held against, or NULL; with lists @anchors have to be
 * among @roots. Revoked: E_POLICY; a list that is out of date: E_FRESHNESS.
 */
int corim_check_signature(struct corim *c, const struct trust_store *roots,
			  const struct cert_list *anchors, const struct crls *crls,
			  long long unix_s, struct err *e);

enum corim_match {
	CORIM_MATCHES,
	CORIM_OTHER_VALUE,
	CORIM_ABSENT,	     /* the entry has no value of a kind that is wanted, and no other one */
	CORIM_NO_COMPARISON, /* the condition wants what nobody here can compare: never a match  */
};
/*
 * The published draft 11 compares class, instance, group and whole values; its successor looks for each
 * member of the condition in the entry ("path containment").
 */
enum corim_rules { CORIM_CONTAINMENT = 0, CORIM_WHOLE };
/** corim_env_matches - every member of @condition is in @entry and equal (path containment). */
bool corim_env_matches(const struct corim_env *condition, const struct corim_env *entry);
bool corim_env_matches_by(enum corim_rules rules, const struct corim_env *condition,
			  const struct corim_env *entry);
/** corim_env_agree - no member that both have differs: some environment could match both. */
bool corim_env_agree(const struct corim_env *a, const struct corim_env *b);
/** corim_mval_matches - SPEC: draft-ietf-rats-corim-11 9.4.6. A value that cannot be compared never matches. */
enum corim_match corim_mval_matches(const struct corim_mval *condition,
				    const struct corim_mval *entry);
enum corim_match corim_mval_matches_by(enum corim_rules rules, const struct corim_mval *condition,
				       const struct corim_mval *entry);
/** corim_mval_points - the code points that @m has, bit n for code point n. */
u32 corim_mval_points(const struct corim_mval *m);
/** corim_plain_of - the encoded value of code point @key (6 to 11, 13), or empty. */
struct bytes corim_plain_of(const struct corim_mval *m, u64 key);
/** corim_flag_name - "secure"; @flag below CORIM_FLAGS. */
const char *corim_flag_name(unsigned int flag);
/** corim_mkey_same - both absent, or the same item in whatever encoding. */
bool corim_mkey_same(struct bytes a, struct bytes b);
/** corim_alg_of, corim_digest_alg - Named Information numbers and ours; 0 / DIGEST_NONE when unknown. */
long long corim_alg_of(enum digest_alg alg);

/* ---- writing ---- */
struct corim_draft {
	const char *id;			    /* CoRIM and CoMID id      */
	const char *signer;		    /* signer-name of corim-meta */
	long long not_before, not_after;    /* not_after 0: no validity */
	const struct corim_triple *triples; /* reference values */
	size_t n;
	const struct corim_triple *endorsed;
	size_t n_endorsed;
	const struct corim_conditional *conditional;
	size_t n_conditional;
};
/** corim_write - tag 501; with @key a signed CoRIM, with @chain its x5chain. */
int corim_write(const struct corim_draft *d, const struct keypair *key,
		const struct cert_list *chain, struct buf **out, struct err *e);

#endif
