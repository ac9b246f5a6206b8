// SPDX-License-Identifier: Apache-2.0
/*
 * Revocation lists, held against a path that was found. The library's own check demands a list for every
 * certificate or skips silently what it does not understand; ours refuses the latter when it is loaded.
 * SPEC: RFC 5280 5, 6.3
 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "file.h"
#include "x509_openssl.h"

struct crls {
	STACK_OF(X509_CRL) * all;
};

void crls_drop(struct crls **c)
{
	if (!c || !*c)
		return;
	sk_X509_CRL_pop_free((*c)->all, X509_CRL_free);
	free(*c);
	*c = NULL;
}

struct crls *crls_new(void)
{
	struct crls *c = calloc(1, sizeof(*c));

	if (c && !(c->all = sk_X509_CRL_new_null()))
		crls_drop(&c);
	return c;
}

size_t crls_count(const struct crls *c)
{
	return c ? (size_t)sk_X509_CRL_num(c->all) : 0;
}

/* A list that speaks of some certificates only may be silent about ours: that is no reason to refuse it. */
static bool understood(X509_EXTENSION *ext)
{
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
	ISSUING_DIST_POINT *idp;
	bool ok;

	if (nid == NID_delta_crl)
		return false;
	if (nid != NID_issuing_distribution_point)
		return !X509_EXTENSION_get_critical(ext);
	idp = X509V3_EXT_d2i(ext);
	ok = idp && idp->indirectCRL <= 0 && !idp->onlysomereasons && idp->onlyattr <= 0;
	ISSUING_DIST_POINT_free(idp);
	return ok;
}

static int take_crl(struct crls *c, X509_CRL *crl, struct err *e)
{
	char name[256];

	name_text(X509_CRL_get_issuer(crl), name, sizeof(name));
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		if (understood(X509_CRL_get_ext(crl, i)))
			continue;
		X509_CRL_free(crl);
		return err_set(
			e, E_UNSUPPORTED,
			"revocation list of %s: a delta, an indirect one, or with a critical "
			"extension that is unknown here",
			name);
	}
	if (X509_CRL_get0_nextUpdate(crl) && sk_X509_CRL_push(c->all, crl) > 0)
		return 0;
	X509_CRL_free(crl);
	return err_set(e, E_FORMAT, "revocation list of %s: it does not say when it ends", name);
}

static int add_pem(struct crls *c, struct bytes pem, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	X509_CRL *crl;
	int n = 0, rc = 0;

	while (!rc && bio && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		rc = take_crl(c, crl, e);
		n++;
	}
	BIO_free(bio);
	ERR_clear_error();
	return rc || n ? rc : err_set(e, E_FORMAT, "no revocation list, PEM or DER");
}

int crls_add(struct crls *c, struct bytes b, struct err *e)
{
	const u8 *p = b.at;
	X509_CRL *crl;

	if (b.len > CRL_FILE_MAX)
		return err_set(e, E_LIMIT, "revocation list of more than %d bytes", CRL_FILE_MAX);
	if (!b.len || p[0] != 0x30)
		return add_pem(c, b, e);
	crl = d2i_X509_CRL(NULL, &p, (long)b.len);
	ERR_clear_error();
	if (crl && p == b.at + b.len)
		return take_crl(c, crl, e);
	X509_CRL_free(crl);
	return err_set(e, E_FORMAT, "not one revocation list in DER");
}

static int add_file(void *user, const char *path, struct err *e)
{
	OWNED(buf) content = NULL;

	if (file_read(path, CRL_FILE_MAX, &content, e))
		return (int)e->code;
	return crls_add(user, buf_bytes(content), e) ? err_while(e, "%s", path) : 0;
}

int crls_add_folder(struct crls *c, const char *folder, struct err *e)
{
	return folder[0] ? folder_each(folder, "revocation lists", add_file, c, e) : 0;
}

int crls_load(const char *folder, struct crls **out, struct err *e)
{
	OWNED(crls) c = crls_new();

	if (!c)
		return err_set(e, E_MEMORY, "no memory for revocation lists");
	if (crls_add_folder(c, folder, e))
		return (int)e->code;
	*out = TAKE(c);
	return 0;
}

bool crls_tell(const struct crls *c, size_t i, struct crl_about *out)
{
	X509_CRL *crl = i < crls_count(c) ? sk_X509_CRL_value(c->all, (int)i) : NULL;

	if (!crl)
		return false;
	name_text(X509_CRL_get_issuer(crl), out->issuer, sizeof(out->issuer));
	out->this_update = asn1_seconds(X509_CRL_get0_lastUpdate(crl));
	out->next_update = asn1_seconds(X509_CRL_get0_nextUpdate(crl));
	/* of NULL, a list without any: -1 */
	out->n_revoked = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) > 0
				 ? (size_t)sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl))
				 : 0;
	return true;
}

/* ---- one certificate ---- */
static bool may_sign_crls(X509 *issuer)
{
	return X509_get_key_usage(issuer) &
	       KU_CRL_SIGN; /* all bits are set where there is no keyUsage */
}

/* Why no list that is authentic is in force: the last that was, or one that is not yet. */
static int not_in_force(X509_CRL *crl, const char *by, long long unix_s, struct err *e)
{
	char when[32];

	if (asn1_seconds(X509_CRL_get0_lastUpdate(crl)) > unix_s)
		return err_set(e, E_FRESHNESS, "revocation list of %s is not in force before %s",
			       by, asn1_time_text(X509_CRL_get0_lastUpdate(crl), when));
	return err_set(e, E_FRESHNESS, "revocation list of %s has expired on %s", by,
		       asn1_time_text(X509_CRL_get0_nextUpdate(crl), when));
}

static bool is_by(X509_CRL *crl, EVP_PKEY *key, X509 *issuer)
{
	return key && may_sign_crls(issuer) && X509_CRL_verify(crl, key) == 1;
}

static int is_revoked(X509_REVOKED *row, const char *name, const char *by, struct err *e)
{
	char when[32];

	return err_set(e, E_POLICY, "certificate %s is revoked by %s since %s", name, by,
		       asn1_time_text(X509_REVOKED_get0_revocationDate(row), when));
}

/* @until: made earlier where the word of the lists ends before. */
static int check_one(const struct crls *c, X509 *x509, X509 *issuer, long long unix_s,
		     long long *until, struct err *e)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	X509_CRL *last = NULL; /* authentic, and of these the one that ends last */
	long long in_force = -1;
	char name[256], by[256];
	bool any = false;

	name_text(X509_get_subject_name(x509), name, sizeof(name));
	name_text(X509_get_issuer_name(x509), by, sizeof(by));
	for (int i = 0; i < sk_X509_CRL_num(c->all); i++) {
		X509_CRL *crl = sk_X509_CRL_value(c->all, i);
		long long ends = asn1_seconds(X509_CRL_get0_nextUpdate(crl));
		X509_REVOKED *row = NULL;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x509)))
			continue;
		any = true;
		if (!is_by(crl, key, issuer))
			continue; /* perhaps of another key of that name */
		if (X509_CRL_get0_by_cert(crl, &row, x509) > 0) /* an old list's word holds too */
			return is_revoked(row, name, by, e);
		if (!last || ends > asn1_seconds(X509_CRL_get0_nextUpdate(last)))
			last = crl;
		if (asn1_seconds(X509_CRL_get0_lastUpdate(crl)) <= unix_s && unix_s <= ends &&
		    ends > in_force)
			in_force = ends;
	}
	ERR_clear_error();
	if (any && !last)
		return err_set(e, E_POLICY, "revocation list of %s is not signed by its key", by);
	if (any && in_force < 0)
		return not_in_force(last, by, unix_s, e);
	if (any && in_force < *until)
		*until = in_force;
	return 0;
}

int crls_check_path(const struct crls *c, STACK_OF(X509) * path, long long unix_s, long long *until,
		    struct err *e)
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		X509 *x509 = sk_X509_value(path, i);
		X509 *issuer = i + 1 < sk_X509_num(path) ? sk_X509_value(path, i + 1) : x509;
		/* the path may end below a root: whose list that one's issuer signed cannot be known */
		bool has_issuer =
			i + 1 < sk_X509_num(path) ||
			!X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509));

		if (has_issuer && check_one(c, x509, issuer, unix_s, until, e))
			return (int)e->code;
	}
	return 0;
}

/* ---- one list by itself ---- */
bool crls_signed_by(const struct crls *c, size_t i, const struct pubkey *key)
{
	X509_CRL *crl = i < crls_count(c) ? sk_X509_CRL_value(c->all, (int)i) : NULL;
	bool ok = crl && X509_CRL_verify(crl, key->pkey) == 1;

	ERR_clear_error();
	return ok;
}

int crls_check_issuer(const struct crls *c, size_t i, const struct cert *issuer, long long unix_s,
		      struct err *e)
{
	X509_CRL *crl = i < crls_count(c) ? sk_X509_CRL_value(c->all, (int)i) : NULL;
	char by[256];

	if (!crl)
		return err_set(e, E_NOTFOUND, "no such revocation list");
	name_text(X509_CRL_get_issuer(crl), by, sizeof(by));
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer->x509)))
		return err_set(e, E_NOTFOUND, "revocation list of %s: is not by %s", by,
			       issuer->subject);
	if (!is_by(crl, X509_get0_pubkey(issuer->x509), issuer->x509)) {
		ERR_clear_error();
		return err_set(e, E_SIGNATURE, "revocation list of %s is not signed by its key",
			       by);
	}
	return asn1_seconds(X509_CRL_get0_lastUpdate(crl)) <= unix_s &&
			       unix_s <= asn1_seconds(X509_CRL_get0_nextUpdate(crl))
		       ? 0
		       : not_in_force(crl, by, unix_s, e);
}
