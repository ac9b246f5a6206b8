// SPDX-License-Identifier: Apache-2.0
#include "refvals_rig.h"

#include <stdio.h>

#include "common/file.h"

void signer_make(struct signer *s, const char *name)
{
	struct cert_request rq = {
		.common_name = name, .ca = true, .not_before = 1700000000, .not_after = 1900000000
	};
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &s->key, &e), &e);
	rq.key = keypair_pub(s->key);
	rq.issuer_key = s->key;
	assert_ok(cert_make(&rq, &s->cert, &e), &e);
}

void signer_issue(struct signer *s, const char *name, const struct signer *ca)
{
	struct cert_request rq = { .common_name = name,
				   .not_before = 1700000000,
				   .not_after = 1900000000,
				   .issuer = ca->cert,
				   .issuer_key = ca->key };
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &s->key, &e), &e);
	rq.key = keypair_pub(s->key);
	assert_ok(cert_make(&rq, &s->cert, &e), &e);
}

void signer_clear(struct signer *s)
{
	keypair_drop(&s->key);
	cert_drop(&s->cert);
}

void reopen(struct fixture *f)
{
	struct err e = { 0 };

	refvals_drop(&f->r);
	store_drop(&f->store);
	assert_ok(store_open(f->db, f->floor, f->keys, &f->store, &e), &e);
	assert_ok(refvals_open(f->store, &f->settings, &f->r, &e), &e);
}

/* A store of its own for each test; nobody may sign yet. */
int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char folder[80];
	struct key_place kek = { f->kek, "", "" };
	struct err e = { 0 };

	clock_set_s(NOW);
	snprintf(f->folder, sizeof(f->folder), "/tmp/assay-refvals.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(folder, sizeof(folder), "%s/state", f->folder);
	snprintf(f->kek, sizeof(f->kek), "%s/kek.pem", folder);
	snprintf(f->db, sizeof(f->db), "%s/assay.db", folder);
	snprintf(f->floor, sizeof(f->floor), "%s/audit.floor", folder);
	settings_default(&f->settings, folder);
	assert_ok(folder_make(folder, 0700, &e), &e);
	assert_ok(keys_init(folder, &kek, &e), &e);
	assert_ok(keys_load(folder, &kek, NULL, &f->keys, &e), &e);
	assert_ok(store_init(f->db, f->keys->root_id, &e), &e);
	signer_make(&f->operator, "operator");
	signer_make(&f->stranger, "stranger");
	reopen(f);
	*state = f;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];

	refvals_drop(&f->r);
	store_drop(&f->store);
	server_keys_drop(&f->keys);
	signer_clear(&f->operator);
	signer_clear(&f->stranger);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	clock_set_s(0);
	return 0;
}

/* ---- what is imported ---- */
struct buf *payload(const char *id, const char *triples)
{
	char text[2000];

	snprintf(text, sizeof(text), "501({0: \"%s\", 1: [506(<<{1: {0: \"t-%s\"}, 4: %s}>>)]})",
		 id, id, triples);
	return edn(text);
}

/* By a signer whose certificate stands in it as x5chain, or not. */
struct buf *signed_corim(const struct signer *s, bool chain, struct bytes content)
{
	struct buf *out = buf_new(8192);
	OWNED(buf) protected = buf_new(4096);
	OWNED(buf) meta = edn("<<{0: {0: \"o\"}}>>");
	struct writer *w = &protected->w;
	struct err e = { 0 };

	cbor_put_map(w, chain ? 4 : 3);
	cbor_put_uint(w, 1);
	cbor_put_int(w, -7);
	cbor_put_uint(w, 3);
	cbor_put_text(w, bytes_text("application/rim+cbor"));
	cbor_put_uint(w, 8);
	write_bytes(w, buf_bytes(meta));
	if (chain) {
		cbor_put_uint(w, 33);
		cbor_put_bytes(w, cert_der(s->cert));
	}
	assert_ok(cose_sign1_write(buf_bytes(protected), content, s->key, &out->w, &e), &e);
	return out;
}

struct buf *corim_by(const struct signer *s, bool chain, const char *id, const char *triples)
{
	OWNED(buf) content = payload(id, triples);

	return signed_corim(s, chain, buf_bytes(content));
}

int import(struct fixture *f, const struct buf *b, long long until, bool *fresh, struct err *e)
{
	struct refvals_change ch = {
		.verb = REFVALS_IMPORT, .actor = "test", .bytes = buf_bytes(b), .until = until
	};
	int rc = refvals_change(f->r, &ch, e);

	if (fresh)
		*fresh = ch.fresh;
	return rc;
}

int change(struct fixture *f, enum refvals_verb verb, const struct buf *b, long long until,
	   struct err *e)
{
	struct refvals_change ch = { .verb = verb, .actor = "test", .until = until };
	struct digest d = corim_row_digest(buf_bytes(b));

	memcpy(ch.digest, d.at, 32);
	return refvals_change(f->r, &ch, e);
}

int anchor(struct fixture *f, enum refvals_verb verb, const struct signer *s, struct err *e)
{
	struct refvals_change ch = {
		.verb = verb, .actor = "test", .kind = SIGNER_ANCHOR, .bytes = cert_der(s->cert)
	};
	struct digest d = sha256_of(cert_der(s->cert));

	memcpy(ch.digest, d.at, 32);
	return refvals_change(f->r, &ch, e);
}

void trust_operator(struct fixture *f)
{
	struct err e = { 0 };

	assert_ok(anchor(f, REFVALS_ADD_SIGNER, &f->operator, & e), &e);
}

size_t counting(struct fixture *f)
{
	struct refs *refs;
	size_t n;

	refvals_refresh(f->r);
	refs = refvals_take(f->r);
	n = refs_n_corims(refs);
	refvals_give(f->r, refs);
	return n;
}

/* How many references a look-up at @now_s finds. */
static bool find_one(void *user, const struct ref *ref)
{
	(void)ref;
	++*(size_t *)user;
	return true;
}

size_t found_at(struct fixture *f, long long now_s)
{
	const struct corim_env env = { .vendor = bytes_text("v") };
	struct refs *refs;
	size_t n = 0;

	refvals_refresh(f->r);
	refs = refvals_take(f->r);
	refs_each(refs, &env, now_s, find_one, &n);
	refvals_give(f->r, refs);
	return n;
}
