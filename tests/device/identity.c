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
	const char *cn, *number; /* number: the subject's serialNumber, or NULL */
	const char *basic, *usage, *eku, *san, *until;
	const char *private; /* value of an extension that nobody knows */
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
	if (s->number) /* as UTF8String, which its kind of text does not allow: so that it may be any */
		X509_NAME_add_entry_by_NID(name, NID_serialNumber, V_ASN1_UTF8STRING,
					   (const uint8_t *)s->number, -1, -1, 0);
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
	if (s->private)
		extend(c, issuer ? issuer : c,
		       OBJ_create("1.3.6.1.4.1.99999.1", "private", "private"), s->private);
	if (!X509_sign(c, issuer_key, EVP_sha384())) {
		X509_free(c);
		return NULL;
	}
	return c;
}

static const struct shape root_shape = { .cn = "spdm-device root",
					 .basic = "critical,CA:TRUE",
					 .usage = "critical,keyCertSign,cRLSign" };
/* Intermediates, all with one key: a good one and two that may not sign what they sign. */
static const struct {
	const char *file;
	struct shape shape;
} intermediates[] = {
	{ "intermediate.pem",
	  { .cn = "spdm-device intermediate",
	    .basic = "critical,CA:TRUE",
	    .usage = "critical,keyCertSign,cRLSign" } },
	{ "intermediate-no-ca.pem",
	  { .cn = "spdm-device intermediate",
	    .basic = "critical,CA:FALSE",
	    .usage = "critical,digitalSignature" } },
	{ "intermediate-last.pem",
	  { .cn = "spdm-device intermediate",
	    .basic = "critical,CA:TRUE,pathlen:0",
	    .usage = "critical,keyCertSign,cRLSign" } },
};
enum { N_INTERMEDIATES = sizeof(intermediates) / sizeof(intermediates[0]) };

static int write_in(const char *folder, const char *file, X509 *c)
{
	char path[PATH_LEN + 40];
	int rc;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	rc = c ? write_cert(path, c) : -1;
	X509_free(c);
	return rc;
}

int identity_make_root(const char *folder, const char *asym)
{
	EVP_PKEY *root_key = new_key(asym), *key = new_key(asym);
	char path[PATH_LEN + 40];
	X509 *root;
	int rc = 0;

	mkdir(folder, 0700);
	if (!root_key || !key)
		return -1;
	root = make_cert(root_key, NULL, root_key, &root_shape);
	for (int i = 0; i < N_INTERMEDIATES; i++)
		rc |= write_in(folder, intermediates[i].file,
			       make_cert(key, root, root_key, &intermediates[i].shape));
	rc |= write_in(folder, "root.pem", root);
	snprintf(path, sizeof(path), "%s/intermediate.key", folder);
	rc |= write_key(path, key);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
	return rc;
}

static void add_der(struct octets *o, const X509 *c)
{
	uint8_t *der = NULL;
	int len = i2d_X509(c, &der);

	if (len > 0)
		octets_add(o, der, (size_t)len);
	OPENSSL_free(der);
}

static bool is(const char *flaw, const char *name)
{
	return !strcmp(flaw, name);
}

static struct shape leaf_shape(const char *flaw, const char *san)
{
	bool ca = is(flaw, "ca-leaf"), elsewhere = is(flaw, "oid-elsewhere");

	return (struct shape){
		.cn = "spdm-device leaf",
		.basic = ca ? "critical,CA:TRUE" : "critical,CA:FALSE",
		.usage = is(flaw, "no-digital-signature") ? "critical,keyAgreement"
			 : ca				  ? "critical,digitalSignature,keyCertSign"
							  : "critical,digitalSignature",
		/* the requester's key usage, and the responder's */
		.eku = is(flaw, "wrong-eku") || elsewhere ? "1.3.6.1.4.1.412.274.4"
							  : "1.3.6.1.4.1.412.274.3",
		.san = san,
		.until = is(flaw, "expired") ? "20010101000000Z" : NULL,
		/* the bytes of the responder's OID, in a place where they mean nothing */
		.private = elsewhere ? "DER:060a2b06010401831c821203" : NULL,
	};
}

/* What signs the leaf, and the certificates above it. */
struct issuers {
	X509 *root, *middle, *last; /* last: the leaf's issuer, one of the two or a third */
	EVP_PKEY *middle_key, *last_key;
};

static void issuers_load(struct issuers *i, const char *folder, const char *flaw)
{
	const char *file = is(flaw, "intermediate-no-ca") ? intermediates[1].file
			   : is(flaw, "path-length")	  ? intermediates[2].file
							  : intermediates[0].file;
	char path[PATH_LEN + 40];

	*i = (struct issuers){ 0 };
	snprintf(path, sizeof(path), "%s/root.pem", folder);
	i->root = read_cert(path);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	i->middle = read_cert(path);
	snprintf(path, sizeof(path), "%s/intermediate.key", folder);
	i->middle_key = read_key(path);
	if (!i->root || !i->middle || !i->middle_key)
		return;
	if (is(flaw, "own-root")) { /* named like the accepted one, and not it */
		i->last_key = new_key("p384");
		i->last = make_cert(i->last_key, NULL, i->last_key, &root_shape);
	} else if (is(flaw, "path-length")) {
		i->last_key = new_key("p384");
		i->last = make_cert(i->last_key, i->middle, i->middle_key, &intermediates[0].shape);
	} else {
		i->last_key = i->middle_key;
		i->last = i->middle;
		EVP_PKEY_up_ref(i->last_key);
		X509_up_ref(i->last);
	}
}

static void issuers_free(struct issuers *i)
{
	X509_free(i->root);
	X509_free(i->middle);
	X509_free(i->last);
	EVP_PKEY_free(i->middle_key);
	EVP_PKEY_free(i->last_key);
}

static void put_chain(struct octets *o, const struct issuers *i, X509 *leaf, const char *flaw)
{
	size_t at;

	if (!is(flaw, "own-root") && !is(flaw, "root-omitted") && !is(flaw, "root-misnamed"))
		add_der(o, i->root);
	if (!is(flaw, "own-root"))
		add_der(o, i->middle);
	if (i->last != i->middle)
		add_der(o, i->last);
	if (is(flaw, "gap"))
		octets_add(o, "\0\0", 2);
	at = o->len;
	add_der(o, leaf);
	if (is(flaw, "trailing"))
		octets_add(o, "\x30\0", 2);
	if (is(flaw, "der-overrun"))
		o->at[at + 3]++;
	if (is(flaw, "indefinite"))
		o->at[at + 1] = 0x80;
}

static int write_chain(const char *folder, int slot, const char *what, const struct octets *o)
{
	char path[PATH_LEN + 40];
	FILE *f;
	int rc;

	snprintf(path, sizeof(path), "%s/slot%d.%s", folder, slot, what);
	f = fopen(path, "w");
	rc = f && fwrite(o->at, o->len, 1, f) == 1 ? 0 : -1;
	if (f)
		fclose(f);
	return rc;
}

/* An omitted root is known to the device as bytes to hash only. */
static int write_root(const char *folder, int slot, const struct issuers *i, const char *flaw)
{
	struct octets o = { 0 };
	int rc = 0;

	if (is(flaw, "root-omitted") || is(flaw, "root-misnamed")) {
		add_der(&o, is(flaw, "root-omitted") ? i->root : i->middle);
		rc = write_chain(folder, slot, "root", &o);
	}
	octets_free(&o);
	return rc;
}

int identity_make(const char *root_folder, const char *folder, int slot,
		  const struct identity_options *o)
{
	const char *flaw = o->flaw ? o->flaw : "";
	EVP_PKEY *key = new_key(is(flaw, "other-curve") ? "p256" : o->asym);
	char san[300], path[PATH_LEN + 40];
	struct shape shape = leaf_shape(flaw, san);
	struct octets certs = { 0 };
	struct issuers issuers;
	X509 *leaf = NULL;
	int rc = -1;

	mkdir(folder, 0700);
	snprintf(san, sizeof(san), "otherName:2.23.147;UTF8:%s", o->name);
	issuers_load(&issuers, root_folder, flaw);
	if (key && issuers.last)
		leaf = make_cert(key, issuers.last, issuers.last_key, &shape);
	if (leaf) {
		put_chain(&certs, &issuers, leaf, flaw);
		rc = write_chain(folder, slot, "chain", &certs);
		rc |= write_root(folder, slot, &issuers, flaw);
		if (is(flaw, "other-key")) { /* signs with a key that no certificate names */
			EVP_PKEY_free(key);
			key = new_key(o->asym);
		}
		snprintf(path, sizeof(path), "%s/slot%d.key", folder, slot);
		rc |= write_key(path, key);
	}
	octets_free(&certs);
	X509_free(leaf);
	issuers_free(&issuers);
	EVP_PKEY_free(key);
	return rc;
}

static bool read_whole(const char *folder, int slot, const char *what, struct octets *o)
{
	char path[PATH_LEN + 40];
	uint8_t part[4096];
	size_t got;
	FILE *f;

	snprintf(path, sizeof(path), "%s/slot%d.%s", folder, slot, what);
	f = fopen(path, "r");
	if (!f)
		return false;
	while ((got = fread(part, 1, sizeof(part), f)) > 0)
		octets_add(o, part, got);
	fclose(f);
	return true;
}

/* The first certificate's hash is RootHash; its length stands in its header. */
static size_t first_der(const struct octets *o)
{
	if (o->len < 4 || o->at[0] != 0x30 || o->at[1] != 0x82)
		return 0;
	return 4 + ((size_t)o->at[2] << 8 | o->at[3]);
}

/* The chain object: Length, reserved, RootHash, certificates. */
static bool put_object(const struct device *d, const struct octets *root,
		       const struct octets *certs, struct octets *out)
{
	uint8_t header[4] = { 0 }, root_hash[64];
	unsigned int size = 0;
	size_t total;

	if (!root->len ||
	    !EVP_Digest(root->at, root->len, root_hash, &size, hash_md(d->hash), NULL))
		return false;
	total = 4 + size + certs->len;
	header[0] = (uint8_t)total;
	header[1] = (uint8_t)(total >> 8);
	octets_add(out, header, 4);
	octets_add(out, root_hash, size);
	octets_add(out, certs->at, certs->len);
	return true;
}

static int slot_load(struct device *d, int i)
{
	struct slot *s = &d->slots[i];
	struct octets certs = { 0 }, root = { 0 };
	char path[PATH_LEN + 40];
	bool good;

	EVP_PKEY_free(s->key);
	s->key = NULL;
	octets_clear(&s->chain);
	if (!read_whole(d->identity, i, "chain", &certs))
		return 0;
	if (!read_whole(d->identity, i, "root", &root))
		octets_add(&root, certs.at, first_der(&certs) < certs.len ? first_der(&certs) : 0);
	snprintf(path, sizeof(path), "%s/slot%d.key", d->identity, i);
	s->key = read_key(path);
	good = s->key && put_object(d, &root, &certs, &s->chain);
	octets_free(&certs);
	octets_free(&root);
	return good ? 1 : -1;
}

int identity_load(struct device *d)
{
	int n = 0;

	for (int i = 0; i < SLOTS; i++) {
		int rc = slot_load(d, i);

		if (rc < 0)
			return -1;
		n += rc;
	}
	return n ? 0 : -1;
}

/* ---- many devices in one process, whose keys are in memory ---- */
struct authority {
	struct issuers issuers;
	struct octets root, above; /* above: root and intermediate, as they stand in a chain */
};

struct authority *authority_open(const char *folder)
{
	struct authority *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	issuers_load(&a->issuers, folder, "");
	if (!a->issuers.last) {
		authority_close(a);
		return NULL;
	}
	add_der(&a->root, a->issuers.root);
	add_der(&a->above, a->issuers.root);
	add_der(&a->above, a->issuers.middle);
	return a;
}

void authority_close(struct authority *a)
{
	if (!a)
		return;
	issuers_free(&a->issuers);
	octets_free(&a->root);
	octets_free(&a->above);
	free(a);
}

int authority_leaf(const struct authority *a, EVP_PKEY *key, const struct leaf_options *o,
		   struct octets *der)
{
	char san[300] = "";
	struct shape shape = leaf_shape(o->flaw ? o->flaw : "", san);
	X509 *leaf;

	if (snprintf(san, sizeof(san), "otherName:2.23.147;UTF8:%s", o->name) >= (int)sizeof(san))
		return -1;
	shape.cn = o->subject;
	shape.number = o->number;
	leaf = make_cert(key, a->issuers.last, a->issuers.last_key, &shape);
	if (leaf)
		add_der(der, leaf);
	X509_free(leaf);
	return der->len ? 0 : -1;
}

int authority_fill(const struct authority *a, struct device *d, int slot, EVP_PKEY *key,
		   const struct octets *leaf)
{
	struct octets certs = { 0 };
	bool good;

	octets_add(&certs, a->above.at, a->above.len);
	octets_add(&certs, leaf->at, leaf->len);
	good = put_object(d, &a->root, &certs, &d->slots[slot].chain) && EVP_PKEY_up_ref(key);
	d->slots[slot].key = good ? key : NULL;
	octets_free(&certs);
	return good ? 0 : -1;
}

void identity_clear(struct device *d)
{
	for (int i = 0; i < SLOTS; i++) {
		EVP_PKEY_free(d->slots[i].key);
		d->slots[i].key = NULL;
		octets_free(&d->slots[i].chain);
	}
}
