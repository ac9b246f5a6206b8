// SPDX-License-Identifier: Apache-2.0
/*
 * IMA lists that are longer than a token, to the real server: they come in pieces, which prove nothing until the
 * last one leads to the quote; and what a host gains that lies in one of them, which has to be nothing.
 */
#include "../unit/ima_sample.h"
#include "refusal.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/corim.h"
#include "server/ima_states.h"

#define CONTENT "/usr/lib/x86_64-linux-gnu/part/%08zu.so" /* and path */
enum { LONG = 100000, SHORT = 1400 /* three times the least piece */, PIECE = 600 };

/* A list, and at[i]: where entry i begins, and PCR 10 before it. */
struct list {
	struct buf *bytes;
	size_t n;
	struct border {
		size_t byte;
		struct ima_banks pcr10;
	} * at;
};

static void list_make(struct list *l, size_t n, size_t odd_at, const char *odd)
{
	static const enum digest_alg alg = DIGEST_SHA256;
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	struct err e = { 0 };
	char path[80];

	*l = (struct list){ .bytes = buf_new(64 << 20),
			    .n = n,
			    .at = calloc(n + 1, sizeof(*l->at)) };
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), CONTENT, i);
		ima_sample_put(&l->bytes->w,
			       &(struct ima_sample){ .path = odd && i == odd_at ? odd : path,
						     .content = path });
	}
	assert_false(l->bytes->w.full);
	ima_banks_start(&l->at[0].pcr10, &alg, 1);
	ima_cursor_on(c, buf_bytes(l->bytes), IMA_BINARY);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ima_next(c, &entry, &e), 1);
		l->at[i + 1] = (struct border){ c->r.offset, l->at[i].pcr10 };
		ima_extend(&l->at[i + 1].pcr10, &entry);
	}
	free(c);
}

static void list_clear(struct list *l)
{
	buf_drop(&l->bytes);
	free(l->at);
}

static struct ima_place place(const struct list *l, size_t i, u32 reset_count)
{
	return (struct ima_place){ .reset_count = reset_count, .next = i, .pcr10 = l->at[i].pcr10 };
}

static struct bytes span(const struct list *l, size_t from, size_t to)
{
	return bytes_slice(buf_bytes(l->bytes), l->at[from].byte,
			   l->at[to].byte - l->at[from].byte);
}

/* ---- one token ---- */
/* Quoted behind entry @quoted of @l; with no entries yet. */
static void begin(struct fixture *f, const struct forge_host *h, const struct list *l,
		  u32 reset_count, size_t quoted, struct forged *t)
{
	forge_begin(&f->s, h, t);
	t->clock.reset_count = reset_count;
	t->pcrs[IMA_PCR] = l->at[quoted].pcr10.at[0];
	forge_collect(t);
	forge_rest(t);
}

/* Entries @from to @to of @l go into the token, whose quote stays as it is. */
static void put(struct forged *t, const struct list *l, size_t from, size_t to, bool more)
{
	struct eat_logs logs = { .boot_log = buf_bytes(t->server->boot_log),
				 .ima = { .sent = true,
					  .from = place(l, from, t->clock.reset_count),
					  .entries = span(l, from, to),
					  .more = more } };
	struct err e = { 0 };

	for (size_t i = 0; i < t->n_subs; i++) {
		if (!bytes_equal(t->subs[i].label, bytes_text("logs")))
			continue;
		buf_drop(&t->logs);
		assert_ok(eat_write_logs(&logs, &t->logs, &e), &e);
		t->subs[i].value = buf_bytes(t->logs);
	}
	buf_drop(&t->token);
	forge_sign(t, t->cnf);
}

static long long number(const json_t *answer, const char *name)
{
	const json_t *j = json_object_get(json_object_get(answer, "ima"), name);

	return json_is_integer(j) ? json_integer_value(j) : -1;
}

static json_t *answer_of(const struct forged *t, long want)
{
	long status;
	json_t *j = forge_send(t, buf_bytes(t->token), &status);

	if (status != want)
		fail_msg("expected %ld, got %ld: %.2000s", want, status,
			 json_dumps(j, JSON_COMPACT));
	return j;
}

/* Taken, unproven: no verdict, no result, no share, and the nonce is good for the next piece. */
static void taken(struct forged *t, const struct list *l, size_t from, size_t to)
{
	json_t *j;
	char words[80];

	put(t, l, from, to, true);
	j = answer_of(t, 202);
	assert_string_equal(json_string_value(json_object_get(j, "status")), "processing");
	assert_int_equal(number(j, "first"), from);
	assert_int_equal(number(j, "next"), to);
	snprintf(words, sizeof(words), "IMA list: %zu entries seen, the rest follows", to);
	assert_non_null(strstr(json_string_value(json_object_get(j, "detail")), words));
	assert_null(json_object_get(j, "ear_status"));
	assert_null(json_object_get(j, "result"));
	nothing_went_out(t, j);
	json_decref(j);
}

/* A verdict; what it says of the list's next entry. */
static long long judged(struct forged *t, const struct list *l, size_t from, size_t to, bool more,
			const char *ear_status)
{
	json_t *j;
	long long next;

	put(t, l, from, to, more);
	j = answer_of(t, 200);
	if (strcmp(json_string_value(json_object_get(j, "ear_status")), ear_status))
		fail_msg("%s", json_dumps(json_object_get(j, "reasons"), JSON_COMPACT));
	assert_int_equal(json_object_get(j, "release") != NULL, !strcmp(ear_status, "affirming"));
	next = number(j, "next");
	json_decref(j);
	return next;
}

static void not_known(struct forged *t, const struct list *l, size_t from, size_t to, bool more)
{
	json_t *j;

	put(t, l, from, to, more);
	j = answer_of(t, 409);
	assert_string_equal(json_string_value(json_object_get(j, "type")), IMA_WHOLE_PROBLEM);
	nothing_went_out(t, j);
	json_decref(j);
}

static int change_rows(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, arg, NULL, 0, NULL, NULL, NULL, e);
}

static void change(struct fixture *f, const char *sql)
{
	struct err e = { 0 };

	assert_ok(store_write(f->s.server->store, change_rows, (void *)sql, &e), &e);
}

static int take_count(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int count_rows(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT count(*) FROM ima_pending", NULL, 0, take_count, arg, NULL,
		      e);
}

static void pending_are(struct fixture *f, long long n)
{
	long long found = -1;
	struct err e = { 0 };

	assert_ok(store_read(f->s.server->store, count_rows, &found, &e), &e);
	assert_int_equal(found, n);
}

static struct ima_rules *rules(struct fixture *f)
{
	return &f->s.settings.appraisal.ima;
}

/* ---- the scenarios; each boot has a count of its own, for a TPM never goes back ---- */
static struct list whole; /* SHORT entries without a fault */

static void a_list_of_a_hundred_thousand_entries_comes_in_pieces_under_one_nonce(void **state)
{
	static const size_t borders[] = { 0, 31000, 62000, 93000 };
	struct fixture *f = *state;
	struct list l;
	struct forged t;
	long long start, took;

	list_make(&l, LONG, 0, NULL);
	begin(f, &f->a, &l, 100, LONG, &t);
	start = clock_monotonic_ms();
	for (size_t i = 0; i + 1 < ARRAY_LEN(borders); i++) {
		taken(&t, &l, borders[i], borders[i + 1]);
		pending_are(f, 1);
	}
	assert_int_equal(judged(&t, &l, borders[3], LONG, false, "affirming"), LONG);
	took = clock_monotonic_ms() - start;
	print_message("%d entries in %lld ms\n", LONG, took);
	assert_in_range(took, 0, 60000);
	pending_are(f, 0);
	forged_clear(&t);
	/* and from then on what is new, as of any other */
	begin(f, &f->a, &l, 100, LONG, &t);
	assert_int_equal(judged(&t, &l, LONG, LONG, false, "affirming"), LONG);
	forged_clear(&t);
	list_clear(&l);
}

static void the_list_may_grow_and_the_nonce_change_between_two_pieces(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 101, 1000, &t);
	taken(&t, &whole, 0, PIECE);
	forged_clear(&t);
	begin(f, &f->a, &whole, 101, SHORT, &t); /* 400 more were measured */
	assert_int_equal(judged(&t, &whole, PIECE, SHORT, false, "affirming"), SHORT);
	forged_clear(&t);
}

static void a_piece_that_leads_to_the_quote_is_the_last_whatever_it_says(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 102, 900, &t);
	taken(&t, &whole, 0, PIECE);
	assert_int_equal(judged(&t, &whole, PIECE, SHORT, true, "affirming"), 900);
	pending_are(f, 0);
	forged_clear(&t);
}

static void pieces_go_on_from_an_accepted_place_too(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 103, 100, &t);
	assert_int_equal(judged(&t, &whole, 0, 100, false, "affirming"), 100);
	forged_clear(&t);
	begin(f, &f->a, &whole, 103, SHORT, &t);
	taken(&t, &whole, 100, 100 + PIECE);
	assert_int_equal(judged(&t, &whole, 100 + PIECE, SHORT, false, "affirming"), SHORT);
	forged_clear(&t);
}

static void an_agent_may_start_over_and_not_go_back_to_where_it_was(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 104, SHORT, &t);
	taken(&t, &whole, 0, PIECE);
	taken(&t, &whole, PIECE, 2 * PIECE);
	not_known(&t, &whole, PIECE, 2 * PIECE, true);
	taken(&t, &whole, 0, PIECE);
	not_known(&t, &whole, 2 * PIECE, SHORT, false);
	assert_int_equal(judged(&t, &whole, PIECE, SHORT, false, "affirming"), SHORT);
	forged_clear(&t);
}

/* The server's database was put back, or the server is another one. */
static void a_server_that_lost_the_pieces_says_so_and_takes_them_again(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 105, SHORT, &t);
	taken(&t, &whole, 0, PIECE);
	change(f, "DELETE FROM ima_pending");
	not_known(&t, &whole, PIECE, SHORT, false);
	taken(&t, &whole, 0, PIECE);
	assert_int_equal(judged(&t, &whole, PIECE, SHORT, false, "affirming"), SHORT);
	forged_clear(&t);
}

/* ---- who lies ---- */
static void a_lie_in_a_piece_is_found_at_the_end_and_all_of_them_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct list lie;
	struct forged t;

	list_make(&lie, SHORT, 3, "/usr/bin/innocent");
	begin(f, &f->a, &whole, 106, SHORT, &t);
	taken(&t, &lie, 0, PIECE); /* nobody can know yet */
	put(&t, &lie, PIECE, SHORT, false);
	refused(&t, "IMA_LOG",
		"does not lead to the quoted PCR 10; the 600 entries before came in pieces, and "
		"are "
		"worth nothing now");
	pending_are(f, 0);
	forged_clear(&t);
	begin(f, &f->a, &whole, 106, SHORT, &t);
	not_known(&t, &lie, PIECE, SHORT, false);
	/* behind a good piece one whose last path is another */
	taken(&t, &whole, 0, PIECE);
	put(&t, &whole, PIECE, SHORT, true);
	t.logs->w.at[t.logs->w.len - 10] ^= 1;
	buf_drop(&t.token);
	forge_sign(&t, t.cnf);
	json_decref(answer_of(&t, 202));
	put(&t, &whole, PIECE, SHORT, false);
	json_decref(answer_of(&t, 409));
	forged_clear(&t);
	list_clear(&lie);
}

static void what_stands_in_a_piece_is_judged_and_cannot_be_passed_over(void **state)
{
	struct fixture *f = *state;
	struct list l;
	struct forged t;
	struct err e = { 0 };

	list_make(&l, SHORT, 3, "/tmp/evil");
	rules(f)->mode = IMA_MODE_REPLAY;
	assert_ok(ima_rules_add(&rules(f)->refused, "/tmp", &e), &e);
	begin(f, &f->a, &l, 107, SHORT, &t);
	taken(&t, &l, 0, PIECE);
	put(&t, &l, PIECE, SHORT, false);
	refused(&t, "IMA list", "entry 3, /tmp/evil");
	forged_clear(&t);
	/* the pieces are proven now, with what was found in them: as often as it goes on from there */
	begin(f, &f->a, &l, 107, SHORT, &t);
	assert_int_equal(judged(&t, &l, PIECE, SHORT, false, "contraindicated"), PIECE);
	forged_clear(&t);
	begin(f, &f->a, &l, 107, SHORT, &t);
	not_known(&t, &l, SHORT, SHORT, false); /* what was refused is not gone on from */
	/* judged by other rules: all of it again */
	*rules(f) = (struct ima_rules){ 0 };
	not_known(&t, &l, PIECE, SHORT, false);
	taken(&t, &l, 0, PIECE);
	assert_int_equal(judged(&t, &l, PIECE, SHORT, false, "affirming"), SHORT);
	forged_clear(&t);
	list_clear(&l);
}

static void pieces_of_another_host_boot_or_key_count_for_nothing(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 108, SHORT, &t);
	taken(&t, &whole, 0, PIECE);
	forged_clear(&t);
	begin(f, &f->b, &whole, 108, SHORT, &t);
	not_known(&t, &whole, PIECE, SHORT, false);
	forged_clear(&t);
	begin(f, &f->a, &whole, 109, SHORT, &t); /* it was booted, and measured the same */
	not_known(&t, &whole, PIECE, SHORT, false);
	taken(&t, &whole, 0, PIECE);
	change(f, "UPDATE ima_pending SET ak_name = zeroblob(34)"); /* another AK's: nobody's now */
	not_known(&t, &whole, PIECE, SHORT, false);
	taken(&t, &whole, 0, PIECE);
	change(f, "UPDATE ima_pending SET state = substr(state, 1, 16) || x'07' || "
		  "substr(state, 18)");
	put(&t, &whole, PIECE, SHORT, false);
	turned_away(&t, buf_bytes(t.token), 403, "row of the database was changed (ima_pending)");
	change(f, "DELETE FROM ima_pending");
	forged_clear(&t);
}

/* One CoRIM per file, as nobody would have it. */
static void know_each(struct fixture *f, size_t n)
{
	char content[80], id[40];

	for (size_t i = 0; i < n; i++) {
		struct corim_element el = { .mval = { .n_digests = 1 } };
		struct corim_triple triple = { .env = { .vendor = bytes_text("linux"),
							.model = bytes_text("linux:ima") },
					       .n = 1,
					       .elements = &el };
		struct corim_draft draft = {
			.id = id, .signer = "test", .triples = &triple, .n = 1
		};
		struct cert_list chain = { .n = 1, .at = { f->s.signer_cert } };
		OWNED(buf) corim = NULL;
		struct digest d;
		struct err e = { 0 };
		long status;

		snprintf(id, sizeof(id), "files/%zu", i);
		snprintf(content, sizeof(content), CONTENT, i);
		d = sha256_of(bytes_text(content));
		el.mval.digests[0] = (struct corim_digest){ 1, digest_bytes(&d) };
		assert_ok(corim_write(&draft, f->s.signer, &chain, &corim, &e), &e);
		json_decref(forge_call(&f->s, "POST", "/endorsement-provisioning/v1/submit",
				       "application/rim+cose", true, buf_bytes(corim), &status));
		assert_in_range(status, 200, 201);
	}
}

static void more_vouchers_than_can_be_kept_until_the_end_are_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	know_each(f, IMA_VOUCHERS_MAX + 1);
	rules(f)->mode = IMA_MODE_KNOWN;
	rules(f)->unknown_warns = true;
	begin(f, &f->a, &whole, 114, SHORT, &t);
	put(&t, &whole, 0, PIECE, true);
	turned_away(&t, buf_bytes(t.token), 413, "more than 64 CoRIMs vouch for files");
	pending_are(f, 0);
	*rules(f) = (struct ima_rules){ 0 };
	forged_clear(&t);
}

static int keep_last(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	struct ima_state *s = NULL;
	int rc = ima_pending_find(tx, f->a.ueid, BYTES(f->a.ak_name), &s, e);

	if (rc)
		return rc;
	s->place.next = IMA_ENTRIES_MAX - 1;
	rc = ima_pending_keep(tx, f->a.ueid, BYTES(f->a.ak_name), s, e);
	free(s);
	return rc;
}

static void a_host_cannot_send_for_ever(void **state)
{
	struct fixture *f = *state;
	struct ima_place last = place(&whole, PIECE, 110);
	struct forged t;
	struct err e = { 0 };

	begin(f, &f->a, &whole, 110, SHORT, &t);
	put(&t, &whole, 0, 100, true); /* a row is not written for a few bytes */
	refused(&t, "IMA_LOG", "a piece of a list has");
	forged_clear(&t);
	begin(f, &f->a, &whole, 110, SHORT, &t);
	put(&t, &whole, 0, 0, true);
	refused(&t, "IMA_LOG", "a piece of a list has 0 bytes");
	forged_clear(&t);
	begin(f, &f->a, &whole, 110, SHORT, &t);
	taken(&t, &whole, 0, PIECE);
	pending_are(f, 1);
	assert_ok(store_write(f->s.server->store, keep_last, f, &e), &e);
	last.next = IMA_ENTRIES_MAX - 1;
	t.ima = (struct eat_ima){
		.sent = true, .from = last, .entries = span(&whole, PIECE, 2 * PIECE), .more = true
	};
	forge_again(&t);
	refused(&t, "IMA_LOG", "IMA list of more than 4000000 entries");
	pending_are(f, 0);
	forged_clear(&t);
}

static void a_nonce_that_brought_a_verdict_takes_no_piece(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	begin(f, &f->a, &whole, 111, SHORT, &t);
	assert_int_equal(judged(&t, &whole, 0, SHORT, false, "affirming"), SHORT);
	put(&t, &whole, 0, PIECE, true);
	turned_away(&t, buf_bytes(t.token), 403, "nonce was used before");
	pending_are(f, 0);
	forged_clear(&t);
	/* nor one that is too old: that is a verdict, and no share comes with it */
	begin(f, &f->a, &whole, 111, SHORT, &t);
	put(&t, &whole, 0, PIECE, true);
	clock_set_s(clock_now_s() + NONCE_AGE_MAX_S + 1);
	refused(&t, "NONCE IMA_LOG", "the rest follows: nothing is proven yet");
	clock_set_s(0);
	pending_are(f, 0);
	forged_clear(&t);
}

static void a_nonce_of_the_callers_choice_leaves_no_pieces(void **state)
{
	struct fixture *f = *state;
	char path[160] = "/challenge-response/v1/newSession?nonce=", *id;
	struct forged t;
	long status;
	json_t *j;

	forge_begin(&f->s, &f->a, &t);
	t.clock.reset_count = 112;
	t.pcrs[IMA_PCR] = whole.at[SHORT].pcr10.at[0];
	memset(t.nonce, 7, sizeof(t.nonce));
	base64url_write(BYTES(t.nonce), false, path + strlen(path));
	json_decref(forge_call(&f->s, "POST", path, NULL, false, BYTES_NONE, &status));
	assert_int_equal(status, 201);
	id = strrchr(f->s.location, '/') + 1;
	t.session_len = (size_t)base64_read(bytes_text(id), t.session, sizeof(t.session));
	forge_context(&t, f->s.server->keys->deployment);
	forge_collect(&t);
	forge_rest(&t);
	put(&t, &whole, 0, PIECE, true);
	j = answer_of(&t, 200);
	assert_string_equal(json_string_value(json_object_get(j, "ear_status")), "contraindicated");
	nothing_went_out(&t, j);
	json_decref(j);
	pending_are(f, 0);
	forged_clear(&t);
}

static void a_stranger_leaves_no_pieces(void **state)
{
	struct fixture *f = *state;
	struct forge_host stranger;
	struct forged t;

	forge_host_make(&stranger, "stranger", 4);
	begin(f, &stranger, &whole, 113, SHORT, &t);
	put(&t, &whole, 0, PIECE, true);
	json_decref(answer_of(&t, 200));
	pending_are(f, 0);
	forged_clear(&t);
	forge_host_clear(&stranger);
}

static int set_up(void **state)
{
	list_make(&whole, SHORT, 0, NULL);
	return refusal_set_up(state);
}

static int tear_down(void **state)
{
	list_clear(&whole);
	return refusal_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_list_of_a_hundred_thousand_entries_comes_in_pieces_under_one_nonce),
		cmocka_unit_test(the_list_may_grow_and_the_nonce_change_between_two_pieces),
		cmocka_unit_test(a_piece_that_leads_to_the_quote_is_the_last_whatever_it_says),
		cmocka_unit_test(pieces_go_on_from_an_accepted_place_too),
		cmocka_unit_test(an_agent_may_start_over_and_not_go_back_to_where_it_was),
		cmocka_unit_test(a_server_that_lost_the_pieces_says_so_and_takes_them_again),
		cmocka_unit_test(a_lie_in_a_piece_is_found_at_the_end_and_all_of_them_are_dropped),
		cmocka_unit_test(what_stands_in_a_piece_is_judged_and_cannot_be_passed_over),
		cmocka_unit_test(pieces_of_another_host_boot_or_key_count_for_nothing),
		cmocka_unit_test(a_host_cannot_send_for_ever),
		cmocka_unit_test(a_nonce_that_brought_a_verdict_takes_no_piece),
		cmocka_unit_test(a_nonce_of_the_callers_choice_leaves_no_pieces),
		cmocka_unit_test(a_stranger_leaves_no_pieces),
		cmocka_unit_test(more_vouchers_than_can_be_kept_until_the_end_are_refused),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
