// SPDX-License-Identifier: Apache-2.0
#include "format_sample.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "proto/spdm/measurements.h"

/* ---- SPDM ---- */
static void put_block(struct writer *w, u8 index, u8 type, struct bytes value)
{
	write_u8(w, index);
	write_u8(w, SPDM_MEAS_SPEC_DMTF);
	write_le16(w, (u16)(value.len + 3));
	write_u8(w, type);
	write_le16(w, (u16)value.len);
	write_bytes(w, value);
}

void format_sample_record(struct writer *w)
{
	static const u8 digest[48] = { 0xd1, 0x9e }, svn[8] = { 7 };

	put_block(w, 1, SPDM_VALUE_FIRMWARE, BYTES(digest));
	put_block(w, 2, 0x80 | SPDM_VALUE_VERSION, bytes_text("1.2\x1b[J"));
	put_block(w, 3, 0x80 | SPDM_VALUE_SVN, BYTES(svn));
}

static void put_field(struct writer *w, u16 type, struct bytes value)
{
	write_le16(w, type);
	write_le16(w, (u16)value.len);
	write_bytes(w, value);
}

struct buf *format_sample_report(const struct keypair *key)
{
	static const u8 nonce[32] = { 0xa1, 0xa2 }, theirs[32] = { 0xb1 };
	static const u8 vbios[8] = { 1, 2, 3, 0x96, 4 };
	struct buf *b = buf_new(4096);
	OWNED(buf) record = buf_new(1024);
	OWNED(buf) opaque = buf_new(1024);
	struct bytes all;
	struct err e = { 0 };

	format_sample_record(&record->w);
	/* the format's digests are of SHA-384, and it has no raw blocks in it by rule: these are taken all the same */
	put_field(&opaque->w, 3, bytes_text("550.1\x1b"));
	put_field(&opaque->w, 6, BYTES(vbios));
	put_field(&opaque->w, 999, bytes_text("?"));
	spdm_write_get_measurements(&b->w, SPDM_11, 0, nonce, NULL);
	write_u8(&b->w, SPDM_11);
	write_u8(&b->w, SPDM_MEASUREMENTS);
	write_le16(&b->w, 0);
	write_u8(&b->w, 3);
	write_le24(&b->w, (u32)record->w.len);
	write_bytes(&b->w, buf_bytes(record));
	write_bytes(&b->w, BYTES(theirs));
	write_le16(&b->w, (u16)opaque->w.len);
	write_bytes(&b->w, buf_bytes(opaque));
	all = buf_bytes(b);
	OWNED(buf) signature = buf_new(256);
	assert_ok(keypair_sign(key, SIG_ECDSA, DIGEST_SHA384, &all, 1, &signature->w, &e), &e);
	write_bytes(&b->w, buf_bytes(signature));
	return b;
}

struct buf *format_sample_chain(enum digest_alg alg, struct bytes root, struct bytes certificates)
{
	struct digest d = digest_of(alg, &root, 1);
	struct buf *b = buf_new(65536);

	write_le16(&b->w, (u16)(4 + digest_len(alg) + certificates.len));
	write_le16(&b->w, 0);
	write_bytes(&b->w, digest_bytes(&d));
	write_bytes(&b->w, certificates);
	return b;
}

/* ---- certificates ---- */
static EVP_PKEY *key_of(const struct keypair *key)
{
	OWNED(buf) pem = buf_new(4096);
	struct err e = { 0 };
	EVP_PKEY *out;
	BIO *bio;

	assert_ok(keypair_pem(key, &pem->w, &e), &e);
	bio = BIO_new_mem_buf(pem->w.at, (int)pem->w.len);
	out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(out);
	return out;
}

static void add_bytes(X509 *x509, const char *oid, bool critical, struct bytes der)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_true(ASN1_OCTET_STRING_set(value, der.at, (int)der.len));
	ext = X509_EXTENSION_create_by_OBJ(NULL, o, critical, value);
	assert_true(X509_add_ext(x509, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(o);
}

static void add_names(X509 *x509)
{
	static const char dns[] = "a.test\n\x1b[2Jb";
	static const u8 address[] = { 192, 0, 2, 1 };
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	X509_NAME *dir = X509_NAME_new();
	GENERAL_NAME *n;

	X509_NAME_add_entry_by_txt(dir, "2.23.133.2.1", MBSTRING_UTF8, (const u8 *)"id:54455354",
				   -1, -1, 0);
	n = GENERAL_NAME_new();
	GENERAL_NAME_set0_value(n, GEN_DIRNAME, dir);
	sk_GENERAL_NAME_push(names, n);
	n = GENERAL_NAME_new();
	n->type = GEN_DNS;
	n->d.dNSName = ASN1_IA5STRING_new();
	ASN1_STRING_set(n->d.dNSName, dns, sizeof(dns) - 1);
	sk_GENERAL_NAME_push(names, n);
	n = GENERAL_NAME_new();
	n->type = GEN_IPADD;
	n->d.iPAddress = ASN1_OCTET_STRING_new();
	ASN1_STRING_set(n->d.iPAddress, address, sizeof(address));
	sk_GENERAL_NAME_push(names, n);
	assert_true(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0) == 1);
	GENERAL_NAMES_free(names);
}

struct cert *format_sample_cert(const char *name, const struct keypair *key,
				const struct cert *issuer, const struct keypair *issuer_key,
				long long from, long long until)
{
	struct cert_request want = { .common_name = name,
				     .eku = "2.23.133.8.1,1.3.6.1.4.1.412.274.3",
				     .not_before = from,
				     .not_after = until,
				     .key = keypair_pub(key),
				     .issuer = issuer,
				     .issuer_key = issuer_key };
	/* DiceTcbInfo { vendor "ACME", svn 3, fwids { sha256 } } */
	OWNED(buf)
	dice = from_hex("303a 800441434d45 830103 a62f 302d 0609 608648016503040201 0420 "
			"1111111111111111111111111111111111111111111111111111111111111111");
	static const u8 null[] = { 0x05, 0x00 };
	OWNED(cert) plain = NULL;
	EVP_PKEY *signer = key_of(issuer_key);
	struct cert *out = NULL;
	struct err e = { 0 };
	const u8 *p;
	u8 *der = NULL;
	X509 *x509;
	int len;

	assert_ok(cert_make(&want, &plain, &e), &e);
	p = cert_der(plain).at;
	x509 = d2i_X509(NULL, &p, (long)cert_der(plain).len);
	add_names(x509);
	add_bytes(x509, "2.23.133.5.4.1", false, buf_bytes(dice));
	add_bytes(x509, "1.3.6.1.4.1.99999.1", false, BYTES(null));
	assert_true(X509_sign(x509, signer, EVP_sha384()) > 0);
	len = i2d_X509(x509, &der);
	assert_ok(cert_parse((struct bytes){ der, (size_t)len }, &out, &e), &e);
	OPENSSL_free(der);
	X509_free(x509);
	EVP_PKEY_free(signer);
	return out;
}
