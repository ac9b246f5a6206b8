// SPDX-License-Identifier: Apache-2.0
/* Signers of CoRIMs whose word was taken back: what is refused, what stops to count, and what is said of it. */
#include "crl_sample.h"
#include "refvals_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "server/refvals_inside.h"
#include "verifier/nonmatch.h"

enum { DAY = 86400, SINCE = NOW - 3 * DAY }; /* 2027-01-12T08:00:00Z */

static int crl(struct fixture *f, enum refvals_verb verb, const struct buf *b, struct err *e)
{
	struct refvals_change ch = {
		.verb = verb, .actor = "test", .kind = SIGNER_CRL, .bytes = buf_bytes(b)
	};
	struct digest d = sha256_of(buf_bytes(b));

	memcpy(ch.digest, d.at, 32);
	return refvals_change(f->r, &ch, e);
}

static void add_crl(struct fixture *f, const struct buf *b)
{
	struct err e = { 0 };

	assert_ok(crl(f, REFVALS_ADD_SIGNER, b, &e), &e);
}

/* The operator is the CA; who signs is somebody of it. */
static struct buf *list_of(struct fixture *f, long long from, long long until,
			   const struct cert *revoked)
{
	return crl_sample(f->operator.cert, f->operator.key, from, until, revoked, SINCE);
}

static void who_is_revoked_is_refused_by_name_and_date(void **state)
{
	struct fixture *f = *state;
	struct signer leaf = { 0 }, other = { 0 };
	struct err e = { 0 };

	signer_issue(&leaf, "build server", &f->operator);
	signer_issue(&other, "somebody else", &f->operator);
	trust_operator(f);
	const struct {
		struct buf *list;
		const struct signer *by;
		bool chain,
			anchored; /* the leaf stands in the CoRIM; the leaf is an anchor itself */
		enum err_code code;
		const char *what;
	} rows[] = {
		{ NULL, &leaf, true, false, E_OK, "" },
		{ list_of(f, NOW - DAY, NOW + DAY, NULL), &leaf, true, false, E_OK, "" },
		{ list_of(f, NOW - DAY, NOW + DAY, other.cert), &leaf, true, false, E_OK, "" },
		{ list_of(f, NOW - DAY, NOW + DAY, leaf.cert), &leaf, true, false, E_POLICY,
		  "signer of CoRIM a: certificate CN=build server is revoked by CN=operator since "
		  "2027-01-12T08:00:00Z" },
		{ list_of(f, NOW - DAY, NOW + DAY, leaf.cert), &leaf, false, true, E_POLICY,
		  "signer of CoRIM a: certificate CN=build server is revoked by CN=operator "
		  "since" },
		{ list_of(f, NOW - DAY, NOW + DAY, leaf.cert), &other, true, false, E_OK, "" },
		{ list_of(f, NOW + 60, NOW + DAY, NULL), &leaf, true, false, E_FRESHNESS,
		  "revocation list of CN=operator is not in force before 2027-01-15T08:01:00Z" },
		{ crl_sample(f->operator.cert, f->stranger.key, NOW - DAY, NOW + DAY, NULL, 0),
		  &leaf, true, false, E_POLICY,
		  "revocation list of CN=operator is not signed by its key" },
		{ crl_sample(f->stranger.cert, f->stranger.key, NOW - DAY, NOW + DAY, leaf.cert,
			     SINCE),
		  &leaf, true, false, E_OK, "" },
		{ list_of(f, NOW - DAY, NOW + DAY, f->operator.cert), &leaf, true, false, E_POLICY,
		  "certificate CN=operator is revoked by CN=operator" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = corim_by(rows[i].by, rows[i].chain, "a", REFERENCE);
		struct buf *list = rows[i].list;
		int rc;

		e = (struct err){ 0 };
		if (list)
			add_crl(f, list);
		if (rows[i].anchored)
			assert_ok(anchor(f, REFVALS_ADD_SIGNER, &leaf, &e), &e);
		rc = import(f, b, 0, NULL, &e);
		if (rc != (int)rows[i].code || (rc && !strstr(e.text, rows[i].what)))
			fail_msg("row %zu: %d \"%s\"", i, rc, e.text);
		assert_int_equal(counting(f), !rc);
		e = (struct err){ 0 };
		if (!rc)
			assert_ok(change(f, REFVALS_DELETE, b, 0, &e), &e);
		if (list)
			assert_ok(crl(f, REFVALS_REMOVE_SIGNER, list, &e), &e);
		if (rows[i].anchored)
			assert_ok(anchor(f, REFVALS_REMOVE_SIGNER, &leaf, &e), &e);
		buf_drop(&list);
	}
	signer_clear(&leaf);
	signer_clear(&other);
}

static void what_is_no_list_or_an_old_one_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) old = list_of(f, NOW - 2 * DAY, NOW - 1, NULL);
	OWNED(buf) good = list_of(f, NOW - DAY, NOW + DAY, NULL);
	const struct {
		struct bytes b;
		enum err_code code;
		const char *what;
	} rows[] = {
		{ bytes_text("nonsense"), E_FORMAT, "no revocation list" },
		{ BYTES_NONE, E_FORMAT, "no revocation list" },
		{ cert_der(f->operator.cert), E_FORMAT, "not one revocation list" },
		{ bytes_slice(buf_bytes(good), 0, buf_bytes(good).len - 1), E_FORMAT, "not one" },
		{ buf_bytes(old), E_FRESHNESS, "revocation list of CN=operator has expired" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = buf_copy(rows[i].b);

		e = (struct err){ 0 };
		assert_refused(crl(f, REFVALS_ADD_SIGNER, b, &e), &e, rows[i].code, rows[i].what);
	}
	e = (struct err){ 0 };
	assert_refused(crl(f, REFVALS_REMOVE_SIGNER, good, &e), &e, E_NOTFOUND,
		       "no such revocation list");
}

struct told {
	char why[300], id[CORIM_ID_MAX];
};

static bool take_unused(void *user, const struct ref *ref)
{
	struct told *t = user;

	snprintf(t->why, sizeof(t->why), "%s", ref->left_out);
	snprintf(t->id, sizeof(t->id), "%s", ref->corim->id);
	return false;
}

static struct told unused_at(struct fixture *f, long long now_s)
{
	const struct corim_env env = { .vendor = bytes_text("v") };
	struct refs *refs;
	struct told t = { 0 };

	refvals_refresh(f->r);
	refs = refvals_take(f->r);
	refs_unused(refs, &env, now_s, take_unused, &t);
	refvals_give(f->r, refs);
	return t;
}

static void what_the_revoked_signed_stops_to_count_and_says_why(void **state)
{
	struct fixture *f = *state;
	struct signer leaf = { 0 };
	struct err e = { 0 };

	signer_issue(&leaf, "build server", &f->operator);
	trust_operator(f);
	OWNED(buf) a = corim_by(&leaf, true, "a", REFERENCE);
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	OWNED(buf) list = list_of(f, NOW - DAY, NOW + DAY, leaf.cert);

	assert_ok(import(f, a, 0, NULL, &e), &e);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_int_equal(found_at(f, NOW), 2);
	assert_string_equal(unused_at(f, NOW).id, "");
	add_crl(f, list);
	for (int round = 0; round < 2; round++) { /* and after a restart */
		assert_int_equal(found_at(f, NOW), 1);
		assert_string_equal(unused_at(f, NOW).id, "a");
		assert_non_null(strstr(unused_at(f, NOW).why, "certificate CN=build server is "
							      "revoked by CN=operator since"));
		reopen(f);
	}
	assert_ok(crl(f, REFVALS_REMOVE_SIGNER, list, &e), &e);
	assert_int_equal(found_at(f, NOW), 2);
	signer_clear(&leaf);
}

/* Nothing is asked again for it: when the list that cleared a signer ends, his word does. */
static void a_list_that_ends_takes_its_signers_with_it(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	OWNED(buf) list = list_of(f, NOW - DAY, NOW + 1000, NULL);
	OWNED(buf) next = list_of(f, NOW, NOW + 2000, NULL);
	struct digest d = corim_row_digest(buf_bytes(b));
	struct err e = { 0 };

	trust_operator(f);
	add_crl(f, list);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_int_equal(found_at(f, NOW + 1000), 1);
	assert_int_equal(found_at(f, NOW + 1001), 0);
	assert_true(refvals_holds(f->r, d.at, NOW + 1000));
	assert_false(refvals_holds(f->r, d.at, NOW + 1001));
	assert_string_equal(unused_at(f, NOW + 1001).why, "it has ended");
	add_crl(f, next);
	assert_int_equal(found_at(f, NOW + 1001), 1);
	assert_int_equal(found_at(f, NOW + 2001), 0);
	clock_set_s(NOW + 2001);
	OWNED(corim) c = NULL;
	assert_ok(refvals_read(f->r, buf_bytes(b), BYTES_NONE, &c, &e), &e);
	assert_refused(refvals_check(f->r, c, NOW + 2001, &e), &e, E_FRESHNESS,
		       "revocation list of CN=operator has expired on 2027-01-15T08:33:20Z");
	e = (struct err){ 0 };
	assert_refused(import(f, b, 0, NULL, &e) || change(f, REFVALS_DEACTIVATE, b, 0, &e) ||
			       change(f, REFVALS_ACTIVATE, b, 0, &e),
		       &e, E_FRESHNESS, "has expired on");
}

static void put(const char *folder, const char *name, const struct buf *b)
{
	char path[200];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_ok(file_write(path, buf_bytes(b), 0644, &e), &e);
}

static void the_folder_of_lists_is_looked_at_once_a_minute(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	OWNED(buf) list = list_of(f, NOW - DAY, NOW + 1000, NULL);
	OWNED(buf) next = list_of(f, NOW - DAY, NOW + 5000, NULL);
	OWNED(buf) revokes = list_of(f, NOW - DAY, NOW + 5000, f->operator.cert);
	OWNED(buf) junk = buf_copy(bytes_text("no list"));
	struct crl_about first = { 0 };
	char folder[100];
	struct err e = { 0 };

	snprintf(folder, sizeof(folder), "%s/lists", f->folder);
	snprintf(f->settings.corim_crls, sizeof(f->settings.corim_crls), "%s", folder);
	assert_ok(folder_make(folder, 0755, &e), &e);
	put(folder, "a.crl", list);
	reopen(f);
	trust_operator(f);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_int_equal(found_at(f, NOW + 1001), 0);
	assert_int_equal(refvals_n_crls(f->r, &first), 1);
	assert_int_equal(first.next_update, NOW + 1000);
	put(folder, "b.crl", next);
	assert_int_equal(found_at(f, NOW + 1001), 0); /* not yet looked at */
	clock_set_s(NOW + 61);
	assert_int_equal(found_at(f, NOW + 1001), 1);
	assert_int_equal(refvals_n_crls(f->r, &first), 2);
	put(folder, "c.crl", junk); /* what cannot be read leaves all as it was */
	clock_set_s(NOW + 122);
	assert_int_equal(found_at(f, NOW + 1001), 1);
	put(folder, "c.crl", revokes);
	clock_set_s(NOW + 183);
	assert_int_equal(found_at(f, NOW + 183), 0);
	assert_non_null(strstr(unused_at(f, NOW).why, "is revoked by CN=operator"));
}

static int spoil(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, arg, NULL, 0, NULL, NULL, NULL, e);
}

/* Whom it revoked nobody knows any more: nobody's word is taken until it is brought again. */
static void a_list_that_was_changed_in_the_database_stops_all(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	OWNED(buf) list = list_of(f, NOW - DAY, NOW + DAY, NULL);
	struct err e = { 0 };

	trust_operator(f);
	add_crl(f, list);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_ok(store_write(f->store, spoil,
			      (void *)(uintptr_t) "UPDATE corim_crls SET added_by = 'other'", &e),
		  &e);
	reopen(f);
	assert_int_equal(counting(f), 0);
	assert_non_null(strstr(unused_at(f, NOW).why, "was changed in the database"));
	assert_ok(crl(f, REFVALS_REMOVE_SIGNER, list, &e), &e);
	assert_int_equal(counting(f), 1);
}

/* ---- what is verified again ---- */
static void a_change_verifies_what_it_changes_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) list = list_of(f, NOW - DAY, NOW + 1000, NULL);
	struct buf *b[10];
	struct err e = { 0 };

	trust_operator(f);
	for (size_t i = 0; i < ARRAY_LEN(b); i++) {
		char id[8];

		snprintf(id, sizeof(id), "c%zu", i);
		b[i] = corim_by(&f->operator, i % 2, id, REFERENCE);
		assert_ok(import(f, b[i], 0, NULL, &e), &e);
		assert_int_equal(refvals_n_verified(f->r), 1);
		assert_int_equal(found_at(f, NOW), i + 1);
	}
	const struct {
		enum refvals_verb verb;
		long long until;
		size_t n_verified, counting;
	} rows[] = { { REFVALS_DEACTIVATE, 0, 0, 9 },
		     { REFVALS_ACTIVATE, NOW + 5000, 1, 10 },
		     { REFVALS_ACTIVATE, 0, 1, 10 },
		     { REFVALS_DELETE, 0, 0, 9 } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(change(f, rows[i].verb, b[3], rows[i].until, &e), &e);
		assert_int_equal(refvals_n_verified(f->r), rows[i].n_verified);
		assert_int_equal(counting(f), rows[i].counting);
	}
	add_crl(f, list); /* who judges is another: all are asked again */
	assert_int_equal(refvals_n_verified(f->r), 9);
	assert_int_equal(found_at(f, NOW + 1000), 9);
	assert_int_equal(found_at(f, NOW + 1001), 0);
	clock_set_s(NOW + 1001); /* what is past its time is asked again, and left out */
	assert_ok(change(f, REFVALS_DEACTIVATE, b[5], 0, &e), &e);
	assert_int_equal(refvals_n_verified(f->r), 8);
	assert_int_equal(counting(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		buf_drop(&b[i]);
}

/* A row that was changed behind the server's back does not pass for the one that was verified. */
static void a_row_that_was_changed_is_not_taken_from_memory(void **state)
{
	static const struct {
		const char *sql;
		size_t counting;
	} rows[] = {
		{ "UPDATE corims SET until = 1900000000", 1 },
		{ "UPDATE corims SET changed_by = 'somebody else'", 1 },
		{ "UPDATE corims SET mac = X'00'", 1 },
		{ "UPDATE corims SET digest = CAST(X'00' || substr(digest, 2) AS BLOB)",
		  2 }, /* names nothing: the bytes do */
		{ "UPDATE corims SET digest = 'x'", 1 },
		{ "UPDATE corims SET active = 0", 1 },
	};
	struct fixture *f = *state;
	OWNED(buf) a = corim_by(&f->operator, true, "a", REFERENCE);
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	struct err e = { 0 };

	trust_operator(f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		e = (struct err){ 0 };
		assert_ok(import(f, a, 0, NULL, &e), &e);
		assert_ok(store_write(f->store, spoil, (void *)(uintptr_t)rows[i].sql, &e), &e);
		assert_ok(import(f, b, 0, NULL, &e), &e);
		if (counting(f) != rows[i].counting)
			fail_msg("%s: %zu count", rows[i].sql, counting(f));
		assert_ok(
			store_write(f->store, spoil, (void *)(uintptr_t) "DELETE FROM corims", &e),
			&e);
		reopen(f);
	}
}

/* More of them than the store has readers, each asking within its own; a change needs one, too. */
enum { ASKERS = 12, ASKED = 200, CHANGES = 20, HANG_S = 60 };

struct asker {
	struct fixture *f;
	struct corim *corim;
	pthread_t thread;
	size_t refused;
};

static int ask_within(struct tx *tx, void *arg, struct err *e)
{
	struct asker *a = arg;
	struct err why = { 0 };

	(void)tx;
	(void)e;
	a->refused += refvals_check(a->f->r, a->corim, NOW, &why) != 0;
	return 0;
}

static void *ask_often(void *arg)
{
	struct asker *a = arg;
	struct err e = { 0 };

	for (size_t i = 0; i < ASKED; i++)
		store_read(a->f->store, ask_within, a, &e);
	return NULL;
}

static void who_reads_and_asks_about_a_signer_does_not_stop_a_change(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "b", REFERENCE);
	struct asker askers[ASKERS];
	struct err e = { 0 };

	trust_operator(f);
	alarm(HANG_S); /* a deadlock ends the program */
	for (size_t i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){ .f = f };
		assert_ok(refvals_read(f->r, buf_bytes(b), BYTES_NONE, &askers[i].corim, &e), &e);
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), 0);
	}
	for (size_t i = 0; i < CHANGES; i++)
		assert_ok(anchor(f, i % 2 ? REFVALS_REMOVE_SIGNER : REFVALS_ADD_SIGNER,
				 &f->stranger, &e),
			  &e);
	for (size_t i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].refused, 0);
		corim_drop(&askers[i].corim);
	}
	alarm(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(who_is_revoked_is_refused_by_name_and_date),
		TEST(what_is_no_list_or_an_old_one_is_refused),
		TEST(what_the_revoked_signed_stops_to_count_and_says_why),
		TEST(a_list_that_ends_takes_its_signers_with_it),
		TEST(the_folder_of_lists_is_looked_at_once_a_minute),
		TEST(who_reads_and_asks_about_a_signer_does_not_stop_a_change),
		TEST(a_list_that_was_changed_in_the_database_stops_all),
		TEST(a_change_verifies_what_it_changes_and_nothing_else),
		TEST(a_row_that_was_changed_is_not_taken_from_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
