// SPDX-License-Identifier: Apache-2.0
/* The device's own PKI: root, intermediate and leaves with the PCIe CMA name, good ones and flawed ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "device.h"

static const struct {
	const char *name;
	uint32_t bit;
	unsigned int sig;
	const char *curve;
	int rsa_bits;
} asyms[] = {
	{ "rsassa2048", 1u << 0, 256, NULL, 2048 }, { "rsapss2048", 1u << 1, 256, NULL, 2048 },
	{ "rsassa3072", 1u << 2, 384, NULL, 3072 }, { "rsapss3072", 1u << 3, 384, NULL, 3072 },
	{ "p256", 1u << 4, 64, "P-256", 0 },	    { "rsassa4096", 1u << 5, 512, NULL, 4096 },
	{ "rsapss4096", 1u << 6, 512, NULL, 4096 }, { "p384", 1u << 7, 96, "P-384", 0 },
	{ "p521", 1u << 8, 132, "P-521", 0 },
};
enum { N_ASYMS = sizeof(asyms) / sizeof(asyms[0]) };

uint32_t asym_bit(const char *name)
{
	for (int i = 0; i < N_ASYMS; i++)
		if (!strcmp(name, asyms[i].name))
			return asyms[i].bit;
	return 0;
}

unsigned int sig_size(uint32_t bit)
{
	for (int i = 0; i < N_ASYMS; i++)
		if (asyms[i].bit == bit)
			return asyms[i].sig;
	return 0;
}

uint32_t hash_bit(const char *name)
{
	return !strcmp(name, "sha256")	 ? 1
	       : !strcmp(name, "sha384") ? 2
	       : !strcmp(name, "sha512") ? 4
					 : 0;
}

unsigned int hash_size(uint32_t bit)
{
	return bit == 1 ? 32 : bit == 2 ? 48 : bit == 4 ? 64 : 0;
}

const EVP_MD *hash_md(uint32_t bit)
{
	return bit == 1 ? EVP_sha256() : bit == 2 ? EVP_sha384() : EVP_sha512();
}

void octets_add(struct octets *o, const void *at, size_t len)
{
	if (o->len + len > TRANSCRIPT_MAX)
		return; /* a requester that never stops measuring gets an invalid signature */
	if (o->len + len > o->cap) {
		o->cap = (o->len + len) * 2;
		o->at = realloc(o->at, o->cap);
		if (!o->at)
			abort();
	}
	if (len)
		memcpy(o->at + o->len, at, len);
	o->len += len;
}

void octets_clear(struct octets *o)
{
	o->len = 0;
}

void octets_free(struct octets *o)
{
	free(o->at);
	*o = (struct octets){ 0 };
}

static EVP_PKEY *new_key(const char *asym)
{
	for (int i = 0; i < N_ASYMS; i++) {
		if (strcmp(asym, asyms[i].name))
			continue;
		return asyms[i].curve ? EVP_EC_gen(asyms[i].curve)
				      : EVP_RSA_gen((unsigned int)asyms[i].rsa_bits);
	}
	return NULL;
}

static int write_key(const char *path, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");
	int ok = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);

	if (f)
		fclose(f);
	return ok ? 0 : -1;
}

static EVP_PKEY *read_key(const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return key;
}

static int write_cert(const char *path, X509 *c)
{
	FILE *f = fopen(path, "w");
	int ok = f && PEM_write_X509(f, c);

	if (f)
		fclose(f);
	return ok ? 0 : -1;
}

static X509 *read_cert(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *c = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return c;
}

static void extend(X509 *c, X509 *issuer, int nid, const char *text)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;

	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	if (!x || !X509_add_ext(c, x, -1))
		fprintf(stderr, "spdm-device: certificate extension %s\n", text);
	X509_EXTENSION_free(x);
}

struct shape {
	const char *cn, *basic, *usage, *eku, *san, *until;
};

static X509 *make_cert(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const struct shape *s)
{
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);
	BIGNUM *serial = BN_new();

	X509_set_version(c, 2);
	BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
	BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(c));
	BN_free(serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)s->cn, -1, -1, 0);
	X509_set_issuer_name(c, issuer ? X509_get_subject_name(issuer) : name);
	ASN1_TIME_set_string(X509_getm_notBefore(c), "19700101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(c), s->until ? s->until : "99991231235959Z");
	X509_set_pubkey(c, key);
	extend(c, issuer ? issuer : c, NID_basic_constraints, s->basic);
	if (s->usage)
		extend(c, issuer ? issuer : c, NID_key_usage, s->usage);
	if (s->eku)
		extend(c, issuer ? issuer : c, NID_ext_key_usage, s->eku);
	if (s->san)
		extend(c, issuer ? issuer : c, NID_subject_alt_name, s->san);
	if (!X509_sign(c, issuer_key, EVP_sha384())) {
		X509_free(c);
		return NULL;
	}
	return c;
}

int identity_make_root(const char *folder)
{
	static const struct shape root = { "spdm-device root",
					   "critical,CA:TRUE",
					   "critical,keyCertSign,cRLSign",
					   NULL,
					   NULL,
					   NULL };
	static const struct shape middle = { "spdm-device intermediate",
					     "critical,CA:TRUE",
					     "critical,keyCertSign,cRLSign",
					     NULL,
					     NULL,
					     NULL };
	static const struct shape no_ca = { "spdm-device intermediate",
					    "critical,CA:FALSE",
					    "critical,digitalSignature",
					    NULL,
					    NULL,
					    NULL };
	EVP_PKEY *root_key = new_key("p384"), *key = new_key("p384");
	X509 *r, *m, *bad;
	char path[PATH_LEN];
	int rc;

	mkdir(folder, 0700);
	if (!root_key || !key)
		return -1;
	r = make_cert(root_key, NULL, root_key, &root);
	m = make_cert(key, r, root_key, &middle);
	bad = make_cert(key, r, root_key, &no_ca);
	snprintf(path, sizeof(path), "%s/root.pem", folder);
	rc = r ? write_cert(path, r) : -1;
	snprintf(path, sizeof(path), "%s/intermediate.pem", folder);
	rc |= m ? write_cert(path, m) : -1;
	snprintf(path, sizeof(path), "%s/intermediate-no-ca.pem", folder);
	rc |= bad ? write_cert(path, bad) : -1;
	snprintf(path, sizeof(path), "%s/intermediate.key", folder);
	rc |= write_key(path, key);
	X509_free(r);
	X509_free(m);
	X509_free(bad);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
	return rc;
}

static void add_der(struct octets *o, X509 *c)
{
	uint8_t *der = NULL;
	int len = i2d_X509(c, &der);

	if (len > 0)
		octets_add(o, der, (size_t)len);
	OPENSSL_free(der);
}

int identity_make(const char *root_folder, const char *folder, int slot,
		  const struct identity_options *o)
{
	const char *flaw = o->flaw ? o->flaw : "";
	bool ca_leaf = !strcmp(flaw, "ca-leaf");
	char san[300], path[PATH_LEN + 40];
	struct shape leaf = {
		.cn = "spdm-device leaf",
		.basic = ca_leaf ? "critical,CA:TRUE" : "critical,CA:FALSE",
		.usage = !strcmp(flaw, "no-digital-signature") ? "critical,keyAgreement"
			 : ca_leaf ? "critical,digitalSignature,keyCertSign"
				   : "critical,digitalSignature",
		/* the requester's key usage, and the responder's */
		.eku = !strcmp(flaw, "wrong-eku") ? "1.3.6.1.4.1.412.274.4"
						  : "1.3.6.1.4.1.412.274.3",
		.san = san,
		.until = !strcmp(flaw, "expired") ? "20010101000000Z" : NULL,
	};
	EVP_PKEY *key = new_key(o->asym), *issuer_key;
	X509 *root, *middle, *c;
	struct octets certs = { 0 };
	FILE *f;
	int rc = -1;

	mkdir(folder, 0700);
	snprintf(san, sizeof(san), "otherName:2.23.147;UTF8:%s", o->name);
	snprintf(path, sizeof(path), "%s/root.pem", root_folder);
	root = read_cert(path);
	snprintf(path, sizeof(path), "%s/intermediate%s.pem", root_folder,
		 !strcmp(flaw, "intermediate-no-ca") ? "-no-ca" : "");
	middle = read_cert(path);
	snprintf(path, sizeof(path), "%s/intermediate.key", root_folder);
	issuer_key = read_key(path);
	c = key && middle && issuer_key ? make_cert(key, middle, issuer_key, &leaf) : NULL;
	if (root && c) {
		add_der(&certs, root);
		add_der(&certs, middle);
		if (!strcmp(flaw, "gap"))
			octets_add(&certs, "\0\0", 2);
		add_der(&certs, c);
		snprintf(path, sizeof(path), "%s/slot%d.chain", folder, slot);
		f = fopen(path, "w");
		rc = f && fwrite(certs.at, certs.len, 1, f) == 1 ? 0 : -1;
		if (f)
			fclose(f);
		snprintf(path, sizeof(path), "%s/slot%d.key", folder, slot);
		if (!strcmp(flaw, "other-key")) { /* signs with a key that no certificate names */
			EVP_PKEY_free(key);
			key = new_key(o->asym);
		}
		rc |= write_key(path, key);
	}
	octets_free(&certs);
	X509_free(root);
	X509_free(middle);
	X509_free(c);
	EVP_PKEY_free(key);
	EVP_PKEY_free(issuer_key);
	return rc;
}

/* The first certificate's hash is RootHash; its length stands in its header. */
static size_t first_der(const struct octets *o)
{
	if (o->len < 4 || o->at[0] != 0x30 || o->at[1] != 0x82)
		return 0;
	return 4 + ((size_t)o->at[2] << 8 | o->at[3]);
}

int identity_load(struct device *d)
{
	int n = 0;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &d->slots[i];
		struct octets certs = { 0 };
		char path[PATH_LEN + 40];
		uint8_t part[4096], header[4], root[64];
		unsigned int size = 0;
		size_t got, total;
		FILE *f;

		EVP_PKEY_free(s->key);
		s->key = NULL;
		octets_clear(&s->chain);
		snprintf(path, sizeof(path), "%s/slot%d.chain", d->identity, i);
		f = fopen(path, "r");
		if (!f)
			continue;
		while ((got = fread(part, 1, sizeof(part), f)) > 0)
			octets_add(&certs, part, got);
		fclose(f);
		snprintf(path, sizeof(path), "%s/slot%d.key", d->identity, i);
		s->key = read_key(path);
		if (!s->key || !first_der(&certs) || first_der(&certs) > certs.len) {
			octets_free(&certs);
			return -1;
		}
		EVP_Digest(certs.at, first_der(&certs), root, &size, hash_md(d->hash), NULL);
		total = 4 + size + certs.len;
		header[0] = (uint8_t)total;
		header[1] = (uint8_t)(total >> 8);
		header[2] = header[3] = 0;
		octets_add(&s->chain, header, 4);
		octets_add(&s->chain, root, size);
		octets_add(&s->chain, certs.at, certs.len);
		octets_free(&certs);
		n++;
	}
	return n ? 0 : -1;
}
