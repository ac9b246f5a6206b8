// SPDX-License-Identifier: Apache-2.0
#include "ear_claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/text.h"
#include "cose.h"
#include "jws.h"

static const char *const vector_names[EAR_VECTOR_LEN] = {
	"instance-identity", "configuration",  "executables",	 "file-system",
	"hardware",	     "runtime-opaque", "storage-opaque", "sourced-data",
};

static const struct {
	int status;
	const char *name;
} statuses[] = { { 0, "none" }, { 2, "affirming" }, { 32, "warning" }, { 96, "contraindicated" } };

const char *ear_vector_name(size_t claim)
{
	return vector_names[claim];
}

bool ear_status_known(long long status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return true;
	return false;
}

const char *ear_status_name(long long status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].name;
	return "none";
}

static int status_of(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(statuses); i++)
		if (!strcmp(name, statuses[i].name))
			return statuses[i].status;
	return -1;
}

/* From good to bad. "none" says that nobody judged: better than a warning, but it affirms nothing. */
static int badness(int status)
{
	return status == 2 ? 0 : status == 0 ? 1 : status == 32 ? 2 : 3;
}

/* The tier of a claim of the vector, AR4SI 2.3.2; -1, 0 and 1 claim nothing. */
static int claim_status(long long claim)
{
	if (claim >= -1 && claim <= 1)
		return 2;
	return claim >= 96 || claim <= -97 ? 96 : claim >= 32 || claim <= -33 ? 32 : 2;
}

json_t *ear_base64url(struct bytes b)
{
	char *text = malloc(base64_len(b.len, false) + 1);
	json_t *j = text ? json_string(base64url_write(b, false, text)) : NULL;

	free(text);
	return j;
}

json_t *ear_jwk(const struct pubkey *key, struct err *e)
{
	u8 x[32], y[32];

	if (pubkey_kind(key) != KEY_P256) {
		err_set(e, E_UNSUPPORTED, "JWK: not a P-256 key");
		return NULL;
	}
	if (pubkey_xy(key, x, y, 32, e))
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256", "x",
			 ear_base64url(BYTES(x)), "y", ear_base64url(BYTES(y)));
}

int jwk_write(const struct pubkey *key, struct writer *out, struct err *e)
{
	json_t *j = ear_jwk(key, e);
	char *text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(j);
	if (!text)
		return e->code ? (int)e->code : err_set(e, E_MEMORY, "no memory for a JWK");
	write_bytes(out, bytes_text(text));
	free(text);
	return 0;
}

int jwk_read(struct bytes json, struct pubkey **out, struct err *e)
{
	json_t *j = json_loadb((const char *)json.at, json.len, 0, NULL);
	const char *kty = json_string_value(json_object_get(j, "kty"));
	const char *crv = json_string_value(json_object_get(j, "crv"));
	const char *x = json_string_value(json_object_get(j, "x")),
		   *y = json_string_value(json_object_get(j, "y"));
	u8 bx[32], by[32];
	bool ok = kty && crv && x && y && !strcmp(kty, "EC") && !strcmp(crv, "P-256") &&
		  base64_read(bytes_text(x), bx, 32) == 32 &&
		  base64_read(bytes_text(y), by, 32) == 32;

	json_decref(j);
	if (!ok)
		return err_set(e, E_FORMAT, "JWK is not a P-256 key");
	return pubkey_from_ec(KEY_P256, BYTES(bx), BYTES(by), out, e);
}

static json_t *submod_json(const struct ear_submod *s, const char *policy_id)
{
	json_t *vector = json_object(), *reasons = json_array(), *out;

	for (size_t i = 0; i < EAR_VECTOR_LEN; i++)
		if (s->vector[i])
			json_object_set_new(vector, vector_names[i], json_integer(s->vector[i]));
	out = json_pack("{s:s, s:o, s:[s]}", "ear_status", ear_status_name(s->status),
			"ear_trustworthiness_vector", vector, "ear_appraisal_policy_ids",
			policy_id);
	for (size_t i = 0; i < s->n_reasons; i++)
		json_array_append_new(reasons, json_string(s->reasons[i]));
	if (s->n_reasons)
		json_object_set_new(out, "ear_verifier_claims",
				    json_pack("{s:O}", "reasons", reasons));
	json_decref(reasons);
	return out;
}

static json_t *claims_json(const struct ear *ear, struct err *e)
{
	json_t *submods = json_object(), *jwk = ear_jwk(ear->cnf, e), *claims;

	for (size_t i = 0; i < ear->n; i++) {
		json_t *one = submod_json(&ear->submods[i], ear->policy_id);

		if (!strcmp(ear->submods[i].name,
			    "host")) /* the nonce that the evidence answered */
			json_object_set_new(one, "eat_nonce", ear_base64url(BYTES(ear->nonce)));
		json_object_set_new(submods, ear->submods[i].name, one);
	}
	claims = json_pack("{s:s, s:I, s:I, s:{s:s, s:s}, s:s, s:o, s:{s:o}, s:o}", "eat_profile",
			   EAR_PROFILE, "iat", (json_int_t)ear->iat, "exp", (json_int_t)ear->exp,
			   "ear_verifier_id", "developer", EAR_DEVELOPER, "build", EAR_BUILD,
			   "ear_status", ear_status_name(ear->status), "ueid",
			   ear_base64url(BYTES(ear->ueid)), "cnf", "jwk", jwk, "submods", submods);
	if (claims && ear->audience)
		json_object_set_new(claims, "aud", json_string(ear->audience));
	if (claims && ear->caller_nonce) { /* the relying party's, so it stands at the top too */
		json_object_set_new(claims, "eat_nonce", ear_base64url(BYTES(ear->nonce)));
		json_object_set_new(claims, "assay_caller_nonce", json_true());
	}
	return claims;
}

/* What ear_read() would refuse is not signed. */
int ear_check_draft(const struct ear *ear, struct err *e)
{
	for (size_t i = 0; i < ear->n; i++) {
		const struct ear_submod *s = &ear->submods[i];

		if (badness(ear->status) < badness(s->status))
			return err_set(e, E_INTERNAL,
				       "attestation result would be better than submodule %s",
				       s->name);
		for (size_t k = 0; k < EAR_VECTOR_LEN; k++)
			if (badness(s->status) < badness(claim_status(s->vector[k])))
				return err_set(e, E_INTERNAL,
					       "submodule %s would be better than its claim %s",
					       s->name, vector_names[k]);
	}
	return 0;
}

bool ear_audience_valid(const char *audience)
{
	size_t len = strlen(audience);

	return len > 0 && len <= EAR_AUDIENCE_MAX &&
	       strspn(audience, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				":/._~-") == len;
}

static const struct jws_kind result = { "attestation result",
					{ "JWT", "eat+jwt", "application/eat+jwt" },
					true };

int ear_write(const struct ear *ear, const struct keypair *key, struct buf **jwt, struct err *e)
{
	json_t *claims;
	char *text;
	int rc;

	if (ear_check_draft(ear, e))
		return (int)e->code;
	claims = claims_json(ear, e);
	text = claims ? json_dumps(claims, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(claims);
	rc = text ? jws_sign(&result, text, key, jwt, e)
		  : err_set(e, E_MEMORY, "no memory for an attestation result");
	free(text);
	return rc;
}

/* ---- reading ---- */
void ear_seen_clear(struct ear_seen *s)
{
	buf_drop(&s->claims);
}

/* Raises @worst to the submodule's own status; refuses one that is better than its claims. */
static int read_submod(const char *name, json_t *submod, int *worst, struct err *e)
{
	int status = status_of(json_string_value(json_object_get(submod, "ear_status")));
	json_t *vector = json_object_get(submod, "ear_trustworthiness_vector"), *claim;
	const char *key;

	if (status < 0)
		return err_set(e, E_FORMAT, "attestation result: ear_status of submodule %s", name);
	if (vector && !json_is_object(vector))
		return err_set(e, E_FORMAT, "attestation result: vector of submodule %s", name);
	json_object_foreach(vector, key, claim)
	{
		long long v = json_integer_value(claim);

		if (!json_is_integer(claim) || v < -128 || v > 127)
			return err_set(e, E_FORMAT, "attestation result: %s of submodule %s", key,
				       name);
		if (badness(status) < badness(claim_status(v)))
			return err_set(e, E_FORMAT,
				       "attestation result: submodule %s is better than its %s",
				       name, key);
	}
	if (badness(status) > badness(*worst))
		*worst = status;
	return 0;
}

/* The draft lets a result go without a status of its own: then it is that of its worst submodule. */
static int read_status(json_t *claims, int *out, struct err *e)
{
	json_t *own = json_object_get(claims, "ear_status"), *submod;
	const char *name;
	int worst = 2;

	json_object_foreach(json_object_get(claims, "submods"), name,
			    submod) if (read_submod(name, submod, &worst, e)) return (int)e->code;
	*out = own ? status_of(json_string_value(own)) : worst;
	if (*out < 0)
		return err_set(e, E_FORMAT, "attestation result: ear_status");
	if (badness(*out) < badness(worst))
		return err_set(e, E_FORMAT, "attestation result: %s, but its worst submodule is %s",
			       ear_status_name(*out), ear_status_name(worst));
	return 0;
}

/* Everything that does not depend on who asks, and when. */
static int read_structure(json_t *claims, struct ear_seen *out, struct err *e)
{
	const char *profile = json_string_value(json_object_get(claims, "eat_profile"));
	const char *aud = json_string_value(json_object_get(claims, "aud"));

	if (!json_is_object(claims))
		return err_set(e, E_FORMAT, "attestation result: claims are not an object");
	if (!profile || strcmp(profile, EAR_PROFILE))
		return err_set(e, E_FORMAT, "attestation result: eat_profile is \"%s\", not %s",
			       profile ? profile : "", EAR_PROFILE);
	if (!json_is_object(json_object_get(claims, "ear_verifier_id")) ||
	    !json_object_size(json_object_get(claims, "submods")) ||
	    !json_is_integer(json_object_get(claims, "iat")))
		return err_set(e, E_FORMAT,
			       "attestation result lacks ear_verifier_id, submods or iat");
	out->iat = json_integer_value(json_object_get(claims, "iat"));
	out->exp = json_integer_value(json_object_get(claims, "exp"));
	snprintf(out->audience, sizeof(out->audience), "%s", aud ? aud : "");
	return read_status(claims, &out->status, e);
}

static int read_claims(json_t *claims, const char *audience, long long now_s, struct ear_seen *out,
		       struct err *e)
{
	const char *aud = json_string_value(json_object_get(claims, "aud"));

	if (read_structure(claims, out, e))
		return (int)e->code;
	if (now_s != EAR_ANY_TIME && (!out->exp || now_s > out->exp))
		return err_set(e, E_FRESHNESS, "attestation result has expired");
	if (now_s != EAR_ANY_TIME && out->iat > now_s + EAR_SKEW_S)
		return err_set(e, E_FRESHNESS, "attestation result is from the future");
	if (audience && (!aud || strcmp(aud, audience)))
		return err_set(e, E_BINDING, "attestation result is for \"%s\"", aud ? aud : "");
	return 0;
}

/* Typed as what it is, if it is typed at all (RFC 7515 4.1.9 leaves that open): no other JWT of one key. */
static int open_jwt(struct bytes jwt, const struct pubkey *key, json_t **claims, struct err *e)
{
	OWNED(buf) body = NULL;

	if (jws_open(&result, jwt, key, &body, e))
		return (int)e->code;
	*claims = json_loadb((const char *)body->w.at, body->w.len, JSON_REJECT_DUPLICATES, NULL);
	return 0;
}

static int open_cwt(struct bytes cwt, const struct pubkey *key, json_t **claims, struct err *e)
{
	struct cose_sign1 s;

	if (cose_sign1_parse(cwt, CBOR_WELL_FORMED, &s, e))
		return err_while(e, "attestation result");
	if (s.alg != COSE_ES256)
		return err_set(e, E_FORMAT, "attestation result: alg is not ES256");
	if (cose_sign1_verify(&s, key, e))
		return err_while(e, "signature of the attestation result");
	return ear_claims_from_cbor(s.payload, claims, e);
}

static int keep_claims(json_t *claims, struct ear_seen *out, struct err *e)
{
	char *text = json_dumps(claims, JSON_COMPACT | JSON_SORT_KEYS);

	out->claims = text ? buf_copy(bytes_text(text)) : NULL;
	free(text);
	return out->claims ? 0 : err_set(e, E_MEMORY, "no memory for an attestation result");
}

bool ear_is_cwt(struct bytes b)
{
	return b.len && b.at[0] == 0xd2; /* tag 18; a JWS is text */
}

int ear_read(struct bytes b, const struct pubkey *key, const char *audience, long long now_s,
	     struct ear_seen *out, struct err *e)
{
	json_t *claims = NULL;
	int rc;

	*out = (struct ear_seen){ 0 };
	if (b.len > EAR_MAX)
		return err_set(e, E_LIMIT, "attestation result of %zu bytes", b.len);
	rc = ear_is_cwt(b) ? open_cwt(b, key, &claims, e) : open_jwt(b, key, &claims, e);
	if (!rc)
		rc = read_claims(claims, audience, now_s, out, e);
	if (!rc)
		rc = keep_claims(claims, out, e);
	json_decref(claims);
	return rc;
}

int ear_check_claims(struct bytes claims, struct ear_seen *out, struct err *e)
{
	bool json = claims.len && claims.at[0] == '{';
	json_t *j = NULL;
	int rc = 0;

	*out = (struct ear_seen){ 0 };
	if (json)
		j = json_loadb((const char *)claims.at, claims.len, JSON_REJECT_DUPLICATES, NULL);
	else
		rc = ear_claims_from_cbor(claims, &j, e);
	if (!rc)
		rc = read_structure(j, out, e);
	if (!rc)
		rc = keep_claims(j, out, e);
	json_decref(j);
	return rc;
}
