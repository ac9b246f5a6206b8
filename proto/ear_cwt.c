// SPDX-License-Identifier: Apache-2.0
/* The attestation result as a CWT. */
#include <stdio.h>

#include "cose.h"
#include "ear_claims.h"

enum {
	AUD = 3,
	EXP = 4,
	IAT = 6,
	CNF = 8,
	CNF_KEY = 1,
	NONCE = 10,
	UEID = 256,
	PROFILE = 265,
	SUBMODS = 266,
	STATUS = 1000,
	VECTOR = 1001,
	POLICY_IDS = 1003,
	VERIFIER_ID = 1004,
	VERIFIER_CLAIMS = 1006,
	CALLER_NONCE = -75501, /* ours: below -65536 is private use */
	NAME_MAX_LEN = 255,
};
enum { HDR_TYP = 16 }; /* RFC 9596 */

/* ---- writing ---- */
static void put_vector(struct writer *w, const struct ear_submod *s)
{
	size_t n = 0;

	for (size_t i = 0; i < EAR_VECTOR_LEN; i++)
		n += s->vector[i] != 0;
	cbor_put_uint(w, VECTOR);
	cbor_put_map(w, n);
	for (size_t i = 0; i < EAR_VECTOR_LEN; i++) {
		if (!s->vector[i])
			continue;
		cbor_put_uint(w, i);
		cbor_put_int(w, s->vector[i]);
	}
}

static void put_submod(struct writer *w, const struct ear_submod *s, const struct ear *ear)
{
	bool host = !strcmp(s->name, "host"); /* the nonce that the evidence answered */

	cbor_put_map(w, (host ? 4u : 3u) + (s->n_reasons ? 1u : 0u));
	if (host) {
		cbor_put_uint(w, NONCE);
		cbor_put_bytes(w, BYTES(ear->nonce));
	}
	cbor_put_uint(w, STATUS);
	cbor_put_int(w, s->status);
	put_vector(w, s);
	cbor_put_uint(w, POLICY_IDS);
	cbor_put_array(w, 1);
	cbor_put_text(w, bytes_text(ear->policy_id));
	if (!s->n_reasons)
		return;
	cbor_put_uint(w, VERIFIER_CLAIMS);
	cbor_put_map(w, 1);
	cbor_put_text(w, bytes_text("reasons"));
	cbor_put_array(w, s->n_reasons);
	for (size_t i = 0; i < s->n_reasons; i++)
		cbor_put_text(w, bytes_text(s->reasons[i]));
}

/* Names in the order of their encodings: the shorter first. */
static bool goes_before(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	return la != lb ? la < lb : strcmp(a, b) < 0;
}

/* Few enough that looking for the next one each time costs nothing beside the signature. */
static void put_submods(struct writer *w, const struct ear *ear)
{
	const char *last = NULL;

	cbor_put_uint(w, SUBMODS);
	cbor_put_map(w, ear->n);
	for (size_t done = 0; done < ear->n; done++) {
		const struct ear_submod *next = NULL;

		for (size_t i = 0; i < ear->n; i++) {
			const struct ear_submod *s = &ear->submods[i];

			if ((!last || goes_before(last, s->name)) &&
			    (!next || goes_before(s->name, next->name)))
				next = s;
		}
		if (!next)
			return; /* one name twice: cbor_written() refuses the short map */
		cbor_put_text(w, bytes_text(next->name));
		put_submod(w, next, ear);
		last = next->name;
	}
}

static int put_claims(struct writer *w, const struct ear *ear, struct err *e)
{
	cbor_put_map(w, 8u + (ear->audience ? 1u : 0u) + (ear->caller_nonce ? 2u : 0u));
	if (ear->audience) {
		cbor_put_uint(w, AUD);
		cbor_put_text(w, bytes_text(ear->audience));
	}
	cbor_put_uint(w, EXP);
	cbor_put_int(w, ear->exp);
	cbor_put_uint(w, IAT);
	cbor_put_int(w, ear->iat);
	cbor_put_uint(w, CNF);
	cbor_put_map(w, 1);
	cbor_put_uint(w, CNF_KEY);
	if (cose_key_write(ear->cnf, w, e))
		return (int)e->code;
	if (ear->caller_nonce) { /* the relying party's, so it stands at the top too */
		cbor_put_uint(w, NONCE);
		cbor_put_bytes(w, BYTES(ear->nonce));
	}
	cbor_put_uint(w, UEID);
	cbor_put_bytes(w, BYTES(ear->ueid));
	cbor_put_uint(w, PROFILE);
	cbor_put_text(w, bytes_text(EAR_PROFILE));
	put_submods(w, ear);
	cbor_put_uint(w, STATUS);
	cbor_put_int(w, ear->status);
	cbor_put_uint(w, VERIFIER_ID);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_text(w, bytes_text(EAR_DEVELOPER));
	cbor_put_uint(w, 1);
	cbor_put_text(w, bytes_text(EAR_BUILD));
	if (ear->caller_nonce) {
		cbor_put_int(w, CALLER_NONCE);
		cbor_put_bool(w, true);
	}
	return 0;
}

int ear_write_cwt(const struct ear *ear, const struct keypair *key, struct buf **cwt, struct err *e)
{
	OWNED(buf) claims = buf_new(EAR_MAX);
	OWNED(buf) out = buf_new(EAR_MAX);
	u8 room[64];
	struct writer protected = writer_on(room, sizeof(room));

	if (!claims || !out)
		return err_set(e, E_MEMORY, "no memory for an attestation result");
	if (ear_check_draft(ear, e) || put_claims(&claims->w, ear, e) ||
	    cbor_written(buf_bytes(claims), "an attestation result", e))
		return (int)e->code;
	cbor_put_map(&protected, 2);
	cbor_put_uint(&protected, COSE_HDR_ALG);
	cbor_put_int(&protected, COSE_ES256);
	cbor_put_uint(&protected, HDR_TYP);
	cbor_put_text(&protected, bytes_text(EAR_MEDIA_TYPE_CWT));
	if (cose_sign1_write(write_done(&protected), buf_bytes(claims), key, &out->w, e))
		return (int)e->code;
	*cwt = TAKE(out);
	return 0;
}

/* ---- reading: into the JSON names, so that one set of rules judges both ---- */
/* Text that JSON can hold: a NUL would end it early for whoever compares it. */
static json_t *text_json(struct cbor *c, const char *field)
{
	struct bytes b = cbor_text(c, field);

	if (b.len && memchr(b.at, 0, b.len))
		cbor_fail(c, "text with a NUL");
	return c->r.why ? NULL : json_stringn((const char *)b.at, b.len);
}

static json_t *status_json(struct cbor *c)
{
	long long v = cbor_int(c, "ear_status");

	if (!c->r.why && !ear_status_known(v))
		cbor_fail(c, "ear_status is not 0, 2, 32 or 96");
	return json_string(ear_status_name(v));
}

static json_t *texts_json(struct cbor *c, const char *field)
{
	json_t *list = json_array();

	for (size_t n = cbor_array(c, field); n && !c->r.why; n--)
		json_array_append_new(list, text_json(c, field));
	cbor_end(c);
	return list;
}

static json_t *vector_json(struct cbor *c)
{
	json_t *vector = json_object();

	for (size_t n = cbor_map(c, "ear_trustworthiness_vector"); n && !c->r.why; n--) {
		u64 claim = cbor_uint(c, "claim of the vector");
		char number[24];

		snprintf(number, sizeof(number), "%llu", (unsigned long long)claim);
		json_object_set_new(
			vector, claim < EAR_VECTOR_LEN ? ear_vector_name((size_t)claim) : number,
			json_integer(cbor_int(c, "value of the vector")));
	}
	cbor_end(c);
	return vector;
}

/* { "reasons": [ + text ] } of ours; what others put there is passed over. */
static json_t *verifier_claims_json(struct cbor *c)
{
	json_t *out = json_object();

	for (size_t n = cbor_map(c, "ear_verifier_claims"); n && !c->r.why; n--) {
		struct bytes key = cbor_item(c, "key");
		struct cbor k = cbor_on(key, CBOR_WELL_FORMED);

		if (cbor_peek(&k) == CBOR_TEXT && cbor_peek(c) == CBOR_ARRAY &&
		    bytes_equal(cbor_text(&k, "key"), bytes_text("reasons")))
			json_object_set_new(out, "reasons", texts_json(c, "reasons"));
		else
			cbor_item(c, "value");
	}
	cbor_end(c);
	return out;
}

static json_t *verifier_id_json(struct cbor *c)
{
	json_t *out = json_object();

	for (size_t n = cbor_map(c, "ear_verifier_id"); n && !c->r.why; n--) {
		u64 key = cbor_uint(c, "key of ear_verifier_id");

		if (key > 1)
			cbor_item(c, "value");
		else
			json_object_set_new(out, key ? "build" : "developer",
					    text_json(c, "ear_verifier_id"));
	}
	cbor_end(c);
	return out;
}

static json_t *cnf_json(struct cbor *c)
{
	json_t *out = json_object();
	struct err e = { 0 };

	for (size_t n = cbor_map(c, "cnf"); n && !c->r.why; n--) {
		OWNED(pubkey) key = NULL;
		struct cbor inner;

		if (cbor_uint(c, "cnf") != CNF_KEY) {
			cbor_item(c, "cnf");
			continue;
		}
		inner = cbor_on(cbor_item(c, "cnf"), CBOR_WELL_FORMED);
		if (cose_key_read(&inner, &key, &e))
			cbor_fail_with(c, e.code, "cnf holds no P-256 key");
		else
			json_object_set_new(out, "jwk", ear_jwk(key, &e));
	}
	cbor_end(c);
	return out;
}

/* A number, or text that the key is skipped for: -1 is no claim of anybody's. */
static long long take_key(struct cbor *c)
{
	if (cbor_peek(c) == CBOR_UINT || cbor_peek(c) == CBOR_NEGINT)
		return cbor_int(c, "claim");
	cbor_item(c, "claim");
	return -1;
}

static json_t *submod_json(struct cbor *c)
{
	json_t *out = json_object();

	for (size_t n = cbor_map(c, "submodule"); n && !c->r.why; n--) {
		switch (take_key(c)) {
		case NONCE:
			json_object_set_new(out, "eat_nonce",
					    ear_base64url(cbor_bytes(c, "eat_nonce")));
			break;
		case STATUS:
			json_object_set_new(out, "ear_status", status_json(c));
			break;
		case VECTOR:
			json_object_set_new(out, "ear_trustworthiness_vector", vector_json(c));
			break;
		case POLICY_IDS:
			json_object_set_new(out, "ear_appraisal_policy_ids",
					    texts_json(c, "ear_appraisal_policy_ids"));
			break;
		case VERIFIER_CLAIMS:
			json_object_set_new(out, "ear_verifier_claims", verifier_claims_json(c));
			break;
		default:
			cbor_item(c, "value of a claim");
		}
	}
	cbor_end(c);
	return out;
}

static json_t *submods_json(struct cbor *c)
{
	json_t *out = json_object();

	for (size_t n = cbor_map(c, "submods"); n && !c->r.why; n--) {
		struct bytes name = cbor_text(c, "name of a submodule");
		char text[NAME_MAX_LEN + 1] = "";

		if (name.len > NAME_MAX_LEN || (name.len && memchr(name.at, 0, name.len)))
			cbor_fail(c, "name of a submodule");
		if (c->r.why)
			break;
		if (name.len)
			memcpy(text, name.at, name.len);
		json_object_set_new(out, text, submod_json(c));
	}
	cbor_end(c);
	return out;
}

static void take_claim(struct cbor *c, long long key, json_t *out)
{
	switch (key) {
	case AUD:
		json_object_set_new(out, "aud", text_json(c, "aud"));
		return;
	case EXP:
		json_object_set_new(out, "exp", json_integer(cbor_int(c, "exp")));
		return;
	case IAT:
		json_object_set_new(out, "iat", json_integer(cbor_int(c, "iat")));
		return;
	case CNF:
		json_object_set_new(out, "cnf", cnf_json(c));
		return;
	case NONCE:
		json_object_set_new(out, "eat_nonce", ear_base64url(cbor_bytes(c, "eat_nonce")));
		return;
	case UEID:
		json_object_set_new(out, "ueid", ear_base64url(cbor_bytes(c, "ueid")));
		return;
	case PROFILE:
		json_object_set_new(out, "eat_profile", text_json(c, "eat_profile"));
		return;
	case SUBMODS:
		json_object_set_new(out, "submods", submods_json(c));
		return;
	case STATUS:
		json_object_set_new(out, "ear_status", status_json(c));
		return;
	case VERIFIER_ID:
		json_object_set_new(out, "ear_verifier_id", verifier_id_json(c));
		return;
	case CALLER_NONCE:
		json_object_set_new(out, "assay_caller_nonce",
				    json_boolean(cbor_bool(c, "caller nonce")));
		return;
	default:
		cbor_item(c, "value of a claim");
	}
}

int ear_claims_from_cbor(struct bytes claims, json_t **out, struct err *e)
{
	struct cbor c = cbor_on(claims, CBOR_WELL_FORMED);
	json_t *j;

	if (cbor_check(claims, CBOR_WELL_FORMED, e))
		return err_while(e, "attestation result");
	j = json_object();
	for (size_t n = cbor_map(&c, "claims"); n && !c.r.why; n--)
		take_claim(&c, take_key(&c), j);
	cbor_end(&c);
	if (!cbor_done(&c) && j) {
		*out = j;
		return 0;
	}
	json_decref(j);
	return err_set(e, j ? cbor_code(&c) : E_MEMORY, "attestation result: %s",
		       j ? c.r.why : "no memory");
}
