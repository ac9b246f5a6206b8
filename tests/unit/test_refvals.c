// SPDX-License-Identifier: Apache-2.0
/* Imported CoRIMs and who may sign them: what counts, what is refused, and that a refusal changes nothing. */
#include "refvals_rig.h"

struct told {
	long long rows, records;
};

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int count(struct tx *tx, void *arg, struct err *e)
{
	struct told *t = arg;

	return db_run(tx->db, "SELECT COUNT(*) FROM corims", NULL, 0, take_number, &t->rows, NULL,
		      e) || db_run(tx->db, "SELECT COUNT(*) FROM audit", NULL, 0, take_number,
				   &t->records, NULL, e)
		       ? (int)e->code
		       : 0;
}

static struct told told(struct fixture *f)
{
	struct told t = { 0 };
	struct err e = { 0 };

	assert_ok(store_read(f->store, count, &t, &e), &e);
	return t;
}

/* ---- tests ---- */
static void the_same_corim_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "a", REFERENCE);
	struct err e = { 0 };
	struct told before;
	bool fresh;

	trust_operator(f);
	assert_ok(import(f, b, 0, &fresh, &e), &e);
	assert_true(fresh);
	before = told(f);
	assert_int_equal(before.rows, 1);
	assert_int_equal(before.records, 2); /* the anchor's and the CoRIM's */
	assert_ok(import(f, b, NOW + 5, &fresh, &e), &e);
	assert_false(fresh);
	assert_int_equal(told(f).records, 2);
	assert_int_equal(counting(f), 1);
	assert_int_equal(found_at(f, NOW + 6), 1); /* and the window of the second was not taken */
	reopen(f);
	assert_int_equal(counting(f), 1);
}

static void a_corim_that_fails_anywhere_leaves_all_as_it_was(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) good = corim_by(&f->operator, true, "good", SEVEN_EIGHT);
	struct err e = { 0 };
	struct told before;

	trust_operator(f);
	assert_ok(import(f, good, 0, NULL, &e), &e);
	before = told(f);
	const struct {
		struct buf *bytes;
		enum err_code code;
		const char *what;
	} rows[] = {
		{ corim_by(&f->stranger, true, "s", REFERENCE), E_SIGNATURE, "signer of CoRIM s" },
		{ corim_by(&f->stranger, false, "s", REFERENCE), E_SIGNATURE, "no trust anchor" },
		{ payload("plain", REFERENCE), E_SIGNATURE, "not signed" },
		{ corim_by(&f->operator, true, "f", "{0: [[" ENV ", [{0: 1, 1: {}}]]]}"), E_FORMAT,
		  "tags[0].triples.0[0].measurements[0].mval" },
		{ corim_by(&f->operator, true, "c", EIGHT_SEVEN), E_CONFLICT,
		  "of CoRIM c, tag t-c, stands in a circle" },
		{ corim_by(&f->operator, true, "c",
			   "{0: [[" ENV ", [" SVN(1, 5) "]]], 10: [[[[" ENV ", [" SVN(
				   8, 2) "]]], [[" ENV ", [" SVN(7, 1) "]]]]]}"),
		  E_CONFLICT, "circle" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf *b = rows[i].bytes;

		e = (struct err){ 0 };
		assert_refused(import(f, b, 0, NULL, &e), &e, rows[i].code, rows[i].what);
		assert_int_equal(told(f).rows, before.rows);
		assert_int_equal(told(f).records, before.records);
		assert_int_equal(counting(f), 1);
		assert_int_equal(found_at(f, NOW), 0);
		buf_drop(&b);
	}
}

static void what_closes_a_circle_is_refused_whichever_comes_first(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) a = corim_by(&f->operator, true, "a", SEVEN_EIGHT);
	OWNED(buf) b = corim_by(&f->operator, true, "b", EIGHT_SEVEN);
	struct err e = { 0 };

	trust_operator(f);
	assert_ok(import(f, a, 0, NULL, &e), &e);
	assert_refused(import(f, b, 0, NULL, &e), &e, E_CONFLICT, "circle");
	e = (struct err){ 0 };
	assert_ok(change(f, REFVALS_DEACTIVATE, a, 0, &e), &e);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_refused(change(f, REFVALS_ACTIVATE, a, 0, &e), &e, E_CONFLICT, "circle");
	assert_int_equal(counting(f), 1);
	e = (struct err){ 0 };
	assert_ok(change(f, REFVALS_DELETE, b, 0, &e), &e);
	assert_ok(change(f, REFVALS_ACTIVATE, a, 0, &e), &e);
	assert_int_equal(counting(f), 1);
}

static void an_update_window_ends(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) old = corim_by(&f->operator, true, "old", REFERENCE);
	OWNED(buf) new = corim_by(&f->operator, true, "new", REFERENCE);
	struct err e = { 0 };

	trust_operator(f);
	assert_ok(import(f, old, 0, NULL, &e), &e);
	assert_ok(import(f, new, NOW + 1000, NULL, &e), &e);
	assert_ok(change(f, REFVALS_ACTIVATE, old, NOW + 100, &e), &e);
	for (int round = 0; round < 2; round++) { /* and after a restart */
		assert_int_equal(found_at(f, NOW + 100), 2);
		assert_int_equal(found_at(f, NOW + 101), 1);
		assert_int_equal(found_at(f, NOW + 1001), 0);
		reopen(f);
	}
	assert_ok(change(f, REFVALS_ACTIVATE, old, 0, &e), &e); /* without an end again */
	assert_int_equal(found_at(f, NOW + 101), 2);
	assert_refused(change(f, REFVALS_ACTIVATE, old, NOW, &e), &e, E_USAGE, "ended already");
}

static void what_is_inactive_does_not_count_and_what_is_deleted_is_unknown(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "a", REFERENCE);
	struct err e = { 0 };
	long long records;

	trust_operator(f);
	assert_refused(change(f, REFVALS_ACTIVATE, b, 0, &e), &e, E_NOTFOUND, "no such CoRIM");
	e = (struct err){ 0 };
	assert_ok(import(f, b, 0, NULL, &e), &e);
	assert_ok(change(f, REFVALS_DEACTIVATE, b, 0, &e), &e);
	assert_int_equal(counting(f), 0);
	records = told(f).records;
	assert_ok(change(f, REFVALS_DEACTIVATE, b, 0, &e), &e);
	assert_int_equal(told(f).records, records); /* it was so already */
	reopen(f);
	assert_int_equal(counting(f), 0);
	assert_ok(change(f, REFVALS_ACTIVATE, b, 0, &e), &e);
	assert_int_equal(counting(f), 1);
	assert_int_equal(told(f).records, records + 1);
	assert_ok(change(f, REFVALS_DELETE, b, 0, &e), &e);
	assert_int_equal(counting(f), 0);
	assert_refused(change(f, REFVALS_DELETE, b, 0, &e), &e, E_NOTFOUND, "no such CoRIM");
}

static void an_anchor_makes_its_corims_count_and_takes_them_with_it(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) with = corim_by(&f->operator, true, "with", REFERENCE);
	OWNED(buf) without = corim_by(&f->operator, false, "without", REFERENCE);
	struct err e = { 0 };

	assert_refused(import(f, with, 0, NULL, &e), &e, E_SIGNATURE, "signer of CoRIM");
	assert_refused(import(f, without, 0, NULL, &e), &e, E_SIGNATURE, "no trust anchor");
	e = (struct err){ 0 };
	for (int i = 0; i < 12; i++) { /* more than one list of certificates holds */
		struct signer s = { 0 };

		signer_make(&s, "one of many");
		assert_ok(anchor(f, REFVALS_ADD_SIGNER, &s, &e), &e);
		keypair_drop(&s.key);
		cert_drop(&s.cert);
	}
	trust_operator(f);
	trust_operator(f); /* again */
	assert_int_equal(refvals_n_anchors(f->r), 13);
	assert_ok(import(f, with, 0, NULL, &e), &e);
	assert_ok(import(f, without, 0, NULL, &e), &e);
	assert_int_equal(counting(f), 2);
	reopen(f);
	assert_int_equal(counting(f), 2);
	assert_ok(anchor(f, REFVALS_REMOVE_SIGNER, &f->operator, & e), &e);
	assert_int_equal(counting(f), 0);
	assert_refused(anchor(f, REFVALS_REMOVE_SIGNER, &f->operator, & e), &e, E_NOTFOUND,
		       "no such trust anchor");
	e = (struct err){ 0 };
	trust_operator(f);
	assert_int_equal(counting(f), 2);
}

static void an_unsigned_corim_counts_only_where_an_operator_said_so(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = payload("plain", REFERENCE);
	struct refvals_change ch = {
		.verb = REFVALS_IMPORT, .actor = "test", .bytes = buf_bytes(b), .unsigned_ok = true
	};
	struct err e = { 0 };

	assert_ok(refvals_change(f->r, &ch, &e), &e);
	reopen(f);
	assert_int_equal(counting(f), 1);
}

/* What is signed is a hash, or nothing at all: the CoRIM comes beside it, and is kept. */
static void a_corim_beside_its_signature_is_kept_with_it(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) content = payload("b", REFERENCE);
	OWNED(buf) other = payload("other", REFERENCE);
	OWNED(buf) envelope = buf_new(4096);
	OWNED(buf)
	protected = edn("{1: -7, 8: <<{0: {0: \"o\"}}>>, 258: -16, 259: "
			"\"application/rim+cbor\"}");
	struct digest d = sha256_of(buf_bytes(content));
	struct refvals_change ch = { .verb = REFVALS_IMPORT, .actor = "test" };
	struct err e = { 0 };

	trust_operator(f);
	assert_ok(cose_sign1_write(buf_bytes(protected), digest_bytes(&d), f->operator.key,
				   &envelope->w, &e),
		  &e);
	ch.bytes = buf_bytes(envelope);
	assert_refused(refvals_change(f->r, &ch, &e), &e, E_UNSUPPORTED,
		       "give the CoRIM beside it");
	ch.beside = buf_bytes(other);
	assert_refused(refvals_change(f->r, &ch, &e), &e, E_SIGNATURE, "not the one");
	assert_int_equal(told(f).rows, 0);
	e = (struct err){ 0 };
	ch.beside = buf_bytes(content);
	assert_ok(refvals_change(f->r, &ch, &e), &e);
	reopen(f);
	assert_int_equal(counting(f), 1);
}

static int spoil(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, arg, NULL, 0, NULL, NULL, NULL, e);
}

static void a_row_that_was_changed_in_the_database_does_not_count(void **state)
{
	static const char *const rows[] = {
		"UPDATE corims SET until = 1900000000",
		"UPDATE corims SET is_signed = 0",
		"UPDATE corims SET changed_by = 'somebody else'",
		"UPDATE corims SET beside = X'a0'",
		"UPDATE corims SET active = 1",
		"UPDATE corim_anchors SET added_by = 'somebody else'",
		"UPDATE corim_anchors SET mac = X'00'",
	};
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "a", REFERENCE);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };

		trust_operator(f);
		assert_ok(import(f, b, NOW + 10, NULL, &e), &e);
		if (strstr(rows[i], "active"))
			assert_ok(change(f, REFVALS_DEACTIVATE, b, 0, &e), &e);
		assert_ok(store_write(f->store, spoil, (void *)(uintptr_t)rows[i], &e), &e);
		reopen(f);
		if (counting(f))
			fail_msg("%s: it counts", rows[i]);
		if (strstr(rows[i], "corims")) {
			assert_refused(change(f, REFVALS_ACTIVATE, b, 0, &e), &e, E_SIGNATURE,
				       "changed in the database");
			e = (struct err){ 0 };
		}
		assert_ok(change(f, REFVALS_DELETE, b, 0, &e), &e);
		assert_ok(store_write(f->store, spoil,
				      (void *)(uintptr_t) "DELETE FROM "
							  "corim_anchors",
				      &e),
			  &e);
		reopen(f);
	}
}

/* {500: ...} around it and no tag inside: what NVIDIA ships for its network cards */
static void settings_reach_reader_and_look_up(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) b = corim_by(&f->operator, true, "a", REFERENCE);
	OWNED(buf) old = edn("{0: \"o\", 1: [506(<<{1: {0: \"t\"}, 4: " REFERENCE "}>>)]}");
	OWNED(buf) old_signed = signed_corim(&f->operator, true, buf_bytes(old));
	struct refs *refs;
	struct err e = { 0 };

	trust_operator(f);
	assert_refused(import(f, old_signed, 0, NULL, &e), &e, E_FORMAT, "older than draft 11");
	e = (struct err){ 0 };
	f->settings.corim_old_shapes = true;
	f->settings.refs.cotl_required = true;
	f->settings.refs.rules = CORIM_WHOLE;
	reopen(f);
	assert_ok(import(f, old_signed, 0, NULL, &e), &e);
	assert_ok(import(f, b, 0, NULL, &e), &e);
	refs = refvals_take(f->r);
	assert_int_equal(refs_options(refs)->rules, CORIM_WHOLE);
	refvals_give(f->r, refs);
	assert_int_equal(counting(f), 2);
	assert_int_equal(found_at(f, NOW), 0); /* no list of tags lists them */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_same_corim_again_changes_nothing),
		TEST(a_corim_that_fails_anywhere_leaves_all_as_it_was),
		TEST(what_closes_a_circle_is_refused_whichever_comes_first),
		TEST(an_update_window_ends),
		TEST(what_is_inactive_does_not_count_and_what_is_deleted_is_unknown),
		TEST(an_anchor_makes_its_corims_count_and_takes_them_with_it),
		TEST(an_unsigned_corim_counts_only_where_an_operator_said_so),
		TEST(a_corim_beside_its_signature_is_kept_with_it),
		TEST(a_row_that_was_changed_in_the_database_does_not_count),
		TEST(settings_reach_reader_and_look_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
