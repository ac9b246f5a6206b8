// SPDX-License-Identifier: Apache-2.0
/* The release claim of volumes that have counters, and the certifications that stand for it in the tpm submodule. */
#include "eat_sample.h"

#include "proto/cap.h"

static const u8 proof[CAP_PROOF_LEN] = { 1, 2, 3 };
static const u8 said_a[] = "attestation a", said_b[] = "attestation b", sig[] = "signature";

static struct eat_volume volume_a(void)
{
	return (struct eat_volume){ .uuid = BYTES(uuid_a),
				    .epoch = 7,
				    .k_public = BYTES(k_public),
				    .counter = COUNTER_FIRST,
				    .act = VOLUME_STORED,
				    .proof = BYTES(proof),
				    .counted = BYTES(said_a),
				    .counted_sig = BYTES(sig) };
}

static struct eat_volume volume_b(void)
{
	return (struct eat_volume){ .uuid = BYTES(uuid_b),
				    .epoch = 1,
				    .k_public = BYTES(k_public),
				    .counter = COUNTER_LAST,
				    .counted = BYTES(said_b),
				    .counted_sig = BYTES(sig) };
}

static struct eat_lease lease; /* of the next token */

/* A token whose release claim speaks of @asked, and whose tpm submodule of @certified. */
static int read_token(const struct eat_volume *asked, size_t n_asked,
		      const struct eat_volume *certified, size_t n_certified, struct buf **token,
		      struct eat **out, struct err *e)
{
	const struct eat_bank bank = { TPM_ALG_SHA256, 1, { BYTES(pcr_zero) } };
	struct eat_host_draft host = { .functions = functions,
				       .n_functions = 1,
				       .agent_version = "0.1.0",
				       .phase = "initramfs" };
	struct eat_tpm_draft tpm = { .ak_name = BYTES(ak_name),
				     .quote = BYTES(quote),
				     .quote_sig = BYTES(quote_sig),
				     .banks = &bank,
				     .n_banks = 1,
				     .certify = BYTES(certify),
				     .certify_sig = BYTES(certify_sig),
				     .volumes = certified,
				     .n_volumes = n_certified,
				     .lease = lease };
	OWNED(keypair) key = cnf_key();
	OWNED(buf) h = NULL;
	OWNED(buf) t = NULL;
	OWNED(buf) release = NULL;

	assert_ok(eat_write_host(&host, &h, e), e);
	assert_ok(eat_write_tpm(&tpm, &t, e), e);
	assert_ok(eat_write_release(asked, n_asked, &release, e), e);
	struct eat_submodule subs[] = { { bytes_text("host"), buf_bytes(h) },
					{ bytes_text("tpm"), buf_bytes(t) } };
	assert_ok(eat_write_token(nonce, ueid, IAT, key, buf_bytes(release), subs, 2, token, e), e);
	return eat_parse(buf_bytes(*token), out, e);
}

static void each_volume_gets_the_certification_of_its_counter(void **state)
{
	struct eat_volume volumes[] = { volume_a(), volume_b() };
	OWNED(buf) token = NULL;
	OWNED(eat) t = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(read_token(volumes, 2, volumes, 2, &token, &t, &e), &e);
	assert_int_equal(t->n_volumes, 2);
	assert_int_equal(t->volumes[0].counter, COUNTER_FIRST);
	assert_int_equal(t->volumes[0].act, VOLUME_STORED);
	assert_true(bytes_equal(t->volumes[0].proof, BYTES(proof)));
	assert_true(bytes_equal(t->volumes[0].counted, BYTES(said_a)));
	assert_int_equal(t->volumes[1].counter, COUNTER_LAST);
	assert_int_equal(t->volumes[1].act, VOLUME_GET);
	assert_int_equal(t->volumes[1].proof.len, 0);
	assert_true(bytes_equal(t->volumes[1].counted, BYTES(said_b)));
}

static void a_volume_without_a_counter_has_none_between_others(void **state)
{
	struct eat_volume volumes[] = { volume_a(), volume_b() };
	OWNED(buf) token = NULL;
	OWNED(eat) t = NULL;
	struct err e = { 0 };

	(void)state;
	volumes[0] = (struct eat_volume){ .uuid = BYTES(uuid_a),
					  .epoch = 1,
					  .k_public = BYTES(k_public) };
	assert_ok(read_token(volumes, 2, volumes, 2, &token, &t, &e), &e);
	assert_int_equal(t->volumes[0].counted.len, 0);
	assert_true(bytes_equal(t->volumes[1].counted, BYTES(said_b)));
}

static void as_many_counters_are_certified_as_volumes_have_one(void **state)
{
	static const struct {
		size_t asked, certified;
		const char *why;
	} rows[] = {
		{ 2, 0, "a counter of the release claim is not certified" },
		{ 2, 1, "a counter of the release claim is not certified" },
		{ 1, 2, "counters that no volume of the release claim has" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct eat_volume volumes[] = { volume_a(), volume_b() };
		OWNED(buf) token = NULL;
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		assert_refused(read_token(volumes, rows[i].asked, volumes, rows[i].certified,
					  &token, &t, &e),
			       &e, E_FORMAT, rows[i].why);
	}
}

static void each_defect_of_a_volume_is_named(void **state)
{
	static const struct {
		const char *what;
		u32 counter;
		u64 epoch;
		int act;
		size_t proof_len;
		const char *why;
	} rows[] = {
		{ "counter below the range", COUNTER_FIRST - 1, 7, VOLUME_GET, 0,
		  "release: counter" },
		{ "counter above the range", COUNTER_LAST + 1, 7, VOLUME_GET, 0,
		  "release: counter" },
		{ "epoch 0", COUNTER_FIRST, 0, VOLUME_GET, 0, "epoch 0 of a counted volume" },
		{ "an act of no version", COUNTER_FIRST, 7, VOLUME_STORED + 1, 0,
		  "release: what is wanted" },
		{ "an act without a counter", 0, 7, VOLUME_NEW, 0, "release: what is wanted" },
		{ "stored without a proof", COUNTER_FIRST, 7, VOLUME_STORED, 0,
		  "proof of a volume key goes with a stored keyslot" },
		{ "a proof with a new share", COUNTER_FIRST, 7, VOLUME_NEW, CAP_PROOF_LEN,
		  "proof of a volume key goes with a stored keyslot" },
		{ "a proof alone", COUNTER_FIRST, 7, VOLUME_GET, CAP_PROOF_LEN,
		  "proof of a volume key goes with a stored keyslot" },
		{ "a proof that is too short", COUNTER_FIRST, 7, VOLUME_STORED, CAP_PROOF_LEN - 1,
		  "release: proof of the volume key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct eat_volume v = volume_a();
		OWNED(buf) token = NULL;
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		v.counter = rows[i].counter;
		v.epoch = rows[i].epoch;
		v.act = (enum eat_volume_act)rows[i].act;
		v.proof = (struct bytes){ proof, rows[i].proof_len };
		if (!read_token(&v, 1, &v, 1, &token, &t, &e) || !strstr(e.text, rows[i].why))
			fail_msg("%s: %s", rows[i].what, e.text);
	}
}

static void what_a_lease_hangs_on_is_read_with_and_without_a_key(void **state)
{
	static const u8 srk[] = "storage key";

	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		struct eat_volume v = volume_a();
		OWNED(buf) token = NULL;
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		lease = (struct eat_lease){ .counter = COUNTER_LAST,
					    .counted = BYTES(said_b),
					    .counted_sig = BYTES(sig) };
		if (asked) {
			lease.parent = BYTES(srk);
			lease.certify = BYTES(said_a);
			lease.certify_sig = BYTES(sig);
		}
		assert_ok(read_token(&v, 1, &v, 1, &token, &t, &e), &e);
		assert_int_equal(t->lease.counter, COUNTER_LAST);
		assert_bytes_equal(t->lease.counted, lease.counted);
		assert_bytes_equal(t->lease.parent, lease.parent);
		assert_bytes_equal(t->lease.certify, lease.certify);
		assert_bytes_equal(t->lease.certify_sig, lease.certify_sig);
	}
	lease = (struct eat_lease){ 0 };
}

static void each_defect_of_a_lease_is_named(void **state)
{
	const struct eat_lease rows[] = {
		{ .counter = COUNTER_FIRST - 1,
		  .counted = BYTES(said_a),
		  .counted_sig = BYTES(sig) },
		{ .counter = COUNTER_LAST + 1,
		  .counted = BYTES(said_a),
		  .counted_sig = BYTES(sig) },
		{ .counter = COUNTER_FIRST, .counted_sig = BYTES(sig) },
		{ .counter = COUNTER_FIRST, .counted = BYTES(said_a) },
		{ .counter = COUNTER_FIRST,
		  .counted = BYTES(said_a),
		  .counted_sig = BYTES(sig),
		  .parent = BYTES(said_a) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct eat_volume v = volume_a();
		OWNED(buf) token = NULL;
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		lease = rows[i];
		assert_refused(read_token(&v, 1, &v, 1, &token, &t, &e), &e, E_FORMAT,
			       "tpm: lease");
	}
	lease = (struct eat_lease){ 0 };
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_volume_gets_the_certification_of_its_counter),
		cmocka_unit_test(a_volume_without_a_counter_has_none_between_others),
		cmocka_unit_test(as_many_counters_are_certified_as_volumes_have_one),
		cmocka_unit_test(each_defect_of_a_volume_is_named),
		cmocka_unit_test(what_a_lease_hangs_on_is_read_with_and_without_a_key),
		cmocka_unit_test(each_defect_of_a_lease_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
