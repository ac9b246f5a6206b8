// SPDX-License-Identifier: Apache-2.0
/* Recorded SPDM: what a VCA may say, and which bytes each version's signatures cover. */
#include "spdm_script.h"

#include "proto/spdm_evidence.h"

/* ---- VCA ---- */
/* SPDM 1.3, P-256, SHA-256, DHE and AEAD asked for and selected. */
static const char good_vca[] = "10840000"
			       "1004000000010013"
			       "13e10000 00000000 00000000 f8110000 f8110000"
			       "13610000 000a0000 16000000 f8110000 f8110000"
			       "13e30200 2800 01 02 10000000 01000000 000000000000000000000000"
			       "00000000 02201000 03200200"
			       "13630200 2c00 01 02 02000000 10000000 01000000 00000000"
			       "00000000000000 00 00 00 0000 02201000 03200200";
/* Where things are in it. */
enum {
	REQUESTER_FLAGS_24 = 12 + 8 + 3,
	RESPONDER_FLAGS_24 = 32 + 8 + 3,
	OFFERED = 52, /* NEGOTIATE_ALGORITHMS */
	OFFERED_PARAMS = OFFERED + 7,
	OFFERED_MEL = OFFERED + 31,
	OFFERED_DHE = OFFERED + 32,
	OFFERED_AEAD = OFFERED + 36,
	SELECTED = 92, /* ALGORITHMS */
	SELECTED_PARAMS = SELECTED + 7,
	SELECTED_MEL = SELECTED + 31,
	SELECTED_DHE = SELECTED + 36,
	SELECTED_AEAD = SELECTED + 40,
};

static void a_selection_must_be_one_of_what_was_offered(void **state)
{
	static const struct {
		const char *what;
		struct {
			size_t at;
			u8 put;
		} edit[3];
		const char *why; /* NULL: legal */
	} rows[] = {
		{ "as it is", { { 0, 0x10 } }, NULL },
		{ "no DHE group in common", { { SELECTED_DHE + 2, 0 } }, NULL },
		{ "a DHE group that was not offered",
		  { { SELECTED_DHE + 2, 0x08 } },
		  "AlgStruct selects what was not offered" },
		{ "two DHE groups",
		  { { OFFERED_DHE + 2, 0x18 }, { SELECTED_DHE + 2, 0x18 } },
		  "AlgStruct selects more than one algorithm" },
		{ "a type that was not asked for",
		  { { SELECTED_AEAD, 5 } },
		  "AlgStruct was not asked for" },
		{ "a type of 1.4",
		  { { OFFERED_AEAD, 6 }, { SELECTED_AEAD, 6 } },
		  "AlgType is unknown, twice or out of order" },
		{ "a type twice",
		  { { SELECTED_AEAD, 2 } },
		  "AlgType is unknown, twice or out of order" },
		{ "three fixed bytes",
		  { { SELECTED_AEAD + 1, 0x30 } },
		  "AlgCount: fixed algorithms are not two bytes" },
		{ "an extended algorithm",
		  { { SELECTED_DHE + 1, 0x21 } },
		  "AlgCount: an extended algorithm was not offered" },
		{ "a log format offered and not selected", { { OFFERED_MEL, 1 } }, NULL },
		{ "a log format offered and selected",
		  { { OFFERED_MEL, 1 }, { SELECTED_MEL, 1 } },
		  NULL },
		{ "a log format that was not offered",
		  { { SELECTED_MEL, 1 } },
		  "MELspecificationSel was not offered" },
		{ "two opaque formats",
		  { { OFFERED_PARAMS, 3 }, { SELECTED_PARAMS, 3 } },
		  "OtherParamsSelection was not offered" },
		{ "keys per slot, of a device that can",
		  { { OFFERED_PARAMS, 0x12 }, { RESPONDER_FLAGS_24, 0x08 } },
		  NULL },
		{ "keys per slot, of a device that cannot",
		  { { OFFERED_PARAMS, 0x12 } },
		  "OtherParamsSupport does not agree with the device's MULTI_KEY_CAP" },
		{ "no keys per slot, of a device that insists",
		  { { RESPONDER_FLAGS_24, 0x04 } },
		  "OtherParamsSupport does not agree with the device's MULTI_KEY_CAP" },
		{ "keys per slot of a requester that can",
		  { { REQUESTER_FLAGS_24, 0x08 }, { SELECTED_PARAMS, 0x12 } },
		  NULL },
		{ "keys per slot of a requester that cannot",
		  { { OFFERED_PARAMS, 0x12 },
		    { SELECTED_PARAMS, 0x12 },
		    { RESPONDER_FLAGS_24, 0x08 } },
		  "OtherParamsSelection was not offered" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) vca = from_hex(good_vca);
		struct spdm_versions versions;
		struct spdm_negotiated n;
		const char *why = "accepted";
		int rc;

		for (size_t k = 0; k < 3 && rows[i].edit[k].at + rows[i].edit[k].put; k++)
			vca->w.at[rows[i].edit[k].at] = rows[i].edit[k].put;
		rc = spdm_read_vca(buf_bytes(vca), &versions, &n, &why);
		if (!rc != !rows[i].why || (rc && strcmp(why, rows[i].why)))
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].what, why,
				 rows[i].why ? rows[i].why : "accepted");
	}
}

static void a_recorded_vca_cut_or_lengthened_is_refused(void **state)
{
	OWNED(buf) vca = from_hex(good_vca);
	struct bytes all = buf_bytes(vca);
	struct spdm_versions versions;
	struct spdm_negotiated n;
	const char *why;

	(void)state;
	for (size_t len = 0; len < all.len; len++) {
		u8 *copy = heap_copy((struct bytes){ all.at, len });

		why = NULL;
		assert_int_equal(spdm_read_vca((struct bytes){ copy, len }, &versions, &n, &why),
				 -EBADMSG);
		assert_non_null(why);
		free(copy);
	}
	write_u8(&vca->w, 0); /* DOE's padding has no place in a transcript */
	assert_int_equal(spdm_read_vca(buf_bytes(vca), &versions, &n, &why), -EBADMSG);
	assert_string_equal(why, "bytes after the end");
}

/* ---- signatures ---- */
enum { NOW = 1800000000 }; /* 2027 */

struct pki {
	struct keypair *root_key, *other_key, *leaf_key;
	struct cert *root, *other, *leaf;
	struct trust_store *roots; /* both */
	u8 both[4096], one[4096];  /* root and leaf, the leaf alone */
	size_t both_len, one_len;
};

static void issue(const char *name, const struct keypair *key, const struct cert *issuer,
		  const struct keypair *issuer_key, struct cert **out)
{
	struct cert_request rq = { .common_name = name,
				   .ca = !issuer,
				   .eku = issuer ? "1.3.6.1.4.1.412.274.3" : NULL,
				   .not_before = NOW - 1000,
				   .not_after = NOW + 1000,
				   .key = keypair_pub(key),
				   .issuer = issuer,
				   .issuer_key = issuer_key };
	struct err e = { 0 };

	assert_ok(cert_make(&rq, out, &e), &e);
}

static void pki_make(struct pki *p)
{
	struct err e = { 0 };
	struct writer both = writer_on(p->both, sizeof(p->both)),
		      one = writer_on(p->one, sizeof(p->one));

	assert_ok(keypair_new(KEY_P256, 0, &p->root_key, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &p->other_key, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &p->leaf_key, &e), &e);
	issue("root", p->root_key, NULL, p->root_key, &p->root);
	issue("another root", p->other_key, NULL, p->other_key, &p->other);
	issue("leaf", p->leaf_key, p->root, p->root_key, &p->leaf);
	p->roots = trust_store_new();
	assert_ok(trust_store_add(p->roots, p->root, &e), &e);
	assert_ok(trust_store_add(p->roots, p->other, &e), &e);
	write_bytes(&both, cert_der(p->root));
	write_bytes(&both, cert_der(p->leaf));
	write_bytes(&one, cert_der(p->leaf));
	p->both_len = write_done(&both).len;
	p->one_len = write_done(&one).len;
	assert_true(p->both_len && p->one_len);
}

static void pki_drop(struct pki *p)
{
	trust_store_drop(&p->roots);
	cert_drop(&p->root);
	cert_drop(&p->other);
	cert_drop(&p->leaf);
	keypair_drop(&p->root_key);
	keypair_drop(&p->other_key);
	keypair_drop(&p->leaf_key);
}

static int parse(const struct script *s, const struct trust_store *roots,
		 struct spdm_evidence **out, struct err *e)
{
	return spdm_evidence_parse(write_done(&s->rq.vca), write_done(&s->rq.chain),
				   write_done(&s->rq.measurements), write_done(&s->rq.challenge), 0,
				   roots, out, e);
}

static void what_an_honest_device_signs_verifies_at_every_version(void **state)
{
	static const u8 versions[] = { SPDM_10, SPDM_11, SPDM_12, SPDM_13 };
	struct pki p;

	(void)state;
	pki_make(&p);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		OWNED(spdm_evidence) ev = NULL;
		struct err e = { 0 };
		struct script s;

		script_start(&s, versions[i]);
		s.key = p.leaf_key;
		s.certs = (struct bytes){ p.both, p.both_len };
		script_finish(&s);
		assert_ok(parse(&s, NULL, &ev, &e), &e);
		assert_ok(spdm_evidence_check_nonces(ev, s.rq.config.nonce,
						     s.rq.config.challenge_nonce, &e),
			  &e);
		assert_refused(spdm_evidence_check_nonces(ev, s.rq.config.challenge_nonce,
							  s.rq.config.challenge_nonce, &e),
			       &e, E_BINDING, "measurements answer another nonce");
		assert_refused(
			spdm_evidence_check_nonces(ev, s.rq.config.nonce, s.rq.config.nonce, &e),
			&e, E_BINDING, "challenge answers another nonce");
		assert_ok(spdm_evidence_check_chain_digest(ev, &e), &e);
		assert_ok(spdm_evidence_check_leaf(ev, &e), &e);
		assert_ok(spdm_evidence_check_signatures(ev, &e), &e);
		assert_ok(spdm_evidence_check_path(ev, p.roots, NOW, &e), &e);
	}
	pki_drop(&p);
}

/* One way to sign: which parts are covered, behind which prefix, in which byte order. */
enum outcome {
	VERIFIES,
	REFUSED,
	REFUSED_LITTLE_ENDIAN, /* r and s, each turned round */
	REFUSED_SWAPPED,       /* s before r                 */
};
struct way {
	const char *what;
	u8 version;
	bool vca;
	bool certificates;  /* of CHALLENGE: part B */
	const char *prefix; /* four times; NULL: none, the transcript itself is signed */
	const char *context;
	enum outcome outcome;
};

static void sign_this_way(const struct way *w, const struct keypair *key, struct bytes vca,
			  struct bytes b, struct bytes rest, u8 out[64])
{
	struct bytes covered[] = { w->vca ? vca : BYTES_NONE, w->certificates ? b : BYTES_NONE,
				   rest };
	struct digest hash = digest_of(DIGEST_SHA256, covered, 3);
	u8 prefix[100] = { 0 }, raw[64];
	struct bytes message[] = { BYTES(prefix), digest_bytes(&hash) };
	struct writer sig = writer_on(raw, sizeof(raw));
	struct err e = { 0 };

	for (size_t i = 0; w->prefix && i < 4; i++)
		memcpy(prefix + 16 * i, w->prefix, 16);
	memcpy(prefix + 100 - strlen(w->context), w->context, strlen(w->context));
	if (w->prefix)
		assert_ok(keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, message, 2, &sig, &e), &e);
	else
		assert_ok(keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, covered, 3, &sig, &e), &e);
	for (size_t i = 0; i < 64; i++) {
		size_t half = (i / 32) ^ (w->outcome == REFUSED_SWAPPED ? 1u : 0u);

		out[i] = raw[32 * half +
			     (w->outcome == REFUSED_LITTLE_ENDIAN ? 31 - i % 32 : i % 32)];
	}
}

static void assert_only_the_right_way(const struct way *ways, size_t n, bool of_challenge)
{
	struct pki p;

	pki_make(&p);
	for (size_t i = 0; i < n; i++) {
		OWNED(spdm_evidence) ev = NULL;
		struct err e = { 0 };
		struct response ignored;
		struct script s;
		size_t b_len;
		struct writer *signed_room;
		struct bytes b, rest;
		int rc;

		script_start(&s, ways[i].version);
		s.key = p.leaf_key;
		s.certs = (struct bytes){ p.both, p.both_len };
		script_until(&s, SPDM_CHALLENGE, &ignored);
		b_len = of_challenge ? s.rq.challenge.len : 0;
		script_finish(&s);
		signed_room = of_challenge ? &s.rq.challenge : &s.rq.measurements;
		b = (struct bytes){ signed_room->at, b_len };
		rest = (struct bytes){ signed_room->at + b_len, signed_room->len - b_len - 64 };
		sign_this_way(&ways[i], p.leaf_key, write_done(&s.rq.vca), b, rest,
			      signed_room->at + signed_room->len - 64);
		assert_ok(parse(&s, NULL, &ev, &e), &e);
		rc = spdm_evidence_check_signatures(ev, &e);
		if (!rc != (ways[i].outcome == VERIFIES))
			fail_msg("version 0x%02x, %s: %s", ways[i].version, ways[i].what,
				 rc ? e.text : "accepted");
		if (rc)
			assert_non_null(strstr(
				e.text, of_challenge ? "signature of CHALLENGE_AUTH: invalid"
						     : "signature of MEASUREMENTS: invalid"));
	}
	pki_drop(&p);
}

static const char m_context[] = "responder-measurements signing",
		  c_context[] = "responder-challenge_auth signing";
static const char v11[] = "dmtf-spdm-v1.1.*", v12[] = "dmtf-spdm-v1.2.*",
		  v13[] = "dmtf-spdm-v1.3.*";

static void a_measurement_is_signed_in_one_way_only(void **state)
{
	static const struct way ways[] = {
		{ "1.0's rule", SPDM_10, false, false, NULL, "", VERIFIES },
		{ "with VCA", SPDM_10, true, false, NULL, "", REFUSED },
		{ "1.1's rule", SPDM_11, false, false, NULL, "", VERIFIES },
		{ "with VCA", SPDM_11, true, false, NULL, "", REFUSED },
		{ "with a prefix", SPDM_11, false, false, v11, m_context, REFUSED },
		{ "little-endian", SPDM_11, false, false, NULL, "", REFUSED_LITTLE_ENDIAN },
		{ "1.2's rule", SPDM_12, true, false, v12, m_context, VERIFIES },
		{ "without VCA", SPDM_12, false, false, v12, m_context, REFUSED },
		{ "without prefix", SPDM_12, true, false, NULL, "", REFUSED },
		{ "prefix of 1.3", SPDM_12, true, false, v13, m_context, REFUSED },
		{ "context of a challenge", SPDM_12, true, false, v12, c_context, REFUSED },
		{ "context of a requester", SPDM_12, true, false, v12,
		  "requester-measurements signing", REFUSED },
		{ "no context", SPDM_12, true, false, v12, "", REFUSED },
		{ "s before r", SPDM_12, true, false, v12, m_context, REFUSED_SWAPPED },
		{ "little-endian", SPDM_12, true, false, v12, m_context, REFUSED_LITTLE_ENDIAN },
		{ "1.3's rule", SPDM_13, true, false, v13, m_context, VERIFIES },
		{ "prefix of 1.2", SPDM_13, true, false, v12, m_context, REFUSED },
		{ "without VCA", SPDM_13, false, false, v13, m_context, REFUSED },
	};

	(void)state;
	assert_only_the_right_way(ways, ARRAY_LEN(ways), false);
}

static void a_challenge_is_signed_in_one_way_only(void **state)
{
	static const struct way ways[] = {
		{ "A, B, C", SPDM_10, true, true, NULL, "", VERIFIES },
		{ "without A", SPDM_10, false, true, NULL, "", REFUSED },
		{ "without B", SPDM_10, true, false, NULL, "", REFUSED },
		{ "A, B, C", SPDM_11, true, true, NULL, "", VERIFIES },
		{ "without A", SPDM_11, false, true, NULL, "", REFUSED },
		{ "with a prefix", SPDM_11, true, true, v11, c_context, REFUSED },
		{ "A, B, C", SPDM_12, true, true, v12, c_context, VERIFIES },
		{ "without A", SPDM_12, false, true, v12, c_context, REFUSED },
		{ "without B", SPDM_12, true, false, v12, c_context, REFUSED },
		{ "context of measurements", SPDM_12, true, true, v12, m_context, REFUSED },
		{ "A, B, C", SPDM_13, true, true, v13, c_context, VERIFIES },
		{ "prefix of 1.2", SPDM_13, true, true, v12, c_context, REFUSED },
	};

	(void)state;
	assert_only_the_right_way(ways, ARRAY_LEN(ways), true);
}

/* The device signs everything: no byte of any transcript may change and still verify. */
static void every_byte_of_the_transcripts_is_covered(void **state)
{
	struct script s;
	struct pki p;
	size_t tried = 0;

	(void)state;
	pki_make(&p);
	script_start(&s, SPDM_12);
	s.key = p.leaf_key;
	s.certs = (struct bytes){ p.both, p.both_len };
	script_finish(&s);
	struct writer *rooms[] = { &s.rq.vca, &s.rq.measurements, &s.rq.challenge };

	for (size_t k = 0; k < ARRAY_LEN(rooms); k++)
		for (size_t at = 0; at < rooms[k]->len; at++, tried++) {
			OWNED(spdm_evidence) ev = NULL;
			struct err e = { 0 };

			rooms[k]->at[at] ^= 1;
			if (!parse(&s, NULL, &ev, &e) && !spdm_evidence_check_signatures(ev, &e))
				fail_msg("transcript %zu, byte %zu is not covered", k, at);
			rooms[k]->at[at] ^= 1;
		}
	assert_true(tried > 1000);
	pki_drop(&p);
}

/* ---- the root ---- */
static void an_omitted_root_is_an_accepted_one_that_root_hash_names(void **state)
{
	struct pki p;

	(void)state;
	pki_make(&p);
	const struct {
		const char *what;
		struct bytes certs, root;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{ "root and leaf", { p.both, p.both_len }, BYTES_NONE, NULL },
		{ "leaf, its root named", { p.one, p.one_len }, cert_der(p.root), NULL },
		{ "leaf, another accepted root named",
		  { p.one, p.one_len },
		  cert_der(p.other),
		  "certificate path" },
		{ "leaf, an unknown root named",
		  { p.one, p.one_len },
		  { (const u8[]){ 1, 2, 3 }, 3 },
		  "RootHash names none of the accepted roots" },
		{ "leaf, named as if it were a root",
		  { p.one, p.one_len },
		  BYTES_NONE,
		  "RootHash names none of the accepted roots" },
		{ "root and leaf, another root named",
		  { p.both, p.both_len },
		  cert_der(p.other),
		  "RootHash is not the hash of the chain's root" },
	};

	/* again with a store that remembers: a path once found must not excuse another RootHash */
	for (size_t k = 0; k < 3 * ARRAY_LEN(rows); k++) {
		size_t i = k % ARRAY_LEN(rows);
		OWNED(spdm_evidence) ev = NULL;
		struct err e = { 0 };
		struct script s;
		int rc;

		if (k == ARRAY_LEN(rows))
			assert_ok(trust_store_remember(p.roots, 8, &e), &e);
		script_start(&s, SPDM_12);
		s.key = p.leaf_key;
		s.certs = rows[i].certs;
		s.root = rows[i].root;
		script_finish(&s);
		assert_ok(parse(&s, p.roots, &ev, &e), &e);
		rc = spdm_evidence_check_chain_digest(ev, &e);
		if (!rc)
			rc = spdm_evidence_check_path(ev, p.roots, NOW, &e);
		if (!rc != !rows[i].why || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %s", rows[i].what, rc ? e.text : "accepted");
	}
	pki_drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_selection_must_be_one_of_what_was_offered),
		cmocka_unit_test(a_recorded_vca_cut_or_lengthened_is_refused),
		cmocka_unit_test(what_an_honest_device_signs_verifies_at_every_version),
		cmocka_unit_test(a_measurement_is_signed_in_one_way_only),
		cmocka_unit_test(a_challenge_is_signed_in_one_way_only),
		cmocka_unit_test(every_byte_of_the_transcripts_is_covered),
		cmocka_unit_test(an_omitted_root_is_an_accepted_one_that_root_hash_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
