// SPDX-License-Identifier: Apache-2.0
/* Why a TPM is believed: its vendor's certificates, their revocation lists, and keys of every kind. */
#include "enrol_rig.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/file.h"

/* A certificate that most readers take and DER has another form for is taken, and that is said. */
static void assert_notes(const json_t *answer, bool sloppy)
{
	const json_t *notes = json_object_get(answer, "notes");

	assert_int_equal(json_array_size(notes), sloppy);
	if (sloppy)
		assert_string_equal(
			json_string_value(json_array_get(notes, 0)),
			"EK certificate is not strictly DER: a default value is written out");
}

static void an_ek_certificate_has_to_be_one_and_to_lead_to_a_root(void **state)
{
	static const struct {
		const char *kind, *root, *between, *chain;
		int days; /* later */
		const char *refused;
	} rows[] = {
		{ "good", "root.pem", NULL, "between.der", 0, NULL },
		{ "good", "root.pem", "between.pem", NULL, 0, NULL },
		{ "direct", "root.pem", NULL, NULL, 0, NULL },
		{ "sloppy", "root.pem", "between.pem", NULL, 0, NULL }, /* FALSE is written out */
		{ "good", "between.pem", NULL, NULL, 0,
		  NULL }, /* an operator may end the path here */
		{ "good", "root.pem", NULL, NULL, 0,
		  "no join token; EK certificate: certificate path" },
		{ "good", NULL, "between.pem", NULL, 0, "certificate path" },
		{ "good", NULL, NULL, "between.der", 0,
		  "certificate path" }, /* no root is built in */
		{ "stranger", "root.pem", "between.pem", NULL, 0, "certificate path" },
		{ "stranger", "root.pem", NULL, "stranger.root", 0, "certificate path" },
		{ "is-ca", "root.pem", "between.pem", NULL, 0, "is a CA certificate" },
		{ "no-eku", "root.pem", "between.pem", NULL, 0, "extended key usage" },
		{ "other-eku", "root.pem", "between.pem", NULL, 0, "extended key usage" },
		{ "no-san", "root.pem", "between.pem", NULL, 0, "subjectAltName" },
		{ "half-san", "root.pem", "between.pem", NULL, 0, "subjectAltName" },
		{ "good", "root.pem", "between.pem", NULL, 40, "certificate has expired" },
	};
	struct enrol_rig *r = *state;
	struct applicant a;

	applicant_make(r, &a, "host-cert", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) cert = enrol_cert(r, a.ek, rows[i].kind);
		OWNED(buf) chain = NULL;
		json_t *answer;
		char path[400];

		if (rows[i].chain) {
			snprintf(path, sizeof(path), "%s/%s", r->pki, rows[i].chain);
			chain = file_bytes(path);
			assert_non_null(chain);
		}
		enrol_roots(r, rows[i].root, rows[i].between);
		a.ek_cert = buf_bytes(cert);
		a.ek_chain = buf_bytes(chain);
		if (rows[i].days)
			clock_set_s(clock_now_s() + rows[i].days * 86400LL);
		answer = enrol_ask(r, &a, rows[i].refused ? 403 : 202, rows[i].refused);
		if (!rows[i].refused)
			assert_notes(answer, !strcmp(rows[i].kind, "sloppy"));
		json_decref(answer);
		clock_set_s(0);
	}
	applicant_clear(&a);
}

static void an_ek_certificate_of_another_key_or_that_is_none_is_refused(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a, b;
	OWNED(buf) cert = NULL;

	enrol_roots(r, "root.pem", "between.pem");
	applicant_make(r, &b, "host-b", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_ECC_P256);
	cert = enrol_cert(r, b.ek, "good");
	applicant_clear(&b);
	applicant_make(r, &a, "host-cert", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	a.ek_cert = buf_bytes(cert);
	json_decref(enrol_ask(r, &a, 403, "EK certificate is for another key"));
	buf_drop(&cert);
	cert = enrol_cert(r, a.ek, "good");
	a.ek_cert = buf_bytes(cert);
	a.ek_chain = bytes_text("junk");
	json_decref(enrol_ask(r, &a, 400, "ek_chain: certificate 0"));
	a.ek_cert = bytes_text("junk");
	json_decref(enrol_ask(r, &a, 400, "EK certificate"));
	applicant_clear(&a);
}

/* A vendor that nobody configured is no reason against a TPM that somebody vouches for; a lie is. */
static void a_token_makes_up_for_an_unknown_vendor_and_not_for_a_wrong_certificate(void **state)
{
	static const struct {
		const char *kind, *refused;
	} rows[] = { { "stranger", NULL }, { "no-eku", "extended key usage" } };
	struct enrol_rig *r = *state;
	struct applicant a;
	char token[64];

	enrol_roots(r, "root.pem", "between.pem");
	enrol_token(r, "{\"name\":\"host-made-up\"}", token);
	applicant_make(r, &a, "host-made-up", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	a.join_token = token;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) cert = enrol_cert(r, a.ek, rows[i].kind);

		a.ek_cert = buf_bytes(cert);
		json_decref(enrol_ask(r, &a, rows[i].refused ? 403 : 202, rows[i].refused));
	}
	applicant_clear(&a);
}

/* ---- revocation ---- */
static void set_lists(struct enrol_rig *r, const char *name)
{
	struct err e = { 0 };

	snprintf(r->s.settings.ek_crls, sizeof(r->s.settings.ek_crls), "%.250s/%s", r->pki, name);
	assert_ok(folder_make(r->s.settings.ek_crls, 0700, &e), &e);
}

static void every_certificate_of_the_path_is_held_against_the_list_of_its_issuer(void **state)
{
	static const struct {
		const char *folder; /* of lists, made for this row */
		const char *lists[3][5];
		const char *refused;
	} rows[] = {
		{ "none", { { 0 } }, NULL },
		{ "fresh",
		  { { "list", "between", "fresh/a.crl" }, { "list", "root", "fresh/b.crl" } },
		  NULL },
		{ "other",
		  { { "list", "root", "other/a.crl" } },
		  NULL }, /* the EK's issuer has none */
		{ "old",
		  { { "list", "between", "old/a.crl", "20200101000000Z", "20200201000000Z" } },
		  "revocation list of CN=EK between has expired" },
		{ "future",
		  { { "list", "between", "future/a.crl", "20990101000000Z", "20990201000000Z" } },
		  "revocation list of CN=EK between is not in force before 2099" },
		{ "old-root",
		  { { "list", "between", "old-root/a.crl" },
		    { "list", "root", "old-root/b.crl", "20200101000000Z", "20200201000000Z" } },
		  "revocation list of CN=EK root has expired" },
		/* an old one beside a new one is no harm */
		{ "both",
		  { { "list", "between", "both/a.crl", "20200101000000Z", "20200201000000Z" },
		    { "list", "between", "both/b.crl" } },
		  NULL },
		{ "revoked",
		  { { "revoke", "between", "good" }, { "list", "between", "revoked/a.crl" } },
		  "is revoked by CN=EK between" },
		/* what an old list says stays said */
		{ "revoked-old",
		  { { "list", "between", "revoked-old/a.crl", "20200101000000Z",
		      "20200201000000Z" } },
		  "is revoked by CN=EK between" },
		{ "revoked-between",
		  { { "revoke", "root", "between" }, { "list", "root", "revoked-between/a.crl" } },
		  "CN=EK between is revoked by CN=EK root" },
	};
	struct enrol_rig *r = *state;
	OWNED(buf) cert = NULL;
	struct applicant a;

	enrol_roots(r, "root.pem", "between.pem");
	applicant_make(r, &a, "host-crl", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	cert = enrol_cert(r, a.ek, "good");
	a.ek_cert = buf_bytes(cert);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		set_lists(r, rows[i].folder);
		for (size_t k = 0; k < 3 && rows[i].lists[k][0]; k++) {
			const char *arguments[6] = { 0 };

			memcpy(arguments, rows[i].lists[k], sizeof(rows[i].lists[k]));
			enrol_pki(r, arguments);
		}
		json_decref(enrol_ask(r, &a, rows[i].refused ? 403 : 202, rows[i].refused));
	}
	r->s.settings.ek_crls[0] = 0;
	applicant_clear(&a);
}

static void a_list_that_is_forged_or_not_understood_refuses(void **state)
{
	static const struct {
		const char *folder, *text;
		long status;
		const char *refused;
	} rows[] = { { "junk", "this is no list", 400, "junk/a.crl" },
		     { "forged", NULL, 403, "is not signed by its key" } };
	struct enrol_rig *r = *state;
	OWNED(buf) cert = NULL;
	struct applicant a;
	struct err e = { 0 };

	enrol_roots(r, "root.pem", "between.pem");
	applicant_make(r, &a, "host-crl", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	cert = enrol_cert(r, a.ek, "good");
	a.ek_cert = buf_bytes(cert);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[700];

		set_lists(r, rows[i].folder);
		snprintf(path, sizeof(path), "%s/a.crl", r->s.settings.ek_crls);
		if (rows[i].text)
			assert_ok(file_write(path, bytes_text(rows[i].text), 0600, &e), &e);
		else /* the name of one authority, the key of another */
			enrol_pki(r, (const char *const[]){ "forge", "between", path, NULL });
		json_decref(enrol_ask(r, &a, rows[i].status, rows[i].refused));
	}
	r->s.settings.ek_crls[0] = 0;
	applicant_clear(&a);
}

/* ---- what the agent finds in NV ---- */
static void nv_put(struct enrol_rig *r, const char *index, const char *file, struct bytes b)
{
	char path[400], size[16];
	const char *const undefine[] = { "tpm2_nvundefine", index, "-C", "o", NULL };
	const char *const define[] = { "tpm2_nvdefine",
				       index,
				       "-C",
				       "o",
				       "-s",
				       size,
				       "-a",
				       "ownerread|ownerwrite|authread|authwrite|no_da",
				       NULL };
	const char *const write[] = { "tpm2_nvwrite", index, "-C", "o", "-i", path, NULL };
	struct err e = { 0 };

	tpm_drop(&r->tpm); /* a simulator speaks to one program at a time */
	snprintf(path, sizeof(path), "%s/%s", r->pki, file);
	snprintf(size, sizeof(size), "%zu", b.len);
	if (b.len)
		assert_ok(file_write(path, b, 0600, &e), &e);
	if (b.len &&
	    (rig_tpm_tool(&r->sw[r->which], define) || rig_tpm_tool(&r->sw[r->which], write)))
		fail_msg("cannot write NV %s, see %s/tools.log", index, r->sw[r->which].folder);
	if (!b.len && rig_tpm_tool(&r->sw[r->which], undefine))
		fail_msg("cannot undefine NV %s", index);
	assert_ok(tpm_open(r->sw[r->which].tcti, &r->tpm, &e), &e);
}

static struct buf *padded(struct bytes b, size_t zeros)
{
	struct buf *out = buf_new(b.len + zeros);

	write_bytes(&out->w, b);
	write_zeros(&out->w, zeros);
	return out;
}

/* The vendor's intermediate, cut in two where no certificate ends, as the profile allows. */
static void put_chain(struct enrol_rig *r)
{
	OWNED(buf) between = NULL;
	OWNED(buf) rest = NULL;
	char path[400];

	snprintf(path, sizeof(path), "%s/between.der", r->pki);
	between = file_bytes(path);
	assert_non_null(between);
	rest = padded(bytes_slice(buf_bytes(between), 100, between->w.len - 100), 64);
	nv_put(r, "0x01c00100", "chain0", bytes_slice(buf_bytes(between), 0, 100));
	nv_put(r, "0x01c00101", "chain1", buf_bytes(rest));
}

static void
the_agent_takes_ecc_before_rsa_from_nv_with_its_chain_and_every_kind_enrols(void **state)
{
	/* each is put beside those before it, and chosen before them but for the last */
	static const struct {
		const char *nv, *name;
		enum tpm_template ek, ak;
		int want;
	} rows[] = {
		{ "0x01c00012", "rsa-high", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_RSA_2048,
		  EK_BY_CERTIFICATE },
		{ "0x01c00002", "rsa", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_ECC_P384,
		  EK_BY_CERTIFICATE },
		{ "0x01c00016", "p384", TEMPLATE_EK_ECC_P384_HIGH, TEMPLATE_AK_ECC_P384,
		  EK_BY_CERTIFICATE },
		{ "0x01c00014", "p256-high", TEMPLATE_EK_ECC_P256_HIGH, TEMPLATE_AK_RSA_2048,
		  EK_BY_CERTIFICATE },
		{ "0x01c0000a", "p256", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256,
		  EK_BY_CERTIFICATE },
		{ NULL, "rsa-again", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_ECC_P384,
		  TEMPLATE_EK_RSA_2048 },
	};
	struct enrol_rig *r = *state;
	struct err e = { 0 };

	enrol_roots(r, "root.pem", NULL); /* the intermediate is in the TPM only */
	put_chain(r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_settings s = { .ek = rows[i].want, .ak = rows[i].ak };
		OWNED(tpm_key) ek = NULL;
		char trust[32], hash[65], expected[65], path[300];
		struct applicant a = { 0 };

		assert_ok(tpm_key_make(r->tpm, rows[i].ek, &ek, &e), &e);
		a.ek = ek;
		applicant_ek_hash(&a, expected);
		if (rows[i].nv) {
			OWNED(buf) cert = enrol_cert(r, ek, "good");
			OWNED(buf) larger = padded(buf_bytes(cert), 50);

			tpm_key_drop(&ek);
			nv_put(r, rows[i].nv, "nv", buf_bytes(larger));
		}
		tpm_key_drop(&ek);
		assert_ok(ek_hash_run(&s, r->tpm, hash, &e), &e);
		assert_string_equal(hash, expected);
		snprintf(s.host_name, sizeof(s.host_name), "nv-%s", rows[i].name);
		assert_ok(enroll_run(&s, r->tpm, r->s.transport, &e), &e);
		enrol_trust(r, s.host_name, trust);
		assert_string_equal(trust, "certificate");
		/* the next one has the same TPM, and perhaps the same AK */
		snprintf(path, sizeof(path), "/api/v1/hosts/%s/remove", s.host_name);
		json_decref(enrol_admin(r, "operator", "POST", path, "{}", 200, NULL));
	}
}

static void every_answer_was_as_openapi_yaml_describes_it(void **state)
{
	struct enrol_rig *f = *state;

	forge_answers_fit(&f->s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ek_certificate_has_to_be_one_and_to_lead_to_a_root),
		cmocka_unit_test(an_ek_certificate_of_another_key_or_that_is_none_is_refused),
		cmocka_unit_test(
			a_token_makes_up_for_an_unknown_vendor_and_not_for_a_wrong_certificate),
		cmocka_unit_test(
			every_certificate_of_the_path_is_held_against_the_list_of_its_issuer),
		cmocka_unit_test(a_list_that_is_forged_or_not_understood_refuses),
		cmocka_unit_test(
			the_agent_takes_ecc_before_rsa_from_nv_with_its_chain_and_every_kind_enrols),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, enrol_rig_start, enrol_rig_stop);
}
