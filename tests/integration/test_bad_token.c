// SPDX-License-Identifier: Apache-2.0
/* Bad input: nonces, quotes, the token's key and its bytes. */
#include "refusal.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/text.h"
#include "server/keys.h"
#include "server/nonce.h"

/* ---- nonces ---- */
static void a_stale_nonce_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	honest(f, &f->a, &t);
	clock_set_s(clock_now_s() + NONCE_AGE_MAX_S + 1);
	refused(&t, "NONCE", "nonce is stale: issued 151 s ago, good for 150 s");
	forged_clear(&t);
}

static void a_nonce_of_another_servers_key_is_foreign(void **state)
{
	struct fixture *f = *state;
	struct server_keys other = { .n_nonce_keys = 1 };
	struct forged t;
	struct err e = { 0 };

	forge_begin(&f->s, &f->a, &t);
	other.a = f->s.server->keys->a; /* same deployment, another key under the same number */
	other.nonce_keys[0].kid = f->s.server->keys->nonce_keys[0].kid;
	assert_ok(nonce_make(&other, NONCE_FOR_SESSION, BYTES_NONE, clock_now_s(), t.nonce, &e),
		  &e);
	memcpy(t.session, t.nonce, 32);
	forge_context(&t, f->s.server->keys->deployment);
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "NONCE", "nonce is foreign: no server of this deployment issued it");
	forged_clear(&t);
}

static void a_nonce_for_another_deployment_is_foreign(void **state)
{
	struct fixture *f = *state;
	struct server_keys other = *f->s.server->keys;
	struct forged t;
	struct err e = { 0 };

	forge_begin(&f->s, &f->a, &t);
	other.deployment[0] ^= 1; /* a sister deployment that even shares the nonce key */
	other.a = sha256_of(BYTES(other.deployment));
	assert_ok(nonce_make(&other, NONCE_FOR_SESSION, BYTES_NONE, clock_now_s(), t.nonce, &e),
		  &e);
	memcpy(t.session, t.nonce, 32);
	forge_context(&t, f->s.server->keys->deployment);
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "NONCE", "nonce is foreign: no server of this deployment issued it");
	forged_clear(&t);
}

/* Our nonce, fetched by somebody who sits between a host of another deployment and its verifier. */
static void evidence_made_for_another_deployment_does_not_bind_to_ours(void **state)
{
	struct fixture *f = *state;
	u8 other[DEPLOYMENT_ID_LEN] = { 7 };
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_context(&t, other);
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "QUOTE_BINDS NONCE_BOUND K_CERTIFIED",
		"the quote binds other evidence, another nonce or another deployment");
	forged_clear(&t);
}

static void a_used_nonce_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t, second;

	honest(f, &f->a, &t);
	released(&t);
	turned_away(&t, buf_bytes(t.token), 403, "nonce was used before");

	/* and in other evidence over the same nonce */
	forge_begin(&f->s, &f->a, &second);
	memcpy(second.nonce, t.nonce, 32);
	memcpy(second.session, t.nonce, 32);
	forge_context(&second, f->s.server->keys->deployment);
	forge_collect(&second);
	forge_rest(&second);
	turned_away(&second, buf_bytes(second.token), 403, "nonce was used before");
	forged_clear(&second);
	forged_clear(&t);
}

static void a_token_of_one_session_is_refused_in_another(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct err e = { 0 };

	honest(f, &f->a, &t);
	assert_ok(nonce_make(f->s.server->keys, NONCE_FOR_SESSION, BYTES_NONE, clock_now_s(),
			     t.session, &e),
		  &e);
	refused(&t, "NONCE", "the token answers another session's nonce");
	forged_clear(&t);
}

/* ---- a nonce of the caller's choice ---- */
/* A session for @t->nonce, as a relying party asks for it. */
static void open_callers_session(struct fixture *f, struct forged *t)
{
	char path[160] = "/challenge-response/v1/newSession?nonce=", *id;
	long status;
	json_t *j;

	base64url_write(BYTES(t->nonce), false, path + strlen(path));
	j = forge_call(&f->s, "POST", path, NULL, false, BYTES_NONE, &status);
	assert_int_equal(status, 201);
	id = strrchr(f->s.location, '/') + 1;
	t->session_len = sizeof(t->session);
	assert_int_equal(base64_read(bytes_text(id), t->session, sizeof(t->session)),
			 sizeof(t->session));
	json_decref(j);
}

static void answer_callers_nonce(struct fixture *f, struct forged *t)
{
	struct err e = { 0 };

	forge_begin(&f->s, &f->a, t);
	assert_ok(random_bytes(t->nonce, 32, &e), &e);
	forge_context(t, f->s.server->keys->deployment);
	forge_collect(t);
	forge_rest(t);
	open_callers_session(f, t);
}

static void a_nonce_of_the_callers_choice_gets_a_verdict_and_no_share(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	answer_callers_nonce(f, &t);
	withheld(&t, "SOURCE", "the nonce was the caller's choice");
	forged_clear(&t);
}

/* The JSON claims of the result in @answer. */
static json_t *claims_of(json_t *answer)
{
	const char *jwt = json_string_value(json_object_get(answer, "result"));
	const char *at = strchr(jwt, '.') + 1;
	u8 raw[8192];
	long n = base64_read((struct bytes){ (const u8 *)at, strcspn(at, ".") }, raw, sizeof(raw));

	assert_true(n > 0);
	return json_loadb((const char *)raw, (size_t)n, 0, NULL);
}

static void its_result_says_so_and_the_hosts_state_stays_what_it_was(void **state)
{
	struct fixture *f = *state;
	struct forged t, own;
	long status;
	json_t *before, *answer, *claims, *after;

	honest(f, &f->a, &own);
	released(&own);
	before = forge_call(&f->s, "GET", "/api/v1/hosts/host-a", NULL, true, BYTES_NONE, &status);
	answer_callers_nonce(f, &t);
	answer = forge_send(&t, buf_bytes(t.token), &status);
	claims = claims_of(answer);
	assert_true(json_is_true(json_object_get(claims, "assay_caller_nonce")));
	/* a recorded verdict would have brought the reason why nothing was released */
	after = forge_call(&f->s, "GET", "/api/v1/hosts/host-a", NULL, true, BYTES_NONE, &status);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(answer);
	json_decref(claims);
	json_decref(after);
	forged_clear(&own);
	forged_clear(&t);
}

static void a_ticket_for_one_callers_nonce_is_not_good_for_another(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	answer_callers_nonce(f, &t);
	t.session[0] ^= 0x80; /* kid */
	refused(&t, "NONCE SOURCE", "nonce is foreign");
	t.session[0] ^= 0x80;
	t.session[32 + 5] ^= 1; /* the nonce it was made for */
	refused(&t, "NONCE SOURCE", "the token answers another session's nonce");
	forged_clear(&t);
}

static void a_nonce_that_no_server_issued_opens_no_session(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct err e = { 0 };
	long status;
	json_t *j = forge_call(&f->s, "POST",
			       "/challenge-response/v1/newSession?nonce=AAAAAAAAAAAAAAAAAAAAAAAA",
			       NULL, false, BYTES_NONE, &status);

	assert_int_equal(status, 400);
	assert_non_null(strstr(json_string_value(json_object_get(j, "detail")), "32 bytes"));
	json_decref(j);

	forge_begin(&f->s, &f->a, &t);
	assert_ok(random_bytes(t.nonce, 32, &e), &e);
	memcpy(t.session, t.nonce, 32);
	forge_context(&t, f->s.server->keys->deployment);
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "NONCE", "nonce is foreign");
	forged_clear(&t);
}

/* ---- the quote ---- */
static void a_quote_over_other_pcrs_than_claimed_is_refused(void **state)
{
	/* PCR 16 to 23 can be reset and extended to any value: quoted, and labelled 0 to 15 */
	static const struct {
		u32 quoted, claimed;
	} rows[] = {
		{ 0xff00ff, 0xffff },
		{ 0x7fff, 0xffff },
		{ 0xffff, 0x7fff },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		t.selection.bank[0].pcrs = rows[i].quoted;
		t.claimed.pcrs = rows[i].claimed;
		forge_rest(&t);
		refused(&t,
			rows[i].claimed & 1u << 15 ? "QUOTE_SELECTION BOOT_LOG CAP"
						   : "QUOTE_SELECTION BOOT_LOG CAP RELEASE_SET",
			"the quote selects other PCRs or another bank than the token claims");
		forged_clear(&t);
	}
}

static void a_quote_over_another_bank_than_claimed_is_refused(void **state)
{
	/* an idle bank holds what nobody measured: quoted there, labelled as the SHA-256 bank */
	static const u16 banks[] = { TPM_ALG_SHA1, TPM_ALG_SHA384, TPM_ALG_SHA512 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(banks); i++) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		t.selection.bank[0].alg = banks[i];
		forge_rest(&t);
		refused(&t, "QUOTE_SELECTION BOOT_LOG CAP",
			"the quote selects other PCRs or another bank than the token claims");
		forged_clear(&t);
	}
}

/* A log that reads well is worth nothing where no quoted value says that it happened. */
static void a_quote_that_leaves_out_a_pcr_of_the_boot_log_is_refused(void **state)
{
	static const struct {
		u32 quoted;
		bool ask;
		const char *checks, *words;
	} rows[] = {
		{ 0xffef, true, "BOOT_LOG RELEASE_SET", "leaves out PCR 4 of bank 0x000b" },
		{ 0xffef, false, "BOOT_LOG", "leaves out PCR 4 of bank 0x000b" },
		{ 0x8000, false, "BOOT_LOG", "leaves out PCR 0 of bank 0x000b" },
		{ 0x10000, false, "BOOT_LOG", "leaves out PCR 0 of bank 0x000b" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		t.ask = rows[i].ask;
		t.pcrs[4].at[0] ^= 1; /* another loader ran than the log tells of */
		t.selection.bank[0].pcrs = t.claimed.pcrs = rows[i].quoted;
		forge_rest(&t);
		refused(&t, rows[i].checks, rows[i].words);
		forged_clear(&t);
	}
}

/* PCR 11 of a unified kernel image: what the log has, and systemd's words after it, nothing else. */
static void extend(struct digest *pcr, struct bytes measured)
{
	struct digest d = digest_of(pcr->alg, &measured, 1);
	struct bytes pieces[] = { digest_bytes(pcr), digest_bytes(&d) };

	*pcr = digest_of(pcr->alg, pieces, 2);
}

static void only_systemds_words_may_follow_the_boot_log_in_pcr_11(void **state)
{
	static const struct {
		const char *said[4];
		u32 pcr;
		bool good;
	} rows[] = {
		{ { NULL }, 11, true },
		{ { "enter-initrd", "leave-initrd", "ready" }, 11, true },
		{ { "enter-initrd", "and more" }, 11, false },
		{ { "leave-initrd", "enter-initrd" }, 11, false },
		{ { "ready" }, 12, false }, /* nowhere else */
	};
	static const char section[] = ".linux";
	struct fixture *f = *state;
	struct writer *log = &f->s.boot_log->w;
	const size_t before = log->len;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest measured = sha256_of(BYTES(section));
		struct forged t;

		write_le32(log, rows[i].pcr);
		write_le32(log, EV_IPL);
		write_le32(log, 1);
		write_le16(log, TPM_ALG_SHA256);
		write_bytes(log, digest_bytes(&measured));
		write_le32(log, sizeof(section));
		write_bytes(log, BYTES(section));
		assert_false(log->full);
		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		extend(&t.pcrs[rows[i].pcr], BYTES(section));
		for (const char *const *word = rows[i].said; *word; word++)
			extend(&t.pcrs[rows[i].pcr], bytes_text(*word));
		forge_rest(&t);
		if (rows[i].good) /* it replays; and nobody vouches for what it tells */
			doubted(&t, "pcr11/EV_IPL/0", "no reference value was given for it");
		else
			refused(&t, "BOOT_LOG", "the log replays to another PCR 1");
		forged_clear(&t);
		log->len = before;
	}
}

/* Reference values are SHA-256: a log may hold true SHA-384 digests, and others beside them. */
static void a_quote_that_leaves_out_the_sha256_bank_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	t.ask = false;
	t.selection.bank[0].alg = t.claimed.alg = TPM_ALG_SHA384;
	for (size_t i = 0; i < TPM_PCRS; i++)
		t.pcrs[i].alg = DIGEST_SHA384;
	forge_rest(&t);
	refused(&t, "BOOT_LOG", "the quote leaves out the SHA-256 bank");
	forged_clear(&t);
}

static void pcr_values_that_were_not_quoted_are_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	forge_bind(&t);
	t.pcrs[14].at[0] ^= 1;
	forge_quote(&t);
	t.pcrs[14].at[0] ^= 1; /* the token claims the good value */
	forge_certify(&t);
	forge_assemble(&t);
	forge_sign(&t, t.cnf);
	refused(&t, "QUOTE_DIGEST BOOT_LOG CAP",
		"the claimed PCR values do not hash to the quoted digest");
	forged_clear(&t);
}

static void a_quote_that_no_tpm_generated_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	t.magic ^= 1;
	forge_rest(&t);
	refused(&t, "QUOTE_TYPE BOOT_LOG K_CERTIFIED CAP",
		"TPMS_ATTEST: magic is not TPM_GENERATED_VALUE");
	forged_clear(&t);
}

static void an_attestation_of_another_type_is_not_a_quote(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	t.quote_type = 0x8016; /* TPM_ST_ATTEST_SESSION_AUDIT */
	forge_rest(&t);
	refused(&t, "QUOTE_TYPE BOOT_LOG K_COUNTS CAP",
		"TPMS_ATTEST: type is none of quote, certify and NV certify");
	forged_clear(&t);

	forge_begin(&f->s, &f->a, &t); /* a certification of K in the place of the quote */
	forge_collect(&t);
	forge_bind(&t);
	forge_certify(&t);
	t.quote = buf_copy(buf_bytes(t.certify));
	t.quote_sig = buf_copy(buf_bytes(t.certify_sig));
	forge_assemble(&t);
	forge_sign(&t, t.cnf);
	refused(&t, "QUOTE_TYPE BOOT_LOG CAP", "it certifies something else");
	forged_clear(&t);
}

static void a_quote_by_another_hosts_ak_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forge_host mixed = f->a;
	struct forged t;

	mixed.ak = f->b.ak; /* names host-a's AK, signs with host-b's */
	honest(f, &mixed, &t);
	refused(&t, "QUOTE_SIGNATURE BOOT_LOG K_CERTIFIED CAP RESTART",
		"the quote is signed by the enrolled AK");
	forged_clear(&t);
}

static void a_token_that_names_another_host_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	memcpy(t.ueid, f->b.ueid, UEID_LEN);
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "UEID", "the token names another host than its AK");
	forged_clear(&t);
}

/* ---- the token's key ---- */
static void a_token_signed_by_another_key_than_its_cnf_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(keypair) other = NULL;
	struct forged t;
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &other, &e), &e);
	honest(f, &f->a, &t);
	buf_drop(&t.token);
	forge_sign(&t, other);
	refused(&t, "TOKEN_SIGNATURE", "the token is signed by its cnf key");
	forged_clear(&t);
}

/* Taken on the wire and signed anew: the signature is good, but the TPM vouches for another key. */
static void a_token_signed_anew_with_a_cnf_key_of_its_own_does_not_bind(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct err e = { 0 };

	honest(f, &f->a, &t);
	buf_drop(&t.token);
	keypair_drop(&t.cnf);
	assert_ok(keypair_new(KEY_P256, 0, &t.cnf, &e), &e);
	forge_sign(&t, t.cnf);
	refused(&t, "QUOTE_BINDS NONCE_BOUND K_CERTIFIED",
		"the quote binds other evidence, another nonce or another deployment");
	forged_clear(&t);
}

/* ---- bytes ---- */
static void a_token_cut_short_at_any_length_is_turned_away(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	honest(f, &f->a, &t);
	for (size_t len = 0; len < t.token->w.len; len++)
		turned_away(&t, (struct bytes){ t.token->w.at, len }, 400,
			    "token: COSE_Sign1: CBOR at byte");
	released(&t); /* none of them spent the nonce */
	forged_clear(&t);
}

/* The envelope is whole and its signature good; what it holds is cut. */
static void claims_cut_short_at_any_length_are_turned_away(void **state)
{
	static const u8 protected[] = { 0xa1, 0x01, 0x26 };
	struct fixture *f = *state;
	struct cose_sign1 whole;
	struct forged t;
	struct err e = { 0 };

	honest(f, &f->a, &t);
	assert_ok(cose_sign1_parse(buf_bytes(t.token), CBOR_STRICT, &whole, &e), &e);
	for (size_t len = 1; len < whole.payload.len; len++) {
		OWNED(buf) cut = buf_new(EVIDENCE_MAX);

		assert_ok(cose_sign1_write(BYTES(protected),
					   (struct bytes){ whole.payload.at, len }, t.cnf, &cut->w,
					   &e),
			  &e);
		turned_away(&t, buf_bytes(cut), 400, "token claims: CBOR at byte");
	}
	released(&t);
	forged_clear(&t);
}

static void a_body_of_more_than_the_limit_is_turned_away(void **state)
{
	struct fixture *f = *state;
	u8 *large = calloc(1, EVIDENCE_MAX + 1);
	struct forged t;
	long status;
	json_t *j;

	honest(f, &f->a, &t);
	memcpy(large, t.token->w.at, t.token->w.len);
	j = forge_send(&t, (struct bytes){ large, EVIDENCE_MAX + 1 }, &status);
	assert_int_equal(status, 413);
	assert_string_equal(json_string_value(json_object_get(j, "title")), "Body too large");
	nothing_went_out(&t, j);
	json_decref(j);
	turned_away(&t, (struct bytes){ large, EVIDENCE_MAX }, 400, "after the end");
	forged_clear(&t);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFUSAL(a_stale_nonce_is_refused),
		REFUSAL(a_nonce_of_another_servers_key_is_foreign),
		REFUSAL(a_nonce_for_another_deployment_is_foreign),
		REFUSAL(evidence_made_for_another_deployment_does_not_bind_to_ours),
		REFUSAL(a_used_nonce_is_refused),
		REFUSAL(a_token_of_one_session_is_refused_in_another),
		REFUSAL(a_nonce_of_the_callers_choice_gets_a_verdict_and_no_share),
		REFUSAL(its_result_says_so_and_the_hosts_state_stays_what_it_was),
		REFUSAL(a_ticket_for_one_callers_nonce_is_not_good_for_another),
		REFUSAL(a_nonce_that_no_server_issued_opens_no_session),
		REFUSAL(a_quote_over_other_pcrs_than_claimed_is_refused),
		REFUSAL(a_quote_over_another_bank_than_claimed_is_refused),
		REFUSAL(a_quote_that_leaves_out_a_pcr_of_the_boot_log_is_refused),
		REFUSAL(only_systemds_words_may_follow_the_boot_log_in_pcr_11),
		REFUSAL(a_quote_that_leaves_out_the_sha256_bank_is_refused),
		REFUSAL(pcr_values_that_were_not_quoted_are_refused),
		REFUSAL(a_quote_that_no_tpm_generated_is_refused),
		REFUSAL(an_attestation_of_another_type_is_not_a_quote),
		REFUSAL(a_quote_by_another_hosts_ak_is_refused),
		REFUSAL(a_token_that_names_another_host_is_refused),
		REFUSAL(a_token_signed_by_another_key_than_its_cnf_is_refused),
		REFUSAL(a_token_signed_anew_with_a_cnf_key_of_its_own_does_not_bind),
		REFUSAL(a_token_cut_short_at_any_length_is_turned_away),
		REFUSAL(claims_cut_short_at_any_length_are_turned_away),
		REFUSAL(a_body_of_more_than_the_limit_is_turned_away),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
