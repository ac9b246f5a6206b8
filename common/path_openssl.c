// SPDX-License-Identifier: Apache-2.0
/* Trust stores, paths to them, and the memory of paths that were found. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "file.h"
#include "recall.h"
#include "x509_openssl.h"

/* ---- paths ---- */
struct trust_store {
	X509_STORE *store;
	size_t n;
	STACK_OF(X509) * between; /* intermediates of the configuration; NULL: none */
	struct recall *known;	  /* lists with a path; NULL: nothing is remembered */
};

struct trust_store *trust_store_new(void)
{
	struct trust_store *s = calloc(1, sizeof(*s));

	if (s && !(s->store = X509_STORE_new()))
		trust_store_drop(&s);
	return s;
}

int trust_store_add(struct trust_store *s, const struct cert *c, struct err *e)
{
	if (!X509_STORE_add_cert(s->store, c->x509))
		return crypto_failed(e, "trust anchor");
	s->n++;
	return 0;
}

int trust_store_add_intermediate(struct trust_store *s, const struct cert *c, struct err *e)
{
	if (!s->between)
		s->between = sk_X509_new_null();
	if (!s->between || !X509_up_ref(c->x509))
		return err_set(e, E_MEMORY, "no memory for an intermediate certificate");
	if (sk_X509_push(s->between, c->x509) > 0)
		return 0;
	X509_free(c->x509);
	return err_set(e, E_MEMORY, "no memory for an intermediate certificate");
}

static int add_certs(struct trust_store *s, const char *path,
		     int (*add)(struct trust_store *s, const struct cert *c, struct err *e),
		     struct err *e)
{
	OWNED(cert_list) l = NULL;

	if (cert_list_load(path, &l, e))
		return (int)e->code;
	for (size_t i = 0; i < l->n; i++)
		if (add(s, l->at[i], e))
			return err_while(e, "%s", path);
	return 0;
}

static int add_roots(void *user, const char *path, struct err *e)
{
	return add_certs(user, path, trust_store_add, e);
}

static int add_intermediates(void *user, const char *path, struct err *e)
{
	return add_certs(user, path, trust_store_add_intermediate, e);
}

int trust_store_add_file(struct trust_store *s, const char *path, struct err *e)
{
	return add_roots(s, path, e);
}

int trust_store_add_intermediate_file(struct trust_store *s, const char *path, struct err *e)
{
	return add_intermediates(s, path, e);
}

int trust_store_add_folder(struct trust_store *s, const char *folder, struct err *e)
{
	return folder[0] ? folder_each(folder, "certificates", add_roots, s, e) : 0;
}

int trust_store_add_intermediate_folder(struct trust_store *s, const char *folder, struct err *e)
{
	return folder[0] ? folder_each(folder, "certificates", add_intermediates, s, e) : 0;
}

static bool x509_has_digest(const X509 *x509, enum digest_alg alg, struct bytes want)
{
	u8 *der = NULL;
	int len = i2d_X509(x509, &der);
	struct bytes b = { der, len > 0 ? (size_t)len : 0 };
	struct digest d = digest_of(alg, &b, 1);

	OPENSSL_free(der);
	return len > 0 && digest_equals(&d, want);
}

int trust_store_only(const struct trust_store *s, enum digest_alg alg, struct bytes digest,
		     struct trust_store **out, struct err *e)
{
	OWNED(trust_store) one = trust_store_new();
	STACK_OF(X509_OBJECT) * objects;

	if (!one)
		return err_set(e, E_MEMORY, "no memory for a trust anchor");
	X509_STORE_lock(s->store); /* a look-up elsewhere may sort what we walk over */
	objects = X509_STORE_get0_objects(s->store);
	for (int i = 0; !one->n && i < sk_X509_OBJECT_num(objects); i++) {
		X509 *x509 = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		if (x509 && x509_has_digest(x509, alg, digest))
			one->n = X509_STORE_add_cert(one->store, x509) == 1;
	}
	X509_STORE_unlock(s->store);
	if (!one->n)
		return err_set(e, E_NOTFOUND, "no accepted root has this digest");
	*out = TAKE(one);
	return 0;
}

size_t trust_store_count(const struct trust_store *s)
{
	return s->n;
}

static int each_root(X509 *root, int (*fn)(void *user, const struct cert *c, struct err *e),
		     void *user, struct err *e)
{
	OWNED(cert) c = NULL;
	unsigned char *der = NULL;
	int len = i2d_X509(root, &der), rc;

	if (len <= 0)
		return crypto_failed(e, "trust anchor");
	rc = cert_parse((struct bytes){ der, (size_t)len }, &c, e);
	OPENSSL_free(der);
	return rc ? rc : fn(user, c, e);
}

int trust_store_each(const struct trust_store *s,
		     int (*fn)(void *user, const struct cert *c, struct err *e), void *user,
		     struct err *e)
{
	STACK_OF(X509) *all = X509_STORE_get1_all_certs(s->store); /* under the store's lock */
	int rc = all ? 0 : crypto_failed(e, "trust anchors");

	for (int i = 0; !rc && i < sk_X509_num(all); i++)
		rc = each_root(sk_X509_value(all, i), fn, user, e);
	sk_X509_pop_free(all, X509_free);
	return rc;
}

void trust_store_drop(struct trust_store **s)
{
	if (!s || !*s)
		return;
	recall_drop(&(*s)->known);
	sk_X509_pop_free((*s)->between, X509_free);
	X509_STORE_free((*s)->store);
	free(*s);
	*s = NULL;
}

/* A path as it was found: when all of it is valid, and the root's DER, to be freed. */
struct found_path {
	long long from, until;
	u8 *end;
	int end_len;
};

static struct found_path path_of(STACK_OF(X509) * path)
{
	struct found_path w = { .from = 0, .until = INT64_MAX };

	for (int i = 0; i < sk_X509_num(path); i++) {
		long long from = asn1_seconds(X509_get0_notBefore(sk_X509_value(path, i)));
		long long until = asn1_seconds(X509_get0_notAfter(sk_X509_value(path, i)));

		w.from = from > w.from ? from : w.from;
		w.until = until < w.until ? until : w.until;
	}
	w.end_len = i2d_X509(sk_X509_value(path, sk_X509_num(path) - 1), &w.end);
	return w;
}

static void set_params(X509_STORE_CTX *ctx, long long unix_s)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_depth(param, CERT_CHAIN_MAX);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	if (unix_s == CERT_TIME_IGNORE)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)unix_s);
}

static int path_failed(X509_STORE_CTX *ctx, struct err *e)
{
	X509 *bad = X509_STORE_CTX_get_current_cert(ctx);
	char name[256] = "?";

	if (bad)
		name_text(X509_get_subject_name(bad), name, sizeof(name));
	return err_set(e, E_SIGNATURE, "certificate path: %s (at %s)",
		       X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)), name);
}

static int find_path(const struct trust_store *s, const struct cert *leaf,
		     const struct cert_list *others, const struct crls *crls, long long unix_s,
		     struct found_path *w, struct err *e)
{
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ready = untrusted && ctx;
	int rc = 0;

	for (size_t i = 0; ready && others && i < others->n; i++)
		ready = sk_X509_push(untrusted, others->at[i]->x509) > 0;
	for (int i = 0; ready && i < sk_X509_num(s->between); i++) /* of NULL: -1 */
		ready = sk_X509_push(untrusted, sk_X509_value(s->between, i)) > 0;
	ready = ready && X509_STORE_CTX_init(ctx, s->store, leaf->x509, untrusted);
	if (ready) {
		set_params(ctx, unix_s);
		if (X509_verify_cert(ctx) != 1)
			rc = path_failed(ctx, e);
		else
			*w = path_of(X509_STORE_CTX_get0_chain(ctx));
		if (!rc && crls &&
		    crls_check_path(crls, X509_STORE_CTX_get0_chain(ctx), unix_s, &w->until, e)) {
			OPENSSL_free(w->end);
			rc = (int)e->code;
		}
	} else {
		rc = crypto_failed(e, "certificate path");
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	ERR_clear_error();
	return rc;
}

int trust_store_verify(const struct trust_store *s, const struct cert *leaf,
		       const struct cert_list *others, long long unix_s, long long *not_after,
		       struct err *e)
{
	struct found_path w;

	if (find_path(s, leaf, others, NULL, unix_s, &w, e))
		return (int)e->code;
	OPENSSL_free(w.end);
	if (not_after)
		*not_after = w.until;
	return 0;
}

int trust_store_verify_unrevoked(const struct trust_store *s, const struct cert *leaf,
				 const struct cert_list *others, const struct crls *crls,
				 long long unix_s, long long *until, struct err *e)
{
	struct found_path w;

	if (find_path(s, leaf, others, crls, unix_s, &w, e))
		return (int)e->code;
	OPENSSL_free(w.end);
	if (until)
		*until = w.until;
	return 0;
}

/* ---- paths that were found before ---- */
static void *share_list(void *thing)
{
	struct cert_list *l = thing;

	__atomic_fetch_add(&l->others, 1, __ATOMIC_RELAXED);
	return l;
}

static void drop_list(void *thing)
{
	struct cert_list *l = thing;

	cert_list_drop(&l);
}

int trust_store_remember(struct trust_store *s, size_t max, struct err *e)
{
	recall_drop(&s->known);
	s->known = recall_new(max, share_list, drop_list);
	return s->known ? 0 : err_set(e, E_MEMORY, "no memory for certificate paths");
}

int trust_store_list(const struct trust_store *s, struct bytes der, struct cert_list **out,
		     struct err *e)
{
	struct digest key = sha256_of(der);

	*out = s ? recall_find(s->known, key.at) : NULL;
	if (*out)
		return 0;
	if (cert_list_from_der(der, out, e))
		return (int)e->code;
	memcpy((*out)->key, key.at, sizeof((*out)->key));
	return 0;
}

int trust_store_check_list(const struct trust_store *s, struct cert_list *l, long long unix_s,
			   struct err *e)
{
	struct found_path w;

	if (l->path_to == s && l->path_from <= unix_s && unix_s <= l->path_until)
		return 0;
	if (find_path(s, l->at[l->n - 1], l, NULL, unix_s, &w, e))
		return (int)e->code;
	/* Only a list that nobody else has yet may learn; a time that was not checked teaches nothing. */
	if (!l->path_to && unix_s != CERT_TIME_IGNORE && s->known) {
		l->path_from = w.from;
		l->path_until = w.until;
		l->path_to = s;
		if (w.end_len > 0 &&
		    cert_parse((struct bytes){ w.end, (size_t)w.end_len }, &l->path_end, e))
			e->code = E_OK; /* a root that is not DER is compared the long way */
		recall_keep(s->known, l->key, l);
	}
	OPENSSL_free(w.end);
	return 0;
}

bool cert_list_path_ends_at(const struct cert_list *l, enum digest_alg alg, struct bytes digest)
{
	struct bytes der = l->path_end ? cert_der(l->path_end) : BYTES_NONE;
	struct digest d = digest_of(alg, &der, 1);

	return l->path_end && digest_equals(&d, digest);
}
