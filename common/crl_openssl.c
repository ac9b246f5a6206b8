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

enum { CRL_FILE_MAX = 8 * 1024 * 1024 };

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

static int add_der(struct crls *c, struct bytes der, struct err *e)
{
	const u8 *p = der.at;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

	ERR_clear_error();
	if (crl && p == der.at + der.len)
		return take_crl(c, crl, e);
	X509_CRL_free(crl);
	return err_set(e, E_FORMAT, "not one revocation list in DER");
}

static int add_file(void *user, const char *path, struct err *e)
{
	OWNED(buf) content = NULL;
	struct crls *c = user;

	if (file_read(path, CRL_FILE_MAX, &content, e))
		return (int)e->code;
	if (content->w.len && content->w.at[0] == 0x30 ? add_der(c, buf_bytes(content), e)
						       : add_pem(c, buf_bytes(content), e))
		return err_while(e, "%s", path);
	return 0;
}

int crls_load(const char *folder, struct crls **out, struct err *e)
{
	OWNED(crls) c = calloc(1, sizeof(*c));

	if (!c || !(c->all = sk_X509_CRL_new_null()))
		return err_set(e, E_MEMORY, "no memory for revocation lists");
	if (folder[0] && folder_each(folder, "revocation lists", add_file, c, e))
		return (int)e->code;
	*out = TAKE(c);
	return 0;
}

/* ---- one certificate ---- */
static bool may_sign_crls(X509 *issuer)
{
	return X509_get_key_usage(issuer) &
	       KU_CRL_SIGN; /* all bits are set where there is no keyUsage */
}

static int check_one(const struct crls *c, X509 *x509, X509 *issuer, long long unix_s,
		     struct err *e)
{
	bool any = false, authentic = false, current = false;
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	char name[256], by[256];

	name_text(X509_get_subject_name(x509), name, sizeof(name));
	name_text(X509_get_issuer_name(x509), by, sizeof(by));
	for (int i = 0; i < sk_X509_CRL_num(c->all); i++) {
		X509_CRL *crl = sk_X509_CRL_value(c->all, i);
		X509_REVOKED *row = NULL;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x509)))
			continue;
		any = true;
		if (!key || !may_sign_crls(issuer) || X509_CRL_verify(crl, key) != 1)
			continue; /* perhaps of another key of that name */
		authentic = true;
		if (X509_CRL_get0_by_cert(crl, &row, x509) > 0) /* an old list's word holds too */
			return err_set(e, E_POLICY, "certificate %s is revoked by %s", name, by);
		current |= asn1_seconds(X509_CRL_get0_lastUpdate(crl)) <= unix_s &&
			   unix_s <= asn1_seconds(X509_CRL_get0_nextUpdate(crl));
	}
	ERR_clear_error();
	if (any && !authentic)
		return err_set(e, E_POLICY, "revocation list of %s is not signed by its key", by);
	if (any && !current)
		return err_set(e, E_FRESHNESS, "revocation list of %s has expired", by);
	return 0;
}

int crls_check_path(const struct crls *c, STACK_OF(X509) * path, long long unix_s, struct err *e)
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		X509 *x509 = sk_X509_value(path, i);
		X509 *issuer = i + 1 < sk_X509_num(path) ? sk_X509_value(path, i + 1) : x509;
		/* the path may end below a root: whose list that one's issuer signed cannot be known */
		bool has_issuer =
			i + 1 < sk_X509_num(path) ||
			!X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509));

		if (has_issuer && check_one(c, x509, issuer, unix_s, e))
			return (int)e->code;
	}
	return 0;
}
