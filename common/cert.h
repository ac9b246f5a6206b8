/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates and paths: x509_openssl.c, path_openssl.c, crl_openssl.c. */
#ifndef ASSAY_CERT_H
#define ASSAY_CERT_H

#include "crypto.h"
#include "limits.h"

struct cert;
/**
 * cert_parse - exactly one certificate, nothing after it, and what is around the signed part as DER has it. Slips within
 * that part are taken as they were signed: cert_oddity().
 */
int cert_parse(struct bytes der, struct cert **out, struct err *e);
void cert_drop(struct cert **c);
struct bytes cert_der(const struct cert *c);	  /* borrowed from @c */
struct pubkey *cert_pubkey(const struct cert *c); /* borrowed from @c */
const u8 *cert_key_hash(const struct cert *c);	/* SHA-256 of the SubjectPublicKeyInfo, 32 bytes */
const char *cert_subject(const struct cert *c); /* RFC 2253 text, escaped, borrowed */
/** cert_signed_by - its signature verifies with @key, whoever that is. */
bool cert_signed_by(const struct cert *c, const struct pubkey *key);
/** cert_oddity - what of it is not DER as der_oddity() has it, or NULL: tolerated, and to be told. */
const char *cert_oddity(const struct cert *c);
bool cert_is_ca(const struct cert *c);	     /* basicConstraints CA:TRUE */
bool cert_self_issued(const struct cert *c); /* subject = issuer */
bool cert_may_sign(const struct cert *c);    /* no keyUsage, or digitalSignature in it */
bool cert_has_eku_extension(const struct cert *c);
bool cert_has_eku(const struct cert *c, const char *oid); /* dotted decimal */
/** cert_san_other_name - UTF8String value of the SAN otherName of type @oid. 0, or E_NOTFOUND. */
int cert_san_other_name(const struct cert *c, const char *oid, char *out, size_t size,
			struct err *e);
/** cert_server_names - the first dNSName and the first iPAddress of its SAN as text; "" where there is none. */
void cert_server_names(const struct cert *c, char dns[256], char ip[64]);
/** cert_has_tpm_san - SAN directoryName with the TPM's manufacturer, model and version (TCG EK Profile 3.2.9). */
bool cert_has_tpm_san(const struct cert *c);
/** cert_extension - DER value of the extension @oid, borrowed from @c; E_NOTFOUND. */
int cert_extension(const struct cert *c, const char *oid, struct bytes *out, struct err *e);
/** cert_valid_at - not before and not after around @unix_s. */
bool cert_valid_at(const struct cert *c, long long unix_s);
/** cert_not_after - seconds since 1970; 9999-12-31 gives a number in the year 9999. */
long long cert_not_after(const struct cert *c);

/** struct cert_list - certificates in the order given. */
struct cert_list {
	size_t n;
	struct cert *at[CERT_CHAIN_MAX];
	/* what trust_store_list() and trust_store_check_list() know of it */
	u8 key[32];
	const struct trust_store *path_to; /* NULL: no path was found yet */
	long long path_from, path_until;
	struct cert *path_end; /* the root that the path led to */
	unsigned int others;   /* owners beside the first; atomic */
};
/** cert_list_from_der - concatenated DER, no gaps, every byte used (lie 33 of tests/device/hostile.c). */
int cert_list_from_der(struct bytes der, struct cert_list **out, struct err *e);
int cert_list_from_pem(struct bytes pem, struct cert_list **out, struct err *e);
/** cert_list_load - of a file: one or more in PEM, or concatenated DER. Its errors begin with @path. */
int cert_list_load(const char *path, struct cert_list **out, struct err *e);
void cert_list_drop(struct cert_list **l);

/** struct trust_store - accepted roots; immutable once it is used by several threads. */
struct trust_store;
struct trust_store *trust_store_new(void);
int trust_store_add(struct trust_store *s, const struct cert *c, struct err *e);
/** trust_store_add_file, trust_store_add_folder - those of cert_list_load(), of all files; "": none. */
int trust_store_add_file(struct trust_store *s, const char *path, struct err *e);
int trust_store_add_folder(struct trust_store *s, const char *folder, struct err *e);
/**
 * trust_store_only - a store with that one root of @s whose DER has @digest under @alg.
 * Return: 0, or E_NOTFOUND when no accepted root has it.
 */
int trust_store_only(const struct trust_store *s, enum digest_alg alg, struct bytes digest,
		     struct trust_store **out, struct err *e);
size_t trust_store_count(const struct trust_store *s);
/** trust_store_each - @fn for each root, until it fails; @c is borrowed for the call. */
int trust_store_each(const struct trust_store *s,
		     int (*fn)(void *user, const struct cert *c, struct err *e), void *user,
		     struct err *e);
void trust_store_drop(struct trust_store **s);

/** trust_store_add_intermediate - a certificate that may stand between leaf and root, and is not trusted for that. */
int trust_store_add_intermediate(struct trust_store *s, const struct cert *c, struct err *e);
int trust_store_add_intermediate_file(struct trust_store *s, const char *path, struct err *e);
int trust_store_add_intermediate_folder(struct trust_store *s, const char *folder, struct err *e);

/**
 * struct crls - revocation lists. Deltas, indirect ones and those with critical extensions that nobody
 * here knows are refused when they are added, as is one that does not say when it ends.
 */
struct crls;
struct crls *crls_new(void);
/** crls_add - one list in DER, or those in PEM. */
int crls_add(struct crls *c, struct bytes b, struct err *e);
/** crls_add_folder, crls_load - all files of @folder, DER or PEM; "": none. */
int crls_add_folder(struct crls *c, const char *folder, struct err *e);
int crls_load(const char *folder, struct crls **out, struct err *e);
size_t crls_count(const struct crls *c); /* of NULL: 0 */
void crls_drop(struct crls **c);
/** struct crl_about - whose list, and when it is in force: seconds since 1970, thisUpdate and nextUpdate. */
struct crl_about {
	char issuer[256];
	long long this_update, next_update;
	size_t n_revoked;
};
/** crls_tell - about the @i-th list; false past the last. */
bool crls_tell(const struct crls *c, size_t i, struct crl_about *out);

/** crls_signed_by - the @i-th list verifies with @key, whoever that is. */
bool crls_signed_by(const struct crls *c, size_t i, const struct pubkey *key);
/**
 * crls_check_issuer - the @i-th list is of @issuer, who may sign lists, and in force at @unix_s.
 * Return: 0; E_NOTFOUND another issuer; E_SIGNATURE; E_FRESHNESS expired, or not in force yet.
 */
int crls_check_issuer(const struct crls *c, size_t i, const struct cert *issuer, long long unix_s,
		      struct err *e);

enum { CERT_TIME_IGNORE = -1 };
/**
 * trust_store_verify - path from @leaf over @others to a root of the store.
 * @others: may be NULL; order does not matter; a root among them is not trusted for that.
 * @unix_s: the time to check validity at, or CERT_TIME_IGNORE.
 * @not_after: if not NULL, the earliest notAfter on the path that was found.
 * Return: 0, or E_SIGNATURE with the reason and the subject of the certificate that failed.
 */
int trust_store_verify(const struct trust_store *s, const struct cert *leaf,
		       const struct cert_list *others, long long unix_s, long long *not_after,
		       struct err *e);

/**
 * trust_store_verify_unrevoked - and no certificate of the path is on a list of @crls that its issuer
 * signed. Where an issuer has a list, one has to be in force; where it has none, none is asked for.
 * @crls: may be NULL. @until: if not NULL, the earliest notAfter of the path and nextUpdate of the lists
 * that cleared it.
 * Return: 0; E_SIGNATURE no path; E_POLICY revoked (the text says since when), or the list is not its
 * issuer's; E_FRESHNESS the list has expired, or is not in force yet.
 */
int trust_store_verify_unrevoked(const struct trust_store *s, const struct cert *leaf,
				 const struct cert_list *others, const struct crls *crls,
				 long long unix_s, long long *until, struct err *e);

/**
 * trust_store_remember - from now on keep up to @max lists whose path was found: 20 KiB each, and
 * three signature checks saved at the next sight. Call it before the store is shared by threads.
 */
int trust_store_remember(struct trust_store *s, size_t max, struct err *e);
/**
 * trust_store_list - cert_list_from_der(), or the very list of an earlier sight. @s may be NULL.
 * The list may be shared with other threads: it is not to be changed.
 */
int trust_store_list(const struct trust_store *s, struct bytes der, struct cert_list **out,
		     struct err *e);
/** trust_store_check_list - trust_store_verify() of the last certificate over the others. */
int trust_store_check_list(const struct trust_store *s, struct cert_list *l, long long unix_s,
			   struct err *e);
/** cert_list_path_ends_at - the path that was remembered leads to the root whose DER has this digest. */
bool cert_list_path_ends_at(const struct cert_list *l, enum digest_alg alg, struct bytes digest);

/** struct cert_request - what cert_make() puts into a certificate. */
struct cert_request {
	const char *common_name;
	const char *dns_name;	/* subjectAltName dNSName, or NULL    */
	const char *ip_address; /* subjectAltName iPAddress, or NULL  */
	const char *eku;	/* dotted OID, or NULL                */
	bool ca;
	long long not_before, not_after; /* seconds since 1970                */
	const struct pubkey *key;
	const struct cert *issuer; /* NULL: self-signed by @issuer_key   */
	const struct keypair *issuer_key;
};
/** cert_make - a signed certificate (SHA-256 or the curve's hash). */
int cert_make(const struct cert_request *want, struct cert **out, struct err *e);
/** cert_pem - append PEM text. */
int cert_pem(const struct cert *c, struct writer *out, struct err *e);

#endif
