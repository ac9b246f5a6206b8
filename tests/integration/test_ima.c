// SPDX-License-Identifier: Apache-2.0
/*
 * IMA's list over several attestations of one boot, to the real server: whole, then by increments; and what a
 * host gains that leaves something out, which has to be nothing.
 */
#include "../unit/ima_sample.h"
#include "refusal.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/file.h"
#include "proto/cbor.h"

/* The list of one boot of a host, as it grows, and where the next token starts. */
struct boot {
	const struct forge_host *host;
	struct buf *list;
	u32 reset_count;
	struct ima_place from; /* of the next increment */
	size_t from_byte;
};

static void boot_begin(struct boot *b, const struct forge_host *h, u32 reset_count)
{
	*b = (struct boot){ .host = h, .reset_count = reset_count };
	b->list = buf_new(1 << 20);
	b->from = ima_sample_place(BYTES_NONE, reset_count);
}

static void boot_end(struct boot *b)
{
	buf_drop(&b->list);
}

static void run_file(struct boot *b, const char *path, const char *content)
{
	ima_sample_put(&b->list->w, &(struct ima_sample){ .path = path, .content = content });
}

/* From now on what was sent before is not sent again. */
static void go_on(struct boot *b)
{
	b->from = ima_sample_place(buf_bytes(b->list), b->reset_count);
	b->from_byte = b->list->w.len;
}

static void start_over(struct boot *b)
{
	b->from = ima_sample_place(BYTES_NONE, b->reset_count);
	b->from_byte = 0;
}

/* A token whose list starts where the boot says, with PCR 10 as it is. */
static void attest_begin(struct fixture *f, const struct boot *b, struct forged *t)
{
	struct ima_place now = ima_sample_place(buf_bytes(b->list), b->reset_count);

	forge_begin(&f->s, b->host, t);
	t->clock.reset_count = b->reset_count;
	t->pcrs[IMA_PCR] = now.pcr10.at[0];
	t->ima = (struct eat_ima){ .sent = true,
				   .from = b->from,
				   .entries = bytes_slice(buf_bytes(b->list), b->from_byte,
							  b->list->w.len - b->from_byte) };
	forge_collect(t);
	forge_rest(t);
}

/* Affirmed with its share; the entry that the server goes on from, or -1. */
static long long accepted(struct fixture *f, const struct boot *b)
{
	struct forged t;
	json_t *j, *next;
	long status;
	long long n;

	attest_begin(f, b, &t);
	j = forge_send(&t, buf_bytes(t.token), &status);
	assert_int_equal(status, 200);
	if (strcmp(json_string_value(json_object_get(j, "ear_status")), "affirming"))
		fail_msg("%s", json_dumps(json_object_get(j, "reasons"), JSON_COMPACT));
	assert_non_null(json_object_get(j, "release"));
	next = json_object_get(json_object_get(j, "ima"), "next");
	n = json_is_integer(next) ? json_integer_value(next) : -1;
	json_decref(j);
	forged_clear(&t);
	return n;
}

static void refused_in(struct fixture *f, const struct boot *b, const char *checks,
		       const char *words)
{
	struct forged t;

	attest_begin(f, b, &t);
	refused(&t, checks, words);
	forged_clear(&t);
}

/* The problem that asks for the whole list; then the same quote and nonce with the whole are a verdict. */
static void asked_for_whole(struct fixture *f, struct boot *b, const char *ear_status)
{
	struct forged t;
	struct err e = { 0 };
	long status;
	json_t *j;

	attest_begin(f, b, &t);
	j = forge_send(&t, buf_bytes(t.token), &status);
	assert_int_equal(status, 409);
	assert_string_equal(json_string_value(json_object_get(j, "type")), IMA_WHOLE_PROBLEM);
	nothing_went_out(&t, j);
	json_decref(j);

	start_over(b);
	buf_drop(&t.token);
	for (size_t i = 0; i < t.n_subs; i++) {
		struct eat_logs logs = {
			.boot_log = buf_bytes(f->s.boot_log),
			.ima = { .sent = true, .from = b->from, .entries = buf_bytes(b->list) }
		};

		if (!bytes_equal(t.subs[i].label, bytes_text("logs")))
			continue;
		buf_drop(&t.logs);
		assert_ok(eat_write_logs(&logs, &t.logs, &e), &e);
		t.subs[i].value = buf_bytes(t.logs);
	}
	forge_sign(&t, t.cnf);
	j = forge_send(&t, buf_bytes(t.token), &status);
	assert_int_equal(status, 200);
	assert_string_equal(json_string_value(json_object_get(j, "ear_status")), ear_status);
	json_decref(j);
	forged_clear(&t);
}

/* ---- what the operator says ---- */
static struct ima_rules *rules(struct fixture *f)
{
	return &f->s.settings.appraisal.ima;
}

/* A CoRIM of one file that is known by its content. Its digest goes to @hex. */
static void know(struct fixture *f, const char *content, char hex[65])
{
	struct digest d = sha256_of(bytes_text(content));
	struct corim_element el = { .mval = { .n_digests = 1 } };
	struct corim_triple triple = { .env = { .vendor = bytes_text("linux"),
						.model = bytes_text("linux:ima") },
				       .n = 1,
				       .elements = &el };
	struct cert_list chain = { .n = 1, .at = { f->s.signer_cert } };
	OWNED(buf) corim = NULL;
	struct err e = { 0 };
	char id[64];
	long status;

	el.mval.digests[0] = (struct corim_digest){ 1, digest_bytes(&d) };
	snprintf(id, sizeof(id), "files/%s", content);
	struct corim_draft draft = { .id = id, .signer = "test", .triples = &triple, .n = 1 };

	assert_ok(corim_write(&draft, f->s.signer, &chain, &corim, &e), &e);
	json_decref(forge_call(&f->s, "POST", "/endorsement-provisioning/v1/submit",
			       "application/rim+cose", true, buf_bytes(corim), &status));
	assert_in_range(status, 200, 201);
	d = sha256_of(buf_bytes(corim));
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", d.at[i]);
}

static void delete_corim_of(struct fixture *f, const char *hex)
{
	char path[160];
	long status;

	snprintf(path, sizeof(path), "/api/v1/refvals/%s", hex);
	json_decref(forge_call(&f->s, "DELETE", path, NULL, true, BYTES_NONE, &status));
	assert_in_range(status, 200, 204);
}

/* ---- the scenarios; each boot has a count of its own, for a TPM never goes back ---- */
static void a_list_goes_whole_once_and_then_by_what_is_new(void **state)
{
	struct fixture *f = *state;
	struct boot b;

	boot_begin(&b, &f->a, 10);
	run_file(&b, "/usr/bin/a", "a");
	run_file(&b, "/usr/bin/b", "b");
	assert_int_equal(accepted(f, &b), 2);
	go_on(&b);
	assert_int_equal(accepted(f, &b), 2); /* nothing new */
	run_file(&b, "/usr/bin/c", "c");
	assert_int_equal(accepted(f, &b), 3);
	go_on(&b);
	run_file(&b, "/usr/bin/d", "d");
	assert_int_equal(accepted(f, &b), 4);
	start_over(&b); /* the agent was restarted */
	assert_int_equal(accepted(f, &b), 4);
	boot_end(&b);
}

static void entries_after_the_quote_are_not_gone_on_from(void **state)
{
	struct fixture *f = *state;
	struct boot b;
	struct forged t;
	json_t *j;
	long status;

	boot_begin(&b, &f->a, 11);
	run_file(&b, "/usr/bin/a", "a");
	attest_begin(f, &b, &t);
	run_file(&b, "/usr/bin/late", "late"); /* read with the list, extended after the quote */
	t.ima.entries = buf_bytes(b.list);
	forge_again(&t);
	j = forge_send(&t, buf_bytes(t.token), &status);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "ima"), "next")), 1);
	json_decref(j);
	forged_clear(&t);
	boot_end(&b);
}

static void a_server_that_knows_nothing_of_the_boot_asks_for_the_whole(void **state)
{
	struct fixture *f = *state;
	struct boot b;

	boot_begin(&b, &f->a, 12);
	run_file(&b, "/usr/bin/a", "a");
	go_on(&b); /* sent to a server whose database was put back since */
	run_file(&b, "/usr/bin/b", "b");
	asked_for_whole(f, &b, "affirming");
	go_on(&b);
	run_file(&b, "/usr/bin/c", "c");
	assert_int_equal(accepted(f, &b), 3); /* and knows it from then on */
	boot_end(&b);
}

/* The attack that increments invite. */
static void a_bad_entry_that_was_refused_cannot_be_passed_over(void **state)
{
	struct fixture *f = *state;
	struct boot b;
	char hex[65];

	know(f, "good", hex);
	rules(f)->mode = IMA_MODE_KNOWN;
	boot_begin(&b, &f->a, 13);
	run_file(&b, "/usr/bin/good", "good");
	assert_int_equal(accepted(f, &b), 1);
	go_on(&b);
	run_file(&b, "/tmp/evil", "evil");
	refused_in(f, &b, "IMA list", "entry 1, /tmp/evil, sha256:");
	/* it goes on as if that had been taken: the server knows no such place */
	go_on(&b);
	run_file(&b, "/usr/bin/good", "good");
	asked_for_whole(f, &b, "contraindicated");
	/* it goes on from where it was accepted last, without the entry: that leads nowhere */
	struct boot lie = { .host = b.host, .list = buf_new(4096), .reset_count = 13 };
	struct forged t;

	run_file(&lie, "/usr/bin/good", "good");
	go_on(&lie);
	attest_begin(f, &b, &t);
	OWNED(buf) rest = buf_new(4096);

	ima_sample_put(&rest->w,
		       &(struct ima_sample){ .path = "/usr/bin/good", .content = "good" });
	t.ima.from = lie.from;
	t.ima.entries = buf_bytes(rest);
	forge_again(&t);
	refused(&t, "IMA_LOG", "does not lead to the quoted PCR 10");
	forged_clear(&t);
	buf_drop(&lie.list);
	/* and with it, it is refused as often as it comes */
	refused_in(f, &b, "IMA list", "/tmp/evil");
	rules(f)->mode = IMA_MODE_OFF;
	delete_corim_of(f, hex);
	boot_end(&b);
}

static void what_policy_warned_of_stays_a_warning_until_the_next_boot(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct boot b;
	char hex[65], hex2[65];

	know(f, "good", hex);
	rules(f)->mode = IMA_MODE_KNOWN;
	rules(f)->unknown_warns = true;
	boot_begin(&b, &f->a, 14);
	run_file(&b, "/opt/odd", "odd");
	for (int i = 0; i < 3; i++) {
		json_t *j, *row;
		long status;
		size_t n;
		bool told = false;

		attest_begin(f, &b, &t);
		j = forge_send(&t, buf_bytes(t.token), &status);
		assert_string_equal(json_string_value(json_object_get(j, "ear_status")), "warning");
		json_array_foreach(json_object_get(j, "reasons"), n, row) told |=
			strstr(json_string_value(json_object_get(row, "text")),
			       "entry 0, /opt/odd") != NULL;
		assert_true(told);
		assert_int_equal(
			json_integer_value(json_object_get(json_object_get(j, "ima"), "next")),
			i + 1);
		json_decref(j);
		forged_clear(&t);
		go_on(&b);
		run_file(&b, "/usr/bin/good", "good");
	}
	/* somebody vouches for it meanwhile: it is judged again, with all that came after it */
	know(f, "odd", hex2);
	asked_for_whole(f, &b, "affirming");
	rules(f)->unknown_warns = false;
	rules(f)->mode = IMA_MODE_OFF;
	delete_corim_of(f, hex);
	delete_corim_of(f, hex2);
	boot_end(&b);
}

static void a_voucher_that_goes_has_all_it_vouched_for_judged_again(void **state)
{
	struct fixture *f = *state;
	struct boot b;
	char hex[65], other[65];

	know(f, "good", hex);
	know(f, "other", other);
	rules(f)->mode = IMA_MODE_KNOWN;
	boot_begin(&b, &f->a, 15);
	run_file(&b, "/usr/bin/good", "good");
	assert_int_equal(accepted(f, &b), 1);
	go_on(&b);
	delete_corim_of(f, other); /* not its word was taken */
	assert_int_equal(accepted(f, &b), 1);
	delete_corim_of(f, hex);
	asked_for_whole(f, &b, "contraindicated");
	rules(f)->mode = IMA_MODE_OFF;
	boot_end(&b);
}

static void another_policy_judges_from_the_start(void **state)
{
	struct fixture *f = *state;
	struct boot b;
	struct err e = { 0 };

	boot_begin(&b, &f->a, 16);
	run_file(&b, "/tmp/x", "x");
	assert_int_equal(accepted(f, &b), 1);
	go_on(&b);
	rules(f)->mode = IMA_MODE_REPLAY;
	assert_ok(ima_rules_add(&rules(f)->refused, "/tmp", &e), &e);
	asked_for_whole(f, &b, "contraindicated");
	*rules(f) = (struct ima_rules){ 0 };
	boot_end(&b);
}

static void a_list_of_another_boot_or_none_is_refused(void **state)
{
	struct fixture *f = *state;
	struct boot b, old;
	struct forged t;

	boot_begin(&old, &f->a, 17);
	run_file(&old, "/usr/bin/a", "a");
	assert_int_equal(accepted(f, &old), 1);
	boot_begin(&b, &f->a, 18);
	run_file(&b, "/usr/bin/a", "a");
	b.from = ima_sample_place(BYTES_NONE, 17);
	refused_in(f, &b, "IMA_LOG", "the list is of another boot than the quote");
	/* where the old boot's list ended, the new one's cannot go on */
	b.from = ima_sample_place(buf_bytes(old.list), 18);
	b.from_byte = b.list->w.len;
	asked_for_whole(f, &b, "affirming");
	rules(f)->mode = IMA_MODE_REPLAY;
	forge_begin(&f->s, &f->a, &t);
	t.clock.reset_count = 18;
	forge_collect(&t);
	forge_rest(&t);
	refused(&t, "IMA_LOG", "no IMA list was sent");
	forged_clear(&t);
	rules(f)->mode = IMA_MODE_OFF;
	boot_end(&old);
	boot_end(&b);
}

/* Whoever can only write the database must not move the place, nor make a finding go away. */
static int change_row(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, arg, NULL, 0, NULL, NULL, NULL, e);
}

static void a_state_that_was_changed_in_the_database_is_found_out(void **state)
{
	struct fixture *f = *state;
	struct boot b;
	struct forged t;
	struct err e = { 0 };

	boot_begin(&b, &f->a, 19);
	run_file(&b, "/usr/bin/a", "a");
	assert_int_equal(accepted(f, &b), 1);
	assert_ok(store_write(f->s.server->store, change_row,
			      "UPDATE ima_states SET state = substr(state, 1, 20) || x'00' || "
			      "substr(state, 22)",
			      &e),
		  &e);
	attest_begin(f, &b, &t);
	turned_away(&t, buf_bytes(t.token), 403, "row of the database was changed (ima_states)");
	forged_clear(&t);
	assert_ok(store_write(f->s.server->store, change_row, "DELETE FROM ima_states", &e), &e);
	go_on(&b);
	asked_for_whole(f, &b, "affirming");
	boot_end(&b);
}

/* A host that nobody enrolled is told nothing of what is known here of others. */
static void a_stranger_is_not_asked_for_more(void **state)
{
	struct fixture *f = *state;
	struct forge_host stranger;
	struct boot b;
	struct forged t;
	json_t *j;
	long status;

	forge_host_make(&stranger, "stranger", 4);
	boot_begin(&b, &stranger, 20);
	run_file(&b, "/usr/bin/a", "a");
	go_on(&b);
	attest_begin(f, &b, &t);
	j = forge_send(&t, buf_bytes(t.token), &status);
	assert_int_equal(status, 200);
	assert_string_equal(json_string_value(json_object_get(j, "ear_status")), "contraindicated");
	json_decref(j);
	forged_clear(&t);
	boot_end(&b);
	forge_host_clear(&stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_goes_whole_once_and_then_by_what_is_new),
		cmocka_unit_test(entries_after_the_quote_are_not_gone_on_from),
		cmocka_unit_test(a_server_that_knows_nothing_of_the_boot_asks_for_the_whole),
		cmocka_unit_test(a_bad_entry_that_was_refused_cannot_be_passed_over),
		cmocka_unit_test(what_policy_warned_of_stays_a_warning_until_the_next_boot),
		cmocka_unit_test(a_voucher_that_goes_has_all_it_vouched_for_judged_again),
		cmocka_unit_test(another_policy_judges_from_the_start),
		cmocka_unit_test(a_list_of_another_boot_or_none_is_refused),
		cmocka_unit_test(a_state_that_was_changed_in_the_database_is_found_out),
		cmocka_unit_test(a_stranger_is_not_asked_for_more),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
