// SPDX-License-Identifier: Apache-2.0
/* Signatures, for `assay inspect` with --key or --anchor. */
#include "common/clock.h"
#include "common/file.h"
#include "common/x509_tell.h"
#include "inspect.h"
#include "proto/corim.h"
#include "proto/ear.h"
#include "proto/spdm_bare.h"
#include "verifier/nvidia_gpu.h"

enum { TAG_CWT = 61 };

static int check_sign1(struct bytes b, const struct pubkey *key, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	struct cose_sign1 s;

	if (cbor_tag(&c, "tag") == TAG_CWT)
		b = c.r.left;
	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &s, e))
		return (int)e->code;
	if (s.detached)
		return err_set(e, E_UNSUPPORTED, "what was signed is not in the file");
	return cose_sign1_verify(&s, key, e);
}

/* With a certificate: as a root of what the CoRIM carries, or as the signer itself. */
static int check_corim(struct bytes b, const char *anchor, const struct pubkey *key, struct err *e)
{
	OWNED(corim) c = NULL;
	OWNED(trust_store) roots = trust_store_new();
	OWNED(cert_list) anchors = NULL;

	if (!roots)
		return err_set(e, E_MEMORY, "no memory for a signature check");
	if (corim_read(b, CORIM_OLD_SHAPES, BYTES_NONE, &c, e))
		return (int)e->code;
	if (!anchor)
		return cose_sign1_verify(&c->cose, key, e);
	if (trust_store_add_file(roots, anchor, e) || cert_list_load(anchor, &anchors, e))
		return (int)e->code;
	return corim_check_signature(c, roots, anchors, NULL, clock_now_s(), e);
}

static int check_swid_signature(struct inspection *in, const char *anchor, struct err *e)
{
	OWNED(trust_store) roots = trust_store_new();
	OWNED(swid) s = NULL;

	if (!roots)
		return err_set(e, E_MEMORY, "no memory for a signature check");
	if (!anchor)
		return err_set(e, E_UNSUPPORTED, "a SWID tag is checked with --anchor");
	if (trust_store_add_file(roots, anchor, e))
		return (int)e->code;
	return in->swid->verify(in->bytes, roots, in->at, &s, e);
}

static int check_tpm(struct bytes b, const struct pubkey *key, struct err *e)
{
	struct tpm_token t;
	struct tpm_signature sig;

	if (format_read_tpm_token(b, &t, e) || tpm_signature_parse(t.signature, key, &sig, e))
		return (int)e->code;
	return pubkey_verify(key, sig.scheme, sig.hash, &t.quote, 1,
			     (struct bytes){ sig.raw, sig.len }, e);
}

/* ---- certificates, lists and chains ---- */
struct anchors {
	struct trust_store *roots; /* the file's own certificates may stand between */
	struct cert_list *list;	   /* the roots */
};

static void anchors_clear(struct anchors *a)
{
	trust_store_drop(&a->roots);
	cert_list_drop(&a->list);
}

static int anchors_load(const char *path, struct anchors *a, struct err *e)
{
	a->roots = trust_store_new();
	if (!a->roots)
		return err_set(e, E_MEMORY, "no memory for a signature check");
	return trust_store_add_file(a->roots, path, e) || cert_list_load(path, &a->list, e)
		       ? (int)e->code
		       : 0;
}

/* Every certificate of the file may stand between another and the root. */
static int add_between(const struct x509_file *f, struct anchors *a, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		OWNED(cert) c = NULL;

		if (f->at[i].kind == X509_CERTIFICATE &&
		    (cert_parse(f->at[i].der, &c, e) ||
		     trust_store_add_intermediate(a->roots, c, e)))
			return err_while(e, "certificates[%zu]", i);
	}
	return 0;
}

static int check_certificate(struct bytes der, const struct anchors *a, const struct pubkey *key,
			     long long at, struct err *e)
{
	OWNED(cert) c = NULL;

	if (cert_parse(der, &c, e))
		return (int)e->code;
	if (!key)
		return trust_store_verify(a->roots, c, NULL, at, NULL, e);
	return cert_signed_by(c, key)
		       ? 0
		       : err_set(e, E_SIGNATURE, "certificate %s is not signed by this key",
				 cert_subject(c));
}

/* By a root, or by a certificate of the file that has a path to one. */
static int check_list_issuer(const struct crls *list, const struct x509_file *f,
			     const struct anchors *a, long long at, struct err *e)
{
	for (size_t i = 0; i < a->list->n; i++) {
		struct err why = { 0 };

		if (!crls_check_issuer(list, 0, a->list->at[i], at, &why))
			return 0;
		if (why.code != E_NOTFOUND || !e->code)
			*e = why;
	}
	for (size_t i = 0; i < f->n; i++) {
		OWNED(cert) c = NULL;
		struct err why = { 0 };

		if (f->at[i].kind != X509_CERTIFICATE || cert_parse(f->at[i].der, &c, &why))
			continue;
		if (!crls_check_issuer(list, 0, c, at, &why) &&
		    !trust_store_verify(a->roots, c, NULL, at, NULL, &why)) {
			*e = (struct err){ 0 };
			return 0;
		}
		if (why.code != E_NOTFOUND)
			*e = why;
	}
	return (int)e->code;
}

static int check_list(struct bytes der, const struct x509_file *f, const struct anchors *a,
		      const struct pubkey *key, long long at, struct err *e)
{
	OWNED(crls) list = crls_new();

	if (!list)
		return err_set(e, E_MEMORY, "no memory for a revocation list");
	if (crls_add(list, der, e))
		return (int)e->code;
	if (!key)
		return check_list_issuer(list, f, a, at, e);
	return crls_signed_by(list, 0, key)
		       ? 0
		       : err_set(e, E_SIGNATURE, "revocation list is not signed by this key");
}

static int check_items(const struct x509_file *f, const struct anchors *a, const struct pubkey *key,
		       long long at, struct err *e)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].kind == X509_CERTIFICATE
			    ? check_certificate(f->at[i].der, a, key, at, e)
			    : check_list(f->at[i].der, f, a, key, at, e))
			return err_while(e, "certificates[%zu]", i);
	return f->n ? 0 : err_set(e, E_FORMAT, "no certificate");
}

static int check_x509(struct inspection *in, struct bytes b, struct anchors *a,
		      const struct pubkey *key, struct err *e)
{
	OWNED(x509_file) f = NULL;

	if (x509_file_split(b, &f, e) || (a->roots && add_between(f, a, e)))
		return (int)e->code;
	return check_items(f, a, key, in->at, e);
}

/* An omitted root is named by RootHash: the path has to end at that very one. */
static int check_chain(struct inspection *in, struct anchors *a, const struct pubkey *key,
		       struct err *e)
{
	struct spdm_bare_chain c;
	struct trust_store *only = NULL;

	if (spdm_bare_chain_parse(in->bytes, &c, e))
		return (int)e->code;
	if (a->roots && !c.has_root) {
		if (trust_store_only(a->roots, c.alg, c.parts.root_hash, &only, e))
			return e->code == E_NOTFOUND
				       ? err_set(e, E_SIGNATURE,
						 "chain: RootHash names none of the accepted roots")
				       : (int)e->code;
		trust_store_drop(&a->roots);
		a->roots = only;
	}
	return check_x509(in, c.parts.certificates, a, key, e) ? err_while(e, "chain") : 0;
}

/* ---- a GPU's report ---- */
static int check_gpu(struct inspection *in, const struct anchors *a, const struct pubkey *key,
		     struct err *e)
{
	OWNED(buf) raw = NULL;
	OWNED(cert_list) chain = NULL;
	const char *file = in->c->option[OPT_CHAIN];
	struct nvidia_report r;
	struct nvidia_gpu g;

	if (nvidia_report_raw(in->bytes, &raw, e) || nvidia_report_parse(buf_bytes(raw), &r, e))
		return (int)e->code;
	if (key)
		return nvidia_gpu_check_signature(&r, key, e);
	if (file)
		return cert_list_load(file, &chain, e) ||
				       nvidia_gpu_check_signer(&r, chain, a->roots, in->at, &g, e)
			       ? (int)e->code
			       : 0;
	if (!cert_valid_at(a->list->at[0], in->at))
		return err_set(e, E_SIGNATURE, "certificate %s is not valid at that time",
			       cert_subject(a->list->at[0]));
	return nvidia_gpu_check_signature(&r, cert_pubkey(a->list->at[0]), e)
		       ? err_while(e, "without --chain the anchor is the signer")
		       : 0;
}

/* Formats of which the anchor is a root, and not the signer. Return: is it one of them? */
static bool check_with_roots(struct inspection *in, const struct pubkey *key, struct err *e)
{
	const char *anchor = in->c->option[OPT_ANCHOR];
	struct anchors a = { 0 };

	if (in->seen.format != FORMAT_X509 && in->seen.format != FORMAT_SPDM_CHAIN &&
	    in->seen.format != FORMAT_NVIDIA_GPU)
		return false;
	if (anchor && anchors_load(anchor, &a, e)) {
		anchors_clear(&a);
		return true;
	}
	if (in->seen.format == FORMAT_X509)
		check_x509(in, in->bytes, &a, key, e);
	else if (in->seen.format == FORMAT_SPDM_CHAIN)
		check_chain(in, &a, key, e);
	else
		check_gpu(in, &a, key, e);
	anchors_clear(&a);
	return true;
}

/* ---- all of them ---- */
int inspect_signature(struct inspection *in, struct err *e)
{
	const char *anchor = in->c->option[OPT_ANCHOR];
	OWNED(pubkey) key = NULL;
	struct ear_seen seen = { 0 };
	int rc;

	if (in->c->option[OPT_CHAIN] && in->seen.format != FORMAT_NVIDIA_GPU)
		return err_set(e, E_USAGE, "--chain is for the report of a GPU");
	if (!anchor && cli_read_key(in->c->option[OPT_KEY], &key, e))
		return (int)e->code;
	if (check_with_roots(in, key, e))
		return (int)e->code;
	if (anchor && cli_read_anchor(anchor, &key, e))
		return (int)e->code;
	switch (in->seen.format) {
	case FORMAT_SIGNED_CORIM:
		return check_corim(in->bytes, anchor, key, e);
	case FORMAT_SWID:
		return check_swid_signature(in, anchor, e);
	case FORMAT_EAR_JWT:
		rc = ear_read(in->bytes, key, NULL, EAR_ANY_TIME, &seen, e);
		ear_seen_clear(&seen);
		return rc;
	case FORMAT_ENACTTRUST:
		return check_tpm(in->bytes, key, e);
	case FORMAT_EAR_CWT:
	case FORMAT_EAT:
	case FORMAT_TOKEN:
	case FORMAT_COSE_SIGN1:
		return check_sign1(in->bytes, key, e);
	default:
		return err_set(e, E_UNSUPPORTED, "%s has no signature that this build checks",
			       format_name(in->seen.format));
	}
}
