// SPDX-License-Identifier: Apache-2.0
/* Shares that hosts have made themselves: whose word is taken, and of which counter. */
#include "said.h"

#include <string.h>

#include "common/clock.h"
#include "proto/deposit.h"
#include "proto/tpm_half.h"
#include "server/nonce.h"
#include "server/volumes.h"

static const struct deposit sample = {
	.uuid = { 0x77, 1 }, .counter = COUNTER_FIRST + 9, .epoch = 5, .share = { 0x5e, 0xc7, 0xe7 }
};

struct depositing {
	struct said said;
	u8 body[DEPOSIT_LEN];
	u8 counter_name[COUNTER_NAME_LEN];
	struct digest bind;
};

static void begin(struct fixture *f, const struct forge_host *h, const struct deposit *d,
		  struct depositing *s)
{
	struct writer w = writer_on(s->body, sizeof(s->body));

	deposit_write(d, &w);
	said_begin(f, h, "deposits", BYTES(s->body), &s->said);
	tpm_counter_name(d->counter, s->counter_name);
}

/* The TPM says that the counter stands at @counted, for this deposit. */
static void certify(struct depositing *s, u64 counted)
{
	s->said.t.bind = deposit_bind(s->said.t.nonce, BYTES(s->body));
	forge_counted(&s->said.t, BYTES(s->counter_name), counted);
}

static int known(struct tx *tx, void *arg, struct err *e)
{
	return volume_find(tx, sample.uuid, arg, e);
}

static void expect_none(struct fixture *f)
{
	struct volume v;
	struct err e = { 0 };

	assert_refused(store_read(f->s.server->store, known, &v, &e), &e, E_NOTFOUND, "");
}

static void forget(struct fixture *f)
{
	long status;

	json_decref(forge_call(&f->s, "DELETE",
			       "/api/v1/secrets/77010000-0000-0000-0000-000000000000", NULL, true,
			       BYTES_NONE, &status));
	assert_int_equal(status, 200);
}

static void a_share_of_the_counters_epoch_is_kept_once_for_its_nonce(void **state)
{
	struct fixture *f = *state;
	struct depositing s;
	struct volume v;
	struct err e = { 0 };

	begin(f, &f->a, &sample, &s);
	certify(&s, sample.epoch);
	json_decref(said_post(&s.said, 201, NULL));
	assert_ok(store_read(f->s.server->store, known, &v, &e), &e);
	assert_memory_equal(v.ueid, f->a.ueid, UEID_LEN);
	assert_int_equal(v.counter, sample.counter);
	assert_false(v.has_proof);
	said_refused(&s.said, 403, "nonce was used before");
	forget(f);
	expect_none(f);
}

static void a_counter_that_says_another_epoch_is_refused(void **state)
{
	struct fixture *f = *state;
	static const u64 counted[] = { 4, 6 };

	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		struct depositing s;

		begin(f, &f->a, &sample, &s);
		certify(&s, counted[i]);
		said_refused(&s.said, 403, "of another epoch than that of its counter");
	}
	expect_none(f);
}

static void what_is_no_counter_of_a_volume_is_refused(void **state)
{
	struct fixture *f = *state;
	struct depositing s;

	begin(f, &f->a, &sample, &s);
	tpm_counter_name(sample.counter + 1, s.counter_name); /* at another place */
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "is not a counter as it has to be");
	begin(f, &f->a, &sample, &s);
	s.counter_name[20] ^= 1; /* with other attributes or another policy */
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "is not a counter as it has to be");
	expect_none(f);
}

static void what_the_tpm_said_of_something_else_is_refused(void **state)
{
	struct fixture *f = *state;
	struct depositing s;

	begin(f, &f->a, &sample, &s); /* of another share */
	certify(&s, sample.epoch);
	s.body[DEPOSIT_LEN - 1] ^= 1;
	said_refused(&s.said, 403, "binds another deposit than this");

	begin(f, &f->a, &sample, &s); /* a quote, over the same */
	s.said.t.bind = deposit_bind(s.said.t.nonce, BYTES(s.body));
	forge_quote(&s.said.t);
	said_refused(&s.said, 403, "is no certification of a counter");

	begin(f, &f->a, &sample, &s); /* for another nonce */
	certify(&s, sample.epoch);
	s.said.t.nonce[20] ^= 1;
	said_refused(&s.said, 403, "binds another deposit than this");
	expect_none(f);
}

static void a_nonce_that_is_old_or_foreign_is_refused(void **state)
{
	struct fixture *f = *state;
	struct depositing s;

	begin(f, &f->a, &sample, &s);
	certify(&s, sample.epoch);
	clock_set_s(clock_now_s() + NONCE_AGE_MAX_S + 1);
	said_refused(&s.said, 403, "nonce is stale");
	clock_set_s(0);
	begin(f, &f->a, &sample, &s);
	s.said.t.nonce[20] ^= 1;
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "nonce is foreign");
	expect_none(f);
}

static void what_was_said_before_the_last_attestation_is_refused(void **state)
{
	struct fixture *f = *state;
	struct depositing s;

	begin(f, &f->a, &sample, &s);
	s.said.t.clock.clock_ms = 1;
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "older than its last attestation");
	expect_none(f);
}

static void a_host_deposits_for_itself_only(void **state)
{
	struct fixture *f = *state;
	struct forge_host liar = f->a;
	struct deposit d = sample;
	struct depositing s;

	begin(f, &f->a, &sample, &s); /* in another's name */
	s.said.name = f->b.name;
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "this AK is another host's than host-b");

	liar.ak = f->b.ak; /* with another key than its AK */
	begin(f, &liar, &sample, &s);
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "check quote signature of host-a");

	forge_volume(&f->b, d.uuid); /* for the volume of another */
	begin(f, &f->a, &d, &s);
	certify(&s, d.epoch);
	said_refused(&s.said, 409, "the volume belongs to host host-b");
	expect_none(f);
}

static long long n_refused;
static int take_count(void *user, const struct db_row *row, struct err *e)
{
	(void)user;
	(void)e;
	n_refused = row->at[0].number;
	return 0;
}

static int count_refused(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return db_run(tx->db,
		      "SELECT COUNT(*) FROM audit WHERE event = 'secret-deposit-refused' AND"
		      " detail LIKE '%host-a%'",
		      NULL, 0, take_count, NULL, NULL, e);
}

/* The try of the test before, and no other: what is no host's word fills no log that is kept. */
static void a_try_at_anothers_volume_stands_in_the_log_that_is_kept(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(store_read(f->s.server->store, count_refused, NULL, &e), &e);
	assert_int_equal(n_refused, 1);
}

static void a_revoked_host_deposits_nothing(void **state)
{
	struct fixture *f = *state;
	struct depositing s;
	long status;

	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-b/revoke", "application/json",
			       true, bytes_text("{}"), &status));
	assert_int_equal(status, 200);
	begin(f, &f->b, &sample, &s);
	certify(&s, sample.epoch);
	said_refused(&s.said, 403, "host-b or its AK is revoked");
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-b/restore", "application/json",
			       true, bytes_text("{}"), &status));
	expect_none(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_of_the_counters_epoch_is_kept_once_for_its_nonce),
		cmocka_unit_test(a_counter_that_says_another_epoch_is_refused),
		cmocka_unit_test(what_is_no_counter_of_a_volume_is_refused),
		cmocka_unit_test(what_the_tpm_said_of_something_else_is_refused),
		cmocka_unit_test(a_nonce_that_is_old_or_foreign_is_refused),
		cmocka_unit_test(what_was_said_before_the_last_attestation_is_refused),
		cmocka_unit_test(a_host_deposits_for_itself_only),
		cmocka_unit_test(a_try_at_anothers_volume_stands_in_the_log_that_is_kept),
		cmocka_unit_test(a_revoked_host_deposits_nothing),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
