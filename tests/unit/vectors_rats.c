// SPDX-License-Identifier: Apache-2.0
/* CBOR, COSE and CoRIM of other people, and what INDEX.md says a correct implementation answers. */
#include "support.h"

#include <jansson.h>
#include <stdio.h>

#include "common/text.h"
#include "proto/corim.h"

static json_t *json_file(const char *path)
{
	OWNED(buf) b = third_party(path);
	json_t *j = json_loadb((const char *)b->w.at, b->w.len,
			       JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);

	assert_non_null(j);
	return j;
}

static struct buf *hex_of(json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));

	return text ? from_hex(text) : NULL;
}

/* Read any item and write it again: equal where the encoding is the deterministic one. */
static void copy_item(struct cbor *c, struct writer *w)
{
	size_t n;

	switch (cbor_peek(c)) {
	case CBOR_UINT:
		cbor_put_uint(w, cbor_uint(c, "x"));
		return;
	case CBOR_NEGINT:
		cbor_put_int(w, cbor_int(c, "x"));
		return;
	case CBOR_BYTES:
		cbor_put_bytes(w, cbor_bytes(c, "x"));
		return;
	case CBOR_TEXT:
		cbor_put_text(w, cbor_text(c, "x"));
		return;
	case CBOR_TAG:
		cbor_put_tag(w, cbor_tag(c, "x"));
		copy_item(c, w);
		return;
	case CBOR_ARRAY:
		n = cbor_array(c, "x");
		cbor_put_array(w, n);
		while (n-- && !c->r.why)
			copy_item(c, w);
		cbor_end(c);
		return;
	case CBOR_MAP:
		n = cbor_map(c, "x");
		cbor_put_map(w, n);
		for (n *= 2; n && !c->r.why; n--)
			copy_item(c, w);
		cbor_end(c);
		return;
	case CBOR_FALSE:
	case CBOR_TRUE:
		cbor_put_bool(w, cbor_bool(c, "x"));
		return;
	case CBOR_NULL:
		cbor_item(c, "x");
		cbor_put_null(w);
		return;
	default:
		cbor_fail(c, "float");
	}
}

static void appendix_a_of_rfc_8949_is_read_and_written_again(void **state)
{
	json_t *all = json_file("rats/cbor/appendix_a.json"), *item;
	size_t i, again = 0;

	(void)state;
	json_array_foreach(all, i, item)
	{
		OWNED(buf) b = hex_of(item, "hex");
		struct err e = { 0 };
		u8 room[4096];
		struct writer w = writer_on(room, sizeof(room));
		struct cbor c = cbor_on(buf_bytes(b), CBOR_WELL_FORMED);

		/* simple(24) in two bytes: RFC 7049's table has it, RFC 8949 3.3 calls it not well-formed */
		if (!strcmp(json_string_value(json_object_get(item, "hex")), "f818")) {
			assert_int_not_equal(cbor_check(buf_bytes(b), CBOR_WELL_FORMED, &e), 0);
			continue;
		}
		if (cbor_check(buf_bytes(b), CBOR_WELL_FORMED, &e))
			fail_msg("%s: %s", json_string_value(json_object_get(item, "hex")), e.text);
		copy_item(&c, &w);
		if (c.r.why || !json_is_true(json_object_get(item, "roundtrip")))
			continue; /* floats and bignums are passed over, not read */
		assert_bytes_equal(write_done(&w), buf_bytes(b));
		assert_ok(cbor_check(buf_bytes(b), CBOR_STRICT, &e), &e);
		again++;
	}
	assert_int_equal(again, 24); /* all that hold no float */
	json_decref(all);
}

static void what_is_not_well_formed_is_refused(void **state)
{
	json_t *all = json_file("rats/cbor/not_well_formed.json"), *item;
	size_t i;

	(void)state;
	json_array_foreach(all, i, item)
	{
		OWNED(buf) b = hex_of(item, "hex");
		u8 *copy = heap_copy(buf_bytes(b));
		struct err e = { 0 };

		if (!cbor_check((struct bytes){ copy, b->w.len }, CBOR_WELL_FORMED, &e))
			fail_msg("accepted %s: %s", json_string_value(json_object_get(item, "hex")),
				 json_string_value(json_object_get(item, "note")));
		free(copy);
	}
	assert_true(i > 60);
	json_decref(all);
}

static struct pubkey *cose_key(json_t *file)
{
	json_t *key =
		json_object_get(json_object_get(json_object_get(file, "input"), "sign0"), "key");
	const char *crv = json_string_value(json_object_get(key, "crv"));
	enum key_kind kind = !strcmp(crv, "P-256")   ? KEY_P256
			     : !strcmp(crv, "P-384") ? KEY_P384
						     : KEY_P521;
	const char *names[] = { "x", "y" };
	struct pubkey *out = NULL;
	struct err e = { 0 };
	u8 xy[2][66];
	long len[2];

	for (int i = 0; i < 2; i++) {
		char hex[8];
		const char *text = json_string_value(json_object_get(key, names[i]));

		snprintf(hex, sizeof(hex), "%s_hex", names[i]);
		if (text) {
			len[i] = base64_read(bytes_text(text), xy[i], 66);
		} else {
			text = json_string_value(json_object_get(key, hex));
			len[i] = (long)strlen(text) / 2;
			assert_true(hex_read(text, xy[i], (size_t)len[i]));
		}
		assert_true(len[i] > 0);
	}
	assert_ok(pubkey_from_ec(kind, (struct bytes){ xy[0], (size_t)len[0] },
				 (struct bytes){ xy[1], (size_t)len[1] }, &out, &e),
		  &e);
	return out;
}

enum answer { VALID, INVALID, REFUSED, UNSUPPORTED };

static void cose_sign1_examples_are_answered(void **state)
{
	static const struct {
		const char *name;
		enum answer answer;
	} rows[] = {
		{ "A_3", VALID },
		{ "Appendix_C_2_1", VALID },
		{ "ecdsa-sig-01", VALID },
		{ "ecdsa-sig-02", VALID },
		{ "ecdsa-sig-03", VALID },
		{ "ecdsa-sig-04", INVALID }, /* P-256 with SHA-512: alg ES512 needs P-521 here */
		{ "eddsa-sig-01", UNSUPPORTED },
		{ "eddsa-sig-02", UNSUPPORTED },
		{ "sign-fail-01", REFUSED },
		{ "sign-fail-02", INVALID },
		{ "sign-fail-03", UNSUPPORTED },
		{ "sign-fail-04", REFUSED },
		{ "sign-fail-07", INVALID },
		{ "sign-pass-01", REFUSED }, /* alg is not protected: our profile refuses */
		{ "sign-pass-03", REFUSED }, /* no tag 18: our profile refuses            */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[128];
		struct err e = { 0 };
		struct cose_sign1 c;
		enum answer got = VALID;
		int rc;

		snprintf(path, sizeof(path), "rats/cose/%s.json", rows[i].name);
		json_t *file = json_file(path);
		OWNED(buf) b = hex_of(json_object_get(file, "output"), "cbor");
		OWNED(pubkey) key = NULL;

		rc = cose_sign1_parse(buf_bytes(b), CBOR_WELL_FORMED, &c, &e);
		if (rc) {
			got = REFUSED;
		} else if (c.alg == -8) {
			got = UNSUPPORTED;
		} else {
			key = cose_key(file);
			rc = cose_sign1_verify(&c, key, &e);
			got = !rc ? VALID : e.code == E_UNSUPPORTED ? UNSUPPORTED : INVALID;
		}
		if (got != rows[i].answer)
			fail_msg("%s: answer %d, expected %d (%s)", rows[i].name, (int)got,
				 (int)rows[i].answer, e.text);
		json_decref(file);
	}
}

/*
 * NULL: accepted. Else a part of the reason. @old: what a reader says that takes the shapes of old drafts.
 * A profile that nobody here knows may change what any member means: such a CoRIM is refused whole, also
 * where the index accepts its base syntax, and then it does not matter that the scheme's own check
 * would find a fault ("bad").
 */
#define PROFILE "profile is not one that this build knows"
#define BARE	"without tag 501"
static const struct {
	const char *file, *refused, *old;
	size_t references;
} corims[] = {
	{ "corim-draft11/corim-1.cbor", NULL, NULL, 1 },
	{ "corim-draft11/corim-2.cbor", NULL, NULL, 3 },
	{ "corim-draft11/payload-corim-4.cbor", NULL, NULL, 1 },
	{ "corim-draft11/corim-design-cd.cbor", PROFILE, PROFILE, 0 },
	{ "corim-draft11/corim-firmware-cd.cbor", PROFILE, PROFILE, 0 },
	{ "corim-store/unsigned-cca-ref-plat.cbor", NULL, NULL, 1 },
	{ "corim-store/signed-cca-ref-plat.cose", NULL, NULL, 1 },
	{ "corim-store/signed-with-cert-cca-ref-plat.cose", NULL, NULL, 1 },
	{ "corim-store/unsigned-cca-ta.cbor", NULL, NULL, 0 },
	{ "corim-store/signed-cca-ta.cose", NULL, NULL, 0 },
	{ "corim-store/signed-with-cert-cca-ta.cose", NULL, NULL, 0 },
	{ "corim-cocli/unsigned-corim.cbor", BARE, "tags[0]: concise-mid-tag", 0 },
	{ "corim-cocli/signed-corim-valid.cbor", BARE, "tags[0]: concise-mid-tag", 0 },
	{ "corim-cocli/signed-corim-invalid.cbor", BARE, "lacks", 0 },
	{ "corim-cocli/signed-corim-valid-with-cots.cbor", BARE, "tags[0]: concise-mid-tag", 0 },
	{ "corim-scheme/corim-enacttrust-valid.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-enacttrust-bad-class.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-enacttrust-bad-multiple-keys.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-enacttrust-bad-no-digest.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-enacttrust-bad-no-instance.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-valid.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-bad-instance.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-bad-no-class.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-bad-no-digests.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-bad-no-pcr.cbor", PROFILE, PROFILE, 0 },
	{ "corim-scheme/corim-parsec-tpm-bad-pcr.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/unsigned-good-corim.cbor", NULL, NULL, 1 },
	{ "corim-veraison/signed-good-corim.cbor", NULL, NULL, 1 },
	{ "corim-veraison/unsigned-corim-with-extensions.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/signed-corim-with-extensions.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/cca-no-profile.cbor", NULL, NULL, 1 },
	{ "corim-veraison/cca-platform-valid.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/cca-realm-invalid-rim-size.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/psa-no-profile.cbor", NULL, NULL, 1 },
	{ "corim-veraison/psa-valid.cbor", PROFILE, PROFILE, 0 },
	{ "corim-veraison/psa-invalid-attest-key.cbor", PROFILE, PROFILE, 0 },
	/* their signatures are judged in vectors_foreign.c */
	{ "derived/corim-mut-payload-bitflip.cbor", NULL, NULL, 1 },
	{ "derived/corim-mut-protected-alg-changed.cbor", NULL, NULL, 1 },
	{ "derived/corim-mut-sig-truncated.cbor", NULL, NULL, 1 },
	{ "derived/corim-mut-no-tag.cbor", "not a CoRIM", "not a CoRIM", 0 },
	{ "derived/corim-mut-wrong-tag-98.cbor", "not a CoRIM", "not a CoRIM", 0 },
	{ "derived/corim-mut-wrong-content-type.cbor", "content type", "content type", 0 },
	{ "derived/corim-mut-no-meta.cbor", "neither corim-meta nor CWT Claims",
	  "neither corim-meta nor CWT Claims", 0 },
};

static size_t answer_wrong(const char *file, const char *shapes, int rc, const struct err *e,
			   const char *refused)
{
	if (!rc == !refused && (!rc || strstr(e->text, refused)))
		return 0;
	print_error("%s, %s: \"%s\", expected \"%s\"\n", file, shapes, rc ? e->text : "accepted",
		    refused ? refused : "accepted");
	return 1;
}

static void corims_are_read_or_refused_with_the_reason(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corims); i++) {
		char path[160];
		OWNED(corim) c = NULL;
		OWNED(corim) old = NULL;
		struct err e = { 0 };
		u8 *copy;

		snprintf(path, sizeof(path), "rats/%s", corims[i].file);
		OWNED(buf) b = third_party(path);
		struct bytes bytes = { copy = heap_copy(buf_bytes(b)), b->w.len };

		wrong += answer_wrong(corims[i].file, "draft 11", corim_parse(bytes, &c, &e), &e,
				      corims[i].refused);
		if (c)
			assert_int_equal(c->n_references, corims[i].references);
		e = (struct err){ 0 };
		wrong += answer_wrong(corims[i].file, "old shapes",
				      corim_read(bytes, CORIM_OLD_SHAPES, BYTES_NONE, &old, &e), &e,
				      corims[i].old);
		free(copy);
	}
	assert_int_equal(wrong, 0);
}

static void every_truncation_of_a_corim_is_refused(void **state)
{
	OWNED(buf) b = third_party("rats/corim-draft11/corim-2.cbor");

	(void)state;
	for (size_t len = 0; len < b->w.len; len++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy((struct bytes){ b->w.at, len });

		assert_int_not_equal(corim_parse((struct bytes){ copy, len }, &c, &e), 0);
		assert_true(e.text[0]);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_a_of_rfc_8949_is_read_and_written_again),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(cose_sign1_examples_are_answered),
		cmocka_unit_test(corims_are_read_or_refused_with_the_reason),
		cmocka_unit_test(every_truncation_of_a_corim_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
