// SPDX-License-Identifier: Apache-2.0
#include "x509_openssl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "der.h"
#include "file.h"
#include "x509_tell.h"

/* Names come from certificates that anybody may have made: RFC 2253 escapes, and nothing unprintable. */
void name_text(X509_NAME *name, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at = NULL;
	long len = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_get_mem_data(bio, &at);
	if (len < 0 || (size_t)len >= size)
		len = (long)size - 1;
	for (long i = 0; i < len; i++)
		out[i] = (unsigned char)at[i] < 0x20 || (unsigned char)at[i] > 0x7e ? '?' : at[i];
	out[len] = 0;
	BIO_free(bio);
}

/* As it stands in the certificate: no need to encode the key again. */
static void hash_key(struct cert *c)
{
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(c->x509);
	u8 *der = NULL;
	int len = i2d_X509_PUBKEY(spki, &der);
	struct digest d = sha256_of((struct bytes){ der, len > 0 ? (size_t)len : 0 });

	memcpy(c->key_hash, d.at, sizeof(c->key_hash));
	OPENSSL_free(der);
}

static int cert_take(X509 *x509, struct cert **out, struct err *e)
{
	OWNED(cert) c = calloc(1, sizeof(*c));
	EVP_PKEY *pkey;
	u8 *der = NULL;
	int len;

	if (!c) {
		X509_free(x509);
		return err_set(e, E_MEMORY, "no memory for a certificate");
	}
	c->x509 = x509;
	len = i2d_X509(x509, &der);
	if (len <= 0)
		return crypto_failed(e, "certificate encoding");
	c->der = der;
	c->der_len = (size_t)len;
	name_text(X509_get_subject_name(x509), c->subject, sizeof(c->subject));
	/* Fills the cache of extensions now, so that threads only read later. */
	if (X509_check_purpose(x509, -1, 0) != 1 ||
	    X509_get_extension_flags(x509) & EXFLAG_INVALID) {
		ERR_clear_error();
		return err_set(e, E_FORMAT, "certificate %s: extensions are not well-formed",
			       c->subject);
	}
	pkey = X509_get_pubkey(x509);
	ERR_clear_error();
	if (!pkey)
		return err_set(e, E_UNSUPPORTED, "certificate %s: unsupported algorithm of its key",
			       c->subject);
	if (pubkey_take(pkey, &c->key, e))
		return err_while(e, "certificate %s", c->subject);
	hash_key(c);
	*out = TAKE(c);
	return 0;
}

int cert_parse(struct bytes der, struct cert **out, struct err *e)
{
	const u8 *p = der.at;
	X509 *x509;

	if (der.len > CERT_DER_MAX)
		return err_set(e, E_LIMIT, "certificate of %zu bytes, at most %d", der.len,
			       CERT_DER_MAX);
	x509 = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (!x509)
		return err_set(e, E_FORMAT, "certificate is not well-formed DER");
	if (p != der.at + der.len) {
		X509_free(x509);
		return err_set(e, E_FORMAT, "bytes after the certificate");
	}
	if (cert_take(x509, out, e))
		return (int)e->code;
	/* The library also reads BER; what it would write must be what came in. */
	if (!bytes_equal(cert_der(*out), der)) {
		cert_drop(out);
		return err_set(e, E_FORMAT, "certificate is BER, not DER");
	}
	return 0;
}

const char *cert_oddity(const struct cert *c)
{
	return der_oddity(cert_der(c));
}

void cert_drop(struct cert **c)
{
	if (!c || !*c)
		return;
	X509_free((*c)->x509);
	OPENSSL_free((*c)->der);
	pubkey_drop(&(*c)->key);
	free(*c);
	*c = NULL;
}

struct bytes cert_der(const struct cert *c)
{
	return (struct bytes){ c->der, c->der_len };
}

struct pubkey *cert_pubkey(const struct cert *c)
{
	return c->key;
}

const u8 *cert_key_hash(const struct cert *c)
{
	return c->key_hash;
}

const char *cert_subject(const struct cert *c)
{
	return c->subject;
}

bool cert_signed_by(const struct cert *c, const struct pubkey *key)
{
	bool ok = X509_verify(c->x509, key->pkey) == 1;

	ERR_clear_error();
	return ok;
}

bool cert_is_ca(const struct cert *c)
{
	return X509_get_extension_flags(c->x509) & EXFLAG_CA;
}

bool cert_self_issued(const struct cert *c)
{
	return X509_get_extension_flags(c->x509) & EXFLAG_SI;
}

bool cert_may_sign(const struct cert *c)
{
	return X509_get_key_usage(c->x509) & KU_DIGITAL_SIGNATURE;
}

bool cert_has_eku_extension(const struct cert *c)
{
	return X509_get_ext_by_NID(c->x509, NID_ext_key_usage, -1) >= 0;
}

bool cert_has_eku(const struct cert *c, const char *oid)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(c->x509, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	char text[128];

	for (int i = 0; eku && i < sk_ASN1_OBJECT_num(eku); i++) {
		OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(eku, i), 1);
		found |= !strcmp(text, oid);
	}
	EXTENDED_KEY_USAGE_free(eku);
	return found;
}

int cert_san_other_name(const struct cert *c, const char *oid, char *out, size_t size,
			struct err *e)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
	int rc = err_set(e, E_NOTFOUND, "certificate %s has no subjectAltName otherName %s",
			 c->subject, oid);

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char text[128];
		const ASN1_STRING *s;

		if (name->type != GEN_OTHERNAME)
			continue;
		OBJ_obj2txt(text, sizeof(text), name->d.otherName->type_id, 1);
		if (strcmp(text, oid))
			continue;
		if (name->d.otherName->value->type != V_ASN1_UTF8STRING) {
			rc = err_set(e, E_FORMAT, "otherName %s is not a UTF8String", oid);
			break;
		}
		s = name->d.otherName->value->value.utf8string;
		if ((size_t)ASN1_STRING_length(s) >= size ||
		    memchr(ASN1_STRING_get0_data(s), 0, (size_t)ASN1_STRING_length(s))) {
			rc = err_set(e, E_FORMAT, "otherName %s is too long or holds a NUL", oid);
			break;
		}
		memcpy(out, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
		out[ASN1_STRING_length(s)] = 0;
		rc = 0;
		break;
	}
	GENERAL_NAMES_free(names);
	return rc;
}

void cert_server_names(const struct cert *c, char dns[256], char ip[64])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);

	dns[0] = ip[0] = 0;
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *s = name->d.ia5;
		size_t len;

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		len = (size_t)ASN1_STRING_length(s);
		if (name->type == GEN_IPADD && !ip[0] && (len == 4 || len == 16))
			inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), ip, 64);
		else if (name->type == GEN_DNS && !dns[0] && len < 256)
			snprintf(dns, 256, "%.*s", (int)len, ASN1_STRING_get0_data(s));
	}
	GENERAL_NAMES_free(names);
}

static bool name_has(const X509_NAME *name, const char *oid)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	bool found = obj && X509_NAME_get_index_by_OBJ((X509_NAME *)name, obj, -1) >= 0;

	ASN1_OBJECT_free(obj);
	return found;
}

bool cert_has_tpm_san(const struct cert *c)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		found |= name->type == GEN_DIRNAME &&
			 name_has(name->d.directoryName, "2.23.133.2.1") &&
			 name_has(name->d.directoryName, "2.23.133.2.2") &&
			 name_has(name->d.directoryName, "2.23.133.2.3");
	}
	GENERAL_NAMES_free(names);
	return found;
}

int cert_extension(const struct cert *c, const char *oid, struct bytes *out, struct err *e)
{
	for (int i = 0; i < X509_get_ext_count(c->x509); i++) {
		X509_EXTENSION *ext = X509_get_ext(c->x509, i);
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
		char text[128];

		OBJ_obj2txt(text, sizeof(text), X509_EXTENSION_get_object(ext), 1);
		if (strcmp(text, oid))
			continue;
		*out = (struct bytes){ ASN1_STRING_get0_data(value),
				       (size_t)ASN1_STRING_length(value) };
		return 0;
	}
	return err_set(e, E_NOTFOUND, "certificate %s has no extension %s", c->subject, oid);
}

long long asn1_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? (long long)timegm(&tm) : -1;
}

const char *asn1_time_text(const ASN1_TIME *t, char out[32])
{
	time_t at = (time_t)asn1_seconds(t);
	struct tm tm;

	out[0] = 0;
	if (at >= 0 && gmtime_r(&at, &tm))
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

long long cert_not_after(const struct cert *c)
{
	return asn1_seconds(X509_get0_notAfter(c->x509));
}

bool cert_valid_at(const struct cert *c, long long unix_s)
{
	return asn1_seconds(X509_get0_notBefore(c->x509)) <= unix_s && unix_s <= cert_not_after(c);
}

/* ---- lists ---- */
void cert_list_drop(struct cert_list **l)
{
	struct cert_list *mine = l ? TAKE(*l) : NULL;

	if (!mine || __atomic_fetch_sub(&mine->others, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < mine->n; i++)
		cert_drop(&mine->at[i]);
	cert_drop(&mine->path_end);
	free(mine);
}

size_t x509_der_len(struct bytes b)
{
	size_t n, len = 0;

	if (b.len < 2 || b.at[0] != 0x30)
		return 0;
	if (b.at[1] < 0x80)
		return (size_t)b.at[1] + 2 <= b.len ? (size_t)b.at[1] + 2 : 0;
	n = b.at[1] & 0x7f;
	if (n == 0 || n > 3 || b.len < 2 + n)
		return 0;
	for (size_t i = 0; i < n; i++)
		len = len << 8 | b.at[2 + i];
	return len <= b.len - 2 - n ? len + 2 + n : 0;
}

int cert_list_from_der(struct bytes der, struct cert_list **out, struct err *e)
{
	OWNED(cert_list) l = calloc(1, sizeof(*l));

	if (!l)
		return err_set(e, E_MEMORY, "no memory for certificates");
	while (der.len) {
		size_t len = x509_der_len(der);

		if (!len)
			return err_set(e, E_FORMAT, "certificate %zu: not a DER certificate", l->n);
		if (l->n == CERT_CHAIN_MAX)
			return err_set(e, E_LIMIT, "more than %d certificates", CERT_CHAIN_MAX);
		if (cert_parse((struct bytes){ der.at, len }, &l->at[l->n], e))
			return err_while(e, "certificate %zu", l->n);
		l->n++;
		der = (struct bytes){ der.at + len, der.len - len };
	}
	if (!l->n)
		return err_set(e, E_FORMAT, "no certificate");
	*out = TAKE(l);
	return 0;
}

int cert_list_from_pem(struct bytes pem, struct cert_list **out, struct err *e)
{
	OWNED(cert_list) l = calloc(1, sizeof(*l));
	BIO *bio = pem.len <= CERT_FILE_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
	X509 *x509;
	bool broken;

	if (!l || !bio) {
		BIO_free(bio);
		return err_set(e, E_MEMORY, "no memory for certificates");
	}
	while ((x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (l->n == CERT_CHAIN_MAX) {
			X509_free(x509);
			BIO_free(bio);
			return err_set(e, E_LIMIT, "more than %d certificates", CERT_CHAIN_MAX);
		}
		if (cert_take(x509, &l->at[l->n], e)) {
			BIO_free(bio);
			return (int)e->code;
		}
		l->n++;
	}
	BIO_free(bio);
	broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (!l->n)
		return err_set(e, E_FORMAT, "no PEM certificate");
	if (broken)
		return err_set(e, E_FORMAT, "certificate %zu in PEM is not well-formed", l->n);
	*out = TAKE(l);
	return 0;
}

int cert_list_load(const char *path, struct cert_list **out, struct err *e)
{
	OWNED(buf) b = NULL;

	if (file_read(path, CERT_FILE_MAX, &b, e))
		return (int)e->code;
	if (b->w.len && b->w.at[0] == 0x30 ? cert_list_from_der(buf_bytes(b), out, e)
					   : cert_list_from_pem(buf_bytes(b), out, e))
		return err_while(e, "%s", path);
	return 0;
}

/* ---- making certificates ---- */
static bool add_extension(X509 *x509, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = ext && X509_add_ext(x509, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

int cert_make(const struct cert_request *want, struct cert **out, struct err *e)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_NAME_new();
	BIGNUM *serial = BN_new();
	X509V3_CTX ctx;
	char san[512];
	int n = 0;
	bool ok;

	ok = x509 && name && serial && BN_rand(serial, 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
	     BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509)) &&
	     X509_set_version(x509, X509_VERSION_3) &&
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const u8 *)want->common_name,
					-1, -1, 0) &&
	     X509_set_subject_name(x509, name) &&
	     X509_set_issuer_name(x509, want->issuer ? X509_get_subject_name(want->issuer->x509)
						     : name) &&
	     ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)want->not_before) &&
	     ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)want->not_after) &&
	     X509_set_pubkey(x509, want->key->pkey);
	if (ok) {
		X509V3_set_ctx(&ctx, want->issuer ? want->issuer->x509 : x509, x509, NULL, NULL, 0);
		ok = add_extension(x509, &ctx, NID_basic_constraints,
				   want->ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
		     add_extension(x509, &ctx, NID_key_usage,
				   want->ca ? "critical,keyCertSign,cRLSign"
					    : "critical,digitalSignature") &&
		     add_extension(x509, &ctx, NID_subject_key_identifier, "hash") &&
		     (!want->eku || add_extension(x509, &ctx, NID_ext_key_usage, want->eku));
	}
	san[0] = 0;
	if (want->dns_name)
		n = snprintf(san, sizeof(san), "DNS:%s", want->dns_name);
	if (want->ip_address)
		snprintf(san + n, sizeof(san) - (size_t)n, "%sIP:%s", n ? "," : "",
			 want->ip_address);
	if (san[0])
		ok = ok && add_extension(x509, &ctx, NID_subject_alt_name, san);
	ok = ok && X509_sign(x509, keypair_pkey(want->issuer_key), EVP_sha256());
	X509_NAME_free(name);
	BN_free(serial);
	if (!ok) {
		X509_free(x509);
		return crypto_failed(e, "make a certificate");
	}
	return cert_take(x509, out, e);
}

int cert_pem(const struct cert *c, struct writer *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_take(bio, bio && PEM_write_bio_X509(bio, c->x509), out, e);
}
